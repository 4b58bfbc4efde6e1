//! Peers: taking them in, and finding them again.

use std::ops::{Bound, RangeBounds};
use std::sync::TryLockError;

use smallvec::SmallVec;

use super::row::View;
use super::table::{Asked, Put, is_old};
use super::{Session, poisoned};
use crate::entity::{Known, needs_no_row, normal_phone, normal_usernames, split_usernames};
use crate::ffi::clock;
use crate::lookup::{self, Meaning};
use crate::storage::{Changes, Find, believable};
use crate::{Entity, EntityRef, Error, ErrorKind, InputPeer, PeerId, PeerKind, Result};

/// How often at most a peer is read again, since others stored or forgot some meanwhile.
const MAX_TRIES: u32 = 4;

/// What to look a peer up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look<'a> {
    /// Whatever a person types: `@name`, a t.me link, a phone number, the marked id of a chat or channel
    /// (digits alone are a phone number), `me`.
    Text(&'a str),
    /// A marked id.
    Id(i64),
    /// A bare id of unknown kind: a channel, a chat, a user that has it, in this order, which is
    /// Telethon's.
    BareId(i64),
    /// A username, with or without `@`.
    Username(&'a str),
    /// A phone number.
    Phone(&'a str),
    /// An exact display name.
    Name(&'a str),
}

/// How to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Answer from memory, never ask the storage.
    pub memory_only: bool,
    /// A text that names nobody else may be a display name.
    pub names: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The peer.
    pub item: T,
    /// Others bear the same display name; the item is the one seen last.
    pub ambiguous: bool,
}

/// What a look-up can answer with.
trait Answer: Sized {
    /// Whether it is no more than an [`InputPeer`].
    const IS_INPUT_PEER: bool;
    /// From memory, if it knows enough.
    fn of_view(view: View<'_>) -> Option<Self>;
    /// From memory, when no more is to be had.
    fn of_part(view: View<'_>) -> Option<Self>;
    fn of_entity(entity: &Entity) -> Self;
    /// For a peer that was never met.
    fn of_stranger(id: PeerId) -> Option<Self>;
}

impl Answer for InputPeer {
    const IS_INPUT_PEER: bool = true;

    fn of_view(view: View<'_>) -> Option<InputPeer> {
        let access_hash = view.access_hash()?;
        Some(InputPeer { id: view.id(), access_hash, seen: view.seen() })
    }

    fn of_part(view: View<'_>) -> Option<InputPeer> {
        InputPeer::of_view(view)
    }

    fn of_entity(entity: &Entity) -> InputPeer {
        InputPeer { id: entity.id, access_hash: entity.access_hash, seen: entity.seen }
    }

    fn of_stranger(id: PeerId) -> Option<InputPeer> {
        needs_no_row(id).then_some(InputPeer { id, access_hash: 0, seen: 0 })
    }
}

impl Answer for Entity {
    const IS_INPUT_PEER: bool = false;

    fn of_view(view: View<'_>) -> Option<Entity> {
        view.whole()
    }

    fn of_part(view: View<'_>) -> Option<Entity> {
        view.access_hash().map(|_| view.entity())
    }

    fn of_entity(entity: &Entity) -> Entity {
        entity.clone()
    }

    fn of_stranger(_: PeerId) -> Option<Entity> {
        None
    }
}

impl Session {
    /// Takes in what the server told of peers (Telethon's `process_entities`): merges it into what
    /// is known, in memory. Nothing is taken in when any record is wrong.
    pub fn put_entities(&self, records: &[EntityRef<'_>]) -> Result<()> {
        let check = || {
            for (n, record) in records.iter().enumerate() {
                let checked = record.check().and_then(|()| record.check_kind());
                checked.map_err(|error| error.at_record(n, records.len()))?;
            }
            Ok(())
        };
        // A wrong record is reported first, also where nothing can be taken in.
        let mut live = self.room().or_else(|error| check().and(Err(error)))?;
        // Each is looked for before any is checked or joined: what holds it is on its way from memory
        // meanwhile.
        let slots: SmallVec<[Option<u32>; 4]> =
            records.iter().map(|record| live.table.look_ahead(record.id)).collect();
        check()?;
        if !live.save_entities {
            return Ok(());
        }
        let time = clock::exact();
        let now = time.as_secs().cast_signed();
        // Where the storage cannot be read now: no reason to fail the put, nor to wait for it again.
        let mut readable = true;
        // What is told is joined in its order, whoever the storage must be asked for.
        for (record, slot) in records.iter().zip(slots) {
            if live.put_entity(record, slot, Asked::No, now) == Put::Taken {
                continue;
            }
            drop(live);
            let others = if readable { self.names_of_others(record, now) } else { Vec::new() };
            let mut tries = 0..MAX_TRIES;
            let asked;
            (live, asked) = loop {
                readable = readable && self.find_one::<Entity>(Find::Id(record.id), false).is_ok();
                let live = self.live_mut()?;
                // What was read while others stored or forgot peers was not kept.
                if readable && live.knows_all_of(record.id) {
                    break (live, Asked::Yes);
                }
                if !readable || tries.next().is_none() {
                    break (live, Asked::InVain);
                }
            };
            let mut record = *record;
            if asked == Asked::InVain && record.flags & Entity::WHOLE == 0 {
                // They would take the place of those that may be stored.
                record.flags &= !Entity::KEPT_FLAGS;
            }
            live.put_entity(&record, None, asked, now);
            live.table.disown(record.id, &others);
        }
        let due = live.is_due(time, &self.options);
        drop(live);
        if due {
            self.save_if_due();
        }
        Ok(())
    }

    /// The names of an old record that somebody else was seen with since, as far as the storage can tell
    /// quickly, and whether each is the phone.
    fn names_of_others(&self, record: &EntityRef<'_>, now: i64) -> Vec<(bool, String)> {
        if !is_old(record, now) {
            return Vec::new();
        }
        let is_anothers = |by: Find<'_>| {
            // Of whom memory knows, it decides.
            if self.live().is_ok_and(|live| live.who(by).is_some()) {
                return false;
            }
            let owner = self.storage.find_input_peer(by).ok().flatten();
            owner.is_some_and(|it| it.id != record.id && believable(it.seen) > record.seen)
        };
        let usernames = normal_usernames(record.usernames);
        let usernames =
            split_usernames(&usernames).filter(|name| is_anothers(Find::Username(name)));
        let mut names: Vec<_> = usernames.map(|name| (false, name.to_owned())).collect();
        let phone = normal_phone(record.phone);
        if !phone.is_empty() && is_anothers(Find::Phone(&phone)) {
            names.push((true, phone.into_owned()));
        }
        names
    }

    /// Whether entities are taken in (Telethon's `save_entities`).
    pub fn saves_entities(&self) -> Result<bool> {
        Ok(self.live()?.save_entities)
    }

    /// Turns the taking in of entities on or off.
    pub fn set_save_entities(&self, on: bool) -> Result<()> {
        self.live_mut()?.save_entities = on;
        Ok(())
    }

    /// Forgets a peer, in memory and in the storage; says whether it was known.
    pub fn forget_entity(&self, id: PeerId) -> Result<bool> {
        self.check_process()?;
        let _turn = self.commits()?;
        self.writable()?;
        if self.storage.is_shared() {
            self.heed_change()?;
        }
        let stored = !self.storage.find(Find::Id(id))?.is_empty();
        let known = self.live()?.table.get(id).is_some();
        if stored {
            self.store(&Changes { forget: vec![id], ..Changes::default() })?;
        }
        self.live_mut()?.forget(id);
        self.heed_found();
        Ok(stored || known)
    }

    /// The peer that a text names, as a request needs it (Telethon's `get_input_entity`): short
    /// for [`Session::find_input_peer`] with [`Look::Text`].
    pub fn input_peer(&self, text: &str) -> Result<Option<InputPeer>> {
        Ok(self.find_input_peer(Look::Text(text), How::default())?.map(|found| found.item))
    }

    /// A peer as a request needs it. A chat needs not to have been met, since it has no hash.
    pub fn find_input_peer(&self, by: Look<'_>, how: How) -> Result<Option<Found<InputPeer>>> {
        self.find(by, how)
    }

    /// All that is known of a peer (Telethon's `get_entity_rows_by_…`), without the names that somebody
    /// else was seen with since.
    pub fn find_entity(&self, by: Look<'_>, how: How) -> Result<Option<Found<Entity>>> {
        let mut found = self.find::<Entity>(by, how)?;
        if let Some(found) = &mut found {
            self.mark_self(&mut found.item)?;
            // In memory at once; in the storage when they are next looked for there.
            self.live()?.table.strip_lost_names(&mut found.item);
        }
        Ok(found)
    }

    /// At most `max` peers with a marked id above `after`, ascending; fewer only at the end.
    pub fn entities(&self, after: Option<PeerId>, max: usize) -> Result<Vec<Entity>> {
        self.heed_others()?;
        // What is saved meanwhile would be missing on both sides.
        let _turn = self.commits()?;
        let mut page = self.storage.list(after, max)?;
        let live = self.live()?;
        // Past the last stored row memory may have more, before it only what lies between.
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let to = page.last().filter(|_| page.len() >= max).map(|entity| entity.id);
        let to = to.map_or(Bound::Unbounded, Bound::Included);
        let mut new = Vec::new();
        // Without a hash a row only adds to one that is stored.
        let counts = |id: PeerId, fields: u8| {
            (from, to).contains(&id)
                && (fields & Known::HASH != 0 || page.binary_search_by_key(&id, |e| e.id).is_ok())
        };
        let most = page.len().saturating_add(max);
        let rows: Vec<_> = live.table.pending_of(most, counts).collect();
        for row in rows {
            if new.len() >= max {
                // Whatever comes now has a higher id than a whole page.
                break;
            }
            let id = row.entity.id;
            let change = crate::EntityChange { entity: row.entity, known: row.known };
            match page.binary_search_by_key(&id, |entity| entity.id) {
                Ok(at) => {
                    if let Some(stored) = page.get_mut(at)
                        && let Some(merged) = crate::storage::merged(Some(stored), &change)
                    {
                        *stored = merged;
                    }
                }
                Err(_) => new.extend(crate::storage::merged(None, &change)),
            }
        }
        drop(live);
        page.append(&mut new);
        page.sort_unstable_by_key(|entity| entity.id);
        page.truncate(max);
        for entity in &mut page {
            self.mark_self(entity)?;
        }
        Ok(page)
    }

    /// How many peers are known, unsaved ones included.
    pub fn count_entities(&self) -> Result<u64> {
        self.heed_others()?;
        let _turn = self.commits()?;
        let mut count = self.storage.count()?;
        let unsaved: Vec<_> = self.live()?.table.pending().collect();
        // Without a hash a row only adds to one that is stored.
        for row in unsaved.into_iter().filter(|row| row.known & Known::HASH != 0) {
            count += u64::from(self.storage.find(Find::Id(row.entity.id))?.is_empty());
        }
        Ok(count)
    }

    fn mark_self(&self, entity: &mut Entity) -> Result<()> {
        if self.live()?.account.identity.user_id == entity.id.marked() {
            entity.flags |= Entity::SELF;
        }
        Ok(())
    }

    fn find<T: Answer>(&self, by: Look<'_>, how: How) -> Result<Option<Found<T>>> {
        let memory = how.memory_only;
        if !memory {
            self.heed_others()?;
        }
        let one = match by {
            Look::Text(text) | Look::Username(text) | Look::Phone(text) | Look::Name(text)
                if text.len() > Entity::MAX_TEXT =>
            {
                None
            }
            Look::Id(id) => self.find_id(PeerId::from_marked(id)?, memory)?,
            Look::BareId(id) if id <= 0 => {
                return Err(Error::argument(format!(
                    "{id} cannot be a bare id, which is 1 or more; a negative id is a marked one"
                )));
            }
            Look::BareId(id) => self.find_bare(id, memory)?,
            Look::Username(name) => match &*normal_usernames(name) {
                "" => None,
                name => self.find_one(Find::Username(name), memory)?,
            },
            Look::Phone(phone) => match &*normal_phone(phone) {
                "" => None,
                phone => self.find_one(Find::Phone(phone), memory)?,
            },
            Look::Name(name) => return self.find_named(name, memory),
            Look::Text(text) => {
                let one = match lookup::meaning(text) {
                    Meaning::Me => {
                        let own = self.live()?.account.identity.user_id;
                        match PeerId::try_marked(own) {
                            Some(id) => self.find_id(id, memory)?,
                            None => None,
                        }
                    }
                    Meaning::Id(id) => self.find_id(id, memory)?,
                    Meaning::BareId(id) => self.find_bare(id, memory)?,
                    Meaning::Username(name) => self.find_one(Find::Username(&name), memory)?,
                    Meaning::Phone(phone) => self.find_one(Find::Phone(&phone), memory)?,
                    Meaning::Nothing => None,
                };
                if one.is_none() && how.names {
                    return self.find_named(text, memory);
                }
                one
            }
        };
        if one.is_none() {
            // A text that names nobody asks nobody; a closed session shall say so all the same.
            drop(self.live()?);
        }
        Ok(one.map(|item| Found { item, ambiguous: false }))
    }

    fn find_id<T: Answer>(&self, id: PeerId, memory_only: bool) -> Result<Option<T>> {
        match self.find_one(Find::Id(id), memory_only) {
            Ok(None) => Ok(T::of_stranger(id)),
            // What needs no row depends on no storage either.
            Err(error) if error.kind() != ErrorKind::Closed => {
                T::of_stranger(id).ok_or(error).map(Some)
            }
            found => found,
        }
    }

    fn find_bare<T: Answer>(&self, bare: i64, memory_only: bool) -> Result<Option<T>> {
        for kind in [PeerKind::Channel, PeerKind::Chat, PeerKind::User] {
            if let Ok(id) = PeerId::from_bare(kind, bare)
                && let Some(found) = self.find_one(Find::Id(id), memory_only)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The one peer with an id, username or phone: from memory, else from the storage.
    fn find_one<T: Answer>(&self, by: Find<'_>, memory_only: bool) -> Result<Option<T>> {
        let live = self.live()?;
        let view = live.who(by);
        if let Some(answer) = view.and_then(T::of_view) {
            return Ok(Some(answer));
        }
        if memory_only {
            return Ok(view.and_then(T::of_part));
        }
        let (id, age) = (view.map(View::id), live.age);
        let missed = view.is_none() && live.missed(by);
        drop(live);
        if missed {
            // Only somebody else can have changed that. He is looked for, unless that means waiting for a
            // save, which looks for him too.
            match self.commits.try_lock() {
                Ok(_turn) => self.heed_change()?,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Poisoned(error)) => return Err(poisoned(error)),
            }
            if self.live()?.missed(by) {
                return Ok(None);
            }
        }
        self.ask_storage(by, id, age)
    }

    /// The peer of whom memory, when it was of that age, knew no more than perhaps the id.
    #[cold]
    fn ask_storage<T: Answer>(
        &self,
        by: Find<'_>,
        id: Option<PeerId>,
        age: u64,
    ) -> Result<Option<T>> {
        if id.is_none()
            && let Some(answer) = self.find_owner(by, age)?
        {
            return Ok(Some(answer));
        }
        // A peer that memory knows in part is asked for by id.
        let key = id.map_or(by, Find::Id);
        let rows = self.storage.find(key)?;
        let mut live = self.live.write().map_err(poisoned)?;
        let fits = |row: &&Entity| match key {
            Find::Username(name) => live.table.get(row.id).is_none_or(|view| view.may_have(name)),
            Find::Phone(phone) => {
                live.table.get(row.id).is_none_or(|view| view.may_have_phone(phone))
            }
            Find::Id(_) | Find::Name(_) => true,
        };
        let found = rows.iter().find(fits);
        // Where peers were stored or forgotten meanwhile it was true when it was read, and is not to be
        // kept.
        let is_kept = live.age == age;
        match found {
            Some(row) if is_kept => {
                let slot = live.table.learn(row);
                // Whom the storage answers for a name is its owner.
                match key {
                    Find::Username(name) => live.table.own(slot, name, false),
                    Find::Phone(phone) => live.table.own(slot, phone, true),
                    Find::Id(_) | Find::Name(_) => {}
                }
            }
            None if is_kept => match id {
                Some(id) => live.table.learn_absence(id),
                None => live.miss(by),
            },
            _ => {}
        }
        let peer = found.map(|row| row.id).or(id);
        let is_owner = match live.who(by) {
            Some(owner) => Some(owner.id()) == peer,
            None => id.is_none(),
        };
        if !is_owner {
            // The name has gone to somebody else, or to nobody.
            drop(live);
            return self.find_one(by, false);
        }
        let view = peer.and_then(|id| live.table.get(id));
        match (found, view.and_then(T::of_view)) {
            (_, Some(answer)) => Ok(Some(answer)),
            // What memory knows of the peer may be newer.
            (Some(_), None) if view.is_some() && !is_kept => {
                drop(live);
                self.find_one(by, false)
            }
            (Some(row), None) => Ok(Some(T::of_entity(row))),
            (None, None) => Ok(view.and_then(T::of_part)),
        }
    }

    /// The owner of a username or phone number that is not in memory, where the storage's index
    /// knows enough. `age` is that of the memory which did not know.
    fn find_owner<T: Answer>(&self, by: Find<'_>, age: u64) -> Result<Option<T>> {
        let (name, phone) = match by {
            Find::Username(name) if T::IS_INPUT_PEER => (name, false),
            Find::Phone(phone) if T::IS_INPUT_PEER => (phone, true),
            _ => return Ok(None),
        };
        let Some(peer) = self.storage.find_input_peer(by)? else { return Ok(None) };
        let mut live = self.live.write().map_err(poisoned)?;
        if live.age != age {
            return Ok(None);
        }
        let learnt = live.table.learn_owner(peer, name, phone);
        Ok(learnt.and_then(|slot| live.table.view(slot)).and_then(T::of_view))
    }

    /// The peer with a display name that was seen last.
    fn find_named<T: Answer>(&self, name: &str, memory_only: bool) -> Result<Option<Found<T>>> {
        if name.is_empty() {
            // Those of whom no name is known are not called so.
            drop(self.live()?);
            return Ok(None);
        }
        let stored = if memory_only { Vec::new() } else { self.storage.find(Find::Name(name))? };
        let mut named: Vec<(i64, PeerId)> = {
            let live = self.live()?;
            let here = live.table.by_display_name(name).map(|view| (view.seen(), view.id()));
            let there = stored
                .iter()
                .filter(|row| live.table.get(row.id).is_none_or(|view| view.may_be_called(name)));
            here.chain(there.map(|row| (row.seen, row.id))).collect()
        };
        // Newest first; the same peer may come from both sides.
        named.sort_unstable_by(|a, b| b.cmp(a));
        let Some((_, id)) = named.first().copied() else { return Ok(None) };
        let ambiguous = named.iter().any(|(_, other)| *other != id);
        let item = self.find_one(Find::Id(id), memory_only)?;
        Ok(item.map(|item| Found { item, ambiguous }))
    }
}
