//! The contract of the peers: taking them in, whose a name is, finding and paging them.

use super::*;

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
    put(&session, EntityRef { flags: Entity::NO_HASH, name: "b", ..user(5, 200, "") });
    put(&session, EntityRef { flags: 0, access_hash: 0, name: "B", ..user(5, 200, "") });
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
    let now = 1_700_000_000;
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
    let error = session.put_entities(&[user(1, 100, "ada"), wrong]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().starts_with("record 1: entity 2: "), "{error}");
    assert_eq!(named(&session, "ada"), None);
}
