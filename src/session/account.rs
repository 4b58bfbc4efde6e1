//! Credentials: small, in memory, and durable when their setter returns.

use std::sync::Arc;

use crate::entity::Known;
use crate::ffi::clock;
use crate::storage::{AccountChange, Changes, EntityChange, Find};
use crate::{
    Account, AuthKey, Dc, DcKey, DcOption, Entity, Error, ErrorKind, Identity, KeySlot, PeerId,
    Result, Salt,
};

use super::{Session, poisoned, to_store};

/// A change of the account record on its way.
struct Edit {
    /// The record as it is stored, for all that is known here.
    old: Arc<Account>,
    /// The one to store.
    stored: Account,
    /// The one to have in memory.
    new: Account,
    /// The own id before.
    was: i64,
    /// The account is another one than before.
    other_account: bool,
    /// Anything is another one than before, in memory at least.
    is_change: bool,
}

impl Edit {
    /// Whether there is anything to store.
    fn is_news(&self) -> bool {
        self.stored != *self.old
    }
}

impl Session {
    /// The home data center (Telethon's `dc_id`, `server_address`, `port`); `None` when it has
    /// never been set.
    pub fn dc(&self) -> Result<Option<Dc>> {
        self.read_account(|account| account.dc.clone())
    }

    /// Sets the home data center (Telethon's `set_dc`). As there, the auth key stays: a client
    /// that moves to a data center whose key it has uses [`Session::set_home`], another one
    /// clears the key.
    pub fn set_dc(&self, id: i32, host: &str, port: u16) -> Result<()> {
        let dc = Dc::new(id, host, port)?;
        self.change_account(|account| {
            account.dc = Some(dc.clone());
            Ok(())
        })
    }

    /// Calls `read` with the permanent auth key of the home data center (Telethon's `auth_key`),
    /// which is not copied for that. `read` must not call this session: it runs under its lock.
    pub fn with_auth_key<T>(&self, read: impl FnOnce(Option<&AuthKey>) -> T) -> Result<T> {
        self.read_account(|account| read(account.auth_key.as_ref()))
    }

    /// Sets or clears the permanent auth key of the home data center.
    pub fn set_auth_key(&self, key: Option<&AuthKey>) -> Result<()> {
        self.change_account(|account| {
            account.auth_key = key.cloned();
            forget_beside(account, KeySlot::Permanent);
            Ok(())
        })
    }

    /// As [`Session::with_auth_key`], with the temporary key (Telethon's `tmp_auth_key`).
    pub fn with_tmp_auth_key<T>(&self, read: impl FnOnce(Option<&AuthKey>) -> T) -> Result<T> {
        self.read_account(|account| read(account.tmp_auth_key.as_ref()))
    }

    /// Sets or clears the temporary auth key. It reaches the storage only with
    /// [`Options::store_tmp_auth_key`](super::Options::store_tmp_auth_key).
    pub fn set_tmp_auth_key(&self, key: Option<&AuthKey>) -> Result<()> {
        self.change_account(|account| {
            account.tmp_auth_key = key.cloned();
            forget_beside(account, KeySlot::Temporary);
            Ok(())
        })
    }

    /// The unfinished takeout (Telethon's `takeout_id`).
    pub fn takeout_id(&self) -> Result<Option<i64>> {
        self.read_account(|account| account.takeout_id)
    }

    /// Sets or clears the unfinished takeout.
    pub fn set_takeout_id(&self, id: Option<i64>) -> Result<()> {
        self.change_account(|account| {
            account.takeout_id = id;
            Ok(())
        })
    }

    /// Who is logged in.
    pub fn identity(&self) -> Result<Identity> {
        self.read_account(|account| account.identity)
    }

    /// Sets who is logged in. Another user id than before is another account: peers, update
    /// states and files of the old one go, since its access hashes hold for nobody else.
    pub fn set_identity(&self, identity: &Identity) -> Result<()> {
        if identity.user_id < 0 || identity.api_id < 0 {
            return Err(Error::argument(format!(
                "identity: user id {} and api id {} must not be negative",
                identity.user_id, identity.api_id
            )));
        }
        self.change_account(|account| {
            account.identity = *identity;
            Ok(())
        })
    }

    /// Makes another data center the home one, with its permanent key, in one step. Its address
    /// is taken from the options ([`Session::set_dc_options`]). The key of the old home is kept
    /// ([`Session::key`]); its temporary key ends.
    pub fn set_home(&self, dc: i32, key: &AuthKey) -> Result<()> {
        self.change_account(|account| {
            let new = match account.dc.take() {
                Some(home) if home.id == dc => home,
                old => {
                    let Some(new) = address_of(account, dc) else {
                        account.dc = old;
                        return Err(Error::argument(format!(
                            "the address of data center {dc} is not known; put its option first, \
                             or use set_dc and set the key"
                        )));
                    };
                    move_out(account, old);
                    new
                }
            };
            account.dc = Some(new);
            account.auth_key = Some(key.clone());
            let of_home = |kept: &DcKey| kept.dc == dc && kept.slot == KeySlot::Permanent;
            account.keys.retain(|kept| !of_home(kept) || kept.key == *key);
            Ok(())
        })
    }

    /// Every known way to a data center.
    pub fn dc_options(&self) -> Result<Vec<DcOption>> {
        self.read_account(|account| account.dc_options.clone())
    }

    /// Replaces the known ways to the data centers, as the server's configuration lists them.
    pub fn set_dc_options(&self, options: Vec<DcOption>) -> Result<()> {
        for (n, option) in options.iter().enumerate() {
            option.check().map_err(|error| error.at(format_args!("record {n}")))?;
        }
        self.change_account(|account| {
            account.dc_options.clone_from(&options);
            Ok(())
        })
    }

    /// A key of any data center. The permanent and temporary key of the home one are those of
    /// [`Session::with_auth_key`] and [`Session::with_tmp_auth_key`].
    pub fn key(&self, dc: i32, slot: KeySlot) -> Result<Option<DcKey>> {
        self.read_account(|account| {
            let kept = account.keys.iter().find(|key| key.dc == dc && key.slot == slot);
            let Some(home) = home_key(account, dc, slot) else { return kept.cloned() };
            // The record beside it tells its times, as long as it is about the same key.
            let beside = kept.filter(|kept| kept.key == *home).cloned();
            Some(beside.unwrap_or_else(|| DcKey {
                dc,
                slot,
                key: home.clone(),
                created: 0,
                expires: 0,
                user_id: account.identity.user_id,
            }))
        })
    }

    /// Puts a key of any data center.
    pub fn set_key(&self, key: &DcKey) -> Result<()> {
        if key.dc < 1 {
            return Err(Error::argument(format!("data center {}: the number starts at 1", key.dc)));
        }
        if key.created < 0 || key.expires < 0 || key.user_id < 0 {
            return Err(Error::argument(format!(
                "key of data center {}: created {}, expires {} and user id {} must not be negative",
                key.dc, key.created, key.expires, key.user_id
            )));
        }
        self.change_account(|account| {
            if account.dc.as_ref().is_some_and(|home| home.id == key.dc) {
                match key.slot {
                    KeySlot::Permanent => account.auth_key = Some(key.key.clone()),
                    KeySlot::Temporary => account.tmp_auth_key = Some(key.key.clone()),
                    KeySlot::MediaTemporary => {}
                }
            }
            account.keys.retain(|kept| kept.dc != key.dc || kept.slot != key.slot);
            if home_key(account, key.dc, key.slot).is_none() || key.tells_more() {
                account.keys.push(key.clone());
                account.keys.sort_by_key(|key| (key.dc, key.slot));
            }
            Ok(())
        })
    }

    /// Forgets a key of any data center; says whether there was one.
    pub fn forget_key(&self, dc: i32, slot: KeySlot) -> Result<bool> {
        if self.key(dc, slot)?.is_none() {
            return Ok(false);
        }
        self.change_account(|account| {
            if account.dc.as_ref().is_some_and(|home| home.id == dc) {
                match slot {
                    KeySlot::Permanent => account.auth_key = None,
                    KeySlot::Temporary => account.tmp_auth_key = None,
                    KeySlot::MediaTemporary => {}
                }
            }
            account.keys.retain(|kept| kept.dc != dc || kept.slot != slot);
            Ok(())
        })?;
        Ok(true)
    }

    /// The server salts of a data center, by the time they begin.
    pub fn salts(&self, dc: i32) -> Result<Vec<Salt>> {
        self.read_account(|account| {
            account.salts.iter().filter(|salt| salt.dc == dc).copied().collect()
        })
    }

    /// Replaces the server salts of a data center. They wait for the next save.
    pub fn set_salts(&self, dc: i32, salts: &[Salt]) -> Result<()> {
        self.writable()?;
        if dc < 1 {
            return Err(Error::argument(format!("data center {dc}: the number starts at 1")));
        }
        if let Some(salt) = salts.iter().find(|salt| salt.since < 0 || salt.until < 0) {
            return Err(Error::argument(format!(
                "salt of data center {dc}: its time, {} to {}, must not be negative",
                salt.since, salt.until
            )));
        }
        let due = {
            let mut live = self.live_mut()?;
            let kept = &mut Arc::make_mut(&mut live.account).salts;
            kept.retain(|salt| salt.dc != dc);
            kept.extend(salts.iter().map(|salt| Salt { dc, ..*salt }));
            kept.sort_by_key(|salt| (salt.dc, salt.since));
            live.account_changed();
            live.is_due(clock::coarse(), &self.options)
        };
        if due {
            self.save_if_due();
        }
        Ok(())
    }

    fn read_account<T>(&self, read: impl FnOnce(&Account) -> T) -> Result<T> {
        self.heed_others()?;
        Ok(read(&self.live()?.account))
    }

    /// Changes the account record, in the storage first.
    fn change_account(&self, change: impl Fn(&mut Account) -> Result<()>) -> Result<()> {
        self.check_process()?;
        let _turn = self.commits()?;
        self.writable()?;
        let mut edit = self.edit(&change);
        if !edit.as_ref().is_ok_and(|edit| edit.is_change) {
            // For all that is known here. Somebody else may have written since.
            let heeded = self.heed_change();
            if edit.is_ok() {
                heeded?;
            }
            let was_good = edit.is_ok();
            edit = self.edit(&change);
            if was_good && self.storage.is_shared() && edit.as_ref().is_ok_and(Edit::is_news) {
                let text = format!(
                    "cannot save {}: its login was changed by another process meanwhile; read it again",
                    self.storage.place()
                );
                return Err(Error::new(ErrorKind::Busy, text));
            }
        }
        let edit = edit?;
        let is_news = edit.is_news();
        let Edit { old, stored, mut new, was, other_account, .. } = edit;
        let own_row = if is_news { self.own_row(was, new.identity.user_id)? } else { None };
        if is_news {
            let committed = self.store(&Changes {
                account: Some(AccountChange { old: &old, new: &stored }),
                other_account,
                entities: own_row.clone().into_iter().collect(),
                durable: true,
                ..Changes::default()
            });
            if let Err(error) = committed {
                // Another process may have been first: the caller shall read what it wrote.
                let _ = self.heed_change();
                return Err(error);
            }
        }
        {
            let mut live = self.live.write().map_err(poisoned)?;
            if !other_account {
                // Salts that came in meanwhile wait on.
                new.salts = live.account.salts.clone();
            } else {
                live.forget_account_data();
            }
            if let Some(own) = &own_row {
                live.age += 1;
                live.forget_miss(&own.entity);
            }
            live.account = Arc::new(new);
            live.stored_account = Arc::new(stored);
        }
        self.heed_found();
        Ok(())
    }

    /// What a change makes of the account record as it is known here.
    fn edit(&self, change: impl Fn(&mut Account) -> Result<()>) -> Result<Edit> {
        let (old, current) = {
            let live = self.live()?;
            (Arc::clone(&live.stored_account), Arc::clone(&live.account))
        };
        let mut new = Account::clone(&current);
        change(&mut new)?;
        let (was, is) = (current.identity.user_id, new.identity.user_id);
        let other_account = was != 0 && is != 0 && was != is;
        if other_account {
            new.salts.clear();
        }
        let (stored, is_change) = (to_store(&new, &self.options), new != *current);
        Ok(Edit { old, stored, new, was, other_account, is_change })
    }

    /// The row of the account's own peer, where none is stored: Telethon (1.28 and later) keeps
    /// the own id in a row of its own and looks the peer up by it.
    fn own_row(&self, was: i64, is: i64) -> Result<Option<EntityChange>> {
        if is == was {
            return Ok(None);
        }
        let Some(id) = PeerId::try_marked(is) else { return Ok(None) };
        if was == 0 {
            // Apart, so that the storage is not asked while memory is locked.
            let met = self.live()?.table.get(id).is_some();
            if met || !self.storage.find(Find::Id(id))?.is_empty() {
                return Ok(None);
            }
        }
        let (usernames, phone, name) = Default::default();
        // Seen never: the first sighting knows better.
        let entity = Entity { id, access_hash: 0, seen: 0, flags: 0, usernames, phone, name };
        Ok(Some(EntityChange { entity, known: Known::HASH }))
    }
}

/// The key of the home data center in that slot.
fn home_key(account: &Account, dc: i32, slot: KeySlot) -> Option<&AuthKey> {
    let home = account.dc.as_ref().filter(|home| home.id == dc);
    match slot {
        KeySlot::Permanent => home.and(account.auth_key.as_ref()),
        KeySlot::Temporary => home.and(account.tmp_auth_key.as_ref()),
        KeySlot::MediaTemporary => None,
    }
}

/// Drops what is kept beside the key of the home data center, where it is about another key.
fn forget_beside(account: &mut Account, slot: KeySlot) {
    let Some(dc) = account.dc.as_ref().map(|home| home.id) else { return };
    let home = home_key(account, dc, slot).cloned();
    let about_another = |kept: &DcKey| {
        kept.dc == dc && kept.slot == slot && home.as_ref().is_none_or(|key| *key != kept.key)
    };
    account.keys.retain(|kept| !about_another(kept));
}

/// The address of a data center: the first option for general use, IPv4 where there is a choice.
fn address_of(account: &Account, dc: i32) -> Option<Dc> {
    const SPECIAL: u32 = DcOption::MEDIA_ONLY | DcOption::CDN | DcOption::TCPO_ONLY;
    let usable = |option: &&DcOption| option.dc.id == dc && option.flags & SPECIAL == 0;
    let mut usable = account.dc_options.iter().filter(usable);
    let first = usable.next()?;
    let v4 = |option: &&DcOption| option.flags & DcOption::IPV6 == 0;
    Some([first].into_iter().chain(usable).find(v4).unwrap_or(first).dc.clone())
}

/// Keeps the key and address of a data center that is the home one no more.
fn move_out(account: &mut Account, old: Option<Dc>) {
    account.tmp_auth_key = None;
    let Some(old) = old.filter(|old| old.id >= 1) else { return };
    account.keys.retain(|kept| kept.dc != old.id || kept.slot != KeySlot::Temporary);
    if let Some(key) = account.auth_key.take() {
        let beside = |kept: &&mut DcKey| kept.dc == old.id && kept.slot == KeySlot::Permanent;
        match account.keys.iter_mut().find(beside) {
            Some(kept) if kept.key == key => {}
            Some(kept) => kept.key = key,
            None => account.keys.push(DcKey {
                dc: old.id,
                slot: KeySlot::Permanent,
                key,
                created: 0,
                expires: 0,
                user_id: account.identity.user_id,
            }),
        }
        account.keys.sort_by_key(|key| (key.dc, key.slot));
    }
    if !account.dc_options.iter().any(|option| option.dc.id == old.id) {
        let flags = if old.host.contains(':') { DcOption::IPV6 } else { 0 };
        account.dc_options.push(DcOption { dc: old, flags, secret: Vec::new() });
    }
}
