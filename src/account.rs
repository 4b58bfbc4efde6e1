//! What belongs to the login itself: small, precious, in memory while a session is open.

use crate::{AuthKey, Dc, DcKey, DcOption, Salt};

/// Who is logged in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The account's own user id; 0 when not known.
    pub user_id: i64,
    /// The account is a bot.
    pub bot: bool,
    /// The account lives on the test servers.
    pub test_mode: bool,
    /// The api id the key was made with; 0 when not known.
    pub api_id: i32,
}

/// Everything of a session but its peers, update states, files and opaque values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The home data center; `None` in a new session.
    pub dc: Option<Dc>,
    /// The permanent auth key of the home data center.
    pub auth_key: Option<AuthKey>,
    /// The temporary auth key beside it.
    pub tmp_auth_key: Option<AuthKey>,
    /// The unfinished takeout.
    pub takeout_id: Option<i64>,
    /// Who is logged in.
    pub identity: Identity,
    /// Ways to the data centers, in the order in which they were put.
    pub dc_options: Vec<DcOption>,
    /// Keys that the fields above do not hold, of other data centers and of media connections; and
    /// those above once more where their times are known.
    pub keys: Vec<DcKey>,
    /// Server salts.
    pub salts: Vec<Salt>,
}

impl Account {
    /// Id of the home auth key; 0 without one.
    pub fn key_id(&self) -> u64 {
        self.auth_key.as_ref().map_or(0, AuthKey::id)
    }
}
