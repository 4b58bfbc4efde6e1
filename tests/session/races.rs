//! What happens while the storage is answering must not be lost, and what it has answered by then
//! must not be kept as the truth.

use super::*;
use mtsession::{FileKind, Identity, SqliteOptions};

/// So little memory that a few other peers push everything out.
fn forgetful() -> Options {
    Options { max_entities: 2, ..patient() }
}

/// Pushes peer 1 out of memory.
fn push_out(session: &Session) {
    for n in 1001..=1012 {
        put(session, user(n, 100, ""));
        session.save().unwrap();
    }
    let how = How { memory_only: true, ..How::default() };
    assert_eq!(session.find_input_peer(Look::Id(1), how).unwrap(), None);
}

fn hash(session: &Session, marked: i64) -> Option<i64> {
    let peer = session.find_input_peer(Look::Id(marked), How::default()).unwrap();
    peer.map(|found| found.item.access_hash)
}

/// A session over a storage that answers `ask` only after `meanwhile` was done.
fn with_turn(
    storage: &Shared,
    session: &Arc<Session>,
    meanwhile: impl FnOnce(&Session) + Send + 'static,
) {
    let session = Arc::clone(session);
    let (done, wait) = mpsc::channel();
    storage.after_read(move || {
        // On a thread of its own. What must wait for the reader to end is not waited for here.
        std::thread::spawn(move || {
            meanwhile(&session);
            let _ = done.send(());
        });
        let _ = wait.recv_timeout(Duration::from_millis(300));
    });
}

#[test]
fn a_look_up_that_missed_while_the_peer_was_stored_is_not_remembered() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&forgetful()));
    with_turn(&storage, &session, |session| {
        put(session, user(1, 100, "ada"));
        session.save().unwrap();
    });
    let _ = named(&session, "ada");
    push_out(&session);
    assert_eq!(named(&session, "ada"), Some(1));
}

#[test]
fn a_row_that_was_replaced_while_it_was_read_is_not_kept() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&forgetful()));
    put(&session, EntityRef::bare(id(1), 7));
    push_out(&session);
    with_turn(&storage, &session, |session| {
        put(session, EntityRef { seen: 5_000_000_000, ..EntityRef::bare(id(1), 8) });
        push_out(session);
    });
    let _ = hash(&session, 1);
    assert_eq!(hash(&session, 1), Some(8));
}

#[test]
fn a_peer_that_was_forgotten_while_it_was_read_is_not_kept() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&forgetful()));
    put(&session, user(1, 100, "ada"));
    push_out(&session);
    with_turn(&storage, &session, |session| {
        assert!(session.forget_entity(id(1)).unwrap());
    });
    let _ = hash(&session, 1);
    assert_eq!(hash(&session, 1), None);
}

#[test]
fn what_is_told_of_a_peer_is_not_lost_where_others_are_stored_while_it_is_read() {
    let old =
        EntityRef { flags: Entity::WHOLE | Entity::BOT, name: "Old", ..user(1, 100, "alice") };
    let new = EntityRef { flags: Entity::PREMIUM, name: "New", ..user(1, 0, "bob") };
    // A hash that is left out, and one that is new; the peer not in memory, and half known there.
    for (access_hash, is_half_known) in [(0, false), (12, false), (0, true), (12, true)] {
        let storage = Shared::default();
        let session = storage.session(&patient());
        put(&session, old);
        session.save().unwrap();
        let session = Arc::new(storage.session(&patient()));
        if is_half_known {
            put(&session, EntityRef::bare(id(1), 11));
            session.save().unwrap();
        }
        with_turn(&storage, &session, |session| {
            put(session, user(7, 0, "seven"));
            session.save().unwrap();
        });
        put(&session, EntityRef { access_hash, ..new });
        session.save().unwrap();
        let stored = storage.stored(1).unwrap();
        assert_eq!(stored.access_hash, if access_hash == 0 { 11 } else { access_hash });
        assert_eq!((&*stored.usernames, &*stored.name), ("bob", "New"));
        assert_eq!(stored.flags, Entity::BOT | Entity::PREMIUM);
    }
}

#[test]
fn what_was_told_before_a_look_up_is_answered_though_it_is_saved_meanwhile() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&patient()));
    put(&session, user(1, 100, "alice"));
    session.save().unwrap();
    let session = Arc::new(storage.session(&patient()));
    put(&session, EntityRef::bare(id(1), 12));
    with_turn(&storage, &session, |session| session.save().unwrap());
    let found = session.find_entity(Look::Id(1), How::default()).unwrap().unwrap();
    assert_eq!((found.item.access_hash, &*found.item.usernames), (12, "alice"));
}

#[test]
fn a_peer_of_another_account_is_not_kept() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&forgetful()));
    session.set_identity(&Identity { user_id: 500, ..Identity::default() }).unwrap();
    put(&session, user(1, 100, "ada"));
    push_out(&session);
    with_turn(&storage, &session, |session| {
        session.set_identity(&Identity { user_id: 600, ..Identity::default() }).unwrap();
    });
    let _ = hash(&session, 1);
    assert_eq!(hash(&session, 1), None);
}

#[test]
fn the_own_peer_is_found_though_it_was_missed_before() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    assert_eq!(hash(&session, 500), None);
    session.set_identity(&Identity { user_id: 500, ..Identity::default() }).unwrap();
    assert_eq!(named(&session, "me"), Some(500));
    assert_eq!(hash(&session, 500), Some(0));
}

#[test]
fn a_page_has_what_is_saved_while_it_is_read() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&patient()));
    put(&session, user(1, 100, "ada"));
    with_turn(&storage, &session, |session| session.save().unwrap());
    assert_eq!(session.entities(None, 10).unwrap().len(), 1);
    put(&session, user(2, 100, "bob"));
    with_turn(&storage, &session, |session| session.save().unwrap());
    assert_eq!(session.count_entities().unwrap(), 2);
}

#[test]
fn a_page_is_not_ended_by_rows_that_are_stored_no_more() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    for n in 1..=2 {
        put(&session, user(n, 100, ""));
    }
    session.save().unwrap();
    for n in 1..=2 {
        let named = EntityRef { flags: Entity::NO_HASH, name: "New", ..EntityRef::bare(id(n), 0) };
        session.put_entities(&[named]).unwrap();
    }
    // Somebody else forgets them: what waits for them waits in vain.
    storage.0.memory.commit(&Changes { forget: vec![id(1), id(2)], ..Changes::default() }).unwrap();
    put(&session, user(3, 100, ""));
    let page = session.entities(None, 1).unwrap();
    assert_eq!(page.iter().map(|entity| entity.id.marked()).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_clone_has_what_is_saved_while_it_is_made() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&patient()));
    let file = FileKey { md5: [7; 16], size: 1, kind: FileKind::Photo };
    session.cache_file(&file, &SentFile { id: 1, access_hash: 2 }).unwrap();
    session.put_value("v", b"1", false).unwrap();
    assert_eq!(session.update_states(None, 9).unwrap(), []);
    with_turn(&storage, &session, |session| session.save().unwrap());
    let clone = session.clone_to(None, &SqliteOptions::default(), &patient()).unwrap();
    assert!(clone.file(&file).unwrap().is_some());
    assert!(clone.value("v").unwrap().is_some());
}

#[test]
fn closing_comes_to_an_end_though_puts_go_on() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&patient()));
    put(&session, user(1, 100, ""));
    // Each commit meets a put of somebody who does not stop by himself.
    let putter = Arc::downgrade(&session);
    let refused = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refused);
    storage.before_commit(move |_| {
        if let Some(session) = putter.upgrade()
            && let Err(error) = session.put_entities(&[user(2, 0, "")])
        {
            assert_eq!(error.kind(), ErrorKind::Closed);
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let (done, closed) = mpsc::channel();
    std::thread::spawn({
        let session = Arc::clone(&session);
        move || done.send(session.close())
    });
    closed.recv_timeout(Duration::from_secs(20)).expect("close comes to an end").unwrap();
    assert_eq!(refused.load(Ordering::SeqCst), 1, "the put is refused, not lost");
}

#[test]
fn a_session_whose_closing_failed_takes_peers_again() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, 100, ""));
    storage.fail(true);
    assert!(session.close().is_err());
    put(&session, user(2, 100, "bob"));
    storage.fail(false);
    session.close().unwrap();
    assert!(storage.stored(2).is_some());
}

#[test]
fn a_state_is_merged_with_the_stored_one_though_somebody_else_writes() {
    let storage = Shared::default();
    let session = Arc::new(storage.session(&patient()));
    let whole = UpdateState { id: 0, pts: 5, qts: 6, date: 7, seq: 8 };
    session.set_update_states(&[whole.into()], false).unwrap();
    session.save().unwrap();
    std::thread::scope(|scope| {
        let setting = scope.spawn(|| {
            for n in 10..20_000 {
                assert!(session.set_update_states(&[pts(n)], true).unwrap(), "pts {n}");
                let state = session.update_state(0).unwrap();
                assert_eq!(state, Some(UpdateState { pts: n, ..whole }));
                session.save().unwrap();
            }
        });
        while !setting.is_finished() {
            storage.0.changed.store(true, Ordering::SeqCst);
            // A credential's setter is what notices.
            session.set_takeout_id(Some(1)).unwrap();
        }
    });
}

#[test]
fn salts_too_are_saved_when_enough_waits() {
    let storage = Shared::default();
    let session = storage.session(&Options { max_dirty: 1, ..patient() });
    session.set_salts(2, &[mtsession::Salt { dc: 2, salt: 1, since: 2, until: 3 }]).unwrap();
    assert_eq!(storage.load().unwrap().salts.len(), 1);
}

#[test]
fn a_username_of_digits_is_no_phone_number() {
    let session = Session::memory().unwrap();
    put(&session, user(1, 200, "1555"));
    put(&session, EntityRef { phone: "1555", ..user(2, 100, "") });
    session.save().unwrap();
    let session = session.clone_to(None, &SqliteOptions::default(), &patient()).unwrap();
    let look = |by| session.find_input_peer(by, How::default()).unwrap().map(|it| it.item.id);
    assert_eq!(look(Look::Phone("1555")), Some(id(2)));
    assert_eq!(look(Look::Username("1555")), Some(id(1)));
}
