//! The write-ahead log: when it is entered, where it is refused, what is safe under it.

use std::thread::sleep;
use std::time::Duration;

use super::other::Other;
use super::*;

fn with_log(path: &Path) -> SqliteStorage {
    open_with(path, options(Journal::WalProcessSafe))
}

pub fn options(journal: Journal) -> SqliteOptions {
    SqliteOptions { journal, ..SqliteOptions::default() }
}

fn has_log(path: &Path) -> bool {
    path.with_extension("session-wal").exists()
}

#[test]
fn the_log_is_entered_at_the_first_write_and_left_at_close() {
    for journal in [Journal::WalPowerSafe, Journal::WalProcessSafe] {
        let (folder, path) = logged_in();
        let storage = open_with(&path, options(journal));
        assert_eq!(storage.load().unwrap().auth_key, Some(key(0)));
        assert!(!has_log(&path), "a session that is read stays one plain file");
        put(&storage, person(1, 100, "ada", "", ""), ALL);
        assert!(has_log(&path));
        assert!(!storage.changed_elsewhere().unwrap(), "it was ourselves");
        put(&storage, person(2, 100, "", "", ""), ALL);
        storage.close().unwrap();
        let left = || snapshot(folder.path()).into_keys().collect::<Vec<_>>();
        let plain = [path.clone(), path.with_extension("session-lock")];
        assert_eq!(left(), plain);
        let storage = open_with(&path, options(journal));
        put(&storage, person(3, 100, "", "", ""), ALL);
        drop(storage);
        assert_eq!(left(), plain);
        assert_eq!(ask::<String>(&path, "PRAGMA journal_mode"), "delete");
        assert_eq!(ask::<i64>(&path, "SELECT hash FROM entities WHERE id = 1"), 10);
    }
}

#[test]
fn a_log_that_is_synced_at_each_commit_is_written_over_before_it_is_long() {
    assert!(frames(Journal::WalPowerSafe, 200) < 80);
    assert!(frames(Journal::WalProcessSafe, 200) >= 200, "there it would cost more syncs");
}

#[test]
fn a_log_that_is_not_synced_is_written_over_too() {
    assert!((900..1100).contains(&frames(Journal::WalProcessSafe, 3000)));
}

/// How long the log is after so many commits.
fn frames(journal: Journal, commits: i64) -> u64 {
    let (_folder, path) = logged_in();
    let storage = open_with(&path, options(journal));
    for n in 1..=commits {
        put(&storage, person(n, 100, "", "", ""), ALL);
    }
    fs::metadata(path.with_extension("session-wal")).unwrap().len() / (4096 + 24)
}

/// Stores another auth key, as durably as a session does.
fn log_in(storage: &SqliteStorage, n: u8) {
    let old = storage.load().unwrap();
    let new = Account { auth_key: Some(key(n)), ..old.clone() };
    let account = Some(AccountChange { old: &old, new: &new });
    storage.commit(&Changes { account, durable: true, ..Changes::default() }).unwrap();
}

#[test]
fn a_credential_is_in_the_file_itself_when_its_setter_returns() {
    let (folder, path) = logged_in();
    let storage = with_log(&path);
    put(&storage, person(1, 100, "ada", "", ""), ALL);
    log_in(&storage, 9);
    // Whoever copies the file without its log has the login.
    let copy = folder.path().join("copy.session");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(open_with(&copy, READ_ONLY()).load().unwrap().auth_key, Some(key(9)));
}

#[test]
fn a_copy_of_the_whole_set_has_what_was_saved() {
    let (folder, path) = logged_in();
    let storage = with_log(&path);
    put(&storage, person(1, 100, "ada", "", ""), ALL);
    let copy = folder.path().join("copy.session");
    fs::copy(&path, &copy).unwrap();
    fs::copy(path.with_extension("session-wal"), copy.with_extension("session-wal")).unwrap();
    let copied = open(&copy);
    assert_eq!(get(&copied, 1).unwrap().usernames, "ada");
}

#[test]
fn another_program_may_open_write_and_close_the_file_meanwhile() {
    let (_folder, path) = logged_in();
    let storage = with_log(&path);
    for n in 1..=20 {
        put(&storage, person(n, 100, "", "", "ours"), ALL);
        let mut other = Other::start("write and close", &path);
        other.say(&n.to_string());
        other.finish();
        let old = storage.load().unwrap();
        let new = Account { takeout_id: Some(n), ..old.clone() };
        let account = Some(AccountChange { old: &old, new: &new });
        let changes = Changes { account, durable: true, ..Changes::default() };
        assert!(storage.commit(&changes).unwrap());
    }
    storage.close().unwrap();
    assert_eq!(ask::<i64>(&path, "SELECT count(*) FROM entities WHERE name = 'ours'"), 20);
    assert_eq!(ask::<i64>(&path, "SELECT count(*) FROM entities WHERE name = 'theirs'"), 20);
    assert_eq!(ask::<i64>(&path, "SELECT takeout_id FROM sessions"), 20);
}

#[test]
fn commits_go_on_from_what_others_have_written_since_the_last() {
    let (_folder, path) = logged_in();
    let storage = with_log(&path);
    let other = Connection::open(&path).unwrap();
    for n in 1..=20 {
        put(&storage, person(2 * n, 100, "", "", "ours"), ALL);
        other.execute("INSERT INTO entities (id, hash) VALUES (?1, 7)", [2 * n + 1]).unwrap();
        if n % 2 == 0 {
            assert_eq!(get(&storage, 2 * n + 1).unwrap().access_hash, 7);
        }
        assert!(put(&storage, person(2 * n, 100_000, "", "", "ours"), ALL), "it was noticed");
    }
    assert_eq!(storage.count().unwrap(), 40);
    drop(other);
    storage.close().unwrap();
    assert_eq!(ask::<i64>(&path, "SELECT count(*) FROM entities WHERE date = 100000"), 20);
}

#[test]
fn a_strange_table_of_our_name_is_replaced_under_the_log_too() {
    let (_folder, path) = logged_in();
    run(&path, "CREATE TABLE mts_dcs (x)");
    let storage = with_log(&path);
    put(&storage, person(1, 100, "", "", ""), ALL);
    let bot = Entity { flags: Entity::BOT, ..entity(2, 20, 100) };
    put(&storage, bot.clone(), ALL);
    assert_eq!(get(&storage, 2), Some(bot));
    assert_eq!(columns(&path, "mts_dcs"), "position dc host port flags secret");
}

#[test]
fn a_commit_waits_for_another_program_that_writes() {
    let (_folder, path) = logged_in();
    let storage = with_log(&path);
    put(&storage, person(1, 100, "", "", ""), ALL);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO entities (id, hash) VALUES (2, 7)").unwrap();
    let others = std::thread::spawn(move || {
        sleep(Duration::from_millis(300));
        other.execute_batch("COMMIT").unwrap();
    });
    assert!(put(&storage, person(3, 100, "", "", ""), ALL), "it was noticed");
    others.join().unwrap();
    assert_eq!(storage.count().unwrap(), 3);
}

#[test]
fn what_was_written_before_the_log_was_entered_is_noticed() {
    let (_folder, path) = logged_in();
    let storage = with_log(&path);
    assert_eq!(get(&storage, 1), None);
    run(&path, "INSERT INTO entities (id, hash) VALUES (1, 7)");
    assert!(put(&storage, person(2, 100, "ada", "", ""), ALL));
}

/// Another program writes in the moment in which the log is entered; strace holds that up while it is
/// found out on what file system the file is.
#[test]
fn what_was_written_while_the_log_was_entered_is_noticed() {
    let (_folder, path) = logged_in();
    let notes = path.with_extension("notes");
    let mut entering = Other::start_slowed(&notes, "/proc/self/mountinfo", "enter the log", &path);
    entering.say("");
    while !fs::read_to_string(&notes).unwrap().contains("mountinfo") {
        sleep(Duration::from_millis(10));
    }
    run(&path, "INSERT INTO entities (id, hash) VALUES (7, 7)");
    let said = entering.finish();
    assert!(said.contains("noticed: true") && said.contains("log: true"), "{said}");
}

/// Has a session closed while another program reads it, so that its log stays.
fn left_over(path: &Path) -> Other {
    let session = with_log(path);
    put(&session, person(1, 100, "", "", ""), ALL);
    let reader = Other::start("read", path);
    session.close().unwrap();
    assert!(has_log(path));
    reader
}

#[test]
fn a_log_that_could_not_be_left_at_opening_is_guarded_and_left_as_soon_as_can_be() {
    for journal in [Journal::Rollback, Journal::WalPowerSafe, Journal::WalProcessSafe] {
        let (folder, path) = logged_in();
        let reader = left_over(&path);
        let storage = open_with(&path, options(journal));
        let told = notices(&storage).join("\n");
        assert_eq!(told.contains("until another program"), journal == Journal::Rollback, "{told}");
        log_in(&storage, 9);
        let copy = folder.path().join("copy.session");
        fs::copy(&path, &copy).unwrap();
        assert_eq!(open_with(&copy, READ_ONLY()).load().unwrap().auth_key, Some(key(9)));
        reader.finish();
        put(&storage, person(2, 100, "", "", ""), ALL);
        assert_eq!(has_log(&path), journal != Journal::Rollback);
        assert_eq!(storage.count().unwrap(), 2);
        storage.close().unwrap();
        assert!(!has_log(&path));
        assert_eq!(ask::<String>(&path, "PRAGMA journal_mode"), "delete");
    }
}

#[test]
fn a_log_that_was_left_over_is_not_written_to_once_it_was_removed() {
    let (_folder, path) = logged_in();
    let reader = left_over(&path);
    let storage = open(&path);
    put(&storage, person(2, 100, "", "", ""), ALL);
    fs::remove_file(path.with_extension("session-wal")).unwrap();
    let change = EntityChange { entity: person(3, 100, "", "", ""), known: ALL };
    let error =
        storage.commit(&Changes { entities: vec![change], ..Changes::default() }).unwrap_err();
    assert!(error.message().contains("log was removed"), "{error}");
    reader.finish();
}

#[test]
fn the_log_is_refused_where_it_is_dangerous_and_a_notice_says_why() {
    let (folder, path) = logged_in();
    fs::hard_link(&path, folder.path().join("b.session")).unwrap();
    let storage = with_log(&path);
    put(&storage, person(1, 100, "ada", "", ""), ALL);
    let told = notices(&storage);
    assert!(told.iter().any(|text| text.contains("2 names")), "{told:?}");
    assert!(!has_log(&path));
    assert_eq!(get(&storage, 1).unwrap().usernames, "ada", "the rollback journal serves");
    drop(storage);

    let (_folder, path) = logged_in();
    let shared = SqliteOptions { journal: Journal::WalPowerSafe, ..SHARED() };
    let storage = open_with(&path, shared);
    put(&storage, person(1, 100, "ada", "", ""), ALL);
    let told = notices(&storage);
    assert!(told.iter().any(|text| text.contains("shared")), "{told:?}");
    assert!(!has_log(&path));
}

#[test]
fn a_file_whose_log_lies_beside_another_of_its_names_is_not_opened_by_this_one() {
    let (folder, path) = logged_in();
    let owner = Other::start("save and close with log", &path);
    let link = folder.path().join("b.session");
    fs::hard_link(&path, &link).unwrap();
    for options in [SqliteOptions::default(), READ_ONLY()] {
        let error = refused(&link, options);
        assert!(error.message().contains("by the other name"), "{error}");
    }
    assert_eq!(get(&open_with(&path, READ_ONLY()), 1).unwrap().usernames, "ada");
    owner.finish();
    assert_eq!(get(&open(&link), 1).unwrap().usernames, "ada");
}

#[test]
fn a_file_whose_log_this_process_has_beside_another_of_its_names_is_not_read_by_this_one() {
    let (folder, path) = logged_in();
    let owner = with_log(&path);
    put(&owner, person(1, 100, "ada", "", ""), ALL);
    let link = folder.path().join("b.session");
    fs::hard_link(&path, &link).unwrap();
    let error = refused(&link, READ_ONLY());
    assert!(error.message().contains("by the other name"), "{error}");
    assert!(!has_log(&link));
    assert_eq!(refused(&link, SqliteOptions::default()).kind(), mtsession::ErrorKind::Owned);
    assert_eq!(get(&open_with(&path, READ_ONLY()), 1).unwrap().usernames, "ada");
    owner.close().unwrap();
    assert_eq!(get(&open_with(&link, READ_ONLY()), 1).unwrap().usernames, "ada");
}

#[test]
fn the_log_is_refused_on_file_systems_where_it_is_dangerous() {
    let (folder, path) = logged_in();
    let at = |name: &str| folder.path().join(name);
    let log = |mount: &str, path: &Path| {
        let said = Other::start_after(mount, "ask for the log", path).finish();
        (said.contains("log: true"), said)
    };
    let (entered, said) = log("true", &path);
    assert!(entered, "where nothing is mounted: {said}");

    fs::write(at("b.session"), "").unwrap();
    let mount = format!("mount --bind '{}' '{}'", path.display(), at("b.session").display());
    let (entered, said) = log(&mount, &at("b.session"));
    assert!(!entered && said.contains("a mount point of its own"), "{said}");
    assert_eq!(get(&open(&path), 1).unwrap().usernames, "ada", "the rollback journal serves");

    fs::create_dir(at("ram")).unwrap();
    let mount = format!("mount -t ramfs none '{}'", at("ram").display());
    let (entered, said) = log(&mount, &at("ram/a.session"));
    assert!(!entered && said.contains("ramfs is not known"), "{said}");
}

/// Those of these kinds of file systems on which the log is entered, where folders are said to be on
/// them. On each of the others a notice names it.
fn entered_on(kinds: &str) -> String {
    let (folder, _) = place();
    let place = folder.path().canonicalize().unwrap();
    let folders = place.join("on");
    let mut mounts = "1 0 0:1 / / rw,relatime - ext4 /dev/vda rw\n".to_owned();
    for kind in kinds.split_whitespace() {
        let mounted = folders.join(kind);
        fs::create_dir_all(&mounted).unwrap();
        mounts += &format!("2 1 0:2 / {} rw - {kind} there:/ rw\n", mounted.display());
    }
    fs::write(place.join("mounts"), mounts).unwrap();
    // In place of what the kernel says.
    let mount = format!("mount --bind '{}' /proc/$$/mountinfo", place.join("mounts").display());
    let said = Other::start_after(&mount, "ask for the log in each folder", &folders).finish();
    let is_entered = |kind: &&str| {
        let entered = said.lines().any(|line| line == format!("{kind}: log"));
        let refused = said.contains(&format!(": {kind} is not known as a file system of this"));
        assert!(entered != refused, "{kind}: {said}");
        entered
    };
    kinds.split_whitespace().filter(is_entered).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_log_is_entered_on_file_systems_of_this_machine_and_on_no_others() {
    const OF_THIS_MACHINE: &str = "ext2 ext3 ext4 xfs btrfs f2fs zfs bcachefs jfs reiserfs nilfs2 \
         overlay tmpfs";
    assert_eq!(entered_on(OF_THIS_MACHINE), OF_THIS_MACHINE);
    for others in [
        // Of other machines, or of several.
        "nfs nfs4 cifs smb3 smbfs 9p afs ceph coda davfs gfs2 gpfs lustre ncpfs ocfs2 orangefs",
        // Of the machine around this one.
        "hgfs prl_fs vboxsf virtiofs",
        // Of some program, whatever that does.
        "fuse fuseblk fuse.sshfs fuse.glusterfs fuse.rclone fuse.s3fs fuse.ext4",
        // Not known.
        "exfat vfat ntfs3 ramfs hugetlbfs ext ext44 nfs5 new",
    ] {
        assert_eq!(entered_on(others), "");
    }
}

/// Commits after `change` has been done to an open session and its log, at once and when its folder
/// has been quiet for a while; what it says is to contain `says`.
fn is_noticed(says: &str, change: impl Fn(&Path)) {
    let cases =
        [(Journal::WalPowerSafe, 0), (Journal::WalProcessSafe, 0), (Journal::WalProcessSafe, 250)];
    for (journal, pause) in cases {
        let (folder, path) = logged_in();
        let storage = open_with(&path, options(journal));
        for n in 1..=3 {
            put(&storage, person(n, 100, "", "", ""), ALL);
            sleep(Duration::from_millis(pause));
        }
        change(&path);
        let before = snapshot(folder.path());
        let change = EntityChange { entity: person(4, 100, "", "", ""), known: ALL };
        let error =
            storage.commit(&Changes { entities: vec![change], ..Changes::default() }).unwrap_err();
        assert!(error.message().contains(says), "{error}");
        assert!(snapshot(folder.path()) == before, "something was written");
    }
}

#[test]
fn a_file_replaced_under_the_log_is_noticed_before_writing() {
    is_noticed("replaced", |path| {
        let other = path.with_extension("other");
        fs::copy(path, &other).unwrap();
        fs::rename(&other, path).unwrap();
    });
    is_noticed("replaced", |path| {
        let moved = path.with_extension("moved");
        fs::rename(path, &moved).unwrap();
        std::os::unix::fs::symlink(&moved, path).unwrap();
    });
    is_noticed("removed while", |path| fs::rename(path, path.with_extension("aside")).unwrap());
    is_noticed("removed while", |path| fs::remove_file(path).unwrap());
}

#[test]
fn a_log_removed_while_it_is_in_use_is_noticed_before_writing() {
    for file in ["session-wal", "session-shm"] {
        is_noticed("log was removed", |path| fs::remove_file(path.with_extension(file)).unwrap());
    }
}

#[test]
fn at_close_a_file_that_was_moved_is_left_to_whoever_has_it_now() {
    for journal in [Journal::WalPowerSafe, Journal::WalProcessSafe] {
        let (folder, path) = logged_in();
        let first = Other::start("save and close with log", &path);
        let moved = folder.path().join("b.session");
        fs::rename(&path, &moved).unwrap();
        let second = open_with(&moved, options(journal));
        for n in 2..=50 {
            put(&second, person(n, 100, "", "", "theirs"), ALL);
        }
        log_in(&second, 9);
        let said = first.finish();
        assert!(said.contains("stays in") && said.contains("was removed"), "{said}");
        assert_eq!(second.load().unwrap().auth_key, Some(key(9)));
        second.close().unwrap();
        assert!(has_log(&path), "what the first has saved is not lost either");
        let moved = open(&moved);
        assert_eq!(moved.load().unwrap().auth_key, Some(key(9)));
        assert_eq!(moved.count().unwrap(), 49);
    }
}

#[test]
fn at_close_a_log_of_somebody_else_stays() {
    let (folder, path) = logged_in();
    let first = Other::start("save and close with log", &path);
    fs::create_dir(folder.path().join("aside")).unwrap();
    for name in ["a.session", "a.session-wal", "a.session-shm", "a.session-lock"] {
        fs::rename(folder.path().join(name), folder.path().join("aside").join(name)).unwrap();
    }
    let second = with_log(&path);
    put(&second, person(2, 100, "", "", ""), ALL);
    let said = first.finish();
    assert!(said.contains("was replaced"), "{said}");
    assert!(has_log(&path));
    put(&second, person(3, 100, "", "", ""), ALL);
    second.close().unwrap();
    assert_eq!(open(&path).count().unwrap(), 2);
    // The set that was moved is whole.
    assert_eq!(get(&open(&folder.path().join("aside/a.session")), 1).unwrap().usernames, "ada");
}

#[test]
fn a_folder_replaced_above_the_file_is_noticed_within_two_seconds() {
    let (place, _) = place();
    let (above, path) = (place.path().join("a"), place.path().join("a/b/c.session"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let storage = with_log(&path);
    for n in 1..=3 {
        put(&storage, person(n, 100, "", "", ""), ALL);
        sleep(Duration::from_millis(250));
    }
    fs::rename(&above, place.path().join("aside")).unwrap();
    sleep(Duration::from_secs(2));
    let change = EntityChange { entity: person(4, 100, "", "", ""), known: ALL };
    let error =
        storage.commit(&Changes { entities: vec![change], ..Changes::default() }).unwrap_err();
    assert!(error.message().contains("removed while"), "{error}");
}

#[test]
fn a_foreign_file_keeps_its_write_ahead_log() {
    let (folder, path) = place();
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)",
    )
    .unwrap();
    let (_other_folder, copy) = place();
    for suffix in ["session", "session-wal"] {
        fs::copy(path.with_extension(suffix), copy.with_extension(suffix)).unwrap();
    }
    drop((db, folder));
    let before = snapshot(copy.parent().unwrap());
    refused(&copy, SqliteOptions::default());
    let after = snapshot(copy.parent().unwrap());
    for (name, content) in before {
        assert!(after.get(&name) == Some(&content), "{} was changed", name.display());
    }
}
