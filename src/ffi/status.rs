//! Statuses and versions.

use std::ffi::{CStr, c_char};

use crate::ErrorKind;

/// Number of this ABI: the same as in `libmtsession.so.0`. Within one number, functions and
/// constants may be added and records may grow at their tail; nothing else changes.
pub const MTS_ABI_VERSION: u32 = 0;
/// First number of the version this header belongs to.
pub const MTS_VERSION_MAJOR: u32 = 0;
/// Second number of the version this header belongs to.
pub const MTS_VERSION_MINOR: u32 = 1;
/// Third number of the version this header belongs to.
pub const MTS_VERSION_PATCH: u32 = 0;
/// The version this header belongs to as one number, for comparisons: 0x010203 is 1.2.3.
pub const MTS_VERSION_NUMBER: u32 =
    (MTS_VERSION_MAJOR << 16) | (MTS_VERSION_MINOR << 8) | MTS_VERSION_PATCH;

/// Whether a number of the version is the one in Cargo.toml.
const fn is(number: u32, text: &str) -> bool {
    matches!(u32::from_str_radix(text, 10), Ok(cargo) if cargo == number)
}
const _: () = assert!(is(MTS_VERSION_MAJOR, env!("CARGO_PKG_VERSION_MAJOR")));
const _: () = assert!(is(MTS_VERSION_MINOR, env!("CARGO_PKG_VERSION_MINOR")));
const _: () = assert!(is(MTS_VERSION_PATCH, env!("CARGO_PKG_VERSION_PATCH")));
const _: () = assert!(is(MTS_VERSION_NUMBER >> 16, env!("CARGO_PKG_VERSION_MAJOR")));
const _: () = assert!(is(MTS_VERSION_NUMBER >> 8 & 255, env!("CARGO_PKG_VERSION_MINOR")));
const _: () = assert!(is(MTS_VERSION_NUMBER & 255, env!("CARGO_PKG_VERSION_PATCH")));

/// What a call answers. 0 is success, a positive number an answer that is no failure (no error
/// object is made), a negative one a failure (the error object says more).
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum mts_status {
    /// Done.
    MTS_OK = 0,
    /// There is no such thing in the session.
    MTS_NOT_FOUND = 1,
    /// This was the last page, or the last notice.
    MTS_DONE = 2,
    /// Your buffer is too small. Numbers are valid, texts and bytes are missing; the length needed
    /// was written.
    MTS_TOO_SMALL = 3,
    /// Several peers fit; the one seen last was answered.
    MTS_AMBIGUOUS = 4,
    /// You passed something that cannot be meant.
    MTS_E_ARGUMENT = -1,
    /// The operating system refused: no such folder, no permission, disk full.
    MTS_E_IO = -2,
    /// The storage failed in a way that has no code of its own.
    MTS_E_STORAGE = -3,
    /// It is a session, but damaged.
    MTS_E_CORRUPT = -4,
    /// Somebody else is writing the file, or changed the same credential first: try again.
    MTS_E_BUSY = -5,
    /// Another client has this session open.
    MTS_E_OWNED = -6,
    /// The file, directory or string is not a session that can be read here.
    MTS_E_FORMAT = -7,
    /// The session was written by a newer version than is known here.
    MTS_E_VERSION = -8,
    /// The session was opened read-only, or its file or folder may not be written.
    MTS_E_READ_ONLY = -9,
    /// Something stands where the result should go.
    MTS_E_EXISTS = -10,
    /// A wrong passphrase. Reserved for formats that have one: no function answers it yet.
    MTS_E_SECRET = -11,
    /// A callback of a custom storage failed or broke a rule, or called its own session.
    MTS_E_CALLBACK = -12,
    /// This session or storage cannot do that.
    MTS_E_UNSUPPORTED = -13,
    /// The session was closed, or belongs to the process before a fork.
    MTS_E_CLOSED = -14,
    /// A bug in mtsession. Please report it.
    MTS_E_INTERNAL = -15,
}

use mts_status::*;

/// Every status and its name.
const NAMES: [(mts_status, &CStr); 20] = [
    (MTS_OK, c"MTS_OK"),
    (MTS_NOT_FOUND, c"MTS_NOT_FOUND"),
    (MTS_DONE, c"MTS_DONE"),
    (MTS_TOO_SMALL, c"MTS_TOO_SMALL"),
    (MTS_AMBIGUOUS, c"MTS_AMBIGUOUS"),
    (MTS_E_ARGUMENT, c"MTS_E_ARGUMENT"),
    (MTS_E_IO, c"MTS_E_IO"),
    (MTS_E_STORAGE, c"MTS_E_STORAGE"),
    (MTS_E_CORRUPT, c"MTS_E_CORRUPT"),
    (MTS_E_BUSY, c"MTS_E_BUSY"),
    (MTS_E_OWNED, c"MTS_E_OWNED"),
    (MTS_E_FORMAT, c"MTS_E_FORMAT"),
    (MTS_E_VERSION, c"MTS_E_VERSION"),
    (MTS_E_READ_ONLY, c"MTS_E_READ_ONLY"),
    (MTS_E_EXISTS, c"MTS_E_EXISTS"),
    (MTS_E_SECRET, c"MTS_E_SECRET"),
    (MTS_E_CALLBACK, c"MTS_E_CALLBACK"),
    (MTS_E_UNSUPPORTED, c"MTS_E_UNSUPPORTED"),
    (MTS_E_CLOSED, c"MTS_E_CLOSED"),
    (MTS_E_INTERNAL, c"MTS_E_INTERNAL"),
];

impl mts_status {
    /// What a call answers that looked for something.
    pub(super) fn found(found: bool) -> mts_status {
        if found { MTS_OK } else { MTS_NOT_FOUND }
    }
}

impl From<ErrorKind> for mts_status {
    fn from(kind: ErrorKind) -> mts_status {
        match kind {
            ErrorKind::Argument => MTS_E_ARGUMENT,
            ErrorKind::Io => MTS_E_IO,
            ErrorKind::Storage => MTS_E_STORAGE,
            ErrorKind::Corrupt => MTS_E_CORRUPT,
            ErrorKind::Busy => MTS_E_BUSY,
            ErrorKind::Owned => MTS_E_OWNED,
            ErrorKind::Format => MTS_E_FORMAT,
            ErrorKind::Version => MTS_E_VERSION,
            ErrorKind::ReadOnly => MTS_E_READ_ONLY,
            ErrorKind::Exists => MTS_E_EXISTS,
            ErrorKind::Secret => MTS_E_SECRET,
            ErrorKind::Callback => MTS_E_CALLBACK,
            ErrorKind::Unsupported => MTS_E_UNSUPPORTED,
            ErrorKind::Closed => MTS_E_CLOSED,
            ErrorKind::Internal => MTS_E_INTERNAL,
        }
    }
}

/// The kind of failure that a callback means by a number.
pub(super) fn kind_of(status: i32) -> Option<ErrorKind> {
    let kinds = [
        ErrorKind::Argument,
        ErrorKind::Io,
        ErrorKind::Storage,
        ErrorKind::Corrupt,
        ErrorKind::Busy,
        ErrorKind::Owned,
        ErrorKind::Format,
        ErrorKind::Version,
        ErrorKind::ReadOnly,
        ErrorKind::Exists,
        ErrorKind::Secret,
        ErrorKind::Callback,
        ErrorKind::Unsupported,
        ErrorKind::Closed,
        ErrorKind::Internal,
    ];
    kinds.into_iter().find(|kind| mts_status::from(*kind) as i32 == status)
}

/// ==== Versions and statuses ====
///
/// The ABI number of the library that is loaded; compare it with MTS_ABI_VERSION.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn mts_abi_version() -> u32 {
    MTS_ABI_VERSION
}

/// The version of the library that is loaded, like "0.1.0". Static text.
///
/// Telethon: `telethon.__version__`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn mts_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The name of a status, like "MTS_E_BUSY"; "unknown status" for a number that is none. Static
/// text.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn mts_status_name(status: i32) -> *const c_char {
    let known = NAMES.iter().find(|(known, _)| *known as i32 == status);
    known.map_or(c"unknown status", |(_, name)| *name).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_name_and_every_failure_its_kind() {
        for (status, name) in NAMES {
            assert_eq!(format!("{status:?}"), name.to_str().unwrap());
            assert_eq!((status as i32) < 0, kind_of(status as i32).is_some(), "{status:?}");
        }
        assert_eq!(kind_of(-16), None);
        // SAFETY: static text.
        let name = unsafe { CStr::from_ptr(mts_status_name(99)) };
        assert_eq!(name, c"unknown status");
    }
}
