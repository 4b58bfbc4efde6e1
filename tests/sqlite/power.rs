//! The power fails at any moment: what a session promised to be on the disk is there.
//!
//! Another process lives with a session while strace notes what it does to the folder. From that,
//! disks are made as a power cut can leave them: what was synced, and any part of what was not.

use std::collections::{BTreeMap, HashMap};

use mtsession::{Options, Session};

use super::crash::{Promised, look, put_and_set};
use super::other::Other;
use super::*;

/// A write reaches the disk in parts of so many bytes.
const SECTOR: usize = 512;

/// How many power cuts there are in one life, about.
const CUTS: usize = 300;

/// One system call that succeeded. Of texts among its arguments only the hex digits are left.
struct Call {
    name: String,
    arguments: Vec<String>,
    result: i64,
}

/// What strace has noted, in order.
fn calls(notes: &str) -> Vec<Call> {
    let mut unfinished = HashMap::new();
    let mut calls = Vec::new();
    for line in notes.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        let mut call = call.trim_start().to_owned();
        if let Some(begin) = call.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, begin.to_owned());
            continue;
        }
        if call.starts_with("<... ") {
            let (_, end) = call.split_once(" resumed>").unwrap();
            call = unfinished.remove(thread).unwrap() + end;
        }
        let Some((call, result)) = call.rsplit_once(") = ") else {
            assert!(call.starts_with("+++ exited") || call.starts_with("---"), "{line}");
            continue;
        };
        let (name, arguments) = call.split_once('(').unwrap();
        let result = result.split(' ').next().unwrap().parse().unwrap();
        if result >= 0 {
            let arguments = arguments.split(", ").filter(|it| *it != "AT_FDCWD");
            let arguments = arguments.map(|it| it.replace(['"', '\\', 'x'], ""));
            calls.push(Call { name: name.to_owned(), arguments: arguments.collect(), result });
        }
    }
    calls
}

impl Call {
    fn bytes(&self, nth: usize) -> Vec<u8> {
        let digits = self.arguments[nth].as_bytes().chunks(2);
        digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    fn text(&self, nth: usize) -> String {
        String::from_utf8(self.bytes(nth)).unwrap()
    }

    fn number(&self, nth: usize) -> usize {
        self.arguments[nth].parse().unwrap()
    }
}

enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

#[derive(Default)]
struct Content {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

/// Names that are given to files, or taken away, all at once.
type Naming = Vec<(String, Option<usize>)>;

/// A folder, and how much of it is on the disk for certain.
#[derive(Default)]
struct Disk {
    folder: String,
    files: Vec<Content>,
    /// As the process sees them.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    unsynced_names: Vec<Naming>,
    /// What the process has open: one of the files, or the folder.
    open: HashMap<usize, Option<usize>>,
}

impl Disk {
    /// All that is there now, synced.
    fn of(folder: &Path) -> Disk {
        let folder_path = folder.to_str().unwrap().to_owned();
        let mut disk = Disk { folder: folder_path, ..Disk::default() };
        for (path, synced) in snapshot(folder) {
            disk.names.insert(disk.name(path.to_str().unwrap()).unwrap(), disk.files.len());
            disk.files.push(Content { synced, unsynced: Vec::new() });
        }
        disk.synced_names = disk.names.clone();
        disk
    }

    /// The name of what has that path, if it is in the folder and matters.
    fn name(&self, path: &str) -> Option<String> {
        let name = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        (!name.ends_with("-lock")).then(|| name.to_owned())
    }

    fn change_names(&mut self, naming: Naming) {
        change_names(&mut self.names, &naming);
        self.unsynced_names.push(naming);
    }

    /// Does what the process did; says whether that matters for what a power cut leaves.
    fn run(&mut self, call: &Call) -> bool {
        let file = |disk: &Disk| *disk.open.get(&call.number(0))?;
        let change = match call.name.as_str() {
            "openat" => {
                self.open(call);
                return true;
            }
            "close" => {
                self.open.remove(&call.number(0));
                return false;
            }
            "fsync" | "fdatasync" => {
                match self.open.get(&call.number(0)) {
                    Some(Some(file)) => {
                        let content = &mut self.files[*file];
                        let unsynced = std::mem::take(&mut content.unsynced);
                        unsynced.iter().for_each(|it| apply(&mut content.synced, it, || true));
                    }
                    Some(None) => {
                        for naming in std::mem::take(&mut self.unsynced_names) {
                            change_names(&mut self.synced_names, &naming);
                        }
                    }
                    None => {}
                }
                return true;
            }
            "unlink" | "unlinkat" => {
                if let Some(name) = self.name(&call.text(0)) {
                    self.change_names(vec![(name, None)]);
                }
                return true;
            }
            "rename" | "renameat" | "renameat2" => {
                let (old, new) = (self.name(&call.text(0)), self.name(&call.text(1)));
                let (old, new) = old.zip(new).unwrap();
                let file = self.names[&old];
                self.change_names(vec![(old, None), (new, Some(file))]);
                return true;
            }
            "link" | "linkat" => {
                let (old, new) = (self.name(&call.text(0)), self.name(&call.text(1)));
                let file = self.names[&old.unwrap()];
                self.change_names(vec![(new.unwrap(), Some(file))]);
                return true;
            }
            "pwrite64" => {
                let mut bytes = call.bytes(1);
                bytes.truncate(call.result.try_into().unwrap());
                Change::Write(call.number(3), bytes)
            }
            "ftruncate" => Change::Resize(call.number(1)),
            other => {
                assert!(other == "write" && file(self).is_none(), "{other} is not known here");
                return false;
            }
        };
        if let Some(file) = file(self) {
            self.files[file].unsynced.push(change);
        }
        true
    }

    fn open(&mut self, call: &Call) {
        let path = call.text(0);
        let opened = call.result.try_into().unwrap();
        if path == self.folder {
            self.open.insert(opened, None);
        } else if let Some(name) = self.name(&path) {
            let file = self.names.get(&name).copied().unwrap_or_else(|| {
                self.files.push(Content::default());
                self.change_names(vec![(name, Some(self.files.len() - 1))]);
                self.files.len() - 1
            });
            if call.arguments[1].contains("O_TRUNC") {
                self.files[file].unsynced.push(Change::Resize(0));
            }
            self.open.insert(opened, Some(file));
        }
    }

    /// Puts into a folder what a power cut now leaves. Of what is not synced that gets to the disk
    /// for which there is a `chance`; names are changed in order.
    fn cut(&self, folder: &Path, mut chance: impl FnMut() -> bool) {
        let mut names = self.synced_names.clone();
        self.unsynced_names
            .iter()
            .take_while(|_| chance())
            .for_each(|naming| change_names(&mut names, naming));
        for (name, file) in names {
            let mut content = self.files[file].synced.clone();
            for change in &self.files[file].unsynced {
                apply(&mut content, change, &mut chance);
            }
            fs::write(folder.join(name), content).unwrap();
        }
    }
}

fn change_names(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    for (name, file) in naming {
        match file {
            Some(file) => names.insert(name.clone(), *file),
            None => names.remove(name),
        };
    }
}

fn apply(content: &mut Vec<u8>, change: &Change, mut chance: impl FnMut() -> bool) {
    match change {
        Change::Resize(length) => {
            if chance() {
                content.resize(*length, 0);
            }
        }
        Change::Write(at, bytes) => {
            let mut at = *at;
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (sector, behind) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
                if chance() {
                    content.resize(content.len().max(at + sector.len()), 0);
                    content[at..at + sector.len()].copy_from_slice(sector);
                }
                at += sector.len();
                rest = behind;
            }
        }
    }
}

/// A chance of one half, the same with each run.
fn dice(seed: usize) -> impl FnMut() -> bool {
    let mut state = seed as u64;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 63 == 1
    }
}

/// Cuts the power all over what a process does for `task`, which gets `line`, in a folder that
/// holds this file of Telethon's or none. `look` gets what the process had said, and the path of
/// what is left of the session. Answers all that was said.
fn cut_power(
    task: &str,
    line: &str,
    first: Option<&str>,
    look: impl Fn(&[String], &Path),
) -> Vec<String> {
    let (_folder, path) = place();
    if let Some(name) = first {
        fs::copy(fixture(name), &path).unwrap();
    }
    let mut disk = Disk::of(path.parent().unwrap());
    let notes = path.with_file_name("notes");
    Other::start_noted(&notes, task, &path).finish_with(line);
    let calls = calls(&fs::read_to_string(notes).unwrap());
    let mut said = Vec::new();
    let mut cuts = 0;
    for (n, call) in calls.iter().enumerate() {
        let matters = if call.name == "write" && call.arguments[0] == "1" {
            said.push(call.text(1).trim_end().to_owned());
            true
        } else {
            disk.run(call)
        };
        if matters && n * CUTS / calls.len() != (n + 1) * CUTS / calls.len() {
            for lucky in [false, true] {
                let (_folder, path) = place();
                let mut dice = dice(n);
                disk.cut(path.parent().unwrap(), || lucky && dice());
                look(&said, &path);
                cuts += 1;
            }
        }
    }
    assert!(cuts > 100, "only {cuts} power cuts: {said:?}");
    said
}

fn outlives_power_cuts(task: &str, journal: Journal, first: Option<&str>) {
    let lives = if journal == Journal::WalPowerSafe { "1" } else { "3" };
    let said = cut_power(task, lives, first, |said, path| {
        let mut promised = promised(said);
        if journal == Journal::WalProcessSafe {
            promised.saved = promised.saved_before;
        }
        assert!(look(path, &promised) || first.is_none(), "the login is gone");
    });
    assert!(promised(&said).saved_before > 1000);
}

fn promised(said: &[String]) -> Promised {
    Promised::by(said.iter().map(String::as_str))
}

#[test]
fn a_new_session_outlives_power_cuts() {
    outlives_power_cuts("live", Journal::Rollback, None);
}

#[test]
fn a_session_of_an_old_schema_outlives_power_cuts() {
    outlives_power_cuts("live", Journal::Rollback, Some("telethon/telethon-1.16.0.session"));
}

#[test]
fn a_json_session_outlives_power_cuts() {
    outlives_power_cuts("live", Journal::Rollback, Some("telethon/telethon-0.15.session"));
}

#[test]
fn a_session_with_a_log_outlives_power_cuts() {
    outlives_power_cuts("live with log", Journal::WalProcessSafe, None);
}

#[test]
fn a_session_with_a_power_safe_log_outlives_power_cuts() {
    outlives_power_cuts("live with power-safe log", Journal::WalPowerSafe, None);
}

/// What the other process does.
pub fn clone_a_session(path: &Path, say: impl Fn(&str)) {
    let session = Session::memory().unwrap();
    session.set_dc(2, "149.154.167.51", 443).unwrap();
    session.set_auth_key(Some(&key(0))).unwrap();
    for id in 1000..3000 {
        put_and_set(&session, id).unwrap();
    }
    session.clone_to(Some(path), &SqliteOptions::default(), &Options::default()).unwrap();
    say("saved 2999");
}

#[test]
fn a_clone_is_there_as_a_whole_or_not_at_all() {
    let said = cut_power("clone", "", None, |said, path| {
        if promised(said).saved > 0 || path.exists() {
            let all = Promised { saved: 2999, ..Promised::default() };
            assert!(look(path, &all), "the login is missing");
        }
    });
    assert_eq!(promised(&said).saved, 2999);
}
