//! The rollback journal: between saves it is not there, or empty where they follow each other soon.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use super::other::Other;
use super::*;

pub fn journal_of(path: &Path) -> PathBuf {
    path.with_extension("session-journal")
}

fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|meta| meta.len())
}

/// So long that what is saved next comes by itself.
pub fn wait() {
    sleep(Duration::from_millis(1100));
}

/// Saves a peer with a hash that it did not have before.
fn put_anew(storage: &SqliteStorage, id: i64) {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    put(storage, entity(id, now.as_nanos().try_into().unwrap(), 100), ALL);
}

/// Saves until one comes soon after the one before, which is the second unless the disk is very slow.
/// The other process does so too.
pub fn save_soon(storage: &SqliteStorage) {
    let soon = (1..=20).any(|_| {
        put_anew(storage, 1);
        size(&journal_of(storage.path())) == Some(0)
    });
    assert!(soon, "the journal never stayed");
}

/// What the other process does: a save by itself, after some that were not.
pub fn save_late(path: &Path) {
    let storage = open(path);
    save_soon(&storage);
    wait();
    put_anew(&storage, 2);
    storage.close().unwrap();
}

#[test]
fn saves_that_follow_each_other_soon_share_a_journal_that_is_empty_between_them() {
    let (folder, path) = logged_in();
    let storage = open(&path);
    for n in 1..=2 {
        save_soon(&storage);
        set(&storage, |account| account.takeout_id = Some(n));
        let copy = folder.path().join("copy.session");
        fs::copy(&path, &copy).unwrap();
        assert_eq!(open_with(&copy, READ_ONLY()).load().unwrap().takeout_id, Some(n));
        fs::remove_file(&copy).unwrap();
        for _ in 1..=2 {
            wait();
            put_anew(&storage, 2);
            assert!(!journal_of(&path).exists(), "a save by itself leaves one plain file");
        }
    }
    save_soon(&storage);
    storage.close().unwrap();
    let left = || snapshot(folder.path()).into_keys().collect::<Vec<_>>();
    let plain = [path.clone(), path.with_extension("session-lock")];
    assert_eq!(left(), plain);
    let storage = open(&path);
    save_soon(&storage);
    drop(storage);
    assert_eq!(left(), plain);
}

#[test]
fn others_may_write_between_saves_that_share_a_journal() {
    let (_folder, path) = logged_in();
    let storage = open_with(&path, SHARED());
    let other = Connection::open(&path).unwrap();
    let mut stayed = 0;
    for n in 1..=20 {
        assert_eq!(put(&storage, person(2 * n, 100, "", "", ""), ALL), n > 1, "it was noticed");
        stayed += u32::from(size(&journal_of(&path)) == Some(0));
        other.execute("INSERT INTO entities (id, hash) VALUES (?1, 7)", [2 * n + 1]).unwrap();
        assert!(!journal_of(&path).exists(), "the other one removes it as its own");
    }
    assert!(stayed > 0);
    assert_eq!(storage.count().unwrap(), 40);
}

#[test]
fn saves_go_on_when_another_program_turns_the_file_to_a_log_of_its_own() {
    for late in [2, 3] {
        let (_folder, path) = logged_in();
        let storage = open(&path);
        save_soon(&storage);
        let other = Connection::open(&path).unwrap();
        let mode = "PRAGMA journal_mode = WAL";
        assert_eq!(other.query_row(mode, [], |row| row.get(0)), Ok("wal".to_owned()));
        other.execute_batch("DELETE FROM entities; BEGIN; SELECT * FROM entities").unwrap();
        for n in 2..=7 {
            if [late, 6].contains(&n) {
                wait();
            }
            put_anew(&storage, n);
            assert!(path.with_extension("session-wal").exists());
        }
        drop(other);
        wait();
        save_soon(&storage);
        storage.close().unwrap();
        assert_eq!(open(&path).count().unwrap(), 7);
        assert_eq!(ask::<String>(&path, "PRAGMA journal_mode"), "delete");
    }
}

#[test]
fn saves_wait_for_others_before_and_after_the_journal_is_reused() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    let save_beside_a_writer = |id| {
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        std::thread::scope(|scope| {
            let save = scope.spawn(|| put_anew(&storage, id));
            sleep(Duration::from_millis(100));
            assert!(!save.is_finished());
            other.execute_batch("COMMIT").unwrap();
        });
    };
    save_beside_a_writer(1);
    save_soon(&storage);
    save_beside_a_writer(2);
    wait();
    save_beside_a_writer(3);
    assert_eq!(storage.count().unwrap(), 3);
}

#[test]
fn a_save_in_a_hurry_does_not_wait_after_it_has_tried_to_leave_a_log() {
    let (_folder, path) = logged_in();
    let other = Connection::open(&path).unwrap();
    other.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy_timeout = Duration::from_secs(60);
    let storage = open_with(&path, SqliteOptions { busy_timeout, ..SqliteOptions::default() });
    let entities = vec![EntityChange { entity: entity(1, 10, 100), known: ALL }];
    let changes = Changes { entities, hurry: true, ..Changes::default() };
    let began = Instant::now();
    assert_eq!(storage.commit(&changes).unwrap_err().kind(), mtsession::ErrorKind::Busy);
    assert!(began.elapsed() < busy_timeout / 2, "it has waited");
}

#[test]
fn a_journal_that_cannot_be_removed_goes_on_being_used() {
    let (_folder, path) = logged_in();
    let notes = path.with_file_name("notes");
    // The other process may take one name from the folder, and in the second round none.
    for when in ["2+", "1+"] {
        Other::start_failing(&notes, "?unlink,?unlinkat", when, "save late", &path).finish();
        assert!(fs::read_to_string(&notes).unwrap().contains("(INJECTED)"));
        assert_eq!(size(&journal_of(&path)), Some(0));
    }
    let storage = open(&path);
    assert_eq!(storage.count().unwrap(), 2);
    put_anew(&storage, 3);
    assert!(!journal_of(&path).exists());
}

#[test]
fn a_killed_process_leaves_a_journal_that_is_in_nobodys_way() {
    let (folder, path) = logged_in();
    Other::start("save soon", &path).kill();
    assert_eq!(size(&journal_of(&path)), Some(0));
    assert_eq!(open_with(&path, READ_ONLY()).count().unwrap(), 1);
    assert_eq!(open(&path).count().unwrap(), 1);
    // Nor of a whole new session in the place of one that was removed.
    let session = mtsession::Session::open(
        &folder.path().join("b.session"),
        &SqliteOptions::default(),
        &mtsession::Options::default(),
    )
    .unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(size(&journal_of(&path)), Some(0));
    session
        .clone_to(Some(&path), &SqliteOptions::default(), &mtsession::Options::default())
        .unwrap();
    let storage = open(&path);
    put_anew(&storage, 1);
    assert!(!journal_of(&path).exists());
}

#[test]
fn at_close_the_journal_of_somebody_else_stays() {
    let (folder, path) = logged_in();
    let storage = open(&path);
    save_soon(&storage);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM entities").unwrap();
    assert!(size(&journal_of(&path)) > Some(0), "it writes");
    storage.close().unwrap();
    assert!(size(&journal_of(&path)) > Some(0));
    drop(other);
    assert_eq!(open(&path).count().unwrap(), 1);

    let storage = open(&path);
    save_soon(&storage);
    fs::rename(&path, folder.path().join("aside.session")).unwrap();
    fs::write(&path, "another file").unwrap();
    fs::write(journal_of(&path), "and its journal").unwrap();
    storage.close().unwrap();
    assert_eq!(fs::read(journal_of(&path)).unwrap(), b"and its journal");
    assert_eq!(open(&folder.path().join("aside.session")).count().unwrap(), 1);
}
