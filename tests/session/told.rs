//! What is told of peers, over several records, restarts and clients, and what stays of it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use mtsession::SqliteOptions;
use rusqlite::Connection;

/// A session file, and when this test began.
struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
    now: i64,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.session");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
        Place { _folder: folder, path, now }
    }

    fn open(&self) -> Session {
        open(&self.path, false)
    }

    /// Puts each record in a session of its own.
    fn given(&self, records: &[EntityRef<'_>]) {
        for record in records {
            let session = self.open();
            put(&session, *record);
            session.close().unwrap();
        }
    }

    /// Telethon's turn.
    fn run(&self, sql: &str) {
        Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }
}

fn open(path: &Path, shared: bool) -> Session {
    Session::open(path, &SqliteOptions { shared, ..SqliteOptions::default() }, &patient()).unwrap()
}

fn entity(session: &Session, n: i64) -> Entity {
    session.find_entity(Look::Id(n), How::default()).unwrap().unwrap().item
}

fn found(session: &Session, look: Look<'_>) -> Option<i64> {
    let peer = session.find_input_peer(look, How::default()).unwrap();
    peer.map(|found| found.item.id.marked())
}

fn hash(session: &Session, n: i64) -> i64 {
    entity(session, n).access_hash
}

#[test]
fn all_that_is_stored_of_a_peer_is_found_after_a_request_needed_him() {
    let at = Place::new();
    let record = EntityRef {
        phone: "1555",
        name: "Alice",
        flags: Entity::WHOLE | Entity::PREMIUM,
        ..user(1, at.now, "alice alice2")
    };
    at.given(&[record]);
    assert_eq!(found(&at.open(), Look::Username("nobody")), None);
    for (look, other) in [
        (Look::Username("alice"), Look::Phone("1555")),
        (Look::Phone("1555"), Look::Username("alice2")),
        (Look::Username("alice2"), Look::Username("alice")),
    ] {
        let session = at.open();
        let peer = |by| session.find_input_peer(by, How::default()).unwrap().unwrap().item;
        assert_eq!(peer(look), peer(other));
        let found = session.find_entity(look, How::default()).unwrap().unwrap().item;
        assert_eq!(found.usernames, "alice alice2");
        assert_eq!((&*found.phone, &*found.name), ("1555", "Alice"));
        assert_eq!(found.flags, Entity::PREMIUM);
    }
}

#[test]
fn what_is_told_of_a_peer_after_a_request_needed_him_joins_what_is_stored() {
    let at = Place::new();
    at.given(&[EntityRef { phone: "1555", name: "Alice", ..user(1, at.now - 10, "alice") }]);
    let told = |record: EntityRef<'_>| {
        let session = at.open();
        assert_eq!(found(&session, Look::Username("nobody")), None);
        assert_eq!(found(&session, Look::Username("alice")), Some(1));
        put(&session, record);
        let here = entity(&session, 1);
        session.close().unwrap();
        // A date alone is not written within a day.
        let stored = Entity { seen: here.seen, ..entity(&at.open(), 1) };
        assert_eq!(stored, here, "{record:?}");
        (here.usernames, here.phone, here.name)
    };
    let texts =
        |usernames: &str, phone: &str, name: &str| (usernames.into(), phone.into(), name.into());
    let record = EntityRef { flags: 0, ..user(1, at.now, "") };
    assert_eq!(told(record), texts("alice", "1555", "Alice"));
    let min = EntityRef { flags: Entity::MIN, access_hash: 0, name: "A.", ..record };
    assert_eq!(told(min), texts("alice", "1555", "Alice"));
    assert_eq!(told(EntityRef { phone: "1556", ..record }), texts("alice", "1556", "Alice"));
    let whole = EntityRef { flags: Entity::WHOLE, name: "Al", ..user(1, at.now, "alice2") };
    assert_eq!(told(whole), texts("alice2", "", "Al"));
    assert_eq!(at.open().input_peer("@alice").unwrap(), None);
}

#[test]
fn what_an_index_told_of_a_peer_yields_to_what_is_stored() {
    let at = Place::new();
    at.given(&[EntityRef { phone: "1555", name: "Alice", ..user(1, at.now - 10, "alice") }]);
    for (look, sql) in [
        (Look::Username("alice"), "UPDATE entities SET username = NULL, name = 'Al'"),
        (Look::Phone("1555"), "UPDATE entities SET phone = NULL, username = 'bo'"),
        (Look::Username("bo"), "DELETE FROM entities WHERE id = 1"),
    ] {
        let session = at.open();
        assert_eq!(found(&session, Look::Username("nobody")), None);
        assert_eq!(found(&session, look), Some(1));
        at.run(sql);
        // Not even by that name, which is nobody's now.
        assert_eq!(session.find_entity(look, How::default()).unwrap(), None);
        let whole = |session: &Session| session.find_entity(Look::Id(1), How::default()).unwrap();
        let here = whole(&session);
        session.close().unwrap();
        assert_eq!(here, whole(&at.open()));
    }
}

#[test]
fn a_name_is_lost_to_nobody_who_was_seen_with_it_before() {
    let at = Place::new();
    at.given(&[user(1, at.now - 100, "alice"), user(2, at.now - 1000, "alice")]);
    let session = at.open();
    assert_eq!(found(&session, Look::Id(1)), Some(1));
    put(&session, user(2, at.now - 1000, "alice"));
    session.save().unwrap();
    put(&session, EntityRef::bare(id(2), 22));
    assert_eq!(entity(&session, 1).usernames, "alice");
}

#[test]
fn a_name_stays_lost_when_it_is_saved_whose_it_is() {
    let at = Place::new();
    at.given(&[EntityRef { phone: "1555", ..user(2, at.now - 100, "") }]);
    let session = at.open();
    put(&session, EntityRef { phone: "1555", flags: 0, ..user(1, 0, "") });
    assert_eq!(entity(&session, 2).phone, "");
    session.save().unwrap();
    assert_eq!(entity(&session, 2).phone, "");
}

#[test]
fn a_new_phone_makes_no_username_newer() {
    let at = Place::new();
    at.given(&[user(1, at.now - 300, "")]);
    at.run(&format!(
        "UPDATE entities SET username = 'alice' WHERE id = 1; \
         INSERT INTO entities VALUES (2, 22, 'alice', NULL, NULL, {})",
        at.now - 200
    ));
    let session = at.open();
    assert_eq!(entity(&session, 1).usernames, "alice");
    put(&session, EntityRef { phone: "1555", flags: 0, ..user(1, 0, "") });
    assert_eq!(found(&session, Look::Username("alice")), Some(2));
    assert_eq!(entity(&session, 1).usernames, "");
}

#[test]
fn a_bare_sighting_is_not_written_where_it_changes_nothing() {
    let now = Place::new().now;
    let storage = Shared::default();
    let session = storage.session(&patient());
    put(&session, user(1, now - 200_000, "alice"));
    put(&session, EntityRef::bare(id(2), 22));
    session.save().unwrap();
    let session = storage.session(&patient());
    // A peer with a name, whose date it leaves, and one that was just written.
    assert_eq!(entity(&session, 1).usernames, "alice");
    put(&session, EntityRef::bare(id(2), 22));
    session.save().unwrap();
    let commits = storage.commits();
    put(&session, EntityRef::bare(id(1), 11));
    put(&session, EntityRef::bare(id(2), 22));
    session.save().unwrap();
    assert_eq!(storage.commits(), commits);
}

#[test]
fn of_a_peer_that_somebody_removed_there_is_what_waits() {
    let at = Place::new();
    let session = at.open();
    put(&session, EntityRef::bare(id(1), 11));
    session.save().unwrap();
    at.run("DELETE FROM entities");
    let hashless = EntityRef { flags: Entity::NO_HASH, name: "X", ..EntityRef::bare(id(1), 0) };
    put(&session, hashless);
    assert_eq!(session.find_entity(Look::Id(1), How::default()).unwrap(), None);
}

#[test]
fn a_name_with_a_date_to_come_is_lost_like_any() {
    let at = Place::new();
    at.given(&[user(1, at.now + 30 * 86_400, "alice")]);
    let session = at.open();
    put(&session, user(2, 0, "alice"));
    assert_eq!(entity(&session, 1).usernames, "");
}

#[test]
fn a_damaged_name_is_no_name_though_an_index_has_it() {
    for (sql, look) in [
        ("username = 'a b'", Look::Username("a b")),
        ("username = CAST(x'610062' AS TEXT)", Look::Username("a\0b")),
        ("phone = 9223372036854775807", Look::Phone("9223372036854775807")),
    ] {
        let at = Place::new();
        at.given(&[user(1, at.now, "alice")]);
        at.run(&format!("UPDATE entities SET username = NULL, {sql}"));
        let session = at.open();
        assert_eq!(found(&session, Look::Username("nobody")), None);
        let _ = found(&session, look);
        let memory_only = How { memory_only: true, ..How::default() };
        let here = session.find_entity(Look::Id(1), memory_only).unwrap().map(|found| found.item);
        for Entity { usernames, phone, .. } in here.into_iter().chain([entity(&session, 1)]) {
            assert_eq!((&*usernames, &*phone), ("", ""), "{sql}");
        }
    }
}

#[test]
fn a_name_that_another_peer_was_seen_with_since_is_not_read_again() {
    // With 1 out of memory, half known by an index, and known.
    for look in [None, Some(Look::Phone("1555")), Some(Look::Id(1))] {
        let at = Place::new();
        let alice = EntityRef { phone: "1555", ..user(1, at.now - 10, "alice alice2") };
        let bob = EntityRef { phone: "1555", ..user(2, at.now, "alice") };
        at.given(&[alice]);
        let session = at.open();
        assert_eq!(found(&session, Look::Username("nobody")), None);
        if let Some(look) = look {
            assert_eq!(found(&session, look), Some(1));
        }
        put(&session, bob);
        assert_eq!(found(&session, Look::Username("alice")), Some(2), "{look:?}");
        // Nor is it by news that say nothing about it.
        for bare in [None, Some(EntityRef { seen: at.now + 5, ..EntityRef::bare(id(1), 11) })] {
            session.put_entities(bare.as_slice()).unwrap();
            let Entity { usernames, phone, .. } = entity(&session, 1);
            assert_eq!((&*usernames, &*phone), ("alice2", ""), "{look:?}");
        }
    }
}

#[test]
fn a_name_that_was_lost_in_memory_is_lost_in_the_storage_once_that_is_told() {
    let at = Place::new();
    let session = at.open();
    put(&session, EntityRef { phone: "1555", ..user(1, 0, "xname yname") });
    session.save().unwrap();
    put(&session, EntityRef { phone: "1555", ..user(2, 0, "yname xname") });
    // The server says that it has them no more; later the other has lost them too.
    put(&session, user(1, 0, ""));
    session.save().unwrap();
    put(&session, user(2, 0, ""));
    session.close().unwrap();
    let session = at.open();
    assert_eq!(entity(&session, 1).usernames, "");
    for name in ["xname", "yname", "+1555"] {
        assert_eq!(named(&session, name), None, "{name}");
    }
}

#[test]
fn a_record_that_tells_no_name_takes_none() {
    for record in [
        EntityRef { flags: 0, name: "Name", ..user(1, 0, "") },
        EntityRef { flags: Entity::MIN, name: "Name", ..user(1, 0, "") },
        EntityRef { flags: 0, phone: "1555", ..user(1, 0, "") },
    ] {
        let at = Place::new();
        at.given(&[user(1, at.now - 100, "xname"), user(2, at.now - 50, "xname")]);
        let session = at.open();
        // Read by its id, it still bears the name of the other.
        assert_eq!(entity(&session, 1).usernames, "xname");
        put(&session, record);
        assert_eq!(named(&session, "xname"), Some(2));
        assert_eq!(entity(&session, 2).usernames, "xname");
    }
}

#[test]
fn a_changed_text_leaves_the_names_that_the_peer_owns() {
    let session = Session::memory().unwrap();
    put(&session, EntityRef { phone: "1555", ..user(1, 0, "aname bname") });
    put(&session, EntityRef { flags: 0, name: "Name", ..user(1, 0, "") });
    put(&session, EntityRef { flags: 0, ..user(1, 0, "bname cname") });
    for (name, owner) in [("aname", None), ("bname", Some(1)), ("cname", Some(1))] {
        assert_eq!(named(&session, name), owner, "{name}");
    }
    assert_eq!(named(&session, "+1555"), Some(1));
}

#[test]
fn added_flags_join_those_that_are_stored() {
    let at = Place::new();
    at.given(&[EntityRef { flags: Entity::WHOLE | Entity::VERIFIED, ..user(5, 0, "") }]);
    // Not in memory, and known there by its hash only.
    let records = [user(5, 0, ""), EntityRef { access_hash: 56, ..user(5, 0, "") }];
    for (bare, adds) in [(false, Entity::BOT), (true, Entity::PREMIUM)] {
        let session = at.open();
        if bare {
            put(&session, EntityRef { flags: Entity::BARE, ..records[1] });
        }
        put(&session, EntityRef { flags: adds, name: "N", ..records[usize::from(bare)] });
        session.close().unwrap();
    }
    let flags = Entity::VERIFIED | Entity::BOT | Entity::PREMIUM;
    let kept = entity(&at.open(), 5);
    assert_eq!((kept.flags, kept.access_hash), (flags, 56));
}

#[test]
fn what_is_told_to_be_old_does_not_hide_what_is_stored() {
    let at = Place::new();
    at.given(&[EntityRef { name: "New", ..user(5, at.now - 100, "xname") }]);
    let session = at.open();
    put(&session, EntityRef { access_hash: 7, name: "Old", ..user(5, at.now - 1000, "yname") });
    put(&session, user(6, at.now - 1000, "xname"));
    let check = |session: &Session| {
        assert_eq!((hash(session, 5), entity(session, 5).name.as_str()), (55, "New"));
        assert_eq!(named(session, "xname"), Some(5));
    };
    assert_eq!((hash(&session, 5), entity(&session, 5).name.as_str()), (55, "New"));
    session.save().unwrap();
    assert_eq!((hash(&session, 5), entity(&session, 5).name.as_str()), (55, "New"));
    session.close().unwrap();
    check(&at.open());
}

#[test]
fn those_who_share_lose_no_sighting_to_each_other() {
    let at = Place::new();
    let (one, two) = (open(&at.path, true), open(&at.path, true));
    let told = |hash, seen| EntityRef { access_hash: hash, seen, ..user(5, 0, "") };
    put(&one, told(1, at.now - 30));
    one.save().unwrap();
    put(&two, told(2, at.now - 20));
    two.save().unwrap();
    // As it was before the other's.
    put(&one, told(1, at.now - 10));
    one.save().unwrap();
    assert_eq!((hash(&one, 5), hash(&two, 5)), (1, 1));

    // What is refused, since the other's is newer, is not answered either.
    put(&one, told(3, at.now - 8));
    put(&two, told(4, at.now - 5));
    two.save().unwrap();
    assert_eq!(hash(&one, 5), 3, "it waits");
    one.save().unwrap();
    assert_eq!((hash(&one, 5), hash(&two, 5)), (4, 4));
}

#[test]
fn a_look_up_in_memory_waits_for_nobody_in_shared_mode_either() {
    let at = Place::new();
    let session = open(&at.path, true);
    put(&session, user(1, 0, "ada"));
    let other = Connection::open(&at.path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let how = How { memory_only: true, ..How::default() };
    for by in [Look::Id(1), Look::Username("ada"), Look::Text("@ada")] {
        assert!(session.find_input_peer(by, how).unwrap().is_some(), "{by:?}");
    }
}

#[test]
fn records_of_one_peer_are_joined_in_their_order() {
    let at = Place::new();
    at.given(&[user(1, 0, "orig")]);
    let session = at.open();
    let hashless = Entity::WHOLE | Entity::NO_HASH;
    let first = EntityRef { flags: hashless, ..user(1, 0, "first") };
    session.put_entities(&[first, user(1, 0, "second")]).unwrap();
    assert_eq!(entity(&session, 1).usernames, "second");
}

#[test]
fn records_of_several_peers_are_joined_in_their_order() {
    let session = Place::new().open();
    // Whether it has a hash, the storage must be asked.
    let hashless = EntityRef { flags: 0, access_hash: 0, ..user(1, 0, "xname") };
    session.put_entities(&[hashless, user(1, 0, ""), user(2, 0, "xname")]).unwrap();
    assert_eq!(named(&session, "xname"), Some(2));
}

#[test]
fn what_is_told_under_somebodys_lock_is_not_lost() {
    let at = Place::new();
    at.given(&[user(1, 0, "orig"), user(2, 0, "")]);
    let sqlite = SqliteOptions { busy_timeout: Duration::ZERO, ..SqliteOptions::default() };
    let session = Session::open(&at.path, &sqlite, &patient()).unwrap();
    let other = Connection::open(&at.path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let flags = Entity::WHOLE | Entity::NO_HASH;
    put(&session, EntityRef { flags, ..user(1, 0, "new") });
    put(&session, EntityRef { flags: Entity::MIN, ..user(3, 0, "") });
    put(&session, EntityRef { flags, ..user(4, 0, "") });
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(session.count_entities().unwrap(), 2);
    session.close().unwrap();
    let session = at.open();
    assert_eq!((named(&session, "new"), hash(&session, 1)), (Some(1), 11));
    assert_eq!(session.count_entities().unwrap(), 2);
}

#[test]
fn a_storage_that_cannot_be_read_is_asked_once_for_all_records() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    let records: Vec<_> =
        (1..30).map(|n| EntityRef { flags: Entity::MIN, ..user(n, 0, "") }).collect();
    storage.0.locked.store(true, Ordering::SeqCst);
    session.put_entities(&records).unwrap();
    assert_eq!(storage.0.finds.load(Ordering::SeqCst), 1);
}

#[test]
fn a_sighting_that_left_the_stored_date_is_not_taken_for_one_that_raised_it() {
    let at = Place::new();
    let session = at.open();
    put(&session, user(1, at.now - 200_000, "aname"));
    session.save().unwrap();
    put(&session, EntityRef { flags: Entity::BARE, ..user(1, at.now - 150, "") });
    session.save().unwrap();
    put(&session, user(1, 0, "aname"));
    session.save().unwrap();
    // Telethon met somebody of that name before.
    at.run(&format!("INSERT INTO entities VALUES (2, 22, 'aname', NULL, NULL, {})", at.now - 100));
    session.close().unwrap();
    assert_eq!(named(&at.open(), "aname"), Some(1));
}

#[test]
fn a_date_to_come_wins_no_name() {
    let at = Place::new();
    let month = 30 * 86_400;
    at.given(&[user(1, at.now + month, "xname")]);
    let session = at.open();
    assert_eq!(named(&session, "xname"), Some(1));
    put(&session, user(2, 0, "xname"));
    assert_eq!(named(&session, "xname"), Some(2));
    session.close().unwrap();
    assert_eq!(named(&at.open(), "xname"), Some(2));
}

#[test]
fn a_newer_bare_row_of_telethons_takes_no_further_usernames() {
    let at = Place::new();
    let session = at.open();
    put(&session, EntityRef { name: "A", ..user(5, 0, "aaa bbb ccc") });
    at.run(&format!("INSERT INTO entities VALUES (5, 222, NULL, NULL, NULL, {})", at.now + 5));
    session.close().unwrap();
    let session = at.open();
    assert_eq!((entity(&session, 5).usernames.as_str(), hash(&session, 5)), ("aaa bbb ccc", 222));
    assert_eq!(named(&session, "bbb"), Some(5));
}

#[test]
fn a_wrong_record_is_told_of_where_nothing_can_be_taken_in_either() {
    let at = Place::new();
    at.given(&[user(1, 0, "")]);
    let wrong = EntityRef { seen: -1, ..user(2, 0, "") };
    let kind = |session: &Session, record| session.put_entities(&[record]).unwrap_err().kind();
    let options = SqliteOptions { read_only: true, ..SqliteOptions::default() };
    let session = Session::open(&at.path, &options, &patient()).unwrap();
    assert_eq!(kind(&session, wrong), ErrorKind::Argument);
    assert_eq!(kind(&session, user(2, 0, "")), ErrorKind::ReadOnly);
    session.close().unwrap();
    let session = at.open();
    session.close().unwrap();
    assert_eq!(kind(&session, wrong), ErrorKind::Argument);
    assert_eq!(kind(&session, user(2, 0, "")), ErrorKind::Closed);
}

#[test]
fn a_text_that_nobody_can_have_is_not_looked_for() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    let text = "a".repeat(Entity::MAX_TEXT + 1);
    for by in [Look::Username(&text), Look::Text(&text), Look::Phone(&text), Look::Name(&text)] {
        assert!(session.find_input_peer(by, How::default()).unwrap().is_none());
    }
    assert_eq!(storage.0.finds.load(Ordering::SeqCst), 0);
}

#[test]
fn many_usernames_change_hands() {
    let session = Session::memory().unwrap();
    let words: Vec<_> = (0..1000).map(|n| format!("{n:x}")).collect();
    let text = words.join(" ");
    for n in 1..=2 {
        put(&session, EntityRef { usernames: &text, ..user(n, 0, "") });
    }
    assert_eq!(entity(&session, 1).usernames, "");
    for name in [&words[600], &words[999]] {
        let found = session.find_input_peer(Look::Username(name), How::default()).unwrap();
        assert_eq!(found.map(|found| found.item.id), Some(id(2)), "{name}");
    }
}

#[test]
fn what_is_told_to_be_old_takes_no_name_from_whom_the_storage_has_seen_since() {
    let at = Place::new();
    at.given(&[EntityRef { phone: "1555", ..user(1, at.now - 100, "alice") }]);
    assert_eq!(found(&at.open(), Look::Username("alice")), Some(1), "there are indexes now");
    let session = at.open();
    put(&session, user(2, at.now - 1000, "alice"));
    assert_eq!(found(&session, Look::Username("alice")), Some(1));
    put(&session, EntityRef { phone: "1555", ..user(3, at.now - 1000, "carol") });
    assert_eq!(found(&session, Look::Phone("1555")), Some(1));
    assert_eq!(found(&session, Look::Username("carol")), Some(3), "nobody else has that");
    session.close().unwrap();
    assert_eq!(found(&at.open(), Look::Username("alice")), Some(1));
}

#[test]
fn a_name_that_changes_hands_within_a_second_does_not_go_back() {
    let at = Place::new();
    for (first, last) in [(1, 2), (2, 1)] {
        let session = at.open();
        for n in [first, last] {
            put(&session, EntityRef { phone: "1555", ..user(n, at.now, "ada ada2") });
            session.save().unwrap();
        }
        session.close().unwrap();
        for look in [Look::Username("ada"), Look::Username("ada2"), Look::Phone("1555")] {
            assert_eq!(found(&at.open(), look), Some(last), "{look:?}");
        }
        assert_eq!(entity(&at.open(), first).usernames, "");
        at.run("DELETE FROM entities; DELETE FROM mts_entities; DELETE FROM mts_usernames");
    }
}

#[test]
fn what_is_known_of_a_peer_is_not_written_again_after_a_restart() {
    let at = Place::new();
    let record = EntityRef {
        phone: "1555",
        name: "Ada",
        flags: Entity::WHOLE | Entity::PREMIUM,
        ..user(1, at.now - 50, "ada ada2")
    };
    at.given(&[record]);
    assert_eq!(found(&at.open(), Look::Username("ada")), Some(1), "there are indexes now");
    let date = || -> i64 {
        let db = Connection::open(&at.path).unwrap();
        db.query_row("SELECT date FROM entities WHERE id = 1", [], |row| row.get(0)).unwrap()
    };
    let again = |seen| EntityRef { seen, ..record };
    let before = std::fs::read(&at.path).unwrap();
    at.given(&[again(at.now), again(0)]);
    assert!(std::fs::read(&at.path).unwrap() == before);
    // What is news, is a day old, or is claimed by another one too, is.
    for (what, record) in [
        ("hash", EntityRef { access_hash: 99, ..again(at.now) }),
        ("flags", EntityRef { flags: Entity::WHOLE, ..again(at.now) }),
        ("name", EntityRef { name: "Ada L.", ..again(at.now) }),
        ("further username", EntityRef { usernames: "ada ada3", ..again(at.now) }),
    ] {
        at.given(&[record]);
        assert_eq!(date(), at.now, "{what}");
        at.given(&[again(0)]);
        at.run(&format!("UPDATE entities SET date = {}", at.now - 50));
    }
    at.run(&format!("UPDATE entities SET date = {}", at.now - 86_401));
    at.given(&[again(at.now)]);
    assert_eq!(date(), at.now);
    for claim in [
        "INSERT INTO entities VALUES (2, 22, 'ada', NULL, 'Eve', 1)",
        "INSERT INTO entities VALUES (2, 22, NULL, 1555, 'Eve', 1)",
        "INSERT INTO entities VALUES (2, 22, 'ada2', NULL, 'Eve', 1)",
        "DELETE FROM mts_usernames",
    ] {
        at.run(&format!("UPDATE entities SET date = {}; {claim}", at.now - 50));
        at.given(&[again(at.now)]);
        assert_eq!(date(), at.now, "{claim}");
        at.run("DELETE FROM entities WHERE id = 2");
    }
    // Where there are no indexes nobody can tell quickly.
    at.run(&format!(
        "UPDATE entities SET date = {}; DROP INDEX mts_by_username; DROP INDEX mts_by_phone",
        at.now - 50
    ));
    at.given(&[again(at.now)]);
    assert_eq!(date(), at.now);
}

#[test]
fn a_group_needs_no_storage() {
    let storage = Shared::default();
    let session = storage.session(&patient());
    storage.0.locked.store(true, Ordering::SeqCst);
    assert_eq!(found(&session, Look::Id(-4444)), Some(-4444));
    let error = session.find_input_peer(Look::Id(4444), How::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    session.close().unwrap();
    let error = session.find_input_peer(Look::Id(-4444), How::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}
