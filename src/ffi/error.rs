//! The error object.

use std::ffi::{CString, c_char};

use super::guard::free;
use super::status::mts_status;
use crate::Error;

/// What went wrong, in full: yours, until mts_error_free. Any thread may read or free it. It is
/// independent of the session it came from.
pub struct mts_error {
    error: Error,
    text: CString,
}

impl mts_error {
    pub(super) fn new(error: Error) -> mts_error {
        // An error's text has no NUL: `Error::new` sees to it.
        let text = CString::new(error.message()).unwrap_or_default();
        mts_error { error, text }
    }
}

/// ==== Errors ====
///
/// The status of the call that failed; MTS_OK for NULL.
///
/// Telethon: the exception's class. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_error_status(error: *const mts_error) -> mts_status {
    // SAFETY: the header's promises.
    let error = unsafe { error.as_ref() };
    error.map_or(mts_status::MTS_OK, |error| error.error.kind().into())
}

/// SQLite's extended result code behind the failure; 0 where SQLite had no part in it.
///
/// Telethon: `sqlite3.Error.sqlite_errorcode`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_error_sqlite_code(error: *const mts_error) -> i32 {
    // SAFETY: the header's promises.
    let error = unsafe { error.as_ref() };
    error.map_or(0, |error| error.error.sqlite_code())
}

/// The operating system's error number (errno) behind the failure; 0 where it had no part in it.
///
/// Telethon: `OSError.errno`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_error_errno(error: *const mts_error) -> i32 {
    // SAFETY: the header's promises.
    let error = unsafe { error.as_ref() };
    error.map_or(0, |error| error.error.errno())
}

/// One line of text for a person: what failed, on which path or value, and what to do. It never
/// holds a secret. UTF-8, ends in NUL, valid until mts_error_free; "" for NULL.
///
/// Telethon: `str(exception)`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_error_message(error: *const mts_error) -> *const c_char {
    // SAFETY: the header's promises.
    let error = unsafe { error.as_ref() };
    error.map_or(c"".as_ptr(), |error| error.text.as_ptr())
}

/// Frees an error; NULL is fine.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_error_free(error: *mut mts_error) {
    // SAFETY: the header's promises.
    unsafe { free(error) };
}
