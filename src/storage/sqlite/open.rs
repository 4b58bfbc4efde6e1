//! From a path to a connection: who may have it, what is in it, how SQLite is told to behave.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use super::files::{
    Claim, FileId, OwnerLock, PrivateCopy, Registered, Registry, beside, check_no_journal,
    check_side_files, create, file_id, resolve, sync_folder,
};
use super::journal::JournalState;
use super::notices::Notices;
use super::rows::{Queries, Reader};
use super::schema::{Shape, Side, inspect, migrate};
use super::{Fault, Open, SqliteOptions, SqliteStorage, State, data_version};
use crate::ffi::db::Db;
use crate::format::telethon_json::{self, TelethonJson};
use crate::format::{self, Recognised};
use crate::{Account, AuthKey, Dc, Error, ErrorKind, Result};

/// Largest JSON session that is read, in bytes.
const MAX_JSON: u64 = 16 << 20;

/// As much of a file as tells whose it is, in bytes.
const HEAD: usize = 4096;

/// SQLite's header, in bytes.
const SQLITE_HEADER: usize = 100;

/// Largest cell, in bytes: a foreign file must not make us allocate without bound.
const MAX_CELL: i32 = 16 << 20;

/// What stands at the path.
enum Content {
    /// Nothing until a moment ago.
    New,
    /// A file of 0 bytes.
    Empty,
    Sqlite {
        wal: bool,
    },
    Json(TelethonJson),
}

/// Opens the session, and reads its login.
pub(super) fn open(given: &Path, options: &SqliteOptions) -> Result<(SqliteStorage, Account)> {
    let path = resolve(given)?;
    if (options.read_only || !options.create)
        && let Err(error) = fs::metadata(&path)
    {
        return Err(Error::io("open", &path, &error));
    }
    check_side_files(&path)?;
    let notices = Arc::new(Notices::default());
    let mut lock = None;
    if !options.read_only {
        let (taken, stale) = OwnerLock::take(&path, options.shared).or_else(|error| {
            if error.kind() == ErrorKind::ReadOnly {
                check_readable(&path)?;
            }
            Err(error)
        })?;
        if let Some(stale) = stale {
            notices.push(stale);
        }
        lock = Some(taken);
    }

    let registry = Registry::hold();
    let (mut id, content) = look(&path, &registry)?;
    if registry.was_forked_with_log(id) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "cannot open {}: it was open with a write-ahead log when this process was forked, \
                 which SQLite cannot make good; exec first, or fork before it is opened",
                path.display()
            ),
        ));
    }
    let new = matches!(content, Content::New);
    let (connected, registered, copy) = match content {
        Content::Json(json) if options.read_only => {
            drop(registry);
            let connected = in_memory(&json, options).map_err(|fault| fault.at("open", &path))?;
            (connected, None, None)
        }
        Content::Empty if options.read_only => {
            return Err(Error::format(format!(
                "cannot open {}: the file is empty, so there is no session in it yet",
                path.display()
            )));
        }
        Content::Sqlite { wal: true } if options.read_only && !registry.has(id) => {
            let (connected, copy) = connect_copy(&path, options)?;
            drop(registry);
            (connected, None, Some(copy))
        }
        content => {
            match &content {
                Content::Json(json) => {
                    import(&path, json, options)?;
                    id = file_id(&fs::metadata(&path).map_err(|e| Error::io("open", &path, &e))?);
                    notices.push(format!(
                        "{} was a JSON session of Telethon 0.15 or older and is an SQLite session \
                         now; the original was kept beside it with .json at its end",
                        path.display()
                    ));
                }
                Content::Empty => notices.push(format!(
                    "{} was empty: it is a new session without a login now",
                    path.display()
                )),
                Content::New | Content::Sqlite { .. } => {}
            }
            let claim = match options {
                SqliteOptions { read_only: true, .. } => Claim::None,
                SqliteOptions { shared: true, .. } => Claim::Shared,
                _ => Claim::Own,
            };
            if !registry.allows(id, claim) {
                return Err(Error::new(
                    ErrorKind::Owned,
                    format!(
                        "session {} is in use by this process, by another of its names (hard links)",
                        path.display()
                    ),
                ));
            }
            if registry.has_log(id) {
                check_log_is_here(&path)?;
            }
            let was_open = registry.has(id);
            let registered = registry.enter(id, claim);
            match connect(&path, options) {
                Ok(connected) => (connected, Some(registered), None),
                // A read-only connection cannot undo what a killed writer has left half done.
                Err(Fault::Sqlite(error)) if is_hot(&error) && !was_open => {
                    drop(registered);
                    let registry = Registry::hold();
                    if registry.has(id) {
                        return Err(Error::sqlite("open", &path, &error));
                    }
                    let (connected, copy) = connect_copy(&path, options)?;
                    (connected, None, Some(copy))
                }
                Err(fault) => {
                    drop(registered);
                    if new {
                        discard(&path, options);
                    }
                    return Err(fault.at("open", &path));
                }
            }
        }
    };
    match finish(&path, options, connected, (id, registered, copy), notices) {
        Ok((storage, account)) => {
            if let Some(open) = storage.hold().as_mut() {
                open.lock = lock;
            }
            Ok((storage, account))
        }
        Err(fault) => {
            if new {
                discard(&path, options);
            }
            Err(fault.at("open", &path))
        }
    }
}

/// Fails where not even reading is allowed, so that nobody is sent to open it read-only in vain.
fn check_readable(path: &Path) -> Result<()> {
    let registry = Registry::hold();
    match fs::metadata(path) {
        Ok(meta) if !registry.has(file_id(&meta)) => {
            File::open(path).map(drop).map_err(|error| Error::io("open", path, &error))
        }
        _ => Ok(()),
    }
}

/// Removes the file of 0 bytes that was made for a session that could not be made. Not in shared
/// mode, where it may be somebody else's session by now.
fn discard(path: &Path, options: &SqliteOptions) {
    if !options.shared && fs::metadata(path).is_ok_and(|meta| meta.len() == 0) {
        let _ = fs::remove_file(path);
    }
}

/// Which file it is and what is in it; makes it where it does not exist.
fn look(path: &Path, registry: &Registry) -> Result<(FileId, Content)> {
    let failed = |error: io::Error| Error::io("open", path, &error);
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match create(path) {
                Ok(file) => Ok((file_id(&file.metadata().map_err(failed)?), Content::New)),
                // Somebody who shares the session was quicker.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_file() => {
                    look(path, registry)
                }
                Err(error) => Err(Error::io("create", path, &error)),
            };
        }
        Err(error) => return Err(failed(error)),
    };
    let id = file_id(&meta);
    if registry.has(id) {
        // Open in this process already, so SQLite knows it, and nobody else may touch it.
        return Ok((id, Content::Sqlite { wal: false }));
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut head = Vec::with_capacity(HEAD + 1);
    Read::by_ref(&mut file).take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
    let refused =
        |what: &str| Err(Error::format(format!("cannot open {}: {what}", path.display())));
    let content = match format::recognise(&head) {
        Recognised::Empty => Content::Empty,
        Recognised::Sqlite => {
            // The header says twice (write and read version) whether there is a write-ahead log.
            let wal = head.get(18..20) == Some(&[2, 2]);
            if wal {
                check_log_is_here(path)?;
            }
            Content::Sqlite { wal }
        }
        Recognised::TelethonJson => {
            if meta.len() > MAX_JSON {
                return refused("it looks like a JSON session, but has over 16 MiB");
            }
            file.take(MAX_JSON).read_to_end(&mut head).map_err(failed)?;
            let json = telethon_json::parse(&head)
                .map_err(|error| error.at(format!("cannot open {}", path.display())))?;
            Content::Json(json)
        }
        Recognised::Foreign(name) => {
            return refused(&format!(
                "it is {name}, which cannot be opened here; log in anew, or put its data center \
                 and auth key into a new session"
            ));
        }
        Recognised::Unknown if is_half_made(path, &head) => Content::Sqlite { wal: false },
        Recognised::Unknown => return refused("it is not a session file of any known client"),
    };
    Ok((id, content))
}

/// Fails where the write-ahead log of a file lies beside another of its names: SQLite would begin one
/// beside this name.
fn check_log_is_here(path: &Path) -> Result<()> {
    let has_names = fs::metadata(path).is_ok_and(|meta| meta.nlink() > 1);
    if has_names && !beside(path, "-wal").exists() {
        return Err(Error::format(format!(
            "cannot open {}: it has several names (hard links) and a write-ahead log, which is not \
             beside this one; open it by the other name, or remove that",
            path.display()
        )));
    }
    Ok(())
}

/// Whether the power was cut when this file was first written: what came to the disk is not its
/// header, but the journal, by which SQLite makes it empty again.
fn is_half_made(path: &Path, head: &[u8]) -> bool {
    head.iter().take(SQLITE_HEADER).all(|byte| *byte == 0)
        && fs::metadata(beside(path, "-journal")).is_ok_and(|journal| journal.len() > 0)
}

/// A connection and what was found, in a transaction that goes on: nobody writes until [`finish`]
/// has read what it needs.
type Connected = (Db, Shape);

/// Opens the file itself and looks at its tables.
fn connect(path: &Path, options: &SqliteOptions) -> std::result::Result<Connected, Fault> {
    let access = if options.read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut db = Connection::open_with_flags(path, flags)?;
    if !options.read_only && db.is_readonly("main")? {
        return Err(Error::new(
            ErrorKind::ReadOnly,
            "its mode does not allow to write it; change the mode or open it read-only",
        )
        .into());
    }
    configure(&db, options)?;
    // Until it is known whose file this is, nothing of it changes: not even what closing does to
    // a write-ahead log.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A foreign schema must not keep SQLite busy for ever; ours takes a few thousand steps.
    let mut left = 2_000;
    db.progress_handler(
        1_000,
        Some(move || {
            left -= 1;
            left <= 0
        }),
    )?;
    begin_reading(&db)?;
    let shape = inspect(&db).and_then(|shape| {
        shape.check_telethon()?;
        Ok(shape)
    });
    db.progress_handler(0, None::<fn() -> bool>)?;
    match shape {
        Ok(shape) => {
            db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
            Ok((Db::new(db), shape))
        }
        Err(Fault::Sqlite(error))
            if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
        {
            Err(Error::format("its schema takes too long to read; no session has such a one")
                .into())
        }
        Err(fault) => Err(fault),
    }
}

/// Begins a transaction that reads one state of the file until it ends.
fn begin_reading(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("BEGIN")?;
    // This needs no schema, so that the lock is there before the schema is read: preparing a first
    // query would read it under a lock of its own.
    db.query_row("PRAGMA user_version", [], |_| Ok(()))
}

fn is_hot(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, _)
        if code.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
}

/// Opens a private copy, in which SQLite may undo or finish what is in a journal or write-ahead
/// log. `immutable=1` would not need the copy, but ignores both, and so shows what was never
/// committed, or hides what was. The caller holds the registry.
fn connect_copy(path: &Path, options: &SqliteOptions) -> Result<(Connected, PrivateCopy)> {
    let copy = PrivateCopy::make(path)?;
    let writable = SqliteOptions { read_only: false, ..options.clone() };
    let (db, shape) = connect(&copy.path(), &writable).map_err(|fault| fault.at("open", path))?;
    db.pragma_update(None, "query_only", true)
        .map_err(|error| Error::sqlite("open", path, &error))?;
    Ok(((db, shape), copy))
}

/// Stops waiting for the locks of others. Answers how long they were waited for, which `busy_timeout` is to
/// be given afterwards.
pub(super) fn stop_waiting(db: &Db) -> rusqlite::Result<Duration> {
    // Not kept prepared: SQLite looks when it prepares.
    let patience: u32 = db.query_row("PRAGMA busy_timeout", [], |row| row.get(0))?;
    db.busy_timeout(Duration::ZERO)?;
    Ok(Duration::from_millis(patience.into()))
}

/// How SQLite is to behave, whoever wrote the file.
fn configure(db: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, MAX_CELL),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_COLUMN, 200),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 20),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        db.set_limit(limit, value)?;
    }
    for (config, on) in [
        // Statements are prepared once: their plans must not change under STAT4.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        // Somebody's extra table may refer to one of Telethon's, which knows nothing of it.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
    ] {
        db.set_db_config(config, on)?;
    }
    // SQLite counts milliseconds in an int.
    db.busy_timeout(options.busy_timeout.min(Duration::from_millis(i32::MAX as u64)))?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    if options.read_only {
        db.pragma_update(None, "query_only", true)?;
    }
    Ok(())
}

fn fresh_schema(options: &SqliteOptions) -> u32 {
    if options.schema_8 { 8 } else { 7 }
}

/// A session that is served from memory: a JSON session opened read-only.
fn in_memory(
    json: &TelethonJson,
    options: &SqliteOptions,
) -> std::result::Result<Connected, Fault> {
    let db = Db::new(Connection::open_in_memory()?);
    configure(&db, &SqliteOptions { read_only: false, ..options.clone() })?;
    fill(&db, json, options)?;
    db.pragma_update(None, "query_only", true)?;
    begin_reading(&db)?;
    let shape = inspect(&db)?;
    Ok((db, shape))
}

/// Makes a whole session of a JSON one.
fn fill(db: &Db, json: &TelethonJson, options: &SqliteOptions) -> std::result::Result<(), Fault> {
    migrate(db, fresh_schema(options))?;
    super::write::transaction(db, |db| {
        db.execute(
            "UPDATE sessions SET dc_id = ?1, server_address = ?2, port = ?3, auth_key = ?4",
            params![
                // JSON sessions do not say which data center it is. Telethon takes 0 then.
                Dc::id_of_address(&json.host).unwrap_or(0),
                json.host.as_str(),
                json.port,
                json.key.as_ref().map_or(&[][..], |key: &AuthKey| key.as_bytes()),
            ],
        )?;
        let mut insert =
            db.prepare("INSERT OR REPLACE INTO entities (id, hash) VALUES (?1, ?2)")?;
        for (id, hash) in &json.entities {
            insert.execute([id.marked(), *hash])?;
        }
        Ok(())
    })
}

/// Puts an SQLite session in the place of a JSON one, whose file is kept as `<path>.json`. At any
/// moment the path names the old file or the whole new one.
fn import(path: &Path, json: &TelethonJson, options: &SqliteOptions) -> Result<()> {
    if options.shared {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "cannot open {}: it is a JSON session of Telethon 0.15 or older; open it once \
                 without sharing, which converts it",
                path.display()
            ),
        ));
    }
    check_no_journal(path)?;
    let new = beside(path, "-mts-import");
    // What a killed import has left; the owner lock says that there is no other one.
    for suffix in ["", "-journal"] {
        let _ = fs::remove_file(beside(&new, suffix));
    }
    let made = create(&new)
        .map_err(|error| Error::io("create", &new, &error))
        .and_then(|_| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW;
            let db = Connection::open_with_flags(&new, flags)
                .map(Db::new)
                .map_err(|error| Error::sqlite("create", &new, &error))?;
            configure(&db, options)
                .and_then(|()| JournalState::default().prepare(&db))
                .map_err(Fault::from)
                .and_then(|_| fill(&db, json, options))
                .map_err(|fault| fault.at("create", &new))
        })
        .and_then(|()| keep_original(path))
        .and_then(|()| {
            fs::rename(&new, path)
                .and_then(|()| sync_folder(path))
                .map_err(|error| Error::io("replace", path, &error))
        });
    if made.is_err() {
        let _ = fs::remove_file(&new);
    }
    made
}

/// Gives the file at `path` the further name `<path>.json`.
fn keep_original(path: &Path) -> Result<()> {
    let kept = beside(path, ".json");
    let failed = |error: io::Error| Error::io("keep the original as", &kept, &error);
    let linked = fs::hard_link(path, &kept).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Err(error),
        // A file system without links: a copy, which must not be seen half written either.
        _ => {
            let part = beside(path, "-mts-import.json");
            let _ = fs::remove_file(&part);
            io::copy(&mut File::open(path)?, &mut create(&part)?)?;
            File::open(&part)?.sync_all()?;
            if kept.symlink_metadata().is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(&part, &kept)
        }
    });
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Fine if it is the same: an import was killed after this step.
            if !same_content(path, &kept).map_err(failed)? {
                return Err(Error::new(
                    ErrorKind::Exists,
                    format!(
                        "cannot keep {} as {}: another file has that name; move it away",
                        path.display(),
                        kept.display()
                    ),
                ));
            }
        }
        Err(error) => return Err(failed(error)),
    }
    fs::set_permissions(&kept, Permissions::from_mode(0o600)).map_err(failed)
}

fn same_content(one: &Path, other: &Path) -> io::Result<bool> {
    let (left, right) = (fs::symlink_metadata(one)?, fs::symlink_metadata(other)?);
    if !right.is_file() || left.len() != right.len() || left.len() > MAX_JSON {
        return Ok(false);
    }
    Ok(file_id(&left) == file_id(&right) || fs::read(one)? == fs::read(other)?)
}

type Holdings = (FileId, Option<Registered>, Option<PrivateCopy>);

/// How to ask the tables, which of our own can be believed, and the account: what an opening reads.
fn read_login(
    db: &Db,
    shape: &Shape,
    notices: &Notices,
) -> rusqlite::Result<(Queries, Side, Account)> {
    let sql = Queries::new(shape);
    let nothing = Side::default();
    let reader = Reader { db, sql: &sql, side: &nothing, notices };
    let side = Side::of(shape, db, || reader.home_key_id())?;
    let account = Reader { side: &side, ..reader }.account()?;
    Ok((sql, side, account))
}

/// Checks and mends the tables, reads the login, and hands everything over.
fn finish(
    path: &Path,
    options: &SqliteOptions,
    connected: Connected,
    holdings: Holdings,
    notices: Arc<Notices>,
) -> std::result::Result<(SqliteStorage, Account), Fault> {
    // In this order, so that a failure drops the connection first.
    let (id, registered, copy) = holdings;
    let (db, mut shape) = connected;
    let mut schema = shape.schema();
    let mut found_schema = schema;
    let mut journal = JournalState::default();
    if options.read_only {
        if shape.is_empty() {
            return Err(Error::format("it is an SQLite database without a session in it").into());
        }
    } else {
        if let Some(version) = shape.newer() {
            return Err(Error::new(
                ErrorKind::Version,
                format!(
                    "a newer Telethon wrote it, with schema {version}, and 8 is the newest that is \
                     known here; open it read-only"
                ),
            )
            .into());
        }
        let new = shape.is_empty();
        let (plan, target) = shape.plan(fresh_schema(options))?;
        schema = target;
        let mends = shape.wal || !plan.is_empty();
        if mends {
            if !new {
                // What cannot be read is left as it is.
                read_login(&db, &shape, &Notices::default())?;
                db.forget_statements();
            }
            db.execute_batch("COMMIT")?;
        }
        journal = JournalState::start(&db, shape.wal, path, options, &notices)?;
        if let Some(registered) = &registered {
            registered.set_log(journal.has_log());
        }
        if !plan.is_empty() {
            journal.prepare(&db)?;
            schema = migrate(&db, fresh_schema(options))?;
        }
        if mends {
            begin_reading(&db)?;
            shape = inspect(&db)?;
        }
        if new {
            found_schema = schema;
        }
    }
    let (sql, side, account) = read_login(&db, &shape, &notices)?;
    let own_id = account.identity.user_id;
    let state = State { side, data_version: data_version(&db)?, own_id, ..State::default() };
    db.execute_batch("COMMIT")?;
    let storage = SqliteStorage {
        path: path.to_owned(),
        id: registered.is_some().then_some(id),
        options: options.clone(),
        schema,
        found_schema,
        notices: Arc::clone(&notices),
        open: Mutex::new(Some(Open {
            db,
            sql,
            state,
            journal,
            notices,
            registered,
            _copy: copy,
            lock: None,
        })),
        deleted: AtomicBool::new(false),
    };
    if !options.read_only {
        storage.check_place()?;
    }
    Ok((storage, account))
}

#[cfg(test)]
mod tests {
    use rusqlite::types::ValueRef;

    use super::*;

    #[test]
    fn sqlite_is_told_to_trust_nothing_and_to_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let storage =
            SqliteStorage::open(&folder.path().join("a"), &SqliteOptions::default()).unwrap();
        let hold = storage.hold();
        let db = &hold.as_ref().unwrap().db;
        for (pragma, want) in [
            // EXTRA: with FULL the last commit can come undone when the power goes.
            ("synchronous", "3"),
            ("journal_mode", "delete"),
            ("secure_delete", "1"),
            ("temp_store", "2"),
            ("cell_size_check", "1"),
            ("trusted_schema", "0"),
            ("foreign_keys", "0"),
            ("busy_timeout", "5000"),
        ] {
            let value = db
                .query_row(&format!("PRAGMA {pragma}"), [], |row| {
                    Ok(match row.get_ref(0)? {
                        ValueRef::Integer(value) => value.to_string(),
                        other => other.as_str().unwrap_or_default().to_owned(),
                    })
                })
                .unwrap();
            assert_eq!(value, want, "{pragma}");
        }
        for (config, want) in [
            (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        ] {
            assert_eq!(db.db_config(config).unwrap(), want, "{config:?}");
        }
        assert_eq!(db.limit(Limit::SQLITE_LIMIT_LENGTH).unwrap(), MAX_CELL);
    }
}
