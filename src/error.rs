//! What can go wrong, told to the person who has to mend it.

use std::fmt;
use std::path::Path;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of failure an [`Error`] is: the thing a program decides by.
///
/// "Not found" is no failure: look-ups answer `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller passed something that cannot be meant.
    Argument,
    /// The operating system refused: no such folder, no permission, disk full.
    Io,
    /// The storage failed in a way that has no kind of its own.
    Storage,
    /// The file is a session, but damaged.
    Corrupt,
    /// Somebody else holds the database's lock, or changed the same credential first: try again.
    Busy,
    /// Another client owns this session.
    Owned,
    /// The file, directory or string is not a session that can be read here.
    Format,
    /// The session was written by a newer version than is known here.
    Version,
    /// The session, its file or its folder may not be written.
    ReadOnly,
    /// Something stands where the result should go.
    Exists,
    /// A wrong passphrase. Reserved for formats that have one: nothing fails with it yet.
    Secret,
    /// A storage made by the caller failed.
    Callback,
    /// This session or storage cannot do that.
    Unsupported,
    /// The session was closed, or belongs to the process before a fork.
    Closed,
    /// A bug in this library.
    Internal,
}

/// A failure: its kind, one line of text, and the codes beneath it.
///
/// The text names what failed and on which path or value, and says what to do about it. It never
/// holds a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    sqlite_code: i32,
    errno: i32,
}

impl Error {
    /// An error of `kind` with its one line of text.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        let mut message = message.into();
        // One line, whatever a path or a foreign message brings along.
        if message.contains(['\n', '\r', '\0']) {
            message = message.replace(['\n', '\r', '\0'], " ");
        }
        Error(Box::new(Inner { kind, message, sqlite_code: 0, errno: 0 }))
    }

    pub(crate) fn argument(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Argument, message)
    }

    pub(crate) fn format(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Format, message)
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Corrupt, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Internal, message)
    }

    /// What the operating system refused: `cannot <what> <path>: <why>`.
    pub(crate) fn io(what: &str, path: &Path, cause: &std::io::Error) -> Error {
        use std::io::ErrorKind as Io;
        let (kind, hint) = match cause.kind() {
            Io::NotFound => (ErrorKind::Io, "; check the path"),
            Io::PermissionDenied => (ErrorKind::Io, "; check its owner and mode"),
            Io::ReadOnlyFilesystem => (ErrorKind::ReadOnly, "; open it read-only or elsewhere"),
            Io::IsADirectory => (ErrorKind::Io, "; name a file in it"),
            Io::AlreadyExists => (ErrorKind::Exists, "; move it away or choose another name"),
            Io::StorageFull | Io::QuotaExceeded => {
                (ErrorKind::Io, "; free some space and save again")
            }
            _ => (ErrorKind::Io, ""),
        };
        let mut error =
            Error::new(kind, format!("cannot {what} {}: {cause}{hint}", path.display()));
        error.0.errno = cause.raw_os_error().unwrap_or(0);
        error
    }

    /// A place that this process may read but not write.
    pub(crate) fn unwritable(what: &str, path: &Path, cause: &std::io::Error) -> Error {
        let mut error = Error::new(
            ErrorKind::ReadOnly,
            format!(
                "cannot {what} {}: {cause}; change the mode of the folder and its files, or open \
                 the session read-only",
                path.display()
            ),
        );
        error.0.errno = cause.raw_os_error().unwrap_or(0);
        error
    }

    /// What SQLite refused: `cannot <what> <path>: <why>`.
    pub(crate) fn sqlite(what: &str, path: &Path, cause: &rusqlite::Error) -> Error {
        use rusqlite::ErrorCode as Code;
        let (kind, hint) = match cause.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
                (ErrorKind::Busy, "; another program is writing it: try again")
            }
            Some(Code::DatabaseCorrupt) => {
                (ErrorKind::Corrupt, "; keep the file and restore a copy of it")
            }
            Some(Code::NotADatabase) => (ErrorKind::Format, "; it is not an SQLite file"),
            Some(Code::ReadOnly) => {
                (ErrorKind::ReadOnly, "; check the mode of the file and its folder")
            }
            Some(Code::CannotOpen) => {
                (ErrorKind::Io, "; check the mode of the file and its folder")
            }
            Some(Code::DiskFull) => (ErrorKind::Io, "; free some space and save again"),
            Some(Code::SystemIoFailure) => {
                (ErrorKind::Io, "; see whether the disk is in order and try again")
            }
            Some(Code::PermissionDenied) => (ErrorKind::Io, ""),
            _ => (ErrorKind::Storage, ""),
        };
        let mut error =
            Error::new(kind, format!("cannot {what} {}: {cause}{hint}", path.display()));
        if let rusqlite::Error::SqliteFailure(code, _) = cause {
            error.0.sqlite_code = code.extended_code;
        }
        error
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The one line of text.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// SQLite's extended result code, or 0 where SQLite had no part in it.
    pub fn sqlite_code(&self) -> i32 {
        self.0.sqlite_code
    }

    /// The operating system's error number, or 0 where it had no part in it.
    pub fn errno(&self) -> i32 {
        self.0.errno
    }

    /// The same failure, its text led by `place` (`record 3: …`).
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Error {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// The same failure of record `n` of `count`. Who passed a single one needs no number.
    pub(crate) fn at_record(self, n: usize, count: usize) -> Error {
        if count == 1 { self } else { self.at(format_args!("record {n}")) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?})", self.0.kind, self.0.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
