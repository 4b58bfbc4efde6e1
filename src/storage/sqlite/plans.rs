//! How SQLite answers each question: by an index or key, prepared once.

use std::time::Instant;

use rusqlite::{Connection, StatementStatus};

use super::*;
use crate::storage::{AccountChange, EntityChange};
use crate::{AuthKey, Dc, DcKey, DcOption, FileKind, Identity, KeySlot, Salt};

fn default() -> SqliteOptions {
    SqliteOptions::default()
}

fn filled(options: SqliteOptions) -> (tempfile::TempDir, SqliteStorage) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let storage = SqliteStorage::open(&path, &options).unwrap();
    let entities = (1..=500)
        .map(|n| {
            EntityChange::whole(Entity {
                id: PeerId::from_marked(n).unwrap(),
                access_hash: n,
                seen: 100,
                flags: 0,
                usernames: format!("user_{n}").into(),
                phone: (1_000_000 + n).to_string().into(),
                name: format!("User {n}").into(),
            })
        })
        .collect();
    storage.commit(&Changes { entities, ..Changes::default() }).unwrap();
    (folder, storage)
}

/// The steps of SQLite's plan for a statement.
fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values = vec![1; statement.parameter_count()];
    let rows = statement
        .query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3))
        .unwrap();
    rows.map(|row| row.unwrap()).collect()
}

/// Tables of a few rows at most, however many peers there are.
const SMALL: [&str; 9] = [
    "sessions",
    "version",
    "sqlite_schema",
    "pragma_table_xinfo",
    "mts_owner",
    "mts_account",
    "mts_dcs",
    "mts_keys",
    "mts_salts",
];

/// What is asked of a table that is not there.
const NOTHING: [&str; 3] = ["CO-ROUTINE (subquery-1)", "SCAN CONSTANT ROW", "SCAN (subquery-1)"];

/// Whether a statement takes longer the more rows there are.
fn is_slow(db: &Connection, sql: &str) -> bool {
    let plan = plan(db, sql);
    let is_slow = |step: &String| {
        let scanned = step.strip_prefix("SCAN ").and_then(|what| what.split(' ').next());
        scanned.is_some_and(|table| !SMALL.contains(&table))
            || step.contains("AUTOMATIC")
            || step.contains("TEMP B-TREE")
    };
    plan != NOTHING && plan.iter().any(is_slow)
}

/// Those of the statements that take longer the more rows there are, sorted.
fn slow<'a>(db: &Connection, all: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut slow: Vec<_> = all.into_iter().filter(|sql| is_slow(db, sql)).collect();
    slow.sort_unstable();
    slow.dedup();
    slow
}

/// All that is asked, where `Queries` has it: nothing can be added to it and left out here.
fn queries(sql: &Queries) -> [&str; 13] {
    let Queries {
        sessions,
        own_id,
        by_id,
        by_username,
        by_phone,
        bearer_of_username,
        bearer_of_phone,
        by_name,
        list,
        count,
        states,
        files,
        file,
    } = sql;
    [
        sessions,
        own_id,
        by_id,
        by_username,
        by_phone,
        bearer_of_username,
        bearer_of_phone,
        by_name,
        list,
        count,
        states,
        files,
        file,
    ]
}

fn kept(db: &Db) -> Vec<String> {
    db.statuses(StatementStatus::Run).into_iter().map(|(sql, _)| sql).collect()
}

fn has_in_order<'a>(text: &str, parts: impl IntoIterator<Item = &'a str>) -> bool {
    let mut rest = Some(text);
    for part in parts {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}

/// The statements in these sources, with `{}` for what is put in.
fn written_statements() -> Vec<String> {
    const SOURCES: [&str; 6] = [
        include_str!("journal.rs"),
        include_str!("mod.rs"),
        include_str!("open.rs"),
        include_str!("rows.rs"),
        include_str!("schema.rs"),
        include_str!("write.rs"),
    ];
    let mut statements = Vec::new();
    for source in SOURCES {
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code = source.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        // A line that ends with a backslash goes on in the next one.
        let code = code.collect::<Vec<_>>().join("\n").replace("\\\n", "");
        for text in code.split('"').skip(1).step_by(2) {
            let mut parts = text.split('{');
            let mut statement = parts.next().unwrap().to_owned();
            for part in parts {
                statement += "{}";
                statement += part.split_once('}').map_or("", |(_, rest)| rest);
            }
            statements.extend(statement.split("; ").map(str::to_owned));
        }
    }
    let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "REPLACE ", "WITH "];
    statements.retain(|text| begins.iter().any(|word| text.starts_with(word)));
    statements
}

/// Reads whatever can be read.
fn read_everything(storage: &SqliteStorage) {
    let id = PeerId::from_marked(7).unwrap();
    let names = [Find::Username("user_7"), Find::Phone("1000007"), Find::Username("nobody")];
    for by in names.into_iter().chain([Find::Id(id), Find::Name("User 7")]) {
        storage.find(by).unwrap();
        storage.find_input_peer(by).unwrap();
    }
    storage.load().unwrap();
    storage.states().unwrap();
    storage.list(None, 10).unwrap();
    storage.value("value").unwrap();
    storage.values().unwrap();
    storage.file(&FileKey { md5: [1; 16], size: 1, kind: FileKind::Photo }).unwrap();
    storage.files().unwrap();
    storage.count().unwrap();
    storage.changed_elsewhere().unwrap();
}

/// Writes whatever can be written, and reads it.
fn do_everything(storage: &SqliteStorage) {
    let key = |first| AuthKey::new(&[first; 256]).unwrap();
    let dc = Dc::new(2, "149.154.167.51", 443).unwrap();
    let dc_key =
        DcKey { dc: 4, slot: KeySlot::Permanent, key: key(4), created: 0, expires: 0, user_id: 0 };
    let login = Account {
        dc: Some(dc.clone()),
        auth_key: Some(key(1)),
        tmp_auth_key: Some(key(2)),
        takeout_id: Some(3),
        identity: Identity { user_id: 7, bot: true, test_mode: true, api_id: 17 },
        dc_options: vec![DcOption { dc, flags: 0, secret: vec![1] }],
        keys: vec![dc_key],
        salts: vec![Salt { dc: 2, salt: 1, since: 2, until: 3 }],
    };
    let (nobody, next) = (Account::default(), Account { auth_key: Some(key(9)), ..login.clone() });
    let none = Changes::default;
    let set = |old, new| Changes { account: Some(AccountChange { old, new }), ..none() };
    let peer = |id, seen, usernames: &str, phone: &str| Entity {
        id: PeerId::from_marked(id).unwrap(),
        access_hash: id,
        seen,
        flags: Entity::BOT,
        usernames: usernames.into(),
        phone: phone.into(),
        name: "User 7".into(),
    };
    let put = |entity| Changes { entities: vec![EntityChange::whole(entity)], ..none() };
    let state = UpdateState { id: 5, pts: 1, ..UpdateState::default() };
    let file = FileKey { md5: [1; 16], size: 1, kind: FileKind::Photo };
    let value = Zeroizing::new(vec![1]);
    // A login where no row is.
    let other = Connection::open(storage.path()).unwrap();
    other.execute_batch("DELETE FROM sessions").unwrap();
    drop(other);
    for changes in [
        set(&nobody, &login),
        // Known and new peers; names of others, which the look-up then takes from them.
        put(peer(7, 200, "user_7 further", "1000007")),
        put(peer(8, 201, "further_8 further", "1000007")),
        put(peer(9, 202, "user_7 further", "1000007")),
        put(peer(1001, 203, "user_7 another", "1000007")),
        put(peer(1002, 1, "another", "")),
        Changes {
            states: vec![state],
            files: vec![(file, SentFile { id: 1, access_hash: 2 })],
            ..none()
        },
        Changes { values: vec![("value".to_owned(), Some(value))], ..none() },
    ] {
        storage.commit(&changes).unwrap();
        read_everything(storage);
    }
    for name in ["further", "another"] {
        storage.find(Find::Username(name)).unwrap();
    }
    for changes in [
        Changes { forget: vec![PeerId::from_marked(9).unwrap()], ..none() },
        Changes { forget_states: vec![5], ..none() },
        Changes { values: vec![("value".to_owned(), None)], ..none() },
        Changes { durable: true, ..set(&login, &next) },
        Changes { other_account: true, ..set(&next, &nobody) },
    ] {
        storage.commit(&changes).unwrap();
        read_everything(storage);
    }
}

#[test]
fn a_look_up_is_answered_by_its_index() {
    let (_folder, storage) = filled(default());
    storage.find(Find::Username("nobody")).unwrap();
    let hold = storage.hold();
    let Open { db, sql, .. } = hold.as_ref().unwrap();
    for (sql, index) in [
        (&sql.by_id, "entities USING INTEGER PRIMARY KEY (rowid=?)"),
        (&sql.own_id, "entities USING INTEGER PRIMARY KEY (rowid=?)"),
        (&sql.list, "entities USING INTEGER PRIMARY KEY (rowid>?)"),
        (&sql.by_username, "entities USING INDEX mts_by_username (username=?)"),
        (&sql.by_phone, "entities USING INDEX mts_by_phone (phone=?)"),
        (&sql.bearer_of_username, "entities USING COVERING INDEX mts_by_username (username=?)"),
        (&sql.bearer_of_phone, "entities USING COVERING INDEX mts_by_phone (phone=?)"),
        (
            &sql.file,
            "sent_files USING INDEX sqlite_autoindex_sent_files_1 \
             (md5_digest=? AND file_size=? AND type=?)",
        ),
    ] {
        assert_eq!(plan(db, sql), [format!("SEARCH {index}")], "{sql}");
    }
}

#[test]
fn only_these_statements_take_longer_where_there_is_more() {
    for journal in [Journal::Rollback, Journal::WalPowerSafe, Journal::WalProcessSafe] {
        // The schema that has all columns.
        let (_folder, storage) = filled(SqliteOptions { journal, schema_8: true, ..default() });
        do_everything(&storage);
        let hold = storage.hold();
        let Open { db, sql, .. } = hold.as_ref().unwrap();
        let kept = kept(db);
        let written = written_statements();
        assert!(written.len() > 60, "{written:?}");
        for text in &written {
            let is_like = |kept: &String| has_in_order(kept, text.split("{}"));
            let is_checked = !text.contains("{}")
                // These read nothing.
                || text.starts_with("INSERT ") && text.contains(" VALUES ")
                || text.ends_with(" WHERE 0")
                || kept.iter().any(is_like);
            assert!(is_checked, "{text} was neither used nor can it be checked without use");
        }
        let whole = written.iter().filter(|text| !text.contains("{}"));
        let all = kept.iter().chain(whole).map(String::as_str).chain(queries(sql));
        let mut expected = vec![
            // Whoever asks for these wants all rows.
            "SELECT key, value FROM mts_values",
            &sql.states,
            &sql.files,
            &sql.count,
            // An index would cost more at each put than it ever gives.
            &sql.by_name,
            // Once in the life of a login.
            "DELETE FROM entities WHERE id <> 0",
        ];
        expected.sort_unstable();
        assert_eq!(slow(db, all), expected);
    }
}

#[test]
fn a_file_of_any_telethon_that_is_only_read_is_asked_by_its_keys() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/telethon");
    let mut files = 0;
    for entry in fs::read_dir(fixtures).unwrap() {
        let path = entry.unwrap().path();
        let options = SqliteOptions { read_only: true, ..default() };
        // Among them are others' files, and a pickle.
        let Ok(storage) = SqliteStorage::open(&path, &options) else { continue };
        files += 1;
        read_everything(&storage);
        let hold = storage.hold();
        let Open { db, sql, .. } = hold.as_ref().unwrap();
        let kept = kept(db);
        let slow = slow(db, kept.iter().map(String::as_str));
        let expected = [&sql.states, &sql.files, &sql.count, &sql.by_name];
        // Nothing is made in a file that is only read.
        let expected = expected.into_iter().chain([&sql.by_username, &sql.by_phone]);
        let expected: Vec<_> = expected.map(String::as_str).collect();
        for sql in slow {
            assert!(expected.contains(&sql), "{}: {sql}: {:?}", path.display(), plan(db, sql));
        }
    }
    assert!(files > 20, "{files}");
}

#[test]
fn no_statement_is_prepared_twice() {
    for journal in [Journal::Rollback, Journal::WalPowerSafe, Journal::WalProcessSafe] {
        let (_folder, storage) = filled(SqliteOptions { journal, ..default() });
        is_prepared_once(&storage);
    }
}

fn is_prepared_once(storage: &SqliteStorage) {
    let work = |flags: u32| {
        for n in 1..=50_i64 {
            storage.find(Find::Id(PeerId::from_marked(n).unwrap())).unwrap();
            storage.find(Find::Username(&format!("user_{n}"))).unwrap();
            storage.find(Find::Phone(&(1_000_000 + n).to_string())).unwrap();
            storage.find_input_peer(Find::Username(&format!("user_{n}"))).unwrap();
            storage.find_input_peer(Find::Phone(&(1_000_000 + n).to_string())).unwrap();
            storage.list(PeerId::from_marked(n).ok(), 5).unwrap();
            let state = UpdateState { id: n, pts: 1, ..UpdateState::default() };
            let known = storage.find(Find::Id(PeerId::from_marked(n).unwrap())).unwrap().remove(0);
            let id = PeerId::from_marked(1000 + n + i64::from(flags)).unwrap();
            let new = Entity { id, flags, ..known.clone() };
            let (states, entities) = (vec![state], vec![known, new]);
            let entities = entities.into_iter().map(EntityChange::whole).collect();
            storage.commit(&Changes { states, entities, ..Changes::default() }).unwrap();
        }
    };
    let none_was_prepared_again = || {
        let hold = storage.hold();
        let statuses = hold.as_ref().unwrap().db.statuses(StatementStatus::RePrepare);
        statuses.iter().for_each(|(sql, times)| assert_eq!(*times, 0, "{sql}"));
    };
    // Nothing has an index before the first of these.
    storage.find(Find::Username("nobody")).unwrap();
    work(0);
    none_was_prepared_again();
    // Our own tables are made for the first of these.
    work(Entity::BOT);
    none_was_prepared_again();
    let hold = storage.hold();
    let Open { db, sql, .. } = hold.as_ref().unwrap();
    // They are the ones that have worked, that were kept.
    let runs = db.statuses(StatementStatus::Run);
    let used = [
        &sql.by_id,
        &sql.by_username,
        &sql.by_phone,
        &sql.bearer_of_username,
        &sql.bearer_of_phone,
        &sql.list,
    ]
    .map(String::as_str);
    for sql in used.into_iter().chain(write::ENTITY_STATEMENTS).chain(["BEGIN IMMEDIATE", "COMMIT"])
    {
        assert!(runs.iter().any(|(known, times)| known == sql && *times >= 49), "{sql}");
    }
}

/// How many indexes of ours the file has.
fn indexes(storage: &SqliteStorage) -> i64 {
    let hold = storage.hold();
    let db = &hold.as_ref().unwrap().db;
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mts_by_%'";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn user_7() -> [Find<'static>; 2] {
    [Find::Username("user_7"), Find::Phone("1000007")]
}

fn is_found(storage: &SqliteStorage, by: Find<'_>) {
    let ids: Vec<_> = storage.find(by).unwrap().iter().map(|it| it.id.marked()).collect();
    assert_eq!(ids, [7], "{by:?}");
}

/// Whether usernames and phone numbers are looked for in an index.
fn asks_index(storage: &SqliteStorage) -> bool {
    let peers = user_7().map(|by| storage.find_input_peer(by).unwrap());
    assert_eq!(peers[0], peers[1]);
    peers[0].is_some()
}

#[test]
fn indexes_are_made_when_a_name_is_first_looked_for() {
    for by in user_7() {
        let (_folder, storage) = filled(default());
        for other in [Find::Id(PeerId::from_marked(1).unwrap()), Find::Name("User 7")] {
            storage.find(other).unwrap();
        }
        assert!(!asks_index(&storage));
        assert_eq!(indexes(&storage), 0);
        is_found(&storage, by);
        assert_eq!(indexes(&storage), 2);
        assert!(asks_index(&storage));
        // Half of them is none.
        let other = Connection::open(storage.path()).unwrap();
        other.execute_batch("DROP INDEX mts_by_phone").unwrap();
        storage.close().unwrap();
        let storage = SqliteStorage::open(storage.path(), &default()).unwrap();
        is_found(&storage, by);
        assert_eq!(indexes(&storage), 2);
    }
}

#[test]
fn indexes_that_somebody_was_in_the_way_of_are_made_when_he_is_gone() {
    const WRITES: &str = "BEGIN IMMEDIATE";
    const READS: &str = "BEGIN; SELECT count(*) FROM entities";
    for (journal, lock) in [
        (Journal::Rollback, WRITES),
        // Keeps a commit from its end only.
        (Journal::Rollback, READS),
        (Journal::WalPowerSafe, WRITES),
        (Journal::WalProcessSafe, WRITES),
    ] {
        let (_folder, storage) = filled(SqliteOptions { journal, ..default() });
        let other = Connection::open(storage.path()).unwrap();
        other.execute_batch(lock).unwrap();
        for by in user_7() {
            let began = Instant::now();
            is_found(&storage, by);
            assert!(began.elapsed() < Duration::from_secs(4), "nobody is waited for");
        }
        assert!(!asks_index(&storage), "{journal:?}, {lock}");
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(indexes(&storage), 0);
        is_found(&storage, user_7()[0]);
        assert_eq!(indexes(&storage), 2, "{journal:?}, {lock}");
        assert!(asks_index(&storage), "{journal:?}, {lock}");
    }
}

#[test]
fn indexes_that_cannot_be_had_are_done_without() {
    let (_folder, storage) = filled(default());
    let other = Connection::open(storage.path()).unwrap();
    other.execute_batch("CREATE TABLE mts_by_phone (number)").unwrap();
    for by in user_7() {
        is_found(&storage, by);
    }
    assert_eq!(indexes(&storage), 1, "both or none");
    assert!(!asks_index(&storage));
}

#[test]
fn a_session_that_is_only_read_makes_no_index_and_uses_those_that_are_there() {
    let (folder, storage) = filled(default());
    storage.close().unwrap();
    let read_only = || {
        let options = SqliteOptions { read_only: true, ..default() };
        SqliteStorage::open(&folder.path().join("a.session"), &options).unwrap()
    };
    let scans = |storage: &SqliteStorage| {
        let hold = storage.hold();
        let Open { db, sql, .. } = hold.as_ref().unwrap();
        [&sql.by_username, &sql.by_phone].map(|sql| plan(db, sql) == ["SCAN entities"])
    };
    let before = fs::read(storage.path()).unwrap();
    let reader = read_only();
    user_7().into_iter().for_each(|by| is_found(&reader, by));
    assert!(!asks_index(&reader));
    assert_eq!(scans(&reader), [true, true]);
    assert_eq!(fs::read(storage.path()).unwrap(), before);
    drop(reader);
    let writer = SqliteStorage::open(storage.path(), &default()).unwrap();
    is_found(&writer, user_7()[0]);
    drop(writer);
    let before = fs::read(storage.path()).unwrap();
    let reader = read_only();
    user_7().into_iter().for_each(|by| is_found(&reader, by));
    assert!(asks_index(&reader));
    assert_eq!(scans(&reader), [false, false]);
    assert_eq!(fs::read(storage.path()).unwrap(), before);
}
