//! Killed at any moment, a session opens again and holds what was acknowledged.

use mtsession::{EntityRef, Look, Options, Session, UpdateStatePatch};

use super::other::Other;
use super::*;

/// What the other process does: the whole life of a session over and over, so often or for ever, a
/// line after each thing that must stay.
pub fn live(path: &Path, journal: Journal, lives: &str, say: impl Fn(&str)) {
    let sqlite = SqliteOptions { journal, ..SqliteOptions::default() };
    // A power-safe log begins anew every few dozen saves, which a life shall see.
    let steps = if journal == Journal::WalPowerSafe { 200 } else { 3 };
    for life in 1..=lives.parse().unwrap_or(i64::MAX) {
        let session = Session::open(path, &sqlite, &Options::default()).unwrap();
        let mut reader = None;
        for part in 3 * life - 2..=3 * life {
            // Once what comes next comes by itself, which removes the journal of what came before.
            let is_late = journal == Journal::Rollback && part == 6;
            if is_late {
                rollback::wait();
            }
            session.set_takeout_id(Some(part)).unwrap();
            assert!(!is_late || !rollback::journal_of(path).exists());
            say(&format!("takeout {part}"));
            for id in 1000 * part..1000 * part + steps {
                put_and_set(&session, id).unwrap();
                session.save().unwrap();
                say(&format!("saved {id}"));
                if id == 1000 {
                    // Makes the indexes.
                    assert!(!is_known(&session, "nobody").unwrap());
                }
            }
            if journal != Journal::Rollback {
                // What comes now cannot be copied from the log into the file.
                reader.get_or_insert_with(|| read_on(path));
            }
        }
        drop(reader);
        session.close().unwrap();
    }
}

/// Somebody who goes on reading the file as it is now.
pub fn read_on(path: &Path) -> Connection {
    let reader = Connection::open(path).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM sessions").unwrap();
    reader
}

/// Whether somebody has that username.
pub fn is_known(session: &Session, username: &str) -> mtsession::Result<bool> {
    let found = session.find_input_peer(Look::Username(username), Default::default())?;
    Ok(found.is_some())
}

/// A peer, and a state that tells which one is the last.
pub fn put_and_set(session: &Session, id: i64) -> mtsession::Result<()> {
    let (name, username) = (format!("name {id}"), format!("user_{id}"));
    let record =
        EntityRef { flags: 0, name: &name, usernames: &username, ..EntityRef::bare(peer(id), id) };
    session.put_entities(&[record])?;
    let pts = i32::try_from(id).unwrap();
    let state = UpdateStatePatch { pts: Some(pts), ..UpdateStatePatch::default() };
    session.set_update_states(&[state], false).map(drop)
}

/// What a process that lives has said to be in the file.
#[derive(Debug, Default)]
pub struct Promised {
    pub takeout: i64,
    pub saved: i64,
    /// What of it was saved before the takeout id.
    pub saved_before: i64,
}

impl Promised {
    pub fn by<'a>(said: impl IntoIterator<Item = &'a str>) -> Promised {
        let mut promised = Promised::default();
        for line in said {
            match line.split_once(' ') {
                Some(("takeout", n)) => {
                    promised.takeout = n.parse().unwrap();
                    promised.saved_before = promised.saved;
                }
                Some(("saved", n)) => promised.saved = n.parse().unwrap(),
                _ => {}
            }
        }
        promised
    }
}

/// Opens what is left of a session and looks whether it keeps what was promised; says whether there
/// is a login in it.
pub fn look(path: &Path, promised: &Promised) -> bool {
    let session = Session::open(path, &SqliteOptions::default(), &Options::default()).unwrap();
    let takeout = session.takeout_id().unwrap().unwrap_or(0);
    assert!(takeout >= promised.takeout, "takeout {takeout} after {promised:?}");
    if promised.saved > 0 {
        let pts = i64::from(session.update_state(0).unwrap().unwrap().pts);
        assert!(pts >= promised.saved, "pts {pts} after {promised:?}");
        // One instant: no state without the entity that was put before it.
        let found = session.find_entity(Look::Id(pts), Default::default()).unwrap().unwrap();
        assert_eq!(found.item.name, format!("name {pts}"));
        // In the index, which is made now where it was not yet.
        assert!(is_known(&session, &format!("user_{}", promised.saved)).unwrap(), "{promised:?}");
    }
    let login = session.with_auth_key(|key| key.is_some()).unwrap();
    session.close().unwrap();
    assert_eq!(ask::<String>(path, "PRAGMA integrity_check"), "ok");
    login
}

/// Kills `live` at another moment each time, up to `longest` in milliseconds, and looks what is
/// there.
fn kill_and_look(journal: &str, path: &Path, longest: u64) {
    const ROUNDS: u64 = 40;
    for round in 0..ROUNDS {
        let mut other = Other::start(journal, path);
        other.say("");
        let moment = 200 + longest * 1000 * round / ROUNDS;
        std::thread::sleep(std::time::Duration::from_micros(moment));
        look(path, &Promised::by(other.kill_and_read().lines()));
        fs::remove_file(path).unwrap();
        if round % 2 == 0 {
            // Every other one begins with a file to migrate.
            fs::copy(fixture("telethon/telethon-1.16.0.session"), path).unwrap();
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_saved() {
    let (_folder, path) = place();
    kill_and_look("live", &path, 23);
}

#[test]
fn a_killed_process_loses_nothing_that_was_saved_to_the_log() {
    let (_folder, path) = place();
    kill_and_look("live with log", &path, 23);
}

#[test]
fn a_killed_process_loses_nothing_that_was_saved_to_the_power_safe_log() {
    let (_folder, path) = place();
    kill_and_look("live with power-safe log", &path, 120);
}

/// What the other process does.
pub fn make_indexes(session: &Session) {
    assert!(!is_known(session, "nobody").unwrap());
}

/// Kills the making of indexes at each of these system calls on the session and its journals.
fn kill_while_indexes_are_made(task: &str) {
    const PEOPLE: i64 = 1000;
    let (_folder, path) = logged_in();
    let storage = open(&path);
    let people = (1..=PEOPLE).map(|id| {
        let entity = person(id, 100, &format!("user_{id}"), &(4900 + id).to_string(), "N");
        EntityChange { entity, known: ALL }
    });
    storage.commit(&Changes { entities: people.collect(), ..Changes::default() }).unwrap();
    storage.close().unwrap();
    let without = fs::read(&path).unwrap();
    let count =
        || ask::<u32>(&path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mts_by_%'");
    let mut unmade = 0;
    for call in ["pwrite64", "fsync", "fdatasync", "ftruncate", "?unlink", "unlinkat"] {
        for nth in 1_u32.. {
            fs::write(&path, &without).unwrap();
            let notes = path.with_file_name("notes");
            let other = Other::start_killed_at(&notes, call, &nth.to_string(), task, &path);
            if other.ends_by_itself() {
                break;
            }
            assert_eq!(ask::<String>(&path, "PRAGMA integrity_check"), "ok");
            let made = count();
            assert!(made == 0 || made == 2, "both or none");
            unmade += u32::from(made == 0);
            let session =
                Session::open(&path, &SqliteOptions::default(), &Options::default()).unwrap();
            assert_eq!(session.count_entities().unwrap(), PEOPLE.unsigned_abs());
            assert!(is_known(&session, "user_777").unwrap());
            session.close().unwrap();
            assert_eq!(count(), 2);
        }
    }
    assert!(unmade > 10, "only {unmade} were killed before they had made them");
}

#[test]
fn indexes_whose_making_is_killed_are_made_by_the_next() {
    kill_while_indexes_are_made("make indexes");
}

#[test]
fn indexes_whose_making_is_killed_are_made_by_the_next_with_the_log() {
    kill_while_indexes_are_made("make indexes with log");
}
