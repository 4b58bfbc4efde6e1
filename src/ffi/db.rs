//! An SQLite connection that keeps its statements prepared.
//!
//! Not for C: it is here because it needs unsafe code. A [`Statement`] borrows its connection, so
//! no safe struct can hold both; and rusqlite's own cache allocates a key at each use, and moves the
//! statement out of a map and back, which takes a quarter of the time of a small query.

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int, c_void};
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;
use std::ptr::{self, NonNull};

use rusqlite::{Connection, Params, PrepFlags, Result, Row, Rows, Statement, ToSql, ffi};

/// Left unfinished, it keeps the state of the file that it reads. There is a row for it in every database
/// that has a table.
const SNAPSHOT: &str = "SELECT 1 FROM sqlite_schema";

/// A connection and the statements that were prepared on it.
pub(crate) struct Db {
    /// Owned: a box whose content the statements and SQLite's hook point to.
    hooked: NonNull<Hooked>,
    /// The texts of the statements that were prepared. Few enough to be looked through, which takes
    /// less than hashing one.
    texts: RefCell<Vec<Box<str>>>,
    /// The statement of each; `None` while it is in use. `'static` stands for the life of the
    /// connection; nobody outside gets to see it. Boxed, since they are large and go in and out all the
    /// time.
    statements: RefCell<Vec<Option<Box<Statement<'static>>>>>,
    /// Whether [`SNAPSHOT`] is unfinished.
    keeps_snapshot: Cell<bool>,
}

/// A connection, and what SQLite's hook on it writes to.
struct Hooked {
    connection: Connection,
    log_frames: Cell<c_int>,
}

/// Called by SQLite after a commit to the write-ahead log, in place of its own hook, which copies the log
/// into the file. `count` is the `log_frames` beside the connection.
unsafe extern "C" fn count_frames(
    count: *mut c_void,
    _: *mut ffi::sqlite3,
    _: *const c_char,
    frames: c_int,
) -> c_int {
    // SAFETY: it is there as long as the hook is (see `take_connection`).
    unsafe { &*count.cast::<Cell<c_int>>() }.set(frames);
    ffi::SQLITE_OK
}

// SAFETY: a connection may be sent to another thread, and its statements go with it: whoever has
// one borrows the `Db`, which is not Sync.
unsafe impl Send for Db {}

impl Db {
    pub(crate) fn new(connection: Connection) -> Db {
        let hooked = Hooked { connection, log_frames: Cell::new(0) };
        let db = Db {
            hooked: NonNull::from(Box::leak(Box::new(hooked))),
            texts: RefCell::default(),
            statements: RefCell::default(),
            keeps_snapshot: Cell::new(false),
        };
        let count = ptr::from_ref(&db.hooked().log_frames).cast_mut().cast();
        // SAFETY: the connection is open, and the count stays where it is until the hook is taken off.
        unsafe { ffi::sqlite3_wal_hook(db.handle(), Some(count_frames), count) };
        db
    }

    /// How many frames the write-ahead log has, where something was committed to it since this was last
    /// asked; else 0. Whoever commits sees to it that the log is copied into the file in time.
    pub(crate) fn take_log_frames(&self) -> i32 {
        self.hooked().log_frames.take()
    }

    fn hooked(&self) -> &Hooked {
        // SAFETY: it lives as long as `self`, and there is no mutable reference to it.
        unsafe { self.hooked.as_ref() }
    }

    /// Within a transaction on a write-ahead log: keeps its state of the file for the next one, which is
    /// spared four of its eight system calls by it. Until it is let go of, this connection sees nothing
    /// that others write, and the log cannot be begun anew.
    pub(crate) fn keep_snapshot(&self) -> Result<()> {
        if !self.keeps_snapshot.get() {
            self.keeps_snapshot.set(self.prepared(SNAPSHOT)?.leave_unfinished()?);
        }
        Ok(())
    }

    /// Lets go of the state of the file that was kept; says whether one was.
    pub(crate) fn let_go_of_snapshot(&self) -> bool {
        let kept = self.keeps_snapshot.take();
        if kept && let Ok(mut statement) = self.prepared(SNAPSHOT) {
            statement.finish();
        }
        kept
    }

    /// The statement of that text, which is prepared at its first use. The texts are the caller's
    /// own, a few dozen: none is ever let go of.
    pub(crate) fn prepared(&self, sql: &str) -> Result<Prepared<'_>> {
        let known = self.texts.borrow().iter().position(|text| **text == *sql);
        let place = known.unwrap_or_else(|| {
            self.statements.borrow_mut().push(None);
            let mut texts = self.texts.borrow_mut();
            texts.push(sql.into());
            texts.len() - 1
        });
        let kept = self.statements.borrow_mut().get_mut(place).and_then(Option::take);
        let statement = match kept {
            Some(statement) => statement,
            None => Box::new(self.prepare_to_keep(sql)?),
        };
        Ok(Prepared { statement: Some(statement), place, db: self })
    }

    fn prepare_to_keep(&self, sql: &str) -> Result<Statement<'static>> {
        // SAFETY: the connection stands where it is until every statement is gone: those in use
        // borrow the `Db`, and the others are dropped before it (see `into_connection` and `drop`).
        let hooked: &'static Hooked = unsafe { self.hooked.as_ref() };
        hooked.connection.prepare_with_flags(sql, PrepFlags::SQLITE_PREPARE_PERSISTENT)
    }

    /// A number that changes with every write to the file: at once with our own, with somebody else's
    /// when this connection next takes its lock.
    pub(crate) fn file_version(&self) -> Result<u32> {
        let mut version = 0_u32;
        // SAFETY: the connection is open, no name means the main file, and SQLite writes an
        // `unsigned int`.
        let code = unsafe {
            ffi::sqlite3_file_control(
                self.handle(),
                ptr::null(),
                ffi::SQLITE_FCNTL_DATA_VERSION,
                (&raw mut version).cast(),
            )
        };
        match code {
            ffi::SQLITE_OK => Ok(version),
            code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
        }
    }

    /// Has every statement prepared anew at its next use.
    pub(crate) fn forget_statements(&self) {
        self.keeps_snapshot.set(false);
        for statement in self.statements.borrow_mut().iter_mut() {
            *statement = None;
        }
    }

    /// What SQLite counts of each statement that is kept.
    #[cfg(test)]
    pub(crate) fn statuses(&self, of: rusqlite::StatementStatus) -> Vec<(String, i32)> {
        let texts: Vec<_> = self.texts.borrow().iter().map(|sql| sql.to_string()).collect();
        let status = |sql: String| {
            let status = self.prepared(&sql).unwrap().status(of);
            (sql, status)
        };
        texts.into_iter().map(status).collect()
    }

    /// The connection alone, without statements that could keep it from being closed.
    pub(crate) fn into_connection(self) -> Connection {
        let mut db = ManuallyDrop::new(self);
        drop(db.texts.take());
        // SAFETY: what is not dropped is not used again either.
        unsafe { db.take_connection() }
    }

    /// # Safety
    /// Nobody uses the `Db` afterwards.
    unsafe fn take_connection(&mut self) -> Connection {
        drop(self.statements.take());
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_wal_hook(self.handle(), None, ptr::null_mut()) };
        // SAFETY: it came out of a box in `new`, and neither statements nor the hook point to it any more.
        unsafe { Box::from_raw(self.hooked.as_ptr()) }.connection
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        // SAFETY: what is being dropped is not used again.
        drop(unsafe { self.take_connection() });
    }
}

impl Deref for Db {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.hooked().connection
    }
}

/// A statement in use. It goes back to its place when dropped.
pub(crate) struct Prepared<'a> {
    /// There until dropped. Never given out by a mutable reference, by which somebody could exchange it
    /// for one of another connection.
    statement: Option<Box<Statement<'static>>>,
    place: usize,
    db: &'a Db,
}

impl Prepared<'_> {
    fn statement(&mut self) -> Result<&mut Statement<'static>> {
        self.statement.as_deref_mut().ok_or_else(|| rusqlite::Error::InvalidQuery)
    }

    /// As [`Statement::execute`].
    pub(crate) fn execute(&mut self, values: impl Params) -> Result<usize> {
        self.statement()?.execute(values)
    }

    /// As [`Statement::raw_bind_parameter`]: what else is bound stays so.
    pub(crate) fn bind(&mut self, parameter: usize, value: impl ToSql) -> Result<()> {
        self.statement()?.raw_bind_parameter(parameter, value)
    }

    /// As [`Statement::raw_execute`], with what is bound.
    pub(crate) fn run(&mut self) -> Result<usize> {
        self.statement()?.raw_execute()
    }

    /// As [`Statement::query`].
    pub(crate) fn query(&mut self, values: impl Params) -> Result<Rows<'_>> {
        self.statement()?.query(values)
    }

    /// As [`Statement::query_row`].
    pub(crate) fn query_row<T>(
        &mut self,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.statement()?.query_row(values, read)
    }

    /// Reads the first row, and stays there; says whether there was one.
    fn leave_unfinished(&mut self) -> Result<bool> {
        let mut rows = self.statement()?.raw_query();
        let is_there = rows.next()?.is_some();
        if is_there {
            // Dropped, they would reset the statement.
            mem::forget(rows);
        }
        Ok(is_there)
    }

    fn finish(&mut self) {
        if let Ok(statement) = self.statement() {
            drop(statement.raw_query());
        }
    }

    #[cfg(test)]
    fn status(&self, of: rusqlite::StatementStatus) -> i32 {
        self.statement.as_ref().unwrap().get_status(of)
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if let Some(mut statement) = self.statement.take() {
            if statement.parameter_count() > 0 {
                // What was bound may be a key.
                statement.clear_bindings();
            }
            if let Some(place) = self.db.statements.borrow_mut().get_mut(self.place) {
                *place = Some(statement);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db() -> Db {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (1), (2), (3)").unwrap();
        Db::new(db)
    }

    #[test]
    fn a_statement_is_kept_and_may_be_used_within_itself() {
        let db = db();
        const ABOVE: &str = "SELECT n FROM t WHERE n > ?1 ORDER BY n";
        let mut pairs = Vec::new();
        let mut outer = db.prepared(ABOVE).unwrap();
        let mut rows = outer.query([0]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let low: i64 = row.get(0).unwrap();
            let mut inner = db.prepared(ABOVE).unwrap();
            let mut rows = inner.query([low]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                pairs.push((low, row.get::<_, i64>(0).unwrap()));
            }
        }
        assert_eq!(pairs, [(1, 2), (1, 3), (2, 3)]);
        drop(rows);
        drop(outer);
        assert_eq!(db.prepared(ABOVE).unwrap().status(rusqlite::StatementStatus::Run), 1);
        // Half read, it is reset all the same, and nothing is bound to it.
        assert_eq!(db.prepared(ABOVE).unwrap().query_row([1], |row| row.get(0)), Ok(2));
        assert!(db.prepared(ABOVE).unwrap().query([]).is_err());
    }

    #[test]
    fn a_kept_snapshot_outlives_its_transaction() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Connection::open(folder.path().join("a")).unwrap();
        let (db, other) = (Db::new(open()), open());
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        db.execute_batch("CREATE TABLE t (n)").unwrap();
        let count = || -> i64 { db.query_row("SELECT count(*) FROM t", [], |r| r.get(0)).unwrap() };
        for n in 1..=2 {
            db.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
            db.keep_snapshot().unwrap();
            db.execute_batch("COMMIT").unwrap();
            let frames = db.take_log_frames();
            assert!(frames > 0);
            assert_eq!(db.take_log_frames(), 0);
            // Its own next transaction begins there.
            db.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1); COMMIT").unwrap();
            assert_eq!(db.take_log_frames(), frames + 1);
            other.execute_batch("INSERT INTO t VALUES (2)").unwrap();
            assert_eq!(count(), 3 * n - 1);
            assert!(db.execute_batch("BEGIN IMMEDIATE").is_err());
            assert!(db.let_go_of_snapshot());
            assert!(!db.let_go_of_snapshot());
            assert_eq!(count(), 3 * n);
        }
        db.keep_snapshot().unwrap();
        db.forget_statements();
        assert!(!db.let_go_of_snapshot());
        db.keep_snapshot().unwrap();
        db.into_connection().close().unwrap();
    }

    #[test]
    fn a_connection_closes_however_it_is_let_go_of() {
        let mut kept = db();
        kept.prepared("SELECT n FROM t").unwrap();
        kept.forget_statements();
        kept.prepared("SELECT n FROM t").unwrap();
        kept.into_connection().close().unwrap();
        kept = db();
        kept.prepared("SELECT n FROM t").unwrap();
        // To another thread it goes with its statements.
        std::thread::spawn(move || kept.prepared("DELETE FROM t").unwrap().execute([]))
            .join()
            .unwrap()
            .unwrap();
    }
}
