//! How a session is opened.

use std::time::Duration;

use super::guard::{check_flags, plain, sized};
use crate::{Error, Journal, Options, Result, SqliteOptions};

/// Open: never write. A file of an older schema is shown in the new shape and stays as it is. The
/// session is not claimed, and may have an owner: do not connect with its auth key beside him.
pub const MTS_OPEN_READ_ONLY: u32 = 1;
/// Open: do not claim the session for this process. Several such clients may then share the file;
/// credentials that two of them change at once answer MTS_E_BUSY.
pub const MTS_OPEN_SHARED: u32 = 2;
/// Open: fail with MTS_E_IO where there is no file, instead of creating one.
pub const MTS_OPEN_EXISTING: u32 = 4;
/// Open: create a new file with schema 8 (Telethon 1.43 and later) instead of 7 (1.17 and later,
/// which newer ones raise by themselves). Only schema 8 has a place of its own for the temporary
/// auth key. Existing files keep their schema.
pub const MTS_OPEN_SCHEMA_8: u32 = 8;
/// Open: store the temporary auth key too (Telethon's `store_tmp_auth_key_on_disk`); otherwise it
/// lives in memory only.
pub const MTS_OPEN_STORE_TMP_AUTH_KEY: u32 = 16;
/// Open: take no entities in until mts_session_set_save_entities (Telethon's `save_entities`).
pub const MTS_OPEN_NO_ENTITIES: u32 = 32;

/// Journal: a rollback journal. The file alone is the session at all times, and what was saved
/// survives the loss of power. For nearly everybody. After saves within a second of each other an
/// empty -journal stands beside it, until a later save or closing removes it. It is in nobody's way.
pub const MTS_JOURNAL_ROLLBACK: u32 = 0;
/// Journal: a write-ahead log, several times faster for those who save at every update. What was
/// saved survives the loss of power. While the session is open, its file is whole only together
/// with the -wal file beside it: a copy of both that is made while something is saved is sure of the
/// credentials only, if the file was copied first (mts_session_clone_to is sure of all). It is
/// entered at the first write and left at close; where it would be dangerous (a network file system,
/// a file with several names, a shared session) a notice says so and the rollback journal serves.
/// Others may read and write the file meanwhile; only, the log is not begun anew until this session
/// next saves, or reads the file.
pub const MTS_JOURNAL_WAL: u32 = 1;
/// Journal: as MTS_JOURNAL_WAL, faster still. What was saved survives the death of the process, but
/// what was saved since the last credential may be lost with the power. Credentials are never.
pub const MTS_JOURNAL_WAL_PROCESS_SAFE: u32 = 2;

/// The flags that mean a file.
pub(super) const FILE_FLAGS: u32 =
    MTS_OPEN_READ_ONLY | MTS_OPEN_SHARED | MTS_OPEN_EXISTING | MTS_OPEN_SCHEMA_8;
const ALL_FLAGS: u32 = FILE_FLAGS | MTS_OPEN_STORE_TMP_AUTH_KEY | MTS_OPEN_NO_ENTITIES;

/// How a session is opened. Begin with MTS_OPTIONS_INIT; a zero field means its default. NULL
/// instead of options means all defaults.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct mts_options {
    /// sizeof(mts_options); MTS_OPTIONS_INIT sets it.
    pub size: u32,
    /// Any of MTS_OPEN_*.
    pub flags: u32,
    /// How long to wait for another program that is writing the file, in milliseconds; 5000 if 0.
    pub busy_timeout_ms: u32,
    /// Entities held in memory before the least used leave it; 100000 if 0.
    pub max_entities: u32,
    /// Unsaved rows at which a put saves by itself; 10000 if 0.
    pub max_dirty: u32,
    /// Age of the oldest unsaved row, in milliseconds, at which a put saves by itself; 60000 if 0,
    /// never if UINT32_MAX.
    pub max_dirty_age_ms: u32,
    /// One of MTS_JOURNAL_*.
    pub journal: u32,
}

plain!(mts_options = 28);

/// Options, checked and taken apart.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) session: Options,
    pub(super) sqlite: SqliteOptions,
    flags: u32,
}

impl Chosen {
    /// # Safety
    /// `options` is NULL or good for as many bytes as its first field says, at least for that.
    pub(super) unsafe fn new(options: *const mts_options) -> Result<Chosen> {
        if options.is_null() {
            return Chosen::of(mts_options::default());
        }
        // SAFETY: the caller's promise; options are integers. The first two fields have always been
        // there.
        let copy = unsafe { sized("options", options, 8) }?;
        Chosen::of(copy)
    }

    fn of(options: mts_options) -> Result<Chosen> {
        let flags = options.flags;
        check_flags("options", flags, ALL_FLAGS)?;
        let mut session = Options {
            save_entities: flags & MTS_OPEN_NO_ENTITIES == 0,
            store_tmp_auth_key: flags & MTS_OPEN_STORE_TMP_AUTH_KEY != 0,
            ..Options::default()
        };
        if options.max_entities != 0 {
            session.max_entities = options.max_entities as usize;
        }
        if options.max_dirty != 0 {
            session.max_dirty = options.max_dirty as usize;
        }
        session.max_dirty_age = match options.max_dirty_age_ms {
            0 => session.max_dirty_age,
            u32::MAX => Duration::ZERO,
            ms => Duration::from_millis(ms.into()),
        };
        let mut sqlite = SqliteOptions {
            read_only: flags & MTS_OPEN_READ_ONLY != 0,
            shared: flags & MTS_OPEN_SHARED != 0,
            create: flags & (MTS_OPEN_EXISTING | MTS_OPEN_READ_ONLY) == 0,
            schema_8: flags & MTS_OPEN_SCHEMA_8 != 0,
            ..SqliteOptions::default()
        };
        sqlite.journal = match options.journal {
            MTS_JOURNAL_ROLLBACK => Journal::Rollback,
            MTS_JOURNAL_WAL => Journal::WalPowerSafe,
            MTS_JOURNAL_WAL_PROCESS_SAFE => Journal::WalProcessSafe,
            other => {
                return Err(Error::argument(format!("options: there is no journal {other}")));
            }
        };
        if options.busy_timeout_ms != 0 {
            sqlite.busy_timeout = Duration::from_millis(options.busy_timeout_ms.into());
        }
        Ok(Chosen { session, sqlite, flags })
    }

    /// Refuses flags that would have no meaning: somebody counts on them. They are told by words, for
    /// not every language has the constants.
    pub(super) fn refuse(&self, flags: u32, place: &str) -> Result<()> {
        let wrong: Vec<_> = [
            (MTS_OPEN_READ_ONLY, "read-only"),
            (MTS_OPEN_SHARED, "shared"),
            (MTS_OPEN_EXISTING, "existing"),
            (MTS_OPEN_SCHEMA_8, "schema 8"),
        ]
        .into_iter()
        .filter(|(flag, _)| self.flags & flags & flag != 0)
        .map(|(_, name)| name)
        .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Error::argument(format!(
            "options: no meaning for {place}: {}; leave it out",
            wrong.join(", ")
        )))
    }

    /// For a session that no file keeps.
    pub(super) fn without_file(self, place: &str) -> Result<Options> {
        self.refuse(FILE_FLAGS, place)?;
        Ok(self.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<T>(options: &T) -> Result<Chosen> {
        // SAFETY: a live struct that begins with its size.
        unsafe { Chosen::new((&raw const *options).cast()) }
    }

    #[test]
    fn zero_means_the_default() {
        let sized = mts_options { size: 28, ..mts_options::default() };
        let (named, null) = (chosen(&sized).unwrap(), Chosen::of(mts_options::default()).unwrap());
        let defaults = (Options::default(), SqliteOptions::default());
        for chosen in [named, null] {
            assert_eq!(
                format!("{:?} {:?}", chosen.session, chosen.sqlite),
                format!("{:?} {:?}", defaults.0, defaults.1)
            );
        }
    }

    #[test]
    fn older_and_newer_structs_are_read_as_far_as_both_sides_know_them() {
        let old = [8, MTS_OPEN_SHARED, 77, 77];
        let old = chosen(&old).unwrap();
        assert!(old.sqlite.shared);
        assert_eq!(old.sqlite.busy_timeout, Duration::from_secs(5));

        let new = chosen(&[32, 0, 7, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(new.sqlite.busy_timeout, Duration::from_millis(7));
        assert!(chosen(&[32u32, 0, 0, 0, 0, 0, 0, 1]).unwrap_err().message().contains("newer"));
    }

    #[test]
    fn impossible_sizes_and_unknown_flags_are_refused() {
        for size in [0u32, 7, 4097, u32::MAX] {
            let error = chosen(&size).unwrap_err();
            assert!(error.message().contains("sizeof"), "{error}");
        }
        let error = chosen(&[8u32, 64]).unwrap_err();
        assert!(error.message().contains("0x40"), "{error}");
        let error = chosen(&[28u32, 0, 0, 0, 0, 0, 3]).unwrap_err();
        assert!(error.message().contains("journal 3"), "{error}");
    }

    #[test]
    fn flags_that_mean_a_file_are_refused_without_one() {
        for (flag, name) in [
            (MTS_OPEN_READ_ONLY, "read-only"),
            (MTS_OPEN_SHARED, "shared"),
            (MTS_OPEN_EXISTING, "existing"),
            (MTS_OPEN_SCHEMA_8, "schema 8"),
        ] {
            let error = chosen(&[8, flag]).unwrap().without_file("a memory session").unwrap_err();
            let said = format!("no meaning for a memory session: {name}; leave it out");
            assert!(error.message().contains(&said), "{error}");
        }
        let error = chosen(&[8, FILE_FLAGS]).unwrap().without_file("a copy").unwrap_err();
        assert!(error.message().contains("read-only, shared, existing, schema 8"), "{error}");
    }
}
