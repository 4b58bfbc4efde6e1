//! The rollback journal: between saves it is not there, or empty where they follow each other soon.

use std::thread::sleep;
use std::time::Duration;

use super::other::Other;
use super::*;

fn journal(path: &Path) -> PathBuf {
    path.with_extension("session-journal")
}

fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|meta| meta.len())
}

/// Saves until one comes soon after the one before, which is the second unless the disk is very slow.
/// The other process does so too.
pub fn save_soon(storage: &SqliteStorage) {
    let soon = (1..=20).any(|n| {
        put(storage, person(1, 100 + n, "", "", ""), ALL);
        size(&journal(storage.path())) == Some(0)
    });
    assert!(soon, "the journal never stayed");
}

/// What the other process does: a save by itself, after some that were not.
pub fn save_late(path: &Path) {
    let storage = open(path);
    save_soon(&storage);
    sleep(Duration::from_millis(1100));
    put(&storage, person(2, 100, "", "", ""), ALL);
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
            sleep(Duration::from_millis(1100));
            put(&storage, person(30 + n, 100, "", "", ""), ALL);
            assert!(!journal(&path).exists(), "a save by itself leaves one plain file");
        }
    }
    save_soon(&storage);
    storage.close().unwrap();
    let left: Vec<_> = snapshot(folder.path()).into_keys().collect();
    assert_eq!(left, [path.clone(), path.with_extension("session-lock")]);
}

#[test]
fn others_may_write_between_saves_that_share_a_journal() {
    let (_folder, path) = logged_in();
    let storage = open_with(&path, SHARED());
    let other = Connection::open(&path).unwrap();
    let mut stayed = 0;
    for n in 1..=20 {
        assert_eq!(put(&storage, person(2 * n, 100, "", "", ""), ALL), n > 1, "it was noticed");
        stayed += u32::from(size(&journal(&path)) == Some(0));
        other.execute("INSERT INTO entities (id, hash) VALUES (?1, 7)", [2 * n + 1]).unwrap();
        assert!(!journal(&path).exists(), "the other one removes it as its own");
    }
    assert!(stayed > 0);
    assert_eq!(storage.count().unwrap(), 40);
}

#[test]
fn saves_go_on_when_another_program_turns_the_file_to_a_log_of_its_own() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    save_soon(&storage);
    let other = Connection::open(&path).unwrap();
    let mode = "PRAGMA journal_mode = WAL";
    assert_eq!(other.query_row(mode, [], |row| row.get(0)), Ok("wal".to_owned()));
    other.execute_batch("BEGIN; SELECT * FROM entities").unwrap();
    for n in 2..=7 {
        if n % 3 == 0 {
            sleep(Duration::from_millis(1100));
        }
        put(&storage, person(n, 100, "", "", ""), ALL);
        assert!(path.with_extension("session-wal").exists());
    }
    drop(other);
    sleep(Duration::from_millis(1100));
    save_soon(&storage);
    storage.close().unwrap();
    assert_eq!(open(&path).count().unwrap(), 7);
    assert_eq!(ask::<String>(&path, "PRAGMA journal_mode"), "delete");
}

#[test]
fn a_journal_that_cannot_be_removed_goes_on_being_used() {
    let (_folder, path) = logged_in();
    let notes = path.with_file_name("notes");
    // The other process may take no name from the folder, at first after one save, then at all.
    for when in ["2+", "1+"] {
        Other::start_failing(&notes, "?unlink,?unlinkat", when, "save late", &path).finish();
        assert!(fs::read_to_string(&notes).unwrap().contains("(INJECTED)"));
        assert_eq!(size(&journal(&path)), Some(0));
    }
    let storage = open(&path);
    assert_eq!(storage.count().unwrap(), 2);
    put(&storage, person(3, 100, "", "", ""), ALL);
    assert!(!journal(&path).exists());
}

#[test]
fn a_killed_process_leaves_a_journal_that_is_in_nobodys_way() {
    let (folder, path) = logged_in();
    Other::start("save soon", &path).kill();
    assert_eq!(size(&journal(&path)), Some(0));
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
    assert_eq!(size(&journal(&path)), Some(0));
    session
        .clone_to(Some(&path), &SqliteOptions::default(), &mtsession::Options::default())
        .unwrap();
    let storage = open(&path);
    put(&storage, person(1, 100, "", "", ""), ALL);
    assert!(!journal(&path).exists());
}

#[test]
fn at_close_the_journal_of_somebody_else_stays() {
    let (folder, path) = logged_in();
    let storage = open(&path);
    save_soon(&storage);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM entities").unwrap();
    assert!(size(&journal(&path)) > Some(0), "it writes");
    storage.close().unwrap();
    assert!(size(&journal(&path)) > Some(0));
    drop(other);
    assert_eq!(open(&path).count().unwrap(), 1);

    let storage = open(&path);
    save_soon(&storage);
    fs::rename(&path, folder.path().join("aside.session")).unwrap();
    fs::write(&path, "another file").unwrap();
    fs::write(journal(&path), "and its journal").unwrap();
    storage.close().unwrap();
    assert_eq!(fs::read(journal(&path)).unwrap(), b"and its journal");
    assert_eq!(open(&folder.path().join("aside.session")).count().unwrap(), 1);
}
