//! Storing: what joins what, and what Telethon sees of it.

use mtsession::{
    DcKey, DcOption, FileKey, FileKind, Find, Identity, KeySlot, Salt, SentFile, SqliteOptions,
    Storage, UpdateState,
};
use zeroize::Zeroizing;

use super::*;

/// A storage holding peer 1, seen at 100 with all texts.
fn with_ada() -> (tempfile::TempDir, PathBuf, SqliteStorage) {
    let (folder, path) = logged_in();
    let storage = open(&path);
    put(&storage, person(1, 100, "ada", "441", "Ada"), ALL);
    (folder, path, storage)
}

#[test]
fn a_full_row_clears_what_it_does_not_have() {
    let (_folder, path, storage) = with_ada();
    put(&storage, entity(1, 11, 101), ALL);
    assert_eq!(get(&storage, 1), Some(entity(1, 11, 101)));
    assert_eq!(ask::<Option<String>>(&path, "SELECT username FROM entities WHERE id = 1"), None);
    assert_eq!(ask::<Option<i64>>(&path, "SELECT phone FROM entities WHERE id = 1"), None);
}

#[test]
fn a_bare_row_keeps_all_texts() {
    let (_folder, _, storage) = with_ada();
    put(&storage, entity(1, 11, 101), HASH);
    let now = get(&storage, 1).unwrap();
    assert_eq!(
        (now.access_hash, now.usernames.as_str(), now.phone.as_str(), now.name.as_str()),
        (11, "ada", "441", "Ada")
    );
}

#[test]
fn each_field_is_known_by_itself() {
    for (known, want) in [
        (USERNAMES, ("new", "441", "Ada", 10)),
        (PHONE, ("ada", "442", "Ada", 10)),
        (NAME, ("ada", "441", "New", 10)),
        (HASH, ("ada", "441", "Ada", 20)),
        (FLAGS, ("ada", "441", "Ada", 10)),
    ] {
        let (_folder, _, storage) = with_ada();
        let new = Entity { access_hash: 20, ..person(1, 100, "new", "442", "New") };
        put(&storage, new, known);
        let now = get(&storage, 1).unwrap();
        let now = (now.usernames.as_str(), now.phone.as_str(), now.name.as_str(), now.access_hash);
        assert_eq!(now, want, "known {known}");
    }
}

#[test]
fn a_peer_without_a_known_hash_never_becomes_a_row() {
    let (_folder, _, storage) = with_ada();
    put(&storage, person(2, 100, "bob two", "442", "Bob"), ALL & !HASH);
    assert_eq!(get(&storage, 2), None);
    assert!(storage.find(Find::Username("two")).unwrap().is_empty());
    put(&storage, person(1, 101, "new", "442", "New"), ALL & !HASH);
    assert_eq!(get(&storage, 1).unwrap(), person(1, 101, "new", "442", "New"));
}

#[test]
fn an_older_sighting_overwrites_nothing() {
    let (_folder, _, storage) = with_ada();
    let old =
        Entity { access_hash: 99, flags: Entity::BOT, ..person(1, 99, "old x", "442", "Old") };
    put(&storage, old, ALL);
    assert_eq!(get(&storage, 1).unwrap(), person(1, 100, "ada", "441", "Ada"));
    assert!(storage.find(Find::Username("x")).unwrap().is_empty());
}

#[test]
fn a_bare_row_of_telethon_does_not_erase_our_texts() {
    // Telethon (since 1.25) replaces rows by bare ones with a new date at every save.
    let (_folder, path, storage) = with_ada();
    run(&path, "REPLACE INTO entities VALUES (1, 12, NULL, NULL, NULL, 200)");
    put(&storage, person(1, 150, "ada", "441", "Ada"), ALL);
    let now = get(&storage, 1).unwrap();
    assert_eq!(now, Entity { access_hash: 12, ..person(1, 200, "ada", "441", "Ada") });
}

#[test]
fn a_sighting_that_says_nothing_of_usernames_does_not_date_them() {
    let (_folder, _, storage) = with_ada();
    put(&storage, entity(1, 11, 300), HASH);
    put(&storage, person(2, 200, "ada", "", "Newer bearer"), ALL);
    let owner = storage.find(Find::Username("ada")).unwrap();
    assert_eq!(owner[0].id, peer(2), "the date of a hash is not the date of a name");
    // A phone number is somebody's as well.
    put(&storage, entity(1, 12, 400), HASH);
    assert_eq!(get(&storage, 1).unwrap().seen, 100);
    // Without either there is nothing to mistake.
    put(&storage, entity(3, 13, 100), HASH);
    put(&storage, entity(3, 14, 400), HASH);
    assert_eq!(get(&storage, 3).unwrap().seen, 400);
}

#[test]
fn a_date_to_come_does_not_keep_news_out_for_ever() {
    // As a machine leaves it whose clock was ahead.
    let (_folder, path, storage) = with_ada();
    run(&path, "UPDATE entities SET date = 99999999999 WHERE id = 1");
    put(&storage, person(1, 1_700_000_000, "ada", "441", "New name"), ALL);
    let now = get(&storage, 1).unwrap();
    assert_eq!((now.name.as_str(), now.seen), ("New name", 1_700_000_000));
}

#[test]
fn repeating_a_commit_changes_nothing() {
    let (_folder, _, storage) = with_ada();
    for _ in 0..2 {
        let old = storage.load().unwrap();
        let new = Account { takeout_id: Some(5), ..old.clone() };
        let changes = Changes {
            account: Some(AccountChange { old: &old, new: &new }),
            entities: vec![EntityChange { entity: person(1, 110, "a b", "", "A"), known: ALL }],
            forget: vec![peer(3)],
            ..Changes::default()
        };
        for _ in 0..2 {
            storage.commit(&changes).unwrap();
            assert_eq!(get(&storage, 1).unwrap(), person(1, 110, "a b", "", "A"));
            assert_eq!(storage.load().unwrap(), new);
        }
    }
}

#[test]
fn a_commit_is_all_or_nothing() {
    let (_folder, path, storage) = with_ada();
    run(&path, "CREATE TABLE x (a); CREATE UNIQUE INDEX no ON update_state (seq)");
    let error = storage
        .commit(&Changes {
            entities: vec![EntityChange { entity: person(2, 1, "b c", "", ""), known: ALL }],
            values: vec![("big".into(), Some(Zeroizing::new(vec![0; 17 << 20])))],
            ..Changes::default()
        })
        .unwrap_err();
    assert!(error.message().contains("too big"), "{error}");
    assert_eq!(get(&storage, 2), None);
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mts%'"), 0);
    // And what was rolled back can be done again.
    put(&storage, person(2, 1, "b c", "", ""), ALL);
    assert_eq!(get(&storage, 2).unwrap().usernames, "b c");
}

#[test]
fn entities_can_be_forgotten() {
    let (_folder, path, storage) = with_ada();
    put(&storage, Entity { flags: Entity::BOT, ..person(1, 100, "ada two", "441", "Ada") }, ALL);
    storage.commit(&Changes { forget: vec![peer(1), peer(9)], ..Changes::default() }).unwrap();
    assert_eq!(get(&storage, 1), None);
    for table in ["entities", "mts_entities", "mts_usernames"] {
        assert_eq!(ask::<u32>(&path, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[test]
fn flags_are_kept_beside_telethons_table() {
    let (_folder, path, storage) = with_ada();
    let flags = Entity::BOT | Entity::VERIFIED;
    put(
        &storage,
        Entity { flags: flags | Entity::WHOLE, ..person(1, 100, "ada", "441", "Ada") },
        ALL,
    );
    assert_eq!(get(&storage, 1).unwrap().flags, flags);
    put(&storage, person(1, 100, "ada", "441", "Ada"), ALL & !FLAGS);
    assert_eq!(get(&storage, 1).unwrap().flags, flags, "unknown flags stay");
    put(&storage, person(1, 100, "ada", "441", "Ada"), ALL);
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM mts_entities"), 0);
}

#[test]
fn states_are_stored_as_telethon_reads_them() {
    let (_folder, path, storage) = with_ada();
    let states = vec![
        UpdateState { id: 0, pts: 10, qts: 2, date: 1_700_000_000, seq: 4 },
        UpdateState { id: 1_234_567_890, pts: 7, qts: 0, date: 9, seq: 0 },
    ];
    storage.commit(&Changes { states: states.clone(), ..Changes::default() }).unwrap();
    assert_eq!(storage.states().unwrap(), states);
    let whole = "SELECT count(*) FROM update_state WHERE typeof(pts) || typeof(qts) || \
                 typeof(date) || typeof(seq) = 'integerintegerintegerinteger'";
    assert_eq!(ask::<u32>(&path, whole), 2);
    let newer = vec![UpdateState { pts: 11, ..states[0] }];
    storage
        .commit(&Changes {
            states: newer.clone(),
            forget_states: vec![1_234_567_890],
            ..Changes::default()
        })
        .unwrap();
    assert_eq!(storage.states().unwrap(), newer);
}

#[test]
fn files_and_values_come_back() {
    let (_folder, path, storage) = with_ada();
    let at = |kind| FileKey { md5: [7; 16], size: 1 << 40, kind };
    let files = vec![
        (at(FileKind::Document), SentFile { id: 1, access_hash: -2 }),
        (at(FileKind::Photo), SentFile { id: 3, access_hash: 4 }),
    ];
    let value = |bytes: &[u8]| Some(Zeroizing::new(bytes.to_vec()));
    let values = vec![("config".to_owned(), value(b"\0\xff")), ("empty".to_owned(), value(b""))];
    storage.commit(&Changes { files: files.clone(), values, ..Changes::default() }).unwrap();
    drop(storage);
    let storage = open(&path);
    assert_eq!(storage.files().unwrap(), files);
    assert_eq!(storage.file(&at(FileKind::Photo)).unwrap(), Some(files[1].1));
    assert_eq!(storage.file(&FileKey { md5: [8; 16], ..files[0].0 }).unwrap(), None);
    assert_eq!(storage.value("config").unwrap(), value(b"\0\xff"));
    assert_eq!(storage.value("empty").unwrap(), value(b""));
    assert_eq!(storage.value("other").unwrap(), None);
    assert_eq!(storage.values().unwrap().len(), 2);
    storage
        .commit(&Changes { values: vec![("config".into(), None)], ..Changes::default() })
        .unwrap();
    assert_eq!(storage.value("config").unwrap(), None);
}

/// An account with something in every place.
fn full() -> Account {
    let dc4 = Dc::new(4, "2001:67c:4e8:f004::a", 443).unwrap();
    let other =
        |dc, slot, first| DcKey { dc, slot, key: key(first), created: 5, expires: 6, user_id: 7 };
    Account {
        dc: Some(dc2()),
        auth_key: Some(key(1)),
        tmp_auth_key: Some(key(2)),
        takeout_id: Some(-9),
        identity: Identity { user_id: 123, bot: true, test_mode: true, api_id: 17 },
        dc_options: vec![
            DcOption { dc: dc4, flags: DcOption::IPV6, secret: vec![1, 2] },
            DcOption { dc: dc2(), flags: 0, secret: vec![] },
        ],
        keys: vec![
            other(2, KeySlot::MediaTemporary, 3),
            other(4, KeySlot::Permanent, 4),
            other(4, KeySlot::Temporary, 5),
        ],
        salts: vec![
            Salt { dc: 2, salt: i64::MIN, since: 1, until: 2 },
            Salt { dc: 2, salt: 4, since: 2, until: 3 },
        ],
    }
}

#[test]
fn a_whole_account_comes_back_at_both_schemas() {
    for schema_8 in [false, true] {
        let (_folder, path) = place();
        let options = SqliteOptions { schema_8, ..SqliteOptions::default() };
        let storage = open_with(&path, options.clone());
        change(&storage, &Account::default(), &full()).unwrap();
        assert_eq!(storage.load().unwrap(), full());
        drop(storage);
        let storage = open_with(&path, options);
        assert_eq!(storage.load().unwrap(), full());
        assert_eq!(open_with(&path, READ_ONLY()).load().unwrap(), full());
        // And goes again.
        change(&storage, &full(), &Account::default()).unwrap();
        assert_eq!(storage.load().unwrap(), Account::default());
        let row = "SELECT count(*) FROM sessions WHERE dc_id = 0 AND server_address IS NULL AND \
                   auth_key = x'' AND takeout_id IS NULL";
        assert_eq!(ask::<u32>(&path, row), 1);
        let content = std::fs::read(&path).unwrap();
        for first in 1..=5 {
            let key = key(first);
            let part = &key.as_bytes()[..64];
            assert!(!content.windows(64).any(|other| other == part), "key {first} is still there");
        }
    }
}

#[test]
fn side_tables_are_plain_enough_for_every_telethon() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    change(&storage, &storage.load().unwrap(), &full()).unwrap();
    put(&storage, Entity { flags: Entity::BOT, ..person(9, 5, "first second", "1", "N") }, ALL);
    let values = vec![("v".to_owned(), Some(Zeroizing::new(vec![1])))];
    storage.commit(&Changes { values, ..Changes::default() }).unwrap();
    storage.find(Find::Username("first")).unwrap();
    storage.close().unwrap();
    let db = Connection::open(&path).unwrap();
    let mut all = db.prepare("SELECT name, sql FROM sqlite_schema WHERE name LIKE 'mts%'").unwrap();
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let made: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    // Eight tables and two indexes: all that there are.
    assert_eq!(made.len(), 10, "{made:?}");
    for (name, sql) in made {
        // What Telethon 2 chokes on.
        for word in ["AUTOINCREMENT", "STRICT"] {
            assert!(!sql.to_uppercase().contains(word), "{name}: {sql}");
        }
        assert!(name.starts_with("mts_") && name.len() <= 20, "{name}");
        assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_'), "{name}");
    }
    assert_eq!(
        ask::<u32>(&path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'"),
        0
    );
}

#[test]
fn what_telethon_knows_is_in_its_own_columns() {
    for (schema_8, tmp_column) in [(false, None), (true, Some(key(2)))] {
        let (_folder, path) = place();
        let storage = open_with(&path, SqliteOptions { schema_8, ..SqliteOptions::default() });
        change(&storage, &Account::default(), &full()).unwrap();
        assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM sessions"), 1);
        assert_eq!(ask::<i32>(&path, "SELECT dc_id FROM sessions"), 2);
        assert_eq!(ask::<String>(&path, "SELECT server_address FROM sessions"), "149.154.167.51");
        assert_eq!(ask::<Vec<u8>>(&path, "SELECT auth_key FROM sessions"), key(1).as_bytes());
        assert_eq!(ask::<i64>(&path, "SELECT takeout_id FROM sessions"), -9);
        if let Some(tmp) = tmp_column {
            assert_eq!(ask::<Vec<u8>>(&path, "SELECT tmp_auth_key FROM sessions"), tmp.as_bytes());
        }
        // Telethon v2 refuses names of tables that have more in them.
        let odd = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND \
                   (length(name) > 20 OR name GLOB '*[^a-z_]*')";
        assert_eq!(ask::<u32>(&path, odd), 0);
    }
}

#[test]
fn the_own_id_is_row_0_and_the_own_peer_has_a_row_too() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    set(&storage, |account| account.identity.user_id = 123);
    assert_eq!(ask::<i64>(&path, "SELECT hash FROM entities WHERE id = 0"), 123);
    assert_eq!(ask::<i64>(&path, "SELECT hash FROM entities WHERE id = 123"), 0);
    assert_eq!(storage.list(None, 9).unwrap(), [entity(123, 0, 0)], "row 0 is no peer");
    assert_eq!(storage.count().unwrap(), 1);
    put(&storage, person(123, 1, "me", "5", "Me"), ALL);
    // Said again, it does not undo what is known.
    set(&storage, |account| account.identity.user_id = 0);
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM entities WHERE id = 0"), 0);
    set(&storage, |account| account.identity.user_id = 123);
    assert_eq!(get(&storage, 123).unwrap(), person(123, 1, "me", "5", "Me"));
    let old = storage.load().unwrap();
    let mut wrong = old.clone();
    wrong.identity.user_id = -5;
    assert!(change(&storage, &old, &wrong).is_err());
}

#[test]
fn another_account_takes_nothing_over() {
    let (_folder, path) = place();
    let storage = open(&path);
    change(&storage, &Account::default(), &full()).unwrap();
    put(&storage, Entity { flags: Entity::BOT, ..person(1, 1, "a b", "5", "A") }, ALL);
    storage
        .commit(&Changes {
            states: vec![UpdateState { pts: 1, ..UpdateState::default() }],
            files: vec![(
                FileKey { md5: [1; 16], size: 1, kind: FileKind::Photo },
                SentFile { id: 1, access_hash: 1 },
            )],
            ..Changes::default()
        })
        .unwrap();
    let mut new = full();
    new.identity.user_id = 456;
    new.auth_key = Some(key(50));
    storage
        .commit(&Changes {
            account: Some(AccountChange { old: &full(), new: &new }),
            other_account: true,
            entities: vec![EntityChange { entity: person(2, 1, "c", "", ""), known: ALL }],
            ..Changes::default()
        })
        .unwrap();
    assert_eq!(storage.load().unwrap(), new);
    let ids: Vec<_> = storage.list(None, 9).unwrap().iter().map(|e| e.id.marked()).collect();
    assert_eq!(ids, [2, 456]);
    assert!(storage.states().unwrap().is_empty() && storage.files().unwrap().is_empty());
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM mts_usernames"), 0);
}

#[test]
fn side_tables_belong_to_one_auth_key() {
    let (_folder, path) = place();
    let storage = open(&path);
    change(&storage, &Account::default(), &full()).unwrap();
    put(&storage, Entity { flags: Entity::BOT, ..person(1, 1, "a b", "5", "A") }, ALL);
    let values = vec![("v".to_owned(), Some(Zeroizing::new(vec![1])))];
    storage.commit(&Changes { values: values.clone(), ..Changes::default() }).unwrap();

    // Telethon logs in anew: nothing of the old login may be believed.
    run(&path, "UPDATE sessions SET auth_key = zeroblob(255) || x'01'");
    assert!(storage.changed_elsewhere().unwrap());
    let account = storage.load().unwrap();
    assert_eq!(account.identity, Identity { user_id: 123, ..Identity::default() });
    assert!(account.keys.is_empty() && account.salts.is_empty() && account.dc_options.is_empty());
    assert_eq!(account.tmp_auth_key, None);
    assert_eq!(storage.value("v").unwrap(), None);
    let seen = get(&storage, 1).unwrap();
    assert_eq!((seen.flags, seen.usernames.as_str()), (0, "a"));

    // The next write of ours takes the set over, emptied.
    set(&storage, |account| account.identity.bot = true);
    let account = storage.load().unwrap();
    assert!(account.identity.bot && account.keys.is_empty());
    assert_eq!(storage.value("v").unwrap(), None);
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM mts_keys"), 0);
    // A key that we change ourselves keeps the set.
    storage.commit(&Changes { values, ..Changes::default() }).unwrap();
    set(&storage, |account| account.auth_key = Some(key(77)));
    assert!(storage.load().unwrap().identity.bot);
    drop(storage);
    assert!(open(&path).value("v").unwrap().is_some());
}

#[test]
fn a_temporary_key_survives_telethons_migration_to_schema_8() {
    let (_folder, path) = place();
    let storage = open(&path);
    change(&storage, &Account::default(), &full()).unwrap();
    storage.close().unwrap();
    run(&path, "ALTER TABLE sessions ADD COLUMN tmp_auth_key blob; UPDATE version SET version = 8");
    let storage = open(&path);
    assert_eq!(storage.load().unwrap(), full());
    set(&storage, |account| account.takeout_id = None);
    assert_eq!(ask::<Vec<u8>>(&path, "SELECT tmp_auth_key FROM sessions"), key(2).as_bytes());
    // Once Telethon has said that there is none, there is none.
    run(&path, "UPDATE sessions SET tmp_auth_key = x''");
    assert_eq!(storage.load().unwrap().tmp_auth_key, None);
}

#[test]
fn only_what_changed_is_written() {
    let (_folder, path, storage) = with_ada();
    let old = storage.load().unwrap();
    // Telethon, which knows no owner lock, writes meanwhile.
    run(
        &path,
        "UPDATE sessions SET takeout_id = 44; INSERT INTO entities VALUES (0, 9, NULL, NULL, NULL, 1)",
    );
    let new = Account { auth_key: Some(key(3)), ..old.clone() };
    assert!(change(&storage, &old, &new).unwrap());
    let now = storage.load().unwrap();
    assert_eq!((now.auth_key, now.takeout_id, now.identity.user_id), (Some(key(3)), Some(44), 9));
}

#[test]
fn tables_without_rowid_take_everything_too() {
    let (_folder, path) = copy_of("telethon/telethon-0.16.2.3.session");
    let storage = open(&path);
    let old = storage.load().unwrap();
    let new = Account { keys: full().keys, ..full() };
    change(&storage, &old, &new).unwrap();
    put(&storage, person(5, 5, "five fifth", "5", "Five"), ALL);
    put(&storage, person(987654321, 5, "bob", "6", "Bob"), ALL);
    assert_eq!(storage.load().unwrap(), new);
    assert_eq!(get(&storage, 5).unwrap(), person(5, 5, "five fifth", "5", "Five"));
    assert_eq!(storage.find(Find::Username("bob")).unwrap()[0].phone, "6");
}
