//! The contract of the login: data centers, keys, salts, takeout, identity.

use super::*;

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
