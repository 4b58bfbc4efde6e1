//! stub
#![allow(missing_docs)]
use crate::Result;
use std::path::Path;
use std::time::Duration;
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub read_only: bool,
    pub shared: bool,
    pub create: bool,
    pub schema_8: bool,
    pub busy_timeout: Duration,
}
impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions {
            read_only: false,
            shared: false,
            create: true,
            schema_8: false,
            busy_timeout: Duration::from_secs(5),
        }
    }
}
pub struct SqliteStorage {}
impl SqliteStorage {
    pub fn open(path: &Path, options: &SqliteOptions) -> Result<SqliteStorage> {
        todo!()
    }
}
