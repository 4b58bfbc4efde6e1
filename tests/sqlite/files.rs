//! The file on disk: where it is, whose it is, who may read it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mtsession::{
    EntityRef, ErrorKind, How, Look, NoticeKind, Options, Session, SqliteOptions, Storage,
};
use rusqlite::OpenFlags;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn lock_file(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-lock", path.display()))
}

/// This test program again, as another process that does `task` with the session at `path`.
pub struct Other {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Other {
    pub fn start(task: &str, path: &Path) -> Other {
        Other::run(Command::new(std::env::current_exe().unwrap()), task, path)
    }

    /// With file systems of its own: `mount`, a line of shell, is run first.
    pub fn start_after(mount: &str, task: &str, path: &Path) -> Other {
        // The user of a namespace of its own may mount; unshare is of util-linux, as mount is.
        let own = ["--map-root-user", "--mount"];
        let may = Command::new("unshare").args(own).arg("true").output().unwrap();
        assert!(may.status.success(), "this system lets nobody mount in a namespace: {may:?}");
        let mut command = Command::new("unshare");
        command.args(own).args(["sh", "-c"]);
        command.arg(format!("{mount} && exec \"$0\" \"$@\""));
        command.arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    /// Under strace, which notes in the file `notes` what it does to files, and what it says.
    pub fn start_noted(notes: &Path, task: &str, path: &Path) -> Other {
        let mut command = Command::new("strace");
        // What changes files, as far as this system has it, and what is needed to know which.
        const CALLS: &str = "trace=openat,?open,?creat,close,write,writev,pwrite64,pwritev,\
             ?pwritev2,fsync,fdatasync,sync_file_range,fallocate,truncate,ftruncate,?unlink,\
             unlinkat,?rename,?renameat,renameat2,?link,linkat,?symlink,symlinkat,\
             copy_file_range,?sendfile,mkdirat";
        // Texts are whole, in hex.
        command.args(["-f", "-a1", "-xx", "-s", "1000000", "-e", CALLS, "-o"]);
        command.arg(notes).arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    /// Under strace, which lets the `nth` of these system calls on the session or its journals
    /// fail, and notes it in the file `notes`.
    pub fn start_failing(notes: &Path, call: &str, nth: usize, task: &str, path: &Path) -> Other {
        let mut command = Command::new("strace");
        let fault = format!("inject={call}:error=EIO:when={nth}");
        command.args(["-f", "-e", &format!("trace={call}"), "-e", &fault, "-o"]);
        command.arg(notes).args(["-P", path.parent().unwrap().to_str().unwrap()]);
        for suffix in ["", "-journal", "-wal", "-shm"] {
            command.arg("-P").arg(format!("{}{suffix}", path.display()));
        }
        command.arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    /// Under strace, which notes in the file `notes` when the process opens `name`, and holds it up
    /// for a second then.
    pub fn start_slowed(notes: &Path, name: &str, task: &str, path: &Path) -> Other {
        let mut command = Command::new("strace");
        command.args(["-f", "-e", "trace=openat", "-e", "inject=openat:delay_enter=1000000"]);
        command.args(["-P", name, "-o"]).arg(notes).arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    fn run(mut command: Command, task: &str, path: &Path) -> Other {
        let mut child = command
            .args(["--exact", "files::another_process", "--nocapture"])
            .env("MTS_TEST_TASK", task)
            .env("MTS_TEST_PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while line.trim_end() != "ready" {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "the other process failed");
        }
        Other { child, stdin, stdout }
    }

    /// Answers what it waits for.
    pub fn say(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Lets it go on to its end; answers what it says.
    pub fn finish(self) -> String {
        self.finish_with("")
    }

    /// Answers the last that it waits for.
    pub fn finish_with(mut self, line: &str) -> String {
        self.say(line);
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success());
        said
    }

    /// Kills it; answers all that it said before.
    pub fn kill_and_read(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        said
    }

    fn kill(mut self) -> u32 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child.id()
    }
}

/// The name of a task may end with that of the journal.
fn task_and_journal(name: &str) -> (&str, Journal) {
    let with = |journal| move |task| (task, journal);
    let power_safe = name.strip_suffix(" with power-safe log").map(with(Journal::WalPowerSafe));
    power_safe
        .or_else(|| name.strip_suffix(" with log").map(with(Journal::WalProcessSafe)))
        .unwrap_or((name, Journal::Rollback))
}

/// Does nothing but in the process that `Other` starts.
#[test]
fn another_process() {
    let Ok(task) = std::env::var("MTS_TEST_TASK") else { return };
    let path = PathBuf::from(std::env::var_os("MTS_TEST_PATH").unwrap());
    let ready = || {
        println!("\nready");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    // Whole lines at once: the process may be killed in between.
    let say = |line: &str| std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
    let (task, journal) = task_and_journal(&task);
    match task {
        "own" => {
            let storage = open(&path);
            ready();
            storage.close().unwrap();
        }
        "save and close" => {
            let storage = open_with(&path, journal::options(journal));
            put(&storage, person(1, 100, "ada", "", ""), ALL);
            ready();
            storage.close().unwrap();
            say(&notices(&storage).join("\n"));
        }
        "share" => {
            let storage = open_with(&path, SHARED());
            ready();
            set(&storage, |account| account.auth_key = Some(key(5)));
        }
        "half a write" => {
            let db = Connection::open(&path).unwrap();
            // So small a cache that uncommitted pages reach the file.
            db.execute_batch(
                "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE sessions SET port = 1",
            )
            .unwrap();
            db.execute_batch(
                "WITH RECURSIVE n(i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM n WHERE \
                 i < 9000) INSERT INTO entities (id, hash, name) SELECT i, i, 'uncommitted' FROM n",
            )
            .unwrap();
            ready();
        }
        "find it locked" => {
            let db = Connection::open(&path).unwrap();
            db.busy_timeout(std::time::Duration::ZERO).unwrap();
            let error = db.execute_batch("BEGIN IMMEDIATE").unwrap_err();
            assert!(error.to_string().contains("locked"), "{error}");
            ready();
        }
        "umask" => {
            open(&path).close().unwrap();
            ready();
        }
        "live" => crash::live(&path, journal, &ready(), say),
        "insist" => {
            ready();
            io::insist(&path, journal, say);
        }
        "clone" => {
            ready();
            power::clone_a_session(&path, say);
        }
        "fill the disk" => {
            ready();
            full::fill(&path, journal);
        }
        "ask for the log" => {
            ready();
            let storage = open_with(&path, journal::options(Journal::WalProcessSafe));
            put(&storage, person(1, 100, "ada", "", ""), ALL);
            say(&format!("log: {}", path.with_extension("session-wal").exists()));
            say(&notices(&storage).join("\n"));
        }
        "enter the log" => {
            let storage = open_with(&path, journal::options(Journal::WalProcessSafe));
            ready();
            let noticed = put(&storage, person(1, 100, "ada", "", ""), ALL);
            say(&format!("noticed: {noticed}"));
            say(&format!("log: {}", path.with_extension("session-wal").exists()));
        }
        "read" => {
            let db = Connection::open(&path).unwrap();
            db.query_row("SELECT count(*) FROM entities", [], |_| Ok(())).unwrap();
            ready();
        }
        "write and close" => {
            let n = ready();
            run(
                &path,
                &format!("INSERT INTO entities (id, hash, name) VALUES (1000 + {n}, 1, 'theirs')"),
            );
            ready();
        }
        other => panic!("no task {other}"),
    }
}

#[test]
fn a_session_has_one_owner_in_one_process() {
    let (_folder, path) = place();
    let first = open(&path);
    let error = refused(&path, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Owned);
    let me = format!("process {}", std::process::id());
    assert!(error.message().contains(&me), "{error}");
    assert!(error.message().contains(&path.display().to_string()), "{error}");
    assert_eq!(refused(&path, SHARED()).kind(), ErrorKind::Owned, "sharing is for both sides");
    open_with(&path, READ_ONLY());
    first.close().unwrap();
    assert_eq!(notices(&open(&path)), [""; 0]);
}

#[test]
fn a_session_has_one_owner_by_whichever_name() {
    let (folder, path) = logged_in();
    let other = folder.path().join("b.session");
    fs::hard_link(&path, &other).unwrap();
    let owner = open(&path);
    let error = refused(&other, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Owned);
    assert!(error.message().contains("another of its names"), "{error}");
    assert_eq!(refused(&other, SHARED()).kind(), ErrorKind::Owned);
    open_with(&other, READ_ONLY()).close().unwrap();
    owner.close().unwrap();
    let sharers = [open_with(&path, SHARED()), open_with(&other, SHARED())];
    assert_eq!(sharers[1].load().unwrap().auth_key, Some(key(0)));
    drop(sharers);
    open(&other).close().unwrap();
}

#[test]
fn a_session_has_one_owner_among_processes() {
    let (_folder, path) = logged_in();
    let other = Other::start("own", &path);
    let error = refused(&path, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Owned);
    assert!(error.message().contains(&format!("process {}", other.child.id())), "{error}");
    other.finish();
    assert_eq!(notices(&open(&path)), [""; 0]);
}

#[test]
fn the_owner_lock_dies_with_its_process_and_the_next_owner_is_told() {
    let (_folder, path) = logged_in();
    let process = Other::start("own", &path).kill();
    let storage = open(&path);
    let told = notices(&storage);
    assert!(told[0].contains(&format!("process {process}")), "{told:?}");
}

#[test]
fn those_who_share_see_each_other_and_do_not_overwrite_credentials() {
    let (_folder, path) = logged_in();
    let storage = open_with(&path, SHARED());
    let old = storage.load().unwrap();
    assert!(!storage.changed_elsewhere().unwrap());
    assert_eq!(refused(&path, SqliteOptions::default()).kind(), ErrorKind::Owned);
    Other::start("share", &path).finish();

    let new = Account { auth_key: Some(key(6)), ..old.clone() };
    let error = change(&storage, &old, &new).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.message().contains("auth key"), "{error}");
    assert_eq!(storage.load().unwrap().auth_key, Some(key(5)));
    assert!(storage.changed_elsewhere().unwrap());
    assert!(!storage.changed_elsewhere().unwrap(), "it is told once");
    // What the other has not touched can be changed, and what it has touched stays.
    let new = Account { takeout_id: Some(4), ..old.clone() };
    change(&storage, &old, &new).unwrap();
    let now = storage.load().unwrap();
    assert_eq!((now.takeout_id, now.auth_key), (Some(4), Some(key(5))));
}

#[test]
fn what_somebody_else_wrote_is_read_anew_and_told_and_the_unsaved_stays() {
    let (_folder, path) = logged_in();
    let open = || Session::open(&path, &SHARED(), &Options::default()).unwrap();
    let (ours, theirs) = (open(), open());
    let person =
        |id, name| EntityRef { name, flags: Entity::WHOLE, ..EntityRef::bare(peer(id), 1) };
    let name = |id| {
        let found = ours.find_entity(Look::Id(id), How::default()).unwrap();
        found.map(|found| found.item.name)
    };
    ours.put_entities(&[EntityRef { seen: 100, ..person(1, "Old") }]).unwrap();
    ours.save().unwrap();
    ours.put_entities(&[EntityRef { seen: 100, ..person(2, "Unsaved") }]).unwrap();
    assert_eq!((name(1).as_deref(), name(2).as_deref()), (Some("Old"), Some("Unsaved")));
    theirs.put_entities(&[EntityRef { seen: 200, ..person(1, "New") }]).unwrap();
    theirs.set_takeout_id(Some(5)).unwrap();
    theirs.save().unwrap();

    ours.save().unwrap();
    assert_eq!((name(1).as_deref(), name(2).as_deref()), (Some("New"), Some("Unsaved")));
    assert_eq!(ours.takeout_id().unwrap(), Some(5));
    let notice = ours.next_notice().unwrap().unwrap();
    assert_eq!(notice.kind, NoticeKind::ChangedElsewhere);
    assert!(notice.text.contains(&path.display().to_string()), "{}", notice.text);
    assert_eq!(ours.next_notice().unwrap(), None, "it is told once");
}

#[test]
fn the_lock_file_stays_and_says_nothing_when_free() {
    let (_folder, path) = place();
    let storage = open(&path);
    let inode = fs::metadata(lock_file(&path)).unwrap().ino();
    let said = || fs::read_to_string(lock_file(&path)).unwrap().trim().to_owned();
    assert!(said().starts_with(&std::process::id().to_string()));
    storage.close().unwrap();
    assert_eq!(said(), "");
    open(&path).delete().unwrap();
    assert_eq!(fs::metadata(lock_file(&path)).unwrap().ino(), inode);
}

#[test]
fn a_file_that_has_the_name_of_the_lock_is_left_alone() {
    let (folder, path) = place();
    let other = lock_file(&path);
    fs::write(&other, format!("{:200}", "1 somebody else's")).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
    let before = snapshot(folder.path());
    let error = refused(&path, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert!(error.message().contains("another name"), "{error}");
    assert!(snapshot(folder.path()) == before && mode(&other) == 0o644);
    fs::write(&other, "somebody else's\n").unwrap();
    assert_eq!(refused(&path, SqliteOptions::default()).kind(), ErrorKind::Exists);
    fs::remove_file(&other).unwrap();

    // Another session, which is open.
    let session = open(&other);
    set(&session, |account| account.auth_key = Some(key(1)));
    assert_eq!(refused(&path, SqliteOptions::default()).kind(), ErrorKind::Exists);
    session.close().unwrap();
    assert_eq!(refused(&path, SqliteOptions::default()).kind(), ErrorKind::Exists);
    assert_eq!(open(&other).load().unwrap().auth_key, Some(key(1)));
}

#[test]
fn who_shared_a_session_is_not_said_to_have_left_it_open() {
    let (_folder, path) = place();
    open(&path).close().unwrap();
    let sharing = open_with(&path, SHARED());
    let refused = SqliteStorage::open(&path, &SqliteOptions::default()).unwrap_err();
    let holder = format!("process {} on", std::process::id());
    assert!(refused.message().contains(&holder), "{refused}");
    sharing.close().unwrap();
    assert_eq!(notices(&open(&path)), [""; 0]);
}

#[test]
fn files_are_for_their_owner_alone_whatever_the_umask() {
    let (folder, path) = place();
    // The umask belongs to the whole process, so a shell sets it for another one.
    let status = Command::new("sh")
        .args(["-c", "umask 0 && exec \"$0\" --exact files::another_process --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env("MTS_TEST_TASK", "umask")
        .env("MTS_TEST_PATH", &path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(snapshot(folder.path()).len(), 2);
    for name in snapshot(folder.path()).into_keys() {
        assert_eq!(mode(&name), 0o600, "{}", name.display());
    }
    // A journal takes the mode of its database.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE version SET version = 7").unwrap();
    assert_eq!(mode(&PathBuf::from(format!("{}-journal", path.display()))), 0o600);
}

#[test]
fn an_existing_file_keeps_the_mode_its_owner_gave_it() {
    let (_folder, path) = copy_of("telethon/telethon-1.16.0.session");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    open(&path).close().unwrap();
    assert_eq!(mode(&path), 0o640);
}

#[test]
fn paths_that_cannot_be_are_told_apart() {
    let (folder, path) = place();
    let dir = folder.path().canonicalize().unwrap();
    let cases = [
        (PathBuf::from(""), ErrorKind::Argument, 0, "empty"),
        (PathBuf::from("a\0b"), ErrorKind::Argument, 0, "NUL"),
        (dir.clone(), ErrorKind::Io, libc_errno::EISDIR, "directory"),
        (dir.join("no/such.session"), ErrorKind::Io, libc_errno::ENOENT, "folder"),
        (PathBuf::from("/dev/null"), ErrorKind::Io, 0, "device"),
    ];
    for (path, kind, errno, word) in cases {
        for options in [READ_ONLY(), SqliteOptions::default()] {
            let error = refused(&path, options);
            assert_eq!((error.kind(), error.errno()), (kind, errno), "{error}");
            assert!(error.message().contains(word), "{error}");
        }
    }
    let no_create = SqliteOptions { create: false, ..SqliteOptions::default() };
    for options in [READ_ONLY(), no_create] {
        let error = refused(&path, options);
        assert_eq!((error.kind(), error.errno()), (ErrorKind::Io, libc_errno::ENOENT), "{error}");
        assert!(error.message().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0, "something was made");
}

/// The numbers that POSIX systems agree on.
mod libc_errno {
    pub const ENOENT: i32 = 2;
    pub const EISDIR: i32 = 21;
}

#[test]
fn a_path_that_looks_like_an_uri_is_a_path() {
    let (folder, _) = place();
    let path = folder.path().canonicalize().unwrap().join("file:a?mode=memory");
    open(&path).close().unwrap();
    assert!(path.is_file());
}

#[test]
fn symbolic_links_are_resolved_first() {
    let (folder, path) = logged_in();
    let link = folder.path().join("link.session");
    symlink(&path, &link).unwrap();
    let storage = open(&link);
    assert_eq!(storage.path(), path);
    assert_eq!(refused(&path, SqliteOptions::default()).kind(), ErrorKind::Owned);
    drop(storage);
    assert!(!lock_file(&link).exists());

    let dangling = folder.path().join("dangling.session");
    symlink(folder.path().join("gone"), &dangling).unwrap();
    let error = refused(&dangling, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("link"), "{error}");
    assert!(!folder.path().join("gone").exists());
}

#[test]
fn a_file_removed_or_replaced_while_open_is_noticed_before_writing() {
    let (folder, path) = logged_in();
    let storage = open(&path);
    let aside = folder.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    let before = fs::read(&aside).unwrap();
    let write = || {
        let states = vec![mtsession::UpdateState { id: 0, pts: 1, ..Default::default() }];
        storage.commit(&Changes { states, ..Changes::default() })
    };
    let error = write().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("removed"), "{error}");

    fs::copy(&aside, &path).unwrap();
    let error = write().unwrap_err();
    assert!(error.message().contains("replaced"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read(&aside).unwrap(), before);
    let error = storage.delete().unwrap_err();
    assert!(error.message().contains("replaced"), "{error}");
    assert!(path.exists(), "that is not our file");
}

#[test]
fn another_handle_of_this_process_does_not_drop_the_locks_of_the_first() {
    let (_folder, path) = logged_in();
    let storage = open_with(&path, SHARED());
    // A writer of this process is in the middle of its transaction, with POSIX locks.
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; UPDATE sessions SET port = 444").unwrap();
    // A second opening must not read the file by other means: closing that would free the locks.
    let second = open_with(&path, READ_ONLY());
    let third = SqliteStorage::open(
        &path,
        &SqliteOptions { busy_timeout: std::time::Duration::ZERO, ..SHARED() },
    )
    .unwrap();
    drop((second, third));
    Other::start("find it locked", &path).finish();
    writer.execute_batch("COMMIT").unwrap();
    drop(storage);
}

#[test]
fn a_writer_elsewhere_is_busy_and_nothing_is_lost() {
    let (_folder, path) = logged_in();
    let quick = SqliteOptions { busy_timeout: std::time::Duration::ZERO, ..Default::default() };
    let storage = open_with(&path, quick);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; UPDATE sessions SET port = 444").unwrap();
    let states = vec![mtsession::UpdateState { id: 0, pts: 1, ..Default::default() }];
    let changes = Changes { states, ..Changes::default() };
    let error = storage.commit(&changes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert_eq!(error.sqlite_code() & 0xff, 5);
    writer.execute_batch("COMMIT").unwrap();
    assert!(storage.commit(&changes).unwrap(), "somebody has written before it");
    assert!(!storage.changed_elsewhere().unwrap(), "it is told once");
    assert_eq!(storage.load().unwrap().dc.unwrap().port, 444);
}

#[test]
fn a_read_only_session_shows_what_was_committed_beside_a_hot_journal() {
    let (folder, path) = logged_in();
    Other::start("half a write", &path).kill();
    let before = snapshot(folder.path());
    let journal = PathBuf::from(format!("{}-journal", path.display()));
    assert!(before[&journal].len() > 512, "the journal is not hot");

    let storage = open_with(&path, READ_ONLY());
    let account = storage.load().unwrap();
    assert_eq!((account.dc, account.auth_key), (Some(dc2()), Some(key(0))));
    assert_eq!(storage.count().unwrap(), 0, "uncommitted rows are shown");
    assert_eq!(snapshot(folder.path()), before);
    // An owner recovers the file itself.
    let owner = open(&path);
    assert_eq!(owner.load().unwrap().dc, Some(dc2()));
    assert!(!journal.exists());
}

#[test]
fn a_read_only_session_shows_what_is_in_a_wal_and_leaves_no_file() {
    let (folder, path) = logged_in();
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    writer.execute_batch("INSERT INTO entities VALUES (7, 70, 'seven', NULL, NULL, 1)").unwrap();
    // As a killed process leaves it, with nobody having it open.
    let (left, orphan) = place();
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        fs::copy(name(&path), name(&orphan)).unwrap();
    }
    drop((writer, folder));
    let before = snapshot(left.path());
    let storage = open_with(&orphan, READ_ONLY());
    assert_eq!(get(&storage, 7).unwrap().usernames, "seven");
    assert_eq!(storage.load().unwrap().auth_key, Some(key(0)));
    assert_eq!(snapshot(left.path()), before);
    // Other tests have copies too, which may go at any time.
    let private: Vec<_> = temporary_copies()
        .iter()
        .filter_map(|copy| {
            let session = fs::metadata(copy.join("session")).ok()?;
            Some((fs::metadata(copy).ok()?.mode() & 0o777, session.mode() & 0o777))
        })
        .collect();
    assert!(!private.is_empty() && private.iter().all(|modes| *modes == (0o700, 0o600)));
    storage.close().unwrap();

    // An owner brings it back to one plain file.
    let owner = open(&orphan);
    assert_eq!(get(&owner, 7).unwrap().usernames, "seven");
    owner.close().unwrap();
    assert_eq!(fs::read(&orphan).unwrap()[18..20], [1, 1]);
    assert_eq!(snapshot(left.path()).len(), 2, "the session and its lock file");
}

/// Private copies of this process that exist right now.
fn temporary_copies() -> Vec<PathBuf> {
    let own = format!("mtsession-{}-", std::process::id());
    fs::read_dir(std::env::temp_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&own))
        .collect()
}

#[test]
fn what_is_stored_is_on_the_disk_as_one_plain_file() {
    let (folder, path) = logged_in();
    let storage = open(&path);
    set(&storage, |account| account.takeout_id = Some(1));
    let names: Vec<_> = snapshot(folder.path()).into_keys().collect();
    assert_eq!(names, [path.clone(), lock_file(&path)]);
    // Nothing of it waits in our process: another one reads it all.
    let other = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let takeout: i64 =
        other.query_row("SELECT takeout_id FROM sessions", [], |row| row.get(0)).unwrap();
    assert_eq!(takeout, 1);
}

#[test]
fn a_replaced_key_is_not_left_in_the_file() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    set(&storage, |account| account.auth_key = None);
    let content = fs::read(&path).unwrap();
    let old = key(0);
    assert!(!content.windows(32).any(|part| part == &old.as_bytes()[..32]));
}

#[test]
fn after_close_everything_says_closed_and_delete_removes_the_file() {
    let (folder, path) = logged_in();
    let storage = open(&path);
    storage.close().unwrap();
    storage.close().unwrap();
    assert_eq!(storage.load().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(storage.commit(&Changes::default()).unwrap_err().kind(), ErrorKind::Closed);
    assert!(!format!("{storage:?}").contains("AuthKey"));
    for suffix in ["-journal", "-wal", "-shm"] {
        fs::write(format!("{}{suffix}", path.display()), b"").unwrap();
    }
    storage.delete().unwrap();
    storage.delete().unwrap();
    assert_eq!(snapshot(folder.path()).into_keys().collect::<Vec<_>>(), [lock_file(&path)]);
    // What stands there afterwards is not ours, even where it gets the same inode.
    let next = open(&path);
    storage.delete().unwrap();
    next.close().unwrap();
    storage.delete().unwrap();
    assert!(path.exists());
}

#[test]
fn a_delete_that_fails_leaves_the_session_open() {
    for journal in [Journal::Rollback, Journal::WalPowerSafe] {
        let (folder, path) = logged_in();
        let storage = open_with(&path, journal::options(journal));
        put(&storage, person(1, 100, "", "", ""), ALL);
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        fs::write(&path, "somebody else's").unwrap();
        let error = storage.delete().unwrap_err();
        assert!(error.message().contains("replaced"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"somebody else's");
        fs::rename(&aside, &path).unwrap();
        put(&storage, person(2, 100, "", "", ""), ALL);
        assert_eq!(storage.count().unwrap(), 2);
        storage.delete().unwrap();
        assert_eq!(storage.count().unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(snapshot(folder.path()).into_keys().collect::<Vec<_>>(), [lock_file(&path)]);
    }
}

#[test]
fn delete_takes_no_session_that_somebody_owns() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    storage.close().unwrap();
    let owner = open(&path);
    assert_eq!(storage.delete().unwrap_err().kind(), ErrorKind::Owned);
    owner.close().unwrap();
    storage.delete().unwrap();
    assert!(!path.exists());
}
