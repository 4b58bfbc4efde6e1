//! String sessions, out.

use zeroize::Zeroizing;

use super::buffer::mts_buffer;
use super::error::mts_error;
use super::guard::{self, ErrorSlot, OutHandle, guard, out_handle};
use super::session::mts_session;
use super::status::mts_status;
use crate::Result;

/// ==== String sessions ====
///
/// The login as Telethon's string session (`1…`), 353 characters for an IPv4 address and 369 for
/// IPv6. It is as secret as the auth key in it. `*out`: free it with mts_buffer_free, which wipes
/// it. MTS_NOT_FOUND: there is no data center or no auth key to write. MTS_E_ARGUMENT: the host is a
/// name, and the format has room for an address only.
///
/// Telethon: `StringSession.save(session)`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_to_string(
    session: *const mts_session,
    out: *mut *mut mts_buffer,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (out, session, err) =
        unsafe { (out_handle("out", out), guard::session(session), ErrorSlot::new(err)) };
    guard(err, || {
        let (out, session) = (out?, session?);
        give(out, session.core.to_ascii()?)
    })
}

/// The bytes behind mts_session_to_string, for callers who encode them in their own way; see
/// mts_session_from_packed.
///
/// Telethon: a subclass of `StringSession` with its own `encode`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_to_packed(
    session: *const mts_session,
    out: *mut *mut mts_buffer,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (out, session, err) =
        unsafe { (out_handle("out", out), guard::session(session), ErrorSlot::new(err)) };
    guard(err, || {
        let (out, session) = (out?, session?);
        give(out, session.core.to_packed()?)
    })
}

fn give(out: OutHandle<'_, mts_buffer>, bytes: Option<Zeroizing<Vec<u8>>>) -> Result<mts_status> {
    Ok(match bytes {
        Some(bytes) => out.give(mts_buffer::new(bytes)),
        None => mts_status::MTS_NOT_FOUND,
    })
}
