//! Looking up: one bearer of a name, the newest.

use std::time::Duration;

use mtsession::{Find, SqliteOptions, Storage};

use super::*;

fn ids(found: Vec<Entity>) -> Vec<i64> {
    found.into_iter().map(|entity| entity.id.marked()).collect()
}

fn username(storage: &SqliteStorage, name: &str) -> Vec<i64> {
    owner(storage, Find::Username(name))
}

fn phone(storage: &SqliteStorage, phone: &str) -> Vec<i64> {
    owner(storage, Find::Phone(phone))
}

/// Whoever has a name. Where the index alone says who, before or after the name was taken from others,
/// that is the same.
fn owner(storage: &SqliteStorage, by: Find<'_>) -> Vec<i64> {
    let before = storage.find_input_peer(by).unwrap();
    let found = storage.find(by).unwrap();
    let after = storage.find_input_peer(by).unwrap();
    for peer in before.into_iter().chain(after) {
        let told = found.first().map(|it| (it.id, it.access_hash, it.seen));
        assert_eq!(Some((peer.id, peer.access_hash, peer.seen)), told, "{by:?}");
    }
    ids(found)
}

#[test]
fn the_index_alone_tells_who_has_a_name_that_one_peer_has() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    put(&storage, person(1, 50, "alice", "491", "Alice"), ALL);
    put(&storage, person(2, 60, "bob", "07", "Bob"), ALL);
    put(&storage, person(3, 70, "carol further", "493", "Carol"), ALL);
    put(&storage, person(4, 80, "carol", "493", "Carol"), ALL);
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "INSERT INTO entities VALUES (5, 'x', 'dave', 5, NULL, 1), (0, 1, 'self', 6, NULL, 1)",
        )
        .unwrap();
    assert_eq!(storage.find_input_peer(Find::Username("alice")).unwrap(), None, "no index yet");
    assert_eq!(username(&storage, "alice"), [1]);
    let id = |by| storage.find_input_peer(by).unwrap().map(|peer| peer.id.marked());
    for (by, who) in [
        (Find::Username("alice"), Some(1)),
        (Find::Phone("491"), Some(1)),
        (Find::Username("bob"), Some(2)),
        (Find::Phone("7"), Some(2)),
        // The rest takes a closer look: a number is stored, several have it, as a further name, a hash
        // that is none, Telethon's own row.
        (Find::Phone("07"), None),
        (Find::Username("carol"), None),
        (Find::Phone("493"), None),
        (Find::Username("further"), None),
        (Find::Username("dave"), None),
        (Find::Username("self"), None),
        (Find::Username("nobody"), None),
        (Find::Phone("none"), None),
        (Find::Id(PeerId::from_marked(1).unwrap()), None),
        (Find::Name("Alice"), None),
    ] {
        assert_eq!(id(by), who, "{by:?}");
    }
}

#[test]
fn a_username_is_evicted_from_all_but_its_newest_bearer() {
    let (_folder, path) = place();
    let storage = open(&path);
    for (id, seen) in [(1, 50), (2, 70), (3, 60)] {
        put(&storage, person(id, seen, "name", "", "N"), ALL);
    }
    assert_eq!(username(&storage, "name"), [2]);
    assert_eq!(get(&storage, 1).unwrap().usernames, "");
    assert_eq!(get(&storage, 1).unwrap().name, "N", "only the name goes");
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM entities WHERE username = 'name'"), 1);
    assert_eq!(username(&storage, "nobody"), [0; 0]);
}

#[test]
fn a_phone_is_evicted_from_all_but_its_newest_bearer() {
    let (_folder, path) = place();
    let storage = open(&path);
    for (id, seen) in [(1, 50), (2, 40)] {
        put(&storage, person(id, seen, "", "491", "N"), ALL);
    }
    assert_eq!(phone(&storage, "491"), [1]);
    assert_eq!(get(&storage, 2).unwrap().phone, "");
    assert_eq!(phone(&storage, "492"), [0; 0]);
    assert_eq!(phone(&storage, "none"), [0; 0]);
}

#[test]
fn rows_without_a_date_are_the_oldest_and_the_last_of_equals_wins_as_in_telethon() {
    let (_folder, path) = made_by(&telethon_8(
        "INSERT INTO entities VALUES (1, 1, 'n', NULL, NULL, NULL), (2, 1, 'n', NULL, NULL, 5), \
         (3, 1, 'm', NULL, NULL, NULL), (4, 1, 'm', NULL, NULL, NULL)",
    ));
    let storage = open(&path);
    assert_eq!(username(&storage, "n"), [2]);
    assert_eq!(username(&storage, "m"), [4]);
}

#[test]
fn where_nothing_can_be_evicted_the_newest_is_answered_all_the_same() {
    let (_folder, path) = made_by(&telethon_8(
        "INSERT INTO entities VALUES (1, 1, 'n', 5, NULL, 9), (2, 1, 'n', 5, NULL, 5)",
    ));
    assert_eq!(username(&open_with(&path, READ_ONLY()), "n"), [1]);
    // Busy: the look-up does not wait.
    let wait = SqliteOptions { busy_timeout: Duration::from_secs(100), ..SqliteOptions::default() };
    let storage = open_with(&path, wait);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(username(&storage, "n"), [1]);
    assert_eq!(phone(&storage, "5"), [1]);
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM entities WHERE username = 'n'"), 2);
    assert_eq!(username(&storage, "n"), [1]);
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM entities WHERE username = 'n'"), 1);
}

#[test]
fn every_username_finds_its_peer() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    put(&storage, person(1, 50, "main second third", "", ""), ALL);
    assert_eq!(get(&storage, 1).unwrap().usernames, "main second third");
    for name in ["main", "second", "third"] {
        assert_eq!(username(&storage, name), [1], "{name}");
    }
    // Telethon sees the main one.
    assert_eq!(ask::<String>(&path, "SELECT username FROM entities WHERE id = 1"), "main");
    drop(storage);
    assert_eq!(username(&open(&path), "third"), [1]);
    let storage = open(&path);
    put(&storage, person(1, 51, "main", "", ""), ALL);
    assert_eq!(username(&storage, "second"), [0; 0]);
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM mts_usernames"), 0);
    assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM mts_entities"), 0);
}

#[test]
fn main_and_further_usernames_are_contested_alike() {
    // A main name against a further one, and two further ones.
    let (_folder, path) = logged_in();
    let storage = open(&path);
    put(&storage, person(1, 50, "a shared", "", ""), ALL);
    put(&storage, person(2, 60, "shared b", "", ""), ALL);
    assert_eq!(username(&storage, "shared"), [2]);
    assert_eq!(get(&storage, 1).unwrap().usernames, "a");
    put(&storage, person(1, 70, "a shared", "", ""), ALL);
    assert_eq!(username(&storage, "shared"), [1]);
    // The next name becomes the main one.
    assert_eq!(get(&storage, 2).unwrap().usernames, "b");
    assert_eq!(username(&storage, "b"), [2]);
    put(&storage, person(3, 80, "c shared", "", ""), ALL);
    assert_eq!(username(&storage, "shared"), [3]);
    put(&storage, person(4, 20, "d shared", "", ""), ALL);
    assert_eq!(username(&storage, "shared"), [3], "an older sighting takes no name");
}

#[test]
fn a_further_username_is_as_old_as_it_was_told_whenever_telethon_saw_its_bearer() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    put(&storage, person(1, 50, "a shared", "", ""), ALL);
    put(&storage, person(2, 70, "shared", "", ""), ALL);
    // Telethon knows main usernames only.
    run(&path, "UPDATE entities SET date = 90 WHERE id = 1");
    assert_eq!(username(&storage, "shared"), [2]);
    assert_eq!(get(&storage, 1).unwrap().usernames, "a");
}

#[test]
fn a_main_username_that_telethon_changed_is_believed_alone() {
    let (_folder, path) = logged_in();
    let storage = open(&path);
    let known = Entity { flags: Entity::BOT, ..person(1, 50, "main second", "", "") };
    put(&storage, known, ALL);
    run(&path, "UPDATE entities SET username = 'changed' WHERE id = 1");
    let now = get(&storage, 1).unwrap();
    assert_eq!((now.usernames.as_str(), now.flags), ("changed", Entity::BOT));
    assert_eq!(username(&storage, "second"), [0; 0]);
}

#[test]
fn a_display_name_finds_all_its_bearers_newest_first() {
    let (_folder, path) = place();
    let storage = open(&path);
    for (id, seen) in [(1, 50), (2, 70), (3, 60)] {
        put(&storage, person(id, seen, "", "", "Same Name"), ALL);
    }
    assert_eq!(ids(storage.find(Find::Name("Same Name")).unwrap()), [2, 3, 1]);
    assert_eq!(ids(storage.find(Find::Name("same name")).unwrap()), [0; 0]);
}

#[test]
fn pages_go_on_where_they_ended() {
    let (_folder, path) = place();
    let storage = open(&path);
    let all = [-1_000_000_000_002, -5, 1, 2, 3];
    for id in all {
        put(&storage, entity(id, 1, 1), HASH);
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = storage.list(after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(ids(page));
    }
    assert_eq!(seen, all);
    assert_eq!(storage.count().unwrap(), 5);
}
