//! This test program again, as another process.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mtsession::{Journal, Options, Session, Storage};
use rusqlite::Connection;

use super::*;

/// What it says when it fails, since who kills it does not see how it ends.
const FAILED: &str = "failed";

/// This test program again, as another process that does `task` with the session at `path`.
pub struct Other {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Other {
    pub fn start(task: &str, path: &Path) -> Other {
        Other::run(Command::new(std::env::current_exe().unwrap()), task, path)
    }

    pub fn start_with_temporary_files_at(folder: &Path, task: &str, path: &Path) -> Other {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env("TMPDIR", folder);
        Other::run(command, task, path)
    }

    /// With file systems of its own: `mount`, a line of shell, is run first.
    pub fn start_after(mount: &str, task: &str, path: &Path) -> Other {
        // The user of a namespace of its own may mount; unshare is of util-linux, as mount is.
        let own = ["--map-root-user", "--mount"];
        let may = Command::new("unshare").args(own).arg("true").output().unwrap();
        assert!(may.status.success(), "this system lets nobody mount in a namespace: {may:?}");
        let mut command = Command::new("unshare");
        command.args(own).args(["sh", "-c"]);
        command.arg(format!("{mount} && exec \"$0\" \"$@\""));
        command.arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    /// Under strace, which notes in the file `notes` what it does to files, and what it says.
    pub fn start_noted(notes: &Path, task: &str, path: &Path) -> Other {
        let mut command = Command::new("strace");
        // What changes files, as far as this system has it, and what is needed to know which.
        const CALLS: &str = "trace=openat,?open,?creat,close,write,writev,pwrite64,pwritev,\
             ?pwritev2,fsync,fdatasync,sync_file_range,fallocate,truncate,ftruncate,?unlink,\
             unlinkat,?rename,?renameat,renameat2,?link,linkat,?symlink,symlinkat,\
             copy_file_range,?sendfile,mkdirat";
        // Texts are whole, in hex.
        command.args(["-f", "-a1", "-xx", "-s", "1000000", "-e", CALLS, "-o"]);
        command.arg(notes).arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    /// Under strace, which lets some of these system calls on the session or its journals fail, and
    /// notes it in the file `notes`: the third where `when` is "3", and all later ones too with "3+".
    pub fn start_failing(notes: &Path, call: &str, when: &str, task: &str, path: &Path) -> Other {
        Other::start_with("error=EIO", notes, call, when, task, path)
    }

    /// As `start_failing`; but it is killed when it makes the call.
    pub fn start_killed_at(notes: &Path, call: &str, when: &str, task: &str, path: &Path) -> Other {
        Other::start_with("signal=SIGKILL", notes, call, when, task, path)
    }

    fn start_with(
        fault: &str,
        notes: &Path,
        call: &str,
        when: &str,
        task: &str,
        path: &Path,
    ) -> Other {
        let mut command = Command::new("strace");
        let fault = format!("inject={call}:{fault}:when={when}");
        command.args(["-f", "-e", &format!("trace={call}"), "-e", &fault, "-o"]);
        command.arg(notes).args(["-P", path.parent().unwrap().to_str().unwrap()]);
        for suffix in ["", "-journal", "-wal", "-shm"] {
            command.arg("-P").arg(format!("{}{suffix}", path.display()));
        }
        command.arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    /// Under strace, which notes in the file `notes` when the process opens `name`, and holds it up
    /// for a second then.
    pub fn start_slowed(notes: &Path, name: &str, task: &str, path: &Path) -> Other {
        let mut command = Command::new("strace");
        command.args(["-f", "-e", "trace=openat", "-e", "inject=openat:delay_enter=1000000"]);
        command.args(["-P", name, "-o"]).arg(notes).arg(std::env::current_exe().unwrap());
        Other::run(command, task, path)
    }

    fn run(mut command: Command, task: &str, path: &Path) -> Other {
        let mut child = command
            .args(["--exact", "other::another_process", "--nocapture"])
            .env("MTS_TEST_TASK", task)
            .env("MTS_TEST_PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while line.trim_end() != "ready" {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "the other process failed");
        }
        Other { child, stdin, stdout }
    }

    /// Answers what it waits for.
    pub fn say(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Lets it go on to its end; answers what it says.
    pub fn finish(self) -> String {
        self.finish_with("")
    }

    /// Answers the last that it waits for.
    pub fn finish_with(mut self, line: &str) -> String {
        self.say(line);
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success());
        said
    }

    /// Lets it go on to its end, which somebody else may bring about; says whether it was its own.
    pub fn ends_by_itself(mut self) -> bool {
        self.say("");
        let end = self.child.wait().unwrap();
        assert!(end.success() || end.signal() == Some(9), "{end:?}");
        end.success()
    }

    /// Kills it, in the middle of its work; answers all that it said before.
    pub fn kill_and_read(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        assert!(!said.lines().any(|line| line == FAILED), "it failed before");
        said
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it; answers its number.
    pub fn kill(mut self) -> u32 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child.id()
    }
}

/// The name of a task may end with that of the journal.
fn task_and_journal(name: &str) -> (&str, Journal) {
    let with = |journal| move |task| (task, journal);
    let power_safe = name.strip_suffix(" with power-safe log").map(with(Journal::WalPowerSafe));
    power_safe
        .or_else(|| name.strip_suffix(" with log").map(with(Journal::WalProcessSafe)))
        .unwrap_or((name, Journal::Rollback))
}

/// Does nothing but in the process that `Other` starts.
#[test]
fn another_process() {
    let Ok(task) = std::env::var("MTS_TEST_TASK") else { return };
    let path = PathBuf::from(std::env::var_os("MTS_TEST_PATH").unwrap());
    let ready = || {
        println!("\nready");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    // Whole lines at once: the process may be killed in between.
    let say = |line: &str| std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        say(FAILED);
        show(panic);
    }));
    let (task, journal) = task_and_journal(&task);
    match task {
        "own" => {
            let storage = open(&path);
            ready();
            storage.close().unwrap();
        }
        "save and close" => {
            let storage = open_with(&path, journal::options(journal));
            put(&storage, person(1, 100, "ada", "", ""), ALL);
            ready();
            storage.close().unwrap();
            say(&notices(&storage).join("\n"));
        }
        "save soon" => {
            let storage = open(&path);
            rollback::save_soon(&storage);
            ready();
        }
        "save late" => {
            ready();
            rollback::save_late(&path);
        }
        "share" => {
            let storage = open_with(&path, SHARED());
            ready();
            set(&storage, |account| account.auth_key = Some(key(5)));
        }
        "half a write" => {
            let db = Connection::open(&path).unwrap();
            // So small a cache that uncommitted pages reach the file.
            db.execute_batch(
                "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE sessions SET port = 1",
            )
            .unwrap();
            db.execute_batch(
                "WITH RECURSIVE n(i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM n WHERE \
                 i < 9000) INSERT INTO entities (id, hash, name) SELECT i, i, 'uncommitted' FROM n",
            )
            .unwrap();
            ready();
        }
        "find it locked" => {
            let db = Connection::open(&path).unwrap();
            db.busy_timeout(std::time::Duration::ZERO).unwrap();
            let error = db.execute_batch("BEGIN IMMEDIATE").unwrap_err();
            assert!(error.to_string().contains("locked"), "{error}");
            ready();
        }
        "umask" => {
            open(&path).close().unwrap();
            ready();
        }
        "live" => crash::live(&path, journal, &ready(), say),
        "make indexes" => {
            let session = Session::open(&path, &journal::options(journal), &Options::default());
            ready();
            crash::make_indexes(&session.unwrap());
        }
        "insist" => {
            ready();
            io::insist(&path, journal, say);
        }
        "clone" => {
            ready();
            power::clone_a_session(&path, say);
        }
        "fill the disk" => {
            ready();
            full::fill(&path, journal);
        }
        "clone to the disk" => {
            ready();
            full::clone_to_it(&path, journal);
        }
        "ask for the log" => {
            ready();
            let storage = open_with(&path, journal::options(Journal::WalProcessSafe));
            put(&storage, person(1, 100, "ada", "", ""), ALL);
            say(&format!("log: {}", path.with_extension("session-wal").exists()));
            say(&notices(&storage).join("\n"));
        }
        "ask for the log in each folder" => {
            ready();
            for entry in fs::read_dir(&path).unwrap() {
                let folder = entry.unwrap().path();
                let session = folder.join("a.session");
                let storage = open_with(&session, journal::options(Journal::WalProcessSafe));
                put(&storage, person(1, 100, "ada", "", ""), ALL);
                let kind = folder.file_name().unwrap().to_str().unwrap();
                if session.with_extension("session-wal").exists() {
                    say(&format!("{kind}: log"));
                }
                say(&notices(&storage).join("\n"));
            }
        }
        "enter the log" => {
            let storage = open_with(&path, journal::options(Journal::WalProcessSafe));
            ready();
            let noticed = put(&storage, person(1, 100, "ada", "", ""), ALL);
            say(&format!("noticed: {noticed}"));
            say(&format!("log: {}", path.with_extension("session-wal").exists()));
        }
        "look" => {
            let storage = open_with(&path, READ_ONLY());
            assert_eq!(storage.load().unwrap().auth_key, Some(key(0)));
            ready();
        }
        "read" => {
            let db = Connection::open(&path).unwrap();
            db.query_row("SELECT count(*) FROM entities", [], |_| Ok(())).unwrap();
            ready();
        }
        "write and close" => {
            let n = ready();
            run(
                &path,
                &format!("INSERT INTO entities (id, hash, name) VALUES (1000 + {n}, 1, 'theirs')"),
            );
            ready();
        }
        other => panic!("no task {other}"),
    }
}
