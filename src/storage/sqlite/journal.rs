//! How what is committed stays: the rollback journal, or on request the write-ahead log.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;
use rusqlite::config::DbConfig;

use super::files::{FileId, Folder, beside};
use super::notices::Notices;
use super::open::stop_waiting;
use super::{Journal, SqliteOptions, data_version};
use crate::ffi::db::Db;
use crate::ffi::inode;
use crate::{Error, ErrorKind};

/// File systems of this machine, on which a write-ahead log works: its index is memory that all
/// processes share.
const LOCAL: [&str; 13] = [
    "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "jfs", "reiserfs", "nilfs2",
    "overlay", "tmpfs",
];

/// Frames in the log after which it is copied into the file and begun anew: SQLite's own number, right
/// where only this copying syncs.
const FRAMES: i32 = 1000;
/// The same where each commit is synced: a log that grows has its new length synced too, which takes
/// half as long again as writing over what is there.
const POWER_SAFE_FRAMES: i32 = 64;

/// How soon a commit must follow another for both to use one rollback journal.
const SOON: Duration = Duration::from_secs(1);

/// The journal of one open session.
#[derive(Default)]
pub(super) struct JournalState {
    /// SQLite was told how to write.
    prepared: bool,
    /// The rollback journal is emptied after a commit, not removed.
    reused: bool,
    /// When something was last committed.
    committed: Option<Instant>,
    /// The write-ahead log was asked for, and is not in use yet.
    wanted: bool,
    /// It is in use.
    wal: bool,
    /// It was in use when the session was opened, and could not be left then: somebody had it open.
    left_over: bool,
    /// A credential is in the log only: somebody was reading the file as it was before.
    owes: Cell<bool>,
    /// The log itself and its index, once something was written to it.
    log: Option<(FileId, FileId)>,
    /// Where the rollback journal, the log and its index are.
    rollback_path: PathBuf,
    log_path: PathBuf,
    index_path: PathBuf,
    /// Their folder, for commits that are not to be synced: checking file and log by their paths
    /// would take a seventh of such a commit.
    pub(super) folder: Option<Folder>,
}

impl JournalState {
    /// Begins with a rollback journal, whatever was asked for. A write-ahead log is entered at the
    /// first write only, so that a session that is merely read stays one plain file.
    pub(super) fn start(
        db: &Db,
        wal: bool,
        path: &Path,
        options: &SqliteOptions,
        notices: &Notices,
    ) -> rusqlite::Result<JournalState> {
        let wanted = options.journal != Journal::Rollback;
        let mut state = JournalState {
            wanted,
            rollback_path: beside(path, "-journal"),
            log_path: beside(path, "-wal"),
            index_path: beside(path, "-shm"),
            ..JournalState::default()
        };
        if wal {
            // Somebody left it so, or was killed.
            state.prepare(db)?;
            state.wal = !leave_wal(db)?;
            state.left_over = state.wal;
        }
        if state.left_over && !wanted {
            notices.push(format!(
                "{} is written with a write-ahead log until another program closes it",
                path.display()
            ));
        }
        Ok(state)
    }

    /// Before a write: leaves a log that was left over, as soon as that can be had.
    pub(super) fn leave_early(&mut self, db: &Db) -> rusqlite::Result<()> {
        if self.left_over && !self.wanted && leave_wal(db)? {
            (self.wal, self.left_over, self.log) = (false, false, None);
        }
        Ok(())
    }

    /// Before the first write: sees to it that what is committed stays, and what is deleted goes.
    ///
    /// EXTRA, because FULL can lose the last commit with the power: where the directory entry of
    /// the deleted journal was not synced, the journal comes back and undoes it.
    pub(super) fn prepare(&mut self, db: &Db) -> rusqlite::Result<()> {
        if !self.prepared {
            db.pragma_update(None, "synchronous", "EXTRA")?;
            db.pragma_update(None, "secure_delete", true)?;
            self.prepared = true;
        }
        Ok(())
    }

    /// Before a commit: where it follows another one soon, the rollback journal is only emptied after
    /// it, and serves the next. Removing it and making it anew take a fifth of a commit: both change the
    /// folder, which then has to be synced. A commit by itself leaves one plain file.
    pub(super) fn reuse(&mut self, db: &Db) {
        if self.wal || self.wanted {
            return;
        }
        let soon = self.committed.is_some_and(|last| last.elapsed() < SOON);
        if soon && !self.reused {
            self.set_reused(db, true);
        } else if !soon && (self.reused || self.rollback_path.exists()) {
            self.remove(db);
        }
    }

    /// Removes an empty rollback journal, our own or that of a killed process. Where that cannot be had,
    /// as in a folder that may not be written any more, it goes on being used: a commit that could not
    /// remove it either would fail, and nobody could read the file before it is removed.
    fn remove(&mut self, db: &Db) {
        // SQLite removes it when it leaves this mode.
        self.set_reused(db, true);
        self.set_reused(db, false);
        if self.rollback_path.exists() {
            self.set_reused(db, true);
        }
    }

    /// Where it fails all stays as it is, which is no reason not to commit: somebody may have turned
    /// the file to a write-ahead log, and have it open. Where nobody has it open any more, this leaves it.
    fn set_reused(&mut self, db: &Db, reused: bool) {
        if let Ok(mode) = set_mode(db, if reused { "TRUNCATE" } else { "DELETE" }) {
            self.reused = mode == "truncate";
        }
    }

    /// After a commit that succeeded.
    pub(super) fn set_committed(&mut self) {
        self.committed = Some(Instant::now());
    }

    /// Whether the write-ahead log is to be entered at the next write.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Whether the session keeps files beside its own.
    pub(super) fn has_side_files(&self) -> bool {
        self.wal || self.reused
    }

    /// Whether a write-ahead log is in use.
    pub(super) fn has_log(&self) -> bool {
        self.wal
    }

    /// Before the first write: enters the write-ahead log, where it was asked for and can be had.
    /// Where not, a notice says why, and the rollback journal goes on. Answers whether it was
    /// entered now.
    pub(super) fn enter(
        &mut self,
        db: &Db,
        path: &Path,
        options: &SqliteOptions,
        notices: &Notices,
    ) -> rusqlite::Result<bool> {
        self.wanted = false;
        let refused = match why_not(path, options) {
            Some(reason) => Some(reason),
            None => match set_mode(db, "WAL") {
                Ok(mode) if mode == "wal" => None,
                Ok(mode) => Some(format!("SQLite stays with {mode}")),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    self.wanted = true;
                    return Ok(false);
                }
                Err(error) => Some(error.to_string()),
            },
        };
        if let Some(reason) = refused {
            notices.push(format!(
                "{} is written with a rollback journal, not with a write-ahead log: {reason}",
                path.display()
            ));
            return Ok(false);
        }
        let entered = !std::mem::replace(&mut self.wal, true);
        self.left_over = false;
        db.pragma_update(None, "synchronous", synchronous(options.journal))?;
        if options.journal == Journal::WalProcessSafe {
            self.folder = Folder::of(path);
        }
        Ok(entered)
    }

    /// Whether something was written to the log.
    pub(super) fn has_frames(&self) -> bool {
        fs::metadata(&self.log_path).is_ok_and(|meta| meta.len() > 0)
    }

    /// Before a write, where [`Folder`] leaves it open: whether the log and its index still are those
    /// that were written to. They go when somebody closes the file who believes to be the last one to
    /// have it, as happens after this process has opened and closed it by other means. What is written
    /// to them then, nobody finds again.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        if !self.wal {
            return Ok(());
        }
        let log = inode::at(&self.log_path).ok().zip(inode::at(&self.index_path).ok());
        if self.log.is_some() && self.log != log {
            return Err(Error::new(
                ErrorKind::Io,
                "its write-ahead log was removed while it was open (-wal or -shm); nothing more was \
                 written. Close the session and open it again, and let nothing else in this process \
                 open its file",
            ));
        }
        self.log = log;
        Ok(())
    }

    /// Runs `commit`, in which a credential is stored: one that is told to be durable must be.
    ///
    /// Under the log the level is raised for it (before the transaction: inside one SQLite
    /// ignores that), and then the log is emptied into the file, so that a copy of the file alone
    /// has the credential.
    pub(super) fn durably<T, E>(
        &self,
        db: &Db,
        options: &SqliteOptions,
        commit: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<rusqlite::Error>,
    {
        if !self.wal {
            return commit();
        }
        db.let_go_of_snapshot();
        db.pragma_update(None, "synchronous", "FULL")?;
        let done = commit();
        if done.is_ok() {
            // A reader may be in the way; the log itself is synced, so nothing is at stake. The commits
            // that follow try again.
            let patience = stop_waiting(db)?;
            self.owes.set(!copy_log(db, "TRUNCATE"));
            db.busy_timeout(patience)?;
        }
        // A log that was left over gives way to a rollback journal as soon as can be, which is to find the
        // level that it needs.
        let journal = if self.left_over { Journal::Rollback } else { options.journal };
        db.pragma_update(None, "synchronous", synchronous(journal))?;
        done
    }

    /// Before a commit: who saves at every update is spared finding the end of the log each time. Whatever
    /// reads the file lets go first, so that no answer is out of date.
    pub(super) fn stay(&self, db: &Db) -> rusqlite::Result<()> {
        if self.wal && !self.left_over { db.keep_snapshot() } else { Ok(()) }
    }

    /// After a commit: copies the log into the file where it has become long, or has a credential that is
    /// not in the file yet.
    pub(super) fn shorten_log(&self, db: &Db, options: &SqliteOptions) {
        let most = match options.journal {
            Journal::WalPowerSafe => POWER_SAFE_FRAMES,
            _ => FRAMES,
        };
        if db.take_log_frames() >= most || self.owes.get() {
            db.let_go_of_snapshot();
            // What cannot be copied now, since somebody reads it, is the next time.
            if copy_log(db, "PASSIVE") {
                self.owes.set(false);
            }
        }
    }

    /// At close: back to one plain file. Where somebody else is in the way that fails, and a later
    /// owner does it; nothing is lost by it.
    pub(super) fn stop(&mut self, db: &Db) {
        self.let_go(db);
        let _ = db.pragma_update(None, "synchronous", "EXTRA");
        let _ = leave_wal(db);
    }

    /// At close, where file or log are not ours any more: touches neither. SQLite would copy what is in
    /// our log into the file that it has open, whoever has that by now.
    pub(super) fn leave_alone(&mut self, db: &Db, notices: &Notices, why: &Error) {
        let and_it = if self.owes.get() { ", and that too," } else { "" };
        self.let_go(db);
        let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        notices.push(format!(
            "what was saved since the last credential{and_it} stays in {}: {}",
            self.log_path.display(),
            why.message()
        ));
    }

    fn let_go(&mut self, db: &Db) {
        db.let_go_of_snapshot();
        self.folder = None;
        self.owes.set(false);
        (self.wal, self.reused, self.committed) = (false, false, None);
    }
}

fn synchronous(journal: Journal) -> &'static str {
    match journal {
        Journal::Rollback => "EXTRA",
        Journal::WalPowerSafe => "FULL",
        Journal::WalProcessSafe => "NORMAL",
    }
}

/// Copies the log into the file, as far as nobody reads what was there before; says whether all of it is
/// there now.
fn copy_log(db: &Db, how: &str) -> bool {
    let done = db.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
        let (busy, frames, copied): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // Nothing is counted (-1) where there is no log, or where somebody else is copying.
        Ok(frames == copied && (frames >= 0 || !busy))
    });
    done.unwrap_or(false)
}

/// Sets SQLite's journal mode, and answers what it is now. Whoever is in the way now is none the next
/// time: not worth waiting for.
fn set_mode(db: &Db, mode: &str) -> rusqlite::Result<String> {
    let patience = stop_waiting(db)?;
    // Reading tells SQLite of a log that somebody else has entered since. Else it would find the log
    // only when it is about to remove its journal, and keep a lock that keeps all from leaving the log.
    let set = data_version(db)
        .and_then(|_| db.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| row.get(0)));
    db.busy_timeout(patience)?;
    set
}

/// Makes the file one plain file with a rollback journal, and says whether it is one. Where somebody
/// else has it open it cannot be had now, and works as it is.
fn leave_wal(db: &Db) -> rusqlite::Result<bool> {
    match set_mode(db, "DELETE") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
        mode => mode.map(|mode| mode == "delete"),
    }
}

/// Why a write-ahead log would be dangerous here, if it would.
fn why_not(path: &Path, options: &SqliteOptions) -> Option<String> {
    if options.shared {
        return Some("the session is shared".to_owned());
    }
    let links = match fs::metadata(path) {
        Ok(meta) => meta.nlink(),
        Err(error) => return Some(error.to_string()),
    };
    if links != 1 {
        // Who opens it by another name looks for the log under that name, and misses it.
        return Some(format!("the file has {links} names (hard links)"));
    }
    let mounts = match fs::read_to_string("/proc/self/mountinfo") {
        Ok(mounts) => mounts,
        Err(_) => return Some("its file system is not known".to_owned()),
    };
    match mount_of(path, &mounts) {
        None => Some("its file system is not known".to_owned()),
        // Its folder, where the log would lie, is another one on the other side of the mount.
        Some((point, _)) if Path::new(&point) == path => {
            Some("the file is a mount point of its own".to_owned())
        }
        Some((_, kind)) if !LOCAL.contains(&kind.as_str()) => {
            Some(format!("{kind} is not known as a file system of this machine"))
        }
        Some(_) => None,
    }
}

/// The mount that a path is on: its mount point and kind of file system. The last one of the
/// longest that fit lies on top.
fn mount_of(path: &Path, mountinfo: &str) -> Option<(String, String)> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let point = unescape(mount.split(' ').nth(4)?);
        let kind = file_system.split(' ').next()?.to_owned();
        path.starts_with(&point).then_some((point, kind))
    });
    mounts.max_by_key(|(point, _)| Path::new(point).components().count())
}

/// The kernel writes blanks and backslashes in octal.
fn unescape(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::SqliteStorage;
    use super::*;
    use crate::storage::{AccountChange, Changes, Storage};

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /mnt/net rw shared:9 - nfs4 server:/export rw
31 30 254:0 /x /mnt/net/local\\040disk rw - xfs /dev/vdb rw
32 22 254:0 /a.session /home/me/a.session rw - ext4 /dev/vda rw
33 22 0:50 / /home/you rw - fuse.sshfs you@server: rw
34 33 0:51 / /home/you rw - btrfs /dev/vdc rw
";

    #[test]
    fn a_credential_is_as_durable_after_a_left_over_log_as_without_one() {
        for journal in [Journal::WalPowerSafe, Journal::WalProcessSafe] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            SqliteStorage::open(&path, &SqliteOptions::default()).unwrap().close().unwrap();
            let other = Connection::open(&path).unwrap();
            other.execute_batch("PRAGMA journal_mode = WAL; SELECT * FROM sessions").unwrap();
            // Two names: for this the log is refused.
            fs::hard_link(&path, folder.path().join("b")).unwrap();
            let options = SqliteOptions { journal, ..SqliteOptions::default() };
            let storage = SqliteStorage::open(&path, &options).unwrap();
            let log_in = |user_id| {
                let old = storage.load().unwrap();
                let mut new = old.clone();
                new.identity.user_id = user_id;
                let account = Some(AccountChange { old: &old, new: &new });
                storage.commit(&Changes { account, durable: true, ..Changes::default() }).unwrap();
            };
            let has_log = || storage.hold().as_ref().unwrap().journal.has_log();
            log_in(1);
            assert!(has_log());
            drop(other);
            log_in(2);
            assert!(!has_log());
            let hold = storage.hold();
            let db = &hold.as_ref().unwrap().db;
            let level: i64 = db.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
            assert_eq!(level, 3, "EXTRA");
        }
    }

    #[test]
    fn the_innermost_and_last_mount_counts() {
        let on = |path: &str| mount_of(Path::new(path), MOUNTS).unwrap();
        assert_eq!(on("/home/me/b.session"), ("/".to_owned(), "ext4".to_owned()));
        assert_eq!(on("/mnt/net/a.session").1, "nfs4");
        assert_eq!(on("/mnt/network/a.session").1, "ext4");
        assert_eq!(on("/mnt/net/local disk/a.session").1, "xfs");
        assert_eq!(on("/home/me/a.session").0, "/home/me/a.session");
        assert_eq!(on("/home/you/a.session").1, "btrfs");
        assert_eq!(mount_of(Path::new("/a"), ""), None);
    }
}
