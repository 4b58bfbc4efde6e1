//! Custom storages: the caller's table of callbacks.

mod adapter;
mod batch;

use std::ffi::{c_char, c_void};

use self::adapter::Adapter;
pub(super) use self::adapter::Gate;
pub use self::sink::mts_out;
use super::entities::{mts_entity, mts_text};
use super::error::mts_error;
use super::guard::{ErrorSlot, guard, out_handle, plain};
use super::options::{Chosen, mts_options};
use super::session::mts_session;
use super::states::mts_update_state;
use super::status::mts_status;
use crate::Session;

/// Commit: what is in it must survive the loss of power once the callback has returned.
pub const MTS_COMMIT_DURABLE: u32 = 1;
/// Commit: the account is another one now. Remove every entity before the rest is applied.
pub const MTS_COMMIT_OTHER_ACCOUNT: u32 = 2;

/// A value of a commit: remove it.
pub const MTS_VALUE_REMOVED: u32 = 2;

/// What a custom storage is asked for: the entity with the marked id `id`.
pub const MTS_FIND_ID: u32 = 1;
/// What a custom storage is asked for: the entities with the username `text`.
pub const MTS_FIND_USERNAME: u32 = 2;
/// What a custom storage is asked for: the entities with the phone number `text`.
pub const MTS_FIND_PHONE: u32 = 3;
/// What a custom storage is asked for: the entities with exactly the display name `text`.
pub const MTS_FIND_NAME: u32 = 4;

/// A value of a commit. Key and bytes are in the heap.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mts_value {
    /// The key.
    pub key: mts_text,
    /// The bytes.
    pub value: mts_text,
    /// 0, or MTS_VALUE_REMOVED.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

plain!(mts_value = 24);

/// What a custom storage is to store: all of it, or nothing. It belongs to the library and ends
/// with the callback. Step through each array by its stride: a newer library may have longer
/// records.
#[repr(C)]
pub struct mts_changes {
    /// sizeof(mts_changes) of the library that is running; newer ones may append fields.
    pub size: u32,
    /// Any of MTS_COMMIT_*.
    pub flags: u32,
    /// The account record: opaque bytes that replace the stored ones, secret keys among them. NULL:
    /// it did not change.
    pub account: *const u8,
    /// Length of the account record.
    pub account_len: usize,
    /// Whole entities, each replacing the stored one of that id.
    pub entities: *const mts_entity,
    /// How many.
    pub entity_count: usize,
    /// Bytes from one to the next.
    pub entity_stride: usize,
    /// Marked ids of entities to remove.
    pub forget: *const i64,
    /// How many.
    pub forget_count: usize,
    /// Update states, each replacing the stored one of that id.
    pub states: *const mts_update_state,
    /// How many.
    pub state_count: usize,
    /// Bytes from one to the next.
    pub state_stride: usize,
    /// Ids of update states to remove.
    pub forget_states: *const i64,
    /// How many.
    pub forget_state_count: usize,
    /// Values to store or to remove. Sent files are among them, under keys "mts:file:…".
    pub values: *const mts_value,
    /// How many.
    pub value_count: usize,
    /// Bytes from one to the next.
    pub value_stride: usize,
    /// The texts and bytes of the records above.
    pub heap: *const u8,
    /// Length of the heap.
    pub heap_len: usize,
}

/// A storage of your own: what Telethon calls subclassing `Session`. Set `size` to
/// sizeof(mts_storage) and every field you have no use for to zero; a missing callback answers
/// MTS_E_UNSUPPORTED when it is needed.
///
/// Each callback gets your `user` and answers a status: MTS_OK, or an MTS_E_* that becomes the
/// status of the call (any other number: MTS_E_CALLBACK), with mts_out_error for the text. What it
/// finds it hands to mts_out_*, which copy at once; `out` is good until the callback returns.
///
/// They may come on any thread that uses the session. Commits come one at a time; `find` and `list`
/// may run beside a commit and beside each other. A callback must not call functions of its own
/// session (they answer MTS_E_CALLBACK), nor throw or longjmp.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mts_storage {
    /// sizeof(mts_storage).
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Passed to each callback.
    pub user: *mut c_void,
    /// Answers the account record, every update state and every value, by mts_out_account,
    /// mts_out_state and mts_out_value; nothing for a new session. Called once, at the opening.
    /// Missing: the session begins empty.
    pub load: Option<unsafe extern "C" fn(user: *mut c_void, out: *mut mts_out) -> i32>,
    /// Stores all of `changes`, or nothing. The same changes may come again after a failure.
    /// Missing: nothing can be saved.
    pub commit: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            changes: *const mts_changes,
            out: *mut mts_out,
        ) -> i32,
    >,
    /// Answers the entities that `by` (MTS_FIND_*) asks for, by mts_out_entity. `text` is
    /// normalised: a username in lower case without "@" (compare it with each of an entity's
    /// usernames), a phone number's digits; it has `text_len` bytes and a NUL.
    pub find: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            by: u32,
            id: i64,
            text: *const c_char,
            text_len: usize,
            out: *mut mts_out,
        ) -> i32,
    >,
    /// Answers at most `max` entities with a marked id above `after`, the lowest ones, by
    /// mts_out_entity.
    pub list: Option<
        unsafe extern "C" fn(user: *mut c_void, after: i64, max: u32, out: *mut mts_out) -> i32,
    >,
    /// Claims the storage for this session, or answers MTS_E_OWNED. Called once, before `load`;
    /// `free` is where to let go. May be missing.
    pub lock: Option<unsafe extern "C" fn(user: *mut c_void, out: *mut mts_out) -> i32>,
    /// The session is gone and no callback will come any more: free `user`. Called once, by
    /// mts_session_free; not where mts_session_custom fails, and not in a child process after fork.
    /// May be missing.
    pub free: Option<unsafe extern "C" fn(user: *mut c_void)>,
}

/// ==== A storage of your own ====
///
/// Opens a session that your callbacks keep. The table is copied; `user` is lent to the library
/// until `free` is called. Of the flags of `options`, those that mean a file are refused.
///
/// When this fails, `free` is not called: `user` is still yours, and so is what `lock` claimed.
///
/// Telethon: a subclass of `Session`. Calls back `lock` and `load`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_custom(
    storage: *const mts_storage,
    options: *const mts_options,
    out: *mut *mut mts_session,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (out, storage, options, err) = unsafe {
        (out_handle("out", out), Adapter::new(storage), Chosen::new(options), ErrorSlot::new(err))
    };
    guard(err, || {
        let (out, adapter) = (out?, storage?);
        let options = options?.without_file("a custom storage")?;
        adapter.begin()?;
        let gate = adapter.gate();
        let session = Session::new(Box::new(adapter), &options)?;
        gate.own();
        Ok(out.give(mts_session::new(session, Some(gate))))
    })
}

// Here, so that its functions stand behind mts_session_custom in the header.
mod sink;

#[cfg(test)]
mod tests;
