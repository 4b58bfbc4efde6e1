//! Update states, sent files and opaque values: all wait in memory until a save.

use std::ops::Bound;

use zeroize::Zeroizing;

use super::Session;
use super::live::Live;
use crate::ffi::clock;
use crate::ffi::read_mostly::{ReadGuard, WriteGuard};
use crate::storage::{Changes, ValueChange};
use crate::update_state::check_id;
use crate::{Error, FileKey, Result, SentFile, UpdateState, UpdateStatePatch};

/// Longest name of an opaque value, in bytes.
const MAX_KEY: usize = 255;
/// Largest opaque value, in bytes.
const MAX_VALUE: usize = 8 << 20;

impl Session {
    /// How far the updates of the account (id 0) or of a channel (its bare id) have been read
    /// (Telethon's `get_update_state`).
    pub fn update_state(&self, id: i64) -> Result<Option<UpdateState>> {
        check_id(id)?;
        Ok(self.states()?.states.get(&id).map(|state| state.value))
    }

    /// At most `max` update states with an id above `after`, ascending (Telethon's
    /// `get_update_states`); fewer only at the end.
    pub fn update_states(&self, after: Option<i64>, max: usize) -> Result<Vec<UpdateState>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let live = self.states()?;
        Ok(live.states.range((from, Bound::Unbounded)).take(max).map(|(_, s)| s.value).collect())
    }

    /// Sets update states (Telethon's `set_update_state`), all of them or, where one is wrong,
    /// none. With `must_exist`, answers `false` and sets none where one is not there yet.
    pub fn set_update_states(
        &self,
        patches: &[UpdateStatePatch],
        must_exist: bool,
    ) -> Result<bool> {
        for (n, patch) in patches.iter().enumerate() {
            patch.check().map_err(|error| error.at_record(n, patches.len()))?;
        }
        let due = {
            let mut live = self.room()?;
            if !live.states_read || self.storage.is_shared() {
                drop(live);
                live = self.states_mut()?;
            }
            if must_exist && patches.iter().any(|patch| !live.states.contains_key(&patch.id)) {
                return Ok(false);
            }
            let mut of_account = patches.iter().filter(|patch| patch.id == 0).peekable();
            if of_account.peek().is_some()
                && of_account.all(|patch| patch.pts.is_none())
                && live.states.get(&0).is_none_or(|state| state.value.pts == 0)
            {
                return Err(Error::argument(
                    "update state 0: it has no pts yet, and without one the server cannot be \
                     asked for the difference; set pts too",
                ));
            }
            for patch in patches {
                live.patch_state(patch);
            }
            live.is_due(clock::coarse(), &self.options)
        };
        if due {
            self.save_if_due();
        }
        Ok(true)
    }

    /// Forgets how far updates have been read, in memory and in the storage; says whether it was
    /// known.
    pub fn remove_update_state(&self, id: i64) -> Result<bool> {
        check_id(id)?;
        self.heed_others()?;
        let _turn = self.commits()?;
        self.writable()?;
        self.fill_states()?;
        if !self.live()?.states.contains_key(&id) {
            return Ok(false);
        }
        self.store(&Changes { forget_states: vec![id], ..Changes::default() })?;
        let removed = self.live_mut()?.remove_state(id);
        self.heed_found();
        Ok(removed)
    }

    /// Remembers a file that was sent (Telethon's `cache_file`).
    pub fn cache_file(&self, key: &FileKey, file: &SentFile) -> Result<()> {
        if key.size < 0 {
            return Err(Error::argument(format!("sent file: size {} is negative", key.size)));
        }
        let due = {
            let mut live = self.room()?;
            live.put_file(*key, *file);
            live.is_due(clock::coarse(), &self.options)
        };
        if due {
            self.save_if_due();
        }
        Ok(())
    }

    /// The file that was sent with this content (Telethon's `get_file`).
    pub fn file(&self, key: &FileKey) -> Result<Option<SentFile>> {
        if let Some(file) = self.live()?.files.get(key) {
            return Ok(Some(file.value));
        }
        self.storage.file(key)
    }

    pub(super) fn all_files(&self) -> Result<Vec<(FileKey, SentFile)>> {
        // What is saved meanwhile would be missing on both sides.
        let _turn = self.commits()?;
        let mut all = self.storage.files()?;
        all.extend(self.live()?.files.iter().map(|(key, file)| (*key, file.value)));
        Ok(all)
    }

    /// What was put under a name; the session keeps it without understanding it.
    pub fn value(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        check_key(key)?;
        if let Some(value) = self.live()?.values.get(key) {
            return Ok(value.value.clone());
        }
        self.storage.value(key)
    }

    pub(super) fn all_values(&self) -> Result<Vec<ValueChange>> {
        let _turn = self.commits()?;
        let stored = self.storage.values()?.into_iter().map(|(key, value)| (key, Some(value)));
        let mut all: Vec<_> = stored.collect();
        all.extend(
            self.live()?.values.iter().map(|(key, value)| (key.clone(), value.value.clone())),
        );
        Ok(all)
    }

    /// Keeps bytes under a name: 1 to 255 bytes, not starting with `mts:`. A `durable` value is
    /// stored when this returns, another one with the next save.
    pub fn put_value(&self, key: &str, value: &[u8], durable: bool) -> Result<()> {
        if value.len() > MAX_VALUE {
            return Err(Error::argument(format!(
                "value {key:?}: it has {} bytes; at most {MAX_VALUE} are possible",
                value.len()
            )));
        }
        self.change_value(key, Some(Zeroizing::new(value.to_vec())), durable)
    }

    /// Removes what was put under a name; says whether there was something. As with
    /// [`Session::put_value`], at once or with the next save.
    pub fn remove_value(&self, key: &str, durable: bool) -> Result<bool> {
        let known = self.value(key)?.is_some();
        if known {
            self.change_value(key, None, durable)?;
        }
        Ok(known)
    }

    fn change_value(
        &self,
        key: &str,
        value: Option<Zeroizing<Vec<u8>>>,
        durable: bool,
    ) -> Result<()> {
        check_key(key)?;
        self.writable()?;
        if durable {
            let _turn = self.commits()?;
            // Checked here too: the storage of a closed session may not be asked.
            drop(self.live()?);
            let values = vec![(key.to_owned(), value)];
            self.store(&Changes { values, durable, ..Changes::default() })?;
            // What waited under that name is older.
            self.live_mut()?.values.remove(key);
            self.heed_found();
            return Ok(());
        }
        let due = {
            let mut live = self.room()?;
            live.put_value(key.to_owned(), value);
            live.is_due(clock::coarse(), &self.options)
        };
        if due {
            self.save_if_due();
        }
        Ok(())
    }

    /// What is live, with every update state in it.
    fn states(&self) -> Result<ReadGuard<'_, Live>> {
        loop {
            self.read_states()?;
            let live = self.live()?;
            // Somebody else's change may have been noticed in between.
            if live.states_read {
                return Ok(live);
            }
        }
    }

    /// As `states`, to change them.
    fn states_mut(&self) -> Result<WriteGuard<'_, Live>> {
        loop {
            self.read_states()?;
            let live = self.live_mut()?;
            if live.states_read {
                return Ok(live);
            }
        }
    }

    /// Reads the stored update states once.
    fn read_states(&self) -> Result<()> {
        self.heed_others()?;
        if self.live()?.states_read {
            return Ok(());
        }
        let _turn = self.commits()?;
        self.fill_states()
    }

    /// As `read_states`. The caller holds `commits`: one reads at a time, and nothing is stored
    /// meanwhile, since what is read must not be older than what a flush has just called stored.
    fn fill_states(&self) -> Result<()> {
        if !self.live()?.states_read {
            let stored = self.storage.states()?;
            self.live_mut()?.learn_states(stored);
        }
        Ok(())
    }
}

fn check_key(key: &str) -> Result<()> {
    if key.is_empty() || key.len() > MAX_KEY || key.contains('\0') || key.starts_with("mts:") {
        return Err(Error::argument(format!(
            "value {key:?}: a name has 1 to {MAX_KEY} bytes, no NUL, and does not start with mts:"
        )));
    }
    Ok(())
}
