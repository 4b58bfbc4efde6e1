//! The session against a plain model of it, through random operations: merging, hand-over of
//! names, eviction from a tiny memory, saves, restarts, and a Telethon that writes in between;
//! update states, sent files and values beside them.

// A test may stop at the first surprise, in its helpers too.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use mtsession::{
    Entity, EntityRef, FileKey, FileKind, How, Journal, Look, Options, PeerId, SentFile, Session,
    SqliteOptions, UpdateState, UpdateStatePatch,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Whole { id: i64, hash: i64, names: Vec<u8>, phone: u8, name: u8, flags: u32 },
    Named { id: i64, hash: i64, names: Vec<u8> },
    Titled { id: i64, name: u8, flags: u32, hashless: bool },
    Bare { id: i64, hash: i64 },
    Min { id: i64, name: u8 },
    Forget { id: i64 },
    State { id: i64, pts: Option<i32>, date: Option<i64>, must_exist: bool },
    RemoveState { id: i64 },
    File { id: i64, md5: u8 },
    Value { key: u8, value: Option<u8>, durable: bool },
    Save,
    Restart,
    Telethon { id: i64, hash: i64, username: u8, name: u8 },
    Check,
}

const PEERS: i64 = 12;
const NAMES: u8 = 6;

fn op() -> impl Strategy<Value = Op> {
    let id = 1..=PEERS;
    let hash = 1..=5_i64;
    let names = || proptest::collection::vec(1..=NAMES, 0..3);
    let flags = || prop_oneof![Just(0), Just(Entity::BOT), Just(Entity::VERIFIED)];
    prop_oneof![
        4 => (id.clone(), hash.clone(), names(), 0..4_u8, 0..3_u8, flags()).prop_map(
            |(id, hash, names, phone, name, flags)| {
                Op::Whole { id, hash, names, phone, name, flags }
            }
        ),
        2 => (id.clone(), 1..3_u8, flags(), any::<bool>())
            .prop_map(|(id, name, flags, hashless)| Op::Titled { id, name, flags, hashless }),
        2 => (id.clone(), hash.clone(), names())
            .prop_map(|(id, hash, names)| Op::Named { id, hash, names }),
        2 => (id.clone(), hash.clone()).prop_map(|(id, hash)| Op::Bare { id, hash }),
        1 => (id.clone(), 1..3_u8).prop_map(|(id, name)| Op::Min { id, name }),
        1 => id.clone().prop_map(|id| Op::Forget { id }),
        3 => (1..4_i64, any::<Option<u8>>(), any::<Option<u8>>(), any::<bool>()).prop_map(
            |(id, pts, date, must_exist)| {
                Op::State { id, pts: pts.map(i32::from), date: date.map(i64::from), must_exist }
            }
        ),
        1 => (1..4_i64).prop_map(|id| Op::RemoveState { id }),
        1 => (1..9_i64, 0..3_u8).prop_map(|(id, md5)| Op::File { id, md5 }),
        2 => (0..3_u8, any::<Option<u8>>(), any::<bool>())
            .prop_map(|(key, value, durable)| Op::Value { key, value, durable }),
        2 => Just(Op::Save),
        1 => Just(Op::Restart),
        1 => (id, hash, 0..=NAMES, 0..3_u8)
            .prop_map(|(id, hash, username, name)| Op::Telethon { id, hash, username, name }),
        3 => Just(Op::Check),
    ]
}

fn username(n: u8) -> String {
    format!("user_{n}")
}

fn phone(n: u8) -> String {
    if n == 0 { String::new() } else { format!("155500{n}") }
}

fn name(n: u8) -> String {
    if n == 0 { String::new() } else { format!("Name {n}") }
}

fn file_key(n: u8) -> FileKey {
    FileKey { md5: [n; 16], size: 1, kind: FileKind::Document }
}

#[derive(Clone, Debug, Default)]
struct Row {
    hash: i64,
    names: Vec<String>,
    phone: String,
    name: String,
    flags: u32,
    /// Telethon has replaced it: what it has no place for may be kept or not.
    replaced: bool,
}

#[derive(Debug, Default)]
struct Model {
    rows: BTreeMap<i64, Row>,
    /// Who had a name before its last owner. Where that one has lost it too, they may answer: a
    /// name is taken from the rows on the storage only when it is looked up there.
    former: BTreeSet<(String, i64)>,
    states: BTreeMap<i64, UpdateState>,
    files: BTreeMap<u8, i64>,
    values: BTreeMap<u8, u8>,
}

impl Model {
    /// The newest sighting has the names; whoever had them has not.
    fn take_names(&mut self, id: i64, names: &[u8]) {
        let mut taken: Vec<String> = Vec::new();
        for name in names.iter().map(|n| username(*n)) {
            if !taken.contains(&name) {
                taken.push(name);
            }
        }
        self.former.retain(|(_, other)| *other != id);
        for (other, row) in &mut self.rows {
            let (lost, kept) = std::mem::take(&mut row.names)
                .into_iter()
                .partition(|name| *other != id && taken.contains(name));
            row.names = kept;
            self.former.extend(Vec::into_iter(lost).map(|name| (name, *other)));
        }
        self.rows.entry(id).or_default().names = taken;
    }

    fn take_phone(&mut self, id: i64, phone: String) {
        for row in self.rows.values_mut().filter(|row| row.phone == phone) {
            row.phone.clear();
        }
        self.rows.entry(id).or_default().phone = phone;
    }
}

struct Life {
    _folder: tempfile::TempDir,
    path: PathBuf,
    session: Option<Session>,
    journal: Journal,
    clock: i64,
    model: Model,
}

impl Life {
    fn begin(journal: Journal) -> Life {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.session");
        let model = Model::default();
        let mut life =
            Life { _folder: folder, path, session: None, journal, clock: 1_000_000_000, model };
        life.restart();
        life
    }

    fn session(&self) -> &Session {
        self.session.as_ref().unwrap()
    }

    fn restart(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().unwrap();
        }
        let sqlite = SqliteOptions { journal: self.journal, ..SqliteOptions::default() };
        // So small that rows leave memory and flushes happen all the time.
        let options = Options { max_entities: 4, max_dirty: 3, ..Options::default() };
        self.session = Some(Session::open(&self.path, &sqlite, &options).unwrap());
    }

    fn put(&self, record: EntityRef<'_>) {
        self.session().put_entities(&[EntityRef { seen: self.clock, ..record }]).unwrap();
    }

    fn run(&mut self, op: &Op) {
        self.clock += 1;
        let bare = |id: i64, hash| EntityRef::bare(PeerId::from_marked(id).unwrap(), hash);
        let joined =
            |names: &[u8]| names.iter().map(|n| username(*n)).collect::<Vec<_>>().join(" ");
        match op {
            Op::Whole { id, hash, names, phone: p, name: n, flags } => {
                let (usernames, phone, name) = (joined(names), phone(*p), name(*n));
                self.put(EntityRef {
                    flags: Entity::WHOLE | flags,
                    usernames: &usernames,
                    phone: &phone,
                    name: &name,
                    ..bare(*id, *hash)
                });
                self.model.take_names(*id, names);
                self.model.take_phone(*id, phone);
                let row = self.model.rows.entry(*id).or_default();
                (row.hash, row.name) = (*hash, name);
                (row.flags, row.replaced) = (*flags, false);
            }
            Op::Titled { id, name: n, flags, hashless } => {
                // Says nothing of the names, whoever has them by now.
                let Some(row) = self.model.rows.get_mut(id) else { return };
                (row.name, row.flags) = (name(*n), row.flags | flags);
                let (hash, no_hash) = (row.hash, if *hashless { Entity::NO_HASH } else { 0 });
                let flags = flags | no_hash;
                self.put(EntityRef { flags, name: &name(*n), ..bare(*id, hash) });
            }
            Op::Named { id, hash, names } => {
                let usernames = joined(names);
                self.put(EntityRef { flags: 0, usernames: &usernames, ..bare(*id, *hash) });
                if !names.is_empty() {
                    self.model.take_names(*id, names);
                }
                self.model.rows.entry(*id).or_default().hash = *hash;
            }
            Op::Bare { id, hash } => {
                self.put(bare(*id, *hash));
                self.model.rows.entry(*id).or_default().hash = *hash;
            }
            Op::Min { id, name: n } => {
                // Only the hash is checked: whether a gap is one depends on what is in memory.
                let name = name(*n);
                let known = self.model.rows.get(id).is_some_and(|row| !row.name.is_empty());
                if known || !self.model.rows.contains_key(id) {
                    let flags = Entity::MIN;
                    self.put(EntityRef {
                        flags,
                        usernames: "user_1",
                        name: &name,
                        ..bare(*id, 99)
                    });
                }
            }
            Op::Forget { id } => {
                let known = self.session().forget_entity(PeerId::from_marked(*id).unwrap());
                assert_eq!(known.unwrap(), self.model.rows.remove(id).is_some());
                self.model.former.retain(|(_, other)| other != id);
            }
            Op::State { id, pts, date, must_exist } => {
                let (id, pts, date) = (*id, *pts, *date);
                let patch = UpdateStatePatch { id, pts, date, ..UpdateStatePatch::default() };
                let set = self.session().set_update_states(&[patch], *must_exist).unwrap();
                assert_eq!(set, !must_exist || self.model.states.contains_key(&id));
                if set {
                    let state = self.model.states.entry(id).or_default();
                    state.id = id;
                    state.pts = pts.unwrap_or(state.pts);
                    state.date = date.unwrap_or(state.date);
                }
            }
            Op::RemoveState { id } => {
                let known = self.session().remove_update_state(*id).unwrap();
                assert_eq!(known, self.model.states.remove(id).is_some());
            }
            Op::File { id, md5 } => {
                let file = SentFile { id: *id, access_hash: 7 };
                self.session().cache_file(&file_key(*md5), &file).unwrap();
                self.model.files.insert(*md5, *id);
            }
            Op::Value { key, value: Some(value), durable } => {
                self.session().put_value(&key.to_string(), &[*value], *durable).unwrap();
                self.model.values.insert(*key, *value);
            }
            Op::Value { key, value: None, durable } => {
                let known = self.session().remove_value(&key.to_string(), *durable).unwrap();
                assert_eq!(known, self.model.values.remove(key).is_some());
            }
            Op::Save => self.session().save().unwrap(),
            Op::Restart => self.restart(),
            Op::Telethon { id, hash, username: u, name: n } => {
                self.session().save().unwrap();
                let db = rusqlite::Connection::open(&self.path).unwrap();
                let text = (*u != 0).then(|| username(*u));
                let name = (*n != 0).then(|| name(*n));
                db.execute(
                    "INSERT OR REPLACE INTO entities VALUES (?1, ?2, ?3, NULL, ?4, ?5)",
                    rusqlite::params![id, hash, text, name, self.clock],
                )
                .unwrap();
                drop(db);
                // A credential goes to the storage at once, where the change is noticed.
                self.session().set_takeout_id(Some(self.clock)).unwrap();
                let old = self.model.rows.get(id).cloned().unwrap_or_default();
                // Telethon knows one username. Whether the others stay depends on whether it was
                // the main one in the storage, so they may answer or not.
                let mut former: Vec<_> =
                    self.model.former.iter().filter(|(_, other)| other == id).cloned().collect();
                former.extend(old.names.into_iter().map(|name| (name, *id)));
                let told = if *u == 0 { &[][..] } else { &[*u] };
                self.model.take_names(*id, told);
                self.model.former.extend(former);
                self.model.take_phone(*id, String::new());
                let row = self.model.rows.entry(*id).or_default();
                (row.hash, row.name) = (*hash, name.unwrap_or_default());
                row.replaced = true;
            }
            Op::Check => self.check(),
        }
    }

    fn check(&self) {
        let session = self.session();
        // First, while memory does not know the peers: then it is the storage's index that answers.
        for n in 1..=NAMES {
            let text = username(n);
            let owner = self.model.rows.iter().find(|(_, row)| row.names.contains(&text));
            let owner = owner.map(|(id, _)| *id);
            let found = session.input_peer(&text).unwrap().map(|peer| peer.id.marked());
            let former = found.is_some_and(|id| self.model.former.contains(&(text.clone(), id)));
            assert!(
                found == owner || owner.is_none() && former,
                "{text}: {found:?}, not {owner:?}"
            );
        }
        for id in 1..=PEERS {
            let found = session.find_entity(Look::Id(id), How::default()).unwrap();
            let peer = session.find_input_peer(Look::Id(id), How::default()).unwrap();
            let row = self.model.rows.get(&id);
            assert_eq!(peer.map(|it| it.item.access_hash), row.map(|row| row.hash), "hash of {id}");
            assert_eq!(
                found.as_ref().map(|it| it.item.name.as_str()),
                row.map(|row| row.name.as_str()),
                "name of {id}"
            );
            if let (Some(found), Some(row)) = (found, row) {
                if !row.replaced {
                    assert_eq!(found.item.flags, row.flags, "flags of {id}");
                }
                for name in found.item.usernames.split_terminator(' ') {
                    let former = (name.to_owned(), id);
                    let is_known = row.names.iter().any(|it| it == name);
                    assert!(is_known || self.model.former.contains(&former), "{id} has {name}");
                }
            }
        }
        let states = session.update_states(None, 100).unwrap();
        assert_eq!(states, self.model.states.values().copied().collect::<Vec<_>>());
        for n in 0..3 {
            let file = session.file(&file_key(n)).unwrap().map(|file| file.id);
            assert_eq!(file, self.model.files.get(&n).copied(), "file {n}");
            let value = session.value(&n.to_string()).unwrap().map(|value| value.to_vec());
            assert_eq!(value, self.model.values.get(&n).map(|value| vec![*value]), "value {n}");
        }
        let count = session.count_entities().unwrap();
        assert_eq!(count, self.model.rows.len() as u64);
        let ids: Vec<_> =
            session.entities(None, 100).unwrap().iter().map(|it| it.id.marked()).collect();
        assert_eq!(ids, self.model.rows.keys().copied().collect::<Vec<_>>());
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = session.entities(after, 3).unwrap();
            paged.extend(page.iter().map(|it| it.id.marked()));
            match page.last() {
                Some(last) if page.len() == 3 => after = Some(last.id),
                _ => break,
            }
        }
        assert_eq!(paged, ids);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_session_does_what_its_model_does(ops in proptest::collection::vec(op(), 1..60)) {
        let mut life = Life::begin(Journal::Rollback);
        for op in &ops {
            life.run(op);
        }
        life.check();
        life.restart();
        life.check();
    }

    #[test]
    fn so_it_does_with_a_write_ahead_log(ops in proptest::collection::vec(op(), 1..60)) {
        let mut life = Life::begin(Journal::WalProcessSafe);
        for op in &ops {
            life.run(op);
        }
        life.restart();
        life.check();
    }
}
