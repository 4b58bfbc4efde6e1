//! Where a callback puts its answer. Everything is copied at once, so no memory of the caller's is
//! kept and no allocator of his is met.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::entity::{normal_phone, normal_usernames};
use crate::ffi::entities::{entity_ref, mts_entity};
use crate::ffi::guard::{self, HeapIn};
use crate::ffi::states::mts_update_state;
use crate::ffi::status::{mts_status, mts_status::*};
use crate::{Entity, Error, ErrorKind, Result, UpdateState};

/// Where a callback of a custom storage puts its answer; good until the callback returns. Its
/// functions answer MTS_OK, or a failure that also makes the call fail which needed the callback.
pub struct mts_out(Mutex<Option<Answer>>);

/// What a callback is expected to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// The account record, update states and values.
    Login,
    /// Entities.
    Entities,
    /// Nothing but its status.
    Nothing,
}

/// What a callback has answered.
pub(super) struct Answer {
    wants: Wants,
    pub(super) account: Option<Zeroizing<Vec<u8>>>,
    pub(super) states: Vec<UpdateState>,
    pub(super) values: Vec<(String, Zeroizing<Vec<u8>>)>,
    pub(super) entities: Vec<Entity>,
    /// The text of [`mts_out_error`].
    pub(super) error: Option<String>,
    /// The first rule that was broken.
    pub(super) wrong: Option<Error>,
}

impl mts_out {
    pub(super) fn new() -> mts_out {
        mts_out(Mutex::new(None))
    }

    fn answer(&self) -> MutexGuard<'_, Option<Answer>> {
        // Each call leaves it whole, a panic included.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, wants: Wants) {
        *self.answer() = Some(Answer {
            wants,
            account: None,
            states: Vec::new(),
            values: Vec::new(),
            entities: Vec::new(),
            error: None,
            wrong: None,
        });
    }

    pub(super) fn end(&self) -> Option<Answer> {
        self.answer().take()
    }

    /// Runs one function of a callback, and remembers its failure for the call that waits.
    fn take(
        &self,
        function: &str,
        wanted: Option<Wants>,
        put: impl FnOnce(&mut Answer) -> Result<()>,
    ) -> mts_status {
        let mut answer = self.answer();
        let Some(answer) = answer.as_mut() else {
            // Nobody waits: the callback has returned.
            return MTS_E_CALLBACK;
        };
        let put = match wanted {
            Some(wanted) if wanted != answer.wants => {
                Err(Error::argument("this callback is not asked for that"))
            }
            _ => put(answer),
        };
        match put {
            Ok(()) => MTS_OK,
            Err(error) => {
                let status = error.kind().into();
                answer
                    .wrong
                    .get_or_insert(Error::new(ErrorKind::Callback, format!("{function}: {error}")));
                status
            }
        }
    }
}

/// # Safety
/// `out` is NULL or came with a callback of a session that is not freed yet.
unsafe fn put(
    out: *mut mts_out,
    function: &str,
    wanted: Option<Wants>,
    put: impl FnOnce(&mut Answer) -> Result<()>,
) -> mts_status {
    // SAFETY: the caller's promise; the sink of a callback lives as long as its storage.
    let Some(out) = (unsafe { out.as_ref() }) else {
        return MTS_E_ARGUMENT;
    };
    let mut status = MTS_E_INTERNAL;
    guard::guard_quiet(|| status = out.take(function, wanted, put));
    status
}

/// Inside `load`: the account record, as the last commit with one gave it.
///
/// Telethon: what a subclass's `auth_key`, `dc_id` and their like give. Never calls back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_out_account(
    out: *mut mts_out,
    account: *const u8,
    account_len: usize,
) -> mts_status {
    // SAFETY: the header's promises.
    unsafe {
        let account = guard::bytes("account", account, account_len);
        put(out, "mts_out_account", Some(Wants::Login), |answer| {
            answer.account = Some(Zeroizing::new(account?.to_vec()));
            Ok(())
        })
    }
}

/// Inside `load`: one update state. `state_size`: sizeof(mts_update_state).
///
/// Telethon: what a subclass's `get_update_states()` gives. Never calls back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_out_state(
    out: *mut mts_out,
    state: *const mts_update_state,
    state_size: usize,
) -> mts_status {
    // SAFETY: the header's promises.
    unsafe {
        let state = guard::record("state", state, state_size);
        put(out, "mts_out_state", Some(Wants::Login), |answer| {
            let patch = state?.patch()?;
            patch.check()?;
            answer.states.push(patch.apply(UpdateState::default()));
            Ok(())
        })
    }
}

/// Inside `load`: one value.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_out_value(
    out: *mut mts_out,
    key: *const c_char,
    key_len: usize,
    value: *const u8,
    value_len: usize,
) -> mts_status {
    // SAFETY: the header's promises.
    unsafe {
        let key = guard::text("key", key, key_len);
        let value = guard::bytes("value", value, value_len);
        put(out, "mts_out_value", Some(Wants::Login), |answer| {
            answer.values.push((key?.to_owned(), Zeroizing::new(value?.to_vec())));
            Ok(())
        })
    }
}

/// Inside `find` and `list`: one entity, and the heap its texts are in. `entity_size`:
/// sizeof(mts_entity).
///
/// Telethon: what a subclass's `get_entity_rows_by_…` give. Never calls back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_out_entity(
    out: *mut mts_out,
    entity: *const mts_entity,
    entity_size: usize,
    heap: *const u8,
    heap_len: usize,
) -> mts_status {
    // SAFETY: the header's promises.
    unsafe {
        let entity = guard::record("entity", entity, entity_size);
        let heap = guard::bytes("heap", heap, heap_len);
        put(out, "mts_out_entity", Some(Wants::Entities), |answer| {
            let (record, heap) = (entity?, heap?);
            let entity = entity_ref(&record, HeapIn::new(heap, 1))?;
            entity.check()?;
            answer.entities.push(Entity {
                id: entity.id,
                access_hash: entity.access_hash,
                seen: entity.seen,
                flags: entity.flags & Entity::KEPT_FLAGS,
                usernames: normal_usernames(entity.usernames).into(),
                phone: normal_phone(entity.phone).into(),
                name: entity.name.into(),
            });
            Ok(())
        })
    }
}

/// Inside any callback that will answer an MTS_E_*: one line of text that becomes part of the
/// error's message, with U+FFFD for what is not UTF-8.
///
/// Telethon: the exception that a subclass raises. Never calls back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_out_error(
    out: *mut mts_out,
    text: *const c_char,
    text_len: usize,
) -> mts_status {
    // SAFETY: the header's promises.
    unsafe {
        let text = guard::text_bytes("text", text, text_len);
        put(out, "mts_out_error", None, |answer| {
            answer.error = Some(String::from_utf8_lossy(text?).into_owned());
            Ok(())
        })
    }
}
