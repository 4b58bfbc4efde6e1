//! The contract suite over the storages of the Rust API. The caller's own storage, made of C
//! callbacks, passes it in `src/ffi/custom/tests.rs`.

// A test may stop at the first surprise, in its helpers too.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

#[path = "contract/suite.rs"]
#[macro_use]
mod suite;

use mtsession::{Options, Session, SqliteOptions};

mod memory {
    use super::*;

    struct Memory;

    impl suite::Place for Memory {
        fn open(&self, options: &Options) -> Session {
            Session::new(Box::new(mtsession::MemoryStorage::default()), options).unwrap()
        }

        fn reopen(&self, session: Session, options: &Options) -> Session {
            session.save().unwrap();
            session.clone_to(None, &SqliteOptions::default(), options).unwrap()
        }
    }

    contract!(Memory);
}

mod sqlite {
    use super::*;

    pub struct File {
        folder: tempfile::TempDir,
        schema_8: bool,
    }

    impl File {
        pub fn new(schema_8: bool) -> File {
            File { folder: tempfile::tempdir().unwrap(), schema_8 }
        }
    }

    impl suite::Place for File {
        fn open(&self, options: &Options) -> Session {
            let sqlite = SqliteOptions { schema_8: self.schema_8, ..SqliteOptions::default() };
            Session::open(&self.folder.path().join("a.session"), &sqlite, options).unwrap()
        }

        fn reopen(&self, session: Session, options: &Options) -> Session {
            session.close().unwrap();
            self.open(options)
        }
    }

    contract!(File::new(false));
}

mod sqlite_8 {
    use super::*;

    contract!(sqlite::File::new(true));
}
