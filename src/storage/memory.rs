//! A session that ends with the process: Telethon's `MemorySession`.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;
use zeroize::Zeroizing;

use super::login::Login;
use super::{Changes, Find, Storage, believable, merged};
use crate::entity::split_usernames;
use crate::{Account, Entity, Error, ErrorKind, FileKey, PeerId, Result, SentFile, UpdateState};

/// Keeps a session in memory.
pub struct MemoryStorage(Mutex<Option<Kept>>);

/// What there is until it is closed.
struct Kept {
    login: Login,
    entities: BTreeMap<PeerId, Entity>,
    /// Who bears a username or phone number. The two may look alike: that is told at look-up.
    bearers: BTreeMap<String, Vec<PeerId>>,
}

impl Default for MemoryStorage {
    fn default() -> MemoryStorage {
        MemoryStorage::with_account(Arc::default())
    }
}

impl MemoryStorage {
    /// A storage that holds nothing but this account.
    pub(crate) fn with_account(account: Arc<Account>) -> MemoryStorage {
        MemoryStorage(Mutex::new(Some(Kept {
            login: Login::of(account),
            entities: BTreeMap::new(),
            bearers: BTreeMap::new(),
        })))
    }

    fn hold(&self) -> MutexGuard<'_, Option<Kept>> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> Result<T> {
        match self.hold().as_mut() {
            Some(kept) => Ok(work(kept)),
            None => {
                Err(Error::new(ErrorKind::Closed, "the session in memory is closed; open it again"))
            }
        }
    }
}

fn names(entity: &Entity) -> impl Iterator<Item = &str> {
    let phone = Some(entity.phone.as_str()).filter(|phone| !phone.is_empty());
    split_usernames(&entity.usernames).chain(phone)
}

impl Kept {
    fn put(&mut self, entity: Entity) {
        self.forget(entity.id);
        for name in names(&entity) {
            let bearers = self.bearers.entry(name.to_owned()).or_default();
            // A username may be the same digits as the phone.
            if bearers.last() != Some(&entity.id) {
                bearers.push(entity.id);
            }
        }
        self.entities.insert(entity.id, entity);
    }

    fn forget(&mut self, id: PeerId) {
        let Some(entity) = self.entities.remove(&id) else { return };
        for name in names(&entity) {
            if let Some(bearers) = self.bearers.get_mut(name) {
                bearers.retain(|bearer| *bearer != id);
                if bearers.is_empty() {
                    self.bearers.remove(name);
                }
            }
        }
    }

    /// The newest bearer of a name, which the others lose.
    fn owner(&mut self, name: &str, phone: bool) -> Vec<Entity> {
        let bearers = self.bearers.get(name).into_iter().flatten();
        let mut found: Vec<Entity> = bearers
            .filter_map(|id| self.entities.get(id))
            .filter(|entity| match phone {
                true => entity.phone == name,
                false => split_usernames(&entity.usernames).any(|it| it == name),
            })
            .cloned()
            .collect();
        found.sort_by_key(|entity| std::cmp::Reverse(believable(entity.seen)));
        for mut loser in found.split_off(found.len().min(1)) {
            if phone {
                loser.phone = SmolStr::default();
            } else {
                let rest: Vec<_> =
                    split_usernames(&loser.usernames).filter(|it| *it != name).collect();
                loser.usernames = rest.join(" ").into();
            }
            self.entities.insert(loser.id, loser);
        }
        // At once: there may be as many as there are peers.
        if let Some(bearers) = self.bearers.get_mut(name) {
            let bears = |id: &PeerId| {
                self.entities.get(id).is_some_and(|entity| names(entity).any(|it| it == name))
            };
            bearers.retain(bears);
        }
        found
    }

    fn commit(&mut self, changes: &Changes<'_>) {
        self.login.apply(changes);
        if changes.other_account {
            self.entities.clear();
            self.bearers.clear();
        }
        for change in &changes.entities {
            if let Some(entity) = merged(self.entities.get(&change.entity.id), change) {
                self.put(entity);
            }
        }
        changes.forget.iter().for_each(|id| self.forget(*id));
    }
}

impl Storage for MemoryStorage {
    fn load(&self) -> Result<Account> {
        self.with(|kept| Account::clone(&kept.login.account))
    }

    fn states(&self) -> Result<Vec<UpdateState>> {
        self.with(|kept| kept.login.states.values().copied().collect())
    }

    fn find(&self, by: Find<'_>) -> Result<Vec<Entity>> {
        self.with(|kept| match by {
            Find::Id(id) => kept.entities.get(&id).cloned().into_iter().collect(),
            Find::Username(name) => kept.owner(name, false),
            Find::Phone(phone) => kept.owner(phone, true),
            Find::Name(name) => {
                let named = kept.entities.values().filter(|entity| entity.name == name);
                let mut found: Vec<Entity> = named.cloned().collect();
                found.sort_by_key(|entity| std::cmp::Reverse(entity.seen));
                found
            }
        })
    }

    fn list(&self, after: Option<PeerId>, max: usize) -> Result<Vec<Entity>> {
        let range = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        self.with(|kept| kept.entities.range(range).take(max).map(|(_, e)| e.clone()).collect())
    }

    fn value(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.with(|kept| kept.login.values.get(key).cloned())
    }

    fn values(&self) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>> {
        self.with(|kept| {
            kept.login.values.iter().map(|(k, value)| (k.clone(), value.clone())).collect()
        })
    }

    fn file(&self, key: &FileKey) -> Result<Option<SentFile>> {
        self.with(|kept| kept.login.files.get(key).copied())
    }

    fn files(&self) -> Result<Vec<(FileKey, SentFile)>> {
        self.with(|kept| kept.login.files.iter().map(|(key, file)| (*key, *file)).collect())
    }

    fn count(&self) -> Result<u64> {
        self.with(|kept| kept.entities.len() as u64)
    }

    fn commit(&self, changes: &Changes<'_>) -> Result<bool> {
        self.with(|kept| kept.commit(changes))?;
        Ok(false)
    }

    fn changed_elsewhere(&self) -> Result<bool> {
        Ok(false)
    }

    fn place(&self) -> String {
        "the session in memory".to_owned()
    }

    fn close(&self) -> Result<()> {
        *self.hold() = None;
        Ok(())
    }

    fn delete(&self) -> Result<()> {
        self.close()
    }
}
