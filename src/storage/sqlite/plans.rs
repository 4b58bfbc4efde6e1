//! How SQLite answers each question: by an index or key, prepared once.

use rusqlite::{Connection, StatementStatus};

use super::*;
use crate::storage::EntityChange;

fn filled(journal: Journal) -> (tempfile::TempDir, SqliteStorage) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let options = SqliteOptions { journal, ..SqliteOptions::default() };
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

fn plan(db: &Connection, sql: &str) -> String {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let columns = statement.parameter_count();
    let rows = statement
        .query_map(rusqlite::params_from_iter(vec![1; columns]), |row| row.get::<_, String>(3));
    rows.unwrap().map(|row| row.unwrap()).collect::<Vec<_>>().join("; ")
}

#[test]
fn no_look_up_scans() {
    let (_folder, storage) = filled(Journal::Rollback);
    storage.find(Find::Username("nobody")).unwrap();
    let hold = storage.hold();
    let open = hold.as_ref().unwrap();
    let Queries {
        by_id,
        by_username,
        by_phone,
        bearer_of_username,
        bearer_of_phone,
        list,
        file,
        own_id,
        ..
    } = &open.sql;
    for (sql, index) in [
        (by_id, "PRIMARY KEY"),
        (own_id, "PRIMARY KEY"),
        (list, "PRIMARY KEY"),
        (by_username, "mts_by_username"),
        (by_phone, "mts_by_phone"),
        (bearer_of_username, "COVERING INDEX mts_by_username"),
        (bearer_of_phone, "COVERING INDEX mts_by_phone"),
        (file, "sqlite_autoindex_sent_files"),
    ] {
        let plan = plan(&open.db, sql);
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{sql}: {plan}");
    }
    for sql in write::ENTITY_STATEMENTS {
        assert!(!plan(&open.db, sql).contains("SCAN"), "{sql}");
    }
}

#[test]
fn no_statement_is_prepared_twice() {
    for journal in [Journal::Rollback, Journal::WalPowerSafe, Journal::WalProcessSafe] {
        let (_folder, storage) = filled(journal);
        is_prepared_once(&storage);
    }
}

fn is_prepared_once(storage: &SqliteStorage) {
    let work = || {
        for n in 1..=50_i64 {
            storage.find(Find::Id(PeerId::from_marked(n).unwrap())).unwrap();
            storage.find(Find::Username(&format!("user_{n}"))).unwrap();
            storage.find(Find::Phone(&(1_000_000 + n).to_string())).unwrap();
            storage.find_input_peer(Find::Username(&format!("user_{n}"))).unwrap();
            storage.find_input_peer(Find::Phone(&(1_000_000 + n).to_string())).unwrap();
            storage.list(PeerId::from_marked(n).ok(), 5).unwrap();
            let state = UpdateState { id: n, pts: 1, ..UpdateState::default() };
            let known = storage.find(Find::Id(PeerId::from_marked(n).unwrap())).unwrap().remove(0);
            let new = Entity { id: PeerId::from_marked(1000 + n).unwrap(), ..known.clone() };
            let (states, entities) = (vec![state], vec![known, new]);
            let entities = entities.into_iter().map(EntityChange::whole).collect();
            storage.commit(&Changes { states, entities, ..Changes::default() }).unwrap();
        }
    };
    // Nothing has an index before the first of these.
    storage.find(Find::Username("nobody")).unwrap();
    work();
    let hold = storage.hold();
    let Open { db, sql, .. } = hold.as_ref().unwrap();
    for (sql, times) in db.statuses(StatementStatus::RePrepare) {
        assert_eq!(times, 0, "{sql}");
    }
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

#[test]
fn indexes_are_made_when_a_name_is_first_looked_for() {
    let (_folder, storage) = filled(Journal::Rollback);
    let count = || -> i64 {
        let hold = storage.hold();
        let db = &hold.as_ref().unwrap().db;
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mts_by_%'";
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    storage.find(Find::Id(PeerId::from_marked(1).unwrap())).unwrap();
    assert_eq!(count(), 0);
    storage.find(Find::Username("user_1")).unwrap();
    assert_eq!(count(), 2);
}

#[test]
fn a_look_up_scans_where_indexes_cannot_be_had() {
    let (_folder, storage) = filled(Journal::Rollback);
    let other = Connection::open(storage.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(storage.find(Find::Username("user_7")).unwrap().len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    let path = storage.path().to_owned();
    storage.close().unwrap();
    let options = SqliteOptions { read_only: true, ..SqliteOptions::default() };
    let storage = SqliteStorage::open(&path, &options).unwrap();
    assert_eq!(storage.find(Find::Phone("1000007")).unwrap().len(), 1);
}
