//! Sent files.

use super::error::mts_error;
use super::guard::{self, ErrorSlot, guard, out_sized, plain};
use super::session::mts_session;
use super::status::mts_status;
use super::status::mts_status::*;
use crate::{Error, FileKey, FileKind, Result, SentFile};

/// Kind of a sent file: a document.
pub const MTS_FILE_DOCUMENT: u32 = 0;
/// Kind of a sent file: a photo.
pub const MTS_FILE_PHOTO: u32 = 1;

const _: () = assert!(MTS_FILE_DOCUMENT == FileKind::Document as u32);
const _: () = assert!(MTS_FILE_PHOTO == FileKind::Photo as u32);

/// A file that was sent before and need not be uploaded again.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mts_file {
    /// MD5 digest of its content.
    pub md5: [u8; 16],
    /// Its size in bytes.
    pub size: i64,
    /// Id that the server knows it by.
    pub id: i64,
    /// Its access hash for this account.
    pub access_hash: i64,
    /// One of MTS_FILE_*: what it was sent as.
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
}

plain!(mts_file = 48);

fn key(md5: [u8; 16], size: i64, kind: u32) -> Result<FileKey> {
    let kind = FileKind::from_number(kind.into()).ok_or_else(|| {
        Error::argument(format!(
            "there is no kind {kind} of files; one is a document (0) or a photo (1)"
        ))
    })?;
    if size < 0 {
        return Err(Error::argument(format!("a file of {size} bytes is impossible")));
    }
    Ok(FileKey { md5, size, kind })
}

/// ==== Sent files ====
///
/// Remembers a file that was sent. It waits in memory for the next save. `file_size`:
/// sizeof(mts_file).
///
/// Telethon: `cache_file(md5, size, instance)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_cache_file(
    session: *mut mts_session,
    file: *const mts_file,
    file_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, file, err) = unsafe {
        (guard::session(session), guard::record("file", file, file_size), ErrorSlot::new(err))
    };
    guard(err, || {
        let file = file?;
        let key = key(file.md5, file.size, file.kind)?;
        let sent = SentFile { id: file.id, access_hash: file.access_hash };
        session?.core.cache_file(&key, &sent)?;
        Ok(MTS_OK)
    })
}

/// A file that was sent before, by its MD5 digest (16 bytes at `md5`), size and kind
/// (MTS_FILE_*). MTS_NOT_FOUND: not sent yet. `out_size`: sizeof(mts_file).
///
/// Telethon: `get_file(md5, size, cls)`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_file(
    session: *const mts_session,
    md5: *const u8,
    size: i64,
    kind: u32,
    out: *mut mts_file,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises; `md5` has 16 bytes.
    let (session, md5, out, err) = unsafe {
        (
            guard::session(session),
            guard::record::<[u8; 16]>("md5", md5.cast(), 16),
            out_sized("out", out, out_size),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (md5, mut out) = (md5?, out?);
        let sent = session?.core.file(&key(md5, size, kind)?)?;
        let file = sent.map(|SentFile { id, access_hash }| mts_file {
            md5,
            size,
            id,
            access_hash,
            kind,
            reserved: 0,
        });
        Ok(out.answer(file.as_ref()))
    })
}
