//! JSON sessions of Telethon 0.13 to 0.15.

use std::fs;
use std::os::unix::fs::MetadataExt;

use mtsession::{ErrorKind, SqliteOptions, Storage};

use super::*;

fn kept(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.json", path.display()))
}

fn check(storage: &SqliteStorage) {
    let account = storage.load().unwrap();
    // The number of the data center is found by its address, which JSON has alone.
    assert_eq!(account.dc, Some(dc2()));
    assert_eq!(account.auth_key, Some(key(0)));
    let entities = storage.list(None, 100).unwrap();
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(fixture("telethon/telethon-0.15.5.7.session")).unwrap())
            .unwrap();
    let mut rows: Vec<(i64, i64)> = json["entities"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| Some((row[0].as_i64()?, row[1].as_i64()?)))
        .collect();
    rows.sort();
    assert!(!rows.is_empty());
    let found: Vec<_> = entities.iter().map(|e| (e.id.marked(), e.access_hash)).collect();
    assert_eq!(found, rows);
}

#[test]
fn a_json_session_is_imported_and_its_original_kept() {
    let (folder, path) = copy_of("telethon/telethon-0.15.5.7.session");
    let original = fs::read(&path).unwrap();
    let storage = open(&path);
    check(&storage);
    let told = notices(&storage);
    assert!(told[0].contains(".json"), "{told:?}");
    put(&storage, person(1, 5, "one", "1", "One"), ALL);
    storage.close().unwrap();
    assert_eq!(fs::read(kept(&path)).unwrap(), original);
    assert_eq!(snapshot(folder.path()).len(), 3, "session, original and lock");
    for name in snapshot(folder.path()).into_keys() {
        assert_eq!(fs::metadata(&name).unwrap().mode() & 0o777, 0o600, "{}", name.display());
    }
    assert_eq!(ask::<u32>(&path, "SELECT version FROM version"), 7);
    assert_eq!(get(&open(&path), 1).unwrap().name, "One");
}

#[test]
fn a_json_session_without_peers_opens_too() {
    let (_folder, path) = copy_of("telethon/telethon-0.15.session");
    let storage = open_with(&path, SqliteOptions { schema_8: true, ..SqliteOptions::default() });
    assert_eq!(storage.load().unwrap().auth_key, Some(key(0)));
    assert_eq!(storage.schema(), 8);
}

#[test]
fn a_json_session_is_shown_read_only_without_a_change() {
    let (folder, path) = copy_of("telethon/telethon-0.15.5.7.session");
    let before = snapshot(folder.path());
    let storage = open_with(&path, READ_ONLY());
    check(&storage);
    let entities = vec![EntityChange { entity: entity(1, 1, 1), known: ALL }];
    let error = storage.commit(&Changes { entities, ..Changes::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert_eq!(snapshot(folder.path()), before);
}

#[test]
fn an_address_without_a_known_number_is_data_center_0() {
    let (_folder, path) = place();
    let text = fs::read_to_string(fixture("telethon/telethon-0.15.5.7.session")).unwrap();
    fs::write(&path, text.replace("149.154.167.51", "10.1.2.3")).unwrap();
    let storage = open(&path);
    let dc = storage.load().unwrap().dc.unwrap();
    assert_eq!((dc.id, dc.host.as_str(), dc.port), (0, "10.1.2.3", 443));
}

#[test]
fn an_import_never_overwrites_what_stands_in_its_way() {
    let (_folder, path) = copy_of("telethon/telethon-0.15.5.7.session");
    let original = fs::read(&path).unwrap();
    fs::write(kept(&path), b"somebody's").unwrap();
    let error = refused(&path, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert!(error.message().contains("move it away"), "{error}");
    assert_eq!(fs::read(kept(&path)).unwrap(), b"somebody's");
    assert_eq!(fs::read(&path).unwrap(), original);
    assert!(!PathBuf::from(format!("{}-mts-import", path.display())).exists());
}

#[test]
fn an_import_is_refused_where_an_old_journal_would_be_taken_for_that_of_the_new_file() {
    for suffix in ["-journal", "-wal"] {
        let (folder, path) = copy_of("telethon/telethon-0.15.5.7.session");
        let journal = folder.path().join(format!("a.session{suffix}"));
        fs::write(&journal, "of an older session").unwrap();
        let before = snapshot(folder.path());
        let error = refused(&path, SqliteOptions::default());
        assert_eq!(error.kind(), ErrorKind::Exists);
        assert!(error.message().contains("move it away"), "{error}");
        fs::remove_file(folder.path().join("a.session-lock")).unwrap();
        assert!(snapshot(folder.path()) == before);
        fs::remove_file(&journal).unwrap();
        check(&open(&path));
    }
}

#[test]
fn an_import_that_was_killed_is_done_again() {
    // Killed after any of its steps: a half-made database beside it, the original linked or copied.
    for linked in [false, true] {
        let (_folder, path) = copy_of("telethon/telethon-0.15.5.7.session");
        fs::write(format!("{}-mts-import", path.display()), b"half").unwrap();
        fs::write(format!("{}-mts-import-journal", path.display()), b"half").unwrap();
        if linked {
            fs::hard_link(&path, kept(&path)).unwrap();
        } else {
            fs::copy(&path, kept(&path)).unwrap();
        }
        check(&open(&path));
    }
}

#[test]
fn sharing_does_not_import() {
    let (_folder, path) = copy_of("telethon/telethon-0.15.5.7.session");
    let original = fs::read(&path).unwrap();
    assert_eq!(refused(&path, SHARED()).kind(), ErrorKind::Unsupported);
    assert_eq!(fs::read(&path).unwrap(), original);
}

#[test]
fn a_damaged_json_session_is_refused_and_left_alone() {
    let (_folder, path) = place();
    let text = fs::read(fixture("telethon/telethon-0.15.5.7.session")).unwrap();
    let half = [&text[..text.len() / 2], b" \"auth_key_data\""].concat();
    fs::write(&path, &half).unwrap();
    for options in [READ_ONLY(), SqliteOptions::default()] {
        let error = refused(&path, options);
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Format), "{error:?}");
    }
    assert_eq!(fs::read(&path).unwrap(), half);
}
