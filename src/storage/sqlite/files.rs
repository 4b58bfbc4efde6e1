//! The file beneath a session: where it really is, who owns it, what is open in this process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::ffi::clock;
use crate::process::Process;
use crate::{Error, ErrorKind, Result};

/// Owner-only: the file holds a login.
const MODE: u32 = 0o600;

/// Device and inode: what a file is, whatever it is called.
pub(super) type FileId = (u64, u64);

pub(super) fn file_id(meta: &Metadata) -> FileId {
    (meta.dev(), meta.ino())
}

/// `path` with `suffix` at its end: a file beside it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// The absolute path without symbolic links that `path` names; the file itself need not exist.
///
/// SQLite would resolve a link too, but lock file and journal have to stand beside the real file,
/// and an absolute path is never taken for an URI.
pub(super) fn resolve(path: &Path) -> Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(Error::argument("the path of the session is empty"));
    }
    if path.as_os_str().as_bytes().contains(&0) {
        return Err(Error::argument(format!("the path {} has a NUL in it", path.display())));
    }
    match fs::canonicalize(path) {
        Ok(real) => {
            let kind = fs::metadata(&real).map_err(|error| Error::io("open", &real, &error))?;
            if kind.is_dir() {
                let cause = io::Error::from_raw_os_error(libc::EISDIR);
                return Err(Error::io("open", path, &cause));
            }
            if !kind.is_file() {
                return Err(Error::new(
                    ErrorKind::Io,
                    format!("cannot open {}: it is a device or pipe, not a file", path.display()),
                ));
            }
            Ok(real)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A file may have been made there in between.
            if path.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
                return Err(Error::io("follow the symbolic link", path, &error));
            }
            let Some(name) = path.file_name() else {
                return Err(Error::io("open", path, &error));
            };
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let real = fs::canonicalize(folder)
                .map_err(|error| Error::io("open the folder", folder, &error))?;
            Ok(real.join(name))
        }
        Err(error) => Err(Error::io("open", path, &error)),
    }
}

/// Makes a new, empty file that only its owner can read, whatever the umask says.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    Ok(file)
}

/// Fails where the journal of an older database lies where a whole new one is to be put: SQLite would
/// take it for its own. (Beside an empty database it does away with it.) An empty rollback journal is in
/// nobody's way; an empty log may yet be filled by whoever has it open.
pub(super) fn check_no_journal(path: &Path) -> Result<()> {
    for suffix in ["-journal", "-wal"] {
        let name = beside(path, suffix);
        let is_empty = |meta: &Metadata| suffix == "-journal" && meta.is_file() && meta.len() == 0;
        if name.symlink_metadata().is_ok_and(|meta| !is_empty(&meta)) {
            return Err(Error::new(
                ErrorKind::Exists,
                format!(
                    "cannot make the session {}: {} was left there by another one and would be \
                     taken for its own; move it away",
                    path.display(),
                    name.display()
                ),
            ));
        }
    }
    Ok(())
}

/// Fails where something else than a file has the name of a journal. SQLite follows no links to them, and
/// would wait for ever for the other end of a pipe.
pub(super) fn check_side_files(path: &Path) -> Result<()> {
    for suffix in ["-journal", "-wal"] {
        let name = beside(path, suffix);
        if name.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
            return Err(Error::new(
                ErrorKind::Io,
                format!(
                    "cannot open {}: {} is no regular file; move it away",
                    path.display(),
                    name.display()
                ),
            ));
        }
    }
    Ok(())
}

/// Makes the names in the folder of `path` survive the loss of power.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The database files that this process has open, and by whom.
///
/// Closing any descriptor of a file drops all POSIX locks that the process has on it, SQLite's
/// included. So a database file is read by other means only while this registry is held and the
/// file is not in it.
static OPEN_FILES: Mutex<BTreeMap<FileId, Vec<Arc<Entry>>>> = Mutex::new(BTreeMap::new());

pub(super) struct Registry(MutexGuard<'static, BTreeMap<FileId, Vec<Arc<Entry>>>>);

/// One session that has a file open.
struct Entry {
    claim: Claim,
    /// Another one than this is the parent, before a fork.
    process: Process,
    has_log: AtomicBool,
}

/// What a session asks of others that have its file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing: it only reads.
    None,
    /// That they share it too.
    Shared,
    /// That there are none but readers.
    Own,
}

impl Registry {
    pub(super) fn hold() -> Registry {
        Registry(OPEN_FILES.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn has(&self, id: FileId) -> bool {
        self.0.contains_key(&id)
    }

    /// Whether the claim goes with those of others in this process. By one path the owner lock says so
    /// too, but a file may have several names.
    pub(super) fn allows(&self, id: FileId, claim: Claim) -> bool {
        let goes_with = |other: &Arc<Entry>| match claim {
            _ if !other.process.is_this() => true,
            Claim::None => true,
            Claim::Shared => other.claim != Claim::Own,
            Claim::Own => other.claim == Claim::None,
        };
        self.0.get(&id).is_none_or(|entries| entries.iter().all(goes_with))
    }

    /// Whether this process has the file open with a write-ahead log.
    pub(super) fn has_log(&self, id: FileId) -> bool {
        let is_one =
            |entry: &Arc<Entry>| entry.process.is_this() && entry.has_log.load(Ordering::Relaxed);
        self.0.get(&id).is_some_and(|entries| entries.iter().any(is_one))
    }

    /// Whether a parent had the file open with a write-ahead log when it was forked. SQLite believes
    /// then that this process has the parent's lock on it, for as long as it lives.
    pub(super) fn was_forked_with_log(&self, id: FileId) -> bool {
        let is_one =
            |entry: &Arc<Entry>| !entry.process.is_this() && entry.has_log.load(Ordering::Relaxed);
        self.0.get(&id).is_some_and(|entries| entries.iter().any(is_one))
    }

    /// Enters the file and lets go of the registry.
    pub(super) fn enter(mut self, id: FileId, claim: Claim) -> Registered {
        let has_log = AtomicBool::new(false);
        let entry = Arc::new(Entry { claim, process: Process::this(), has_log });
        self.0.entry(id).or_default().push(Arc::clone(&entry));
        Registered { id, entry }
    }

    /// Takes an entry out.
    pub(super) fn leave(&mut self, registered: &Registered) {
        let Registered { id, entry } = registered;
        if let Some(entries) = self.0.get_mut(id) {
            entries.retain(|other| !Arc::ptr_eq(other, entry));
            if entries.is_empty() {
                self.0.remove(id);
            }
        }
    }
}

/// The entry of one open database; to be dropped after its connection.
pub(super) struct Registered {
    id: FileId,
    entry: Arc<Entry>,
}

impl Registered {
    /// Notes whether a write-ahead log is in use.
    pub(super) fn set_log(&self, has_log: bool) {
        self.entry.has_log.store(has_log, Ordering::Relaxed);
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        Registry::hold().leave(self);
    }
}

/// The folder of an open file. One look at it tells whether any name in it was added, removed or
/// given to something else since its files were last checked one by one, each by a walk along its
/// whole path.
pub(super) struct Folder {
    file: File,
    /// How it was before they were last found right.
    seen: Option<FolderLook>,
    /// How it was just now, when they still had to be checked.
    looked: Option<FolderLook>,
}

/// A folder at one time.
#[derive(Clone, Copy)]
struct FolderLook {
    /// When one of its names was changed last.
    changed: Duration,
    /// The time by the same clock.
    now: Duration,
    /// The time by one that nobody sets.
    at: Instant,
}

impl FolderLook {
    /// How long its names must have been as they are, for a later change to show: one within the same
    /// tick of the clock has the same time, and on a busy disk one takes effect after its time.
    const QUIET: Duration = Duration::from_millis(100);
    /// What does not show is a change to a folder above, or something mounted over one or over the
    /// file: after so long the files are checked again.
    const GOOD_FOR: Duration = Duration::from_secs(1);

    /// Whether every later change shows.
    fn is_quiet(&self) -> bool {
        // Whole seconds are all that some file systems have.
        self.changed.subsec_nanos() != 0 && self.now.saturating_sub(self.changed) > Self::QUIET
    }

    /// Whether all is as in an earlier look.
    fn is_as_in(&self, seen: &FolderLook) -> bool {
        self.changed == seen.changed && self.at.duration_since(seen.at) < Self::GOOD_FOR
    }
}

impl Folder {
    /// The folder of `path`; `None` where it cannot be read.
    pub(super) fn of(path: &Path) -> Option<Folder> {
        let file = File::open(path.parent()?).ok()?;
        Some(Folder { file, seen: None, looked: None })
    }

    /// Whether its files must still be as they were when they were last found right.
    pub(super) fn is_as_seen(&mut self) -> bool {
        let look = self.look();
        if look.zip(self.seen).is_some_and(|(look, seen)| look.is_as_in(&seen)) {
            return true;
        }
        (self.seen, self.looked) = (None, look);
        false
    }

    /// Notes that the files were checked after [`Folder::is_as_seen`] had denied it, and are right.
    pub(super) fn set_seen(&mut self) {
        if let Some(look) = self.looked.take() {
            self.seen = Some(look).filter(FolderLook::is_quiet);
        }
    }

    fn look(&self) -> Option<FolderLook> {
        let meta = self.file.metadata().ok()?;
        let seconds = u64::try_from(meta.ctime()).ok()?;
        let changed = Duration::new(seconds, u32::try_from(meta.ctime_nsec()).ok()?);
        Some(FolderLook { changed, now: clock::coarse(), at: Instant::now() })
    }
}

/// Bytes of the hint in a lock file: the process, a blank, the host, perhaps [`SHARED`], and blanks
/// up to the end of the line.
const HINT: usize = 96;
/// Stands behind the host where others may have the session too.
const SHARED: &str = " (shared)";

/// The right to use a session: a lock (`flock`) on a file beside it.
///
/// Two live clients on one auth key destroy it. The lock dies with its process; the file stays,
/// because with an unlinked lock file two owners could lock two different inodes. What it says is
/// a hint for people only.
pub(super) struct OwnerLock {
    file: File,
    exclusive: bool,
    process: Process,
}

impl OwnerLock {
    /// Takes the lock of the session at `path`, and says so if its last owner left without
    /// letting go.
    pub(super) fn take(path: &Path, shared: bool) -> Result<(OwnerLock, Option<String>)> {
        let name = beside(path, "-lock");
        let failed = |error: io::Error| Error::io("open the owner lock", &name, &error);
        let taken_name = || {
            Error::new(
                ErrorKind::Exists,
                format!(
                    "cannot open the owner lock {}: another file has that name; move it away, or \
                     give the session another name",
                    name.display()
                ),
            )
        };
        // A session of that name must not even be opened and closed by other means than SQLite's.
        let registry = Registry::hold();
        if fs::metadata(&name).is_ok_and(|meta| registry.has(file_id(&meta))) {
            return Err(taken_name());
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(MODE)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&name)
            .map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Error::unwritable("open the owner lock", &name, &error)
                }
                _ => failed(error),
            })?;
        let meta = file.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(failed(io::Error::other("it is not a file")));
        }
        if !is_hint(&read_hint(&file).map_err(failed)?) {
            return Err(taken_name());
        }
        drop(registry);
        if meta.mode() & 0o777 != MODE {
            file.set_permissions(Permissions::from_mode(MODE)).map_err(failed)?;
        }
        let taken = if shared { file.try_lock_shared() } else { file.try_lock() };
        // Read again: by now he may have come, or gone.
        let holder = holder(&read_hint(&file).unwrap_or_default());
        match taken {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::Owned,
                    format!(
                        "session {} is in use by {}; close it there, or open it shared on both \
                         sides",
                        path.display(),
                        holder.as_deref().unwrap_or("another client")
                    ),
                ));
            }
            Err(TryLockError::Error(error)) => {
                return Err(Error::io("lock", &name, &error));
            }
        }
        // One of several cannot tell whether he was the last, and leaves his hint.
        let is_left = |holder: &String| !shared && !holder.ends_with(SHARED);
        let stale = holder.filter(is_left).map(|holder| {
            format!("{holder} had session {} open and did not close it", path.display())
        });
        let process = Process::this();
        let lock = OwnerLock { file, exclusive: !shared, process };
        let how = if shared { SHARED } else { "" };
        lock.write_hint(&format!("{} {}{how}", process.id(), host_name()));
        Ok((lock, stale))
    }

    /// Writes over the hint in its place, which costs a fraction of what a file does whose size
    /// changes. Nothing depends on it, so a full disk does not keep anybody out.
    fn write_hint(&self, text: &str) {
        let mut line = [b' '; HINT];
        line.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
        line[HINT - 1] = b'\n';
        let _ = self.file.write_all_at(&line, 0);
    }
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // A forked child has the same lock; what it drops is still its parent's.
        if self.process.is_this() {
            if self.exclusive {
                self.write_hint("");
            }
            let _ = self.file.unlock();
        }
    }
}

/// What a lock file says; of one that is longer than ours a byte more.
fn read_hint(file: &File) -> io::Result<Vec<u8>> {
    let mut hint = vec![0; HINT + 1];
    let read = file.read_at(&mut hint, 0)?;
    hint.truncate(read);
    Ok(hint)
}

/// Whether a lock file of ours can read so, one whose content was lost with the power (zeros) too: not
/// a byte of anything else is written over.
fn is_hint(content: &[u8]) -> bool {
    let line = content.trim_ascii_end();
    let process = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_line = process.iter().all(u8::is_ascii_digit) && !line.iter().any(u8::is_ascii_control);
    content.len() <= HINT && (is_line || content.iter().all(|byte| *byte == 0))
}

/// Who wrote the hint: `process 123 on host`.
fn holder(hint: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(hint);
    let (process, host) = text.trim_ascii_end().split_once(' ')?;
    let process: u32 = process.parse().ok()?;
    let host: String = host.chars().filter(|c| !c.is_control()).collect();
    Some(format!("process {process} on {host}"))
}

fn host_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(read_host_name)
}

fn read_host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}

/// A copy of a database and its side files that nobody else can read, removed when dropped.
pub(super) struct PrivateCopy {
    folder: PathBuf,
}

const SIDE_FILES: [&str; 3] = ["", "-journal", "-wal"];

impl PrivateCopy {
    /// Copies the set at `path`. The caller holds the registry, and the file is not in it.
    pub(super) fn make(path: &Path) -> Result<PrivateCopy> {
        let copy = PrivateCopy { folder: private_folder()? };
        for _ in 0..3 {
            let before = stamps(path)?;
            for (suffix, stamp) in SIDE_FILES.iter().zip(&before) {
                let from = beside(path, suffix);
                let to = beside(&copy.path(), suffix);
                let _ = fs::remove_file(&to);
                if let Some((_, length, _)) = stamp {
                    // No more: what grows meanwhile is copied anew.
                    open_regular(&from)
                        .and_then(|from| io::copy(&mut from.take(*length), &mut create(&to)?))
                        .map_err(|error| Error::io("copy", &from, &error))?;
                }
            }
            if stamps(path)? == before {
                return Ok(copy);
            }
        }
        Err(Error::new(
            ErrorKind::Busy,
            format!(
                "cannot read {}: it changes while it is being copied; try again",
                path.display()
            ),
        ))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("session")
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Opens a file to read it, and nothing else that may have come to its place by now.
fn open_regular(path: &Path) -> io::Result<File> {
    // To open a pipe would wait for its other end.
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(file)
}

type Stamp = Option<(FileId, u64, Option<SystemTime>)>;

/// What would differ if somebody wrote.
fn stamps(path: &Path) -> Result<[Stamp; 3]> {
    let mut stamps = [None; 3];
    for (stamp, suffix) in stamps.iter_mut().zip(SIDE_FILES) {
        let name = beside(path, suffix);
        match fs::metadata(&name) {
            Ok(meta) => *stamp = Some((file_id(&meta), meta.len(), meta.modified().ok())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("read", &name, &error)),
        }
    }
    Ok(stamps)
}

fn private_folder() -> Result<PathBuf> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // SQLite is told to follow no link.
    let base = std::env::temp_dir();
    let base =
        fs::canonicalize(&base).map_err(|error| Error::io("open the folder", &base, &error))?;
    loop {
        let folder = base.join(format!(
            "mtsession-{}-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed),
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |age| age.as_nanos())
        ));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("create", &folder, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    #[test]
    fn a_lock_file_is_told_from_other_files() {
        let line = format!("{:95}\n", "123 a-host.example (shared)");
        for ours in ["", line.as_str(), &line[..2], &" ".repeat(HINT), &"\0".repeat(HINT)] {
            assert!(is_hint(ours.as_bytes()), "{ours:?}");
        }
        for theirs in ["text\n", "1 a\nb\n", "SQLite format 3\0", &line.repeat(2), "1 \0"] {
            assert!(!is_hint(theirs.as_bytes()), "{theirs:?}");
        }
    }

    #[test]
    fn a_folder_that_was_quiet_tells_of_every_change_to_its_names() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("a"), "").unwrap();
        let mut folder = Folder::of(&place.path().join("a")).unwrap();
        let changes: [fn(&Path) -> io::Result<()>; 4] = [
            |place| fs::write(place.join("b"), ""),
            |place| fs::rename(place.join("b"), place.join("a")),
            |place| fs::rename(place.join("a"), place.join("c")),
            |place| fs::remove_file(place.join("c")),
        ];
        for change in changes {
            sleep(FolderLook::QUIET * 2);
            assert!(!folder.is_as_seen(), "nothing was found right yet");
            folder.set_seen();
            assert!(folder.is_as_seen());
            folder.set_seen();
            assert!(folder.is_as_seen(), "checked for another reason");
            change(place.path()).unwrap();
            assert!(!folder.is_as_seen());
            assert!(!folder.is_as_seen(), "they were not found right after it");
        }

        sleep(FolderLook::QUIET * 2);
        assert!(!folder.is_as_seen());
        fs::write(place.path().join("d"), "").unwrap();
        folder.set_seen();
        assert!(!folder.is_as_seen(), "what was checked may be from before the change");
    }

    #[test]
    fn a_look_at_a_folder_is_believed_when_it_was_quiet_and_for_a_while() {
        let changed = Duration::new(1_700_000_000, 1);
        let look = FolderLook { changed, now: changed, at: Instant::now() };
        assert!(!look.is_quiet(), "a change at the same time would not show");
        assert!(!FolderLook { now: changed - FolderLook::QUIET * 2, ..look }.is_quiet());
        let late = changed + FolderLook::QUIET * 2;
        assert!(FolderLook { now: late, ..look }.is_quiet());
        let changed = Duration::from_secs(1_700_000_000);
        assert!(!FolderLook { changed, now: late, ..look }.is_quiet(), "a clock of seconds");

        let after = |age: Duration| FolderLook { at: look.at + age, ..look };
        assert!(after(FolderLook::GOOD_FOR / 2).is_as_in(&look));
        assert!(!after(FolderLook::GOOD_FOR).is_as_in(&look));
        assert!(!FolderLook { changed, ..look }.is_as_in(&look));
    }
}
