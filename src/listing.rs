//! stub, to be replaced: the sessions of a directory.
#![allow(missing_docs, dead_code, unused_variables)]
use std::path::{Path, PathBuf};

use crate::{Dc, Error, Result};

pub struct SessionInfo {
    pub name: String,
    pub path: PathBuf,
    pub format: String,
    pub dc: Option<Dc>,
    pub key_id: u64,
    pub user_id: i64,
    pub entities: u64,
    pub update_states: u64,
    pub problem: Option<Error>,
}

pub fn list_sessions(dir: &Path) -> Result<Vec<SessionInfo>> {
    todo!()
}
