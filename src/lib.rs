//! The session store of Telegram (MTProto) clients.
//!
//! A [`Session`] remembers what a client must know again after a restart: its data center and
//! authorization key, the peers it has met, how far it has read the update stream, the files it
//! has sent. It opens the files of Telethon, and leaves files that Telethon opens.
//!
//! ```
//! use mtsession::{AuthKey, EntityRef, PeerId, Session};
//!
//! # fn main() -> mtsession::Result<()> {
//! let session = Session::memory()?;
//! session.set_dc(2, "149.154.167.51", 443)?;
//! session.set_auth_key(Some(&AuthKey::new(&[7; 256])?))?;
//! let id = PeerId::from_marked(1)?;
//! session.put_entities(&[EntityRef { flags: 0, usernames: "durov", ..EntityRef::bare(id, 42) }])?;
//! assert_eq!(session.input_peer("https://t.me/durov")?.map(|peer| peer.access_hash), Some(42));
//! # Ok(())
//! # }
//! ```
//!
//! C programs use the same library through `include/mtsession.h`.

// The contract suite of the storages, which `tests/` runs too, names the crate as its users do.
#[cfg(test)]
extern crate self as mtsession;

mod account;
mod auth_key;
mod dc;
mod entity;
mod error;
mod format;
mod listing;
mod lookup;
mod peer;
mod process;
mod sent_file;
mod session;
mod storage;
mod update_state;

#[allow(unsafe_code)]
mod ffi;

pub use account::{Account, Identity};
pub use auth_key::AuthKey;
pub use dc::{Dc, DcKey, DcOption, KeySlot, Salt};
pub use entity::{Entity, EntityRef};
pub use error::{Error, ErrorKind, Result};
pub use listing::{SessionInfo, list_sessions};
pub use peer::{InputPeer, PeerId, PeerKind};
pub use sent_file::{FileKey, FileKind, SentFile};
pub use session::{Found, How, Look, Notice, NoticeKind, Options, Session};
pub use smol_str::SmolStr;
pub use storage::{
    AccountChange, Changes, EntityChange, Find, Journal, MemoryStorage, SqliteOptions,
    SqliteStorage, Storage, ValueChange,
};
pub use update_state::{UpdateState, UpdateStatePatch};
