//! Peers: finding them.

use std::ffi::c_char;

use super::entities::{mts_entity, mts_page, mts_text, record, texts};
use super::error::mts_error;
use super::guard::{self, Buffer, ErrorSlot, HeapOut, Out, guard, out_sized, plain};
use super::session::mts_session;
use super::status::mts_status;
use super::status::mts_status::*;
use crate::{How, InputPeer, Look, PeerKind, Result};

/// Look-up: never ask the storage, only what is in memory.
pub const MTS_LOOK_MEMORY_ONLY: u32 = 1;
/// Look-up by any text: a text that means nothing else may be a display name. (They are not unique,
/// so this is off by default.)
pub const MTS_LOOK_NAMES: u32 = 2;
/// Look-up by id: the id is bare, as on the wire, and of unknown kind; a channel, a chat and a user
/// are tried, in this order, which is Telethon's.
pub const MTS_LOOK_BARE_ID: u32 = 4;

/// Kind of a peer: a user or a bot.
pub const MTS_PEER_USER: u32 = 1;
/// Kind of a peer: a chat, that is a basic group.
pub const MTS_PEER_CHAT: u32 = 2;
/// Kind of a peer: a channel or supergroup.
pub const MTS_PEER_CHANNEL: u32 = 3;

const _: () = assert!(MTS_PEER_USER == PeerKind::User as u32);
const _: () = assert!(MTS_PEER_CHAT == PeerKind::Chat as u32);
const _: () = assert!(MTS_PEER_CHANNEL == PeerKind::Channel as u32);

/// What a request needs to name a peer: inputPeerUser, inputPeerChat, inputPeerChannel.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mts_input_peer {
    /// Marked id.
    pub id: i64,
    /// Bare id, as on the wire.
    pub bare_id: i64,
    /// Access hash. A chat needs none: 0, unless one was put for it.
    pub access_hash: i64,
    /// When the peer was last seen, unix seconds; 0 when not known.
    pub seen: i64,
    /// One of MTS_PEER_*.
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
}

plain!(mts_input_peer = 40);

impl From<InputPeer> for mts_input_peer {
    fn from(peer: InputPeer) -> mts_input_peer {
        mts_input_peer {
            id: peer.id.marked(),
            bare_id: peer.id.bare(),
            access_hash: peer.access_hash,
            seen: peer.seen,
            kind: peer.id.kind() as u32,
            reserved: 0,
        }
    }
}

fn how(flags: u32, known: u32) -> Result<How> {
    guard::check_flags("how", flags, known)?;
    Ok(How { memory_only: flags & MTS_LOOK_MEMORY_ONLY != 0, names: flags & MTS_LOOK_NAMES != 0 })
}

fn look_id(id: i64, how: u32) -> Look<'static> {
    if how & MTS_LOOK_BARE_ID != 0 { Look::BareId(id) } else { Look::Id(id) }
}

fn find_input_peer(
    session: &mts_session,
    by: Look<'_>,
    how: How,
    mut out: Out<'_, mts_input_peer>,
) -> Result<mts_status> {
    let Some(found) = session.core.find_input_peer(by, how)? else {
        return Ok(MTS_NOT_FOUND);
    };
    out.put(&found.item.into());
    Ok(if found.ambiguous { MTS_AMBIGUOUS } else { MTS_OK })
}

fn find_entity(
    session: &mts_session,
    by: Look<'_>,
    how: How,
    mut out: Out<'_, mts_entity>,
    heap: Buffer<'_>,
    mut page: Out<'_, mts_page>,
) -> Result<mts_status> {
    let Some(found) = session.core.find_entity(by, how)? else {
        return Ok(MTS_NOT_FOUND);
    };
    let entity = &found.item;
    let mut heap = HeapOut::new(heap);
    let places = heap.add(texts(entity));
    out.put(&record(entity, places.unwrap_or([mts_text::default(); 3])));
    page.put(&mts_page {
        next: entity.id.marked(),
        count: 1,
        heap_len: heap.len(),
        heap_needed: HeapOut::needed(texts(entity)),
        reserved: 0,
    });
    Ok(match places {
        None => MTS_TOO_SMALL,
        Some(_) if found.ambiguous => MTS_AMBIGUOUS,
        Some(_) => MTS_OK,
    })
}

/// ==== Peers: finding them ====
///
/// The peer that a text names, ready for a request. The text is what a person types or a program
/// stores: "@name", "name", a t.me or tg:// link, a phone number, the marked id of a chat or channel
/// ("-1001300400500"), "me" or "self". Digits alone are a phone number: a user's id is for
/// mts_session_input_peer_by_id, or "tg://user?id=…". With MTS_LOOK_NAMES in `how`, a display name
/// too.
///
/// `how`: any of MTS_LOOK_*. `out_size`: sizeof(mts_input_peer). MTS_NOT_FOUND: nobody known is
/// named so; ask the server. MTS_AMBIGUOUS: several peers bear that display name; `*out` is the one
/// seen last. A chat needs not to be known: its id says it all.
///
/// Telethon: `get_input_entity(key)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_input_peer(
    session: *const mts_session,
    key: *const c_char,
    key_len: usize,
    how: u32,
    out: *mut mts_input_peer,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, out, err) = unsafe {
        (
            guard::session(session),
            guard::text("key", key, key_len),
            out_sized("out", out, out_size),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY | MTS_LOOK_NAMES)?;
        find_input_peer(session?, Look::Text(key?), how, out?)
    })
}

/// The peer with this marked id, or with MTS_LOOK_BARE_ID this bare id. As mts_session_input_peer.
///
/// Telethon: `get_input_entity(id)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_input_peer_by_id(
    session: *const mts_session,
    id: i64,
    how: u32,
    out: *mut mts_input_peer,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, out, err) =
        unsafe { (guard::session(session), out_sized("out", out, out_size), ErrorSlot::new(err)) };
    guard(err, || {
        let (by, how) =
            (look_id(id, how), self::how(how, MTS_LOOK_MEMORY_ONLY | MTS_LOOK_BARE_ID)?);
        find_input_peer(session?, by, how, out?)
    })
}

/// The peer with this username, with or without "@", in any case. As mts_session_input_peer.
///
/// Telethon: `get_input_entity("@name")`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_input_peer_by_username(
    session: *const mts_session,
    username: *const c_char,
    username_len: usize,
    how: u32,
    out: *mut mts_input_peer,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, username, out, err) = unsafe {
        (
            guard::session(session),
            guard::text("username", username, username_len),
            out_sized("out", out, out_size),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY)?;
        find_input_peer(session?, Look::Username(username?), how, out?)
    })
}

/// The peer with this phone number; anything but digits is ignored. As mts_session_input_peer.
///
/// Telethon: `get_input_entity("+…")`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_input_peer_by_phone(
    session: *const mts_session,
    phone: *const c_char,
    phone_len: usize,
    how: u32,
    out: *mut mts_input_peer,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, phone, out, err) = unsafe {
        (
            guard::session(session),
            guard::text("phone", phone, phone_len),
            out_sized("out", out, out_size),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY)?;
        find_input_peer(session?, Look::Phone(phone?), how, out?)
    })
}

/// The peer with exactly this display name. As mts_session_input_peer; MTS_AMBIGUOUS is common.
///
/// Telethon: `get_input_entity("First Last")`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_input_peer_by_name(
    session: *const mts_session,
    name: *const c_char,
    name_len: usize,
    how: u32,
    out: *mut mts_input_peer,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, name, out, err) = unsafe {
        (
            guard::session(session),
            guard::text("name", name, name_len),
            out_sized("out", out, out_size),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY)?;
        find_input_peer(session?, Look::Name(name?), how, out?)
    })
}

/// Everything that is known of the peer that a text names; the text is that of
/// mts_session_input_peer.
///
/// `how`: any of MTS_LOOK_*. `out_size`: sizeof(mts_entity). `heap`: room for its texts (see
/// mts_page); NULL where they do not matter. MTS_TOO_SMALL: the heap is too small; all numbers of
/// `*out` are valid, the texts are empty, `page->heap_needed` tells the size. MTS_NOT_FOUND,
/// MTS_AMBIGUOUS: as mts_session_input_peer.
///
/// Telethon: `get_entity_rows_by_…` for any key. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_entity(
    session: *const mts_session,
    key: *const c_char,
    key_len: usize,
    how: u32,
    out: *mut mts_entity,
    out_size: usize,
    heap: *mut u8,
    heap_cap: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, key, out, heap, page, err) = unsafe {
        (
            guard::session(session),
            guard::text("key", key, key_len),
            out_sized("out", out, out_size),
            guard::buffer("heap", heap, heap_cap),
            guard::out("page", page),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY | MTS_LOOK_NAMES)?;
        find_entity(session?, Look::Text(key?), how, out?, heap?, page?)
    })
}

/// Everything that is known of the peer with this marked id, or with MTS_LOOK_BARE_ID this bare id.
/// As mts_session_entity.
///
/// Telethon: `get_entity_rows_by_id(id, exact)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_entity_by_id(
    session: *const mts_session,
    id: i64,
    how: u32,
    out: *mut mts_entity,
    out_size: usize,
    heap: *mut u8,
    heap_cap: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, out, heap, page, err) = unsafe {
        (
            guard::session(session),
            out_sized("out", out, out_size),
            guard::buffer("heap", heap, heap_cap),
            guard::out("page", page),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (by, how) =
            (look_id(id, how), self::how(how, MTS_LOOK_MEMORY_ONLY | MTS_LOOK_BARE_ID)?);
        find_entity(session?, by, how, out?, heap?, page?)
    })
}

/// Everything that is known of the peer with this username. As mts_session_entity.
///
/// Telethon: `get_entity_rows_by_username(name)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_entity_by_username(
    session: *const mts_session,
    username: *const c_char,
    username_len: usize,
    how: u32,
    out: *mut mts_entity,
    out_size: usize,
    heap: *mut u8,
    heap_cap: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, username, out, heap, page, err) = unsafe {
        (
            guard::session(session),
            guard::text("username", username, username_len),
            out_sized("out", out, out_size),
            guard::buffer("heap", heap, heap_cap),
            guard::out("page", page),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY)?;
        find_entity(session?, Look::Username(username?), how, out?, heap?, page?)
    })
}

/// Everything that is known of the peer with this phone number. As mts_session_entity.
///
/// Telethon: `get_entity_rows_by_phone(phone)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_entity_by_phone(
    session: *const mts_session,
    phone: *const c_char,
    phone_len: usize,
    how: u32,
    out: *mut mts_entity,
    out_size: usize,
    heap: *mut u8,
    heap_cap: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, phone, out, heap, page, err) = unsafe {
        (
            guard::session(session),
            guard::text("phone", phone, phone_len),
            out_sized("out", out, out_size),
            guard::buffer("heap", heap, heap_cap),
            guard::out("page", page),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY)?;
        find_entity(session?, Look::Phone(phone?), how, out?, heap?, page?)
    })
}

/// Everything that is known of the peer with exactly this display name. As mts_session_entity;
/// MTS_AMBIGUOUS is common.
///
/// Telethon: `get_entity_rows_by_name(name)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_entity_by_name(
    session: *const mts_session,
    name: *const c_char,
    name_len: usize,
    how: u32,
    out: *mut mts_entity,
    out_size: usize,
    heap: *mut u8,
    heap_cap: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, name, out, heap, page, err) = unsafe {
        (
            guard::session(session),
            guard::text("name", name, name_len),
            out_sized("out", out, out_size),
            guard::buffer("heap", heap, heap_cap),
            guard::out("page", page),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let how = self::how(how, MTS_LOOK_MEMORY_ONLY)?;
        find_entity(session?, Look::Name(name?), how, out?, heap?, page?)
    })
}
