//! The tables of a session file: which there are, which there should be.

use std::borrow::Cow;
use std::sync::LazyLock;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

use super::Fault;
use crate::ffi::db::Db;
use crate::{Error, Result};

/// The newest of Telethon's schemas that is known here.
pub(super) const NEWEST: i64 = 8;

/// A table: its name, its columns with their types, its further constraints.
type Definition = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Telethon's tables, as 1.45 writes them. Schema 7 is schema 8 without `tmp_auth_key`.
const TABLES: [Definition; 5] = [
    ("version", &[("version", "integer primary key")], ""),
    (
        "sessions",
        &[
            ("dc_id", "integer primary key"),
            ("server_address", "text"),
            ("port", "integer"),
            ("auth_key", "blob"),
            ("takeout_id", "integer"),
            (TMP_KEY, "blob"),
        ],
        "",
    ),
    (
        "entities",
        &[
            ("id", "integer primary key"),
            ("hash", "integer not null"),
            ("username", "text"),
            ("phone", "integer"),
            ("name", "text"),
            ("date", "integer"),
        ],
        "",
    ),
    (
        "sent_files",
        &[
            ("md5_digest", "blob"),
            ("file_size", "integer"),
            ("type", "integer"),
            ("id", "integer"),
            ("hash", "integer"),
        ],
        ", primary key(md5_digest, file_size, type)",
    ),
    (
        "update_state",
        &[
            ("id", "integer primary key"),
            ("pts", "integer"),
            ("qts", "integer"),
            ("date", "integer"),
            ("seq", "integer"),
        ],
        "",
    ),
];

const TMP_KEY: &str = "tmp_auth_key";

/// Without these the file is no session, and nothing can be added to make it one.
const ESSENTIAL: [(&str, &str); 4] =
    [("sessions", "dc_id"), ("sessions", "auth_key"), ("entities", "id"), ("entities", "hash")];

/// Our own tables, for what Telethon has no place for.
///
/// They belong to one login, whose auth key id stands in `mts_owner`: once for the whole set and not
/// in each row, so that there is no mixed state to handle and rows stay small. Under another key
/// the whole set is stale: not read, and wiped by our next write to it.
pub(super) const SIDE_TABLES: [(&str, &[&str], &str); 8] = [
    ("mts_owner", &["home"], "home integer"),
    (
        "mts_account",
        &["bot", "test_mode", "api_id"],
        "bot integer, test_mode integer, api_id integer",
    ),
    (
        "mts_dcs",
        &["position", "dc", "host", "port", "flags", "secret"],
        "position integer primary key, dc integer, host text, port integer, flags integer, \
         secret blob",
    ),
    (
        "mts_keys",
        &["dc", "slot", "key", "created", "expires", "user_id"],
        "dc integer, slot integer, key blob, created integer, expires integer, user_id integer, \
         primary key(dc, slot)",
    ),
    (
        "mts_salts",
        &["dc", "salt", "since", "until"],
        "dc integer, salt integer, since integer, until integer",
    ),
    ("mts_values", &["key", "value"], "key text primary key, value blob"),
    (
        "mts_entities",
        &["id", "flags", "usernames"],
        "id integer primary key, flags integer, usernames text",
    ),
    // The date is that of the name, since Telethon dates a row without telling further names.
    (
        "mts_usernames",
        &["username", "id", "date"],
        "username text primary key, id integer, date integer",
    ),
];

/// A table that is really there, and its columns.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Cow<'static, [Column]>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    name: String,
    in_key: bool,
    generated: bool,
}

/// What a file looks like, whatever its version row says.
#[derive(Debug)]
pub(super) struct Shape {
    tables: Vec<Table>,
    /// The version row, if it holds a number.
    version: Option<i64>,
    /// How many of them there are; 2 for more.
    version_rows: usize,
    /// The file has a write-ahead log.
    pub(super) wal: bool,
}

/// Looks at the tables of a file that may be anybody's.
pub(super) fn inspect(db: &Connection) -> std::result::Result<Shape, Fault> {
    let journal: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let mut tables = Vec::new();
    let mut statement = db.prepare(
        "SELECT lower(name), type, rootpage, sql FROM sqlite_schema \
         WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' LIMIT 1001",
    )?;
    let mut rows = statement.query([])?;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > 1000 {
            return Err(Error::format("it has over 1000 tables and indexes; no session has").into());
        }
        let (ValueRef::Text(name), ValueRef::Text(kind)) = (row.get_ref(0)?, row.get_ref(1)?)
        else {
            continue;
        };
        let (Ok(name), Ok(kind)) = (std::str::from_utf8(name), std::str::from_utf8(kind)) else {
            continue;
        };
        let real =
            kind == "table" && matches!(row.get_ref(2)?, ValueRef::Integer(page) if page > 0);
        if real {
            let sql = row.get_ref(3)?.as_str().unwrap_or_default();
            tables.push(Table { name: name.to_owned(), columns: columns(db, name, sql)? });
        } else if is_ours(name) {
            let kind = if kind == "table" { "virtual table" } else { kind };
            return Err(Error::format(format!(
                "{name} in it is a {kind}, not a plain table: no client writes that, so nothing \
                 in it is trusted"
            ))
            .into());
        }
    }
    let mut shape = Shape { tables, version: None, version_rows: 0, wal: journal == "wal" };
    shape.check_columns()?;
    if shape.has("version", "version") {
        let mut statement = db.prepare("SELECT version FROM version LIMIT 2")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let (0, ValueRef::Integer(version)) = (shape.version_rows, row.get_ref(0)?) {
                shape.version = Some(version);
            }
            shape.version_rows += 1;
        }
    }
    Ok(shape)
}

/// The columns of a table that was made by this statement. One that is worded as usual need not be
/// asked for, which is most of what opening a session takes.
fn columns(db: &Connection, table: &str, sql: &str) -> rusqlite::Result<Cow<'static, [Column]>> {
    if let Some(columns) = usual_columns(table, sql) {
        return Ok(Cow::Borrowed(columns));
    }
    let mut statement = db.prepare("SELECT lower(name), pk, hidden FROM pragma_table_xinfo(?1)")?;
    let rows = statement.query_map([table], |row| {
        Ok(Column {
            name: row.get(0)?,
            in_key: row.get::<_, i64>(1)? > 0,
            generated: row.get::<_, i64>(2)? != 0,
        })
    })?;
    rows.collect::<rusqlite::Result<_>>().map(Cow::Owned)
}

/// The columns of a table that is defined word for word as Telethon or we define it, however the
/// words are spaced.
fn usual_columns(table: &str, sql: &str) -> Option<&'static [Column]> {
    static USUAL: LazyLock<Vec<(&str, String, Vec<Column>)>> = LazyLock::new(|| {
        let telethon = TABLES.iter().flat_map(|(table, columns, key)| {
            let without = match columns.iter().any(|(name, _)| *name == TMP_KEY) {
                true => &["", TMP_KEY][..],
                false => &[""],
            };
            without.iter().map(move |without| {
                let columns = columns.iter().filter(|(name, _)| name != without);
                let list: Vec<_> = columns.map(|(name, kind)| format!("{name} {kind}")).collect();
                (*table, list.join(", ") + key)
            })
        });
        let ours = SIDE_TABLES.iter().map(|(table, _, list)| (*table, (*list).to_owned()));
        let usual = telethon.chain(ours).map(|(table, list)| {
            let words = words(&format!("CREATE TABLE {table} ({list})"));
            (table, words, defined_columns(&list))
        });
        usual.collect()
    });
    let mut usual = USUAL.iter().filter(|(name, ..)| *name == table).peekable();
    usual.peek()?;
    let words = words(sql);
    usual.find(|(_, usual, _)| *usual == words).map(|(.., columns)| columns.as_slice())
}

/// The columns of a list as [`TABLES`] and [`SIDE_TABLES`] have it.
fn defined_columns(list: &str) -> Vec<Column> {
    let (columns, key) = list.split_once(", primary key(").unwrap_or((list, ""));
    let columns = columns.split(", ").filter_map(|column| {
        let (name, kind) = column.split_once(' ')?;
        let in_key = kind.contains("primary key")
            || key.trim_end_matches(')').split(", ").any(|part| part == name);
        Some(Column { name: name.to_owned(), in_key, generated: false })
    });
    columns.collect()
}

/// A definition in lower case, with single blanks where a blank means something.
fn words(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut blank = false;
    for c in sql.chars() {
        if c.is_ascii_whitespace() {
            blank = true;
            continue;
        }
        let parts = |c| matches!(c, '(' | ')' | ',');
        if blank && !parts(c) && !out.ends_with(parts) {
            out.push(' ');
        }
        blank = false;
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn is_ours(name: &str) -> bool {
    TABLES.iter().any(|(table, ..)| *table == name)
        || SIDE_TABLES.iter().any(|(table, ..)| *table == name)
}

fn columns_of(table: &str) -> &'static [(&'static str, &'static str)] {
    TABLES.iter().find(|(name, ..)| *name == table).map_or(&[], |(_, columns, _)| columns)
}

fn is_needed(table: &str, column: &str) -> bool {
    columns_of(table).iter().any(|(name, _)| *name == column)
        || SIDE_TABLES.iter().any(|(name, columns, _)| *name == table && columns.contains(&column))
}

/// The system that a database with these tables and columns (in lower case) belongs to, if it is
/// a known one other than Telethon 1.
pub(super) fn foreign_name(tables: &[(String, Vec<String>)]) -> Option<&'static str> {
    let table = |name: &str| tables.iter().find(|(table, _)| table == name);
    let column = |name: &str, column: &str| {
        table(name).is_some_and(|(_, columns)| columns.iter().any(|name| name == column))
    };
    if table("mtcute_migrations").is_some() {
        Some("mtcute")
    } else if table("dc_home").is_some() && table("dc_option").is_some() {
        Some("grammers")
    } else if column("version", "version") && column("datacenter", "auth") {
        Some("Telethon 2")
    } else if column("version", "number") && table("sessions").is_some() && table("peers").is_some()
    {
        Some("Pyrogram (or Kurigram, Pyrofork, Hydrogram, Electrogram)")
    } else if column("sessions", "version") && column("sessions", "data") {
        Some("gotgproto")
    } else {
        None
    }
}

impl Shape {
    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    fn column(&self, table: &str, column: &str) -> Option<&Column> {
        self.table(table)?.columns.iter().find(|known| known.name == column)
    }

    fn has(&self, table: &str, column: &str) -> bool {
        self.column(table, column).is_some()
    }

    /// Whether there is nothing in the file yet.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    fn check_columns(&self) -> Result<()> {
        for table in &self.tables {
            for column in table.columns.iter() {
                if column.generated && is_needed(&table.name, &column.name) {
                    return Err(Error::format(format!(
                        "column {} of table {} in it is computed, not stored: no client writes \
                         that, so nothing in it is trusted",
                        column.name, table.name
                    )));
                }
            }
        }
        Ok(())
    }

    /// Refuses what is not a session of Telethon 1, by name where it is known.
    pub(super) fn check_telethon(&self) -> Result<()> {
        let listed: Vec<(String, Vec<String>)> = self
            .tables
            .iter()
            .map(|table| {
                (table.name.clone(), table.columns.iter().map(|c| c.name.clone()).collect())
            })
            .collect();
        if let Some(name) = foreign_name(&listed) {
            return Err(Error::format(format!(
                "it is a session of {name}, which cannot be opened here; log in anew, or put its \
                 data center and auth key into a new session"
            )));
        }
        let stranger = self.tables.iter().find(|table| !is_ours(&table.name));
        if self.table("version").is_some() && !self.has("version", "version") {
            return Err(Error::format(
                "its table version has no column version: it is not a session of Telethon",
            ));
        }
        match (self.table("sessions"), stranger) {
            (Some(_), _) => {}
            // Telethon creates its tables one by one: a file it was killed on has some of them.
            (None, None) => {}
            (None, Some(stranger)) => {
                return Err(Error::format(format!(
                    "it is somebody's SQLite database (with a table {}), not a session",
                    stranger.name
                )));
            }
        }
        for (table, column) in ESSENTIAL {
            if self.table(table).is_some() && !self.has(table, column) {
                return Err(Error::format(format!(
                    "its table {table} has no column {column}: it is not a session of Telethon"
                )));
            }
        }
        Ok(())
    }

    /// The schema that the columns amount to. The version row is only heard where they leave a
    /// choice: it may lie (Telethon 1.5 to 1.7 rewrites it in newer files).
    pub(super) fn schema(&self) -> u32 {
        if let Some(newer) = self.newer() {
            return u32::try_from(newer).unwrap_or(u32::MAX);
        }
        if self.has("sessions", TMP_KEY) {
            8
        } else if self.has("entities", "date") {
            7
        } else if self.has("sessions", "takeout_id") {
            if self.version == Some(5) { 5 } else { 6 }
        } else if self.table("update_state").is_some() {
            4
        } else if self.has("sent_files", "type") {
            3
        } else if self.table("sent_files").is_some() {
            2
        } else {
            1
        }
    }

    /// The version row, where it names a schema that is not known here.
    pub(super) fn newer(&self) -> Option<i64> {
        self.version.filter(|version| *version > NEWEST)
    }

    /// The statements that make the file a schema 7 or 8, and which of them. `fresh` is the
    /// schema of a file that has no sessions yet.
    pub(super) fn plan(&self, fresh: u32) -> Result<(Vec<String>, u32)> {
        let target = match self.table("sessions") {
            None => fresh,
            // A file found at 7 stays there: raising it would lock out its owner's Telethon 1.42.
            Some(_) if self.has("sessions", TMP_KEY) => 8,
            Some(_) => 7,
        };
        let mut plan = Vec::new();
        for (table, columns, constraint) in TABLES {
            let columns = columns.iter().filter(|(name, _)| *name != TMP_KEY || target == 8);
            let list =
                || columns.clone().map(|(n, t)| format!("{n} {t}")).collect::<Vec<_>>().join(", ");
            let create = || format!("CREATE TABLE {table} ({}{constraint})", list());
            if self.table(table).is_none() {
                plan.push(create());
                if table == "sessions" {
                    plan.push(format!("INSERT INTO sessions {}", empty_session(target)));
                }
            } else if table == "sent_files" {
                // The form of schema 2 knows parts of an upload, which nobody can use any more.
                let key = ["md5_digest", "file_size", "type"];
                if !columns.clone().all(|(name, _)| self.has(table, name))
                    || !key.iter().all(|name| self.is_key(table, name))
                {
                    plan.push(format!("DROP TABLE {table}"));
                    plan.push(create());
                }
            } else {
                // Unlike Telethon's step from 5 to 6, entities are kept: some hashes may be `min`
                // ones, but the next sighting of the peer replaces them, and losing the others
                // means losing peers that cannot be asked for again.
                for (name, kind) in columns.clone().filter(|(name, _)| !self.has(table, name)) {
                    plan.push(format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"));
                }
            }
        }
        for table in ["entities", "update_state"] {
            if self.table(table).is_some() && !self.is_key(table, "id") {
                return Err(Error::corrupt(format!(
                    "its table {table} has no primary key id, so nothing can be saved in it; open \
                     it read-only and copy it to a new session"
                )));
            }
        }
        if self.version != Some(i64::from(target)) || self.version_rows != 1 {
            // A column that made something else of the number would do so again.
            let odd = self.version.is_none() && self.version_rows > 0;
            plan.push(if odd {
                "DROP TABLE version; CREATE TABLE version (version integer primary key)".to_owned()
            } else {
                "DELETE FROM version".to_owned()
            });
            plan.push(format!("INSERT INTO version (version) VALUES ({target})"));
        }
        Ok((plan, target))
    }

    fn is_key(&self, table: &str, column: &str) -> bool {
        self.column(table, column).is_some_and(|column| column.in_key)
    }

    /// What to select Telethon's columns of `table` from: the table, or where it or a column is
    /// missing (which happens in read-only sessions only) its [`rows`](Shape::rows).
    pub(super) fn source(&self, table: &str) -> String {
        match columns_of(table).iter().all(|(name, _)| self.has(table, name)) {
            true => table.to_owned(),
            false => format!("({})", self.rows(table)),
        }
    }

    /// Telethon's columns of `table`, in its order, with NULL for what is missing.
    pub(super) fn rows(&self, table: &str) -> String {
        // In the old form of sent_files there is nothing of use.
        let there = self.table(table).is_some() && table != "sent_files";
        let cell = |(name, _): &(&str, &str)| match there && self.has(table, name) {
            true => (*name).to_owned(),
            false => format!("NULL AS {name}"),
        };
        let list = columns_of(table).iter().map(cell).collect::<Vec<_>>().join(", ");
        match there {
            true => format!("SELECT {list} FROM {table}"),
            false => format!("SELECT {list} WHERE 0"),
        }
    }
}

/// The row of a session that nobody has logged in to, as Telethon writes it: columns and values.
pub(super) fn empty_session(schema: u32) -> &'static str {
    if schema == 8 {
        "(dc_id, server_address, port, auth_key, takeout_id, tmp_auth_key) \
         VALUES (0, NULL, NULL, x'', NULL, x'')"
    } else {
        "(dc_id, server_address, port, auth_key, takeout_id) VALUES (0, NULL, NULL, x'', NULL)"
    }
}

/// Brings the file to schema 7 or 8, all or nothing, and answers which.
pub(super) fn migrate(db: &Db, fresh: u32) -> std::result::Result<u32, Fault> {
    super::write::transaction(db, |db| {
        // Looked at inside: another process may have been here first.
        let shape = inspect(db)?;
        shape.check_telethon()?;
        let (plan, target) = shape.plan(fresh)?;
        for step in plan {
            db.execute_batch(&step)?;
        }
        Ok(target)
    })
}

/// Which of our own tables are there and can be believed.
#[derive(Default)]
pub(super) struct Side {
    tables: Vec<&'static str>,
    /// They belong to the file's auth key.
    pub(super) valid: bool,
}

impl Side {
    /// What a look at the whole file has found. `home` is the id of the file's auth key, asked for
    /// only if needed.
    pub(super) fn of(
        shape: &Shape,
        db: &Db,
        home: impl FnOnce() -> rusqlite::Result<u64>,
    ) -> rusqlite::Result<Side> {
        let mut side = Side::default();
        for table in &shape.tables {
            side.note(&table.name, &table.columns);
        }
        side.check_owner(db, home)?;
        Ok(side)
    }

    /// As [`Side::of`], after a change by somebody else.
    pub(super) fn load(
        db: &Db,
        home: impl FnOnce() -> rusqlite::Result<u64>,
    ) -> rusqlite::Result<Side> {
        let mut side = Side::default();
        let mut statement = db.prepared(
            "SELECT lower(name), sql FROM sqlite_schema WHERE name LIKE 'mts\\_%' ESCAPE '\\' \
             AND type = 'table' AND rootpage > 0",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(0)?.as_str().unwrap_or_default();
            let sql = row.get_ref(1)?.as_str().unwrap_or_default();
            side.note(name, &columns(db, name, sql)?);
        }
        side.check_owner(db, home)?;
        Ok(side)
    }

    fn note(&mut self, name: &str, columns: &[Column]) {
        let Some((table, needed, _)) = SIDE_TABLES.iter().find(|(table, ..)| *table == name) else {
            return;
        };
        if needed.iter().all(|name| columns.iter().any(|c| c.name == *name && !c.generated)) {
            self.tables.push(table);
        }
    }

    fn check_owner(
        &mut self,
        db: &Db,
        home: impl FnOnce() -> rusqlite::Result<u64>,
    ) -> rusqlite::Result<()> {
        if self.exists("mts_owner") {
            let stamp = db
                .prepared("SELECT home FROM mts_owner")?
                .query_row([], |row| {
                    Ok(match row.get_ref(0)? {
                        ValueRef::Integer(stamp) => Some(stamp),
                        _ => None,
                    })
                })
                .optional()?
                .flatten();
            self.valid = stamp == Some(home()?.cast_signed());
        }
        Ok(())
    }

    fn exists(&self, table: &str) -> bool {
        self.tables.contains(&table)
    }

    /// Whether that table can be read.
    pub(super) fn has(&self, table: &str) -> bool {
        self.valid && self.exists(table)
    }

    /// Whether the whole set can be written.
    pub(super) fn is_ready(&self) -> bool {
        self.valid && self.tables.len() == SIDE_TABLES.len()
    }

    /// Makes the whole set ready to be written for the auth key `home`.
    pub(super) fn prepare(&mut self, db: &Db, home: u64) -> rusqlite::Result<()> {
        if self.is_ready() {
            return Ok(());
        }
        // SQLite drops no table while something is being read.
        db.let_go_of_snapshot();
        for (name, _, columns) in SIDE_TABLES {
            if self.exists(name) {
                if !self.valid {
                    db.execute_batch(&format!("DELETE FROM {name}"))?;
                }
            } else {
                // A table of that name without our columns is of no use to anybody.
                db.execute_batch(&format!(
                    "DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({columns})"
                ))?;
            }
        }
        if self.tables.len() < SIDE_TABLES.len() {
            // Prepared before there were these tables, each statement would be prepared again.
            db.forget_statements();
        }
        self.tables = SIDE_TABLES.iter().map(|(name, ..)| *name).collect();
        self.valid = true;
        self.stamp(db, home)
    }

    /// Says whose the set is.
    pub(super) fn stamp(&self, db: &Db, home: u64) -> rusqlite::Result<()> {
        db.execute_batch("DELETE FROM mts_owner")?;
        db.execute("INSERT INTO mts_owner (home) VALUES (?1)", [home.cast_signed()])?;
        Ok(())
    }
}

/// Whether the file has our indexes of usernames and phone numbers.
pub(super) fn has_indexes(db: &Db) -> rusqlite::Result<bool> {
    db.prepared(
        "SELECT count(*) = 2 FROM sqlite_schema WHERE type = 'index' \
         AND tbl_name = 'entities' AND name IN ('mts_by_username', 'mts_by_phone')",
    )?
    .query_row([], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_not_asked_for_are_those_that_sqlite_tells() {
        let spaced = "CREATE TABLE sent_files (\n    md5_digest blob,\n    file_size integer,\n    \
             type integer,\n    id integer,\n    hash integer,\n    primary key(md5_digest, \
             file_size, type)\n)";
        for (schema, side) in [(7, false), (8, true)] {
            let db = Db::new(Connection::open_in_memory().unwrap());
            db.execute_batch(spaced).unwrap();
            migrate(&db, schema).ok().unwrap();
            if side {
                Side::default().prepare(&db, 1).unwrap();
            }
            let mut tables =
                db.prepare("SELECT name, sql FROM sqlite_schema WHERE sql > ''").unwrap();
            let mut rows = tables.query([]).unwrap();
            let mut count = 0;
            while let Some(row) = rows.next().unwrap() {
                let (name, sql): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
                let told = columns(&db, &name, "").unwrap();
                assert_eq!(usual_columns(&name, &sql), Some(&*told), "{sql}");
                count += 1;
            }
            assert_eq!(count, if side { 13 } else { 5 });
        }
    }

    #[test]
    fn a_table_worded_otherwise_is_asked_for() {
        for sql in [
            "CREATE TABLE version (version integer primary key, more text)",
            "CREATE TABLE version (versioninteger primary key)",
            "CREATE TABLE version (version integer primary key) WITHOUT ROWID",
            "CREATE TABLE version (version integer AS (1))",
            "",
        ] {
            assert_eq!(usual_columns("version", sql), None, "{sql}");
        }
    }
}
