//! The SQLite storage: Telethon's own file, whoever wrote it and whatever happened to it.

// A test may stop at the first surprise, in its helpers too.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod commit;
mod copies;
mod crash;
mod damaged;
mod files;
mod find;
mod fixtures;
mod full;
mod import;
mod io;
mod journal;
mod other;
mod power;
mod rollback;
mod schemas;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mtsession::{
    Account, AccountChange, AuthKey, Changes, Dc, Entity, EntityChange, Error, Journal, PeerId,
    SmolStr, SqliteOptions, SqliteStorage, Storage,
};
use rusqlite::Connection;
use rusqlite::types::FromSql;

/// Everything of an entity is known.
const ALL: u8 = 31;
const HASH: u8 = 1;
const USERNAMES: u8 = 2;
const PHONE: u8 = 4;
const NAME: u8 = 8;
const FLAGS: u8 = 16;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A folder for one test, and the path of a session in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("a.session");
    (folder, path)
}

/// A copy of a fixture in a folder of its own.
fn copy_of(name: &str) -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = place();
    fs::write(&path, fs::read(fixture(name)).unwrap()).unwrap();
    (folder, path)
}

/// A file that somebody else made by these statements.
fn made_by(sql: &str) -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = place();
    run(&path, sql);
    (folder, path)
}

const READ_ONLY: fn() -> SqliteOptions =
    || SqliteOptions { read_only: true, ..SqliteOptions::default() };
const SHARED: fn() -> SqliteOptions = || SqliteOptions { shared: true, ..SqliteOptions::default() };

fn open(path: &Path) -> SqliteStorage {
    SqliteStorage::open(path, &SqliteOptions::default()).unwrap()
}

fn open_with(path: &Path, options: SqliteOptions) -> SqliteStorage {
    SqliteStorage::open(path, &options).unwrap()
}

fn refused(path: &Path, options: SqliteOptions) -> Error {
    SqliteStorage::open(path, &options).unwrap_err()
}

/// Runs statements on the file as another program would.
fn run(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn ask<T: FromSql>(path: &Path, sql: &str) -> T {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn columns(path: &Path, table: &str) -> String {
    ask(path, &format!("SELECT group_concat(name, ' ') FROM pragma_table_info('{table}')"))
}

/// Every file of a folder, with its content.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn notices(storage: &SqliteStorage) -> Vec<String> {
    std::iter::from_fn(|| storage.next_notice()).collect()
}

fn key(first: u8) -> AuthKey {
    AuthKey::new(&std::array::from_fn::<u8, 256, _>(|i| first.wrapping_add(i as u8))).unwrap()
}

fn peer(marked: i64) -> PeerId {
    PeerId::from_marked(marked).unwrap()
}

fn entity(id: i64, hash: i64, seen: i64) -> Entity {
    Entity {
        id: peer(id),
        access_hash: hash,
        seen,
        flags: 0,
        usernames: SmolStr::default(),
        phone: SmolStr::default(),
        name: SmolStr::default(),
    }
}

/// An entity with texts.
fn person(id: i64, seen: i64, usernames: &str, phone: &str, name: &str) -> Entity {
    Entity {
        usernames: usernames.into(),
        phone: phone.into(),
        name: name.into(),
        ..entity(id, id * 10, seen)
    }
}

/// Stores one entity; says whether somebody else has written meanwhile.
fn put(storage: &SqliteStorage, entity: Entity, known: u8) -> bool {
    let entities = vec![EntityChange { entity, known }];
    storage.commit(&Changes { entities, ..Changes::default() }).unwrap()
}

fn get(storage: &SqliteStorage, id: i64) -> Option<Entity> {
    storage.find(mtsession::Find::Id(peer(id))).unwrap().pop()
}

/// Stores an account as changed from `old`.
fn change(storage: &SqliteStorage, old: &Account, new: &Account) -> mtsession::Result<bool> {
    storage.commit(&Changes { account: Some(AccountChange { old, new }), ..Changes::default() })
}

/// Stores an account by changing whatever is stored.
fn set(storage: &SqliteStorage, edit: impl FnOnce(&mut Account)) -> Account {
    let old = storage.load().unwrap();
    let mut new = old.clone();
    edit(&mut new);
    change(storage, &old, &new).unwrap();
    new
}

fn dc2() -> Dc {
    Dc::new(2, "149.154.167.51", 443).unwrap()
}

/// A session with a login, closed again.
fn logged_in() -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = place();
    let storage = open(&path);
    set(&storage, |account| {
        account.dc = Some(dc2());
        account.auth_key = Some(key(0));
    });
    storage.close().unwrap();
    (folder, path)
}

/// Telethon's schema 8, and one logged-in session in it.
const TELETHON_8: &str = "
    CREATE TABLE version (version integer primary key);
    CREATE TABLE sessions (dc_id integer primary key, server_address text, port integer,
        auth_key blob, takeout_id integer, tmp_auth_key blob);
    CREATE TABLE entities (id integer primary key, hash integer not null, username text,
        phone integer, name text, date integer);
    CREATE TABLE sent_files (md5_digest blob, file_size integer, type integer, id integer,
        hash integer, primary key(md5_digest, file_size, type));
    CREATE TABLE update_state (id integer primary key, pts integer, qts integer, date integer,
        seq integer);
    INSERT INTO version VALUES (8);
    INSERT INTO sessions VALUES (2, '149.154.167.51', 443, KEY, NULL, x'');
    INSERT INTO entities VALUES (7, 70, 'seven', 4477, 'Seven', 1000);
";

/// `TELETHON_8` with the key in it, and more statements after it.
fn telethon_8(more: &str) -> String {
    format!("{TELETHON_8}{more}").replace("KEY", &format!("x'{}'", hex(key(0).as_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
