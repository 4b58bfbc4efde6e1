//! The session: what a client remembers, live in memory over a [`Storage`].

mod account;
mod live;
mod peers;
mod records;
mod row;
mod table;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::ffi::read_mostly::{ReadGuard, ReadMostly, WriteGuard};
use crate::format::telethon_string::{self, StringSession};
use crate::process::Process;
use crate::storage::{
    AccountChange, Changes, MemoryStorage, SqliteOptions, SqliteStorage, Storage,
};
use crate::{Account, Error, ErrorKind, Result};

use live::Live;

pub use peers::{Found, How, Look};

/// How a session behaves, whatever keeps it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Entities held in memory before the least used leave it. The default, 100 000, takes some
    /// 9 MB: 88 bytes each were measured, with texts of 20; longer texts add their length and some.
    pub max_entities: usize,
    /// Unsaved rows at which a put saves by itself. A put is refused only when eight times as many
    /// wait and the storage will not take them.
    pub max_dirty: usize,
    /// Age of the oldest unsaved row at which a put saves by itself; zero for never.
    pub max_dirty_age: Duration,
    /// Whether entities are taken in at all (Telethon's `save_entities`).
    pub save_entities: bool,
    /// Whether temporary auth keys are stored (Telethon's `store_tmp_auth_key_on_disk`); otherwise
    /// they live in memory only.
    pub store_tmp_auth_key: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            max_entities: 100_000,
            max_dirty: 10_000,
            max_dirty_age: Duration::from_secs(60),
            save_entities: true,
            store_tmp_auth_key: false,
        }
    }
}

/// What a [`Notice`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A save that the session made by itself failed. Everything is still in memory.
    SaveFailed = 1,
    /// The storage met something odd: a damaged cell that was skipped, an import.
    Storage = 2,
    /// Somebody else wrote the storage: what was not dirty has been forgotten and is read again.
    ChangedElsewhere = 3,
    /// Older notices were dropped, because nobody fetched them.
    Dropped = 4,
}

/// Something the caller should hear of, though no call of his failed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// One line of text, without secrets.
    pub text: String,
}

/// When the session may next try to save by itself.
#[derive(Default)]
struct AutoSave {
    not_before: Option<Instant>,
    backoff: Duration,
}

/// A session: everything a client must know again after a restart.
///
/// It may be used from several threads at once. Credentials (data center, keys, takeout id, own
/// identity) are durable when their setter returns; the rest waits in memory for
/// [`save`](Session::save), [`close`](Session::close) or a bound of [`Options`]. A session that is
/// dropped unclosed saves, without waiting for anybody's lock.
pub struct Session {
    /// The process that opened the session: after a fork the child must not touch it.
    process: Process,
    storage: Box<dyn Storage>,
    live: ReadMostly<Live>,
    /// Held through every commit: they come one at a time. Always taken before `live`.
    commits: Mutex<AutoSave>,
    notices: Mutex<VecDeque<Notice>>,
    /// Somebody else's change was noticed and could not be read yet.
    unread: AtomicBool,
    options: Options,
}

/// Notices kept for the caller to fetch.
const MAX_NOTICES: usize = 64;

impl Session {
    /// A session over any storage.
    pub fn new(storage: Box<dyn Storage>, options: &Options) -> Result<Session> {
        let account = storage.load()?;
        Ok(Session::loaded(storage, Arc::new(account), options))
    }

    /// A session over a storage that holds this account.
    fn loaded(storage: Box<dyn Storage>, account: Arc<Account>, options: &Options) -> Session {
        let live = Live::new(account, storage.is_shared(), options);
        Session {
            process: Process::this(),
            storage,
            live: ReadMostly::new(live),
            commits: Mutex::default(),
            notices: Mutex::default(),
            unread: AtomicBool::new(false),
            options: options.clone(),
        }
    }

    /// A new session in memory (Telethon's `MemorySession()`).
    pub fn memory() -> Result<Session> {
        Ok(Session::in_memory(Account::default(), &Options::default()))
    }

    fn in_memory(account: Account, options: &Options) -> Session {
        let account = Arc::new(account);
        let storage = Box::new(MemoryStorage::with_account(Arc::clone(&account)));
        Session::loaded(storage, account, options)
    }

    /// Opens or creates a session file (Telethon's `SQLiteSession(path)`). The path is taken as it
    /// is: no `.session` is appended.
    pub fn open(path: &Path, sqlite: &SqliteOptions, options: &Options) -> Result<Session> {
        let (storage, account) = SqliteStorage::open_loaded(path, sqlite)?;
        Ok(Session::loaded(Box::new(storage), Arc::new(account), options))
    }

    /// A session in memory from Telethon's string form (`StringSession(s)`); an empty text makes
    /// an empty session.
    pub fn from_string(text: &str, options: &Options) -> Result<Session> {
        Ok(Session::from_parsed(telethon_string::decode(text.as_bytes())?, options))
    }

    /// As [`Session::from_string`], from the bytes behind the text: dc id, address, port, key.
    pub fn from_packed(bytes: &[u8], options: &Options) -> Result<Session> {
        Ok(Session::from_parsed(Some(telethon_string::unpack(bytes)?), options))
    }

    /// As [`Session::from_string`], from what was read of it.
    pub(crate) fn from_parsed(parsed: Option<StringSession>, options: &Options) -> Session {
        let (dc, auth_key) = parsed.map(|parsed| (parsed.dc, parsed.key)).unzip();
        let account = Account { dc, auth_key: auth_key.flatten(), ..Account::default() };
        Session::in_memory(account, options)
    }

    /// The session as Telethon's string form (`StringSession.save`): data center and key only.
    /// `None` without a key.
    pub fn to_text(&self) -> Result<Option<Zeroizing<String>>> {
        let text = |mut ascii: Zeroizing<Vec<u8>>| {
            String::from_utf8(std::mem::take(&mut *ascii))
                .map(Zeroizing::new)
                .map_err(|_| Error::internal("a string session came out as no text"))
        };
        self.to_ascii()?.map(text).transpose()
    }

    /// As [`Session::to_text`], the characters as bytes.
    pub(crate) fn to_ascii(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.with_login(telethon_string::encode)
    }

    /// As [`Session::to_text`], the bytes behind the text.
    pub fn to_packed(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.with_login(telethon_string::pack)
    }

    fn with_login<T>(
        &self,
        write: impl FnOnce(&crate::Dc, &crate::AuthKey) -> Result<T>,
    ) -> Result<Option<T>> {
        self.heed_others()?;
        let live = self.live()?;
        match (&live.account.dc, &live.account.auth_key) {
            (Some(dc), Some(key)) => write(dc, key).map(Some),
            _ => Ok(None),
        }
    }

    /// Copies the whole session, unsaved rows included, into a new file, or into memory where
    /// `path` is `None` (Telethon's `clone`, which copies nothing). The file appears when it is
    /// complete. A clone is for keeping, not for a second connection: the server ends the login of
    /// two clients on one key.
    pub fn clone_to(
        &self,
        path: Option<&Path>,
        sqlite: &SqliteOptions,
        options: &Options,
    ) -> Result<Session> {
        let Some(path) = path else {
            let storage = Box::new(MemoryStorage::default());
            self.copy_into(storage.as_ref(), options)?;
            return Session::new(storage, options);
        };
        SqliteStorage::make(path, sqlite, |storage| self.copy_into(storage, options))?;
        Session::open(path, sqlite, options)
    }

    /// Writes everything into an empty storage.
    fn copy_into(&self, storage: &dyn Storage, options: &Options) -> Result<()> {
        const PAGE: usize = 10_000;
        self.heed_others()?;
        let account = to_store(&self.live()?.account, options);
        let empty = Account::default();
        storage.commit(&Changes {
            account: Some(AccountChange { old: &empty, new: &account }),
            states: self.update_states(None, usize::MAX)?,
            files: self.all_files()?,
            values: self.all_values()?,
            durable: true,
            ..Changes::default()
        })?;
        let mut after = None;
        loop {
            let page = self.entities(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            storage.commit(&Changes {
                entities: page.into_iter().map(crate::EntityChange::whole).collect(),
                durable: true,
                ..Changes::default()
            })?;
        }
    }

    /// Writes everything that waits in memory (Telethon's `save`), in one transaction. When that
    /// fails, everything still waits.
    pub fn save(&self) -> Result<()> {
        self.check_process()?;
        let mut auto = self.commits()?;
        drop(self.live()?);
        self.flush(false)?;
        *auto = AutoSave::default();
        Ok(())
    }

    /// Saves and lets go of the storage. Later calls fail with
    /// [`Closed`](crate::ErrorKind::Closed), but [`Session::delete`]; closing again does nothing. When
    /// saving fails the session stays open, and closing may be tried again.
    pub fn close(&self) -> Result<()> {
        self.shut(false)
    }

    fn shut(&self, hurry: bool) -> Result<()> {
        self.check_process()?;
        let _turn = self.commits()?;
        {
            let mut live = self.live.write().map_err(poisoned)?;
            // Refused from here on, what comes in cannot be left behind by the last save, and
            // cannot keep it from being the last.
            live.closing = !live.closed;
        }
        if self.live.read().map_err(poisoned)?.closing {
            let saved = self.flush(hurry);
            let mut live = self.live.write().map_err(poisoned)?;
            live.closing = false;
            saved?;
            live.close();
        }
        self.storage.close()
    }

    /// Removes the session with its file and side files (Telethon's `delete`), and closes it. What
    /// waits in memory is dropped with it. Where that fails, the session goes on. The lock file stays,
    /// blank: removing it would let two owners hold two different locks.
    pub fn delete(&self) -> Result<()> {
        self.check_process()?;
        let _turn = self.commits()?;
        self.writable()?;
        self.storage.delete()?;
        self.live.write().map_err(poisoned)?.close();
        Ok(())
    }

    /// The oldest notice not fetched yet.
    pub fn next_notice(&self) -> Result<Option<Notice>> {
        self.check_process()?;
        while let Some(text) = self.storage.next_notice() {
            self.notify(NoticeKind::Storage, text);
        }
        Ok(self.notices.lock().unwrap_or_else(PoisonError::into_inner).pop_front())
    }

    /// Puts a notice back that could not be handed over, so that it is the next again.
    pub(crate) fn return_notice(&self, notice: Notice) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push_front(notice);
    }

    fn notify(&self, kind: NoticeKind, text: String) {
        let mut queue = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() >= MAX_NOTICES {
            queue.truncate(MAX_NOTICES - 2);
            let text = "more happened than was fetched: later notices were dropped".to_owned();
            queue.push_back(Notice { kind: NoticeKind::Dropped, text });
        } else if queue.back().is_none_or(|last| last.kind != NoticeKind::Dropped) {
            queue.push_back(Notice { kind, text });
        }
    }

    pub(crate) fn check_process(&self) -> Result<()> {
        if self.process.is_this() { Ok(()) } else { Err(self.of_another_process()) }
    }

    // The errors stand apart, and are marked as cold, so that a call that succeeds (as all look-ups and
    // updates do) does not save registers for them.

    #[cold]
    fn of_another_process(&self) -> Error {
        let place = self.storage.place();
        let id = self.process.id();
        Error::new(
            ErrorKind::Closed,
            format!("{place} belongs to process {id}; after a fork the child opens its own"),
        )
    }

    fn live(&self) -> Result<ReadGuard<'_, Live>> {
        self.check_process()?;
        let live = self.live.read().map_err(poisoned)?;
        if live.closed { Err(self.closed(&live)) } else { Ok(live) }
    }

    fn live_mut(&self) -> Result<WriteGuard<'_, Live>> {
        self.check_process()?;
        let live = self.live.write().map_err(poisoned)?;
        if live.closed || live.closing { Err(self.closed(&live)) } else { Ok(live) }
    }

    #[cold]
    fn closed(&self, live: &Live) -> Error {
        let is = if live.closing { "is being closed" } else { "is closed" };
        Error::new(ErrorKind::Closed, format!("{} {is}; open it again", self.storage.place()))
    }

    /// The right to commit; taken before any lock on `live`.
    fn commits(&self) -> Result<MutexGuard<'_, AutoSave>> {
        self.commits.lock().map_err(poisoned)
    }

    fn writable(&self) -> Result<()> {
        if self.storage.is_read_only() { Err(self.read_only()) } else { Ok(()) }
    }

    #[cold]
    fn read_only(&self) -> Error {
        let text = format!(
            "{} was opened read-only; to change it, open it without that",
            self.storage.place()
        );
        Error::new(ErrorKind::ReadOnly, text)
    }

    /// Stores a set of changes. The caller holds `commits`, and has [`Session::heed_found`] look at
    /// what was found to be somebody else's once memory is up to date.
    fn store(&self, changes: &Changes<'_>) -> Result<()> {
        if self.storage.commit(changes)? {
            self.unread.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Stores what is dirty now, as one change of one instant. The caller holds `commits`.
    fn flush(&self, hurry: bool) -> Result<()> {
        if self.storage.is_shared() && !hurry {
            // What waits may be for another account than is logged in by now.
            self.heed_change()?;
        }
        let (flush, batch) = {
            let mut live = self.live.write().map_err(poisoned)?;
            let flush = live.begin_flush();
            // Nothing comes in while it is collected, but that keeps nobody from looking up.
            let live = live.downgrade();
            let batch = live.collect(&flush);
            (flush, batch)
        };
        if batch.changes.is_empty() && batch.account.is_none() {
            return Ok(());
        }
        let account = batch.account.map(|(old, new)| (old, to_store(&new, &self.options)));
        let mut changes = batch.changes;
        changes.account = account.as_ref().map(|(old, new)| AccountChange { old, new });
        changes.hurry = hurry;
        if let Err(error) = self.store(&changes) {
            if account.is_some() {
                self.live.write().map_err(poisoned)?.account_changed();
            }
            return Err(error);
        }
        self.live.write().map_err(poisoned)?.stored(&changes, flush.number);
        // Who is in a hurry is leaving, and asks nothing more.
        if !hurry {
            self.heed_found();
        }
        Ok(())
    }

    /// After rows came in: saves when a bound is reached. A failure is a notice, not an error.
    fn save_if_due(&self) {
        let Ok(mut auto) = self.commits.try_lock() else { return };
        if auto.not_before.is_some_and(|time| Instant::now() < time) {
            return;
        }
        match self.flush(false) {
            Ok(()) => *auto = AutoSave::default(),
            Err(error) => {
                // At first after a second, then less and less often, at least once a minute.
                auto.backoff =
                    (auto.backoff * 2).clamp(Duration::from_secs(1), Duration::from_secs(60));
                auto.not_before = Some(Instant::now() + auto.backoff);
                self.notify(NoticeKind::SaveFailed, error.message().to_owned());
            }
        }
    }

    /// For rows to come in: refuses them where so many wait already that memory would run out.
    fn room(&self) -> Result<WriteGuard<'_, Live>> {
        self.writable()?;
        let most = self.options.max_dirty.saturating_mul(8);
        let live = self.live_mut()?;
        if live.unsaved() < most {
            return Ok(live);
        }
        drop(live);
        self.make_room()
    }

    #[cold]
    fn make_room(&self) -> Result<WriteGuard<'_, Live>> {
        self.save()
            .map_err(|error| error.at("too many rows wait in memory and cannot be saved"))?;
        self.live_mut()
    }

    /// In shared mode: reads anew what another process changed. Costs a question to the storage.
    fn heed_others(&self) -> Result<()> {
        if !self.storage.is_shared() {
            return Ok(());
        }
        self.check_process()?;
        let _turn = self.commits()?;
        self.heed_change()
    }

    /// Reads anew what somebody else has changed since the storage was last asked. The caller
    /// holds `commits`: what is read must not be older than what a commit has just stored.
    fn heed_change(&self) -> Result<()> {
        if self.storage.changed_elsewhere()? {
            self.unread.store(true, Ordering::Relaxed);
        }
        self.read_anew()
    }

    fn read_anew(&self) -> Result<()> {
        if !self.unread.load(Ordering::Relaxed) {
            return Ok(());
        }
        let stored = self.storage.load()?;
        self.unread.store(false, Ordering::Relaxed);
        self.live.write().map_err(poisoned)?.read_anew(stored, self.options.store_tmp_auth_key);
        let text = format!("{} was changed by another program", self.storage.place());
        self.notify(NoticeKind::ChangedElsewhere, text);
        Ok(())
    }

    /// Reads anew what a commit has found to be changed. What is stored is stored, so that a reading
    /// that fails now is no failure of the call. The next one reads again.
    fn heed_found(&self) {
        let _ = self.read_anew();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.process.is_this() {
            // Nobody is left to hear of a failure. What could be saved without waiting is.
            let waits = self.live.get_mut().map_or(0, |live| live.unsaved()) > 0;
            if !waits || self.shut(true).is_err() {
                let _ = self.storage.close();
            }
        } else {
            // The parent's locks hang on descriptors that the child shares: closing them here
            // would unlock its session.
            let unused: Box<dyn Storage> = Box::new(MemoryStorage::default());
            std::mem::replace(&mut self.storage, unused).abandon();
        }
    }
}

/// The account record as it goes to a storage.
fn to_store(account: &Account, options: &Options) -> Account {
    let mut account = account.clone();
    if !options.store_tmp_auth_key {
        account.tmp_auth_key = None;
        account.keys.retain(|key| key.slot == crate::KeySlot::Permanent);
    }
    account
}

fn poisoned<T>(_: PoisonError<T>) -> Error {
    Error::internal("an earlier call on this session failed inside the library; open it again")
}
