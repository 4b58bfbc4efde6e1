//! Files that were sent before and need not be uploaded again.

/// What a sent file was sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// A document (`InputDocument`).
    Document = 0,
    /// A photo (`InputPhoto`).
    Photo = 1,
}

impl FileKind {
    /// The kind of that number.
    pub fn from_number(number: i64) -> Option<FileKind> {
        match number {
            0 => Some(FileKind::Document),
            1 => Some(FileKind::Photo),
            _ => None,
        }
    }
}

/// What a sent file is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey {
    /// MD5 digest of its content.
    pub md5: [u8; 16],
    /// Its size in bytes.
    pub size: i64,
    /// What it was sent as.
    pub kind: FileKind,
}

/// What the server knows a sent file by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// Its id.
    pub id: i64,
    /// Its access hash for this account.
    pub access_hash: i64,
}
