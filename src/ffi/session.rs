//! A session's life.

use std::ffi::c_char;
use std::sync::Arc;

use super::custom::Gate;
use super::error::mts_error;
use super::guard::{self, Buffer, ErrorSlot, Out, fill, free, guard, out, out_handle};
use super::options::{Chosen, FILE_FLAGS, MTS_OPEN_EXISTING, MTS_OPEN_READ_ONLY, mts_options};
use super::status::mts_status;
use super::status::mts_status::*;
use crate::format::telethon_string;
use crate::{MemoryStorage, NoticeKind, Result, Session};

/// A session: all that a client must remember of one account. Made by mts_session_open and its
/// kin; yours, until mts_session_free. Any thread may use it, several at once.
pub struct mts_session {
    pub(super) core: Session,
    /// Of a custom storage.
    gate: Option<Arc<Gate>>,
}

impl mts_session {
    pub(super) fn new(core: Session, gate: Option<Arc<Gate>>) -> mts_session {
        super::fork::watch();
        mts_session { core, gate }
    }

    pub(super) fn refuse_inside_callback(&self) -> Result<()> {
        self.gate.as_deref().map_or(Ok(()), |gate| self.refuse_inside(gate))
    }

    /// Apart, so that the sessions without a gate do nothing for it.
    #[inline(never)]
    fn refuse_inside(&self, gate: &Gate) -> Result<()> {
        // First: in the child of a fork the gate's lock may never come free.
        self.core.check_process()?;
        gate.refuse_inside()
    }
}

/// ==== Opening ====
///
/// Opens the session file at `path`, or creates it (mode 0600). A file that any Telethon since
/// 0.16 wrote opens here; what is created here opens in Telethon. The path is taken as it is: no
/// suffix is added.
///
/// `path`: `path_len` bytes or MTS_Z. `options`: NULL for the defaults. `*out`: the session; free
/// it with mts_session_free.
///
/// MTS_E_OWNED: another client has it open (see MTS_OPEN_SHARED). MTS_E_FORMAT: the file is
/// something else; the message says what. MTS_E_CORRUPT, MTS_E_VERSION, MTS_E_IO,
/// MTS_E_READ_ONLY, MTS_E_BUSY. Whatever fails, the file stays as it was.
///
/// Telethon: `SQLiteSession(path)`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_open(
    path: *const c_char,
    path_len: usize,
    options: *const mts_options,
    out: *mut *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (out, path, options, err) = unsafe {
        (
            out_handle("out", out),
            guard::path("path", path, path_len),
            Chosen::new(options),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (out, path, options) = (out?, path?, options?);
        let session = Session::open(path, &options.sqlite, &options.session)?;
        Ok(out.give(mts_session::new(session, None)))
    })
}

/// Makes a session that lives in memory only and is gone when it is freed. Of the flags of
/// `options`, those that mean a file are refused.
///
/// Telethon: `MemorySession()`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_memory(
    options: *const mts_options,
    out: *mut *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (out, options, err) =
        unsafe { (out_handle("out", out), Chosen::new(options), ErrorSlot::new(err)) };
    guard(err, || {
        let (out, options) = (out?, options?.without_file("a memory session")?);
        let session = Session::new(Box::new(MemoryStorage::default()), &options)?;
        Ok(out.give(mts_session::new(session, None)))
    })
}

/// Makes a memory session from Telethon's string session (`1…`), which holds the home data center
/// and its auth key. An empty text makes an empty session, as in Telethon.
///
/// MTS_E_FORMAT: it is no such string; the message says why, and names the library that it looks
/// like. The text itself never appears in an error.
///
/// Telethon: `StringSession(text)`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_from_string(
    text: *const c_char,
    text_len: usize,
    options: *const mts_options,
    out: *mut *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (out, text, options, err) = unsafe {
        (
            out_handle("out", out),
            guard::text_bytes("text", text, text_len),
            Chosen::new(options),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (out, text, options) = (out?, text?, options?.without_file("a string session")?);
        // What can be read is ASCII. Only what cannot is looked at once more: it may be no text at all.
        let parsed = telethon_string::decode(text)
            .map_err(|error| guard::utf8("text", text).err().unwrap_or(error))?;
        Ok(out.give(mts_session::new(Session::from_parsed(parsed, &options), None)))
    })
}

/// Makes a memory session from the bytes behind Telethon's string session: data center (1 byte),
/// IPv4 or IPv6 address (4 or 16), port (2, big-endian), auth key (256). For callers who encode
/// them in their own way.
///
/// Telethon: a subclass of `StringSession` with its own `decode`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_from_packed(
    packed: *const u8,
    packed_len: usize,
    options: *const mts_options,
    out: *mut *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (out, packed, options, err) = unsafe {
        (
            out_handle("out", out),
            guard::bytes("packed", packed, packed_len),
            Chosen::new(options),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (out, packed, options) = (out?, packed?, options?.without_file("a string session")?);
        let session = Session::from_packed(packed, &options)?;
        Ok(out.give(mts_session::new(session, None)))
    })
}

/// ==== Saving, closing, copying ====
///
/// Writes everything that waits in memory: entities, update states, files, salts, plain values.
/// One transaction of one instant: all of it, or nothing. (Data center, keys, takeout and identity
/// need no save: they are durable when their setter returns.) When it fails, everything stays in
/// memory and the next save tries again.
///
/// Telethon: `save()`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_save(
    session: *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || session?.core.save().map(|()| MTS_OK))
}

/// Saves and lets go of the file and its owner lock. Other threads may be inside calls: it waits
/// for them; later calls answer MTS_E_CLOSED, but mts_session_delete and mts_session_next_notice.
/// Closing twice is fine; after a failure it may be tried again. The session must still be freed.
///
/// Telethon: `close()`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_close(
    session: *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || session?.core.close().map(|()| MTS_OK))
}

/// Frees a session; NULL is fine. It must be the last use: no other thread may be inside a call.
/// A session that was not closed is saved first, without waiting for other programs; to learn
/// whether that worked, close it. Inside a callback of its own storage it does nothing, and neither
/// does it in a child process after fork where the storage is your own.
///
/// Telethon: what happens when the session object is collected. May call back a custom storage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_session_free(session: *mut mts_session) {
    // SAFETY: the header's promises.
    unsafe {
        if guard::session(session).is_ok() {
            free(session);
        }
    }
}

/// Closes the session and removes what keeps it: the file with its side files, or the entities and
/// the account record of a custom storage. What waits unsaved is dropped. Where it fails, the session
/// goes on. A session that is closed already is removed as well; MTS_E_OWNED: another client has
/// opened it since. It must still be freed.
///
/// Telethon: `delete()`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_delete(
    session: *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || session?.core.delete().map(|()| MTS_OK))
}

/// Copies everything, what waits unsaved included, into a new session: a file at `path`, or memory
/// where `path` is NULL (`path_len` 0). The original stays open and as it was. The file appears when
/// it is complete. A copy is for keeping: the server ends the login of two clients on one auth key.
///
/// `*out`: the copy, open; free it with mts_session_free. MTS_E_EXISTS: there is something at `path`
/// already.
///
/// Telethon: `clone()`, which copies nothing but options. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_clone_to(
    session: *mut mts_session,
    path: *const c_char,
    path_len: usize,
    options: *const mts_options,
    out: *mut *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    let in_memory = path.is_null() && path_len == 0;
    // SAFETY: the header's promises.
    let (session, out, path, options, err) = unsafe {
        (
            guard::session(session),
            out_handle("out", out),
            (!in_memory).then(|| guard::path("path", path, path_len)).transpose(),
            Chosen::new(options),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (session, out, path, options) = (session?, out?, path?, options?);
        match path {
            Some(_) => options.refuse(MTS_OPEN_READ_ONLY | MTS_OPEN_EXISTING, "a copy")?,
            None => options.refuse(FILE_FLAGS, "a copy in memory")?,
        }
        let copy = session.core.clone_to(path, &options.sqlite, &options.session)?;
        Ok(out.give(mts_session::new(copy, None)))
    })
}

/// Notice: a save that the session made by itself failed. Everything is still in memory.
pub const MTS_NOTICE_SAVE_FAILED: i32 = 1;
/// Notice: the storage met something odd: a damaged cell that was skipped, an import.
pub const MTS_NOTICE_STORAGE: i32 = 2;
/// Notice: somebody else wrote the storage; what had been read of it is read again.
pub const MTS_NOTICE_CHANGED_ELSEWHERE: i32 = 3;
/// Notice: older notices were dropped, because nobody fetched them.
pub const MTS_NOTICE_DROPPED: i32 = 4;

const _: () = assert!(MTS_NOTICE_SAVE_FAILED == NoticeKind::SaveFailed as i32);
const _: () = assert!(MTS_NOTICE_STORAGE == NoticeKind::Storage as i32);
const _: () = assert!(MTS_NOTICE_CHANGED_ELSEWHERE == NoticeKind::ChangedElsewhere as i32);
const _: () = assert!(MTS_NOTICE_DROPPED == NoticeKind::Dropped as i32);

/// The next thing you should hear of but did not ask for: what other libraries log. Ask now and
/// then, until MTS_DONE.
///
/// `*kind`: one of MTS_NOTICE_*. `buf`: gets one line of UTF-8 text and a NUL. `*needed`: length of
/// the text with its NUL. MTS_DONE: there is none. MTS_TOO_SMALL: it stays the next one.
/// What happened in a close can still be asked for after it.
///
/// Telethon: its `logging`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_next_notice(
    session: *mut mts_session,
    kind: *mut i32,
    buf: *mut c_char,
    cap: usize,
    needed: *mut usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, kind, buffer, needed, err) = unsafe {
        (
            guard::session(session),
            out("kind", kind),
            guard::buffer("buf", buf.cast(), cap),
            out("needed", needed),
            ErrorSlot::new(err),
        )
    };
    guard(err, || next_notice(session?, kind?, buffer?, needed?))
}

fn next_notice(
    session: &mts_session,
    mut kind: Out<'_, i32>,
    buffer: Buffer<'_>,
    mut needed: Out<'_, usize>,
) -> Result<mts_status> {
    let Some(notice) = session.core.next_notice()? else {
        return Ok(MTS_DONE);
    };
    kind.put(&(notice.kind as i32));
    let status = fill(buffer, &mut needed, &[notice.text.as_bytes(), b"\0"].concat());
    if status == MTS_TOO_SMALL {
        session.core.return_notice(notice);
    }
    Ok(status)
}
