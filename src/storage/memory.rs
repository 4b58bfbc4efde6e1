//! A session that ends with the process: Telethon's `MemorySession`.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;
use zeroize::Zeroizing;

use super::{Changes, Find, Storage, merged};
use crate::entity::split_usernames;
use crate::{Account, Entity, Error, ErrorKind, FileKey, PeerId, Result, SentFile, UpdateState};

/// Keeps a session in memory.
#[derive(Default)]
pub struct MemoryStorage(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    account: Account,
    entities: BTreeMap<PeerId, Entity>,
    /// Who bears a username or phone number. The two may look alike: that is told at look-up.
    bearers: HashMap<String, Vec<PeerId>>,
    states: BTreeMap<i64, UpdateState>,
    files: BTreeMap<FileKey, SentFile>,
    values: BTreeMap<String, Zeroizing<Vec<u8>>>,
    closed: bool,
}

impl MemoryStorage {
    /// A storage that holds nothing but this account.
    pub fn with_account(account: Account) -> MemoryStorage {
        MemoryStorage(Mutex::new(Kept { account, ..Kept::default() }))
    }

    fn kept(&self) -> Result<MutexGuard<'_, Kept>> {
        // No code that can panic runs under this lock.
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.closed {
            return Err(Error::new(ErrorKind::Closed, "the session in memory is closed"));
        }
        Ok(kept)
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
            self.bearers.entry(name.to_owned()).or_default().push(entity.id);
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
        found.sort_by_key(|entity| std::cmp::Reverse(entity.seen));
        let losers = found.split_off(found.len().min(1));
        for mut loser in losers {
            if phone {
                loser.phone = SmolStr::default();
            } else {
                let rest: Vec<_> =
                    split_usernames(&loser.usernames).filter(|it| *it != name).collect();
                loser.usernames = rest.join(" ").into();
            }
            self.put(loser);
        }
        found
    }
}

impl Storage for MemoryStorage {
    fn load(&self) -> Result<Account> {
        Ok(self.kept()?.account.clone())
    }

    fn states(&self) -> Result<Vec<UpdateState>> {
        Ok(self.kept()?.states.values().copied().collect())
    }

    fn find(&self, by: Find<'_>) -> Result<Vec<Entity>> {
        let mut kept = self.kept()?;
        Ok(match by {
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
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let kept = self.kept()?;
        Ok(kept
            .entities
            .range((from, Bound::Unbounded))
            .take(max)
            .map(|(_, e)| e.clone())
            .collect())
    }

    fn value(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        Ok(self.kept()?.values.get(key).cloned())
    }

    fn values(&self) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>> {
        let kept = self.kept()?;
        Ok(kept.values.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn file(&self, key: &FileKey) -> Result<Option<SentFile>> {
        Ok(self.kept()?.files.get(key).copied())
    }

    fn files(&self) -> Result<Vec<(FileKey, SentFile)>> {
        Ok(self.kept()?.files.iter().map(|(key, file)| (*key, *file)).collect())
    }

    fn count(&self) -> Result<u64> {
        Ok(self.kept()?.entities.len() as u64)
    }

    fn commit(&self, changes: &Changes<'_>) -> Result<bool> {
        let mut kept = self.kept()?;
        if changes.other_account {
            kept.entities.clear();
            kept.bearers.clear();
            kept.states.clear();
            kept.files.clear();
        }
        if let Some(account) = &changes.account {
            kept.account = account.new.clone();
        }
        for change in &changes.entities {
            if let Some(entity) = merged(kept.entities.get(&change.entity.id), change) {
                kept.put(entity);
            }
        }
        changes.forget.iter().for_each(|id| kept.forget(*id));
        kept.states.extend(changes.states.iter().map(|state| (state.id, *state)));
        kept.states.retain(|id, _| !changes.forget_states.contains(id));
        kept.files.extend(changes.files.iter().copied());
        for (key, value) in &changes.values {
            match value {
                Some(value) => kept.values.insert(key.clone(), value.clone()),
                None => kept.values.remove(key),
            };
        }
        Ok(false)
    }

    fn changed_elsewhere(&self) -> Result<bool> {
        Ok(false)
    }

    fn place(&self) -> String {
        "the session in memory".to_owned()
    }

    fn close(&self) -> Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept { closed: true, ..Kept::default() };
        Ok(())
    }

    fn delete(&self) -> Result<()> {
        self.close()
    }
}
