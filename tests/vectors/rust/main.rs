//! The runner of the test vectors for Rust. `tests/vectors/README.md` says what a runner does.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test program: what is wrong in a vector shall stop it"
)]

mod values;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mtsession::{
    AuthKey, Dc, DcKey, DcOption, Error, ErrorKind, Identity, Options, PeerId, Result, Salt,
    SentFile, Session, SqliteOptions,
};
use serde_json::Value;

use values::Answer::{self, Ambiguous, Lines, NotFound};
use values::*;

/// Every kind of failure; the header has a status of the same name for each.
const KINDS: [(ErrorKind, &str); 15] = [
    (ErrorKind::Argument, "MTS_E_ARGUMENT"),
    (ErrorKind::Io, "MTS_E_IO"),
    (ErrorKind::Storage, "MTS_E_STORAGE"),
    (ErrorKind::Corrupt, "MTS_E_CORRUPT"),
    (ErrorKind::Busy, "MTS_E_BUSY"),
    (ErrorKind::Owned, "MTS_E_OWNED"),
    (ErrorKind::Format, "MTS_E_FORMAT"),
    (ErrorKind::Version, "MTS_E_VERSION"),
    (ErrorKind::ReadOnly, "MTS_E_READ_ONLY"),
    (ErrorKind::Exists, "MTS_E_EXISTS"),
    (ErrorKind::Secret, "MTS_E_SECRET"),
    (ErrorKind::Callback, "MTS_E_CALLBACK"),
    (ErrorKind::Unsupported, "MTS_E_UNSUPPORTED"),
    (ErrorKind::Closed, "MTS_E_CLOSED"),
    (ErrorKind::Internal, "MTS_E_INTERNAL"),
];

fn status_of(error: &Error) -> &'static str {
    KINDS.iter().find(|(kind, _)| *kind == error.kind()).unwrap().1
}

/// The session of a case, and where it is.
struct Case {
    folder: PathBuf,
    session: Session,
    /// Of a session in a file, to open it again.
    path: Option<PathBuf>,
    options: (SqliteOptions, Options),
}

impl Case {
    fn new(folder: &Path, place: &str, options: (SqliteOptions, Options)) -> Result<Case> {
        let path = (place == "file").then(|| folder.join("me.session"));
        let session = match &path {
            Some(path) => Session::open(path, &options.0, &options.1)?,
            None => Session::from_string("", &options.1)?,
        };
        Ok(Case { folder: folder.to_owned(), session, path, options })
    }

    fn become_(&mut self, session: Session, path: Option<PathBuf>, step: &Value) -> Answer {
        self.session = session;
        self.path = path;
        self.options = options(step, "options");
        DONE
    }

    fn run(&mut self, step: &Value) -> Result<Answer> {
        let session = &self.session;
        let file = || match text(step, "file") {
            "" => None,
            name => Some(self.folder.join(name)),
        };
        Ok(match text(step, "op") {
            "open" => {
                let (path, options) = (file(), options(step, "options"));
                let opened = Session::open(path.as_ref().unwrap(), &options.0, &options.1)?;
                self.become_(opened, path, step)
            }
            "make_file" => {
                fs::write(file().unwrap(), bytes(step, "bytes")).unwrap();
                DONE
            }
            "from_string" => {
                let made = Session::from_string(text(step, "text"), &options(step, "options").1)?;
                self.become_(made, None, step)
            }
            "from_packed" => {
                let made =
                    Session::from_packed(&bytes(step, "bytes"), &options(step, "options").1)?;
                self.become_(made, None, step)
            }
            "to_string" => found(session.to_text()?.map(|text| text.to_string())),
            "to_packed" => found(session.to_packed()?.map(|packed| hex(&packed))),
            "save" => session.save().map(|()| DONE)?,
            "close" => session.close().map(|()| DONE)?,
            "delete" => session.delete().map(|()| DONE)?,
            "clone" => {
                let (path, options) = (file(), options(step, "options"));
                let copy = session.clone_to(path.as_deref(), &options.0, &options.1)?;
                self.become_(copy, path, step)
            }
            "reopen" => {
                let (sqlite, options) = &self.options;
                self.session = match &self.path {
                    Some(path) => {
                        session.close()?;
                        Session::open(path, sqlite, options)?
                    }
                    None => {
                        session.save()?;
                        session.clone_to(None, sqlite, options)?
                    }
                };
                DONE
            }
            op => {
                return match self.login(op, step)? {
                    Some(answer) => Ok(answer),
                    None => self.rows(op, step),
                };
            }
        })
    }

    /// The ops of the login and the data centers.
    fn login(&self, op: &str, step: &Value) -> Result<Option<Answer>> {
        let session = &self.session;
        let key_hex = |key: Option<&AuthKey>| found(key.map(|key| hex(key.as_bytes())));
        Ok(Some(match op {
            "dc" => found(session.dc()?.as_ref().map(dc)),
            "set_dc" => {
                let port = u32_of(step, "port").try_into().unwrap();
                session.set_dc(i32_of(step, "id"), text(step, "host"), port)?;
                DONE
            }
            "auth_key" => session.with_auth_key(key_hex)?,
            "auth_key_id" => {
                session.with_auth_key(|key| found(key.map(|key| format!("{:016x}", key.id()))))?
            }
            "set_auth_key" => session.set_auth_key(Some(&key(step)?)).map(|()| DONE)?,
            "clear_auth_key" => session.set_auth_key(None).map(|()| DONE)?,
            "tmp_auth_key" => session.with_tmp_auth_key(key_hex)?,
            "set_tmp_auth_key" => session.set_tmp_auth_key(Some(&key(step)?)).map(|()| DONE)?,
            "clear_tmp_auth_key" => session.set_tmp_auth_key(None).map(|()| DONE)?,
            "takeout_id" => found(session.takeout_id()?.map(|id| id.to_string())),
            "set_takeout_id" => session.set_takeout_id(Some(i64_of(step, "id"))).map(|()| DONE)?,
            "clear_takeout_id" => session.set_takeout_id(None).map(|()| DONE)?,
            "identity" => {
                let Identity { user_id, bot, test_mode, api_id } = session.identity()?;
                let flags = u32::from(bot) + 2 * u32::from(test_mode);
                line(format!("user {user_id} api {api_id} flags {flags}"))
            }
            "set_identity" => {
                let flags = u32_of(step, "flags");
                session.set_identity(&Identity {
                    user_id: i64_of(step, "user"),
                    bot: flags & 1 != 0,
                    test_mode: flags & 2 != 0,
                    api_id: i32_of(step, "api"),
                })?;
                DONE
            }
            "put_dc_options" => {
                let option = |of: &Value| DcOption {
                    dc: Dc {
                        id: i32_of(of, "id"),
                        host: text(of, "host").into(),
                        port: u32_of(of, "port").try_into().unwrap(),
                    },
                    flags: u32_of(of, "flags"),
                    secret: bytes(of, "secret"),
                };
                session.set_dc_options(list(step, "options").iter().map(option).collect())?;
                DONE
            }
            "dc_options" => {
                let show = |option: &DcOption| {
                    let secret = hex(&option.secret);
                    format!("{} flags {} secret {secret}", dc(&option.dc), option.flags)
                };
                Lines(session.dc_options()?.iter().map(show).collect())
            }
            "set_home" => session.set_home(i32_of(step, "dc"), &key(step)?).map(|()| DONE)?,
            "put_key" => {
                session.set_key(&DcKey {
                    dc: i32_of(step, "dc"),
                    slot: slot(step),
                    key: key(step)?,
                    created: i64_of(step, "created"),
                    expires: i64_of(step, "expires"),
                    user_id: i64_of(step, "user"),
                })?;
                DONE
            }
            "key" => found(session.key(i32_of(step, "dc"), slot(step))?.map(|key| {
                let DcKey { dc, slot, key, created, expires, user_id } = key;
                let (slot, id) = (slot as u32, key.id());
                format!(
                    "dc {dc} slot {slot} id {id:016x} created {created} expires {expires} user \
                     {user_id}"
                )
            })),
            "forget_key" => known(session.forget_key(i32_of(step, "dc"), slot(step))?),
            "put_salts" => {
                let dc = i32_of(step, "dc");
                let salt = |of: &Value| Salt {
                    dc,
                    salt: i64_of(of, "salt"),
                    since: i64_of(of, "since"),
                    until: i64_of(of, "until"),
                };
                let salts: Vec<Salt> = list(step, "salts").iter().map(salt).collect();
                session.set_salts(dc, &salts).map(|()| DONE)?
            }
            "salts" => {
                let show = |Salt { dc, salt, since, until }: &Salt| {
                    format!("dc {dc} salt {salt} since {since} until {until}")
                };
                Lines(session.salts(i32_of(step, "dc"))?.iter().map(show).collect())
            }
            _ => return Ok(None),
        }))
    }

    /// The ops of peers, update states, files and values.
    fn rows(&self, op: &str, step: &Value) -> Result<Answer> {
        let session = &self.session;
        let page = match u32_of(step, "page") {
            0 => 100,
            page => page as usize,
        };
        Ok(match op {
            "put" => {
                let records = list(step, "entities").iter().map(entity_ref);
                session.put_entities(&records.collect::<Result<Vec<_>>>()?).map(|()| DONE)?
            }
            "put_one" => session.put_entities(&[entity_ref(step)?]).map(|()| DONE)?,
            "input_peer" => {
                let (by, how) = look(step);
                looked_up(session.find_input_peer(by, how)?, peer)
            }
            "entity" => {
                let (by, how) = look(step);
                looked_up(session.find_entity(by, how)?, entity)
            }
            "entities" => {
                let (mut lines, mut after) = (Vec::new(), None);
                loop {
                    let records = session.entities(after, page)?;
                    assert!(records.len() <= page);
                    let Some(last) = records.last() else { break Lines(lines) };
                    after = Some(last.id);
                    lines.extend(records.iter().map(entity));
                }
            }
            "entity_count" => line(session.count_entities()?),
            "forget" => known(session.forget_entity(PeerId::from_marked(i64_of(step, "id"))?)?),
            "save_entities" => line(u32::from(session.saves_entities()?)),
            "set_save_entities" => {
                session.set_save_entities(u32_of(step, "on") != 0).map(|()| DONE)?
            }
            "set_states" => {
                let patches: Vec<_> = list(step, "states").iter().map(patch).collect();
                known(session.set_update_states(&patches, step["must_exist"] == true)?)
            }
            "state" => match session.update_state(i64_of(step, "id"))? {
                Some(known) => line(state(session, &known)?),
                None => NotFound,
            },
            "states" => {
                let (mut lines, mut after) = (Vec::new(), None);
                loop {
                    let states = session.update_states(after, page)?;
                    assert!(states.len() <= page);
                    let Some(last) = states.last() else { break Lines(lines) };
                    after = Some(last.id);
                    for known in &states {
                        lines.push(state(session, known)?);
                    }
                }
            }
            "remove_state" => known(session.remove_update_state(i64_of(step, "id"))?),
            "cache_file" => {
                let file = SentFile { id: i64_of(step, "id"), access_hash: i64_of(step, "hash") };
                session.cache_file(&file_key(step), &file).map(|()| DONE)?
            }
            "file" => {
                let key = file_key(step);
                found(session.file(&key)?.map(|SentFile { id, access_hash }| {
                    let (md5, size, kind) = (hex(&key.md5), key.size, key.kind as u32);
                    format!("md5 {md5} size {size} kind {kind} id {id} hash {access_hash}")
                }))
            }
            "put_value" => {
                let value = bytes(step, "value");
                session.put_value(text(step, "key"), &value, step["durable"] == true)?;
                DONE
            }
            "value" => {
                let key = text(step, "key");
                let value = session.value(key)?;
                found(value.map(|value| format!("{} {}", quoted(key), hex(&value))))
            }
            "remove_value" => {
                known(session.remove_value(text(step, "key"), step["durable"] == true)?)
            }
            other => panic!("no op {other:?}"),
        })
    }

    /// Runs a step: its status, the lines of its answer, the message of its failure.
    fn answer(&mut self, step: &Value) -> (&'static str, Vec<String>, String) {
        match self.run(step) {
            Ok(Lines(lines)) => ("MTS_OK", lines, String::new()),
            Ok(Ambiguous(lines)) => ("MTS_AMBIGUOUS", lines, String::new()),
            Ok(NotFound) => ("MTS_NOT_FOUND", Vec::new(), String::new()),
            Err(error) => (status_of(&error), Vec::new(), error.message().to_owned()),
        }
    }

    /// Runs steps up to the first that answers wrongly, and says what is wrong.
    fn steps(&mut self, steps: &[Value]) -> std::result::Result<(), String> {
        for (number, step) in steps.iter().enumerate() {
            let (status, lines, message) = self.answer(step);
            let wanted = step["status"].as_str().unwrap_or("MTS_OK");
            let gives: Vec<_> = list(step, "gives").iter().filter_map(Value::as_str).collect();
            let says = text(step, "says");
            if status != wanted || lines != gives || !message.contains(says) {
                return Err(format!(
                    "step {}, {}: {step}\n  answered {status} {message:?} {lines:#?}",
                    number + 1,
                    text(step, "op")
                ));
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// The statuses that are failures are the kinds of failure; the others are this language's own
/// ways to answer.
fn check_statuses(vectors: &Path) -> std::result::Result<(), String> {
    let statuses = read(&vectors.join("statuses.json"));
    let statuses = statuses.as_object().unwrap();
    let mut failures: Vec<_> =
        statuses.iter().filter(|(_, number)| number.as_i64() < Some(0)).map(|s| s.0).collect();
    failures.sort();
    let mut kinds: Vec<_> = KINDS.iter().map(|(_, name)| *name).collect();
    kinds.sort_unstable();
    if failures != kinds {
        return Err(format!("the kinds of failure are {kinds:?}, not {failures:?}"));
    }
    Ok(())
}

fn check(vectors: &Path, folder: &Path) -> (usize, usize) {
    let (mut passed, mut failed) = (0, 0);
    let mut count = |name: &str, outcome: std::result::Result<(), String>| match outcome {
        Ok(()) => passed += 1,
        Err(wrong) => {
            failed += 1;
            println!("{name}, {wrong}");
        }
    };
    count("statuses.json", check_statuses(vectors));
    let mut files: Vec<_> =
        fs::read_dir(vectors).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let content = read(file);
        for (number, case) in list(&content, "cases").iter().enumerate() {
            for place in ["memory", "file"] {
                if case.get("on").is_some() && !list(case, "on").iter().any(|on| on == place) {
                    continue;
                }
                let own = folder.join(format!("{name}-{number}-{place}"));
                fs::create_dir(&own).unwrap();
                let steps = |mut run: Case| run.steps(list(case, "steps"));
                let outcome = Case::new(&own, place, options(case, "options"))
                    .map_err(|error| error.to_string())
                    .and_then(steps);
                count(&format!("{name}: {}, {place}", text(case, "name")), outcome);
            }
        }
    }
    (passed, failed)
}

fn write(dump: &Value, path: &Path) -> std::result::Result<(), String> {
    let options = options(dump, "options");
    let session = Session::open(path, &options.0, &options.1).map_err(|e| e.to_string())?;
    let path = Some(path.to_owned());
    let mut case = Case { folder: PathBuf::new(), session, path, options };
    case.steps(list(dump, "steps"))?;
    case.session.close().map_err(|error| error.to_string())
}

fn dump(dump: &Value, path: &Path) -> std::result::Result<(), String> {
    let options = options(dump, "dump_options");
    let session = Session::open(path, &options.0, &options.1).map_err(|e| e.to_string())?;
    let path = Some(path.to_owned());
    let mut case = Case { folder: PathBuf::new(), session, path, options };
    for step in list(dump, "dump") {
        let op = text(step, "op");
        match case.answer(step) {
            ("MTS_OK", lines, _) => lines.iter().for_each(|line| println!("{op} {line}")),
            ("MTS_NOT_FOUND", ..) => {}
            (status, ..) => println!("{op} {status}"),
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let [verb, vectors, path] = words.as_slice() else {
        panic!("usage: check VECTORS FOLDER, write VECTORS FILE, dump VECTORS FILE")
    };
    let (vectors, path) = (Path::new(vectors), Path::new(path));
    let asked = || read(&vectors.join("dump.json"));
    let outcome = match verb.to_str() {
        Some("check") => {
            let (passed, failed) = check(vectors, path);
            println!("{passed} passed, {failed} failed");
            return ExitCode::from(u8::from(failed > 0));
        }
        Some("write") => write(&asked(), path),
        Some("dump") => dump(&asked(), path),
        _ => panic!("no verb {verb:?}"),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            println!("{wrong}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
    }

    #[test]
    fn every_case_answers_as_it_should() {
        let folder = tempfile::tempdir().unwrap();
        let (passed, failed) = check(&vectors(), folder.path());
        assert!(passed > 100 && failed == 0, "{passed} passed, {failed} failed; see the output");
    }

    /// Other languages take the numbers from these two files.
    #[test]
    fn the_numbers_are_those_of_the_header() {
        let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/mtsession.h");
        let header = fs::read_to_string(header).unwrap();
        let (mut statuses, mut constants) = (serde_json::Map::new(), serde_json::Map::new());
        for line in header.lines().map(str::trim) {
            if let Some((name, number)) = line.split_once(" = ")
                && let Ok(number) = number.trim_end_matches(',').parse::<i32>()
            {
                statuses.insert(name.to_owned(), number.into());
            } else if let Some(rest) = line.strip_prefix("#define ")
                && let Some((name, number)) = rest.split_once(' ')
                && !name.contains("VERSION")
                && let Ok(number) = number.parse::<i32>()
            {
                constants.insert(name.to_owned(), number.into());
            }
        }
        assert_eq!(read(&vectors().join("statuses.json")), Value::Object(statuses));
        assert_eq!(read(&vectors().join("constants.json")), Value::Object(constants));
    }
}
