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
    for n in 1..=20 {
        assert_eq!(put(&storage, person(2 * n, 100, "", "", ""), ALL), n > 1, "it was noticed");
        other.execute("INSERT INTO entities (id, hash) VALUES (?1, 7)", [2 * n + 1]).unwrap();
        assert!(!journal(&path).exists(), "the other one removes it as its own");
    }
    assert_eq!(storage.count().unwrap(), 40);
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
