//! What every storage must make of a session, written once and run over each of them.
//!
//! `contract!(place)` makes the tests; `place` is a [`Place`]. Rules of one storage only have tests
//! of their own.

use mtsession::{
    Dc, DcKey, DcOption, Entity, EntityRef, ErrorKind, FileKey, FileKind, How, Identity, KeySlot,
    Look, Options, Salt, SentFile, Session, UpdateState, UpdateStatePatch,
};

#[path = "given.rs"]
mod given;

use given::{id, key, named, put, user};

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

pub fn credentials_come_back(place: &dyn Place) {
    let session = place.open(&stored_keys());
    session.set_dc(4, "2001:67c:4e8:f004::a", 443).unwrap();
    session.set_auth_key(Some(&key(1))).unwrap();
    session.set_tmp_auth_key(Some(&key(2))).unwrap();
    session.set_takeout_id(Some(i64::MIN)).unwrap();
    let identity = Identity { user_id: 123_456_789, bot: true, test_mode: true, api_id: 12345 };
    session.set_identity(&identity).unwrap();
    let option = |dc: i32, flags: u32, host: &str, secret: &[u8]| DcOption {
        dc: Dc::new(dc, host, 443).unwrap(),
        flags,
        secret: secret.to_vec(),
    };
    let options = vec![
        option(2, 0, "149.154.167.51", b""),
        option(2, DcOption::MEDIA_ONLY | DcOption::TCPO_ONLY, "149.154.167.222", &[9; 32]),
        option(1, DcOption::IPV6, "2001:b28:f23d:f001::a", b""),
    ];
    session.set_dc_options(options.clone()).unwrap();
    let media = DcKey {
        dc: 2,
        slot: KeySlot::MediaTemporary,
        key: key(3),
        created: 10,
        expires: 20,
        user_id: 7,
    };
    session.set_key(&media).unwrap();

    let session = place.reopen(session, &stored_keys());
    assert_eq!(session.dc().unwrap(), Some(Dc::new(4, "2001:67c:4e8:f004::a", 443).unwrap()));
    assert!(session.with_auth_key(|it| it == Some(&key(1))).unwrap());
    assert!(session.with_tmp_auth_key(|it| it == Some(&key(2))).unwrap());
    assert_eq!(session.takeout_id().unwrap(), Some(i64::MIN));
    assert_eq!(session.identity().unwrap(), identity);
    assert_eq!(session.dc_options().unwrap(), options);
    assert_eq!(session.key(2, KeySlot::MediaTemporary).unwrap(), Some(media));
    let home = session.key(4, KeySlot::Permanent).unwrap().unwrap();
    assert_eq!((home.key, home.user_id), (key(1), 123_456_789));

    session.set_auth_key(None).unwrap();
    session.set_tmp_auth_key(None).unwrap();
    session.set_takeout_id(None).unwrap();
    assert!(session.forget_key(2, KeySlot::MediaTemporary).unwrap());
    assert!(!session.forget_key(2, KeySlot::MediaTemporary).unwrap());
    let session = place.reopen(session, &stored_keys());
    assert!(session.with_auth_key(|it| it.is_none()).unwrap());
    assert!(session.with_tmp_auth_key(|it| it.is_none()).unwrap());
    assert_eq!(session.takeout_id().unwrap(), None);
    assert_eq!(session.key(2, KeySlot::MediaTemporary).unwrap(), None);
    assert_eq!(session.dc_options().unwrap(), options, "a cleared key is no other account");
}

pub fn set_dc_keeps_the_key_and_refuses_what_is_no_address(place: &dyn Place) {
    let session = place.open(&Options::default());
    session.set_auth_key(Some(&key(1))).unwrap();
    session.set_dc(2, "149.154.167.51", 443).unwrap();
    session.set_dc(5, "example.org", 80).unwrap();
    assert!(session.with_auth_key(|it| it == Some(&key(1))).unwrap());
    for (dc, host, port) in [(0, "a", 1), (-1, "a", 1), (1, "", 1), (1, "a b", 1), (1, "a", 0)] {
        assert_eq!(session.set_dc(dc, host, port).unwrap_err().kind(), ErrorKind::Argument);
    }
    assert_eq!(session.dc().unwrap(), Some(Dc::new(5, "example.org", 80).unwrap()));
}

pub fn set_home_switches_data_center_and_key_in_one_step(place: &dyn Place) {
    let session = place.open(&stored_keys());
    session.set_dc(2, "149.154.167.51", 443).unwrap();
    session.set_auth_key(Some(&key(1))).unwrap();
    session.set_tmp_auth_key(Some(&key(9))).unwrap();
    let error = session.set_home(4, &key(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("data center 4"), "{error}");
    assert_eq!(session.dc().unwrap().unwrap().id, 2, "nothing has changed");
    let at = |host: &str, flags| DcOption {
        dc: Dc::new(4, host, 443).unwrap(),
        flags,
        secret: Vec::new(),
    };
    session
        .set_dc_options(vec![
            at("149.154.167.1", DcOption::MEDIA_ONLY),
            at("2001:67c:4e8:f004::a", DcOption::IPV6),
            at("149.154.167.91", 0),
        ])
        .unwrap();
    session.set_home(4, &key(2)).unwrap();
    let session = place.reopen(session, &stored_keys());
    assert_eq!(session.dc().unwrap(), Some(Dc::new(4, "149.154.167.91", 443).unwrap()));
    assert!(session.with_auth_key(|it| it == Some(&key(2))).unwrap());
    assert!(session.with_tmp_auth_key(|it| it.is_none()).unwrap());
    let old = session.key(2, KeySlot::Permanent).unwrap().unwrap();
    assert_eq!(old.key, key(1), "the old home's key is kept");
    session.set_home(2, &old.key).unwrap();
    assert_eq!(session.dc().unwrap(), Some(Dc::new(2, "149.154.167.51", 443).unwrap()));
}

pub fn the_temporary_key_is_stored_only_on_request(place: &dyn Place) {
    let session = place.open(&Options::default());
    session.set_dc(2, "149.154.167.51", 443).unwrap();
    session.set_auth_key(Some(&key(1))).unwrap();
    session.set_tmp_auth_key(Some(&key(2))).unwrap();
    assert!(session.with_tmp_auth_key(|it| it == Some(&key(2))).unwrap());
    let session = place.reopen(session, &Options::default());
    assert!(session.with_tmp_auth_key(|it| it.is_none()).unwrap());
}

pub fn another_account_discards_what_belongs_to_the_old_one(place: &dyn Place) {
    let session = place.open(&Options::default());
    let mut who = Identity { user_id: 1, ..Identity::default() };
    session.set_identity(&who).unwrap();
    put(&session, user(50, 100, "saved"));
    session.save().unwrap();
    put(&session, user(51, 100, "unsaved"));
    let pts = UpdateStatePatch { pts: Some(5), ..UpdateStatePatch::default() };
    session.set_update_states(&[pts], false).unwrap();
    who.user_id = 2;
    session.set_identity(&who).unwrap();
    let session = place.reopen(session, &Options::default());
    assert_eq!(named(&session, "saved"), None);
    assert_eq!(named(&session, "unsaved"), None);
    assert_eq!(session.update_state(0).unwrap(), None);
    assert_eq!(session.identity().unwrap().user_id, 2);
    let left: Vec<_> = session.entities(None, 10).unwrap().iter().map(|e| e.id.marked()).collect();
    assert_eq!(left, [2], "the new account's own peer");
}

pub fn the_self_peer_is_found_and_marked(place: &dyn Place) {
    let session = place.open(&Options::default());
    session.set_identity(&Identity { user_id: 77, ..Identity::default() }).unwrap();
    assert_eq!(named(&session, "me"), Some(77));
    put(&session, EntityRef { name: "Ada", ..user(77, 100, "ada") });
    let session = place.reopen(session, &Options::default());
    let own = entity(&session, 77).unwrap();
    assert_eq!((own.flags & Entity::SELF, own.access_hash), (Entity::SELF, 77 * 11));
    let ids: Vec<_> = session.entities(None, 10).unwrap().iter().map(|e| e.id.marked()).collect();
    assert_eq!(ids, [77], "row 0 is never shown as a peer");
    let error = session.find_entity(Look::Id(0), How::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
}

pub fn a_whole_entity_comes_back(place: &dyn Place) {
    let session = place.open(&Options::default());
    let given = EntityRef {
        id: id(6_000_000_001),
        access_hash: i64::MIN,
        seen: 1_700_000_000,
        flags: Entity::WHOLE | Entity::BOT | Entity::PREMIUM,
        usernames: "@Some_Bot second",
        phone: "+1 555 000-1111",
        name: "Sömé 🤖 Bot",
    };
    put(&session, given);
    let check = |session: &Session| {
        let kept = entity(session, 6_000_000_001).unwrap();
        assert_eq!(kept.access_hash, i64::MIN);
        assert_eq!(kept.seen, 1_700_000_000);
        assert_eq!(kept.flags, Entity::BOT | Entity::PREMIUM);
        assert_eq!(kept.usernames, "some_bot second");
        assert_eq!(kept.username(), "some_bot");
        assert_eq!(kept.phone, "15550001111");
        assert_eq!(kept.name, "Sömé 🤖 Bot");
        for text in ["@some_bot", "SECOND", "https://t.me/second", "15550001111"] {
            assert_eq!(named(session, text), Some(6_000_000_001), "{text}");
        }
    };
    check(&session);
    let session = place.reopen(session, &Options::default());
    check(&session);
}

pub fn every_kind_of_peer_has_its_own_id(place: &dyn Place) {
    let session = place.open(&Options::default());
    for marked in [42, -42, -1_000_000_000_042, i64::MAX, -i64::MAX] {
        put(&session, EntityRef { flags: 0, ..EntityRef::bare(id(marked), marked ^ 5) });
    }
    let session = place.reopen(session, &Options::default());
    for marked in [42, -42, -1_000_000_000_042, i64::MAX, -i64::MAX] {
        assert_eq!(hash(&session, marked), Some(marked ^ 5), "{marked}");
    }
    let bare = session.find_input_peer(Look::BareId(42), How::default()).unwrap().unwrap();
    assert_eq!(bare.item.id.marked(), -1_000_000_000_042, "channels come first, as in Telethon");
    let order: Vec<_> = session.entities(None, 10).unwrap().iter().map(|e| e.id.marked()).collect();
    assert_eq!(order, [-i64::MAX, -1_000_000_000_042, -42, 42, i64::MAX]);
}

pub fn a_whole_record_clears_what_it_does_not_have(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, EntityRef { phone: "1", name: "A", ..user(5, 100, "aaaa") });
    let session = place.reopen(session, &Options::default());
    put(&session, user(5, 200, ""));
    let check = |session: &Session| {
        let kept = entity(session, 5).unwrap();
        assert_eq!((kept.username(), kept.phone.as_str(), kept.name.as_str()), ("", "", ""));
    };
    check(&session);
    check(&place.reopen(session, &Options::default()));
}

pub fn a_bare_record_keeps_all_texts(place: &dyn Place) {
    for reopened in [false, true] {
        let mut session = place.open(&Options::default());
        put(&session, EntityRef { phone: "1", name: "A", ..user(5, 100, "aaaa") });
        if reopened {
            session = place.reopen(session, &Options::default());
        }
        put(&session, EntityRef { seen: 200, ..EntityRef::bare(id(5), 99) });
        let check = |session: &Session| {
            let kept = entity(session, 5).unwrap();
            assert_eq!(kept.access_hash, 99);
            assert_eq!(
                (kept.username(), kept.phone.as_str(), kept.name.as_str()),
                ("aaaa", "1", "A")
            );
        };
        check(&session);
        session = place.reopen(session, &Options::default());
        check(&session);
        session.forget_entity(id(5)).unwrap();
        session.close().unwrap();
    }
}

pub fn a_partial_record_changes_what_it_tells(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, EntityRef { phone: "1", name: "A", ..user(5, 100, "aaaa") });
    let session = place.reopen(session, &Options::default());
    put(&session, EntityRef { flags: Entity::NO_HASH, name: "B", ..user(5, 200, "") });
    let session = place.reopen(session, &Options::default());
    let kept = entity(&session, 5).unwrap();
    assert_eq!(kept.access_hash, 55, "a hash that is not known is not told");
    assert_eq!((kept.username(), kept.phone.as_str(), kept.name.as_str()), ("aaaa", "1", "B"));
}

pub fn a_min_record_only_fills_gaps(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, EntityRef { flags: 0, name: "A", ..user(5, 100, "") });
    let min =
        |n: i64| EntityRef { flags: Entity::MIN, phone: "77", name: "Min", ..user(n, 200, "min") };
    let session = place.reopen(session, &Options::default());
    put(&session, EntityRef { access_hash: 1, ..min(5) });
    put(&session, min(6));
    let check = |session: &Session| {
        let kept = entity(session, 5).unwrap();
        assert_eq!(kept.access_hash, 55, "its hash is not for use");
        assert_eq!((kept.username(), kept.phone.as_str(), kept.name.as_str()), ("", "77", "A"));
        assert_eq!(entity(session, 6), None, "it is no row of its own");
        assert_eq!(named(session, "@min"), None, "it takes no username");
    };
    check(&session);
    let session = place.reopen(session, &Options::default());
    check(&session);
}

pub fn an_older_sighting_never_overwrites_a_newer_one(place: &dyn Place) {
    for reopened in [false, true] {
        let mut session = place.open(&Options::default());
        put(&session, EntityRef { name: "New", ..user(5, 200, "aaaa") });
        if reopened {
            session = place.reopen(session, &Options::default());
        }
        put(&session, EntityRef { access_hash: 1, name: "Old", ..user(5, 100, "bbbb") });
        let session = place.reopen(session, &Options::default());
        let kept = entity(&session, 5).unwrap();
        assert_eq!((kept.access_hash, kept.seen), (55, 200));
        assert_eq!((kept.username(), kept.name.as_str()), ("aaaa", "New"));
        session.forget_entity(id(5)).unwrap();
        session.close().unwrap();
    }
}

pub fn a_username_belongs_to_the_newest_sighting(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, user(1, 100, "wanted"));
    put(&session, user(2, 200, "wanted other"));
    assert_eq!(named(&session, "wanted"), Some(2), "in memory at once");
    assert_eq!(entity(&session, 1).unwrap().usernames, "");
    let session = place.reopen(session, &Options::default());
    assert_eq!(named(&session, "wanted"), Some(2));
    assert_eq!(named(&session, "other"), Some(2));
    // The first one takes a name back that is only the second of the other.
    put(&session, user(1, 300, "other"));
    let session = place.reopen(session, &Options::default());
    assert_eq!(named(&session, "other"), Some(1));
    assert_eq!(named(&session, "wanted"), Some(2));
    assert_eq!(entity(&session, 2).unwrap().usernames, "wanted");
}

pub fn a_phone_belongs_to_the_newest_sighting(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, EntityRef { phone: "+1555", ..user(1, 100, "") });
    put(&session, EntityRef { phone: "1555", ..user(2, 200, "") });
    assert_eq!(named(&session, "+1 (555)"), Some(2), "in memory at once");
    let session = place.reopen(session, &Options::default());
    assert_eq!(named(&session, "1555"), Some(2));
    assert_eq!(entity(&session, 1).unwrap().phone, "");
}

pub fn a_contested_username_is_written_again_at_each_sighting(place: &dyn Place) {
    let now = 1_800_000_000;
    let session = place.open(&Options::default());
    put(&session, user(1, now, "wanted"));
    put(&session, user(2, now + 1, "wanted"));
    let session = place.reopen(session, &Options::default());
    // Read by its id, the first one still seems to bear the name; then it is met with it.
    assert!(entity(&session, 1).is_some());
    put(&session, user(1, now + 2, "wanted"));
    let session = place.reopen(session, &Options::default());
    assert_eq!(named(&session, "wanted"), Some(1), "its date was refreshed on the storage");
}

pub fn a_bare_sighting_says_nothing_about_whose_a_name_is(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, user(1, 100, "wanted"));
    let session = place.reopen(session, &Options::default());
    put(&session, user(2, 200, "wanted"));
    let session = place.reopen(session, &Options::default());
    put(&session, EntityRef { seen: 300, ..EntityRef::bare(id(1), 11) });
    let session = place.reopen(session, &Options::default());
    assert_eq!(named(&session, "wanted"), Some(2));
}

pub fn display_names_answer_on_request_only(place: &dyn Place) {
    let session = place.open(&Options::default());
    let names = How { names: true, ..How::default() };
    put(&session, EntityRef { name: "Ada Lovelace", ..user(1, 100, "") });
    let session = place.reopen(session, &Options::default());
    assert_eq!(named(&session, "Ada Lovelace"), None);
    let found = session.find_input_peer(Look::Text("Ada Lovelace"), names).unwrap().unwrap();
    assert_eq!((found.item.id, found.ambiguous), (id(1), false));
    assert!(session.find_input_peer(Look::Name("ada lovelace"), names).unwrap().is_none());
    put(&session, EntityRef { name: "Ada Lovelace", ..user(2, 200, "") });
    for _ in 0..2 {
        let found = session.find_entity(Look::Name("Ada Lovelace"), names).unwrap().unwrap();
        assert_eq!((found.item.id, found.ambiguous), (id(2), true), "the one seen last");
        session.save().unwrap();
    }
    put(&session, EntityRef { name: "Augusta", ..user(2, 300, "") });
    let found = session.find_entity(Look::Name("Ada Lovelace"), names).unwrap().unwrap();
    assert_eq!((found.item.id, found.ambiguous), (id(1), false));
}

pub fn a_chat_needs_no_row(place: &dyn Place) {
    let session = place.open(&Options::default());
    assert_eq!(named(&session, "-4444"), Some(-4444));
    assert_eq!(entity(&session, -4444), None);
    assert_eq!(named(&session, "-1001234567890"), None, "a channel has a hash");
}

pub fn memory_only_look_ups_leave_the_storage_alone(place: &dyn Place) {
    let memory = How { memory_only: true, ..How::default() };
    let session = place.open(&Options::default());
    put(&session, user(1, 100, "here"));
    assert!(session.find_input_peer(Look::Username("here"), memory).unwrap().is_some());
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.find_input_peer(Look::Username("here"), memory).unwrap(), None);
    assert_eq!(session.find_entity(Look::Id(1), memory).unwrap(), None);
    assert_eq!(named(&session, "@here"), Some(1));
    assert!(session.find_entity(Look::Username("here"), memory).unwrap().is_some());
}

pub fn a_missed_look_up_is_answered_once_the_peer_is_met(place: &dyn Place) {
    let session = place.open(&Options::default());
    for _ in 0..2 {
        assert_eq!(named(&session, "@later"), None);
        assert_eq!(named(&session, "1555"), None);
        assert_eq!(hash(&session, 9), None);
    }
    put(&session, EntityRef { phone: "1555", ..user(9, 100, "later") });
    let check = |session: &Session| {
        assert_eq!(named(session, "@later"), Some(9));
        assert_eq!(named(session, "1555"), Some(9));
        assert_eq!(hash(session, 9), Some(99));
    };
    check(&session);
    session.save().unwrap();
    // Out of memory again, by a thousand others.
    for n in 1000..2000 {
        put(&session, user(n, 100, ""));
    }
    session.save().unwrap();
    check(&session);
}

pub fn what_falls_out_of_memory_is_found_through_the_storage(place: &dyn Place) {
    let small = Options { max_entities: 50, max_dirty: 20, ..Options::default() };
    let session = place.open(&small);
    for n in 1..=500 {
        put(&session, user(n, 100 + n, ""));
    }
    for n in [1, 250, 500] {
        assert_eq!(hash(&session, n), Some(n * 11));
    }
    session.save().unwrap();
    assert_eq!(session.count_entities().unwrap(), 500);
}

pub fn entities_are_paged_with_unsaved_ones_in_place(place: &dyn Place) {
    let session = place.open(&Options::default());
    for n in (2..=20).step_by(2) {
        put(&session, user(n, 100, ""));
    }
    let session = place.reopen(session, &Options::default());
    for n in (1..=21).step_by(2) {
        put(&session, user(n, 100, ""));
    }
    put(&session, EntityRef { name: "New", ..user(4, 200, "") });
    put(&session, EntityRef { flags: Entity::NO_HASH, ..user(100, 100, "nobody") });
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = session.entities(after, 4).unwrap();
        assert!(page.len() <= 4);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|entity| entity.id.marked()));
        if let Some(changed) = page.iter().find(|entity| entity.id == id(4)) {
            assert_eq!(changed.name, "New");
        }
    }
    assert_eq!(seen, (1..=21).collect::<Vec<_>>());
    assert_eq!(session.count_entities().unwrap(), 21);
}

pub fn a_forgotten_peer_is_gone(place: &dyn Place) {
    let session = place.open(&Options::default());
    put(&session, user(1, 100, "saved several"));
    session.save().unwrap();
    put(&session, user(2, 100, "unsaved"));
    assert!(session.forget_entity(id(1)).unwrap());
    assert!(session.forget_entity(id(2)).unwrap());
    assert!(!session.forget_entity(id(3)).unwrap());
    let session = place.reopen(session, &Options::default());
    for text in ["saved", "several", "unsaved"] {
        assert_eq!(named(&session, text), None, "{text}");
    }
    assert_eq!(session.count_entities().unwrap(), 0);
}

pub fn saving_entities_can_be_switched_off(place: &dyn Place) {
    let session = place.open(&Options { save_entities: false, ..Options::default() });
    assert!(!session.saves_entities().unwrap());
    put(&session, user(1, 100, "ada"));
    assert_eq!(named(&session, "ada"), None);
    session.set_save_entities(true).unwrap();
    put(&session, user(1, 100, "ada"));
    assert_eq!(named(&session, "ada"), Some(1));
}

pub fn a_wrong_record_takes_the_whole_batch_with_it(place: &dyn Place) {
    let session = place.open(&Options::default());
    let wrong = EntityRef { phone: "1234567890123456789", ..user(2, 100, "") };
    let error = session.put_entities([user(1, 100, "ada"), wrong]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().starts_with("record 1: entity 2: "), "{error}");
    assert_eq!(named(&session, "ada"), None);
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

pub fn salts_wait_for_the_save(place: &dyn Place) {
    let session = place.open(&Options::default());
    session.set_auth_key(Some(&key(1))).unwrap();
    let salt = |dc, salt, since| Salt { dc, salt, since, until: since + 1800 };
    session.set_salts(2, &[salt(2, 9, 200), salt(2, -8, 100)]).unwrap();
    session.set_salts(4, &[salt(4, 1, 5)]).unwrap();
    // A credential in between must neither lose nor need them.
    session.set_takeout_id(Some(1)).unwrap();
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.salts(2).unwrap(), [salt(2, -8, 100), salt(2, 9, 200)]);
    session.set_salts(2, &[]).unwrap();
    let session = place.reopen(session, &Options::default());
    assert_eq!(session.salts(2).unwrap(), []);
    assert_eq!(session.salts(4).unwrap(), [salt(4, 1, 5)]);
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
        session.put_entities([user(2, 100, "")]).err(),
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

/// Makes one test of each rule above, over a place.
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
