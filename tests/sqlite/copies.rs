//! Copies of a session with a write-ahead log that another program makes while the session goes on, as
//! `cp` does: one file after the other, each as it is at another moment.
//!
//! What is promised of them: a credential that was stored before the copy began is in it, or one that was
//! stored later. For it was in the file itself before its setter returned; or, where somebody was reading
//! the file, in a log that is not begun anew as long as he reads. (Where he lets go of it between the copy
//! of the file and that of its log, and the log is emptied in that moment, nothing helps.)

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::*;

/// In the order of their names, in which they are copied.
const SET: [&str; 3] = ["session", "session-shm", "session-wal"];

/// Copies these files of a set into a folder. By another process, for closing the file in this one would
/// take the session's locks from it.
fn cp(path: &Path, files: &[&str], folder: &Path) {
    for suffix in files {
        let copied = Command::new("cp").arg(path.with_extension(suffix)).arg(folder).status();
        assert!(copied.unwrap().success());
    }
}

/// Stores the credentials of that number, as durably as a session does. Reads nothing before, as a session
/// does not: for that the storage lets go of the state of the file that it keeps between commits.
fn log_in(storage: &SqliteStorage, number: i64) {
    let [old, new] = [number - 1, number].map(|number| Account {
        dc: Some(dc2()),
        auth_key: Some(key_of(number)),
        takeout_id: Some(number),
        ..Account::default()
    });
    let account = Some(AccountChange { old: &old, new: &new });
    storage.commit(&Changes { account, durable: true, ..Changes::default() }).unwrap();
}

fn key_of(number: i64) -> AuthKey {
    key(u8::try_from(number % 251).unwrap())
}

/// Saves so many new peers, one at a time.
fn save(storage: &SqliteStorage, peers: i64) {
    let first = i64::try_from(storage.count().unwrap()).unwrap() + 1;
    for id in first..first + peers {
        put(storage, person(id, 100, "", "", &format!("the name of {id}")), ALL);
    }
}

/// The number of the credentials in a copy, as Telethon reads them.
fn number_for_telethon(folder: &Path) -> i64 {
    let db = Connection::open(folder.join("a.session")).unwrap();
    let row = db.query_row("SELECT dc_id, takeout_id, auth_key FROM sessions", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
    });
    let (dc, number, auth_key) = row.unwrap();
    assert_eq!((dc, &*auth_key), (2, &key_of(number).as_bytes()[..]));
    number
}

/// The number of the credentials in a copy, which opens, and goes on as a session of its own.
fn number_in(folder: &Path) -> i64 {
    let path = folder.join("a.session");
    let is_read = |options| {
        let account = open_with(&path, options).load().unwrap();
        (account.takeout_id.unwrap(), account.auth_key, account.dc)
    };
    let read = is_read(READ_ONLY());
    let number = read.0;
    assert_eq!(read, (number, Some(key_of(number)), Some(dc2())));
    assert_eq!(is_read(SqliteOptions::default()), read);
    assert_eq!(number_for_telethon(folder), number);
    number
}

fn is_copied_while_it_is_written(journal: Journal, somebody_reads: bool) {
    const COPIES: usize = 15;
    let (_folder, path) = logged_in();
    let storage = open_with(&path, journal::options(journal));
    log_in(&storage, 1);
    let reader = somebody_reads.then(|| crash::read_on(&path));
    let (stored, done) = (AtomicI64::new(1), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 2..1000 {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                // Some of these are so many that a power-safe log is begun anew.
                save(&storage, number % 3 * 35);
                log_in(&storage, number);
                stored.store(number, Ordering::SeqCst);
            }
        });
        let copies: Vec<_> = (0..COPIES)
            .map(|_| {
                let folder = tempfile::tempdir().unwrap();
                let before = stored.load(Ordering::SeqCst);
                cp(&path, &SET, folder.path());
                (folder, before, stored.load(Ordering::SeqCst))
            })
            .collect();
        done.store(true, Ordering::SeqCst);
        writer.join().unwrap();
        for (folder, before, after) in copies {
            let number = number_in(folder.path());
            // The last may be in the file already while its setter has not returned.
            assert!((before..=after + 1).contains(&number), "{before}, {number}, {after}");
        }
    });
    drop(reader);
}

#[test]
fn a_copy_made_while_it_is_written_has_the_credentials_that_were_stored() {
    for journal in [Journal::WalProcessSafe, Journal::WalPowerSafe] {
        is_copied_while_it_is_written(journal, false);
        is_copied_while_it_is_written(journal, true);
    }
}

#[test]
fn a_credential_that_a_reader_kept_in_the_log_is_in_the_file_after_the_next_save_without_him() {
    for journal in [Journal::WalProcessSafe, Journal::WalPowerSafe] {
        let (_folder, path) = logged_in();
        let storage = open_with(&path, journal::options(journal));
        log_in(&storage, 1);
        let number_in_file = || {
            let copy = tempfile::tempdir().unwrap();
            cp(&path, &SET[..1], copy.path());
            number_for_telethon(copy.path())
        };
        let reader = crash::read_on(&path);
        log_in(&storage, 2);
        save(&storage, 1);
        assert_eq!(number_in_file(), 1);
        drop(reader);
        save(&storage, 1);
        assert_eq!(number_in_file(), 2);
    }
}

/// A session whose file is copied with the credentials number 2, and whose log is copied after
/// `meanwhile`.
fn copied_in_two(
    journal: Journal,
    somebody_reads: bool,
    meanwhile: impl Fn(&SqliteStorage),
) -> tempfile::TempDir {
    let (_folder, path) = logged_in();
    let storage = open_with(&path, journal::options(journal));
    log_in(&storage, 1);
    save(&storage, 10);
    let reader = somebody_reads.then(|| crash::read_on(&path));
    log_in(&storage, 2);
    save(&storage, 10);
    let copy = tempfile::tempdir().unwrap();
    cp(&path, &SET[..1], copy.path());
    meanwhile(&storage);
    cp(&path, &SET[1..], copy.path());
    drop(reader);
    copy
}

#[test]
fn a_copy_whose_log_is_of_a_later_moment_has_the_credentials_that_were_stored() {
    let meanwhile: [fn(&SqliteStorage); 5] = [
        |_| {},
        |storage| save(storage, 30),
        |storage| log_in(storage, 3),
        |storage| {
            save(storage, 30);
            log_in(storage, 3);
        },
        |storage| {
            log_in(storage, 3);
            save(storage, 30);
        },
    ];
    for journal in [Journal::WalProcessSafe, Journal::WalPowerSafe] {
        for somebody_reads in [false, true] {
            for (n, meanwhile) in meanwhile.iter().enumerate() {
                let copy = copied_in_two(journal, somebody_reads, meanwhile);
                let number = number_in(copy.path());
                assert!(number >= 2, "{journal:?}, {somebody_reads}, {n}: {number}");
            }
        }
    }
}

/// Peers that were saved to the log before may be missing then, and the tables of peers not fit
/// together.
#[test]
fn a_copy_whose_log_was_begun_anew_has_the_credentials_that_were_stored() {
    for (journal, frames) in [(Journal::WalProcessSafe, 1000), (Journal::WalPowerSafe, 64)] {
        for log_ins in 0..=1 {
            let copy = copied_in_two(journal, false, |storage| {
                save(storage, frames + 10);
                (0..log_ins).for_each(|_| log_in(storage, 3));
                save(storage, 5);
            });
            assert!(number_for_telethon(copy.path()) >= 2, "{journal:?}, {log_ins}");
        }
    }
}
