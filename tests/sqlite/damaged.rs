//! Damaged and hostile content: told about, never believed, never made worse.

use std::fs;

use mtsession::{
    ErrorKind, FileKey, FileKind, Find, Identity, Options, SentFile, Session, SqliteOptions,
    Storage, UpdateState,
};
use zeroize::Zeroizing;

use super::journal::options;

use super::*;

#[test]
fn the_swapped_columns_of_1_43_are_put_right() {
    let tmp = format!("x'{}'", hex(key(9).as_bytes()));
    for (takeout, tmp_column, tmp_key) in [
        ("x''", "x''", None),
        (tmp.as_str(), "x''", Some(key(9))),
        (tmp.as_str(), "NULL", Some(key(9))),
        ("x''", tmp.as_str(), Some(key(9))),
    ] {
        let (_folder, path) = made_by(&telethon_8(&format!(
            "UPDATE sessions SET takeout_id = {takeout}, tmp_auth_key = {tmp_column}"
        )));
        let storage = open(&path);
        let account = storage.load().unwrap();
        assert_eq!((account.takeout_id, &account.tmp_auth_key), (None, &tmp_key));
        assert_eq!(notices(&storage), [""; 0]);
        // The next change of a credential leaves both columns right.
        set(&storage, |account| account.auth_key = Some(key(1)));
        assert_eq!(ask::<String>(&path, "SELECT typeof(takeout_id) FROM sessions"), "null");
        let stored: Vec<u8> = ask(&path, "SELECT tmp_auth_key FROM sessions");
        assert_eq!(stored, tmp_key.as_ref().map_or(vec![], |key| key.as_bytes().to_vec()));
        assert_eq!(storage.load().unwrap().tmp_auth_key, tmp_key);
    }
}

#[test]
fn of_several_sessions_the_one_with_a_login_counts() {
    let (_folder, path) = made_by(&telethon_8(
        "INSERT INTO sessions VALUES (1, '149.154.175.53', 443, x'', NULL, x''), \
         (4, '149.154.167.91', 443, zeroblob(256), NULL, x'')",
    ));
    let storage = open(&path);
    let account = storage.load().unwrap();
    assert_eq!((account.dc, account.auth_key), (Some(dc2()), Some(key(0))));
    assert!(account.keys.is_empty());
    set(&storage, |account| account.takeout_id = Some(1));
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM sessions"), 1);
    assert_eq!(storage.load().unwrap().auth_key, Some(key(0)));
}

#[test]
fn further_logins_become_keys_of_their_data_centers_and_stay() {
    let (_folder, path) = made_by(&telethon_8(&format!(
        "INSERT INTO sessions VALUES (4, '149.154.167.91', 443, x'{}', NULL, x'')",
        hex(key(4).as_bytes())
    )));
    let storage = open(&path);
    let keys = storage.load().unwrap().keys;
    assert_eq!(keys.iter().map(|key| (key.dc, &key.key)).collect::<Vec<_>>(), [(4, &key(4))]);
    set(&storage, |account| account.takeout_id = Some(1));
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM sessions"), 1);
    assert_eq!(storage.load().unwrap().keys, keys, "nothing may be lost");
}

#[test]
fn without_a_sessions_row_there_is_no_login_and_one_can_be_made() {
    let (_folder, path) = made_by(&telethon_8("DELETE FROM sessions"));
    let storage = open(&path);
    assert_eq!(storage.load().unwrap(), Account::default());
    set(&storage, |account| {
        account.dc = Some(dc2());
        account.auth_key = Some(key(3));
    });
    assert_eq!(storage.load().unwrap().auth_key, Some(key(3)));
}

#[test]
fn an_auth_key_that_is_empty_null_or_zero_is_none() {
    for value in ["NULL", "x''", "''", "zeroblob(256)"] {
        let (_folder, path) =
            made_by(&telethon_8(&format!("UPDATE sessions SET auth_key = {value}")));
        let storage = open(&path);
        let account = storage.load().unwrap();
        assert_eq!((account.auth_key, account.dc), (None, Some(dc2())), "{value}");
        assert_eq!(notices(&storage), [""; 0], "{value}");
    }
}

#[test]
fn a_damaged_auth_key_is_told_and_kept_until_a_new_one_is_set() {
    let (_folder, path) = made_by(&telethon_8("UPDATE sessions SET auth_key = x'010203'"));
    let storage = open(&path);
    assert_eq!(storage.load().unwrap().auth_key, None);
    let told = notices(&storage);
    assert!(told.iter().any(|text| text.contains("256 bytes")), "{told:?}");
    assert!(!told.iter().any(|text| text.contains("010203")), "a secret was told: {told:?}");
    set(&storage, |account| {
        account.takeout_id = Some(77);
        account.dc = Some(Dc::new(4, "149.154.167.91", 443).unwrap());
    });
    assert_eq!(ask::<Vec<u8>>(&path, "SELECT auth_key FROM sessions"), [1, 2, 3]);
    set(&storage, |account| account.auth_key = Some(key(8)));
    assert_eq!(storage.load().unwrap().auth_key, Some(key(8)));
    assert_eq!(storage.load().unwrap().takeout_id, Some(77));
}

#[test]
fn a_damaged_cell_is_absent_and_told_and_the_rest_is_read() {
    for (damage, told) in [
        ("UPDATE sessions SET port = 70000", "data center"),
        ("UPDATE sessions SET server_address = 'a b'", "data center"),
        ("UPDATE sessions SET server_address = x'00'", "data center"),
        ("UPDATE sessions SET takeout_id = 'many'", "takeout"),
        ("UPDATE sessions SET tmp_auth_key = x'05'", "temporary"),
        ("UPDATE entities SET username = x'00'", "username of entity 7"),
        ("UPDATE entities SET username = 'two words'", "username of entity 7"),
        ("UPDATE entities SET phone = 'no phone'", "phone of entity 7"),
        ("UPDATE entities SET phone = -5", "phone of entity 7"),
        ("UPDATE entities SET name = x'ff'", "name of entity 7"),
        ("UPDATE entities SET name = CAST(x'ff' AS TEXT)", "name of entity 7"),
        ("UPDATE entities SET name = replace(hex(zeroblob(3000)), '0', 'x')", "name of entity 7"),
        ("UPDATE entities SET date = 'today'", "date of entity 7"),
        ("INSERT INTO entities VALUES (0, -4, NULL, NULL, NULL, NULL)", "own user id"),
        ("INSERT INTO entities VALUES (8, 'x', NULL, NULL, NULL, NULL)", "hash of entity 8"),
        ("INSERT INTO update_state VALUES (5, 3000000000, 0, 0, 0)", "update_state"),
        ("INSERT INTO update_state VALUES (-5, 1, 0, 0, 0)", "update_state"),
        ("INSERT INTO update_state VALUES (5, 1, 0, 'x', 0)", "update_state"),
        ("INSERT INTO sent_files VALUES (x'00', 1, 0, 1, 1)", "sent_files"),
        ("INSERT INTO sent_files VALUES (zeroblob(16), 1, 5, 1, 1)", "sent_files"),
    ] {
        let (_folder, path) = made_by(&telethon_8(damage));
        for options in [READ_ONLY(), SqliteOptions::default()] {
            let storage = open_with(&path, options);
            assert_eq!(storage.load().unwrap().auth_key, Some(key(0)), "{damage}");
            let entities = storage.list(None, 10).unwrap();
            assert_eq!(entities.len(), 1, "{damage}");
            assert_eq!(entities[0].access_hash, 70, "{damage}");
            assert!(storage.states().unwrap().is_empty(), "{damage}");
            assert!(storage.files().unwrap().is_empty(), "{damage}");
            let all = notices(&storage);
            assert!(all.iter().any(|text| text.contains(told)), "{damage}: {all:?}");
        }
    }
}

#[test]
fn dates_and_phones_are_read_in_every_type() {
    let (_folder, path) = made_by(&telethon_8(
        "UPDATE entities SET date = 1700000000.75; \
         INSERT INTO entities VALUES (8, 1, NULL, '+44 (20) 1', NULL, NULL); \
         INSERT INTO update_state VALUES (9, NULL, NULL, 1700000000.123456, NULL);",
    ));
    run(
        &path,
        "CREATE TABLE other (id integer primary key, hash integer not null, username text, \
         phone, name text, date integer); INSERT INTO other SELECT * FROM entities; \
         INSERT INTO other VALUES (10, 1, NULL, '49301', NULL, NULL), \
         (11, 1, NULL, 49302.0, NULL, NULL); DROP TABLE entities; \
         ALTER TABLE other RENAME TO entities",
    );
    let storage = open(&path);
    assert_eq!(get(&storage, 7).unwrap().seen, 1_700_000_000);
    let phones: Vec<_> = storage.list(None, 9).unwrap().into_iter().map(|e| e.phone).collect();
    assert_eq!(phones, ["4477", "44201", "49301", "49302"]);
    assert_eq!(storage.find(Find::Phone("49302")).unwrap()[0].id, peer(11));
    let state = storage.states().unwrap()[0];
    assert_eq!((state.id, state.pts, state.date), (9, 0, 1_700_000_000));
    assert_eq!(notices(&storage), [""; 0]);
}

#[test]
fn a_page_of_damaged_rows_is_not_the_end() {
    let (_folder, path) = made_by(&telethon_8(
        "WITH RECURSIVE n(i) AS (VALUES (10) UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
         INSERT INTO entities SELECT i, 'damaged', NULL, NULL, NULL, NULL FROM n; \
         INSERT INTO entities VALUES (600, 6, NULL, NULL, NULL, NULL), \
         (-1000000000000, 6, 'nobody', NULL, NULL, NULL), (0, 7, 'self', 5, 'Me', 1)",
    ));
    let storage = open(&path);
    let page = storage.list(Some(peer(7)), 2).unwrap();
    assert_eq!(page.iter().map(|e| e.id.marked()).collect::<Vec<_>>(), [600]);
    let all = storage.list(None, 9).unwrap();
    assert_eq!(all.iter().map(|e| e.id.marked()).collect::<Vec<_>>(), [7, 600]);
    assert!(storage.list(Some(peer(i64::MAX)), 9).unwrap().is_empty());
    assert!(notices(&storage).len() < 100, "the queue has no bound");
    // Rows that mark nobody are never peers.
    assert!(storage.find(Find::Username("self")).unwrap().is_empty());
    assert!(storage.find(Find::Username("nobody")).unwrap().is_empty());
    assert_eq!(storage.load().unwrap().identity.user_id, 7);
}

#[test]
fn what_is_not_a_plain_table_is_refused() {
    for (disguise, word) in [
        ("DROP TABLE entities; CREATE VIEW entities AS SELECT 1 AS id, 2 AS hash", "view"),
        ("DROP TABLE update_state; CREATE VIEW Update_State AS SELECT 1 AS id", "view"),
        ("CREATE TRIGGER sessions AFTER UPDATE ON entities BEGIN SELECT 1; END", "trigger"),
        (
            // By hand: the SQLite of this library is built without it, as it may be of another.
            "DROP TABLE entities; PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES \
             ('table', 'entities', 'entities', 0, 'CREATE VIRTUAL TABLE entities USING fts5(id)')",
            "virtual table",
        ),
        ("CREATE VIEW mts_keys AS SELECT 1 AS dc", "view"),
        (
            "ALTER TABLE entities DROP COLUMN name; \
          ALTER TABLE entities ADD COLUMN name AS (upper(username))",
            "computed",
        ),
    ] {
        let (_folder, path) = made_by(&telethon_8(disguise));
        let before = fs::read(&path).unwrap();
        for options in [READ_ONLY(), SqliteOptions::default()] {
            let error = refused(&path, options);
            assert_eq!(error.kind(), ErrorKind::Format, "{disguise}: {error}");
            assert!(error.message().contains(word), "{disguise}: {error}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{disguise}");
    }
}

#[test]
fn somebodys_database_is_refused_and_left_alone() {
    for sql in [
        "CREATE TABLE notes (id integer primary key, text)",
        "CREATE TABLE version (version integer); CREATE TABLE notes (id)",
        "CREATE TABLE version (release text); CREATE TABLE sessions (dc_id, auth_key)",
        "CREATE TABLE sessions (id integer, user text)",
        "CREATE TABLE sessions (version integer primary key, data blob); CREATE TABLE peers (id)",
    ] {
        let (_folder, path) = made_by(sql);
        let before = fs::read(&path).unwrap();
        for options in [READ_ONLY(), SqliteOptions::default()] {
            let error = refused(&path, options);
            assert_eq!(error.kind(), ErrorKind::Format, "{sql}: {error}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{sql}");
    }
}

#[test]
fn a_schema_without_end_is_refused() {
    let tables: String = (0..1500).map(|i| format!("CREATE TABLE t{i} (a);")).collect();
    let (_folder, path) = made_by(&format!("BEGIN; {} {tables} COMMIT", telethon_8("")));
    let error = refused(&path, SqliteOptions::default());
    assert_eq!(error.kind(), ErrorKind::Format, "{error}");
}

#[test]
fn a_table_without_its_key_is_read_but_not_written() {
    let (_folder, path) = made_by(&telethon_8(
        "CREATE TABLE other AS SELECT * FROM entities; DROP TABLE entities; \
         ALTER TABLE other RENAME TO entities",
    ));
    assert_eq!(refused(&path, SqliteOptions::default()).kind(), ErrorKind::Corrupt);
    assert_eq!(get(&open_with(&path, READ_ONLY()), 7).unwrap().name, "Seven");
}

#[test]
fn garbage_is_refused_and_left_alone() {
    let whole = fs::read(fixture("telethon/telethon-1.45.0.session")).unwrap();
    let mut broken = whole.clone();
    broken[100..4096].fill(0xff);
    for (what, content) in [
        ("noise", (0..5000_u32).map(|i| ((i * 7919) >> 3) as u8).collect::<Vec<u8>>()),
        ("text", b"hello\n".to_vec()),
        ("a header alone", whole[..100].to_vec()),
        ("half a header", whole[..16].to_vec()),
        ("half a file", whole[..whole.len() / 2].to_vec()),
        ("one and a half pages", whole[..6000].to_vec()),
        ("a broken first page", broken),
    ] {
        let (_folder, path) = place();
        fs::write(&path, &content).unwrap();
        for options in [READ_ONLY(), SqliteOptions::default()] {
            // A file that lost its end may open; what is missing must then be an error, not an
            // answer.
            let result = SqliteStorage::open(&path, &options).and_then(|storage| {
                storage.load()?;
                storage.list(None, 1000)?;
                storage.states()?;
                storage.files()
            });
            let error = result.err().unwrap_or_else(|| panic!("{what} is no session"));
            assert!(
                matches!(error.kind(), ErrorKind::Format | ErrorKind::Corrupt),
                "{what}: {error:?}"
            );
            assert!(error.message().contains(&path.display().to_string()), "{what}: {error}");
        }
        assert_eq!(fs::read(&path).unwrap(), content, "{what}");
    }
}

#[test]
fn an_empty_file_becomes_a_session_but_not_read_only() {
    let (_folder, path) = place();
    fs::write(&path, b"").unwrap();
    let error = refused(&path, READ_ONLY());
    assert_eq!(error.kind(), ErrorKind::Format);
    assert!(error.message().contains("empty"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"");
    let storage = open(&path);
    let told = notices(&storage);
    assert!(told[0].contains("was empty"), "{told:?}");
    assert_eq!(storage.load().unwrap(), Account::default());
}

#[test]
fn a_file_that_the_power_left_without_its_header_is_made_empty_by_its_journal() {
    let (_folder, path) = place();
    let journal = PathBuf::from(format!("{}-journal", path.display()));
    let zeros = vec![0; 8192];
    fs::write(&path, &zeros).unwrap();
    let is_refused = |options: SqliteOptions| {
        let error = refused(&path, options);
        assert_eq!(error.kind(), ErrorKind::Format, "{error}");
        assert_eq!(fs::read(&path).unwrap(), zeros);
        error.message().to_owned()
    };
    let unknown = "it is not a session file of any known client";
    assert!(is_refused(SqliteOptions::default()).contains(unknown));
    // Something else that has the name.
    fs::write(&journal, "Dear diary").unwrap();
    assert!(is_refused(SqliteOptions::default()).contains("it is not an SQLite file"));
    // As SQLite begins it before the first write to a file: magic, no page of 0 kept, sectors of 512 and
    // pages of 4096 bytes.
    let mut first = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7".to_vec();
    for number in [0_u32, 1, 0, 512, 4096] {
        first.extend(number.to_be_bytes());
    }
    first.resize(512, 0);
    fs::write(&journal, first).unwrap();
    assert!(is_refused(READ_ONLY()).contains("without a session in it"));
    set(&open(&path), |account| account.dc = Some(dc2()));
    assert_eq!(open(&path).load().unwrap().dc, Some(dc2()));
    assert!(!journal.exists());
}

#[test]
fn an_old_session_that_cannot_be_read_is_not_migrated() {
    let (_folder, path) = copy_of("telethon/telethon-1.0.4.session");
    let page: i64 = ask(&path, "SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'");
    let begin = (usize::try_from(page).unwrap() - 1) * 4096;
    let mut bytes = fs::read(&path).unwrap();
    bytes[begin..begin + 4096].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    for options in [SqliteOptions::default(), READ_ONLY()] {
        assert_eq!(refused(&path, options).kind(), ErrorKind::Corrupt);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

/// A page of a file and all below it, each before those below it; says of each whether any are.
fn pages(file: &[u8], number: usize) -> Vec<(usize, bool)> {
    const SIZE: usize = 4096;
    let page = &file[(number - 1) * SIZE..number * SIZE];
    let at = |place: usize| usize::from(page[place]) << 8 | usize::from(page[place + 1]);
    let page_at = |place: usize| at(place) << 16 | at(place + 2);
    // The kinds of page that SQLite calls interior, of tables and of indexes.
    let has_more = matches!(page[0], 2 | 5);
    let mut pages = vec![(number, has_more)];
    if has_more {
        let below = (0..at(3)).map(|cell| page_at(at(12 + 2 * cell))).chain([page_at(8)]);
        pages.extend(below.flat_map(|number| self::pages(file, number)));
    }
    pages
}

#[test]
fn opening_reads_the_login_and_nothing_else() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    let login = set(&storage, |account| {
        account.identity = Identity { user_id: 1, bot: true, ..Identity::default() };
        account.takeout_id = Some(3);
    });
    let entities = (1..=3000).map(|id| {
        let usernames = format!("user_{id} further_{id}");
        EntityChange {
            entity: person(id, 100, &usernames, &(4900 + id).to_string(), "N"),
            known: ALL,
        }
    });
    let states = (0..3000).map(|id| UpdateState { id, pts: 1, ..UpdateState::default() });
    let files = (0..3000).map(|size| {
        let key = FileKey { md5: [1; 16], size, kind: FileKind::Photo };
        (key, SentFile { id: 1, access_hash: 2 })
    });
    let values = (0..300).map(|n| (format!("v{n}"), Some(Zeroizing::new(vec![1; 100]))));
    let changes = Changes {
        entities: entities.collect(),
        states: states.collect(),
        files: files.collect(),
        values: values.collect(),
        ..Changes::default()
    };
    storage.commit(&changes).unwrap();
    storage.find(Find::Username("nobody")).unwrap();
    storage.close().unwrap();

    const OF_THE_LOGIN: [&str; 7] =
        ["version", "sessions", "mts_owner", "mts_account", "mts_keys", "mts_dcs", "mts_salts"];
    let mut bytes = fs::read(&path).unwrap();
    let db = Connection::open(&path).unwrap();
    let mut roots = db.prepare("SELECT tbl_name, name, rootpage FROM sqlite_schema").unwrap();
    let mut roots = roots.query([]).unwrap();
    let mut damaged = BTreeMap::<String, usize>::new();
    while let Some(row) = roots.next().unwrap() {
        let (table, name, root): (String, String, u32) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        if OF_THE_LOGIN.contains(&table.as_str()) {
            continue;
        }
        let mut pages = pages(&bytes, root as usize);
        if name == "entities" {
            // The own id stands in the first row.
            let first = pages.iter().position(|(_, has_more)| !has_more).unwrap();
            pages.drain(..=first);
        }
        for (number, _) in &pages {
            bytes[(number - 1) * 4096..number * 4096].fill(0xff);
        }
        damaged.insert(name, pages.len());
    }
    for name in ["entities", "mts_entities", "update_state", "sent_files", "mts_by_username"] {
        assert!(damaged[name] > 9, "{damaged:?}");
    }
    fs::write(&path, &bytes).unwrap();

    for options in [SqliteOptions::default(), READ_ONLY(), SHARED(), options(Journal::WalPowerSafe)]
    {
        let session = Session::open(&path, &options, &Options::default()).unwrap();
        assert!(session.with_auth_key(|it| it == Some(&key(0))).unwrap());
        assert_eq!(session.dc().unwrap(), Some(dc2()));
        assert_eq!(session.identity().unwrap(), login.identity);
        assert_eq!(session.takeout_id().unwrap(), Some(3));
        let error = session.entities(None, 3000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        session.close().unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
