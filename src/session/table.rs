//! The peers in memory: compact rows, found by id, username and phone.
//!
//! The indexes hold slot numbers and hashes, so that growing reads no row. The table never asks the
//! storage; it says what it does not know.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};
use smol_str::SmolStr;

use super::row::{PHONE, Row, View};
use crate::entity::{Known, normal_phone, normal_usernames, split_usernames};
use crate::ffi::prefetch::prefetch;
use crate::storage::{STALE, believable};
use crate::{Entity, EntityRef, InputPeer, PeerId};

/// A record that says of itself that it is older than this, in seconds, may be older than what is stored.
const OLD: i64 = 60;

/// Whether a record may be older than what is stored, by what it says of itself.
pub(super) fn is_old(record: &EntityRef<'_>, now: i64) -> bool {
    record.seen != 0 && record.seen < now - OLD
}

/// An id's place in the index: which row.
#[derive(Clone, Copy)]
struct IdRef {
    hash: Hash32,
    slot: u32,
}

/// A name's place in the index: which row, and which of its names.
#[derive(Clone, Copy)]
struct NameRef {
    hash: Hash32,
    slot: u32,
    nth: u32,
}

/// As much of a hash as is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hash32(u32);

impl Hash32 {
    /// For the index, which takes the place of an entry from the low end and its tag from the high.
    fn wide(self) -> u64 {
        u64::from(self.0) << 32 | u64::from(self.0)
    }
}

/// What became of a record that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// All that it tells is in the table.
    Taken,
    /// What it means depends on a row that is not in memory: the storage must be asked first.
    NeedsRow,
}

/// What the storage has said of the peer of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Nothing: it was not asked.
    No,
    /// What it has is in the table now; where nothing is there, it has nothing.
    Yes,
    /// It could not be read, or others wrote there each time it was. The record adds no flags then.
    InVain,
}

/// A dirty row on its way to the storage.
pub(super) struct Pending {
    pub(super) entity: Entity,
    pub(super) known: u8,
}

#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    free: Vec<u32>,
    by_id: HashTable<IdRef>,
    by_name: HashTable<NameRef>,
    /// Quick, and seeded at random: whoever chooses ids or usernames cannot choose where they go.
    hasher: DefaultHashBuilder,
    /// The dirty rows and their slots, in no order: what is put costs nothing more for it, and who
    /// wants some of them looks at all, of which there are at most as many as wait for a save.
    dirty: Vec<(PeerId, u32)>,
    hand: usize,
    bound: usize,
    /// Others write the storage too: what is here may have been overtaken.
    shared: bool,
    /// Somebody else has written while some rows waited, and perhaps later news of the same peers or
    /// names: what the storage makes of them is read again.
    doubted: bool,
}

impl Table {
    /// An empty table that lets go of unused clean rows beyond `bound`.
    pub(super) fn new(bound: usize, shared: bool) -> Table {
        Table { bound: bound.max(1), shared, ..Table::default() }
    }

    fn row(&self, slot: u32) -> Option<&Row> {
        self.rows.get(slot as usize)
    }

    fn hash(&self, key: impl Hash) -> Hash32 {
        Hash32(self.hasher.hash_one(key) as u32)
    }

    /// Where a peer is, if it is here.
    pub(super) fn slot(&self, id: PeerId) -> Option<u32> {
        let hash = self.hash(id);
        let same = |at: &IdRef| at.hash == hash && self.row(at.slot).is_some_and(|it| it.id == id);
        self.by_id.find(hash.wide(), same).map(|at| at.slot)
    }

    /// Where a peer is, if it is here, as far as the index can tell. Its row is fetched meanwhile.
    pub(super) fn look_ahead(&self, id: PeerId) -> Option<u32> {
        let hash = self.hash(id);
        let slot = self.by_id.find(hash.wide(), |at| at.hash == hash)?.slot;
        if let Some(row) = self.row(slot) {
            prefetch(row);
        }
        Some(slot)
    }

    fn name_ref(&self, hash: Hash32, name: &str, phone: bool) -> Option<NameRef> {
        let same = |at: &NameRef| {
            at.hash == hash
                && (at.nth == PHONE) == phone
                && self.row(at.slot).and_then(|row| row.name_at(at.nth)) == Some(name)
        };
        self.by_name.find(hash.wide(), same).copied()
    }

    pub(super) fn view(&self, slot: u32) -> Option<View<'_>> {
        let row = self.row(slot)?;
        row.touch();
        Some(View(row))
    }

    pub(super) fn get(&self, id: PeerId) -> Option<View<'_>> {
        self.view(self.slot(id)?)
    }

    /// The peer that has the username, if this table knows its owner.
    pub(super) fn by_username(&self, username: &str) -> Option<View<'_>> {
        self.view(self.name_ref(self.hash(username), username, false)?.slot)
    }

    /// The peer that has the phone number, if this table knows its owner.
    pub(super) fn by_phone(&self, phone: &str) -> Option<View<'_>> {
        self.view(self.name_ref(self.hash(phone), phone, true)?.slot)
    }

    /// Takes from what is told of a peer the names that another one was seen with since, for all that is
    /// known here.
    pub(super) fn strip_lost_names(&self, entity: &mut Entity) {
        let id = entity.id;
        let row = self.slot(id).and_then(|slot| self.row(slot));
        let named = believable(row.map_or(entity.seen, Row::named));
        let is_lost = |name: &str, phone: bool| {
            let owner = self.name_ref(self.hash(name), name, phone);
            let owner = owner.and_then(|at| self.row(at.slot)).filter(|it| it.id != id);
            owner.is_some_and(|owner| believable(owner.named()) >= named)
        };
        if !entity.phone.is_empty() && is_lost(&entity.phone, true) {
            entity.phone = SmolStr::default();
        }
        if split_usernames(&entity.usernames).any(|name| is_lost(name, false)) {
            let kept = split_usernames(&entity.usernames).filter(|name| !is_lost(name, false));
            entity.usernames = kept.collect::<Vec<_>>().join(" ").into();
        }
    }

    /// Every peer that is known here under a display name.
    pub(super) fn by_display_name(&self, name: &str) -> impl Iterator<Item = View<'_>> {
        // A free slot has no texts, and nobody is called nothing.
        self.rows.iter().filter(move |row| !name.is_empty() && row.name() == name).map(View)
    }

    pub(super) fn dirty_len(&self) -> usize {
        self.dirty.len()
    }

    /// Takes a record in. `slot` is where the peer was expected before its batch began; it may stand
    /// elsewhere. `now` is the time in unix seconds, `flush` the number of the flush that will write what
    /// is new. Put again, a record that needed the row says what has come of asking.
    pub(super) fn put(
        &mut self,
        record: &EntityRef<'_>,
        slot: Option<u32>,
        asked: Asked,
        now: i64,
        flush: u32,
    ) -> Put {
        let told = record.known();
        let seen = if record.seen == 0 { now } else { record.seen };
        // A free slot keeps its last id.
        let is_there = |row: &Row| row.id == record.id && row.known() != 0;
        let slot = slot.filter(|slot| self.row(*slot).is_some_and(is_there));
        if asked == Asked::No && is_old(record, now) && self.names_are_news(record) {
            return Put::NeedsRow;
        }
        match slot.or_else(|| self.slot(record.id)) {
            Some(slot) if self.needs_row(slot, record, seen) => match asked {
                Asked::No | Asked::Yes => return Put::NeedsRow,
                // The gaps that it would fill stay.
                Asked::InVain => {}
            },
            Some(slot) => self.merge(slot, record, told, seen, now, flush),
            None => {
                let adds_flags = told & Known::FLAGS == 0 && record.flags & Entity::KEPT_FLAGS != 0;
                let hashless = told & Known::HASH == 0;
                // Of somebody new, all that there is to know.
                let has_none = hashless && record.flags & (Entity::MIN | Entity::NO_HASH) == 0;
                let known = match asked {
                    // The storage may have the hash, other flags, or news of later than an earlier time.
                    Asked::No if hashless || adds_flags || is_old(record, now) => {
                        return Put::NeedsRow;
                    }
                    // Nothing to add to.
                    Asked::Yes if hashless && !has_none => return Put::Taken,
                    Asked::InVain if record.flags & Entity::MIN != 0 => return Put::Taken,
                    Asked::Yes => {
                        told | flag(adds_flags, Known::FLAGS) | flag(has_none, Known::HASH)
                    }
                    _ => told | flag(adds_flags, Known::FLAGS),
                };
                let mut row = Row::new(record.id, record.access_hash);
                row.seen = seen;
                row.set_flags(record.flags);
                row.set_known(known);
                row.pending = known;
                row.set_texts(
                    &normal_usernames(record.usernames),
                    &normal_phone(record.phone),
                    record.name,
                );
                let slot = self.insert(row);
                self.mark_dirty(slot, flush);
                self.take_names(slot, told, flush);
            }
        }
        Put::Taken
    }

    /// Whether the record tells a name of which no owner is known here: the storage may have one, who
    /// was seen with it later.
    fn names_are_news(&self, record: &EntityRef<'_>) -> bool {
        let is_news = |name: &str, phone: bool| {
            !name.is_empty() && self.name_ref(self.hash(name), name, phone).is_none()
        };
        is_news(&normal_phone(record.phone), true)
            || split_usernames(&normal_usernames(record.usernames)).any(|name| is_news(name, false))
    }

    /// Whether what the storage may know makes a difference to what the record does to the row.
    fn needs_row(&self, slot: u32, record: &EntityRef<'_>, seen: i64) -> bool {
        self.row(slot).is_some_and(|row| {
            let fills_gaps =
                record.flags & Entity::MIN != 0 || (record.seen != 0 && seen < row.seen);
            let adds_flags = record.flags & Entity::KEPT_FLAGS != 0
                && record.flags & Entity::WHOLE == 0
                && row.known() & Known::FLAGS == 0;
            !row.is_settled() && (fills_gaps || adds_flags)
        })
    }

    fn merge(
        &mut self,
        slot: u32,
        record: &EntityRef<'_>,
        told: u8,
        seen: i64,
        now: i64,
        flush: u32,
    ) {
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        row.touch();
        if row.seen > now + STALE {
            // Somebody's clock was ahead. What is told now is news all the same.
            row.seen = 0;
        }
        // A record without a time of its own is news, even where the clock has been set back.
        let seen = if record.seen == 0 { seen.max(row.seen) } else { seen };
        // What is older, or min, only fills gaps.
        let fills_only = record.flags & Entity::MIN != 0 || seen < row.seen;
        let told = if fills_only { told & !row.known() } else { told };
        let mut new = 0;
        if told & Known::HASH != 0
            && (row.known() & Known::HASH == 0 || row.access_hash != record.access_hash)
        {
            row.access_hash = record.access_hash;
            new |= Known::HASH;
        }
        let kept = record.flags & Entity::KEPT_FLAGS;
        // A record that is not whole may leave flags out, so it can only add some.
        let flags = if told & Known::FLAGS != 0 { kept } else { row.flags() | kept };
        if flags != row.flags() && !fills_only {
            row.set_flags(flags);
            new |= Known::FLAGS;
        }
        let differs = |field: u8, same: bool| told & field != 0 && !same;
        let same = |kept: &[u8], told: &str, normal: fn(&str) -> Cow<'_, str>| {
            kept == told.as_bytes() || kept == normal(told).as_bytes()
        };
        let (usernames, phone, name) = row.texts_as_bytes();
        let usernames =
            differs(Known::USERNAMES, same(usernames, record.usernames, normal_usernames));
        let phone = differs(Known::PHONE, same(phone, record.phone, normal_phone));
        let name = differs(Known::NAME, name == record.name.as_bytes());
        new |=
            flag(usernames, Known::USERNAMES) | flag(phone, Known::PHONE) | flag(name, Known::NAME);
        row.seen = seen.max(row.seen);
        let learnt = told & !row.known();
        row.set_known(row.known() | told | new);
        if new == 0 && (row.is_complete() || learnt & !Known::FLAGS == 0) {
            // Nothing new: the storage need not hear of it, but once a day, where that raises its date,
            // and at once where the name is contested: there the newest date decides whose it is.
            // And at once where others write too, who may have said something else since.
            let contested = told & (Known::USERNAMES | Known::PHONE) != 0 && !row.owns_names();
            let stale = now - row.stored_seen() > STALE
                && (row.raises_date(row.pending | told) || !row.is_settled());
            if !fills_only && (contested || self.shared || stale) {
                row.pending |= told;
                self.mark_dirty(slot, flush);
                if contested {
                    self.take_names(slot, told, flush);
                }
            }
            return;
        }
        row.pending |= told | new;
        if usernames || phone || name {
            let owned = if usernames || phone { self.drop_names(slot) } else { Vec::new() };
            if let Some(row) = self.rows.get_mut(slot as usize) {
                let old = row.entity();
                let usernames = match usernames {
                    true => normal_usernames(record.usernames),
                    false => old.usernames.as_str().into(),
                };
                let phone = match phone {
                    true => normal_phone(record.phone),
                    false => old.phone.as_str().into(),
                };
                row.set_texts(&usernames, &phone, if name { record.name } else { &old.name });
            }
            self.own_all(slot, &owned);
        }
        if told & (Known::USERNAMES | Known::PHONE) != 0 {
            self.take_names(slot, told, flush);
        }
        self.mark_dirty(slot, flush);
    }

    /// Takes in what the storage knows of a peer, and answers where it stands now. What was known
    /// here is newer and stays.
    pub(super) fn learn(&mut self, stored: &Entity) -> u32 {
        let mut known = Known::HASH | Known::FLAGS;
        for (field, text) in [
            (Known::USERNAMES, &stored.usernames),
            (Known::PHONE, &stored.phone),
            (Known::NAME, &stored.name),
        ] {
            if !text.is_empty() {
                known |= field;
            }
        }
        let Some(slot) = self.slot(stored.id) else {
            let mut row = Row::new(stored.id, stored.access_hash);
            row.seen = stored.seen;
            row.set_stored_seen(stored.seen);
            row.set_flags(stored.flags);
            row.set_known(known);
            row.set_complete(true);
            row.set_texts(&stored.usernames, &stored.phone, &stored.name);
            return self.insert(row);
        };
        let Some(row) = self.rows.get_mut(slot as usize).filter(|row| !row.is_complete()) else {
            return slot;
        };
        row.set_complete(true);
        let gaps = known & !row.known();
        if gaps & Known::HASH != 0 {
            row.access_hash = stored.access_hash;
        }
        if gaps & Known::FLAGS != 0 {
            row.set_flags(row.flags() | stored.flags);
        }
        let was_known = row.known();
        row.set_known(was_known | known);
        row.set_stored_seen(stored.seen);
        let (usernames, phone, name) = row.texts();
        let differs = |field: u8, here: &str, there: &str| was_known & field == 0 && here != there;
        if differs(Known::USERNAMES, usernames, &stored.usernames)
            || differs(Known::PHONE, phone, &stored.phone)
            || differs(Known::NAME, name, &stored.name)
        {
            row.set_owns_names(false);
            let old = row.entity();
            let from = |field: u8| if was_known & field == 0 { stored } else { &old };
            self.set_texts(
                slot,
                &from(Known::USERNAMES).usernames,
                &from(Known::PHONE).phone,
                &from(Known::NAME).name,
            );
        }
        slot
    }

    /// Takes in what the storage's index knows of the owner of a username or phone number, and answers
    /// where it stands now; `None` where peer or name are here. The name is in the row as a text only:
    /// what else the peer has of its kind is not known.
    pub(super) fn learn_owner(&mut self, peer: InputPeer, name: &str, phone: bool) -> Option<u32> {
        if self.slot(peer.id).is_some() || self.name_ref(self.hash(name), name, phone).is_some() {
            return None;
        }
        let mut row = Row::new(peer.id, peer.access_hash);
        row.seen = peer.seen;
        row.set_stored_seen(peer.seen);
        row.set_known(Known::HASH);
        if phone {
            row.set_texts("", name, "");
        } else {
            row.set_texts(name, "", "");
        }
        let slot = self.insert(row);
        self.own(slot, name, phone);
        Some(slot)
    }

    /// Notes that the storage has nothing of this peer: then there is what waits to be stored, and no more.
    pub(super) fn learn_absence(&mut self, id: PeerId) {
        let Some(slot) = self.slot(id) else { return };
        match self.rows.get_mut(slot as usize) {
            Some(row) if row.dirty != 0 => {
                row.set_complete(true);
                self.keep_pending(slot);
            }
            _ => self.remove_slot(slot),
        }
    }

    /// Every dirty row, by ascending id.
    pub(super) fn pending(&self) -> impl Iterator<Item = Pending> {
        self.pending_of(usize::MAX, |_, _| true)
    }

    /// The first `most` of the dirty rows that are `wanted`, by ascending id. It is asked with a row's
    /// id and the fields that the next flush writes of it.
    pub(super) fn pending_of(
        &self,
        most: usize,
        wanted: impl Fn(PeerId, u8) -> bool,
    ) -> impl Iterator<Item = Pending> {
        let is_wanted =
            |(id, slot): &&(PeerId, u32)| wanted(*id, self.row(*slot).map_or(0, |row| row.pending));
        let mut some: Vec<_> = self.dirty.iter().filter(is_wanted).copied().collect();
        if most < some.len() {
            some.select_nth_unstable_by_key(most, |(id, _)| *id);
            some.truncate(most);
        }
        some.sort_unstable_by_key(|(id, _)| *id);
        let rows = some.into_iter().filter_map(|(_, slot)| self.row(slot));
        rows.map(|row| Pending { entity: row.entity(), known: row.pending })
    }

    /// Every row that was dirty at `flush` has been stored.
    pub(super) fn stored(&mut self, flush: u32) {
        let (rows, doubted) = (&mut self.rows, self.shared || self.doubted);
        let mut overtaken = Vec::new();
        self.dirty.retain(|(_, slot)| match rows.get_mut(*slot as usize) {
            Some(row) if row.dirty <= flush => {
                if row.raises_date(row.pending) || !row.is_settled() {
                    row.set_stored_seen(row.seen);
                }
                row.dirty = 0;
                row.pending = 0;
                if doubted {
                    // Somebody else's news may have been newer, and stays then.
                    overtaken.push(*slot);
                }
                false
            }
            row => row.is_some(),
        });
        overtaken.into_iter().for_each(|slot| self.remove_slot(slot));
        self.doubted &= !self.dirty.is_empty();
        while self.rows.len() - self.free.len() > self.bound && self.let_go_of_one() {}
    }

    /// Forgets whatever can be read again.
    pub(super) fn drop_clean(&mut self) {
        for slot in 0..self.rows.len() {
            if self.rows.get(slot).is_some_and(|row| row.known() != 0 && row.dirty == 0) {
                self.remove_slot(slot as u32);
            }
        }
        for (_, slot) in self.dirty.clone() {
            let Some(row) = self.rows.get_mut(slot as usize) else { continue };
            row.set_complete(false);
            row.set_stored_seen(0);
            self.keep_pending(slot);
        }
        self.doubted = !self.dirty.is_empty();
    }

    /// Forgets what a row knows beyond what waits to be stored.
    fn keep_pending(&mut self, slot: u32) {
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        row.set_known(row.pending);
        let known = row.known();
        if known & Known::FLAGS == 0 {
            row.set_flags(0);
        }
        let Entity { usernames, phone, name, .. } = row.entity();
        let keep = |field: u8, text| if known & field != 0 { text } else { SmolStr::default() };
        self.set_texts(
            slot,
            &keep(Known::USERNAMES, usernames),
            &keep(Known::PHONE, phone),
            &keep(Known::NAME, name),
        );
    }

    /// Gives a row other texts. Of the names that it owned it still owns those that it still bears.
    fn set_texts(&mut self, slot: u32, usernames: &str, phone: &str, name: &str) {
        let owned = self.drop_names(slot);
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.set_texts(usernames, phone, name);
        }
        self.own_all(slot, &owned);
    }

    pub(super) fn remove(&mut self, id: PeerId) -> bool {
        let Some(slot) = self.slot(id) else { return false };
        self.remove_slot(slot);
        true
    }

    pub(super) fn clear(&mut self) {
        *self = Table::new(self.bound, self.shared);
    }

    fn insert(&mut self, row: Row) -> u32 {
        if self.rows.len() - self.free.len() >= self.bound {
            self.let_go_of_one();
        }
        let hash = self.hash(row.id);
        let slot = match self.free.pop() {
            Some(slot) => {
                if let Some(place) = self.rows.get_mut(slot as usize) {
                    *place = row;
                }
                slot
            }
            None => {
                self.rows.push(row);
                (self.rows.len() - 1) as u32
            }
        };
        self.by_id.insert_unique(hash.wide(), IdRef { hash, slot }, |at| at.hash.wide());
        slot
    }

    fn remove_slot(&mut self, slot: u32) {
        self.unindex_names(slot, |_, _| {});
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        if row.dirty != 0 {
            self.dirty.retain(|(_, dirty)| *dirty != slot);
        }
        // A slot of which nothing is known is free.
        row.dirty = 0;
        row.set_known(0);
        row.set_texts("", "", "");
        let id = row.id;
        let hash = self.hash(id);
        if let Ok(entry) = self.by_id.find_entry(hash.wide(), |at| at.slot == slot) {
            entry.remove();
            self.free.push(slot);
        }
    }

    /// Lets go of one clean row that was not used lately: the clock algorithm. Says whether there
    /// was one.
    fn let_go_of_one(&mut self) -> bool {
        if self.dirty.len() >= self.rows.len() - self.free.len() {
            return false;
        }
        for _ in 0..self.rows.len() * 2 {
            self.hand = (self.hand + 1) % self.rows.len();
            let Some(row) = self.rows.get_mut(self.hand) else { return false };
            let touched = row.take_touch();
            if row.known() != 0 && row.dirty == 0 && !touched {
                self.remove_slot(self.hand as u32);
                return true;
            }
        }
        false
    }

    fn mark_dirty(&mut self, slot: u32, flush: u32) {
        if let Some(row) = self.rows.get_mut(slot as usize) {
            if row.dirty == 0 {
                self.dirty.push((row.id, slot));
            }
            row.dirty = flush;
        }
    }

    /// Makes a row the owner of those of its names that were `told`: they belong to the newest sighting.
    fn take_names(&mut self, slot: u32, told: u8, flush: u32) {
        let Some(row) = self.row(slot) else { return };
        let (seen, usernames) = (row.seen, split_usernames(row.usernames()).count() as u32);
        let (mut owns_names, mut taken) = (true, BTreeMap::<u32, Vec<(bool, String)>>::new());
        let mut own = Vec::new();
        for nth in (0..usernames).chain([PHONE]) {
            let Some(name) = self.row(slot).and_then(|row| row.name_at(nth)) else { continue };
            if name.is_empty() {
                continue;
            }
            let (phone, hash) = (nth == PHONE, self.hash(name));
            let is_told = told & (if phone { Known::PHONE } else { Known::USERNAMES }) != 0;
            match self.name_ref(hash, name, phone) {
                Some(at) if at.slot == slot => continue,
                Some(at)
                    if is_told
                        && self.row(at.slot).is_none_or(|other| believable(other.seen) <= seen) =>
                {
                    taken.entry(at.slot).or_default().push((phone, name.to_owned()));
                }
                None if is_told => {}
                _ => {
                    owns_names = false;
                    continue;
                }
            }
            own.push(NameRef { hash, slot, nth });
        }
        for (other, names) in taken {
            self.take_from(other, &names, seen, flush);
        }
        for at in own {
            self.index_name(at);
        }
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.set_owns_names(owns_names);
        }
    }

    /// Takes names, and the phone where it says so, from the row that had them, for one that was `seen`
    /// with them. The row does not become dirty by that: what the storage still says is put right when the
    /// name is next looked up there, or when it is told that the row has them no more. Except where the
    /// storage could not tell whose date is the newer.
    fn take_from(&mut self, slot: u32, names: &[(bool, String)], seen: i64, flush: u32) {
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        let field =
            |(phone, _): &(bool, String)| if *phone { Known::PHONE } else { Known::USERNAMES };
        let lost = names.iter().map(field).fold(0, |lost, field| lost | field) & row.known();
        if lost != 0 && row.stored_seen() == seen {
            row.pending |= lost;
            self.mark_dirty(slot, flush);
        }
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        row.set_owns_names(false);
        let old = row.entity();
        let is_kept = |other: &&str| !names.iter().any(|(phone, name)| !phone && name == other);
        let usernames: Vec<_> = split_usernames(&old.usernames).filter(is_kept).collect();
        let phone = if names.iter().any(|(phone, _)| *phone) { "" } else { &old.phone };
        self.set_texts(slot, &usernames.join(" "), phone, &old.name);
    }

    /// Gives up what names of a peer somebody else was seen with since: who looks for one asks the storage.
    pub(super) fn disown(&mut self, id: PeerId, names: &[(bool, String)]) {
        let Some(slot) = self.slot(id).filter(|_| !names.is_empty()) else { return };
        let owned = self.drop_names(slot);
        let left: Vec<_> = owned.into_iter().filter(|name| !names.contains(name)).collect();
        self.own_all(slot, &left);
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.set_owns_names(false);
        }
    }

    /// Removes a row's names from the index; says which were there, and whether it was the phone.
    fn drop_names(&mut self, slot: u32) -> Vec<(bool, String)> {
        let mut owned = Vec::new();
        self.unindex_names(slot, |phone, name| owned.push((phone, name.to_owned())));
        owned
    }

    /// As [`Table::drop_names`], telling each as it goes.
    fn unindex_names(&mut self, slot: u32, mut was_there: impl FnMut(bool, &str)) {
        let Some(row) = self.rows.get(slot as usize) else { return };
        for (nth, name) in row.names() {
            let hash = self.hash(name);
            let same = |at: &NameRef| at.slot == slot && at.nth == nth;
            if let Ok(entry) = self.by_name.find_entry(hash.wide(), same) {
                entry.remove();
                was_there(nth == PHONE, name);
            }
        }
    }

    /// Puts back into the index what [`Table::drop_names`] has removed, as far as it still is the
    /// row's.
    fn own_all(&mut self, slot: u32, owned: &[(bool, String)]) {
        for (phone, name) in owned {
            self.own(slot, name, *phone);
        }
    }

    /// Makes a row the owner of a username or phone, if it bears it and nobody owns it.
    pub(super) fn own(&mut self, slot: u32, name: &str, phone: bool) {
        let own = |(nth, own): &(u32, &str)| (*nth == PHONE) == phone && *own == name;
        let Some((nth, _)) = self.row(slot).and_then(|row| row.names().find(own)) else { return };
        let hash = self.hash(name);
        if self.name_ref(hash, name, phone).is_none() {
            self.index_name(NameRef { hash, slot, nth });
        }
    }

    fn index_name(&mut self, at: NameRef) {
        self.by_name.insert_unique(at.hash.wide(), at, |at| at.hash.wide());
    }
}

/// The bit of a field, if it is meant.
fn flag(meant: bool, field: u8) -> u8 {
    if meant { field } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_memory_leaves_nothing_in_the_indexes() {
        const BOUND: usize = 20;
        let mut table = Table::new(BOUND, false);
        for flush in 1..=3 {
            for n in 1..=100 {
                let id = PeerId::from_marked(n).unwrap();
                let (usernames, phone) = (format!("user_{n} further_{n}"), format!("49{n}"));
                let record = EntityRef {
                    flags: Entity::WHOLE,
                    usernames: &usernames,
                    phone: &phone,
                    ..EntityRef::bare(id, n)
                };
                assert_eq!(table.put(&record, None, Asked::Yes, n, flush), Put::Taken);
            }
            table.stored(flush);
            assert_eq!(table.rows.len() - table.free.len(), BOUND);
            assert_eq!((table.by_id.len(), table.by_name.len()), (BOUND, 3 * BOUND));
            assert_eq!(table.dirty_len(), 0);
        }
        table.drop_clean();
        assert_eq!((table.by_id.len(), table.by_name.len()), (0, 0));
    }
}
