//! Where a session is kept.
//!
//! A [`Storage`] keeps what it is given and finds it again. The rules of a session (merging,
//! whose username it is, what is written when) live in [`Session`](crate::Session), except those
//! that must hold inside one transaction: they are the storage's, and said at each method.

pub(crate) mod account_record;
pub(crate) mod login;
mod memory;
mod sqlite;

use zeroize::Zeroizing;

use crate::entity::Known;
use crate::ffi::clock;
use crate::{Account, Entity, FileKey, InputPeer, PeerId, Result, SentFile, UpdateState};

pub use memory::MemoryStorage;
pub use sqlite::{Journal, SqliteOptions, SqliteStorage};

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find<'a> {
    /// The peer with this id.
    Id(PeerId),
    /// The peer that has this username (normalised).
    Username(&'a str),
    /// The peer that has this phone number (normalised).
    Phone(&'a str),
    /// The peers with exactly this display name.
    Name(&'a str),
}

/// One entity to put, and which of its fields are meant (as bits):
/// the others keep what is stored.
#[derive(Clone, Debug)]
pub struct EntityChange {
    /// The new values.
    pub entity: Entity,
    /// Which of them are known: hash 1, usernames 2, phone 4, name 8, flags 16.
    pub known: u8,
}

impl EntityChange {
    /// A change that tells all there is about a peer.
    pub fn whole(entity: Entity) -> EntityChange {
        EntityChange { entity, known: Known::ALL }
    }
}

/// An opaque value to put under a name, or with `None` to remove.
pub type ValueChange = (String, Option<Zeroizing<Vec<u8>>>);

/// One set of changes: all of it is stored, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Changes<'a> {
    /// The new account record and the one it was made from.
    pub account: Option<AccountChange<'a>>,
    /// The account is another one now: entities, update states and files of the old one go first.
    pub other_account: bool,
    /// Entities to merge into the stored ones, ascending by id.
    pub entities: Vec<EntityChange>,
    /// Entities to forget.
    pub forget: Vec<PeerId>,
    /// Update states to put.
    pub states: Vec<UpdateState>,
    /// Update states to remove.
    pub forget_states: Vec<i64>,
    /// Sent files to put.
    pub files: Vec<(FileKey, SentFile)>,
    /// Opaque values to put or remove.
    pub values: Vec<ValueChange>,
    /// The change must survive the loss of power once [`Storage::commit`] has returned.
    pub durable: bool,
    /// Fail with [`Busy`](crate::ErrorKind::Busy) at once, rather than wait for somebody's lock.
    pub hurry: bool,
}

impl Changes<'_> {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.account.is_none()
            && !self.other_account
            && self.entities.is_empty()
            && self.forget.is_empty()
            && self.states.is_empty()
            && self.forget_states.is_empty()
            && self.files.is_empty()
            && self.values.is_empty()
    }
}

/// A new account record, and the one that the caller had in mind when making it: a storage that
/// is shared refuses the change with [`Busy`](crate::ErrorKind::Busy) where the stored record
/// differs from `old` in what `new` changes.
#[derive(Clone, Copy, Debug)]
pub struct AccountChange<'a> {
    /// The record to replace.
    pub old: &'a Account,
    /// The record to store.
    pub new: &'a Account,
}

/// A peer of which nothing new is told is written again when its stored date is older than this, in
/// seconds, so that whoever prunes by date does not lose peers that are met daily.
pub(crate) const STALE: i64 = 86_400;

/// When a stored row was seen; 0 for a time to come, which somebody's clock that was ahead has left,
/// and after which nothing would ever be news again.
pub(crate) fn believable(seen: i64) -> i64 {
    if seen > latest() { 0 } else { seen }
}

/// The latest time at which something can have been seen, in unix seconds: now, give or take what
/// clocks differ.
pub(crate) fn latest() -> i64 {
    const DIFFERENCE: i64 = 86_400;
    clock::seconds().saturating_add(DIFFERENCE)
}

/// The row that a change makes of the stored one: what [`Storage::commit`] promises of entities.
/// `None` where it makes none.
pub(crate) fn merged(stored: Option<&Entity>, change: &EntityChange) -> Option<Entity> {
    let new = &change.entity;
    let Some(stored) = stored else {
        let flags = new.flags & Entity::KEPT_FLAGS;
        return (change.known & Known::HASH != 0).then(|| Entity { flags, ..new.clone() });
    };
    let texts = Known::USERNAMES | Known::PHONE | Known::NAME;
    let stored_seen = believable(stored.seen);
    let bare = stored.usernames.is_empty() && stored.phone.is_empty() && stored.name.is_empty();
    let told = match new.seen >= stored_seen {
        true => change.known,
        false if bare => change.known & texts,
        false => 0,
    };
    let mut row = stored.clone();
    if told & Known::HASH != 0 {
        row.access_hash = new.access_hash;
    }
    for (field, to, from) in [
        (Known::USERNAMES, &mut row.usernames, &new.usernames),
        (Known::PHONE, &mut row.phone, &new.phone),
        (Known::NAME, &mut row.name, &new.name),
    ] {
        if told & field != 0 {
            to.clone_from(from);
        }
    }
    if told & Known::FLAGS != 0 {
        row.flags = new.flags;
    }
    // A change that does not tell a name says nothing about whose it is, which the newest date
    // decides. The date serves usernames first, since they change hands far oftener than phones.
    let silent = change.known & Known::USERNAMES == 0
        && (!stored.usernames.is_empty()
            || (change.known & Known::PHONE == 0 && !stored.phone.is_empty()));
    if !silent {
        row.seen = stored_seen.max(new.seen);
    }
    Some(row)
}

/// A place that keeps one session.
///
/// Methods may be called from several threads at once; commits come one at a time. Texts are
/// normalised (see [`Entity`]) before they get here.
pub trait Storage: Send + Sync {
    /// The account record; the default one where nothing is stored yet.
    fn load(&self) -> Result<Account>;

    /// Every update state.
    fn states(&self) -> Result<Vec<UpdateState>>;

    /// What is stored under a key, newest first by when it was seen. A username or phone belongs
    /// to one peer: the storage answers the newest holder and takes the name from the others.
    fn find(&self, by: Find<'_>) -> Result<Vec<Entity>>;

    /// What a request needs of the peer that [`find`](Storage::find) would answer first for a username
    /// or phone number, where that is to be had with less work, and without taking the name from
    /// anybody. `None` says nothing: [`find`](Storage::find) must be asked.
    fn find_input_peer(&self, _by: Find<'_>) -> Result<Option<InputPeer>> {
        Ok(None)
    }

    /// At most `max` entities with a marked id above `after`, ascending.
    fn list(&self, after: Option<PeerId>, max: usize) -> Result<Vec<Entity>>;

    /// The opaque value of that name.
    fn value(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>>;

    /// Every opaque value.
    fn values(&self) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>>;

    /// The sent file of that key.
    fn file(&self, key: &FileKey) -> Result<Option<SentFile>>;

    /// Every sent file.
    fn files(&self) -> Result<Vec<(FileKey, SentFile)>>;

    /// How many entities are stored.
    fn count(&self) -> Result<u64>;

    /// Stores all of `changes`, or nothing. Repeating a commit is harmless.
    ///
    /// Entities merge: an unknown field keeps what is stored, an older `seen` never overwrites a
    /// newer one's values, and an entity whose hash is not known joins a stored one but never
    /// becomes a row of its own.
    ///
    /// Answers what [`changed_elsewhere`](Storage::changed_elsewhere) would have before it, so that
    /// nobody has to ask after each commit.
    fn commit(&self, changes: &Changes<'_>) -> Result<bool>;

    /// Whether somebody else has written since this was last answered. What the session holds in
    /// memory is then out of date.
    fn changed_elsewhere(&self) -> Result<bool>;

    /// The next thing that the caller should hear of, if any: a damaged cell that was skipped.
    fn next_notice(&self) -> Option<String> {
        None
    }

    /// Whether other processes write here too, by agreement: then memory is checked against the
    /// storage before each answer.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether nothing can be written here.
    fn is_read_only(&self) -> bool {
        false
    }

    /// What the storage is called in messages: its path, where it has one.
    fn place(&self) -> String;

    /// Lets go of everything. Later calls fail with [`Closed`](crate::ErrorKind::Closed).
    /// May be repeated, after a failure too.
    fn close(&self) -> Result<()>;

    /// Removes everything that is stored, and closes. Where that fails, all goes on as before.
    fn delete(&self) -> Result<()>;

    /// In the child of a fork, in place of being dropped: what it has is its parent's, and stays as it
    /// is. Only what keeps others out may be let go of, where the parent does not lose it by that.
    fn abandon(self: Box<Self>) {
        std::mem::forget(self);
    }
}
