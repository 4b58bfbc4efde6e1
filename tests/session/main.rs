//! Rules of the session that need a storage which fails, waits or looks on: one that hands
//! everything to memory, and does what the test says first.

// A test may stop at the first surprise, in its helpers too.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod elsewhere;
#[path = "../contract/given.rs"]
mod given;
mod races;
mod told;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use given::{id, key, named, put, user};
use mtsession::{
    Account, Changes, Entity, EntityRef, Error, ErrorKind, FileKey, Find, How, Look, MemoryStorage,
    NoticeKind, Options, PeerId, Result, SentFile, Session, Storage, UpdateState, UpdateStatePatch,
};

type Hook = Box<dyn Fn(&Changes<'_>) + Send>;

/// Memory that can be told to fail, and to call somebody before each commit.
#[derive(Default)]
struct Watched {
    memory: MemoryStorage,
    failing: AtomicBool,
    commits: AtomicUsize,
    finds: AtomicUsize,
    changed: AtomicBool,
    /// Looking for somebody else's changes fails, and so does reading them.
    blind: AtomicBool,
    /// Looking for a peer fails.
    locked: AtomicBool,
    hook: Mutex<Option<Hook>>,
    after_read: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Watched {
    /// What was read goes to the session only after somebody else had his turn.
    fn has_read<T>(&self, read: T) -> T {
        let hook = self.after_read.lock().unwrap().take();
        if let Some(hook) = hook {
            hook();
        }
        read
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Watched>);

impl Shared {
    fn session(&self, options: &Options) -> Session {
        Session::new(Box::new(self.clone()), options).unwrap()
    }

    fn fail(&self, failing: bool) {
        self.0.failing.store(failing, Ordering::SeqCst);
    }

    fn commits(&self) -> usize {
        self.0.commits.load(Ordering::SeqCst)
    }

    fn before_commit(&self, hook: impl Fn(&Changes<'_>) + Send + 'static) {
        *self.0.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// Once, after the next time that the storage is asked for rows, and before it answers.
    fn after_read(&self, hook: impl FnOnce() + Send + 'static) {
        *self.0.after_read.lock().unwrap() = Some(Box::new(hook));
    }

    fn stored(&self, marked: i64) -> Option<Entity> {
        self.0.memory.find(Find::Id(id(marked))).unwrap().pop()
    }
}

impl Storage for Shared {
    fn load(&self) -> Result<Account> {
        if self.0.blind.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Busy, "the storage was told not to look"));
        }
        self.0.memory.load()
    }
    fn states(&self) -> Result<Vec<UpdateState>> {
        self.0.has_read(self.0.memory.states())
    }
    fn find(&self, by: Find<'_>) -> Result<Vec<Entity>> {
        self.0.finds.fetch_add(1, Ordering::SeqCst);
        if self.0.locked.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Busy, "the storage was told not to be read"));
        }
        self.0.has_read(self.0.memory.find(by))
    }
    fn list(&self, after: Option<PeerId>, max: usize) -> Result<Vec<Entity>> {
        self.0.has_read(self.0.memory.list(after, max))
    }
    fn value(&self, key: &str) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
        self.0.memory.value(key)
    }
    fn values(&self) -> Result<Vec<(String, zeroize::Zeroizing<Vec<u8>>)>> {
        self.0.has_read(self.0.memory.values())
    }
    fn file(&self, key: &FileKey) -> Result<Option<SentFile>> {
        self.0.memory.file(key)
    }
    fn files(&self) -> Result<Vec<(FileKey, SentFile)>> {
        self.0.has_read(self.0.memory.files())
    }
    fn count(&self) -> Result<u64> {
        self.0.has_read(self.0.memory.count())
    }
    fn commit(&self, changes: &Changes<'_>) -> Result<bool> {
        if let Some(hook) = &*self.0.hook.lock().unwrap() {
            hook(changes);
        }
        if self.0.failing.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Busy, "the storage was told to fail"));
        }
        self.0.commits.fetch_add(1, Ordering::SeqCst);
        self.0.memory.commit(changes)?;
        Ok(self.0.changed.swap(false, Ordering::SeqCst))
    }
    fn changed_elsewhere(&self) -> Result<bool> {
        if self.0.blind.load(Ordering::SeqCst) && !self.0.changed.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Busy, "the storage was told not to look"));
        }
        Ok(self.0.changed.swap(false, Ordering::SeqCst))
    }
    fn place(&self) -> String {
        "the watched storage".to_owned()
    }
    fn close(&self) -> Result<()> {
        Ok(())
    }
    fn delete(&self) -> Result<()> {
        self.0.memory.delete()
    }
}

/// Options under which nothing is saved by itself.
fn patient() -> Options {
    Options { max_dirty_age: Duration::ZERO, ..Options::default() }
}

/// Unix seconds.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

fn pts(pts: i32) -> UpdateStatePatch {
    UpdateStatePatch { pts: Some(pts), ..UpdateStatePatch::default() }
}

#[test]
fn credentials_are_stored_when_the_setter_returns_and_the_rest_waits() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, 100, "ada"));
    session.set_update_states(&[pts(5)], false).unwrap();
    session.put_value("v", b"1", false).unwrap();
    assert_eq!(storage.commits(), 0);
    session.set_auth_key(Some(&key(1))).unwrap();
    assert_eq!(storage.commits(), 1);
    assert_eq!(storage.states().unwrap(), []);
    assert_eq!(storage.value("v").unwrap(), None);
    assert_eq!(storage.load().unwrap().auth_key, Some(key(1)));
    assert_eq!(storage.stored(1), None);
}

#[test]
fn a_credential_that_cannot_be_stored_is_not_set() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    session.set_takeout_id(Some(1)).unwrap();
    storage.fail(true);
    assert_eq!(session.set_takeout_id(Some(2)).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(session.takeout_id().unwrap(), Some(1));
}

#[test]
fn what_is_stored_is_no_failure_though_the_look_after_it_fails() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, 100, "ada"));
    storage.0.blind.store(true, Ordering::SeqCst);
    session.set_takeout_id(Some(1)).unwrap();
    session.save().unwrap();
    session.put_value("v", b"1", true).unwrap();
    assert!(session.forget_entity(id(1)).unwrap());
    assert_eq!(session.takeout_id().unwrap(), Some(1));
    assert!(storage.value("v").unwrap().is_some());
}

#[test]
fn a_change_that_could_not_be_read_at_once_is_read_later() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    let old = storage.load().unwrap();
    let new = Account { takeout_id: Some(7), ..old.clone() };
    let account = Some(mtsession::AccountChange { old: &old, new: &new });
    storage.0.memory.commit(&Changes { account, ..Changes::default() }).unwrap();
    storage.0.changed.store(true, Ordering::SeqCst);
    storage.0.blind.store(true, Ordering::SeqCst);
    session.put_value("v", b"1", true).unwrap();
    assert_eq!(session.takeout_id().unwrap(), None, "it was noticed, and could not be read");
    storage.0.blind.store(false, Ordering::SeqCst);
    session.put_value("v", b"2", true).unwrap();
    assert_eq!(session.takeout_id().unwrap(), Some(7));
}

#[test]
fn a_flush_is_one_transaction_of_one_instant() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(2, 100, ""));
    put(&session, user(1, 100, ""));
    session.set_update_states(&[pts(5)], false).unwrap();
    storage.before_commit(|changes| {
        let ids: Vec<_> = changes.entities.iter().map(|it| it.entity.id.marked()).collect();
        assert_eq!(ids, [1, 2], "ascending, as they lie in the file");
        assert_eq!(changes.states.len(), 1, "no state ahead of the entities put before it");
    });
    session.save().unwrap();
    assert_eq!(storage.commits(), 1);
    session.save().unwrap();
    assert_eq!(storage.commits(), 1, "nothing was left to save");
}

#[test]
fn a_failed_save_keeps_everything_dirty_and_says_why() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, 100, "ada"));
    session.set_update_states(&[pts(5)], false).unwrap();
    session.put_value("v", b"1", false).unwrap();
    session.set_salts(2, &[mtsession::Salt { dc: 2, salt: 1, since: 2, until: 3 }]).unwrap();
    storage.fail(true);
    let error = session.save().unwrap_err();
    assert!(error.message().contains("told to fail"), "{error}");
    assert_eq!(named(&session, "ada"), Some(1), "it is still in memory");
    storage.fail(false);
    session.save().unwrap();
    assert!(storage.stored(1).is_some());
    assert_eq!(storage.states().unwrap().len(), 1);
    assert!(storage.value("v").unwrap().is_some());
    assert_eq!(storage.load().unwrap().salts.len(), 1);
}

#[test]
fn rows_changed_during_a_save_stay_dirty() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&patient()));
    put(&session, user(1, 100, "old"));
    session.set_update_states(&[pts(5)], false).unwrap();
    let (started, wait_started) = mpsc::channel();
    let (go_on, wait_go_on) = mpsc::channel::<()>();
    let wait_go_on = Mutex::new(wait_go_on);
    storage.before_commit(move |_| {
        let _ = started.send(());
        let _ = wait_go_on.lock().unwrap().recv();
    });
    let saving = std::thread::spawn({
        let session = Arc::clone(&session);
        move || session.save().unwrap()
    });
    wait_started.recv().unwrap();
    // The save is under way and will be for as long as we like: look-ups and puts go on.
    assert_eq!(named(&session, "old"), Some(1));
    put(&session, user(1, 200, "new"));
    session.set_update_states(&[pts(6)], false).unwrap();
    assert_eq!(named(&session, "new"), Some(1));
    go_on.send(()).unwrap();
    saving.join().unwrap();
    assert_eq!(storage.stored(1).unwrap().usernames, "old");
    drop(go_on);
    session.save().unwrap();
    assert_eq!(storage.stored(1).unwrap().usernames, "new");
    assert_eq!(storage.states().unwrap().first().unwrap().pts, 6);
}

#[test]
fn unchanged_entities_are_not_written_again_within_a_day() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, EntityRef { phone: "+1 555", name: "Ada", ..user(1, 0, "@Ada") });
    session.save().unwrap();
    put(&session, EntityRef { phone: "1555", name: "Ada", ..user(1, 0, "ada") });
    put(&session, EntityRef::bare(id(1), 11));
    session.save().unwrap();
    assert_eq!(storage.commits(), 1);
    put(&session, EntityRef { phone: "1555", name: "Ada L.", ..user(1, 0, "ada") });
    session.save().unwrap();
    assert_eq!(storage.commits(), 2);
}

#[test]
fn an_unchanged_entity_is_written_again_after_a_day() {
    const DAY: i64 = 86_400;
    for (age, is_written) in [(DAY - 60, false), (DAY + 1, true)] {
        let storage = Shared::default();
        let session = storage.session(&patient());
        let then = now() - age;
        put(&session, user(1, then, "ada"));
        session.save().unwrap();
        put(&session, user(1, 0, "ada"));
        session.save().unwrap();
        assert_eq!(storage.commits(), 1 + usize::from(is_written), "{age}");
        let seen = storage.stored(1).unwrap().seen;
        assert!(if is_written { seen >= then + age } else { seen == then }, "{age}: {seen}");
    }
}

#[test]
fn a_put_saves_by_itself_when_enough_rows_wait() {
    let storage = Shared::default();
    let session = storage.session(&Options { max_dirty: 10, ..patient() });
    for n in 1..=9 {
        put(&session, user(n, 100, ""));
    }
    assert_eq!(storage.commits(), 0);
    put(&session, user(10, 100, ""));
    assert_eq!(storage.commits(), 1);
    assert!(storage.stored(10).is_some());
}

#[test]
fn a_put_saves_by_itself_when_a_row_has_waited_long_enough() {
    let storage = Shared::default();
    let age = Duration::from_millis(1);
    let session = storage.session(&Options { max_dirty_age: age, ..Options::default() });
    put(&session, user(1, 100, ""));
    // Longer than a tick of any kernel's clock.
    std::thread::sleep(Duration::from_millis(50));
    session.set_update_states(&[pts(1)], false).unwrap();
    assert!(storage.stored(1).is_some());
}

#[test]
fn a_failing_automatic_save_is_a_notice_and_the_put_goes_on() {
    let storage = Shared::default();
    let session = storage.session(&Options { max_dirty: 10, ..patient() });
    storage.fail(true);
    for n in 1..=30 {
        put(&session, user(n, 100, ""));
    }
    let notice = session.next_notice().unwrap().unwrap();
    assert_eq!(notice.kind, NoticeKind::SaveFailed);
    assert!(notice.text.contains("told to fail"), "{}", notice.text);
    assert_eq!(session.next_notice().unwrap(), None, "it backs off after the first failure");
    // The hard cap is eight times the bound.
    for n in 31..=80 {
        put(&session, user(n, 100, ""));
    }
    let error = session.put_entities(&[user(81, 100, "")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(session.set_update_states(&[pts(1)], false).is_err());
    storage.fail(false);
    put(&session, user(81, 100, ""));
    assert!(storage.stored(80).is_some());
}

#[test]
fn closing_can_be_tried_again_when_it_failed() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, 100, "ada"));
    storage.fail(true);
    assert!(session.close().is_err());
    assert_eq!(named(&session, "ada"), Some(1), "it stays open");
    storage.fail(false);
    session.close().unwrap();
    assert!(storage.stored(1).is_some());
}

#[test]
fn many_threads_read_at_once_also_during_a_save() {
    const THREADS: usize = 8;
    const LONG: Duration = Duration::from_secs(30);
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, 100, "ada"));
    let reading = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (begins, has_begun) = mpsc::channel();
        let (let_go, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        storage.before_commit(move |_| {
            let _ = begins.send(());
            let _ = wait.lock().unwrap().recv();
        });
        scope.spawn(|| session.save().unwrap());
        has_begun.recv_timeout(LONG).unwrap();
        let read = || {
            // Each of them reads until all of them do, which none can see who waits for another.
            let all_read = session.with_auth_key(|_| {
                reading.fetch_add(1, Ordering::SeqCst);
                let began = Instant::now();
                while reading.load(Ordering::SeqCst) < THREADS && began.elapsed() < LONG {
                    std::thread::yield_now();
                }
                reading.load(Ordering::SeqCst) == THREADS
            });
            (all_read.unwrap(), named(&session, "ada"))
        };
        let readers: Vec<_> = (0..THREADS).map(|_| scope.spawn(read)).collect();
        for reader in readers {
            assert_eq!(reader.join().unwrap(), (true, Some(1)));
        }
        assert_eq!(storage.commits(), 0, "the save was under way all the time");
        drop(let_go);
    });
    assert_eq!(storage.commits(), 1);
}

/// Does something while a save of peer 1, `@ada`, is under way; fails where it waits for the save to end.
/// More than one new row would be saved at once, if that could be had.
/// What was missed in `before` may be remembered.
fn during_a_save(before: impl FnOnce(&Session), work: impl FnOnce(&Session) + Send) {
    const LONG: Duration = Duration::from_secs(10);
    let storage = Shared::default();
    let session = storage.session(&Options { max_dirty: 3, ..patient() });
    put(&session, EntityRef { phone: "1555", name: "Ada", ..user(1, 100, "ada") });
    session.set_update_states(&[pts(5)], false).unwrap();
    before(&session);
    std::thread::scope(|scope| {
        let (begins, has_begun) = mpsc::channel();
        let (let_go, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        storage.before_commit(move |_| {
            let _ = begins.send(());
            let _ = wait.lock().unwrap().recv();
        });
        scope.spawn(|| session.save().unwrap());
        has_begun.recv_timeout(LONG).unwrap();
        let (done, is_done) = mpsc::channel();
        let session = &session;
        let worker = scope.spawn(move || {
            work(session);
            done.send(()).unwrap();
        });
        let waited = is_done.recv_timeout(LONG) == Err(mpsc::RecvTimeoutError::Timeout);
        assert_eq!(storage.commits(), 0, "the save was under way all the time");
        // It goes on also where this fails.
        drop(let_go);
        worker.join().unwrap();
        assert!(!waited, "it waited for the save");
    });
    assert_eq!(storage.commits(), 1);
}

#[test]
fn what_is_in_memory_is_answered_and_changed_during_a_save() {
    during_a_save(
        |_| {},
        |session| {
            let how = How { memory_only: true, names: true };
            for look in [
                Look::Text("https://t.me/Ada"),
                Look::Id(1),
                Look::Username("ada"),
                Look::Phone("+1 555"),
            ] {
                for how in [How::default(), how] {
                    let peer = session.find_input_peer(look, how).unwrap();
                    assert_eq!(peer.map(|found| found.item.id), Some(id(1)), "{look:?}");
                    let entity = session.find_entity(look, how).unwrap();
                    assert_eq!(entity.map(|found| found.item.name), Some("Ada".into()), "{look:?}");
                }
            }
            assert!(session.find_entity(Look::Name("Ada"), how).unwrap().is_some());
            // These are not known, and nobody is to be asked.
            assert_eq!(session.find_input_peer(Look::Id(2), how).unwrap(), None);
            assert_eq!(session.find_input_peer(Look::Text("nobody"), how).unwrap(), None);
            assert!(session.dc().unwrap().is_none() && session.takeout_id().unwrap().is_none());
            assert!(session.with_auth_key(|key| key.is_none()).unwrap());
            assert!(session.with_tmp_auth_key(|key| key.is_none()).unwrap());
            assert_eq!(session.identity().unwrap(), mtsession::Identity::default());
            assert_eq!(session.dc_options().unwrap(), []);
            assert_eq!(session.salts(2).unwrap(), []);
            assert_eq!(session.update_state(0).unwrap().unwrap().pts, 5);
            assert_eq!(session.to_text().unwrap(), None);
            assert_eq!(session.next_notice().unwrap(), None);
            put(session, user(3, 100, "new"));
            assert_eq!(named(session, "new"), Some(3));
            session.set_update_states(&[pts(6)], true).unwrap();
            assert_eq!(session.update_states(None, 9).unwrap().len(), 1);
            session.put_value("v", b"1", false).unwrap();
            assert!(session.value("v").unwrap().is_some());
            session
                .set_salts(2, &[mtsession::Salt { dc: 2, salt: 1, since: 2, until: 3 }])
                .unwrap();
            assert_eq!(session.salts(2).unwrap().len(), 1);
        },
    );
}

#[test]
fn a_remembered_miss_is_answered_during_a_save() {
    for look in [
        Look::Text("@nobody"),
        Look::Username("nobody"),
        Look::Phone("1777"),
        Look::Id(2),
        Look::BareId(2),
        // A user, where no channel and no chat is known that has it.
        Look::BareId(1),
    ] {
        let known = (look == Look::BareId(1)).then(|| id(1));
        let is_answered = |session: &Session| {
            let found = session.find_input_peer(look, How::default()).unwrap();
            assert_eq!(found.map(|found| found.item.id), known, "{look:?}");
        };
        during_a_save(is_answered, is_answered);
    }
}

#[test]
fn closing_waits_for_a_save_and_may_race_with_calls() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&Options { max_dirty: 7, ..patient() }));
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let session = Arc::clone(&session);
            scope.spawn(move || {
                for n in 1.. {
                    match session.put_entities(&[user(worker * 1000 + n, 100, "")]) {
                        Ok(()) => {}
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::Closed);
                            return n - 1;
                        }
                    }
                    if n % 20 == 0 {
                        std::thread::yield_now();
                    }
                }
                0
            });
        }
        std::thread::sleep(Duration::from_millis(20));
        session.close().unwrap();
    });
    assert!(storage.0.memory.count().unwrap() > 0);
}

#[test]
fn a_dropped_session_saves_without_waiting_for_locks() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, 100, "ada"));
    storage.before_commit(|changes| assert!(changes.hurry));
    drop(session);
    assert!(storage.stored(1).is_some());
}

/// How many of the users 1..=last are in memory.
fn remembered(session: &Session, last: i64) -> usize {
    let how = How { memory_only: true, ..How::default() };
    let is_there = |n: &i64| session.find_input_peer(Look::Id(*n), how).unwrap().is_some();
    (1..=last).filter(is_there).count()
}

#[test]
fn no_more_entities_stay_in_memory_than_they_may() {
    const MOST: usize = 20;
    let options = Options { max_entities: MOST, ..patient() };
    let storage = Shared::default();
    let session = storage.session(&options);
    let users: Vec<_> = (1..=500).map(|n| user(n, 0, "")).collect();
    session.put_entities(&users).unwrap();
    assert_eq!(remembered(&session, 500), 500, "what waits is nowhere else");
    session.save().unwrap();
    assert_eq!(remembered(&session, 500), MOST);
    for one in &users {
        put(&session, *one);
        session.save().unwrap();
        assert_eq!(remembered(&session, 500), MOST);
    }
    // Those that are only looked up take the same room.
    let session = storage.session(&options);
    for n in 1..=500 {
        let found = session.find_entity(Look::Id(n), How::default()).unwrap();
        assert_eq!(found.unwrap().item.id, id(n));
        assert_eq!(remembered(&session, 500), MOST.min(n as usize));
    }
}

#[test]
fn a_missed_look_up_is_remembered() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    for _ in 0..5 {
        assert_eq!(named(&session, "@nobody"), None);
    }
    assert_eq!(storage.0.finds.load(Ordering::SeqCst), 1);
}

#[test]
fn a_min_record_costs_one_question_to_the_storage() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    for _ in 0..5 {
        put(&session, EntityRef { flags: Entity::MIN, name: "Min", ..user(1, 100, "") });
    }
    assert_eq!(storage.0.finds.load(Ordering::SeqCst), 1);
    assert!(session.find_entity(Look::Id(1), How::default()).unwrap().is_none());
}

#[test]
fn notices_are_bounded_and_say_that_some_are_missing() {
    let storage = Shared::default();
    let session = storage.session(&Options { max_dirty: 1, ..patient() });
    storage.fail(true);
    for n in 0..200 {
        let _ = session.put_entities(&[user(n + 1, 100, "")]);
    }
    let mut count = 0;
    while session.next_notice().unwrap().is_some() {
        count += 1;
    }
    assert!((1..=64).contains(&count), "{count}");
}
