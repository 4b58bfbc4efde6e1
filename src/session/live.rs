//! What a session holds in memory, and what of it waits to be stored.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashSet;
use zeroize::Zeroizing;

use super::Options;
use super::row::View;
use super::table::{Asked, Put, Table};
use crate::entity::{EntityRef, split_usernames};
use crate::storage::{Changes, EntityChange, Find};
use crate::{
    Account, DcKey, Entity, FileKey, KeySlot, PeerId, SentFile, UpdateState, UpdateStatePatch,
};

/// Look-ups that the storage has answered with nothing, remembered until something could have
/// changed the answer.
const MAX_MISSES: usize = 10_000;

/// Longest name that is remembered as missed, in bytes; no username or phone number comes near it.
const MAX_MISS: usize = 64;

/// How many stored rows can be compared with the misses in the time that one look-up in the storage
/// takes.
const ROWS_A_MISS: usize = 100;

/// A value and the flush that will write it; 0 for one that is stored.
#[derive(Clone, Copy)]
pub(super) struct Dirty<T> {
    pub(super) value: T,
    pub(super) flush: u32,
}

/// A flush that has begun.
pub(super) struct Flush {
    /// The number under which [`Live::stored`] knows again what it has written.
    pub(super) number: u32,
    /// Whether the account record goes with it.
    account: bool,
}

/// What one flush writes.
pub(super) struct Batch {
    pub(super) changes: Changes<'static>,
    /// The stored account record and the one to store, where it waits too.
    pub(super) account: Option<(Arc<Account>, Arc<Account>)>,
}

pub(super) struct Live {
    pub(super) closed: bool,
    /// The last save is under way: nothing comes in any more.
    pub(super) closing: bool,
    /// How often the stored peers have changed. What was read from the storage before such a
    /// change may be out of date.
    pub(super) age: u64,
    pub(super) account: Arc<Account>,
    /// The account record as the storage has it: the same one until something is changed.
    pub(super) stored_account: Arc<Account>,
    /// Salts have changed, the only part of the account that waits.
    account_waits: bool,
    pub(super) save_entities: bool,
    pub(super) table: Table,
    /// Update states: the dirty ones, and all others once they have been asked for.
    pub(super) states: BTreeMap<i64, Dirty<UpdateState>>,
    pub(super) states_read: bool,
    /// The dirty ones of them, in no order.
    dirty_states: Vec<i64>,
    pub(super) files: BTreeMap<FileKey, Dirty<SentFile>>,
    pub(super) values: BTreeMap<String, Dirty<Option<Zeroizing<Vec<u8>>>>>,
    missed_ids: HashSet<PeerId>,
    /// Phone numbers, and usernames that do not look like one.
    missed_names: HashSet<Box<str>>,
    /// The number of the flush that is to come.
    flush: u32,
    /// When the oldest row came in that is not stored, since 1970.
    waiting_since: Option<Duration>,
}

impl Live {
    pub(super) fn new(account: Arc<Account>, shared: bool, options: &Options) -> Live {
        Live {
            closed: false,
            closing: false,
            age: 0,
            stored_account: Arc::clone(&account),
            account,
            account_waits: false,
            save_entities: options.save_entities,
            table: Table::new(options.max_entities, shared),
            states: BTreeMap::new(),
            states_read: false,
            dirty_states: Vec::new(),
            files: BTreeMap::new(),
            values: BTreeMap::new(),
            missed_ids: HashSet::new(),
            missed_names: HashSet::new(),
            flush: 1,
            waiting_since: None,
        }
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.account = Arc::default();
        self.stored_account = Arc::clone(&self.account);
        self.forget_account_data();
        self.values.clear();
    }

    /// Drops what belongs to one account only: its peers, update states and files.
    pub(super) fn forget_account_data(&mut self) {
        self.age += 1;
        self.table.clear();
        self.states.clear();
        self.states_read = false;
        self.dirty_states.clear();
        self.files.clear();
        self.forget_misses();
    }

    /// How many rows wait to be stored.
    pub(super) fn unsaved(&self) -> usize {
        self.table.dirty_len()
            + self.dirty_states.len()
            + self.files.len()
            + self.values.len()
            + usize::from(self.account_waits)
    }

    /// Notes that rows came in at this time, since 1970; says whether all should be stored.
    pub(super) fn is_due(&mut self, time: Duration, options: &Options) -> bool {
        let unsaved = self.unsaved();
        if unsaved == 0 {
            return false;
        }
        let since = match self.waiting_since {
            Some(since) if since <= time => since,
            // It begins, or the clock has been set back (by a moment: the coarse one is behind): then it
            // begins anew.
            _ => *self.waiting_since.insert(time),
        };
        unsaved >= options.max_dirty
            || !options.max_dirty_age.is_zero()
                && time.saturating_sub(since) >= options.max_dirty_age
    }

    pub(super) fn put_entity(
        &mut self,
        record: &EntityRef<'_>,
        slot: Option<u32>,
        asked: Asked,
        now: i64,
    ) -> Put {
        self.table.put(record, slot, asked, now, self.flush)
    }

    /// Who has that id, username or phone number, for all that is known here.
    pub(super) fn who(&self, by: Find<'_>) -> Option<View<'_>> {
        match by {
            Find::Id(id) => self.table.get(id),
            Find::Username(name) => self.table.by_username(name),
            Find::Phone(phone) => self.table.by_phone(phone),
            Find::Name(_) => None,
        }
    }

    /// Whether all that the storage has of a peer is here.
    pub(super) fn knows_all_of(&self, id: PeerId) -> bool {
        match self.table.get(id) {
            Some(view) => view.is_settled(),
            None => self.missed(Find::Id(id)),
        }
    }

    /// Takes in what the storage has. What is here already is newer.
    pub(super) fn learn_states(&mut self, stored: Vec<UpdateState>) {
        for state in stored {
            self.states.entry(state.id).or_insert(Dirty { value: state, flush: 0 });
        }
        self.states_read = true;
    }

    /// Joins a patch to the state of its id, which has been read if there is one.
    pub(super) fn patch_state(&mut self, patch: &UpdateStatePatch) {
        let state = match self.states.entry(patch.id) {
            Entry::Vacant(place) => {
                let value = patch.apply(UpdateState::default());
                place.insert(Dirty { value, flush: 0 })
            }
            Entry::Occupied(place) => {
                let state = place.into_mut();
                let value = patch.apply(state.value);
                if value == state.value {
                    return;
                }
                state.value = value;
                state
            }
        };
        if state.flush == 0 {
            self.dirty_states.push(patch.id);
        }
        state.flush = self.flush;
    }

    pub(super) fn remove_state(&mut self, id: i64) -> bool {
        self.dirty_states.retain(|dirty| *dirty != id);
        self.states.remove(&id).is_some()
    }

    pub(super) fn put_file(&mut self, key: FileKey, file: SentFile) {
        self.files.insert(key, Dirty { value: file, flush: self.flush });
    }

    pub(super) fn put_value(&mut self, key: String, value: Option<Zeroizing<Vec<u8>>>) {
        self.values.insert(key, Dirty { value, flush: self.flush });
    }

    pub(super) fn account_changed(&mut self) {
        self.account_waits = true;
    }

    /// Begins a flush: what is dirty now goes with it, and what comes in from here on with the next.
    pub(super) fn begin_flush(&mut self) -> Flush {
        let number = self.flush;
        // Past any number that a session can reach in practice it starts over at 1, since 0 is
        // clean; a row from before would merely be written once more.
        self.flush = self.flush.checked_add(1).unwrap_or(1);
        // Set again by whatever comes in while the flush is under way.
        Flush { number, account: std::mem::take(&mut self.account_waits) }
    }

    /// What a flush that has just begun is to write.
    pub(super) fn collect(&self, flush: &Flush) -> Batch {
        let entities = self.table.pending();
        let states = self.dirty_states.iter().filter_map(|id| self.states.get(id));
        let mut states: Vec<_> = states.map(|state| state.value).collect();
        states.sort_unstable_by_key(|state| state.id);
        let changes = Changes {
            entities: entities
                .map(|row| EntityChange { entity: row.entity, known: row.known })
                .collect(),
            states,
            files: self.files.iter().map(|(key, file)| (*key, file.value)).collect(),
            values: self.values.iter().map(|(k, v)| (k.clone(), v.value.clone())).collect(),
            ..Changes::default()
        };
        let account = flush.account.then(|| (self.stored_account.clone(), self.account.clone()));
        Batch { changes, account }
    }

    /// The flush of that number has been stored.
    pub(super) fn stored(&mut self, changes: &Changes<'_>, number: u32) {
        self.age += 1;
        self.table.stored(number);
        let states = &mut self.states;
        self.dirty_states.retain(|id| match states.get_mut(id) {
            Some(state) if state.flush <= number => {
                state.flush = 0;
                false
            }
            state => state.is_some(),
        });
        self.files.retain(|_, file| file.flush > number);
        self.values.retain(|_, value| value.flush > number);
        if let Some(account) = &changes.account {
            self.stored_account = Arc::new(account.new.clone());
        }
        if self.misses() * ROWS_A_MISS < changes.entities.len() {
            self.forget_misses();
        }
        for change in &changes.entities {
            self.forget_miss(&change.entity);
        }
        self.waiting_since = None;
    }

    /// Somebody else wrote the storage: what is not dirty here is read again from there.
    pub(super) fn read_anew(&mut self, stored: Account, tmp_key_is_stored: bool) {
        self.age += 1;
        let (old, mut new) = (Arc::clone(&self.account), stored.clone());
        let dc = |account: &Account| account.dc.as_ref().map(|dc| dc.id);
        let same_login = old.auth_key == new.auth_key && dc(&old) == dc(&new);
        // Temporary keys are for the key that they were made with.
        if !tmp_key_is_stored && same_login {
            new.tmp_auth_key = old.tmp_auth_key.clone();
            let temporary = |key: &DcKey| key.slot != KeySlot::Permanent;
            new.keys.retain(|key| !temporary(key));
            new.keys.extend(old.keys.iter().filter(|key| temporary(key)).cloned());
            new.keys.sort_by_key(|key| (key.dc, key.slot));
        }
        let (was, is) = (old.identity.user_id, stored.identity.user_id);
        if was != 0 && is != 0 && was != is {
            // What waits holds for the account that was logged in here before.
            self.forget_account_data();
            self.account_waits = false;
        }
        if self.account_waits {
            new.salts = old.salts.clone();
        }
        self.account = Arc::new(new);
        self.stored_account = Arc::new(stored);
        self.table.drop_clean();
        self.states.retain(|_, state| state.flush != 0);
        self.states_read = false;
        self.forget_misses();
    }

    pub(super) fn missed(&self, by: Find<'_>) -> bool {
        match by {
            Find::Id(id) => self.missed_ids.contains(&id),
            Find::Username(name) if looks_like_phone(name) => false,
            Find::Username(name) | Find::Phone(name) => self.missed_names.contains(name),
            Find::Name(_) => false,
        }
    }

    fn misses(&self) -> usize {
        self.missed_ids.len() + self.missed_names.len()
    }

    pub(super) fn miss(&mut self, by: Find<'_>) {
        if self.misses() >= MAX_MISSES {
            self.forget_misses();
        }
        match by {
            Find::Id(id) => {
                self.missed_ids.insert(id);
            }
            // Noted, it would pass for the phone number; it is nobody's username anyway.
            Find::Username(name) if looks_like_phone(name) => {}
            Find::Username(name) | Find::Phone(name) if name.len() > MAX_MISS => {}
            Find::Username(name) | Find::Phone(name) => {
                self.missed_names.insert(name.into());
            }
            Find::Name(_) => {}
        }
    }

    /// A peer is not stored any more.
    pub(super) fn forget(&mut self, id: PeerId) {
        self.age += 1;
        self.table.remove(id);
    }

    pub(super) fn forget_miss(&mut self, entity: &Entity) {
        if !self.missed_ids.is_empty() {
            self.missed_ids.remove(&entity.id);
        }
        if !self.missed_names.is_empty() {
            for name in split_usernames(&entity.usernames).chain([entity.phone.as_str()]) {
                self.missed_names.remove(name);
            }
        }
    }

    pub(super) fn forget_misses(&mut self) {
        self.missed_ids.clear();
        self.missed_names.clear();
    }
}

fn looks_like_phone(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_is_not_remembered_as_missed() {
        let mut live = Live::new(Arc::default(), false, &Options::default());
        for (length, missed) in [(MAX_MISS, true), (MAX_MISS + 1, false)] {
            let (name, phone) = ("a".repeat(length), "1".repeat(length));
            for by in [Find::Username(&name), Find::Phone(&phone)] {
                live.miss(by);
                assert_eq!(live.missed(by), missed, "{by:?}");
            }
        }
    }

    #[test]
    fn what_waits_is_due_at_its_age_by_a_clock_that_may_be_set_back() {
        let options = Options { max_dirty_age: Duration::from_secs(60), ..Options::default() };
        let mut live = Live::new(Arc::default(), false, &options);
        let is_due_at =
            |live: &mut Live, seconds| live.is_due(Duration::from_secs(seconds), &options);
        // Nothing waits.
        assert!(!is_due_at(&mut live, 4000));
        live.put_value("key".to_owned(), None);
        for begin in [5000, 1000] {
            assert!(!is_due_at(&mut live, begin));
            assert!(!is_due_at(&mut live, begin + 59));
            assert!(is_due_at(&mut live, begin + 60));
        }
    }
}
