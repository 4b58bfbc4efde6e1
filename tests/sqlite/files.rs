//! The file on disk: where it is, whose it is, who may read it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use mtsession::{
    EntityRef, ErrorKind, How, Look, NoticeKind, Options, Session, SqliteOptions, Storage,
};
use rusqlite::OpenFlags;

use super::other::Other;
use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn lock_file(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-lock", path.display()))
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
    assert!(error.message().contains(&format!("process {}", other.id())), "{error}");
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
        .args(["-c", "umask 0 && exec \"$0\" --exact other::another_process --nocapture"])
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
fn a_file_that_a_link_leads_to_since_it_was_opened_is_noticed_before_writing() {
    let (folder, path) = logged_in();
    let storage = open(&path);
    let moved = folder.path().join("moved.session");
    fs::rename(&path, &moved).unwrap();
    symlink(&moved, &path).unwrap();
    let before = fs::read(&moved).unwrap();
    let states = vec![mtsession::UpdateState { id: 0, pts: 1, ..Default::default() }];
    let error = storage.commit(&Changes { states, ..Changes::default() }).unwrap_err();
    assert!(error.message().contains("replaced"), "{error}");
    let error = storage.delete().unwrap_err();
    assert!(error.message().contains("replaced"), "{error}");
    assert_eq!(fs::read(&moved).unwrap(), before);
    fs::remove_file(&moved).unwrap();
    let error = storage.delete().unwrap_err();
    assert!(error.message().contains("replaced"), "{error}");
    assert!(path.is_symlink(), "that is not our file");
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

#[test]
fn a_pipe_or_device_in_the_place_of_a_journal_is_not_waited_for() {
    for (mode, suffix) in [("WAL", "-wal"), ("DELETE", "-journal")] {
        let (_folder, path) = logged_in();
        run(&path, &format!("PRAGMA journal_mode = {mode}"));
        let side = PathBuf::from(format!("{}{suffix}", path.display()));
        let is_refused = || {
            for options in [READ_ONLY(), SqliteOptions::default()] {
                let error = refused(&path, options);
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                let told = format!("{} is no regular file", side.display());
                assert!(error.message().contains(&told), "{error}");
            }
            fs::remove_file(&side).unwrap();
        };
        assert!(Command::new("mkfifo").arg(&side).status().unwrap().success());
        is_refused();
        symlink("/dev/zero", &side).unwrap();
        is_refused();
        assert_eq!(open(&path).load().unwrap().auth_key, Some(key(0)));
    }
}

#[test]
fn a_write_ahead_log_is_read_where_a_link_leads_to_the_temporary_files() {
    let (folder, path) = logged_in();
    run(&path, "PRAGMA journal_mode = WAL");
    let (temporary, link) = (folder.path().join("temporary"), folder.path().join("link"));
    fs::create_dir(&temporary).unwrap();
    symlink(&temporary, &link).unwrap();
    Other::start_with_temporary_files_at(&link, "look", &path).finish();
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
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

#[test]
fn a_new_file_is_not_taken_for_a_removed_one_whose_number_it_has_got() {
    // On the disk of the tests the number of a file goes to the next one at once.
    let work = || {
        let (_folder, path) = place();
        for _ in 0..100 {
            open(&path).delete().unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
}
