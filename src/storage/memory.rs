//! stub
use crate::Result;
#[derive(Default)]
/// stub
pub struct MemoryStorage {}
