//! One peer in memory.

use std::sync::atomic::{AtomicBool, Ordering};

use smol_str::{SmolStr, SmolStrBuilder};

use crate::entity::{Known, split_usernames};
use crate::{Entity, PeerId};

/// In place of a username's number: the phone.
pub(super) const PHONE: u32 = u32::MAX;

/// One line of the processor's cache, so that meeting a peer again waits for one only.
const _: () = assert!(size_of::<Row>() == 64);

#[repr(align(64))]
pub(super) struct Row {
    pub(super) id: PeerId,
    pub(super) access_hash: i64,
    pub(super) seen: i64,
    /// Usernames, phone and name, end to end: in the row itself up to 23 bytes.
    texts: SmolStr,
    stored_seen: u32,
    /// The flush that will write this row; 0 for a row that says nothing new.
    pub(super) dirty: u32,
    flags: u16,
    usernames_len: u16,
    phone_len: u8,
    /// Fields that were told, here or in the storage; [`COMPLETE`] and [`OWNS_NAMES`].
    known: u8,
    /// Fields that the next flush writes.
    pub(super) pending: u8,
    /// Used since the clock hand last came by.
    touched: AtomicBool,
}

/// The storage was asked: what is not known here is not known there.
const COMPLETE: u8 = 32;
/// Every name of the row is in the index. A row that was read by its id may bear a name that
/// somebody else has taken since; only a sighting or the storage's answer to the name tells.
const OWNS_NAMES: u8 = 64;

const _: () = assert!(Known::ALL & (COMPLETE | OWNS_NAMES) == 0);
const _: () = assert!(Entity::KEPT_FLAGS <= u16::MAX as u32);

impl Row {
    /// A row that was just used, of which nothing is known yet but the hash.
    pub(super) fn new(id: PeerId, access_hash: i64) -> Row {
        Row {
            id,
            access_hash,
            seen: 0,
            texts: SmolStr::default(),
            stored_seen: 0,
            dirty: 0,
            flags: 0,
            usernames_len: 0,
            phone_len: 0,
            known: 0,
            pending: 0,
            touched: AtomicBool::new(true),
        }
    }

    /// The date that the storage has for this row, or while not all of it is known here, when it was
    /// last written, or found there as it is and less than a day old; 0 when it has none or that is not
    /// known. One after 2106 counts as of then.
    pub(super) fn stored_seen(&self) -> i64 {
        self.stored_seen.into()
    }

    pub(super) fn set_stored_seen(&mut self, seen: i64) {
        self.stored_seen = u32::try_from(seen.max(0)).unwrap_or(u32::MAX);
    }

    /// Whether a flush of these fields raises the date in the storage, for all that is known here: one
    /// that does not tell a name leaves the date of a row that has one ([`crate::storage::merged`]).
    pub(super) fn raises_date(&self, fields: u8) -> bool {
        let may_have = |field: u8, text: &str| {
            (self.known() & field == 0 && !self.is_complete()) || !text.is_empty()
        };
        let tells = |field: u8| fields & field != 0;
        tells(Known::USERNAMES)
            || !may_have(Known::USERNAMES, self.usernames())
                && (tells(Known::PHONE) || !may_have(Known::PHONE, self.phone()))
    }

    /// The date by which the storage decides whose the row's names are, once what waits is stored.
    pub(super) fn named(&self) -> i64 {
        let tells = |field: u8| self.pending & field != 0;
        let waits = tells(Known::USERNAMES) || tells(Known::PHONE) && self.usernames().is_empty();
        if waits { self.seen } else { self.stored_seen() }
    }

    /// Fields that were told, here or in the storage.
    pub(super) fn known(&self) -> u8 {
        self.known & Known::ALL
    }

    pub(super) fn set_known(&mut self, fields: u8) {
        self.known = self.known & !Known::ALL | fields;
    }

    pub(super) fn is_complete(&self) -> bool {
        self.known & COMPLETE != 0
    }

    pub(super) fn set_complete(&mut self, complete: bool) {
        self.mark(COMPLETE, complete);
    }

    /// Whether the storage has nothing to add.
    pub(super) fn is_settled(&self) -> bool {
        self.is_complete() || self.known() == Known::ALL
    }

    pub(super) fn owns_names(&self) -> bool {
        self.known & OWNS_NAMES != 0
    }

    pub(super) fn set_owns_names(&mut self, owns: bool) {
        self.mark(OWNS_NAMES, owns);
    }

    fn mark(&mut self, mark: u8, on: bool) {
        self.known = if on { self.known | mark } else { self.known & !mark };
    }

    /// What the peer is: [`Entity::KEPT_FLAGS`].
    pub(super) fn flags(&self) -> u32 {
        self.flags.into()
    }

    pub(super) fn set_flags(&mut self, flags: u32) {
        self.flags = (flags & Entity::KEPT_FLAGS) as u16;
    }

    /// Usernames, phone and name.
    pub(super) fn texts(&self) -> (&str, &str, &str) {
        let split = str::split_at_checked;
        let (usernames, rest) = split(&self.texts, self.usernames_len.into()).unwrap_or_default();
        let (phone, name) = split(rest, self.phone_len.into()).unwrap_or_default();
        (usernames, phone, name)
    }

    /// As [`Row::texts`], to compare with: where a text is only bytes, nothing is checked at its ends.
    pub(super) fn texts_as_bytes(&self) -> (&[u8], &[u8], &[u8]) {
        let split = <[u8]>::split_at_checked;
        let texts = self.texts.as_bytes();
        let (usernames, rest) = split(texts, self.usernames_len.into()).unwrap_or_default();
        let (phone, name) = split(rest, self.phone_len.into()).unwrap_or_default();
        (usernames, phone, name)
    }

    pub(super) fn usernames(&self) -> &str {
        self.texts().0
    }

    pub(super) fn phone(&self) -> &str {
        self.texts().1
    }

    pub(super) fn name(&self) -> &str {
        self.texts().2
    }

    pub(super) fn set_texts(&mut self, usernames: &str, phone: &str, name: &str) {
        // Checked at the door: no text is longer than Entity::MAX_TEXT, no phone than MAX_PHONE.
        self.usernames_len = u16::try_from(usernames.len()).unwrap_or_default();
        self.phone_len = u8::try_from(phone.len()).unwrap_or_default();
        let length = usernames.len() + phone.len() + name.len();
        let mut texts = SmolStrBuilder::with_capacity(length);
        [usernames, phone, name].iter().for_each(|text| texts.push_str(text));
        self.texts = texts.finish();
    }

    /// The usernames by their numbers, and the phone as [`PHONE`].
    pub(super) fn names(&self) -> impl Iterator<Item = (u32, &str)> {
        let (usernames, phone, _) = self.texts();
        let phone = Some((PHONE, phone)).filter(|(_, phone)| !phone.is_empty());
        (0..).zip(split_usernames(usernames)).chain(phone)
    }

    pub(super) fn name_at(&self, nth: u32) -> Option<&str> {
        match nth {
            PHONE => Some(self.phone()),
            nth => split_usernames(self.usernames()).nth(nth as usize),
        }
    }

    pub(super) fn touch(&self) {
        // Read first: a look-up must not take the cache line from the other readers each time.
        if !self.touched.load(Ordering::Relaxed) {
            self.touched.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was touched since this was last asked.
    pub(super) fn take_touch(&mut self) -> bool {
        std::mem::take(self.touched.get_mut())
    }

    pub(super) fn entity(&self) -> Entity {
        Entity {
            id: self.id,
            access_hash: self.access_hash,
            seen: self.seen,
            flags: self.flags(),
            usernames: self.usernames().into(),
            phone: self.phone().into(),
            name: self.name().into(),
        }
    }
}

/// What the table knows of one peer.
#[derive(Clone, Copy)]
pub(super) struct View<'a>(pub(super) &'a Row);

impl View<'_> {
    pub(super) fn id(self) -> PeerId {
        self.0.id
    }

    pub(super) fn seen(self) -> i64 {
        self.0.seen
    }

    /// The access hash, where it is known.
    pub(super) fn access_hash(self) -> Option<i64> {
        (self.0.known() & Known::HASH != 0).then_some(self.0.access_hash)
    }

    /// The whole entity, unless the storage may know more.
    pub(super) fn whole(self) -> Option<Entity> {
        self.access_hash()?;
        self.is_settled().then(|| self.0.entity())
    }

    /// Whether the storage has nothing to add.
    pub(super) fn is_settled(self) -> bool {
        self.0.is_settled()
    }

    pub(super) fn entity(self) -> Entity {
        self.0.entity()
    }

    /// Whether the name can be this peer's, as far as is known here.
    pub(super) fn may_have(self, username: &str) -> bool {
        self.0.known() & Known::USERNAMES == 0
            || split_usernames(self.0.usernames()).any(|name| name == username)
    }

    /// As [`View::may_have`], for the phone number.
    pub(super) fn may_have_phone(self, phone: &str) -> bool {
        self.0.known() & Known::PHONE == 0 || self.0.phone() == phone
    }

    /// As [`View::may_have`], for the display name.
    pub(super) fn may_be_called(self, name: &str) -> bool {
        self.0.known() & Known::NAME == 0 || self.0.name() == name
    }
}
