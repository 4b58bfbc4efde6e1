//! Somebody else writes the same file: another session that shares it, or Telethon.

use std::path::{Path, PathBuf};

use super::*;
use mtsession::{Dc, DcOption, Identity, Journal, Salt, SqliteOptions};

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    (folder, path)
}

fn shared(path: &Path, options: &Options) -> Session {
    let sqlite = SqliteOptions { shared: true, ..SqliteOptions::default() };
    Session::open(path, &sqlite, options).unwrap()
}

fn identity(user_id: i64) -> Identity {
    Identity { user_id, ..Identity::default() }
}

#[test]
fn a_waiting_row_does_not_hold_on_to_a_name_that_somebody_else_has_taken() {
    let (_folder, path) = place();
    let session = Session::open(&path, &SqliteOptions::default(), &patient()).unwrap();
    put(&session, EntityRef { name: "Ada", ..user(1, 100, "ada") });
    session.save().unwrap();
    // Says nothing of names, and waits.
    put(&session, EntityRef { seen: 101, ..EntityRef::bare(id(1), 12) });
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "UPDATE entities SET username = 'eve', name = 'Eve' WHERE id = 1; \
         INSERT INTO entities VALUES (2, 22, 'ada', NULL, 'Ada', 200)",
    )
    .unwrap();
    drop(db);
    session.set_takeout_id(Some(1)).unwrap();
    assert_eq!(named(&session, "ada"), Some(2));
    assert_eq!(named(&session, "eve"), Some(1));
    let how = How::default();
    let called = session.find_input_peer(Look::Name("Ada"), how).unwrap().unwrap();
    assert_eq!((called.item.id, called.ambiguous), (id(2), false));
    let waiting = session.find_entity(Look::Id(1), how).unwrap().unwrap().item;
    assert_eq!((waiting.access_hash, waiting.name.as_str()), (12, "Eve"));
}

#[test]
fn a_peer_that_was_missed_is_found_when_somebody_else_has_stored_it() {
    for journal in [Journal::Rollback, Journal::WalPowerSafe, Journal::WalProcessSafe] {
        for by in [Look::Id(1), Look::Username("ada"), Look::Phone("4915")] {
            let (_folder, path) = place();
            let sqlite = SqliteOptions { journal, ..SqliteOptions::default() };
            let session = Session::open(&path, &sqlite, &patient()).unwrap();
            // A log is entered by this, and its state of the file kept.
            put(&session, user(7, 100, "seven"));
            session.save().unwrap();
            let found = || {
                let peer = session.find_input_peer(by, How::default()).unwrap();
                let entity = session.find_entity(by, How::default()).unwrap();
                (peer.map(|it| it.item.access_hash), entity.map(|it| it.item.name))
            };
            for _ in 0..2 {
                assert_eq!(found(), (None, None), "{journal:?}, {by:?}");
            }
            let db = rusqlite::Connection::open(&path).unwrap();
            let ada = "INSERT INTO entities VALUES (1, 12, 'ada', 4915, 'Ada', 200)";
            db.execute_batch(ada).unwrap();
            assert_eq!(found(), (Some(12), Some("Ada".into())), "{journal:?}, {by:?}");
        }
    }
}

#[test]
fn what_waited_while_somebody_else_wrote_is_read_again_once_it_is_saved() {
    let (_folder, path) = place();
    let session = Session::open(&path, &SqliteOptions::default(), &patient()).unwrap();
    put(&session, user(1, 100, "ada"));
    put(&session, user(2, 100, "bob"));
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "INSERT INTO entities VALUES (1, 99, NULL, NULL, 'Ada', 200), (3, 33, 'bob', NULL, NULL, 200)",
    )
    .unwrap();
    drop(db);
    session.set_takeout_id(Some(1)).unwrap();
    session.save().unwrap();
    let ada = session.find_entity(Look::Id(1), How::default()).unwrap().unwrap().item;
    assert_eq!((ada.access_hash, ada.name.as_str(), ada.seen), (99, "Ada", 200));
    assert_eq!(named(&session, "bob"), Some(3));
}

#[test]
fn a_delete_that_fails_drops_nothing() {
    let (folder, path) = place();
    let session = Session::open(&path, &SqliteOptions::default(), &patient()).unwrap();
    put(&session, user(1, 100, "ada"));
    let aside = folder.path().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    std::fs::write(&path, "").unwrap();
    assert_eq!(session.delete().unwrap_err().kind(), ErrorKind::Io);
    std::fs::rename(&aside, &path).unwrap();
    session.save().unwrap();
    session.close().unwrap();
    let session = Session::open(&path, &SqliteOptions::default(), &patient()).unwrap();
    assert_eq!(named(&session, "ada"), Some(1));
    session.delete().unwrap();
    assert_eq!(session.save().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn salts_of_two_who_share_never_keep_either_from_saving() {
    let (_folder, path) = place();
    let (one, two) = (shared(&path, &patient()), shared(&path, &patient()));
    let salt = |salt| Salt { dc: 2, salt, since: 2, until: 3 };
    put(&one, user(1, 100, "ada"));
    one.set_salts(2, &[salt(1)]).unwrap();
    two.set_salts(2, &[salt(2)]).unwrap();
    two.save().unwrap();
    one.save().unwrap();
    assert_eq!(two.salts(2).unwrap(), [salt(1)]);
    assert_eq!(named(&two, "ada"), Some(1));
}

/// Two who share a session: the first has rows that wait for an account which the second has replaced.
fn waiting_while_another_logs_in(path: &Path) -> (Session, Session) {
    let (one, two) = (shared(path, &patient()), shared(path, &patient()));
    one.set_identity(&identity(500)).unwrap();
    put(&one, user(1, 100, "ada"));
    one.set_update_states(&[pts(5)], false).unwrap();
    assert_eq!(two.identity().unwrap().user_id, 500);
    two.set_identity(&identity(600)).unwrap();
    (one, two)
}

#[test]
fn what_waits_for_one_account_is_not_saved_into_another_ones_file() {
    let (_folder, path) = place();
    let (one, two) = waiting_while_another_logs_in(&path);
    one.save().unwrap();
    assert_eq!(named(&one, "ada"), None);
    assert_eq!(named(&two, "ada"), None);
    assert_eq!(two.update_states(None, 9).unwrap(), []);
}

#[test]
fn what_waits_for_one_account_is_not_left_to_another_by_who_is_freed() {
    let (_folder, path) = place();
    let (one, two) = waiting_while_another_logs_in(&path);
    drop(one);
    assert_eq!(named(&two, "ada"), None);
    assert_eq!(two.update_states(None, 9).unwrap(), []);
    // Of the same account it is saved, whoever has written meanwhile.
    let one = shared(&path, &patient());
    put(&one, user(1, 100, "ada"));
    two.set_takeout_id(Some(1)).unwrap();
    drop(one);
    assert_eq!(named(&two, "ada"), Some(1));
}

#[test]
fn a_setter_that_changes_nothing_it_knows_of_says_whether_it_is_so() {
    let (_folder, path) = place();
    let (one, two) = (shared(&path, &patient()), shared(&path, &patient()));
    one.set_auth_key(Some(&key(1))).unwrap();
    one.set_auth_key(Some(&key(1))).unwrap();
    two.set_takeout_id(Some(5)).unwrap();
    assert_eq!(one.set_takeout_id(None).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(one.takeout_id().unwrap(), Some(5));
    two.set_auth_key(None).unwrap();
    assert_eq!(one.set_auth_key(Some(&key(1))).unwrap_err().kind(), ErrorKind::Busy);
    one.set_auth_key(Some(&key(1))).unwrap();
    assert!(two.with_auth_key(|it| it == Some(&key(1))).unwrap());
    // Nor does it refuse what only another one's news makes possible.
    let dc = Dc::new(4, "149.154.167.91", 443).unwrap();
    two.set_dc_options(vec![DcOption { dc: dc.clone(), flags: 0, secret: Vec::new() }]).unwrap();
    one.set_home(4, &key(4)).unwrap();
    assert_eq!(two.dc().unwrap(), Some(dc));
}

#[test]
fn an_owner_stores_what_telethon_has_undone() {
    let (_folder, path) = place();
    let session = Session::open(&path, &SqliteOptions::default(), &patient()).unwrap();
    session.set_takeout_id(Some(5)).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("UPDATE sessions SET takeout_id = NULL").unwrap();
    session.set_takeout_id(Some(5)).unwrap();
    let stored: i64 =
        db.query_row("SELECT takeout_id FROM sessions", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, 5);
}

#[test]
fn a_clone_has_the_login_that_another_one_has_made() {
    let (folder, path) = place();
    let (one, two) = (shared(&path, &patient()), shared(&path, &patient()));
    one.set_auth_key(Some(&key(1))).unwrap();
    assert!(two.with_auth_key(|it| it == Some(&key(1))).unwrap());
    two.set_auth_key(Some(&key(2))).unwrap();
    let clone = folder.path().join("b.session");
    for place in [None, Some(&*clone)] {
        let clone = one.clone_to(place, &SqliteOptions::default(), &patient()).unwrap();
        assert!(clone.with_auth_key(|it| it == Some(&key(2))).unwrap());
    }
}

#[test]
fn a_temporary_key_does_not_outlive_the_key_it_is_for() {
    let (_folder, path) = place();
    let (one, two) = (shared(&path, &patient()), shared(&path, &patient()));
    one.set_dc(2, "149.154.167.51", 443).unwrap();
    one.set_auth_key(Some(&key(2))).unwrap();
    one.set_tmp_auth_key(Some(&key(22))).unwrap();
    let dc = Dc::new(4, "149.154.167.91", 443).unwrap();
    two.set_dc_options(vec![DcOption { dc, flags: 0, secret: Vec::new() }]).unwrap();
    assert!(one.with_tmp_auth_key(|it| it == Some(&key(22))).unwrap(), "another change");
    two.set_home(4, &key(4)).unwrap();
    assert!(one.with_auth_key(|it| it == Some(&key(4))).unwrap());
    assert!(one.with_tmp_auth_key(|it| it.is_none()).unwrap());
}

#[test]
fn the_write_ahead_log_is_entered_though_somebody_was_reading_at_first() {
    let (_folder, path) = place();
    let sqlite = SqliteOptions { journal: Journal::WalPowerSafe, ..SqliteOptions::default() };
    let session = Session::open(&path, &sqlite, &patient()).unwrap();
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entities").unwrap();
    // Would make an index, if it could be had now.
    assert_eq!(named(&session, "ada"), None);
    reader.execute_batch("ROLLBACK").unwrap();
    drop(reader);
    session.set_takeout_id(Some(1)).unwrap();
    let log = PathBuf::from(format!("{}-wal", path.display()));
    assert!(log.exists());
    while let Some(notice) = session.next_notice().unwrap() {
        assert!(!notice.text.contains("rollback journal"), "{}", notice.text);
    }
}

#[test]
fn a_clone_is_refused_where_an_old_journal_would_be_taken_for_its_own() {
    let (folder, path) = place();
    let session = Session::open(&path, &SqliteOptions::default(), &patient()).unwrap();
    let clone = folder.path().join("b.session");
    let make = || session.clone_to(Some(&clone), &SqliteOptions::default(), &patient()).map(drop);
    for suffix in ["-journal", "-wal"] {
        let journal = folder.path().join(format!("b.session{suffix}"));
        std::fs::write(&journal, "of an older session").unwrap();
        let error = make().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exists);
        assert!(error.message().contains("move it away"), "{error}");
        assert!(!clone.exists());
        std::fs::remove_file(&journal).unwrap();
    }
    make().unwrap();
    let again = make().unwrap_err();
    assert!(again.message().contains("a file of that name"), "{again}");
}

#[test]
fn clones_to_one_path_at_once_make_one_session() {
    let (folder, path) = place();
    let session = Session::open(&path, &SqliteOptions::default(), &patient()).unwrap();
    put(&session, user(1, 100, "ada"));
    let clone = folder.path().join("b.session");
    let made = std::thread::scope(|threads| {
        let make = || session.clone_to(Some(&clone), &SqliteOptions::default(), &patient());
        let all: Vec<_> = (0..8).map(|_| threads.spawn(make)).collect();
        let all = all.into_iter().map(|thread| thread.join().unwrap());
        all.filter(|made| match made {
            Ok(_) => true,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Exists | ErrorKind::Owned), "{error}");
                false
            }
        })
        .count()
    });
    assert!(made <= 1 && clone.exists());
    let clone = Session::open(&clone, &SqliteOptions::default(), &patient()).unwrap();
    assert_eq!(named(&clone, "ada"), Some(1));
}

#[test]
fn a_clone_touches_no_session_beside_it() {
    let (folder, path) = place();
    let session = Session::memory().unwrap();
    for name in ["b.session-new", "b.session-mts"] {
        let own = Session::open(&folder.path().join(name), &SqliteOptions::default(), &patient());
        own.unwrap().set_auth_key(Some(&key(1))).unwrap();
    }
    let clone = folder.path().join("b.session");
    session.clone_to(Some(&clone), &SqliteOptions::default(), &patient()).unwrap();
    for name in ["b.session-new", "b.session-mts"] {
        let path = folder.path().join(name);
        assert!(path.exists(), "{name}");
    }
    assert!(!path.exists());
}
