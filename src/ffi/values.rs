//! Opaque values.

use std::ffi::c_char;

use super::error::mts_error;
use super::guard::{self, ErrorSlot, fill, guard, out};
use super::session::mts_session;
use super::status::mts_status;
use super::status::mts_status::*;
use crate::Result;

/// Opaque value: it is on the disk when the call returns; otherwise it waits for the next save.
pub const MTS_VALUE_DURABLE: u32 = 1;

fn durable(flags: u32) -> Result<bool> {
    guard::check_flags("flags", flags, MTS_VALUE_DURABLE)?;
    Ok(flags & MTS_VALUE_DURABLE != 0)
}

/// ==== Opaque values ====
///
/// Keeps bytes under a key: what a client must remember and this library need not understand
/// (server configuration, contacts hash, its own settings), so that it needs no file of its own.
///
/// `key`: 1 to 255 bytes; those that begin with "mts:" are the library's own. `value`: at most 8 MiB. `flags`: 0 or
/// MTS_VALUE_DURABLE.
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_put_value(
    session: *mut mts_session,
    key: *const c_char,
    key_len: usize,
    value: *const u8,
    value_len: usize,
    flags: u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, value, err) = unsafe {
        (
            guard::session(session),
            guard::text("key", key, key_len),
            guard::bytes("value", value, value_len),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        session?.core.put_value(key?, value?, durable(flags)?)?;
        Ok(MTS_OK)
    })
}

/// The bytes under a key, copied to `buf`. `*needed`: their length. MTS_TOO_SMALL: `cap` is less
/// than that; nothing was copied. MTS_NOT_FOUND: there is no such value.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_value(
    session: *const mts_session,
    key: *const c_char,
    key_len: usize,
    buf: *mut u8,
    cap: usize,
    needed: *mut usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, buffer, needed, err) = unsafe {
        (
            guard::session(session),
            guard::text("key", key, key_len),
            guard::buffer("buf", buf, cap),
            out("needed", needed),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (buffer, mut needed) = (buffer?, needed?);
        Ok(match session?.core.value(key?)? {
            Some(value) => fill(buffer, &mut needed, &value),
            None => MTS_NOT_FOUND,
        })
    })
}

/// Removes the bytes under a key. `flags`: 0 or MTS_VALUE_DURABLE. MTS_NOT_FOUND: there were none.
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_remove_value(
    session: *mut mts_session,
    key: *const c_char,
    key_len: usize,
    flags: u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, err) =
        unsafe { (guard::session(session), guard::text("key", key, key_len), ErrorSlot::new(err)) };
    guard(err, || {
        let removed = session?.core.remove_value(key?, durable(flags)?)?;
        Ok(mts_status::found(removed))
    })
}
