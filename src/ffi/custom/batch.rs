//! A commit as the callbacks see it: flat records, and one heap for their texts and bytes.

use std::fmt::Write as _;
use std::ptr;

use zeroize::Zeroizing;

use super::{
    MTS_COMMIT_DURABLE, MTS_COMMIT_OTHER_ACCOUNT, MTS_VALUE_REMOVED, mts_changes, mts_value,
};
use crate::ffi::entities::{mts_entity, mts_text, record};
use crate::ffi::states::mts_update_state;
use crate::storage::{Changes, account_record};
use crate::{Account, Entity, Error, ErrorKind, FileKey, FileKind, Result, SentFile};

/// One commit, owned.
#[derive(Default)]
pub(super) struct Batch {
    flags: u32,
    account: Option<Zeroizing<Vec<u8>>>,
    entities: Vec<mts_entity>,
    forget: Vec<i64>,
    states: Vec<mts_update_state>,
    forget_states: Vec<i64>,
    values: Vec<mts_value>,
    heap: Heap,
}

impl Batch {
    /// All of `changes` but the entities to put, which must be merged first.
    pub(super) fn new(changes: &Changes<'_>) -> Result<Batch> {
        let flag = |on, flag| if on { flag } else { 0 };
        let kept = |id: &i64| !changes.forget_states.contains(id);
        let mut batch = Batch {
            flags: flag(changes.durable, MTS_COMMIT_DURABLE)
                | flag(changes.other_account, MTS_COMMIT_OTHER_ACCOUNT),
            account: changes.account.map(|account| account_record::encode(account.new)),
            forget: changes.forget.iter().map(|id| id.marked()).collect(),
            states: (changes.states.iter().filter(|state| kept(&state.id)))
                .map(|state| mts_update_state::new(state, None))
                .collect(),
            forget_states: changes.forget_states.clone(),
            ..Batch::default()
        };
        for (key, file) in &changes.files {
            batch.value(&name_of(key), Some(&bytes_of(file)))?;
        }
        for (key, value) in &changes.values {
            batch.value(key, value.as_ref().map(|value| value.as_slice()))?;
        }
        Ok(batch)
    }

    /// Leaves nothing behind.
    pub(super) fn clear<'a>(
        states: impl Iterator<Item = i64>,
        files: impl Iterator<Item = &'a FileKey>,
        values: impl Iterator<Item = &'a String>,
    ) -> Result<Batch> {
        let mut batch = Batch {
            flags: MTS_COMMIT_DURABLE | MTS_COMMIT_OTHER_ACCOUNT,
            account: Some(account_record::encode(&Account::default())),
            forget_states: states.collect(),
            ..Batch::default()
        };
        for key in files {
            batch.remove_file(key)?;
        }
        for key in values {
            batch.value(key, None)?;
        }
        Ok(batch)
    }

    pub(super) fn put_entity(&mut self, entity: &Entity) -> Result<()> {
        let places = [
            self.heap.add(entity.usernames.as_bytes())?,
            self.heap.add(entity.phone.as_bytes())?,
            self.heap.add(entity.name.as_bytes())?,
        ];
        self.entities.push(record(entity, places));
        Ok(())
    }

    pub(super) fn forget_state(&mut self, id: i64) {
        self.forget_states.push(id);
    }

    pub(super) fn remove_file(&mut self, key: &FileKey) -> Result<()> {
        self.value(&name_of(key), None)
    }

    fn value(&mut self, key: &str, value: Option<&[u8]>) -> Result<()> {
        self.values.push(mts_value {
            key: self.heap.add(key.as_bytes())?,
            value: self.heap.add(value.unwrap_or_default())?,
            flags: if value.is_none() { MTS_VALUE_REMOVED } else { 0 },
            reserved: 0,
        });
        Ok(())
    }

    /// The batch as the callback gets it; it points into `self`.
    pub(super) fn changes(&self) -> mts_changes {
        let account = self.account.as_deref();
        mts_changes {
            size: size_of::<mts_changes>() as u32,
            flags: self.flags,
            account: account.map_or(ptr::null(), |account| account.as_ptr()),
            account_len: account.map_or(0, |account| account.len()),
            entities: self.entities.as_ptr(),
            entity_count: self.entities.len(),
            entity_stride: size_of::<mts_entity>(),
            forget: self.forget.as_ptr(),
            forget_count: self.forget.len(),
            states: self.states.as_ptr(),
            state_count: self.states.len(),
            state_stride: size_of::<mts_update_state>(),
            forget_states: self.forget_states.as_ptr(),
            forget_state_count: self.forget_states.len(),
            values: self.values.as_ptr(),
            value_count: self.values.len(),
            value_stride: size_of::<mts_value>(),
            heap: self.heap.0.as_ptr(),
            heap_len: self.heap.0.len(),
        }
    }
}

/// Texts and bytes of a batch, each with a NUL behind it; an absent one is the NUL at its start.
struct Heap(Zeroizing<Vec<u8>>);

impl Default for Heap {
    fn default() -> Heap {
        Heap(Zeroizing::new(vec![0]))
    }
}

impl Heap {
    fn add(&mut self, bytes: &[u8]) -> Result<mts_text> {
        if bytes.is_empty() {
            return Ok(mts_text::default());
        }
        let heap = &mut self.0;
        let end = heap.len() + bytes.len() + 1;
        let (Ok(off), Ok(len), Ok(_)) =
            (u32::try_from(heap.len()), u32::try_from(bytes.len()), u32::try_from(end))
        else {
            return Err(Error::argument(
                "a custom storage takes at most 4 GiB at once; save more often",
            ));
        };
        if end > heap.capacity() {
            // Growing by itself, the vector would leave a copy of opaque values, which may be
            // secret, behind in freed memory.
            let mut larger = Zeroizing::new(Vec::with_capacity(end.max(2 * heap.capacity())));
            larger.extend_from_slice(heap);
            *heap = larger;
        }
        heap.extend_from_slice(bytes);
        heap.push(0);
        Ok(mts_text { off, len })
    }
}

/// The session refuses such keys for values of the client's own.
const OWN_PREFIX: &str = "mts:";
const FILE: &str = "file:";

/// The key that a sent file is stored under.
fn name_of(key: &FileKey) -> String {
    let mut name = format!("{OWN_PREFIX}{FILE}");
    for byte in key.md5 {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    let _ = write!(name, ":{}:{}", key.size, key.kind as u8);
    name
}

/// The sent file that a value's key means; `None` where it is a value of the client's own.
pub(super) fn key_of(name: &str) -> Result<Option<FileKey>> {
    let Some(own) = name.strip_prefix(OWN_PREFIX) else { return Ok(None) };
    let key = (|| {
        let mut parts = own.strip_prefix(FILE)?.split(':');
        let digits = parts.next()?;
        let mut md5 = [0; 16];
        if digits.len() != 2 * md5.len() || !digits.bytes().all(|d| d.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in md5.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        let size = parts.next()?.parse().ok()?;
        let kind = FileKind::from_number(parts.next()?.parse().ok()?)?;
        parts.next().is_none().then_some(FileKey { md5, size, kind })
    })();
    key.map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::Corrupt,
            format!("the custom storage has a value {name:?}, a key that this library never made"),
        )
    })
}

fn bytes_of(file: &SentFile) -> [u8; 16] {
    let mut bytes = [0; 16];
    let (id, hash) = bytes.split_at_mut(8);
    id.copy_from_slice(&file.id.to_le_bytes());
    hash.copy_from_slice(&file.access_hash.to_le_bytes());
    bytes
}

/// The sent file that was stored under `key`.
pub(super) fn file_of(key: &FileKey, bytes: &[u8]) -> Result<SentFile> {
    let halves = (bytes.len() == 16).then(|| bytes.split_at(8));
    let number = |half: &[u8]| half.try_into().ok().map(i64::from_le_bytes);
    halves
        .and_then(|(id, hash)| Some(SentFile { id: number(id)?, access_hash: number(hash)? }))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                format!("the custom storage's value {:?} is damaged", name_of(key)),
            )
        })
}

/// The account that a record holds.
pub(super) fn account_of(record: &[u8]) -> Result<Account> {
    account_record::decode(record).map_err(|error| error.at("the custom storage's account record"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_its_key_come_back_and_other_keys_are_not_files() {
        let key = FileKey { md5: [0xab; 16], size: 1 << 40, kind: FileKind::Photo };
        let file = SentFile { id: -1, access_hash: i64::MAX };
        assert_eq!(name_of(&key), format!("mts:file:{}:1099511627776:1", "ab".repeat(16)));
        assert_eq!(key_of(&name_of(&key)).unwrap(), Some(key));
        assert_eq!(file_of(&key, &bytes_of(&file)).unwrap(), file);
        assert_eq!(key_of("config").unwrap(), None);
        for damaged in ["mts:", "mts:file:", "mts:file:ab:1:0", "mts:other"] {
            assert_eq!(key_of(damaged).unwrap_err().kind(), ErrorKind::Corrupt, "{damaged}");
        }
        let long = format!("{}:2", name_of(&key));
        assert!(key_of(&long).is_err());
        assert!(file_of(&key, &[0; 15]).is_err());
    }

    #[test]
    fn texts_end_in_nul_and_an_absent_one_is_empty() {
        let mut heap = Heap::default();
        assert_eq!(heap.add(b"").unwrap(), mts_text { off: 0, len: 0 });
        assert_eq!(heap.add(b"abc").unwrap(), mts_text { off: 1, len: 3 });
        assert_eq!(heap.add(b"d").unwrap(), mts_text { off: 5, len: 1 });
        assert_eq!(heap.0.as_slice(), b"\0abc\0d\0");
    }
}
