//! Update states.

use super::entities::mts_page;
use super::error::mts_error;
use super::guard::{self, ErrorSlot, fill_page, guard, out_sized, plain, room};
use super::session::mts_session;
use super::status::mts_status;
use crate::{Error, ErrorKind, How, Look, PeerId, PeerKind, Result, UpdateState, UpdateStatePatch};

/// Update state, a field that is meant: pts.
pub const MTS_STATE_PTS: u32 = 1;
/// Update state, a field that is meant: qts.
pub const MTS_STATE_QTS: u32 = 2;
/// Update state, a field that is meant: date.
pub const MTS_STATE_DATE: u32 = 4;
/// Update state, a field that is meant: seq.
pub const MTS_STATE_SEQ: u32 = 8;
/// Update state, out: the channel's access hash is known. Ignored in.
pub const MTS_STATE_ACCESS_HASH: u32 = 16;

const VALUES: u32 = MTS_STATE_PTS | MTS_STATE_QTS | MTS_STATE_DATE | MTS_STATE_SEQ;

/// Setting update states: every one must be there already.
pub const MTS_SET_MUST_EXIST: u32 = 1;

/// How far the updates of the account, or of one channel, have been read.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mts_update_state {
    /// 0 for the account, else the bare id of a channel.
    pub id: i64,
    /// Out: the channel's access hash, where `fields` says so. Ignored in.
    pub access_hash: i64,
    /// Date of the last event, unix seconds.
    pub date: i64,
    /// Events of messages read so far.
    pub pts: i32,
    /// Events of secret chats and bots read so far; 0 for a channel.
    pub qts: i32,
    /// Sequence number of the last event; 0 for a channel.
    pub seq: i32,
    /// Any of MTS_STATE_*: which values are meant. In: the others stay as they are (0 where there
    /// was no state). Out: all, and MTS_STATE_ACCESS_HASH where the hash is known.
    pub fields: u32,
}

plain!(mts_update_state = 40);

impl mts_update_state {
    pub(super) fn new(state: &UpdateState, access_hash: Option<i64>) -> mts_update_state {
        let hash_flag = access_hash.map_or(0, |_| MTS_STATE_ACCESS_HASH);
        mts_update_state {
            id: state.id,
            access_hash: access_hash.unwrap_or(0),
            date: state.date,
            pts: state.pts,
            qts: state.qts,
            seq: state.seq,
            fields: VALUES | hash_flag,
        }
    }

    pub(super) fn patch(&self) -> Result<UpdateStatePatch> {
        guard::check_flags("fields", self.fields, VALUES | MTS_STATE_ACCESS_HASH)?;
        if self.fields & VALUES == 0 {
            return Err(Error::argument(format!(
                "update state {}: no value is meant; say which of pts, qts, date and seq are",
                self.id
            )));
        }
        let meant = |flag| self.fields & flag != 0;
        Ok(UpdateStatePatch {
            id: self.id,
            pts: meant(MTS_STATE_PTS).then_some(self.pts),
            qts: meant(MTS_STATE_QTS).then_some(self.qts),
            date: meant(MTS_STATE_DATE).then_some(self.date),
            seq: meant(MTS_STATE_SEQ).then_some(self.seq),
        })
    }
}

/// The state with its channel's access hash, which a client needs to ask for what it missed.
fn with_hash(session: &mts_session, state: &UpdateState) -> Result<mts_update_state> {
    let hash = match PeerId::from_bare(PeerKind::Channel, state.id) {
        Ok(channel) => {
            match session.core.find_input_peer(Look::Id(channel.marked()), How::default()) {
                Ok(found) => found.map(|found| found.item.access_hash),
                // A custom storage that cannot look up: the state itself is there all the same.
                Err(error) if error.kind() == ErrorKind::Unsupported => None,
                Err(error) => return Err(error),
            }
        }
        // The account's own.
        Err(_) => None,
    };
    Ok(mts_update_state::new(state, hash))
}

/// ==== Update states ====
///
/// How far the updates of `id` have been read: 0 for the account, else the bare id of a channel,
/// whose access hash comes along. MTS_NOT_FOUND: no state is kept. `out_size`:
/// sizeof(mts_update_state).
///
/// Telethon: `get_update_state(id)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_update_state(
    session: *const mts_session,
    id: i64,
    out: *mut mts_update_state,
    out_size: usize,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, out, err) =
        unsafe { (guard::session(session), out_sized("out", out, out_size), ErrorSlot::new(err)) };
    guard(err, || {
        let (session, mut out) = (session?, out?);
        let state = session.core.update_state(id)?;
        let state = state.map(|state| with_hash(session, &state)).transpose()?;
        Ok(out.answer(state.as_ref()))
    })
}

/// All update states by ascending id, the account's (0) first, page by page. `after`: INT64_MIN to
/// begin, then `page->next`. `out`: room for `cap` records of `stride` bytes. MTS_OK: there may be
/// more. MTS_DONE: this was the last page.
///
/// Telethon: `get_update_states()`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_update_states(
    session: *const mts_session,
    after: i64,
    out: *mut mts_update_state,
    cap: usize,
    stride: usize,
    page: *mut mts_page,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (page, session, room, err) = unsafe {
        (
            guard::out("page", page),
            guard::session(session),
            room("out", out, cap, stride),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (mut page, session, mut room) = (page?, session?, room?);
        let start = (after != i64::MIN).then_some(after);
        let (filled, status) = fill_page(
            room.cap(),
            |last: Option<&mts_update_state>, max| {
                let states = session.core.update_states(last.map(|last| last.id).or(start), max)?;
                states.iter().map(|state| with_hash(session, state)).collect()
            },
            |state| state.id,
            |index, state| {
                room.put(index, state);
                true
            },
            |_| 0,
        )?;
        page.put(&filled);
        Ok(status)
    })
}

/// Sets one update state; as mts_session_set_update_states with one record. `state_size`:
/// sizeof(mts_update_state).
///
/// Telethon: `set_update_state(id, state)`. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_update_state(
    session: *mut mts_session,
    state: *const mts_update_state,
    state_size: usize,
    flags: u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, state, err) = unsafe {
        (guard::session(session), guard::record("state", state, state_size), ErrorSlot::new(err))
    };
    guard(err, || set_update_states(session?, &[state?.patch()?], flags))
}

/// Sets update states: all of them, or none where one is bad. They wait in memory for the next save,
/// which never saves them ahead of entities that were put before them.
///
/// `flags`: 0 or MTS_SET_MUST_EXIST, with which MTS_NOT_FOUND says that one of them is not there
/// and nothing was set. A pts of 0 for the account is refused, and so is a negative id.
///
/// Telethon: `set_update_state(id, state)` for each. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_set_update_states(
    session: *mut mts_session,
    records: *const mts_update_state,
    count: usize,
    stride: usize,
    flags: u32,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, rows, err) = unsafe {
        (
            guard::session(session),
            guard::rows("records", records, count, stride),
            ErrorSlot::new(err),
        )
    };
    guard(err, || {
        let (session, rows) = (session?, rows?);
        let patches = (rows.iter().enumerate())
            .map(|(index, row)| row.patch().map_err(|error| error.at(format!("record {index}"))));
        set_update_states(session, &patches.collect::<Result<Vec<_>>>()?, flags)
    })
}

fn set_update_states(
    session: &mts_session,
    patches: &[UpdateStatePatch],
    flags: u32,
) -> Result<mts_status> {
    guard::check_flags("flags", flags, MTS_SET_MUST_EXIST)?;
    let must_exist = flags & MTS_SET_MUST_EXIST != 0;
    Ok(mts_status::found(session.core.set_update_states(patches, must_exist)?))
}

/// Removes an update state: the channel was left, say. MTS_NOT_FOUND: there was none.
///
/// Telethon: none. May call back a custom storage.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_session_remove_update_state(
    session: *mut mts_session,
    id: i64,
    err: *mut *mut mts_error,
) -> mts_status {
    // SAFETY: the header's promises.
    let (session, err) = unsafe { (guard::session(session), ErrorSlot::new(err)) };
    guard(err, || Ok(mts_status::found(session?.core.remove_update_state(id)?)))
}
