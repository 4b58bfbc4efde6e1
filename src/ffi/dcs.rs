//! Data centers, their keys and salts.

use std::ffi::c_char;

use zeroize::Zeroize;

use super::entities::mts_page;
use super::error::mts_error;
use super::guard::{self, ErrorSlot, fill_page, guard, out_sized, plain, room, utf8};
use super::session::mts_session;
use super::status::mts_status;
use super::status::mts_status::*;
use crate::{AuthKey, Dc, DcKey, DcOption, Error, KeySlot, Result, Salt};

/// Data center option: the host is an IPv6 address.
pub const MTS_DC_IPV6: u32 = 1;
/// Data center option: for media only.
pub const MTS_DC_MEDIA_ONLY: u32 = 2;
/// Data center option: speaks obfuscated TCP only.
pub const MTS_DC_TCPO_ONLY: u32 = 4;
/// Data center option: a content delivery data center.
pub const MTS_DC_CDN: u32 = 8;
/// Data center option: the address is static.
pub const MTS_DC_STATIC: u32 = 16;
/// Data center option: only this port is to be used.
pub const MTS_DC_THIS_PORT_ONLY: u32 = 32;

const _: () = assert!(MTS_DC_IPV6 == DcOption::IPV6);
const _: () = assert!(MTS_DC_MEDIA_ONLY == DcOption::MEDIA_ONLY);
const _: () = assert!(MTS_DC_TCPO_ONLY == DcOption::TCPO_ONLY);
const _: () = assert!(MTS_DC_CDN == DcOption::CDN);
const _: () = assert!(MTS_DC_STATIC == DcOption::STATIC);
const _: () = assert!(MTS_DC_THIS_PORT_ONLY == DcOption::THIS_PORT_ONLY);

/// A way to reach a data center.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mts_dc {
    /// Number of the data center, 1 and up; 0 (out only) in a file that tells the address but not
    /// the number.
    pub id: i32,
    /// TCP port, 1 to 65535.
    pub port: u32,
    /// Any of MTS_DC_*; 0 for the home data center.
    pub flags: u32,
    /// Length of `host`, at most 255.
    pub host_len: u32,
    /// IPv4 address, IPv6 address without brackets, or host name. Out: ends in NUL.
    pub host: [c_char; 256],
    /// Length of `secret`, at most 32; 0 for none.
    pub secret_len: u32,
    /// Secret of an obfuscated endpoint.
    pub secret: [u8; 32],
    /// Zero.
    pub reserved: u32,
}

plain!(mts_dc = 312);

impl mts_dc {
    fn new(dc: &Dc, flags: u32, secret: &[u8]) -> mts_dc {
        let mut record = mts_dc {
            id: dc.id,
            port: dc.port.into(),
            flags,
            host_len: 0,
            host: [0; 256],
            secret_len: 0,
            secret: [0; 32],
            reserved: 0,
        };
        // The core holds no longer ones; whatever it holds, the NUL stays.
        for (place, byte) in record.host.iter_mut().take(Dc::MAX_HOST).zip(dc.host.bytes()) {
            *place = byte as c_char;
            record.host_len += 1;
        }
        for (place, byte) in record.secret.iter_mut().zip(secret) {
            *place = *byte;
            record.secret_len += 1;
        }
        record
    }

    fn option(&self) -> Result<DcOption> {
        let host: [u8; 256] = self.host.map(|byte| byte as u8);
        let host = host.get(..self.host_len as usize).ok_or_else(|| {
            Error::argument(format!("host_len is {}; at most 255 is possible", self.host_len))
        })?;
        let secret = self.secret.get(..self.secret_len as usize).ok_or_else(|| {
            Error::argument(format!("secret_len is {}; at most 32 is possible", self.secret_len))
        })?;
        // What it says is judged by the core.
        let dc = Dc { id: self.id, host: utf8("host", host)?.into(), port: port(self.port)? };
        Ok(DcOption { dc, flags: self.flags, secret: secret.to_vec() })
    }
}

fn port(port: u32) -> Result<u16> {
    u16::try_from(port)
        .map_err(|_| Error::argument(format!("port {port} is impossible; at most 65535 is")))
}

/// ==== The login ====
///
/// The home data center. MTS_NOT_FOUND: none is set yet. `out_size`: sizeof(mts_dc).
///
/// Telethon: `dc_id`, `server_address`, `port`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_dc(
    session: *const mts_session,
    out: *mut mts_dc,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, out, err) =
        unsafe { (guard::session(session), out_sized("out", out, out_size), ErrorSlot::new(err)) };
    guard(err, || {
        let mut out = out?;
        let dc = session?.core.dc()?;
        Ok(out.answer(dc.map(|dc| mts_dc::new(&dc, 0, &[])).as_ref()))
    })
}

/// Sets the home data center, durably. The auth key stays: where the login moved, set both with
/// mts_session_set_home. `host`: `host_len` bytes or MTS_Z; an IPv4 or IPv6 address or a name.
///
/// Telethon: `set_dc(id, host, port)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_dc(
    session: *mut mts_session,
    id: i32,
    host: *const c_char,
    host_len: usize,
    port: u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, host, err) = unsafe {
        (guard::session(session), guard::text("host", host, host_len), ErrorSlot::new(err))
    };
    guard(err, || {
        session?.core.set_dc(id, host?, self::port(port)?)?;
        Ok(MTS_OK)
    })
}

/// Moves the login: data center `dc`, whose address is taken from the options that were put, and
/// its auth key become home in one step, durably. The old home's key is kept (mts_session_key).
/// `key_len` must be 256. MTS_E_ARGUMENT: no address of that data center is known; put its options
/// first.
///
/// Telethon: `set_dc` and `auth_key = …`, which is two steps. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_home(
    session: *mut mts_session,
    dc: i32,
    key: *const u8,
    key_len: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, err) = unsafe {
        (guard::session(session), guard::bytes("key", key, key_len), ErrorSlot::new(err))
    };
    guard(err, || {
        session?.core.set_home(dc, &AuthKey::new(key?)?)?;
        Ok(MTS_OK)
    })
}

/// ==== Other data centers ====
///
/// The ways to the data centers, in the order in which they were put, page by page. `first`: 0 to
/// begin, then `page->next`. `out`: room for `cap` records of `stride` bytes. MTS_OK: there are
/// more. MTS_DONE: this was the last page.
///
/// Telethon: none; it asks the server each time. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_dc_options(
    session: *const mts_session,
    first: i64,
    out: *mut mts_dc,
    cap: usize,
    stride: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (page, session, room, err) = unsafe {
        (
            guard::out("page", page),
            guard::session(session),
            room("out", out, cap, stride),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (mut page, session, mut room) = (page?, session?, room?);
        let mut waiting = numbered(session.core.dc_options()?, first)?;
        let (filled, status) = fill_page(
            room.cap(),
            |_, max| Ok(waiting.by_ref().take(max).collect()),
            |(next, _)| *next,
            |index, (_, option)| {
                room.put(index, &mts_dc::new(&option.dc, option.flags, &option.secret));
                true
            },
            |_| 0,
        )?;
        page.put(&filled);
        Ok(status)
    })
}

/// `rows` from number `first` on, each with the number of the one behind it.
fn numbered<R>(rows: Vec<R>, first: i64) -> Result<impl Iterator<Item = (i64, R)>> {
    let skip = usize::try_from(first)
        .map_err(|_| Error::argument(format!("first is {first}; begin with 0")))?;
    Ok((1..).zip(rows).skip(skip))
}

/// Replaces the ways to the data centers by these (`count` 0 removes all), durably.
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_put_dc_options(
    session: *mut mts_session,
    records: *const mts_dc,
    count: usize,
    stride: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, rows, err) = unsafe {
        (
            guard::session(session),
            guard::rows("records", records, count, stride),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let options = (rows?.iter().enumerate())
            .map(|(index, row)| row.option().map_err(|error| error.at(format!("record {index}"))))
            .collect::<Result<Vec<_>>>()?;
        session?.core.set_dc_options(options)?;
        Ok(MTS_OK)
    })
}

/// Slot of a data center's key: the permanent auth key.
pub const MTS_SLOT_PERMANENT: u32 = 0;
/// Slot of a data center's key: the temporary auth key bound to it.
pub const MTS_SLOT_TEMPORARY: u32 = 1;
/// Slot of a data center's key: the temporary auth key of the media connection.
pub const MTS_SLOT_MEDIA_TEMPORARY: u32 = 2;

const _: () = assert!(MTS_SLOT_PERMANENT == KeySlot::Permanent as u32);
const _: () = assert!(MTS_SLOT_TEMPORARY == KeySlot::Temporary as u32);
const _: () = assert!(MTS_SLOT_MEDIA_TEMPORARY == KeySlot::MediaTemporary as u32);

/// A key of one data center.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mts_key {
    /// The data center.
    pub dc: i32,
    /// One of MTS_SLOT_*.
    pub slot: u32,
    /// When it was made, unix seconds; 0 when not known.
    pub created: i64,
    /// When it stops to be valid, unix seconds; 0 for never.
    pub expires: i64,
    /// The user it is authorised for; 0 when none or not known.
    pub user_id: i64,
    /// The key. Secret: wipe your copy.
    pub key: [u8; 256],
}

plain!(mts_key = 288);

fn slot(number: u32) -> Result<KeySlot> {
    KeySlot::from_number(number).ok_or_else(|| {
        Error::argument(format!(
            "there is no slot {number}; a key is permanent (0), temporary (1) or temporary for \
                 media (2)"
        ))
    })
}

/// The key of data center `dc` in `slot` (MTS_SLOT_*). That of the home data center is the same as
/// mts_session_auth_key answers. MTS_NOT_FOUND: there is none. `out_size`: sizeof(mts_key).
///
/// Telethon: none; it imports the login anew each time. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_key(
    session: *const mts_session,
    dc: i32,
    slot: u32,
    out: *mut mts_key,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, out, err) =
        unsafe { (guard::session(session), out_sized("out", out, out_size), ErrorSlot::new(err)) };
    guard(err, || {
        let mut out = out?;
        let Some(key) = session?.core.key(dc, self::slot(slot)?)? else {
            return Ok(MTS_NOT_FOUND);
        };
        let mut record = mts_key {
            dc: key.dc,
            slot: key.slot as u32,
            created: key.created,
            expires: key.expires,
            user_id: key.user_id,
            key: *key.key.as_bytes(),
        };
        out.put(&record);
        record.key.zeroize();
        Ok(MTS_OK)
    })
}

/// Sets the key of a data center, durably. `key_size`: sizeof(mts_key).
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_put_key(
    session: *mut mts_session,
    key: *const mts_key,
    key_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, err) = unsafe {
        (guard::session(session), guard::boxed_record("key", key, key_size), ErrorSlot::new(err))
    };
    guard(err, || {
        let mut record = key?;
        let key = AuthKey::new(&record.key);
        record.key.zeroize();
        session?.core.set_key(&DcKey {
            dc: record.dc,
            slot: slot(record.slot)?,
            key: key?,
            created: record.created,
            expires: record.expires,
            user_id: record.user_id,
        })?;
        Ok(MTS_OK)
    })
}

/// Forgets a key of a data center, durably. MTS_NOT_FOUND: there was none.
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_forget_key(
    session: *mut mts_session,
    dc: i32,
    slot: u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || Ok(mts_status::found(session?.core.forget_key(dc, self::slot(slot)?)?)))
}

/// A server salt.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct mts_salt {
    /// The salt.
    pub salt: i64,
    /// First unix second of its validity.
    pub since: i64,
    /// Unix second at which it ends.
    pub until: i64,
}

plain!(mts_salt = 24);

/// The salts of data center `dc`, page by page; see mts_session_dc_options.
///
/// Telethon: none; it keeps one salt while it runs. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_salts(
    session: *const mts_session,
    dc: i32,
    first: i64,
    out: *mut mts_salt,
    cap: usize,
    stride: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (page, session, room, err) = unsafe {
        (
            guard::out("page", page),
            guard::session(session),
            room("out", out, cap, stride),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (mut page, session, mut room) = (page?, session?, room?);
        let mut waiting = numbered(session.core.salts(dc)?, first)?;
        let (filled, status) = fill_page(
            room.cap(),
            |_, max| Ok(waiting.by_ref().take(max).collect()),
            |(next, _)| *next,
            |index, (_, Salt { salt, since, until, .. })| {
                room.put(index, &mts_salt { salt: *salt, since: *since, until: *until });
                true
            },
            |_| 0,
        )?;
        page.put(&filled);
        Ok(status)
    })
}

/// Replaces the salts of data center `dc` by these (`count` 0 removes them). They wait for the next
/// save.
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_put_salts(
    session: *mut mts_session,
    dc: i32,
    records: *const mts_salt,
    count: usize,
    stride: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, rows, err) = unsafe {
        (
            guard::session(session),
            guard::rows("records", records, count, stride),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let rows = rows?;
        let salts: Vec<Salt> = (rows.iter())
            .map(|mts_salt { salt, since, until }| Salt { dc, salt, since, until })
            .collect();
        session?.core.set_salts(dc, &salts)?;
        Ok(MTS_OK)
    })
}
