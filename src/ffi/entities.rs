//! Peers: taking them in, listing them.

use std::ffi::c_char;

use smallvec::SmallVec;

use super::error::mts_error;
use super::guard::{self, ErrorSlot, HeapIn, HeapOut, fill_page, guard, out, plain, room};
use super::session::mts_session;
use super::status::mts_status;
use super::status::mts_status::*;
use crate::{Entity, EntityRef, PeerId, Result};

/// A text of a record: `len` bytes of UTF-8 at offset `off` of the heap beside the record. `len` 0
/// means that there is none, so a zeroed one is right.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct mts_text {
    /// Offset of the first byte.
    pub off: u32,
    /// Length in bytes.
    pub len: u32,
}

/// Entity, in: the record tells all there is; an absent text means that the peer has none.
pub const MTS_ENTITY_WHOLE: u32 = 1;
/// Entity, in: only id and access hash are told; all texts stay.
pub const MTS_ENTITY_BARE: u32 = 2;
/// Entity, in: the server marked the object `min`: its hash is not for use, its texts only fill
/// gaps, and it never becomes an entity of its own.
pub const MTS_ENTITY_MIN: u32 = 4;
/// Entity, in: the access hash is not known; the one that is kept stays.
pub const MTS_ENTITY_NO_HASH: u32 = 8;
/// Entity, out: the peer is the account itself. Ignored in.
pub const MTS_ENTITY_SELF: u32 = 16;
/// Entity: a bot.
pub const MTS_ENTITY_BOT: u32 = 32;
/// Entity: a broadcast channel.
pub const MTS_ENTITY_BROADCAST: u32 = 64;
/// Entity: a supergroup.
pub const MTS_ENTITY_MEGAGROUP: u32 = 128;
/// Entity: a supergroup with topics.
pub const MTS_ENTITY_FORUM: u32 = 256;
/// Entity: a supergroup whose members may only read.
pub const MTS_ENTITY_GIGAGROUP: u32 = 512;
/// Entity: a community.
pub const MTS_ENTITY_COMMUNITY: u32 = 1024;
/// Entity: a premium user.
pub const MTS_ENTITY_PREMIUM: u32 = 2048;
/// Entity: a deleted account.
pub const MTS_ENTITY_DELETED: u32 = 4096;
/// Entity: an official, verified peer.
pub const MTS_ENTITY_VERIFIED: u32 = 8192;

const _: () = assert!(MTS_ENTITY_WHOLE == Entity::WHOLE);
const _: () = assert!(MTS_ENTITY_BARE == Entity::BARE);
const _: () = assert!(MTS_ENTITY_MIN == Entity::MIN);
const _: () = assert!(MTS_ENTITY_NO_HASH == Entity::NO_HASH);
const _: () = assert!(MTS_ENTITY_SELF == Entity::SELF);
const _: () = assert!(MTS_ENTITY_BOT == Entity::BOT);
const _: () = assert!(MTS_ENTITY_BROADCAST == Entity::BROADCAST);
const _: () = assert!(MTS_ENTITY_MEGAGROUP == Entity::MEGAGROUP);
const _: () = assert!(MTS_ENTITY_FORUM == Entity::FORUM);
const _: () = assert!(MTS_ENTITY_GIGAGROUP == Entity::GIGAGROUP);
const _: () = assert!(MTS_ENTITY_COMMUNITY == Entity::COMMUNITY);
const _: () = assert!(MTS_ENTITY_PREMIUM == Entity::PREMIUM);
const _: () = assert!(MTS_ENTITY_DELETED == Entity::DELETED);
const _: () = assert!(MTS_ENTITY_VERIFIED == Entity::VERIFIED);

/// What is known of a peer. Without any of WHOLE, BARE and MIN a record adds what it has to what
/// is known.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mts_entity {
    /// Marked id: a user's id, minus a chat's id, -(1000000000000 + a channel's id).
    pub id: i64,
    /// Access hash for this account. A chat needs none: 0, unless one was put for it. In: of a user or
    /// channel, 0 does not replace one that is known, unless the record is whole or bare.
    pub access_hash: i64,
    /// When the peer was seen, unix seconds. In: 0 for now. Out: 0 when not known.
    pub seen: i64,
    /// Any of MTS_ENTITY_*. In: what only a user or only a channel can be is refused for any other peer,
    /// whose id was not marked then.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// Usernames separated by single spaces, the main one first. Out: in lower case, without `@`.
    pub usernames: mts_text,
    /// Phone number. In: anything but digits is dropped. Out: digits only.
    pub phone: mts_text,
    /// Display name: "first last" of a user, else the title.
    pub name: mts_text,
}

/// What a call wrote into your records and your heap.
///
/// A heap that the library wrote begins with a NUL and has one behind each text: `heap + text.off`
/// is a C string also where there is no text.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mts_page {
    /// What to pass to get the page behind this one.
    pub next: i64,
    /// How many records were written.
    pub count: u32,
    /// How many bytes of the heap were written.
    pub heap_len: u32,
    /// With MTS_TOO_SMALL: the size of the heap that was needed.
    pub heap_needed: u32,
    /// Zero.
    pub reserved: u32,
}

plain!(mts_text = 8, mts_entity = 56, mts_page = 24);

/// The record as the core takes it, its texts in place. Inlined, so that it is made where it goes.
#[inline(always)]
pub(super) fn entity_ref<'a>(record: &mts_entity, heap: HeapIn<'a>) -> Result<EntityRef<'a>> {
    Ok(EntityRef {
        id: PeerId::from_marked(record.id)?,
        access_hash: record.access_hash,
        seen: record.seen,
        flags: record.flags,
        usernames: heap.text("usernames", record.usernames)?,
        phone: heap.text("phone", record.phone)?,
        name: heap.text("name", record.name)?,
    })
}

/// The texts of an entity, in the order of the record's fields.
pub(super) fn texts(entity: &Entity) -> [&str; 3] {
    [&entity.usernames, &entity.phone, &entity.name]
}

/// The entity as a record, its texts at these places of the heap.
pub(super) fn record(entity: &Entity, [usernames, phone, name]: [mts_text; 3]) -> mts_entity {
    mts_entity {
        id: entity.id.marked(),
        access_hash: entity.access_hash,
        seen: entity.seen,
        flags: entity.flags,
        reserved: 0,
        usernames,
        phone,
        name,
    }
}

/// ==== Peers: taking them in ====
///
/// Takes in the entities that came with an update or an answer: all of them, or none where one is
/// bad (the message says which). They join what is known: a field that a record does not know
/// stays. They wait in memory for the next save; a call may save by itself (see mts_options), and
/// the failure of that is a notice, not an error.
///
/// `records`: `count` records of `stride` bytes. `heap`: their texts. While entities are switched
/// off (mts_session_set_save_entities) nothing happens.
///
/// Telethon: `process_entities(tlo)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_put_entities(
    session: *mut mts_session,
    records: *const mts_entity,
    count: usize,
    stride: usize,
    heap: *const u8,
    heap_len: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, rows, heap, err) = unsafe {
        (
            guard::session(session),
            guard::rows("records", records, count, stride),
            guard::bytes("heap", heap, heap_len),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (session, rows) = (session?, rows?);
        let heap = HeapIn::new(heap?, rows.len());
        // Read once, before anything is taken in. (What it says is judged by the core.) The few that
        // come with most updates need no allocation.
        let mut entities = SmallVec::<[EntityRef<'_>; 4]>::with_capacity(rows.len());
        for (index, record) in rows.iter().enumerate() {
            match entity_ref(&record, heap) {
                Ok(entity) => entities.push(entity),
                Err(error) => return Err(error.at(format!("record {index}"))),
            }
        }
        session.core.put_entities(&entities)?;
        Ok(MTS_OK)
    })
}

/// Takes in one entity, given by plain arguments; as mts_session_put_entities. Each text is as many
/// bytes as its length says, or MTS_Z; NULL with length 0 for none.
///
/// Telethon: `process_entities(tlo)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_put_entity(
    session: *mut mts_session,
    id: i64,
    access_hash: i64,
    flags: u32,
    seen: i64,
    usernames: *const c_char,
    usernames_len: usize,
    phone: *const c_char,
    phone_len: usize,
    name: *const c_char,
    name_len: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, usernames, phone, name, err) = unsafe {
        (
            guard::session(session),
            guard::text("usernames", usernames, usernames_len),
            guard::text("phone", phone, phone_len),
            guard::text("name", name, name_len),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (usernames, phone, name) = (usernames?, phone?, name?);
        let id = PeerId::from_marked(id)?;
        let entity = EntityRef { id, access_hash, seen, flags, usernames, phone, name };
        session?.core.put_entities(&[entity])?;
        Ok(MTS_OK)
    })
}

/// Whether entities are taken in: writes 1 or 0 to `*on`.
///
/// Telethon: `save_entities`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_save_entities(
    session: *const mts_session,
    on: *mut u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, on, err) =
        unsafe { (guard::session(session), out("on", on), ErrorSlot::new(err)) };
    guard(err, || {
        let mut on = on?;
        on.put(&session?.core.saves_entities()?.into());
        Ok(MTS_OK)
    })
}

/// Switches the taking in of entities on (not 0) or off (0); those that are known stay.
///
/// Telethon: `save_entities = …`. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_save_entities(
    session: *mut mts_session,
    on: u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || {
        session?.core.set_save_entities(on != 0)?;
        Ok(MTS_OK)
    })
}

/// The entities by ascending marked id, page by page, what waits unsaved included. Nothing stays
/// open between two calls; what changes meanwhile may or may not be seen.
///
/// `after`: INT64_MIN to begin, then `page->next`. `out`: room for `cap` records of `stride` bytes.
/// `heap`: room for their texts (see mts_page). MTS_OK: there may be more. MTS_DONE: this was the
/// last page. MTS_TOO_SMALL: the heap holds not even one; `page->heap_needed` does.
///
/// Telethon: `select * from entities`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_entities(
    session: *const mts_session,
    after: i64,
    out: *mut mts_entity,
    cap: usize,
    stride: usize,
    heap: *mut u8,
    heap_cap: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (page, session, room, heap, err) = unsafe {
        (
            guard::out("page", page),
            guard::session(session),
            room("out", out, cap, stride),
            guard::buffer("heap", heap, heap_cap),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (mut page, session, mut room) = (page?, session?, room?);
        let mut heap = HeapOut::new(heap?);
        let start = behind(after);
        let (mut filled, status) = fill_page(
            room.cap(),
            |last: Option<&Entity>, max| {
                session.core.entities(last.map(|entity| entity.id).or(start), max)
            },
            |entity| entity.id.marked(),
            |index, entity| {
                let places = heap.add(texts(entity));
                places.inspect(|places| room.put(index, &record(entity, *places))).is_some()
            },
            |entity| HeapOut::needed(texts(entity)),
        )?;
        filled.heap_len = heap.len();
        page.put(&filled);
        Ok(status)
    })
}

/// The peer to go on behind. Two numbers mark no peer (0 and -10^12); behind the number before
/// them means the same.
fn behind(after: i64) -> Option<PeerId> {
    if after == i64::MIN {
        return None;
    }
    PeerId::from_marked(after).or_else(|_| PeerId::from_marked(after - 1)).ok()
}

/// How many entities there are, what waits unsaved included. Counting may read all of them.
///
/// Telethon: `select count(*) from entities`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_entity_count(
    session: *const mts_session,
    count: *mut u64,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, count, err) =
        unsafe { (guard::session(session), out("count", count), ErrorSlot::new(err)) };
    guard(err, || {
        let mut count = count?;
        count.put(&session?.core.count_entities()?);
        Ok(MTS_OK)
    })
}

/// Forgets one entity, by its marked id. MTS_NOT_FOUND: it was not known.
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_forget_entity(
    session: *mut mts_session,
    id: i64,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || Ok(mts_status::found(session?.core.forget_entity(PeerId::from_marked(id)?)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_numbers_that_mark_no_peer_do_not_begin_anew() {
        assert_eq!(behind(i64::MIN), None);
        assert_eq!(behind(0).map(PeerId::marked), Some(-1));
        assert_eq!(behind(-1_000_000_000_000).map(PeerId::marked), Some(-1_000_000_000_001));
        assert_eq!(behind(7).map(PeerId::marked), Some(7));
    }
}
