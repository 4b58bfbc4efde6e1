//! Creating and migrating: the columns decide, the version row is a hint.

use mtsession::{ErrorKind, Find, SqliteOptions, Storage};

use super::*;

#[test]
fn a_new_session_is_what_telethon_itself_would_make() {
    for (schema_8, schema, more) in [(false, 7, ""), (true, 8, " tmp_auth_key")] {
        let (_folder, path) = place();
        let storage = open_with(&path, SqliteOptions { schema_8, ..SqliteOptions::default() });
        assert_eq!((storage.found_schema(), storage.schema()), (schema, schema));
        assert_eq!(storage.load().unwrap(), Account::default());
        assert_eq!(notices(&storage), [""; 0]);
        storage.close().unwrap();
        assert_eq!(ask::<u32>(&path, "SELECT version FROM version"), schema);
        assert_eq!(
            columns(&path, "sessions"),
            format!("dc_id server_address port auth_key takeout_id{more}")
        );
        let row = "SELECT count(*) FROM sessions WHERE dc_id = 0 AND server_address IS NULL AND \
                   port IS NULL AND auth_key = x'' AND takeout_id IS NULL";
        assert_eq!(ask::<u32>(&path, row), 1);
        assert_eq!(
            ask::<u32>(&path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mts%'"),
            0
        );
        // The option is for new files: one that is there stays what it is.
        let other = SqliteOptions { schema_8: !schema_8, ..SqliteOptions::default() };
        assert_eq!(open_with(&path, other).schema(), schema);
    }
}

#[test]
fn the_version_row_may_lie() {
    // Telethon 1.5 to 1.7 write 4 or 5 into newer files; some tools write none at all.
    for (lie, found, told) in [
        ("UPDATE version SET version = 4", 8, 8),
        ("UPDATE version SET version = 1", 8, 8),
        ("UPDATE version SET version = -3", 8, 8),
        ("DELETE FROM version", 8, 8),
        ("DROP TABLE version; CREATE TABLE version (version integer)", 8, 8),
        ("DROP TABLE version", 8, 8),
        (
            "DROP TABLE version; CREATE TABLE version (version text); INSERT INTO version VALUES ('x')",
            8,
            8,
        ),
        ("INSERT INTO version VALUES (3)", 8, 8),
        ("ALTER TABLE sessions DROP COLUMN tmp_auth_key", 7, 7),
    ] {
        let (_folder, path) = made_by(&telethon_8(lie));
        let shown = open_with(&path, READ_ONLY());
        assert_eq!(shown.found_schema(), found, "{lie}");
        assert_eq!(shown.load().unwrap().auth_key, Some(key(0)), "{lie}");
        let storage = open(&path);
        assert_eq!((storage.found_schema(), storage.schema()), (found, told), "{lie}");
        assert_eq!(storage.load().unwrap().auth_key, Some(key(0)), "{lie}");
        assert_eq!(get(&storage, 7).unwrap().name, "Seven");
        assert_eq!(ask::<u32>(&path, "SELECT max(version) FROM version"), told, "{lie}");
        assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM version"), 1, "{lie}");
    }
}

#[test]
fn a_half_migrated_file_is_finished() {
    // Telethon's steps commit one by one; each prefix of them is a file that exists.
    for (damage, schema) in [
        (
            "ALTER TABLE sessions DROP COLUMN tmp_auth_key; ALTER TABLE entities DROP COLUMN date; \
          UPDATE version SET version = 4",
            7,
        ),
        ("ALTER TABLE entities DROP COLUMN date; UPDATE version SET version = 6", 8),
        ("DROP TABLE sent_files; UPDATE version SET version = 2", 8),
        ("DROP TABLE update_state; UPDATE version SET version = 3", 8),
        ("ALTER TABLE sessions DROP COLUMN takeout_id; UPDATE version SET version = 4", 8),
        ("ALTER TABLE update_state DROP COLUMN seq", 8),
        ("ALTER TABLE entities DROP COLUMN name", 8),
    ] {
        let (_folder, path) = made_by(&telethon_8(damage));
        let shown = open_with(&path, READ_ONLY());
        assert_eq!(get(&shown, 7).unwrap().usernames, "seven", "{damage}");
        drop(shown);
        let storage = open(&path);
        assert_eq!(storage.schema(), schema, "{damage}");
        assert_eq!(storage.load().unwrap().auth_key, Some(key(0)), "{damage}");
        assert_eq!(get(&storage, 7).unwrap().usernames, "seven", "{damage}");
        // Everything can be written.
        put(&storage, person(8, 5, "eight", "8", "Eight"), ALL);
        let states = vec![mtsession::UpdateState { id: 0, pts: 1, qts: 2, date: 3, seq: 4 }];
        storage.commit(&Changes { states: states.clone(), ..Changes::default() }).unwrap();
        assert_eq!(storage.states().unwrap(), states);
        assert_eq!(get(&storage, 8).unwrap().name, "Eight");
    }
}

#[test]
fn a_creation_that_was_killed_is_finished() {
    // The old ways to damage a file on the very first start.
    for stage in [
        "CREATE TABLE version (version integer primary key)",
        "CREATE TABLE version (version integer primary key); INSERT INTO version VALUES (7)",
        "CREATE TABLE version (version integer primary key); \
         CREATE TABLE sessions (dc_id integer primary key, server_address text, port integer, \
         auth_key blob, takeout_id integer)",
        "CREATE TABLE x (y); DROP TABLE x",
    ] {
        let (_folder, path) = made_by(stage);
        let storage = open(&path);
        assert_eq!(storage.load().unwrap(), Account::default(), "{stage}");
        assert_eq!(storage.schema(), 7, "{stage}");
        set(&storage, |account| account.auth_key = Some(key(9)));
        assert_eq!(storage.load().unwrap().auth_key, Some(key(9)), "{stage}");
    }
}

#[test]
fn old_schemas_keep_their_entities() {
    // Telethon drops them all on its step to schema 6; the hashes that were not `min` still work.
    let (_folder, path) = copy_of("telethon/telethon-1.0.4.session");
    let storage = open(&path);
    assert_eq!(storage.found_schema(), 4);
    assert!(storage.count().unwrap() > 5);
    assert_eq!(storage.find(Find::Username("newschan")).unwrap().len(), 1);
}

#[test]
fn a_newer_schema_is_read_but_not_written() {
    let (_folder, path) = made_by(&telethon_8(
        "ALTER TABLE sessions ADD COLUMN future; UPDATE version SET version = 9",
    ));
    let before = std::fs::read(&path).unwrap();
    let error = refused(&path, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Version);
    assert!(error.message().contains("schema 9"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let storage = open_with(&path, READ_ONLY());
    assert_eq!((storage.schema(), storage.load().unwrap().auth_key), (9, Some(key(0))));
}

#[test]
fn a_migration_is_all_or_nothing() {
    // The last step cannot be taken, so none may have been.
    let (_folder, path) = copy_of("telethon/telethon-1.0.4.session");
    run(
        &path,
        "DROP TABLE version; CREATE TABLE version (version integer CHECK (version < 6)); \
         INSERT INTO version VALUES (4)",
    );
    let before = std::fs::read(&path).unwrap();
    let error = refused(&path, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert_eq!(columns(&path, "sessions"), "dc_id server_address port auth_key");
    assert_eq!(columns(&path, "entities"), "id hash username phone name");
    assert_eq!(ask::<u32>(&path, "SELECT version FROM version"), 4);
    // All but the header's change counter: the database was rolled back.
    assert_eq!(std::fs::read(&path).unwrap()[100..], before[100..]);
}

#[test]
fn extra_tables_and_columns_are_tolerated_and_kept() {
    let (_folder, path) = made_by(&telethon_8(
        "ALTER TABLE sessions ADD COLUMN seller TEXT DEFAULT 'x'; \
         ALTER TABLE entities ADD COLUMN note; UPDATE entities SET note = 'n'; \
         CREATE TABLE encrypts (a, b); INSERT INTO encrypts VALUES (1, 2); \
         CREATE TRIGGER boom AFTER UPDATE ON sessions BEGIN DELETE FROM entities; END; \
         CREATE VIEW everybody AS SELECT * FROM entities; \
         CREATE TABLE child (id REFERENCES entities(id)); INSERT INTO child VALUES (7)",
    ));
    let storage = open(&path);
    set(&storage, |account| account.takeout_id = Some(5));
    put(&storage, person(7, 2000, "new", "", ""), ALL);
    assert_eq!(get(&storage, 7).unwrap().usernames, "new", "the trigger must not fire");
    let forget = vec![peer(7)];
    storage.commit(&Changes { forget, ..Changes::default() }).unwrap();
    storage.close().unwrap();
    assert_eq!(ask::<String>(&path, "SELECT seller FROM sessions"), "x");
    assert_eq!(ask::<u32>(&path, "SELECT b FROM encrypts"), 2);
}
