//! A disk that fails once: it is told, and all goes on when it is tried again.

use mtsession::{ErrorKind, Options, Session};

use super::crash::{Promised, is_known, look, put_and_set};
use super::journal::options;
use super::other::Other;
use super::*;

/// What the other process does: a life of a session, in which what has failed is tried once more.
pub fn insist(path: &Path, journal: Journal, say: impl Fn(&str)) {
    // SQLite takes what cannot be read for damage, and what cannot be looked at for something that
    // may not be written.
    const KINDS: [ErrorKind; 3] = [ErrorKind::Io, ErrorKind::Corrupt, ErrorKind::ReadOnly];
    fn twice<T>(say: &impl Fn(&str), work: impl Fn() -> mtsession::Result<T>) -> T {
        work().unwrap_or_else(|error| {
            assert!(KINDS.contains(&error.kind()), "{error:?}");
            say(&format!("told: {error}"));
            work().unwrap()
        })
    }
    let sqlite = options(journal);
    let session = twice(&say, || Session::open(path, &sqlite, &Options::default()));
    for part in 1..=2 {
        twice(&say, || session.set_takeout_id(Some(part)));
        for id in 1000 * part..1000 * part + 2 {
            twice(&say, || put_and_set(&session, id));
            twice(&say, || session.save());
            if id == 1000 {
                // Makes the indexes. Where that fails it does without.
                assert!(!twice(&say, || is_known(&session, "nobody")));
            }
        }
    }
    twice(&say, || session.close());
}

/// Lets each of these system calls fail, one in each life, until there is none left that has not.
/// Some of that must be told so.
fn is_got_over(calls: &[&str], so: &str) {
    let tasks = ["insist", "insist with log", "insist with power-safe log"];
    let mut told = 0;
    for (task, call) in tasks.iter().flat_map(|task| calls.iter().map(move |call| (task, call))) {
        for nth in 1_u32.. {
            let (_folder, path) = place();
            let notes = path.with_file_name("notes");
            let nth = nth.to_string();
            let said = Other::start_failing(&notes, call, &nth, task, &path).finish();
            let has_failed = fs::read_to_string(&notes).unwrap().contains("(INJECTED)");
            look(&path, &Promised { takeout: 2, saved: 2001, ..Promised::default() });
            if !has_failed {
                break;
            }
            let is_so = |line: &&str| line.starts_with("told: ") && line.contains(so);
            told += said.lines().filter(is_so).count();
        }
    }
    assert!(told > 2, "only {told} failures were told");
}

#[test]
fn a_write_that_fails_is_got_over() {
    is_got_over(&["pwrite64"], "disk I/O error; see whether the disk is in order and try again");
}

#[test]
fn a_sync_that_fails_is_got_over() {
    is_got_over(&["fsync", "fdatasync"], "disk I/O error");
}

#[test]
fn a_shortening_that_fails_is_got_over() {
    is_got_over(&["ftruncate"], "disk I/O error");
}

#[test]
fn a_read_that_fails_is_got_over() {
    is_got_over(&["read", "pread64"], "keep the file and restore a copy of it");
}

#[test]
fn a_removal_that_fails_is_got_over() {
    is_got_over(&["?unlink", "unlinkat"], "disk I/O error");
}

#[test]
fn an_opening_that_fails_is_got_over() {
    is_got_over(&["openat"], "Input/output error");
}

#[test]
fn a_look_at_the_file_that_fails_is_got_over() {
    is_got_over(&["?newfstatat", "statx"], "disk I/O error");
}
