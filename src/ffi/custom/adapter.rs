//! A custom storage, seen from inside: the [`Storage`] that turns to the callbacks.
//!
//! What belongs to the login, and is small (account, update states, values, sent files), is loaded
//! once and kept here; entities are asked for. The callbacks only ever store whole rows: merging is
//! done here, so that nobody has to write those rules again in another language.

use std::ffi::CString;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;
use zeroize::Zeroizing;

use super::batch::{Batch, account_of, file_of, key_of};
use super::sink::{Answer, Wants, mts_out};
use super::{MTS_FIND_ID, MTS_FIND_NAME, MTS_FIND_PHONE, MTS_FIND_USERNAME, mts_storage};
use crate::entity::split_usernames;
use crate::ffi::guard;
use crate::ffi::status::{kind_of, mts_status};
use crate::ffi::threads::this_thread;
use crate::storage::login::Login;
use crate::storage::{Changes, Find, Storage, believable, merged};
use crate::{Account, Entity, Error, ErrorKind, FileKey, PeerId, Result, SentFile, UpdateState};

/// Entities asked for at once where all of them are wanted.
const CHUNK: usize = 512;

/// Knows which threads are inside a callback, and whether `user` is the library's by now.
#[derive(Default)]
pub(in crate::ffi) struct Gate {
    inside: Mutex<Vec<usize>>,
    owned: AtomicBool,
}

impl Gate {
    fn inside(&self) -> MutexGuard<'_, Vec<usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a call that comes from inside a callback: it could wait for a lock that its own
    /// thread holds.
    pub(in crate::ffi) fn refuse_inside(&self) -> Result<()> {
        if self.inside().contains(&this_thread()) {
            return Err(Error::new(
                ErrorKind::Callback,
                "called from inside a callback of this session's own storage; a callback answers \
                 through mts_out_ functions and calls nothing else of its session",
            ));
        }
        Ok(())
    }

    /// The session is made: from now on `free` is called when it goes.
    pub(super) fn own(&self) {
        self.owned.store(true, Ordering::Release);
    }

    fn enter(&self) -> Entered<'_> {
        self.inside().push(this_thread());
        Entered(self)
    }
}

struct Entered<'a>(&'a Gate);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let me = this_thread();
        let mut inside = self.0.inside();
        if let Some(at) = inside.iter().rposition(|thread| *thread == me) {
            inside.swap_remove(at);
        }
    }
}

pub(super) struct Adapter {
    table: mts_storage,
    gate: Arc<Gate>,
    /// Idle sinks. They live as long as the storage, so that a callback which kept one and uses it
    /// too late meets an empty sink and not freed memory.
    sinks: Mutex<Vec<Arc<mts_out>>>,
    /// What was loaded, as the last commit left it.
    login: Mutex<Login>,
    /// Held through every commit, also those that a look-up makes.
    commits: Mutex<()>,
    closed: AtomicBool,
}

// SAFETY: all that is not Send by itself is `user` and the callbacks, and the header tells their
// author that they are called on any thread, several at once.
unsafe impl Send for Adapter {}
// SAFETY: as above.
unsafe impl Sync for Adapter {}

impl Adapter {
    /// # Safety
    /// `table` is NULL or good for as many bytes as its first field says, at least for that; its
    /// callbacks are NULL or functions of their types that keep the header's rules.
    pub(super) unsafe fn new(table: *const mts_storage) -> Result<Adapter> {
        // SAFETY: the caller's promise; a table of zeros has no callbacks and no user.
        let table = unsafe { guard::sized("storage", table, size_of::<mts_storage>()) }?;
        Ok(Adapter {
            table,
            gate: Arc::default(),
            sinks: Mutex::default(),
            login: Mutex::default(),
            commits: Mutex::default(),
            closed: AtomicBool::new(false),
        })
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// Claims the storage and loads the login.
    pub(super) fn begin(&self) -> Result<()> {
        if let Some(lock) = self.table.lock {
            // SAFETY: the table's promises, and a sink of this storage.
            self.call("lock", Wants::Nothing, |out| unsafe { lock(self.table.user, out) })?;
        }
        let Some(load) = self.table.load else { return Ok(()) };
        // SAFETY: as above.
        let answer =
            self.call("load", Wants::Login, |out| unsafe { load(self.table.user, out) })?;
        let mut login = self.login();
        if let Some(bytes) = answer.account {
            login.account = Arc::new(account_of(&bytes)?);
        }
        login.states.extend(answer.states.into_iter().map(|state| (state.id, state)));
        for (key, value) in answer.values {
            match key_of(&key)? {
                Some(key) => drop(login.files.insert(key, file_of(&key, &value)?)),
                None => drop(login.values.insert(key, value)),
            }
        }
        Ok(())
    }

    fn login(&self) -> MutexGuard<'_, Login> {
        self.login.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<&Adapter> {
        match self.closed.load(Ordering::Acquire) {
            false => Ok(self),
            true => {
                Err(Error::new(ErrorKind::Closed, "the custom storage is closed; open it again"))
            }
        }
    }

    /// Runs a callback and judges what it answered.
    fn call(
        &self,
        name: &str,
        wants: Wants,
        callback: impl FnOnce(*mut mts_out) -> i32,
    ) -> Result<Answer> {
        let idle = || self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        let sink = idle().pop().unwrap_or_else(|| Arc::new(mts_out::new()));
        sink.begin(wants);
        let entered = self.gate.enter();
        let status = callback(Arc::as_ptr(&sink).cast_mut());
        drop(entered);
        let answer = sink.end();
        idle().push(sink);
        let mut answer = answer.ok_or_else(|| Error::internal("a callback lost its sink"))?;
        let failed = |kind, why: &str| {
            Err(Error::new(kind, format!("the custom storage's {name} callback failed: {why}")))
        };
        if let Some(wrong) = answer.wrong.take() {
            return failed(ErrorKind::Callback, wrong.message());
        }
        // Who looks for something says "not found" by habit.
        if status == 0 || (status == mts_status::MTS_NOT_FOUND as i32 && wants != Wants::Nothing) {
            return Ok(answer);
        }
        let Some(kind) = kind_of(status) else {
            return failed(
                ErrorKind::Callback,
                &format!("it answered {status}, which is the status of no failure"),
            );
        };
        failed(kind, answer.error.as_deref().unwrap_or("it gave no reason"))
    }

    /// What the storage itself answers, checked, newest first.
    fn ask(&self, by: Find<'_>) -> Result<Vec<Entity>> {
        let find = self.table.find.ok_or_else(|| missing("find", "it cannot look entities up"))?;
        let (number, id, text) = match by {
            Find::Id(id) => (MTS_FIND_ID, id.marked(), ""),
            Find::Username(name) => (MTS_FIND_USERNAME, 0, name),
            Find::Phone(phone) => (MTS_FIND_PHONE, 0, phone),
            Find::Name(name) => (MTS_FIND_NAME, 0, name),
        };
        let Ok(text) = CString::new(text) else { return Ok(Vec::new()) };
        let len = text.as_bytes().len();
        let answer = self.call("find", Wants::Entities, |out| {
            // SAFETY: the table's promises; a text with its NUL, and a sink of this storage.
            unsafe { find(self.table.user, number, id, text.as_ptr(), len, out) }
        })?;
        let mut found = answer.entities;
        if let Some(other) = found.iter().find(|entity| !fits(entity, by)) {
            return Err(Error::new(
                ErrorKind::Callback,
                format!(
                    "the custom storage's find callback answered entity {}, which is not what it \
                     was asked for ({by:?})",
                    other.id.marked()
                ),
            ));
        }
        found.sort_by_key(|entity| std::cmp::Reverse(believable(entity.seen)));
        found.dedup_by_key(|entity| entity.id);
        Ok(found)
    }

    /// Stores a batch. The caller holds `commits`.
    fn store(&self, batch: &Batch) -> Result<()> {
        let commit =
            self.table.commit.ok_or_else(|| missing("commit", "nothing can be saved in it"))?;
        let changes = batch.changes();
        self.call("commit", Wants::Nothing, |out| {
            // SAFETY: the table's promises; changes that live for the call, and a sink of this
            // storage.
            unsafe { commit(self.table.user, &raw const changes, out) }
        })?;
        Ok(())
    }

    /// Takes a username or phone from those who bear it no more. What fails here is tried again at
    /// the next look-up.
    fn evict(&self, losers: &[Entity], by: Find<'_>) {
        let Ok(_one_at_a_time) = self.commits.try_lock() else { return };
        let mut batch = Batch::default();
        for loser in losers {
            // Asked anew: a commit may have changed it since it was found.
            let Ok(Some(mut entity)) =
                self.ask(Find::Id(loser.id)).map(|found| found.into_iter().next())
            else {
                return;
            };
            if !fits(&entity, by) {
                continue;
            }
            match by {
                Find::Phone(_) => entity.phone = SmolStr::default(),
                Find::Username(name) => {
                    let rest: Vec<_> =
                        split_usernames(&entity.usernames).filter(|other| *other != name).collect();
                    entity.usernames = rest.join(" ").into();
                }
                Find::Id(_) | Find::Name(_) => continue,
            }
            if batch.put_entity(&entity).is_err() {
                return;
            }
        }
        let _ = self.store(&batch);
    }
}

fn missing(callback: &str, so: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the custom storage has no {callback} callback, so {so}"),
    )
}

fn fits(entity: &Entity, by: Find<'_>) -> bool {
    match by {
        Find::Id(id) => entity.id == id,
        Find::Username(name) => split_usernames(&entity.usernames).any(|own| own == name),
        Find::Phone(phone) => entity.phone == phone,
        Find::Name(name) => entity.name == name,
    }
}

impl Storage for Adapter {
    fn load(&self) -> Result<Account> {
        Ok(Account::clone(&self.open()?.login().account))
    }

    fn states(&self) -> Result<Vec<UpdateState>> {
        Ok(self.open()?.login().states.values().copied().collect())
    }

    fn find(&self, by: Find<'_>) -> Result<Vec<Entity>> {
        let mut found = self.open()?.ask(by)?;
        if matches!(by, Find::Username(_) | Find::Phone(_)) && found.len() > 1 {
            let losers = found.split_off(1);
            self.evict(&losers, by);
        }
        Ok(found)
    }

    fn list(&self, after: Option<PeerId>, max: usize) -> Result<Vec<Entity>> {
        let list = self.open()?.table.list;
        let list = list.ok_or_else(|| missing("list", "its entities cannot be listed"))?;
        let after = after.map_or(i64::MIN, PeerId::marked);
        let asked = u32::try_from(max).unwrap_or(u32::MAX);
        let answer = self.call("list", Wants::Entities, |out| {
            // SAFETY: the table's promises, and a sink of this storage.
            unsafe { list(self.table.user, after, asked, out) }
        })?;
        let mut found = answer.entities;
        // Going on behind such a row would never end.
        if let Some(behind) = found.iter().find(|entity| entity.id.marked() <= after) {
            return Err(Error::new(
                ErrorKind::Callback,
                format!(
                    "the custom storage's list callback answered entity {}, but was asked for \
                     those above {after}",
                    behind.id.marked()
                ),
            ));
        }
        found.sort_by_key(|entity| entity.id);
        found.dedup_by_key(|entity| entity.id);
        found.truncate(max);
        Ok(found)
    }

    fn value(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        Ok(self.open()?.login().values.get(key).cloned())
    }

    fn values(&self) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>> {
        let login = self.open()?.login();
        Ok(login.values.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn file(&self, key: &FileKey) -> Result<Option<SentFile>> {
        Ok(self.open()?.login().files.get(key).copied())
    }

    fn files(&self) -> Result<Vec<(FileKey, SentFile)>> {
        Ok(self.open()?.login().files.iter().map(|(key, file)| (*key, *file)).collect())
    }

    fn count(&self) -> Result<u64> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.list(after, CHUNK)?;
            count += page.len() as u64;
            if page.len() < CHUNK {
                return Ok(count);
            }
            after = page.last().map(|entity| entity.id);
        }
    }

    fn commit(&self, changes: &Changes<'_>) -> Result<bool> {
        if self.open()?.table.commit.is_none() {
            return Err(missing("commit", "nothing can be saved in it"));
        }
        let _one_at_a_time = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Batch::new(changes)?;
        if changes.other_account {
            let login = self.login();
            for id in login.states.keys().filter(|id| changes.states.iter().all(|s| s.id != **id)) {
                batch.forget_state(*id);
            }
            for key in login.files.keys().filter(|key| changes.files.iter().all(|f| f.0 != **key)) {
                batch.remove_file(key)?;
            }
        }
        for change in changes.entities.iter().filter(|c| !changes.forget.contains(&c.entity.id)) {
            let stored = match changes.other_account {
                true => None,
                false => self.ask(Find::Id(change.entity.id))?.into_iter().next(),
            };
            if let Some(row) = merged(stored.as_ref(), change) {
                batch.put_entity(&row)?;
            }
        }
        self.store(&batch)?;
        self.login().apply(changes);
        Ok(false)
    }

    fn changed_elsewhere(&self) -> Result<bool> {
        Ok(false)
    }

    fn place(&self) -> String {
        "the custom storage".to_owned()
    }

    fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        Ok(())
    }

    fn delete(&self) -> Result<()> {
        let _one_at_a_time = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = {
            let login = self.login();
            let states = login.states.keys().copied();
            Batch::clear(states, login.files.keys(), login.values.keys())?
        };
        self.store(&batch)?;
        *self.login() = Login::default();
        self.close()
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        if let Some(free) = self.table.free.filter(|_| self.gate.owned.load(Ordering::Acquire)) {
            let user = std::mem::replace(&mut self.table.user, ptr::null_mut());
            let _entered = self.gate.enter();
            // SAFETY: the table's promises; this is the last callback.
            unsafe { free(user) };
        }
    }
}
