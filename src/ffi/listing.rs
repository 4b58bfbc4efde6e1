//! The sessions of a directory.

use std::ffi::c_char;

use super::entities::{mts_page, mts_text};
use super::error::mts_error;
use super::guard::{self, ErrorSlot, HeapOut, fill_page, guard, plain, room};
use super::status::mts_status;
use crate::listing::{SessionInfo, list_sessions};

/// What is in one session file. Texts are in the heap.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct mts_session_info {
    /// The account's own user id; 0 when not known.
    pub user_id: i64,
    /// Id of the auth key (see mts_session_auth_key_id); 0 without one.
    pub auth_key_id: u64,
    /// How many entities it holds.
    pub entities: u64,
    /// How many update states it holds.
    pub update_states: u64,
    /// Home data center; 0 when not known.
    pub dc: i32,
    /// Its port.
    pub port: u32,
    /// MTS_OK, or the MTS_E_* for which it could not be read.
    pub status: i32,
    /// Zero.
    pub reserved: u32,
    /// Name of the file without `.session`.
    pub name: mts_text,
    /// Path of the file.
    pub path: mts_text,
    /// Who wrote it, like "Telethon 7".
    pub format: mts_text,
    /// Address of the home data center.
    pub host: mts_text,
    /// Why it could not be read.
    pub problem: mts_text,
}

plain!(mts_session_info = 88);

/// ==== Listing ====
///
/// The sessions of a directory (its files `*.session`, not of folders in it), by name, with what is
/// in them; they are read, never written. A file that cannot be read is listed with the reason.
///
/// `after`: NULL (`after_len` 0) to begin, then the name of the last one of the page before.
/// `out`: room for `cap` records of `stride` bytes. `heap`: their texts (see mts_page). MTS_OK:
/// there are more. MTS_DONE: this was the last page. MTS_TOO_SMALL: the heap holds not even one;
/// `page->heap_needed` does.
///
/// Telethon: `list_sessions()`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_list_sessions(
    directory: *const c_char,
    directory_len: usize,
    after: *const c_char,
    after_len: usize,
    out: *mut mts_session_info,
    cap: usize,
    stride: usize,
    heap: *mut u8,
    heap_cap: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (page, directory, after, room, heap, err) = unsafe {
        (
            guard::out("page", page),
            guard::path("directory", directory, directory_len),
            guard::text("after", after, after_len),
            room("out", out, cap, stride),
            guard::buffer("heap", heap, heap_cap),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (mut page, directory, after) = (page?, directory?, after?);
        let (mut room, mut heap) = (room?, HeapOut::new(heap?));
        let mut sessions = list_sessions(directory)?;
        // By what the caller passes as `after`: "a" comes before "a-b", but "a.session" behind
        // "a-b.session".
        sessions.sort_by(|one, other| one.name.cmp(&other.name));
        let mut waiting = sessions.into_iter().filter(|info| info.name.as_str() > after);
        let (mut filled, status) = fill_page(
            room.cap(),
            |_, max| Ok(waiting.by_ref().take(max).collect()),
            |_| 0,
            |index, info| {
                let places = heap.add(texts(info));
                places.inspect(|places| room.put(index, &record(info, *places))).is_some()
            },
            |info| HeapOut::needed(texts(info)),
        )?;
        filled.heap_len = heap.len();
        page.put(&filled);
        Ok(status)
    })
}

fn texts(info: &SessionInfo) -> [&str; 5] {
    [
        &info.name,
        info.path.to_str().unwrap_or_default(),
        &info.format,
        info.dc.as_ref().map_or("", |dc| &dc.host),
        info.problem.as_ref().map_or("", |problem| problem.message()),
    ]
}

fn record(
    info: &SessionInfo,
    [name, path, format, host, problem]: [mts_text; 5],
) -> mts_session_info {
    let status = info.problem.as_ref().map_or(mts_status::MTS_OK, |problem| problem.kind().into());
    mts_session_info {
        user_id: info.user_id,
        auth_key_id: info.key_id,
        entities: info.entities,
        update_states: info.update_states,
        dc: info.dc.as_ref().map_or(0, |dc| dc.id),
        port: info.dc.as_ref().map_or(0, |dc| dc.port.into()),
        status: status as i32,
        reserved: 0,
        name,
        path,
        format,
        host,
        problem,
    }
}
