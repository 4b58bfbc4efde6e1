//! The session: live state over a storage. (signatures first; bodies follow)
#![allow(unused_variables, missing_docs, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::*;

/// How a session behaves, whatever keeps it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Entities held in memory before the least used leave it.
    pub max_entities: usize,
    /// Unsaved rows at which a put saves by itself.
    pub max_dirty: usize,
    /// Age of the oldest unsaved row at which a put saves by itself; zero for never.
    pub max_dirty_age: Duration,
    /// Whether entities are taken in at all (Telethon's `save_entities`).
    pub save_entities: bool,
    /// Whether the temporary auth key is stored (Telethon's `store_tmp_auth_key_on_disk`);
    /// otherwise it lives in memory only.
    pub store_tmp_auth_key: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { max_entities: 100_000, max_dirty: 10_000, max_dirty_age: Duration::from_secs(60), save_entities: true, store_tmp_auth_key: false }
    }
}

/// What to look a peer up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look<'a> {
    /// Whatever a person types: `@name`, a t.me link, a phone number, a marked id, "me".
    Text(&'a str),
    /// A marked id.
    Id(i64),
    /// A bare id of unknown kind: channel, chat and user are tried, in Telethon's order.
    BareId(i64),
    /// A username, with or without `@`.
    Username(&'a str),
    /// A phone number.
    Phone(&'a str),
    /// An exact display name.
    Name(&'a str),
}

/// How to look: any of the constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How(pub u32);
impl How {
    /// Never ask the storage.
    pub const MEMORY_ONLY: u32 = 1;
    /// A text that means nothing else may be a display name.
    pub const NAMES: u32 = 2;
}

/// An answer, and whether other peers fit as well (display names are not unique).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> { pub item: T, pub ambiguous: bool }

/// What the caller should hear of but was not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice { pub kind: NoticeKind, pub text: String }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind { /** An automatic save failed; everything is still in memory. */ SaveFailed = 1, /** Damaged content was skipped. */ Damaged = 2, /** The file was left by another owner that did not close it, or was empty. */ Recovered = 3, /** Somebody else wrote the file: memory was read anew. */ ChangedElsewhere = 4, /** Older notices were dropped: the queue was full. */ Dropped = 5 }

pub struct Session {}

impl Session {
    pub fn new(storage: Box<dyn Storage>, options: &Options) -> Result<Session> { todo!() }
    pub fn memory() -> Result<Session> { todo!() }
    pub fn open(path: &Path, sqlite: &SqliteOptions, options: &Options) -> Result<Session> { todo!() }
    /// in memory, from Telethon's string form (or '' = empty)
    pub fn from_string(text: &str, options: &Options) -> Result<Session> { todo!() }
    pub fn from_packed(bytes: &[u8], options: &Options) -> Result<Session> { todo!() }
    pub fn to_text(&self) -> Result<Zeroizing<String>> { todo!() }
    pub fn to_packed(&self) -> Result<Zeroizing<Vec<u8>>> { todo!() }

    pub fn dc(&self) -> Result<Option<Dc>> { todo!() }
    pub fn set_dc(&self, id: i32, host: &str, port: u16) -> Result<()> { todo!() }
    /// runs `read` with the key without copying it
    pub fn with_auth_key<T>(&self, read: impl FnOnce(Option<&AuthKey>) -> T) -> Result<T> { todo!() }
    pub fn set_auth_key(&self, key: Option<&AuthKey>) -> Result<()> { todo!() }
    pub fn with_tmp_auth_key<T>(&self, read: impl FnOnce(Option<&AuthKey>) -> T) -> Result<T> { todo!() }
    pub fn set_tmp_auth_key(&self, key: Option<&AuthKey>) -> Result<()> { todo!() }
    pub fn takeout_id(&self) -> Result<Option<i64>> { todo!() }
    pub fn set_takeout_id(&self, id: Option<i64>) -> Result<()> { todo!() }
    pub fn identity(&self) -> Result<Identity> { todo!() }
    pub fn set_identity(&self, identity: &Identity) -> Result<()> { todo!() }

    pub fn set_home(&self, dc: i32, key: &AuthKey) -> Result<()> { todo!() }
    pub fn dc_options(&self) -> Result<Vec<DcOption>> { todo!() }
    pub fn set_dc_options(&self, options: Vec<DcOption>) -> Result<()> { todo!() }
    pub fn key(&self, dc: i32, slot: KeySlot) -> Result<Option<DcKey>> { todo!() }
    pub fn set_key(&self, key: &DcKey) -> Result<()> { todo!() }
    pub fn forget_key(&self, dc: i32, slot: KeySlot) -> Result<bool> { todo!() }
    pub fn salts(&self, dc: i32) -> Result<Vec<Salt>> { todo!() }
    /// replaces the dc's salts
    pub fn set_salts(&self, dc: i32, salts: &[Salt]) -> Result<()> { todo!() }

    pub fn saves_entities(&self) -> Result<bool> { todo!() }
    pub fn set_save_entities(&self, on: bool) -> Result<()> { todo!() }
    pub fn put_entities<'a>(&self, rows: impl IntoIterator<Item = EntityRef<'a>>) -> Result<()> { todo!() }
    pub fn forget_entity(&self, id: PeerId) -> Result<bool> { todo!() }
    pub fn input_peer(&self, text: &str) -> Result<Option<InputPeer>> { todo!() }
    pub fn find_input_peer(&self, by: Look<'_>, how: How) -> Result<Option<Found<InputPeer>>> { todo!() }
    pub fn find_entity(&self, by: Look<'_>, how: How) -> Result<Option<Found<Entity>>> { todo!() }
    pub fn entities(&self, after: Option<PeerId>, max: usize) -> Result<Vec<Entity>> { todo!() }
    pub fn count_entities(&self) -> Result<u64> { todo!() }

    pub fn update_state(&self, id: i64) -> Result<Option<UpdateState>> { todo!() }
    /// states with id > after (None = from the start), ascending
    pub fn update_states(&self, after: Option<i64>, max: usize) -> Result<Vec<UpdateState>> { todo!() }
    /// false (and nothing changed) when must_exist and one of the rows does not exist
    pub fn set_update_states(&self, patches: &[UpdateStatePatch], must_exist: bool) -> Result<bool> { todo!() }
    pub fn remove_update_state(&self, id: i64) -> Result<bool> { todo!() }

    pub fn cache_file(&self, key: &FileKey, file: &SentFile) -> Result<()> { todo!() }
    pub fn file(&self, key: &FileKey) -> Result<Option<SentFile>> { todo!() }
    pub fn value(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>> { todo!() }
    pub fn put_value(&self, key: &str, value: &[u8], durable: bool) -> Result<()> { todo!() }
    pub fn remove_value(&self, key: &str, durable: bool) -> Result<bool> { todo!() }

    /// copies everything (unsaved included) into an empty storage
    pub fn copy_to(&self, storage: Box<dyn Storage>, options: &Options) -> Result<Session> { todo!() }
    pub fn save(&self) -> Result<()> { todo!() }
    pub fn close(&self) -> Result<()> { todo!() }
    /// close, remove file and side files (also when close could not flush)
    pub fn delete(&self) -> Result<()> { todo!() }
    pub fn next_notice(&self) -> Result<Option<Notice>> { todo!() }
}
