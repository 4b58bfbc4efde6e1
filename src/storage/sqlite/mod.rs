//! A session in Telethon's own SQLite file.
//!
//! `files` knows where the file is and whose, `open` turns it into a connection, `schema` knows
//! its tables, `rows` reads them and `write` changes them; `draft` makes a whole file at once,
//! `journal` sees to it that what is written stays.

mod draft;
mod files;
mod journal;
mod notices;
mod open;
#[cfg(test)]
mod plans;
mod rows;
mod schema;
mod write;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use zeroize::Zeroizing;

use self::files::{FileId, Folder, OwnerLock, PrivateCopy, Registered, Registry, beside};
use self::journal::JournalState;
use self::notices::Notices;
use self::open::stop_waiting;
use self::rows::{Bearers, Queries, Reader};
use self::schema::{Side, has_indexes};
use self::write::{Writer, transaction};
use super::{Changes, Find, Storage, latest};
use crate::ffi::db::Db;
use crate::ffi::inode;
use crate::{
    Account, Entity, Error, ErrorKind, FileKey, InputPeer, PeerId, Result, SentFile, UpdateState,
};

/// How a session file is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Change nothing, not even the schema of an old file; take no owner lock.
    pub read_only: bool,
    /// Others may have the session open too, if they also share it. Credentials that somebody else
    /// changed first are then not overwritten ([`Busy`](ErrorKind::Busy)).
    pub shared: bool,
    /// Make a new session where there is none.
    pub create: bool,
    /// Make new sessions with schema 8, which Telethon reads from 1.43 on, instead of 7, which all
    /// since 1.17 read.
    pub schema_8: bool,
    /// How long to wait for somebody else's transaction before failing with
    /// [`Busy`](ErrorKind::Busy).
    pub busy_timeout: Duration,
    /// What makes a commit stay.
    pub journal: Journal,
}

/// What makes a commit stay. Credentials survive the loss of power with each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Journal {
    /// A rollback journal: the file alone is the session at all times, and what was saved survives
    /// the loss of power. For nearly everybody. After saves within a second of each other an empty
    /// `-journal` stands beside it, until a later save or closing removes it. It is in nobody's way.
    #[default]
    Rollback,
    /// A write-ahead log, for those who save at every update: what was saved survives the loss of
    /// power. While the session is open, the file is whole only together with its `-wal`: a copy of both
    /// that is made while something is saved is sure of the credentials only, if the file was copied
    /// first (a clone is sure of all). Entered at the first write and left at close; where it would be
    /// dangerous (a network file system, a file with several names, a shared session) a notice says so
    /// and the rollback journal serves.
    ///
    /// Others may read and write the file meanwhile; only, the log is not begun anew (and a checkpoint
    /// that is to do so waits) until this session next saves, or reads the file.
    WalPowerSafe,
    /// As `WalPowerSafe`, but what was saved since the last credential may be lost with the power.
    /// It does survive the death of the process.
    WalProcessSafe,
}

impl Default for SqliteOptions {
    fn default() -> SqliteOptions {
        SqliteOptions {
            read_only: false,
            shared: false,
            create: true,
            schema_8: false,
            busy_timeout: Duration::from_secs(5),
            journal: Journal::default(),
        }
    }
}

/// A session in an SQLite file: Telethon's `SQLiteSession`.
///
/// The file opens in Telethon, and files of every Telethon since 0.13 open here. Unless another
/// [`Journal`] is asked for it is all of the session between calls: no lock on it is held, and what was
/// committed survives the loss of power.
pub struct SqliteStorage {
    path: PathBuf,
    id: Option<FileId>,
    options: SqliteOptions,
    schema: u32,
    found_schema: u32,
    notices: Arc<Notices>,
    open: Mutex<Option<Open>>,
    /// What stands at the path since is not ours, though it may have got the same inode.
    deleted: AtomicBool,
}

/// What there is while a session is open. Fields are dropped in this order: the connection first.
struct Open {
    db: Db,
    sql: Queries,
    state: State,
    journal: JournalState,
    notices: Arc<Notices>,
    registered: Option<Registered>,
    _copy: Option<PrivateCopy>,
    lock: Option<OwnerLock>,
}

/// What is out of date once somebody else has written.
#[derive(Default)]
struct State {
    side: Side,
    data_version: i64,
    /// [`Db::file_version`] after our last commit. While it is the same in a transaction nobody else
    /// has written, and `data_version` need not be asked for.
    file_version: Option<u32>,
    /// Not doubted when somebody else has written: without them it only takes longer.
    indexes: Indexes,
    /// Somebody else's write was noticed, and the session has not been told yet.
    changed: bool,
    /// The account's own id as the session knows it.
    own_id: i64,
}

/// Whether usernames and phone numbers have their indexes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Indexes {
    /// Not that we know: nobody has asked, or somebody was in the way.
    #[default]
    Unknown,
    There,
    /// They cannot be had.
    Denied,
}

/// A failure on the way: SQLite's, or one that is worded already.
enum Fault {
    Sqlite(rusqlite::Error),
    Told(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sqlite(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Told(error)
    }
}

impl Fault {
    fn at(self, what: &str, path: &Path) -> Error {
        match self {
            Fault::Sqlite(error) => Error::sqlite(what, path, &error),
            Fault::Told(error) => error.at(format!("cannot {what} {}", path.display())),
        }
    }
}

impl State {
    /// Looks whether somebody else has written.
    fn watch(&mut self, db: &Db, sql: &Queries, notices: &Notices) -> rusqlite::Result<()> {
        let version = data_version(db)?;
        if version != self.data_version {
            self.data_version = version;
            self.changed = true;
            self.load_side(db, sql, notices)?;
        }
        Ok(())
    }

    fn load_side(&mut self, db: &Db, sql: &Queries, notices: &Notices) -> rusqlite::Result<()> {
        let reader = Reader { db, sql, side: &Side::default(), notices };
        self.side = Side::load(db, || reader.home_key_id())?;
        Ok(())
    }
}

/// SQLite's number that changes when another connection has written.
fn data_version(db: &Db) -> rusqlite::Result<i64> {
    db.prepared("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Runs several queries on one state of the file, under one taking of its lock.
fn at_once<T, E>(
    db: &Connection,
    read: impl FnOnce() -> std::result::Result<T, E>,
) -> std::result::Result<T, E>
where
    E: From<rusqlite::Error>,
{
    let _until_here = db.unchecked_transaction()?;
    read()
}

impl Open {
    fn reader(&self) -> Reader<'_> {
        Reader { db: &self.db, sql: &self.sql, side: &self.state.side, notices: &self.notices }
    }

    /// Whether usernames and phone numbers have their indexes.
    fn has_indexes(&mut self) -> rusqlite::Result<bool> {
        if self.state.indexes == Indexes::Unknown && has_indexes(&self.db)? {
            self.found_indexes();
        }
        Ok(self.state.indexes == Indexes::There)
    }

    fn found_indexes(&mut self) {
        self.state.indexes = Indexes::There;
        // Prepared before there was an index, a statement would be prepared again.
        self.db.forget_statements();
    }

    /// Runs `work` in one transaction; a `durable` one survives the loss of power in any case.
    fn write<T>(
        &mut self,
        storage: &SqliteStorage,
        durable: bool,
        work: impl FnOnce(&mut Writer<'_>) -> std::result::Result<T, Fault>,
    ) -> std::result::Result<T, Fault> {
        let Open { db, sql, state, journal, notices, registered, .. } = self;
        let in_place = journal.folder.as_mut().is_some_and(Folder::is_as_seen) && !durable;
        if !in_place {
            storage.check_place()?;
        }
        journal.prepare(db)?;
        journal.leave_early(db)?;
        if journal.is_wanted() {
            state.watch(db, sql, notices)?;
            let before = db.file_version()?;
            if journal.enter(db, &storage.path, &storage.options, notices)? {
                let writes = db.file_version()?.wrapping_sub(before);
                // The change of the journal looks like somebody's write.
                state.data_version = data_version(db)?;
                // It is one write to the file, and none to the log.
                if writes != 1 || journal.has_frames() {
                    state.changed = true;
                    state.load_side(db, sql, notices)?;
                }
            }
        }
        if let Some(registered) = registered {
            registered.set_log(journal.has_log());
        }
        if !in_place {
            journal.check()?;
            if let Some(folder) = &mut journal.folder {
                folder.set_seen();
            }
        }
        journal.reuse(db);
        let commit = || {
            let done = transaction(db, |db| {
                if state.file_version != Some(db.file_version()?) {
                    state.watch(db, sql, notices)?;
                }
                let done = work(&mut Writer {
                    db,
                    sql,
                    side: &mut state.side,
                    notices,
                    schema: storage.schema,
                    shared: storage.options.shared,
                    latest: latest(),
                    indexed: None,
                })?;
                if !durable {
                    journal.stay(db)?;
                }
                Ok(done)
            });
            state.file_version = if done.is_ok() { db.file_version().ok() } else { None };
            done
        };
        let done = if durable { journal.durably(db, &storage.options, commit) } else { commit() };
        journal.shorten_log(db, &storage.options);
        if done.is_ok() {
            journal.set_committed();
        } else {
            // From some failures SQLite recovers when nothing is being read any more.
            db.let_go_of_snapshot();
            // Our own tables may have been made in what was rolled back. Whoever was in the way has been
            // waited for already.
            if let Ok(patience) = stop_waiting(db) {
                let _ = state.load_side(db, sql, notices);
                let _ = db.busy_timeout(patience);
            }
        }
        done
    }
}

impl SqliteStorage {
    /// Opens the session at `path`, or makes a new one there. The path is taken as it is: no
    /// `.session` is added to it.
    ///
    /// An old Telethon file is brought to schema 7, one found at 7 or 8 stays there; a JSON session
    /// of Telethon 0.13 to 0.15 is imported, its original kept as `<path>.json`. Each of these
    /// happens wholly or not at all, and never with `read_only`.
    ///
    /// Fails with [`Io`](ErrorKind::Io) where the path cannot be opened,
    /// [`Owned`](ErrorKind::Owned) where another client has it,
    /// [`Format`](ErrorKind::Format) where it is no session of Telethon (the text names what it is),
    /// [`Version`](ErrorKind::Version) where a newer Telethon wrote it (which `read_only` still
    /// reads), [`Busy`](ErrorKind::Busy) and [`ReadOnly`](ErrorKind::ReadOnly) where
    /// the file or its folder may not be written.
    pub fn open(path: &Path, options: &SqliteOptions) -> Result<SqliteStorage> {
        SqliteStorage::open_loaded(path, options).map(|(storage, _)| storage)
    }

    /// As [`SqliteStorage::open`], and [`load`](Storage::load)s, on one state of the file.
    pub(crate) fn open_loaded(
        path: &Path,
        options: &SqliteOptions,
    ) -> Result<(SqliteStorage, Account)> {
        open::open(path, options)
    }

    /// Telethon's schema that the session is used with: 7 or 8, or in a read-only session whatever
    /// it was found with.
    pub fn schema(&self) -> u32 {
        self.schema
    }

    /// Telethon's schema that the file was found with, as its columns show it; for a new one the
    /// schema it was made with.
    pub fn found_schema(&self) -> u32 {
        self.found_schema
    }

    /// Where the session really is, symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn hold(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the file as it is now.
    fn with<T>(
        &self,
        what: &str,
        work: impl FnOnce(&mut Open) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        self.with_kept(what, |open| {
            open.db.let_go_of_snapshot();
            work(open)
        })
    }

    /// As `with`, but reading may answer from the file as it was at the last commit.
    fn with_kept<T>(
        &self,
        what: &str,
        work: impl FnOnce(&mut Open) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        match self.hold().as_mut() {
            Some(open) => work(open).map_err(|fault| fault.at(what, &self.path)),
            None => Err(Error::new(
                ErrorKind::Closed,
                format!("cannot {what} {}: it was closed; open it again", self.path.display()),
            )),
        }
    }

    fn read<T>(&self, work: impl FnOnce(Reader<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.with("read", |open| Ok(work(open.reader())?))
    }

    /// Whether the file that is open still is what its path names. Written to, an unlinked or
    /// replaced file would take everything with it.
    fn check_place(&self) -> Result<()> {
        let Some(id) = self.id else { return Ok(()) };
        match inode::at(&self.path) {
            Ok(found) if found == id => Ok(()),
            Ok(_) => Err(Error::new(
                ErrorKind::Io,
                "the file was replaced by another one while it was open; nothing more was written. \
                 Open the session again",
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::new(
                ErrorKind::Io,
                "the file was removed while it was open; nothing more was written. Put it back, or \
                 copy the session to a new path",
            )),
            Err(error) => Err(Error::io("look at", &self.path, &error)),
        }
    }

    /// Makes the indexes of usernames and phone numbers, when a name is first looked for. Where
    /// they cannot be had now the look-up scans.
    ///
    /// Partial, so that they cost nothing for peers without a name. They hold all that a request needs,
    /// so that the row need not be read. Never UNIQUE, which would delete rows of Telethon's; none on
    /// display names, which costs more at each put than it ever gives.
    fn index(&self, open: &mut Open) -> std::result::Result<(), Fault> {
        const MAKE: &str = "CREATE INDEX IF NOT EXISTS mts_by_username ON entities \
             (username, hash, date) WHERE username IS NOT NULL; \
             CREATE INDEX IF NOT EXISTS mts_by_phone ON entities \
             (phone, hash, date) WHERE phone IS NOT NULL";
        if open.has_indexes()? || open.state.indexes == Indexes::Denied {
            return Ok(());
        }
        if self.options.read_only {
            open.state.indexes = Indexes::Denied;
            return Ok(());
        }
        let patience = stop_waiting(&open.db)?;
        let made = open.write(self, false, |writer| Ok(writer.db.execute_batch(MAKE)?));
        open.db.busy_timeout(patience)?;
        match made {
            Ok(()) => open.found_indexes(),
            // Only a lock that somebody holds now is worth another try.
            Err(Fault::Sqlite(error))
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            Err(_) => open.state.indexes = Indexes::Denied,
        }
        Ok(())
    }

    /// Takes a name from all but its newest bearer, if that can be had now.
    fn evict(
        &self,
        open: &mut Open,
        found: Bearers,
        evict: impl FnOnce(&mut Writer<'_>) -> std::result::Result<Option<Entity>, Fault>,
    ) -> std::result::Result<Vec<Entity>, Fault> {
        if found.peers.len() <= 1 {
            return Ok(found.peers);
        }
        if !self.options.read_only {
            let patience = stop_waiting(&open.db)?;
            let evicted = open.write(self, false, evict);
            open.db.busy_timeout(patience)?;
            if let Ok(winner) = evicted {
                return Ok(winner.into_iter().collect());
            }
        }
        Ok(found.newest().0.into_iter().collect())
    }
}

impl Storage for SqliteStorage {
    fn load(&self) -> Result<Account> {
        self.with("read", |open| {
            let account = at_once(&open.db, || open.reader().account())?;
            open.state.own_id = account.identity.user_id;
            Ok(account)
        })
    }

    fn states(&self) -> Result<Vec<UpdateState>> {
        self.read(|reader| reader.states())
    }

    fn find(&self, by: Find<'_>) -> Result<Vec<Entity>> {
        self.with("read", |open| {
            if matches!(by, Find::Username(_) | Find::Phone(_)) {
                self.index(open)?;
            }
            let reader = open.reader();
            match by {
                Find::Id(id) => Ok(reader.by_id(id.marked())?.into_iter().collect()),
                Find::Username(name) => {
                    let found = reader.by_username(name)?;
                    self.evict(open, found, |writer| writer.evict_username(name))
                }
                Find::Phone(phone) => {
                    // Kept as a number; nothing else can be somebody's phone.
                    let Ok(phone) = phone.parse::<i64>() else { return Ok(Vec::new()) };
                    let found = reader.by_phone(phone)?;
                    self.evict(open, found, |writer| writer.evict_phone(phone))
                }
                Find::Name(name) => Ok(reader.by_name(name)?),
            }
        })
    }

    fn find_input_peer(&self, by: Find<'_>) -> Result<Option<InputPeer>> {
        self.with("read", |open| match open.has_indexes()? {
            true => Ok(open.reader().bearer(by)?),
            // It would read the whole table, and so will whoever is asked next.
            false => Ok(None),
        })
    }

    fn list(&self, after: Option<PeerId>, max: usize) -> Result<Vec<Entity>> {
        self.read(|reader| reader.list(after, max))
    }

    fn value(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.read(|reader| reader.value(key))
    }

    fn values(&self) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>> {
        self.read(|reader| reader.values())
    }

    fn file(&self, key: &FileKey) -> Result<Option<SentFile>> {
        self.read(|reader| {
            let by = (key.md5, key.size, key.kind as i64);
            Ok(reader.files(&reader.sql.file, by)?.pop().map(|(_, file)| file))
        })
    }

    fn files(&self) -> Result<Vec<(FileKey, SentFile)>> {
        self.read(|reader| reader.files(&reader.sql.files, []))
    }

    fn count(&self) -> Result<u64> {
        self.read(|reader| {
            let mut count = reader.db.prepared(&reader.sql.count)?;
            count.query_row([], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
        })
    }

    /// With the rollback journal the change is on the disk when this returns, whether `durable` is
    /// asked for or not.
    fn commit(&self, changes: &Changes<'_>) -> Result<bool> {
        self.with_kept("save", |open| {
            if changes.is_empty() {
                return Ok(false);
            }
            if self.options.read_only {
                return Err(Fault::Told(Error::new(
                    ErrorKind::ReadOnly,
                    "the session was opened read-only",
                )));
            }
            let patience = changes.hurry.then(|| stop_waiting(&open.db)).transpose()?;
            let own_id = open.state.own_id;
            let done = open.write(self, changes.durable, |writer| writer.changes(changes, own_id));
            if let Some(patience) = patience {
                open.db.busy_timeout(patience)?;
            }
            done?;
            if let Some(account) = &changes.account {
                open.state.own_id = account.new.identity.user_id;
            }
            Ok(std::mem::take(&mut open.state.changed))
        })
    }

    fn changed_elsewhere(&self) -> Result<bool> {
        self.with("read", |open| {
            open.state.watch(&open.db, &open.sql, &open.notices)?;
            Ok(std::mem::take(&mut open.state.changed))
        })
    }

    fn next_notice(&self) -> Option<String> {
        self.notices.pop()
    }

    fn is_shared(&self) -> bool {
        self.options.shared
    }

    fn is_read_only(&self) -> bool {
        self.options.read_only
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn close(&self) -> Result<()> {
        self.hang_up(&mut self.hold())
    }

    /// The lock file stays: without it two owners could lock two different files.
    fn delete(&self) -> Result<()> {
        if self.options.read_only {
            return Err(Error::new(
                ErrorKind::ReadOnly,
                format!("cannot delete {}: it was opened read-only", self.path.display()),
            ));
        }
        let mut open = self.hold();
        if self.deleted.load(Ordering::Relaxed) {
            return Ok(());
        }
        let _lock = match &*open {
            Some(_) => None,
            None => Some(OwnerLock::take(&self.path, self.options.shared)?),
        };
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => self
                .check_place()
                .map_err(|error| error.at(format!("cannot delete {}", self.path.display())))?,
        }
        // Closed only when the files are gone: where they cannot be removed, the session goes on.
        if let Some(open) = &mut *open {
            self.leave_journal(open);
        }
        // The database goes last: an old journal beside a new database would destroy it.
        for suffix in ["-journal", "-wal", "-shm", ""] {
            let name = beside(&self.path, suffix);
            match fs::remove_file(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &name, &error));
                }
                _ => {}
            }
        }
        self.deleted.store(true, Ordering::Relaxed);
        self.hang_up(&mut open)
    }

    /// Lets go of the child's hold on the owner lock, so that it does not outlive the parent. Not
    /// where a thread that the child does not have was at work during the fork.
    fn abandon(self: Box<Self>) {
        if let Ok(mut open) = self.open.try_lock()
            && let Some(open) = &mut *open
        {
            open.lock = None;
        }
        std::mem::forget(self);
    }
}

impl SqliteStorage {
    /// Before the connection is closed: back to one plain file. Not where file or log have been moved
    /// or replaced meanwhile: what stands there now is somebody else's.
    fn leave_journal(&self, open: &mut Open) {
        let Open { db, journal, notices, .. } = open;
        if !journal.has_side_files() {
            return;
        }
        match self.check_place().and_then(|()| journal.check()) {
            Ok(()) => journal.stop(db),
            Err(error) if journal.has_log() => {
                journal.leave_alone(db, notices, &error.at(self.path.display()));
            }
            // Nothing is lost: our rollback journal is empty, and the one there now may be another's.
            Err(_) => {}
        }
    }

    /// Closes the connection, and lets go of the owner lock.
    fn hang_up(&self, open: &mut Option<Open>) -> Result<()> {
        if let Some(open) = open {
            self.leave_journal(open);
        }
        let Some(Open { db, sql, state, journal, notices, registered, _copy, lock }) = open.take()
        else {
            return Ok(());
        };
        // Of a file that was removed, another one may have the number as soon as it is closed.
        let mut registry = Registry::hold();
        match db.into_connection().close() {
            Ok(()) => {
                registered.iter().for_each(|entered| registry.leave(entered));
                Ok(())
            }
            Err((db, error)) => {
                let db = Db::new(db);
                *open = Some(Open { db, sql, state, journal, notices, registered, _copy, lock });
                Err(Error::sqlite("close", &self.path, &error))
            }
        }
    }
}

/// Closes it, where nobody has.
impl Drop for SqliteStorage {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

impl fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStorage").field("path", &self.path).finish_non_exhaustive()
    }
}
