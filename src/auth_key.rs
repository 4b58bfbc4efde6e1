//! The authorization key: 256 secret bytes that are the login.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroize;

use crate::{Error, Result};

/// An authorization key. There is one copy of it in memory, however often it is cloned, which is
/// wiped with the last clone; `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthKey(Arc<Key>);

#[derive(PartialEq, Eq)]
struct Key([u8; AuthKey::LEN]);

impl Drop for Key {
    fn drop(&mut self) {
        // As a slice: an array is wiped byte by byte.
        self.0.as_mut_slice().zeroize();
    }
}

impl AuthKey {
    /// Length of every authorization key, in bytes.
    pub const LEN: usize = 256;

    /// A copy of `bytes`, which must be 256 and not all zero (Telethon reads a zero key as none).
    pub fn new(bytes: &[u8]) -> Result<AuthKey> {
        if bytes.len() != AuthKey::LEN {
            return Err(Error::argument(format!(
                "an auth key has 256 bytes, this one has {}",
                bytes.len()
            )));
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(Error::argument(
                "this auth key is all zero bytes, which means no key; clear the key instead",
            ));
        }
        let mut key = Arc::new(Key([0; AuthKey::LEN]));
        // Filled in its place, so that no other place needs wiping.
        if let Some(place) = Arc::get_mut(&mut key) {
            place.0.copy_from_slice(bytes);
        }
        Ok(AuthKey(key))
    }

    /// The key itself.
    pub fn as_bytes(&self) -> &[u8; AuthKey::LEN] {
        &self.0.0
    }

    /// The auth key id, `SHA1(key)[12..20]` read as little-endian: tells keys apart, reveals none.
    pub fn id(&self) -> u64 {
        let digest = sha1_smol::Sha1::from(self.as_bytes()).digest().bytes();
        digest.iter().skip(12).rev().fold(0, |id, byte| id << 8 | u64::from(*byte))
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthKey(id {:016x})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lengths_and_zero_keys_are_refused() {
        for bytes in [&[][..], &[1; 255], &[1; 257], &[0; 256]] {
            assert!(AuthKey::new(bytes).is_err(), "{} bytes", bytes.len());
        }
    }

    #[test]
    fn the_id_is_the_tail_of_the_hash_and_debug_shows_no_more() {
        let bytes: Vec<u8> = (0..=255).collect();
        let key = AuthKey::new(&bytes).unwrap();
        // SHA1(00 01 … ff) = 4916d6bd b7f78e68 03698cab 32d1586e a457dfc8
        assert_eq!(key.id().to_le_bytes(), [0x32, 0xd1, 0x58, 0x6e, 0xa4, 0x57, 0xdf, 0xc8]);
        assert_eq!(format!("{key:?}"), "AuthKey(id c8df57a46e58d132)");
    }
}
