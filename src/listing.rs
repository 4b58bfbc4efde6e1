//! The sessions of a directory, and what is in them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::{Dc, Error, ErrorKind, Result, SqliteOptions, SqliteStorage, Storage};

/// A session file, and what is in it. Nothing here is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The file name without `.session`, as Telethon lists it. What is not UTF-8 in it shows as
    /// `U+FFFD`: for people to read, while the path opens the file.
    pub name: String,
    /// The directory that was asked for, and the file name in it.
    pub path: PathBuf,
    /// Who writes such files and at which schema (`Telethon 7`); empty where there is a problem. A
    /// JSON session of Telethon 0.15 shows as the schema that it opens with.
    pub format: String,
    /// The home data center; `None` in a session that never was online.
    pub dc: Option<Dc>,
    /// Id of the auth key of the home data center; 0 without one: not logged in.
    pub key_id: u64,
    /// The account's own user id; 0 when not known.
    pub user_id: i64,
    /// How many entities are stored.
    pub entities: u64,
    /// How many update states are stored, that of the account among them.
    pub update_states: u64,
    /// Why the session could not be read. The fields above then tell nothing but name and path.
    pub problem: Option<Error>,
}

impl SessionInfo {
    /// Reads what is in the session file at `path`, which may be in use: it is opened read-only, and
    /// nothing is written. What goes wrong is told in `problem`.
    pub fn read(path: &Path) -> SessionInfo {
        let mut info = SessionInfo {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            path: path.to_owned(),
            format: String::new(),
            dc: None,
            key_id: 0,
            user_id: 0,
            entities: 0,
            update_states: 0,
            problem: None,
        };
        info.problem = info.fill().err();
        info
    }

    /// Fills in all that the file tells, or nothing.
    fn fill(&mut self) -> Result<()> {
        let meta = std::fs::metadata(&self.path).map_err(|e| Error::io("read", &self.path, &e))?;
        // To open a named pipe would wait for its other end.
        if !meta.is_file() {
            return Err(Error::new(
                ErrorKind::Format,
                format!("{} is no session: it is not a regular file", self.path.display()),
            ));
        }
        let options = SqliteOptions { read_only: true, create: false, ..Default::default() };
        let (storage, account) = SqliteStorage::open_loaded(&self.path, &options)?;
        let (entities, states) = (storage.count()?, storage.states()?);
        self.format = format!("Telethon {}", storage.schema());
        self.key_id = account.key_id();
        self.user_id = account.identity.user_id;
        self.dc = account.dc;
        self.entities = entities;
        self.update_states = states.len() as u64;
        Ok(())
    }
}

/// The sessions in `directory`, and what is in them, in the order of their file names: Telethon's
/// `list_sessions`, for any directory. Directories below it are not looked into.
///
/// Every file `*.session` is there; one that cannot be read says why in
/// [`problem`](SessionInfo::problem). Fails only if the directory cannot be read.
pub fn list_sessions(directory: &Path) -> Result<Vec<SessionInfo>> {
    Ok(session_files(directory)?.iter().map(|path| SessionInfo::read(path)).collect())
}

/// The paths that [`list_sessions`] reads, in its order, for those who read them a few at a time.
pub(crate) fn session_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |cause: std::io::Error| Error::io("list the sessions in", directory, &cause);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // A file named `.session` and no more has no name to be listed by.
        if path.extension() == Some(OsStr::new("session")) {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::AuthKey;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
    }

    #[test]
    fn sessions_are_listed_by_name_with_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::copy(fixture("telethon/telethon-1.45.0.session"), path("b.session")).unwrap();
        fs::copy(fixture("telethon/telethon-1.18.0.session"), path("a.session")).unwrap();
        fs::copy(fixture("telethon/telethon-0.15.5.7.session"), path("c.session")).unwrap();
        fs::write(path("d.session"), "garbage").unwrap();
        fs::write(path("e.session-journal"), "").unwrap();
        fs::write(path("f.txt"), "").unwrap();
        fs::write(path(".session"), "").unwrap();
        fs::create_dir(path("g.session")).unwrap();
        symlink(path("nowhere"), path("h.session")).unwrap();
        symlink(path("b.session"), path("i.session")).unwrap();
        let no_text = OsStr::from_bytes(b"j\xff.session");
        fs::copy(path("a.session"), folder.path().join(no_text)).unwrap();
        let before: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();

        let list = list_sessions(folder.path()).unwrap();
        let names: Vec<_> = list.iter().map(|info| info.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d", "g", "h", "i", "j\u{fffd}"]);
        let key = AuthKey::new(&(0..=255).collect::<Vec<u8>>()).unwrap();
        for (index, format, user_id) in
            [(0, "Telethon 7", 0), (1, "Telethon 8", 123_456_789), (6, "Telethon 8", 123_456_789)]
        {
            let info = &list[index];
            assert_eq!(info.problem, None);
            assert_eq!(info.path, path(&format!("{}.session", info.name)));
            assert_eq!((info.format.as_str(), info.user_id), (format, user_id));
            assert_eq!(info.dc, Some(Dc::new(2, "149.154.167.51", 443).unwrap()));
            assert_eq!(info.key_id, key.id());
            assert_eq!(info.update_states, 2);
        }
        // Telethon's row 0 of the second file tells who the account is, and is no entity.
        assert_eq!((list[0].entities, list[1].entities), (12, 14));
        assert_eq!((list[2].entities, list[2].key_id), (13, key.id()), "{:?}", list[2]);
        for (index, kind) in [(3, ErrorKind::Format), (4, ErrorKind::Format), (5, ErrorKind::Io)] {
            let problem = list[index].problem.as_ref().unwrap();
            assert_eq!(problem.kind(), kind, "{problem}");
            let path = list[index].path.to_str().unwrap();
            assert!(problem.message().contains(path), "{problem}");
        }
        assert_eq!(list[7].path, folder.path().join(no_text));
        assert_eq!(list[7].problem, None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before.len());
    }

    #[test]
    fn a_pipe_does_not_stop_the_listing() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.session");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let list = list_sessions(folder.path()).unwrap();
        assert!(list[0].problem.as_ref().unwrap().message().contains("not a regular file"));
    }

    #[test]
    fn a_directory_that_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(list_sessions(folder.path()).unwrap(), []);
        let missing = folder.path().join("missing");
        let error = list_sessions(&missing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains(missing.to_str().unwrap()), "{error}");
    }
}
