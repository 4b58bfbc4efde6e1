//! A disk that is full: nothing is lost, and all goes on when there is room again.

use std::io::Write;

use mtsession::{EntityRef, ErrorKind, How, Look, Options, Session};

use super::crash::is_known;
use super::journal::options;
use super::other::Other;
use super::*;

/// How many indexes of ours the file has.
fn indexes(path: &Path) -> u32 {
    ask(path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mts_by_%'")
}

/// What the other process does on its small disk.
pub fn fill(path: &Path, journal: Journal) {
    let ballast = path.with_file_name("ballast");
    fs::write(&ballast, vec![0; 20 << 20]).unwrap();
    let open = || Session::open(path, &options(journal), &Options::default()).unwrap();
    let session = open();
    session.set_takeout_id(Some(1)).unwrap();
    let mut last = 0;
    // More than SQLite holds in memory, so that it is full in the middle of a transaction.
    const BATCH: i64 = 3000;
    let error = loop {
        let name = "n".repeat(1000);
        let ids = last + 1..=last + BATCH;
        let people: Vec<_> = ids.map(|id| (id, format!("user_{id}"))).collect();
        let records = people.iter().map(|(id, username)| EntityRef {
            flags: 0,
            name: &name,
            usernames: username,
            ..EntityRef::bare(peer(*id), *id)
        });
        session.put_entities(&records.collect::<Vec<_>>()).unwrap();
        last += BATCH;
        match session.save() {
            Ok(()) => {
                assert!(last < 100_000, "the disk is not small");
                let log = path.with_extension("session-wal");
                assert_eq!(log.exists(), journal != Journal::Rollback);
            }
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.message().contains("free some space and save again"), "{error}");
    assert!(last > BATCH, "something was saved before");
    // It stays so as long as there is no room, and what waits is there.
    assert_eq!(session.save().unwrap_err().kind(), ErrorKind::Io);
    let found = |session: &Session, id| session.find_entity(Look::Id(id), How::default()).unwrap();
    assert!(found(&session, last).is_some());
    // To the last byte: there is no room for indexes, and a look-up does without.
    let rest = path.with_file_name("rest");
    let mut file = fs::File::create(&rest).unwrap();
    while file.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
    assert!(!is_known(&session, "nobody").unwrap());
    assert_eq!(indexes(path), 0);
    fs::remove_file(rest).unwrap();
    fs::remove_file(ballast).unwrap();
    session.save().unwrap();
    session.set_takeout_id(Some(2)).unwrap();
    session.close().unwrap();
    let session = open();
    assert_eq!(session.takeout_id().unwrap(), Some(2));
    assert_eq!(session.count_entities().unwrap(), last.unsigned_abs());
    assert!(is_known(&session, "user_1").unwrap());
    assert_eq!(indexes(path), 2);
    assert_eq!(ask::<String>(path, "PRAGMA integrity_check"), "ok");
}

/// What the other process does on its small disk too: clones where there is ever more room.
pub fn clone_to_it(path: &Path, journal: Journal) {
    const COUNT: i64 = 2000;
    let session = Session::memory().unwrap();
    let name = "n".repeat(1000);
    let record = |id| EntityRef { flags: 0, name: &name, ..EntityRef::bare(peer(id), id) };
    session.put_entities(&(1..=COUNT).map(record).collect::<Vec<_>>()).unwrap();
    let ballast = path.with_file_name("ballast");
    let mut made = 0;
    for room in 1..=10 {
        fs::write(&ballast, vec![0; (32 - room) << 20]).unwrap();
        match session.clone_to(Some(path), &options(journal), &Options::default()) {
            Ok(clone) => {
                assert_eq!(clone.count_entities().unwrap(), COUNT.unsigned_abs());
                clone.close().unwrap();
                assert_eq!(ask::<String>(path, "PRAGMA integrity_check"), "ok");
                fs::remove_file(path).unwrap();
                made += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                assert!(!path.exists());
            }
        }
    }
    assert!((1..10).contains(&made), "there was never or always room");
}

/// Runs [`fill`] or [`clone_to_it`] with a disk of 32 megabytes.
fn is_got_over(task: &str) {
    let (folder, _) = place();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = format!("mount -t tmpfs -o size=32m none '{}'", disk.display());
    let mut other = Other::start_after(&mount, task, &disk.join("a.session"));
    other.say("");
    other.finish();
}

#[test]
fn a_full_disk_is_got_over() {
    is_got_over("fill the disk");
}

#[test]
fn a_full_disk_is_got_over_with_the_log() {
    is_got_over("fill the disk with log");
}

#[test]
fn a_full_disk_is_got_over_with_the_power_safe_log() {
    is_got_over("fill the disk with power-safe log");
}

#[test]
fn a_clone_on_a_full_disk_is_whole_or_is_not_there() {
    for journal in ["", " with log", " with power-safe log"] {
        is_got_over(&format!("clone to the disk{journal}"));
    }
}
