//! A session file that appears only when it is complete.

use std::fs;
use std::io;
use std::path::Path;

use super::files::{OwnerLock, beside, check_no_journal, resolve, sync_folder};
use super::{Journal, SqliteOptions, SqliteStorage};
use crate::storage::Storage;
use crate::{Error, ErrorKind, Result};

impl SqliteStorage {
    /// Makes a new session file at `path` of what `fill` puts into it. It is written under another
    /// name (`<path>-mts-new`), so that whoever looks finds nothing or all of it. Fails with
    /// [`Exists`](ErrorKind::Exists) where something has the name already, or the journal of an older
    /// session lies there.
    pub(crate) fn make(
        path: &Path,
        options: &SqliteOptions,
        fill: impl FnOnce(&SqliteStorage) -> Result<()>,
    ) -> Result<()> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::new(
                ErrorKind::Exists,
                format!(
                    "cannot make the session {}: there is a file of that name; give it another one",
                    path.display()
                ),
            ),
            _ => Error::io("make the session", path, &error),
        };
        if path.symlink_metadata().is_ok() {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        let path = &resolve(path)?;
        // Who has it makes this session, and no other client does.
        let _lock = OwnerLock::take(path, false)?;
        check_no_journal(path)?;
        let draft = &beside(path, "-mts-new");
        // With a rollback journal: what is still in a log when the draft was closed would not go along.
        let options = &SqliteOptions {
            create: true,
            read_only: false,
            shared: false,
            journal: Journal::Rollback,
            ..options.clone()
        };
        // What a killed one has left.
        SqliteStorage::open(draft, options)?.delete()?;
        let storage = SqliteStorage::open(draft, options)?;
        let made = fill(&storage).and_then(|()| storage.close()).and_then(|()| {
            // A link never replaces what came there meanwhile, as a rename would.
            fs::hard_link(draft, path)
                .or_else(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => Err(error),
                    // A file system without links.
                    _ => fs::rename(draft, path),
                })
                .and_then(|()| sync_folder(path))
                .map_err(failed)
        });
        // The first failure is the one to tell. The lock of a draft is nobody else's.
        let cleared = storage.delete();
        let _ = fs::remove_file(beside(draft, "-lock"));
        made.and(cleared)
    }
}
