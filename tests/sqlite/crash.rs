//! Killed at any moment, a session opens again and holds what was acknowledged.

use mtsession::{EntityRef, Look, Options, Session, UpdateStatePatch};

use super::files::Other;
use super::*;

/// What the other process does until it is killed: the whole life of a session over and over, a
/// line after each thing that must stay.
pub fn live(path: &Path, journal: Journal, say: impl Fn(&str)) {
    let sqlite = SqliteOptions { journal, ..SqliteOptions::default() };
    // A power-safe log begins anew every few dozen saves, which a life shall see.
    let steps = if journal == Journal::WalPowerSafe { 200 } else { 3 };
    for round in 1.. {
        let session = Session::open(path, &sqlite, &Options::default()).unwrap();
        session.set_takeout_id(Some(round)).unwrap();
        say(&format!("takeout {round}"));
        for step in 0..steps {
            let id = round * 1000 + step;
            let name = format!("name {id}");
            session
                .put_entities(&[EntityRef {
                    flags: 0,
                    name: &name,
                    ..EntityRef::bare(peer(id), id)
                }])
                .unwrap();
            let pts = i32::try_from(id).unwrap();
            let state = UpdateStatePatch { pts: Some(pts), ..UpdateStatePatch::default() };
            session.set_update_states(&[state], false).unwrap();
            session.save().unwrap();
            say(&format!("saved {id}"));
        }
        session.close().unwrap();
    }
}

/// Kills `live` at another moment each time, up to `longest` in milliseconds, and looks what is there.
fn kill_and_look(journal: &str, path: &Path, longest: u64) {
    const ROUNDS: u64 = 40;
    let mut highest = (0, 0);
    for round in 0..ROUNDS {
        let mut other = Other::start(journal, path);
        other.say("");
        let moment = 200 + longest * 1000 * round / ROUNDS;
        std::thread::sleep(std::time::Duration::from_micros(moment));
        for line in other.kill_and_read().lines() {
            match line.split_once(' ') {
                Some(("takeout", n)) => highest.0 = n.parse().unwrap(),
                Some(("saved", n)) => highest.1 = n.parse().unwrap(),
                _ => {}
            }
        }
        let session = Session::open(path, &SqliteOptions::default(), &Options::default()).unwrap();
        let takeout = session.takeout_id().unwrap().unwrap_or(0);
        assert!(takeout >= highest.0, "takeout {takeout} after {} was acknowledged", highest.0);
        if highest.1 > 0 {
            let state = session.update_state(0).unwrap().unwrap();
            let pts = i64::from(state.pts);
            assert!(pts >= highest.1, "pts {pts} after {} was acknowledged", highest.1);
            // One instant: no state without the entity that was put before it.
            let found = session.find_entity(Look::Id(pts), Default::default()).unwrap().unwrap();
            assert_eq!(found.item.name, format!("name {pts}"));
        }
        session.close().unwrap();
        // The next life starts at round 1 again.
        highest = (0, 0);
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
