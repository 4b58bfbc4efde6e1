//! What every storage must make of a session, written once and run over each of them.
//!
//! `contract!(place)` makes the tests; `place` is a [`Place`]. Rules of one storage only have tests
//! of their own. The rules of the login and of the peers have files of their own beside this one.

use mtsession::{
    Dc, DcKey, DcOption, Entity, EntityRef, ErrorKind, FileKey, FileKind, How, Identity, KeySlot,
    Look, Options, Salt, SentFile, Session, UpdateState, UpdateStatePatch,
};

#[path = "given.rs"]
mod given;
#[path = "login.rs"]
mod login;
#[path = "peers.rs"]
mod peers;

use given::{id, key, named, put, user};
pub use login::*;
pub use peers::*;

/// Somewhere a session can be kept and found again.
pub trait Place {
    fn open(&self, options: &Options) -> Session;
    /// The same session as after a restart: nothing in memory, everything saved.
    fn reopen(&self, session: Session, options: &Options) -> Session;
}

pub fn entity(session: &Session, marked: i64) -> Option<Entity> {
    session.find_entity(Look::Id(marked), How::default()).unwrap().map(|found| found.item)
}

fn hash(session: &Session, marked: i64) -> Option<i64> {
    let peer = session.find_input_peer(Look::Id(marked), How::default()).unwrap();
    peer.map(|found| found.item.access_hash)
}

fn stored_keys() -> Options {
    Options { store_tmp_auth_key: true, ..Options::default() }
}

pub fn a_new_session_is_empty(place: &dyn Place) {
    let session = place.open(&Options::default());
    assert_eq!(session.dc().unwrap(), None);
    assert!(session.with_auth_key(|key| key.is_none()).unwrap());
    assert_eq!(session.takeout_id().unwrap(), None);
    assert_eq!(session.identity().unwrap(), Identity::default());
    assert_eq!(session.entities(None, 10).unwrap(), []);
    assert_eq!(session.update_states(None, 10).unwrap(), []);
    assert_eq!(session.update_state(0).unwrap(), None);
    assert_eq!(session.value("x").unwrap(), None);
    assert!(session.to_text().unwrap().is_none());
}

pub fn update_states_come_back(place: &dyn Place) {
    let session = place.open(&Options::default());
    let account = UpdateState { id: 0, pts: 1000, qts: 5, date: 1_700_000_000, seq: 42 };
    let channel = UpdateState { id: 1_234_567_890, pts: 777, ..UpdateState::default() };
    session.set_update_states(&[account.into(), channel.into()], false).unwrap();
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.update_state(0).unwrap(), Some(account));
    assert_eq!(session.update_states(None, 10).unwrap(), [account, channel]);
    assert_eq!(session.update_states(Some(0), 10).unwrap(), [channel]);
    assert_eq!(session.update_states(None, 1).unwrap(), [account]);
    assert!(session.remove_update_state(channel.id).unwrap());
    assert!(!session.remove_update_state(channel.id).unwrap());
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.update_states(None, 10).unwrap(), [account]);
}

pub fn an_update_state_keeps_what_is_not_told(place: &dyn Place) {
    let session = place.open(&Options::default());
    let all = UpdateState { id: 0, pts: 10, qts: 5, date: 7, seq: 3 };
    session.set_update_states(&[all.into()], false).unwrap();
    let session = place.reopen(session, &Options::default());
    let seq = UpdateStatePatch { seq: Some(4), ..UpdateStatePatch::default() };
    assert!(session.set_update_states(&[seq], true).unwrap());
    assert_eq!(session.update_state(0).unwrap(), Some(UpdateState { seq: 4, ..all }));
    let other = UpdateStatePatch { id: 9, pts: Some(1), ..UpdateStatePatch::default() };
    let pts = UpdateStatePatch { pts: Some(11), ..UpdateStatePatch::default() };
    assert!(!session.set_update_states(&[pts, other], true).unwrap(), "9 must exist");
    assert_eq!(session.update_state(0).unwrap().unwrap().pts, 10, "so 0 is not set either");
}

pub fn update_states_that_cannot_be_are_refused(place: &dyn Place) {
    let session = place.open(&Options::default());
    let patch = |id, pts| UpdateStatePatch { id, pts, ..UpdateStatePatch::default() };
    for bad in
        [patch(-1_001_234_567_890, Some(1)), patch(0, Some(0)), patch(0, None), patch(3, Some(-1))]
    {
        let error = session.set_update_states(&[patch(3, Some(1)), bad], false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
    }
    assert_eq!(session.update_states(None, 10).unwrap(), []);
    assert!(session.update_state(-5).is_err());
}

pub fn files_and_values_come_back(place: &dyn Place) {
    let session = place.open(&Options::default());
    let document = FileKey { md5: *b"0123456789abcdef", size: 12345, kind: FileKind::Document };
    let photo = FileKey { kind: FileKind::Photo, ..document };
    let file = SentFile { id: i64::MAX, access_hash: i64::MIN };
    session.cache_file(&document, &file).unwrap();
    session.put_value("config", b"\0\xff", false).unwrap();
    session.put_value("empty", b"", true).unwrap();
    assert_eq!(session.file(&document).unwrap(), Some(file));
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.file(&document).unwrap(), Some(file));
    assert_eq!(session.file(&photo).unwrap(), None);
    assert_eq!(session.value("config").unwrap().unwrap().as_slice(), b"\0\xff");
    assert_eq!(session.value("empty").unwrap().unwrap().as_slice(), b"");
    session.put_value("config", b"new", false).unwrap();
    session.put_value("config", b"newest", true).unwrap();
    assert_eq!(session.value("config").unwrap().unwrap().as_slice(), b"newest");
    assert!(session.remove_value("empty", false).unwrap());
    assert!(!session.remove_value("empty", false).unwrap());
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.value("config").unwrap().unwrap().as_slice(), b"newest");
    assert_eq!(session.value("empty").unwrap(), None);
    for key in ["", "mts:x", "a\0b"] {
        assert_eq!(session.value(key).unwrap_err().kind(), ErrorKind::Argument);
    }
}

pub fn a_clone_is_a_full_copy(place: &dyn Place) {
    let session = place.open(&Options::default());
    session.set_dc(2, "149.154.167.51", 443).unwrap();
    session.set_auth_key(Some(&key(1))).unwrap();
    session.set_identity(&Identity { user_id: 5, api_id: 6, ..Identity::default() }).unwrap();
    put(&session, user(1, 100, "saved also"));
    let state = UpdateState { id: 3, pts: 4, ..UpdateState::default() };
    session.set_update_states(&[state.into()], false).unwrap();
    session.put_value("v", b"1", false).unwrap();
    session.save().unwrap();
    put(&session, EntityRef { flags: Entity::WHOLE | Entity::BOT, ..user(2, 100, "unsaved") });
    session.put_value("w", b"2", false).unwrap();
    session.set_salts(2, &[Salt { dc: 2, salt: 1, since: 2, until: 3 }]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clone.session");
    for to in [None, Some(path.as_path())] {
        let copy = session.clone_to(to, &Default::default(), &Options::default()).unwrap();
        assert_eq!(copy.dc().unwrap(), session.dc().unwrap());
        assert!(copy.with_auth_key(|it| it == Some(&key(1))).unwrap());
        assert_eq!(copy.identity().unwrap(), session.identity().unwrap());
        assert_eq!(copy.entities(None, 10).unwrap(), session.entities(None, 10).unwrap());
        assert_eq!(named(&copy, "also"), Some(1));
        assert_eq!(copy.update_states(None, 10).unwrap(), [state]);
        assert_eq!(copy.value("v").unwrap().unwrap().as_slice(), b"1");
        assert_eq!(copy.value("w").unwrap().unwrap().as_slice(), b"2");
        assert_eq!(copy.salts(2).unwrap().len(), 1);
    }
    let again = session.clone_to(Some(&path), &Default::default(), &Options::default());
    assert_eq!(again.err().unwrap().kind(), ErrorKind::Exists);
}

pub fn a_closed_session_answers_closed(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, user(1, 100, "ada"));
    session.close().unwrap();
    session.close().unwrap();
    let closed = [
        session.save().err(),
        session.dc().err(),
        session.set_takeout_id(None).err(),
        session.put_entities(&[user(2, 100, "")]).err(),
        session.input_peer("ada").err(),
        session.entities(None, 1).err(),
        session.update_state(0).err(),
        session.set_update_states(&[], false).err(),
        session.value("x").err(),
        session.put_value("x", b"", true).err(),
        session.forget_entity(id(1)).err(),
        session.to_text().err(),
        session.count_entities().err(),
    ];
    for (n, error) in closed.into_iter().enumerate() {
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Closed), "call {n}");
    }
}

pub fn threads_may_share_a_session(place: &dyn Place) {
    let session = place.open(&Options { max_entities: 100, max_dirty: 50, ..Options::default() });
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let session = &session;
            scope.spawn(move || {
                for n in 1..=200 {
                    let peer = worker * 1000 + n;
                    put(session, user(peer, 100, ""));
                    assert_eq!(hash(session, peer), Some(peer * 11));
                    let state = UpdateState { id: worker + 1, pts: n as i32, ..Default::default() };
                    session.set_update_states(&[state.into()], false).unwrap();
                    if n % 50 == 0 {
                        session.save().unwrap();
                    }
                }
            });
        }
    });
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.count_entities().unwrap(), 800);
    let pts: Vec<_> = session.update_states(None, 9).unwrap().iter().map(|it| it.pts).collect();
    assert_eq!(pts, [200; 4]);
}

/// Makes one test of each rule, over a place.
#[macro_export]
macro_rules! contract {
    ($place:expr) => {
        $crate::contract!(@ $place,
            a_new_session_is_empty,
            credentials_come_back,
            set_dc_keeps_the_key_and_refuses_what_is_no_address,
            set_home_switches_data_center_and_key_in_one_step,
            the_temporary_key_is_stored_only_on_request,
            another_account_discards_what_belongs_to_the_old_one,
            the_self_peer_is_found_and_marked,
            a_whole_entity_comes_back,
            every_kind_of_peer_has_its_own_id,
            a_whole_record_clears_what_it_does_not_have,
            a_bare_record_keeps_all_texts,
            a_partial_record_changes_what_it_tells,
            a_min_record_only_fills_gaps,
            an_older_sighting_never_overwrites_a_newer_one,
            a_username_belongs_to_the_newest_sighting,
            a_phone_belongs_to_the_newest_sighting,
            a_contested_username_is_written_again_at_each_sighting,
            a_bare_sighting_says_nothing_about_whose_a_name_is,
            display_names_answer_on_request_only,
            a_chat_needs_no_row,
            memory_only_look_ups_leave_the_storage_alone,
            a_missed_look_up_is_answered_once_the_peer_is_met,
            what_falls_out_of_memory_is_found_through_the_storage,
            entities_are_paged_with_unsaved_ones_in_place,
            a_forgotten_peer_is_gone,
            saving_entities_can_be_switched_off,
            a_wrong_record_takes_the_whole_batch_with_it,
            update_states_come_back,
            an_update_state_keeps_what_is_not_told,
            update_states_that_cannot_be_are_refused,
            files_and_values_come_back,
            salts_wait_for_the_save,
            a_clone_is_a_full_copy,
            a_closed_session_answers_closed,
            threads_may_share_a_session,
        );
    };
    (@ $place:expr, $($rule:ident,)*) => {
        $(#[test]
        fn $rule() {
            suite::$rule(&$place);
        })*
    };
}
