//! stub
pub(crate) mod telethon_string {
    use crate::*;
    use zeroize::Zeroizing;
    pub(crate) struct StringSession {
        pub(crate) dc: Dc,
        pub(crate) key: Option<AuthKey>,
    }
    pub(crate) fn decode(_: &str) -> Result<Option<StringSession>> {
        Ok(None)
    }
    pub(crate) fn unpack(_: &[u8]) -> Result<StringSession> {
        Err(Error::format("x"))
    }
    pub(crate) fn encode(_: &Dc, _: &AuthKey) -> Result<Zeroizing<String>> {
        Err(Error::format("x"))
    }
    pub(crate) fn pack(_: &Dc, _: &AuthKey) -> Result<Zeroizing<Vec<u8>>> {
        Err(Error::format("x"))
    }
}
