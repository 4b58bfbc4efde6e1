//! A storage made of C callbacks: the contract of every storage, and the rules of callbacks.

#[path = "../../../tests/contract/suite.rs"]
#[macro_use]
mod suite;

use std::collections::{BTreeMap, HashMap};
use std::ffi::CStr;
use std::ptr::{null, null_mut};
use std::slice::from_raw_parts;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::sink::*;
use super::*;
use crate::ffi::error::{mts_error_free, mts_error_message};
use crate::ffi::options::mts_options;
use crate::ffi::session::{mts_session_free, mts_session_save};
use crate::ffi::status::mts_status::*;
use crate::{
    AuthKey, EntityRef, ErrorKind, FileKey, FileKind, How, Identity, Look, Options, PeerId, Result,
    SentFile, Session, UpdateStatePatch,
};

/// What a caller keeps: whole records, as a program in C would.
#[derive(Default)]
struct Shelf {
    account: Vec<u8>,
    entities: BTreeMap<i64, (mts_entity, [String; 3])>,
    states: BTreeMap<i64, mts_update_state>,
    values: HashMap<String, Vec<u8>>,
    commits: Vec<u32>,
}

/// The `user` of the callbacks, and what tests want of them.
#[derive(Default)]
struct User {
    shelf: Mutex<Shelf>,
    /// What commits answer instead of doing anything.
    fail: AtomicI32,
    /// A session to call from inside a callback, and what it answered.
    inside: AtomicPtr<mts_session>,
    inside_answered: AtomicI32,
    freed: AtomicU32,
    /// The sink of the last `find`.
    sink: AtomicPtr<mts_out>,
}

fn user<'a>(user: *mut c_void) -> &'a User {
    // SAFETY: every test passes a `User` that outlives the session.
    unsafe { &*user.cast::<User>() }
}

unsafe extern "C" fn load(me: *mut c_void, out: *mut mts_out) -> i32 {
    let shelf = user(me).shelf.lock().unwrap();
    // SAFETY: a sink, and memory of ours.
    unsafe {
        if !shelf.account.is_empty() {
            mts_out_account(out, shelf.account.as_ptr(), shelf.account.len());
        }
        for state in shelf.states.values() {
            assert_eq!(mts_out_state(out, state, size_of::<mts_update_state>()), MTS_OK);
        }
        for (key, value) in &shelf.values {
            mts_out_value(out, key.as_ptr().cast(), key.len(), value.as_ptr(), value.len());
        }
    }
    0
}

unsafe fn records<'a, T>(base: *const T, count: usize, stride: usize) -> &'a [T] {
    assert_eq!(stride, size_of::<T>());
    // SAFETY: the library's promise about its changes.
    if count == 0 { &[] } else { unsafe { from_raw_parts(base, count) } }
}

unsafe extern "C" fn commit(
    me: *mut c_void,
    changes: *const mts_changes,
    out: *mut mts_out,
) -> i32 {
    let me = user(me);
    let fail = me.fail.load(Ordering::Relaxed);
    if fail != 0 {
        let text = "the shelf is full";
        // SAFETY: a sink, and a text.
        unsafe { mts_out_error(out, text.as_ptr().cast(), text.len()) };
        return fail;
    }
    let inside = me.inside.load(Ordering::Relaxed);
    if !inside.is_null() {
        // SAFETY: a session that the test has open.
        let answered = unsafe { mts_session_save(inside, null_mut()) };
        me.inside_answered.store(answered as i32, Ordering::Relaxed);
    }
    let mut shelf = me.shelf.lock().unwrap();
    // SAFETY: changes that live for this call.
    unsafe {
        let changes = &*changes;
        assert_eq!(changes.size as usize, size_of::<mts_changes>());
        let heap = from_raw_parts(changes.heap, changes.heap_len);
        let bytes = |place: mts_text| {
            let bytes = &heap[place.off as usize..][..place.len as usize];
            assert_eq!(heap[(place.off + place.len) as usize], 0, "no NUL behind a text");
            bytes.to_vec()
        };
        let text = |place| String::from_utf8(bytes(place)).unwrap();
        shelf.commits.push(changes.flags);
        if changes.flags & MTS_COMMIT_OTHER_ACCOUNT != 0 {
            shelf.entities.clear();
        }
        if !changes.account.is_null() {
            shelf.account = from_raw_parts(changes.account, changes.account_len).to_vec();
        }
        for entity in records(changes.entities, changes.entity_count, changes.entity_stride) {
            let texts = [text(entity.usernames), text(entity.phone), text(entity.name)];
            shelf.entities.insert(entity.id, (*entity, texts));
        }
        for id in records(changes.forget, changes.forget_count, 8) {
            shelf.entities.remove(id);
        }
        for state in records(changes.states, changes.state_count, changes.state_stride) {
            shelf.states.insert(state.id, *state);
        }
        for id in records(changes.forget_states, changes.forget_state_count, 8) {
            shelf.states.remove(id);
        }
        for value in records(changes.values, changes.value_count, changes.value_stride) {
            let key = text(value.key);
            if value.flags & MTS_VALUE_REMOVED != 0 {
                shelf.values.remove(&key);
            } else {
                shelf.values.insert(key, bytes(value.value));
            }
        }
    }
    0
}

/// Answers an entity, its texts in a heap of our own.
fn answer(out: *mut mts_out, entity: &mts_entity, texts: &[String; 3]) {
    let mut record = *entity;
    let mut heap = String::new();
    let mut place = |text: &str| {
        let off = heap.len() as u32;
        heap.push_str(text);
        mts_text { off, len: text.len() as u32 }
    };
    (record.usernames, record.phone, record.name) =
        (place(&texts[0]), place(&texts[1]), place(&texts[2]));
    // SAFETY: a sink, and memory of ours.
    let status =
        unsafe { mts_out_entity(out, &record, size_of::<mts_entity>(), heap.as_ptr(), heap.len()) };
    assert_eq!(status, MTS_OK);
}

unsafe extern "C" fn find(
    me: *mut c_void,
    by: u32,
    id: i64,
    text: *const c_char,
    text_len: usize,
    out: *mut mts_out,
) -> i32 {
    user(me).sink.store(out, Ordering::Relaxed);
    // SAFETY: the library's promise: a NUL behind the text.
    let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap();
    assert_eq!(text.len(), text_len);
    for (entity, texts) in user(me).shelf.lock().unwrap().entities.values() {
        let fits = match by {
            MTS_FIND_ID => entity.id == id,
            MTS_FIND_USERNAME => texts[0].split(' ').any(|name| name == text),
            MTS_FIND_PHONE => texts[1] == text,
            MTS_FIND_NAME => texts[2] == text,
            _ => unreachable!(),
        };
        if fits {
            answer(out, entity, texts);
        }
    }
    0
}

unsafe extern "C" fn list(me: *mut c_void, after: i64, max: u32, out: *mut mts_out) -> i32 {
    let shelf = user(me).shelf.lock().unwrap();
    let from = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
    for (entity, texts) in shelf.entities.range(from).map(|(_, row)| row).take(max as usize) {
        answer(out, entity, texts);
    }
    MTS_OK as i32
}

unsafe extern "C" fn free(me: *mut c_void) {
    user(me).freed.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C" fn locked(_: *mut c_void, out: *mut mts_out) -> i32 {
    let text = "by another shelf";
    // SAFETY: a sink, and a text.
    unsafe { mts_out_error(out, text.as_ptr().cast(), text.len()) };
    MTS_E_OWNED as i32
}

fn table(user: &Arc<User>) -> mts_storage {
    mts_storage {
        size: size_of::<mts_storage>() as u32,
        reserved: 0,
        user: Arc::as_ptr(user).cast_mut().cast(),
        load: Some(load),
        commit: Some(commit),
        find: Some(find),
        list: Some(list),
        lock: None,
        free: Some(free),
    }
}

/// A Rust session over the callbacks.
fn session(table: &mts_storage, options: &Options) -> Result<Session> {
    // SAFETY: callbacks of this file.
    let adapter = unsafe { Adapter::new(table) }?;
    adapter.begin()?;
    Session::new(Box::new(adapter), options)
}

/// A session over the callbacks as C has it.
fn handle(table: &mts_storage) -> std::result::Result<*mut mts_session, (mts_status, String)> {
    let (mut session, mut error) = (null_mut(), null_mut());
    // SAFETY: callbacks of this file.
    unsafe {
        match mts_session_custom(table, null::<mts_options>(), &mut session, &mut error) {
            MTS_OK => Ok(session),
            status => {
                assert!(session.is_null());
                let text = CStr::from_ptr(mts_error_message(error)).to_str().unwrap().to_owned();
                mts_error_free(error);
                Err((status, text))
            }
        }
    }
}

struct Callbacks(Arc<User>);

impl suite::Place for Callbacks {
    fn open(&self, options: &Options) -> Session {
        session(&table(&self.0), options).unwrap()
    }

    fn reopen(&self, session: Session, options: &Options) -> Session {
        session.close().unwrap();
        self.open(options)
    }
}

mod contract {
    use super::*;

    contract!(Callbacks(Arc::default()));
}

fn ada() -> EntityRef<'static> {
    EntityRef {
        flags: 0,
        usernames: "ada",
        name: "Ada",
        ..EntityRef::bare(PeerId::from_marked(1).unwrap(), 42)
    }
}

fn open(user: &Arc<User>) -> Session {
    session(&table(user), &Options::default()).unwrap()
}

#[test]
fn credentials_are_durable_commits_and_the_rest_waits_for_the_save() {
    let user = Arc::<User>::default();
    let session = open(&user);
    session.set_auth_key(Some(&AuthKey::new(&[7; 256]).unwrap())).unwrap();
    assert_eq!(user.shelf.lock().unwrap().commits, [MTS_COMMIT_DURABLE]);
    session.put_entities(&[ada()]).unwrap();
    assert_eq!(user.shelf.lock().unwrap().commits.len(), 1);
    session.save().unwrap();
    assert_eq!(user.shelf.lock().unwrap().entities[&1].1, ["ada", "", "Ada"]);
}

#[test]
fn a_failed_commit_keeps_everything_and_tells_the_callbacks_reason() {
    let user = Arc::<User>::default();
    let session = open(&user);
    session.put_entities(&[ada()]).unwrap();
    user.fail.store(MTS_E_IO as i32, Ordering::Relaxed);
    let error = session.save().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("commit callback failed: the shelf is full"), "{error}");
    user.fail.store(0, Ordering::Relaxed);
    session.save().unwrap();
    assert_eq!(user.shelf.lock().unwrap().entities.len(), 1);
}

#[test]
fn a_number_that_is_no_failure_is_a_broken_rule() {
    let user = Arc::<User>::default();
    let session = open(&user);
    session.put_entities(&[ada()]).unwrap();
    for number in [1, 7, -99] {
        user.fail.store(number, Ordering::Relaxed);
        let error = session.save().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Callback, "{error}");
        assert!(error.message().contains(&number.to_string()), "{error}");
    }
    user.fail.store(0, Ordering::Relaxed);
}

#[test]
fn the_loser_of_a_username_loses_it_in_the_storage_too() {
    let user = Arc::<User>::default();
    let session = open(&user);
    session.put_entities(&[EntityRef { seen: 10, ..ada() }]).unwrap();
    session.save().unwrap();
    // Another program gave the name to somebody else since.
    let newer = mts_entity { id: 2, access_hash: 43, seen: 20, ..Default::default() };
    let texts = ["first ada".to_owned(), String::new(), String::new()];
    user.shelf.lock().unwrap().entities.insert(2, (newer, texts));
    let session = open(&user);
    assert_eq!(session.input_peer("@ada").unwrap().unwrap().id.marked(), 2);
    let shelf = user.shelf.lock().unwrap();
    assert_eq!(shelf.entities[&1].1, ["", "", "Ada"]);
    assert_eq!(shelf.entities[&2].1[0], "first ada");
}

#[test]
fn another_account_removes_what_belongs_to_the_old_one() {
    let user = Arc::<User>::default();
    let session = open(&user);
    session.set_identity(&Identity { user_id: 5, ..Identity::default() }).unwrap();
    let key = FileKey { md5: [1; 16], size: 3, kind: FileKind::Photo };
    session.cache_file(&key, &SentFile { id: 8, access_hash: 9 }).unwrap();
    session.put_value("mine", b"stays", false).unwrap();
    session.put_entities(&[ada()]).unwrap();
    let state = UpdateStatePatch { id: 0, pts: Some(3), ..Default::default() };
    session.set_update_states(&[state], false).unwrap();
    session.save().unwrap();
    assert_eq!(user.shelf.lock().unwrap().values.len(), 2);
    session.set_identity(&Identity { user_id: 6, ..Identity::default() }).unwrap();
    session.close().unwrap();
    let shelf = user.shelf.lock().unwrap();
    assert!(shelf.states.is_empty() && !shelf.entities.contains_key(&1));
    assert_eq!(shelf.values.keys().collect::<Vec<_>>(), ["mine"]);
}

#[test]
fn deleting_leaves_an_empty_storage() {
    let user = Arc::<User>::default();
    let session = open(&user);
    session.set_auth_key(Some(&AuthKey::new(&[7; 256]).unwrap())).unwrap();
    session.put_value("v", b"1", true).unwrap();
    session.put_entities(&[ada()]).unwrap();
    session.save().unwrap();
    session.delete().unwrap();
    assert!(user.shelf.lock().unwrap().entities.is_empty());
    assert!(user.shelf.lock().unwrap().values.is_empty());
    let again = open(&user);
    assert!(again.with_auth_key(|key| key.is_none()).unwrap());
}

#[test]
fn what_is_missing_is_told_when_it_is_needed_and_not_before() {
    let bare = mts_storage {
        size: size_of::<mts_storage>() as u32,
        reserved: 0,
        user: null_mut(),
        load: None,
        commit: None,
        find: None,
        list: None,
        lock: None,
        free: None,
    };
    let session = session(&bare, &Options::default()).unwrap();
    assert_eq!(session.update_states(None, 9).unwrap(), []);
    assert_eq!(session.value("x").unwrap(), None);
    session.put_entities(&[ada()]).unwrap();
    assert_eq!(session.input_peer("@ada").unwrap().unwrap().access_hash, 42);
    let memory = How { memory_only: true, ..How::default() };
    assert_eq!(session.find_input_peer(Look::Id(9), memory).unwrap(), None);
    for error in [
        session.find_input_peer(Look::Id(9), How::default()).unwrap_err(),
        session.entities(None, 9).unwrap_err(),
        session.save().unwrap_err(),
        session.set_takeout_id(Some(1)).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn a_callback_that_calls_its_own_session_is_refused_and_nothing_hangs() {
    let user = Arc::<User>::default();
    let session = handle(&table(&user)).unwrap();
    user.inside.store(session, Ordering::Relaxed);
    // SAFETY: a live session.
    unsafe {
        (*session).core.put_entities(&[ada()]).unwrap();
        assert_eq!(mts_session_save(session, null_mut()), MTS_OK);
        assert_eq!(user.inside_answered.load(Ordering::Relaxed), MTS_E_CALLBACK as i32);
        // Outside again, it is welcome.
        assert_eq!(mts_session_save(session, null_mut()), MTS_OK);
        mts_session_free(session);
    }
    assert_eq!(user.freed.load(Ordering::Relaxed), 1);
}

#[test]
fn free_is_called_once_and_not_where_the_opening_failed() {
    let user = Arc::<User>::default();
    let refused = mts_storage { lock: Some(locked), ..table(&user) };
    let (status, text) = handle(&refused).unwrap_err();
    assert_eq!(status, MTS_E_OWNED);
    assert!(text.contains("lock callback failed: by another shelf"), "{text}");
    assert_eq!(user.freed.load(Ordering::Relaxed), 0);
    let session = handle(&table(&user)).unwrap();
    // SAFETY: a live session, for the last time.
    unsafe { mts_session_free(session) };
    assert_eq!(user.freed.load(Ordering::Relaxed), 1);
}

#[test]
fn a_table_of_another_size_is_read_as_far_as_both_sides_know_it() {
    let user = Arc::<User>::default();
    let (status, text) = handle(&mts_storage { size: 8, ..table(&user) }).unwrap_err();
    assert_eq!(status, MTS_E_ARGUMENT);
    assert!(text.contains("size of 8"), "{text}");
    #[repr(C)]
    struct Newer(mts_storage, u64);
    let size = size_of::<Newer>() as u32;
    for (tail, fine) in [(0, true), (1, false)] {
        let newer = Newer(mts_storage { size, ..table(&user) }, tail);
        // SAFETY: as many bytes as its size says.
        let adapter = unsafe { Adapter::new((&raw const newer).cast()) };
        assert_eq!(adapter.is_ok(), fine);
    }
}

#[test]
fn a_sink_used_wrongly_fails_the_call_and_after_it_does_nothing() {
    unsafe extern "C" fn wrong(me: *mut c_void, out: *mut mts_out) -> i32 {
        let entity = mts_entity { id: 5, ..Default::default() };
        // SAFETY: a sink, and memory of ours.
        unsafe {
            let status = mts_out_entity(out, &entity, size_of::<mts_entity>(), null(), 0);
            assert_eq!(status, MTS_E_ARGUMENT);
            load(me, out)
        }
    }
    let user = Arc::<User>::default();
    let (status, text) = handle(&mts_storage { load: Some(wrong), ..table(&user) }).unwrap_err();
    assert_eq!(status, MTS_E_CALLBACK);
    assert!(text.contains("mts_out_entity"), "{text}");

    let session = open(&user);
    assert_eq!(session.input_peer("@ada").unwrap(), None);
    // SAFETY: a sink whose callback has returned, of a session that is still open.
    let late = unsafe { mts_out_state(user.sink.load(Ordering::Relaxed), null(), 0) };
    assert_eq!(late, MTS_E_CALLBACK);
    // SAFETY: NULL.
    assert_eq!(unsafe { mts_out_account(null_mut(), null(), 0) }, MTS_E_ARGUMENT);
}

#[test]
fn an_answer_that_was_not_asked_for_is_refused() {
    unsafe extern "C" fn other(
        _: *mut c_void,
        _: u32,
        _: i64,
        _: *const c_char,
        _: usize,
        out: *mut mts_out,
    ) -> i32 {
        answer(out, &mts_entity { id: 5, ..Default::default() }, &Default::default());
        0
    }
    unsafe extern "C" fn behind(_: *mut c_void, _: i64, _: u32, out: *mut mts_out) -> i32 {
        answer(out, &mts_entity { id: 5, ..Default::default() }, &Default::default());
        0
    }
    let user = Arc::<User>::default();
    let table = mts_storage { find: Some(other), list: Some(behind), ..table(&user) };
    let session = session(&table, &Options::default()).unwrap();
    let error = session.find_entity(Look::Id(6), How::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Callback, "{error}");
    let error = session.find_entity(Look::Username("durov"), How::default()).unwrap_err();
    assert!(error.message().contains("entity 5"), "{error}");
    let error = session.entities(Some(PeerId::from_marked(5).unwrap()), 9).unwrap_err();
    assert!(error.message().contains("above 5"), "{error}");
}

#[test]
fn a_damaged_account_record_or_value_is_told_at_the_opening() {
    let user = Arc::<User>::default();
    open(&user).set_auth_key(Some(&AuthKey::new(&[7; 256]).unwrap())).unwrap();
    user.shelf.lock().unwrap().account.pop();
    let (status, text) = handle(&table(&user)).unwrap_err();
    assert_eq!(status, MTS_E_CORRUPT);
    assert!(text.contains("account record: it ends too early"), "{text}");
    user.shelf.lock().unwrap().account.clear();
    user.shelf.lock().unwrap().values.insert("mts:what".to_owned(), vec![]);
    let (status, text) = handle(&table(&user)).unwrap_err();
    assert_eq!(status, MTS_E_CORRUPT);
    assert!(text.contains("mts:what"), "{text}");
}
