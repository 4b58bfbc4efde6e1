//! The login: home data center, its keys, takeout, identity.

use super::error::mts_error;
use super::guard::{self, ErrorSlot, Out, guard, out, out_sized, plain};
use super::session::mts_session;
use super::status::mts_status;
use super::status::mts_status::*;
use crate::{AuthKey, Identity, Result};

/// Length of every auth key, in bytes.
pub const MTS_AUTH_KEY_LEN: usize = 256;

const _: () = assert!(MTS_AUTH_KEY_LEN == AuthKey::LEN);

/// The auth key of the home data center: 256 bytes written to `key`, which is zeroed on every other
/// path. MTS_NOT_FOUND: not logged in. Wipe your copy when you are done with it.
///
/// Telethon: `auth_key`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_auth_key(
    session: *const mts_session,
    key: *mut u8,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises; `key` has 256 bytes.
    let (session, key, err) = unsafe {
        (
            guard::session(session),
            out::<[u8; MTS_AUTH_KEY_LEN]>("key", key.cast()),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let mut out = key?;
        session?.core.with_auth_key(|key| give_key(&mut out, key))
    })
}

fn give_key(out: &mut Out<'_, [u8; MTS_AUTH_KEY_LEN]>, key: Option<&AuthKey>) -> mts_status {
    out.answer(key.map(AuthKey::as_bytes))
}

/// Sets the auth key of the home data center, durably: it is on the disk when this returns.
/// `key_len` must be 256. Where no home data center is known yet the key is kept all the same, but
/// mts_session_to_string answers MTS_NOT_FOUND until mts_session_set_dc told it.
///
/// Telethon: `auth_key = …` and `save()`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_auth_key(
    session: *mut mts_session,
    key: *const u8,
    key_len: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, err) = unsafe {
        (guard::session(session), guard::bytes("key", key, key_len), ErrorSlot::new(err))
    };
    guard(err, || {
        session?.core.set_auth_key(Some(&AuthKey::new(key?)?))?;
        Ok(MTS_OK)
    })
}

/// Removes the auth key of the home data center, durably: the session is logged out. Entities and
/// update states stay.
///
/// Telethon: `auth_key = None` and `save()`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_clear_auth_key(
    session: *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || session?.core.set_auth_key(None).map(|()| MTS_OK))
}

/// Id of the auth key of the home data center, bytes 12 to 20 of its SHA-1 as a little-endian
/// number: what goes on the wire before each message. It tells keys apart and reveals none.
/// MTS_NOT_FOUND: not logged in.
///
/// Telethon: `auth_key.key_id`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_auth_key_id(
    session: *const mts_session,
    id: *mut u64,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, id, err) =
        unsafe { (guard::session(session), out("id", id), ErrorSlot::new(err)) };
    guard(err, || {
        let mut out = id?;
        session?.core.with_auth_key(|key| out.answer(key.map(AuthKey::id).as_ref()))
    })
}

/// The temporary auth key of the home data center: 256 bytes written to `key`, which is zeroed on
/// every other path. MTS_NOT_FOUND: there is none.
///
/// Telethon: `tmp_auth_key`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_tmp_auth_key(
    session: *const mts_session,
    key: *mut u8,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises; `key` has 256 bytes.
    let (session, key, err) = unsafe {
        (
            guard::session(session),
            out::<[u8; MTS_AUTH_KEY_LEN]>("key", key.cast()),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let mut out = key?;
        session?.core.with_tmp_auth_key(|key| give_key(&mut out, key))
    })
}

/// Sets the temporary auth key of the home data center. It is stored, durably, only where
/// MTS_OPEN_STORE_TMP_AUTH_KEY asked for it. `key_len` must be 256.
///
/// Telethon: `tmp_auth_key = …`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_tmp_auth_key(
    session: *mut mts_session,
    key: *const u8,
    key_len: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, err) = unsafe {
        (guard::session(session), guard::bytes("key", key, key_len), ErrorSlot::new(err))
    };
    guard(err, || {
        session?.core.set_tmp_auth_key(Some(&AuthKey::new(key?)?))?;
        Ok(MTS_OK)
    })
}

/// Removes the temporary auth key of the home data center.
///
/// Telethon: `tmp_auth_key = None`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_clear_tmp_auth_key(
    session: *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || session?.core.set_tmp_auth_key(None).map(|()| MTS_OK))
}

/// Id of the takeout that is not finished yet. MTS_NOT_FOUND: there is none.
///
/// Telethon: `takeout_id`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_takeout_id(
    session: *const mts_session,
    id: *mut i64,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, id, err) =
        unsafe { (guard::session(session), out("id", id), ErrorSlot::new(err)) };
    guard(err, || {
        let mut out = id?;
        Ok(out.answer(session?.core.takeout_id()?.as_ref()))
    })
}

/// Remembers an unfinished takeout, durably.
///
/// Telethon: `takeout_id = …`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_takeout_id(
    session: *mut mts_session,
    id: i64,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || session?.core.set_takeout_id(Some(id)).map(|()| MTS_OK))
}

/// Forgets the takeout, durably: it is finished.
///
/// Telethon: `takeout_id = None`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_clear_takeout_id(
    session: *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || session?.core.set_takeout_id(None).map(|()| MTS_OK))
}

/// Identity: the account is a bot.
pub const MTS_IDENTITY_BOT: u32 = 1;
/// Identity: the account lives on the test servers.
pub const MTS_IDENTITY_TEST_MODE: u32 = 2;

/// Who is logged in. A zeroed one says that nothing is known.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct mts_identity {
    /// The account's own user id; 0 when not known.
    pub user_id: i64,
    /// The api id the key was made with; 0 when not known.
    pub api_id: i32,
    /// Any of MTS_IDENTITY_*.
    pub flags: u32,
}

plain!(mts_identity = 16);

/// Who is logged in. `out_size`: sizeof(mts_identity).
///
/// Telethon: the row with id 0 in `entities`, for the user id. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_identity(
    session: *const mts_session,
    out: *mut mts_identity,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, out, err) =
        unsafe { (guard::session(session), out_sized("out", out, out_size), ErrorSlot::new(err)) };
    guard(err, || {
        let mut out = out?;
        let identity = session?.core.identity()?;
        let flag = |on, flag| if on { flag } else { 0 };
        out.put(&mts_identity {
            user_id: identity.user_id,
            api_id: identity.api_id,
            flags: flag(identity.bot, MTS_IDENTITY_BOT)
                | flag(identity.test_mode, MTS_IDENTITY_TEST_MODE),
        });
        Ok(MTS_OK)
    })
}

/// Sets who is logged in, durably. Another user id than the one before means another account: its
/// entities, update states and files are dropped, for their hashes are of no use to this one.
/// `identity_size`: sizeof(mts_identity).
///
/// Telethon: `process_entities` with the own user. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_identity(
    session: *mut mts_session,
    identity: *const mts_identity,
    identity_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, identity, err) = unsafe {
        (
            guard::session(session),
            guard::record("identity", identity, identity_size),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        session?.core.set_identity(&identity_of(&identity?)?)?;
        Ok(MTS_OK)
    })
}

fn identity_of(record: &mts_identity) -> Result<Identity> {
    guard::check_flags("identity", record.flags, MTS_IDENTITY_BOT | MTS_IDENTITY_TEST_MODE)?;
    Ok(Identity {
        user_id: record.user_id,
        bot: record.flags & MTS_IDENTITY_BOT != 0,
        test_mode: record.flags & MTS_IDENTITY_TEST_MODE != 0,
        api_id: record.api_id,
    })
}
