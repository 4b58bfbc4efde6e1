//! The boundary itself: what it makes of pointers, lengths, strides and panics. (What the calls
//! do is tested in C, through the built library.)

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

use super::account::*;
use super::entities::*;
use super::error::*;
use super::guard::*;
use super::lookups::*;
use super::session::*;
use super::states::*;
use super::status::mts_status::{self, *};
use crate::{Error, ErrorKind};

/// A memory session, freed at the end.
struct Live(*mut mts_session);

impl Live {
    fn new() -> Live {
        let mut session = null_mut();
        // SAFETY: a place for a handle.
        let status = unsafe { mts_session_memory(null(), &mut session, null_mut()) };
        assert_eq!(status, MTS_OK);
        Live(session)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // SAFETY: live until here.
        unsafe { mts_session_free(self.0) };
    }
}

/// Runs a call that must fail, and gives status and text.
fn failure(call: impl FnOnce(*mut *mut mts_error) -> mts_status) -> (mts_status, String) {
    let mut error = null_mut();
    let status = call(&mut error);
    assert!(!error.is_null(), "{status:?} made no error object");
    // SAFETY: an error of the library's.
    unsafe {
        assert_eq!(mts_error_status(error), status);
        let text = CStr::from_ptr(mts_error_message(error)).to_str().unwrap().to_owned();
        mts_error_free(error);
        (status, text)
    }
}

/// A record with these texts at these places of a heap.
fn entity(id: i64, usernames: (u32, u32), name: (u32, u32)) -> mts_entity {
    let text = |(off, len)| mts_text { off, len };
    mts_entity {
        id,
        access_hash: id,
        usernames: text(usernames),
        name: text(name),
        ..Default::default()
    }
}

fn put(
    session: &Live,
    records: &[mts_entity],
    heap: &[u8],
    err: *mut *mut mts_error,
) -> mts_status {
    let stride = size_of::<mts_entity>();
    // SAFETY: a live session and Rust's own slices.
    unsafe {
        mts_session_put_entities(
            session.0,
            records.as_ptr(),
            records.len(),
            stride,
            heap.as_ptr(),
            heap.len(),
            err,
        )
    }
}

fn count(session: &Live) -> u64 {
    let mut count = 77;
    // SAFETY: a live session and a place for a number.
    assert_eq!(unsafe { mts_session_entity_count(session.0, &mut count, null_mut()) }, MTS_OK);
    count
}

#[test]
fn a_panic_becomes_a_status_and_an_error() {
    let mut error = null_mut();
    // SAFETY: a place for a pointer.
    let slot = unsafe { ErrorSlot::new(&mut error) };
    let status = guard(slot, || panic!("on purpose"));
    assert_eq!(status, MTS_E_INTERNAL);
    // SAFETY: an error of the library's.
    unsafe {
        assert_eq!(mts_error_status(error), MTS_E_INTERNAL);
        mts_error_free(error);
        // Nobody has to want the error.
        let status = guard(ErrorSlot::new(null_mut()), || panic!("on purpose"));
        assert_eq!(status, MTS_E_INTERNAL);
    }
}

#[test]
fn an_earlier_error_is_cleared_by_a_success() {
    let session = Live::new();
    let mut error: *mut mts_error = std::ptr::dangling_mut();
    let mut on = 0;
    // SAFETY: a live session and places for a number and a pointer.
    let status = unsafe { mts_session_save_entities(session.0, &mut on, &mut error) };
    assert_eq!((status, on), (MTS_OK, 1));
    assert!(error.is_null());
}

#[test]
fn texts_are_told_by_length_or_by_their_nul() {
    let with_nul = c"abc".as_ptr();
    // SAFETY: texts of ours.
    unsafe {
        assert_eq!(text("t", with_nul, Z).unwrap(), "abc");
        assert_eq!(text("t", with_nul, 2).unwrap(), "ab");
        assert_eq!(text("t", null(), 0).unwrap(), "");
        for (ptr, len, says) in [
            (null(), 3, "t is NULL, but its length is 3"),
            (null(), Z, "t is NULL"),
            (with_nul, usize::MAX - 1, "t: no memory has"),
            (c"ab\xff".as_ptr(), Z, "t is not UTF-8 from byte 2 on"),
        ] {
            let error = text("t", ptr, len).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(says), "{error}");
        }
        assert!(path("p", c"".as_ptr(), Z).unwrap_err().message().contains("p is empty"));
        let nul = path("p", c"a".as_ptr(), 2).unwrap_err();
        assert!(nul.message().contains("NUL at byte 1"), "{nul}");
    }
}

#[test]
fn outputs_are_cleared_though_another_argument_is_bad() {
    let mut peer = mts_input_peer { id: 9, access_hash: 9, ..Default::default() };
    let mut key = [9u8; 256];
    let mut session: *mut mts_session = std::ptr::dangling_mut();
    let size = size_of::<mts_input_peer>();
    // SAFETY: places of ours; NULL instead of sessions and texts.
    unsafe {
        let status = mts_session_input_peer(null(), null(), 5, 0, &mut peer, size, null_mut());
        assert_eq!(status, MTS_E_ARGUMENT);
        assert_eq!((peer.id, peer.access_hash), (0, 0));
        assert_eq!(mts_session_auth_key(null(), key.as_mut_ptr(), null_mut()), MTS_E_ARGUMENT);
        assert_eq!(key, [0; 256]);
        let status = mts_session_open(null(), 0, null(), &mut session, null_mut());
        assert_eq!(status, MTS_E_ARGUMENT);
        assert!(session.is_null());
    }
}

#[test]
fn texts_are_checked_alike_in_a_heap_that_is_all_text_and_in_a_large_one() {
    let session = Live::new();
    let text = "adaÉda".as_bytes();
    // As it is it is looked at as a whole; behind so much else, and no text, it is not.
    let large = [text, &[0xff; 1000]].concat();
    for (id, heap) in [(1, text), (2, &large)] {
        for (bad, says) in [
            (entity(9, (0, 3), (3, 1)), "record 1: name is not UTF-8"),
            (entity(9, (0, 3), (4, 3)), "record 1: name is not UTF-8"),
            (entity(9, (0, 3), (3, 2000)), "record 1: name lies outside"),
        ] {
            let (status, text) =
                failure(|err| put(&session, &[entity(9, (0, 3), (0, 3)), bad], heap, err));
            assert_eq!(status, MTS_E_ARGUMENT);
            assert!(text.starts_with(says), "{text}");
        }
        assert_eq!(put(&session, &[entity(id, (0, 3), (3, 4))], heap, null_mut()), MTS_OK);
    }
    let expected = vec![(1, "Éda".to_owned()), (2, "Éda".to_owned())];
    assert_eq!(pages(&session, 10, 100).0, expected);
}

#[test]
fn a_bad_record_is_named_and_nothing_is_taken_in() {
    let session = Live::new();
    let good = entity(1, (0, 3), (4, 3));
    for (bad, says) in [
        (entity(0, (0, 0), (0, 0)), "record 1: id 0"),
        (
            entity(2, (6, 2), (0, 0)),
            "record 1: usernames lies outside the heap (offset 6, length 2, heap 7)",
        ),
        (entity(2, (0, 0), (u32::MAX, u32::MAX)), "record 1: name lies outside"),
        (entity(2, (0, 0), (3, 1)), "record 1: name is not UTF-8"),
        (mts_entity { flags: 1 << 31, ..entity(2, (0, 0), (0, 0)) }, "record 1: entity 2: flags"),
    ] {
        let (status, text) = failure(|err| put(&session, &[good, bad], b"ada\xffAda", err));
        assert_eq!(status, MTS_E_ARGUMENT);
        assert!(text.starts_with(says), "{text}");
    }
    assert_eq!(count(&session), 0);
    assert_eq!(put(&session, &[good], b"ada\xffAda", null_mut()), MTS_OK);
    assert_eq!(count(&session), 1);
    assert_eq!(put(&session, &[], b"", null_mut()), MTS_OK);
    let alone = mts_entity { flags: 1 << 31, ..entity(2, (0, 0), (0, 0)) };
    let (_, text) = failure(|err| put(&session, &[alone], b"", err));
    assert!(text.starts_with("entity 2: flags"), "{text}");
}

#[test]
fn strides_that_cannot_be_are_refused_and_larger_ones_read_with_a_zero_tail() {
    let session = Live::new();
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Newer(mts_entity, u64);
    let put = |rows: &[Newer], count, stride, err| {
        // SAFETY: a live session; the library is told no more than there is, or refuses it.
        unsafe {
            mts_session_put_entities(session.0, rows.as_ptr().cast(), count, stride, null(), 0, err)
        }
    };
    let rows = [Newer(entity(1, (0, 0), (0, 0)), 0), Newer(entity(2, (0, 0), (0, 0)), 0)];
    let stride = size_of::<Newer>();
    assert_eq!(put(&rows, 2, stride, null_mut()), MTS_OK);
    assert_eq!(count(&session), 2);
    let says_more = [rows[0], Newer(rows[1].0, 1)];
    let (_, text) = failure(|err| put(&says_more, 2, stride, err));
    assert!(text.contains("record 1 says something in fields"), "{text}");
    for stride in [0, 1, size_of::<mts_entity>() - 1, usize::MAX] {
        let (status, text) = failure(|err| put(&rows, 1, stride, err));
        assert_eq!(status, MTS_E_ARGUMENT);
        assert!(text.contains("at least 56"), "{text}");
    }
    let (_, text) = failure(|err| put(&rows, usize::MAX / 8, stride, err));
    assert!(text.contains("no memory has"), "{text}");
    let (_, text) = failure(|err| {
        // SAFETY: NULL is refused.
        unsafe { mts_session_put_entities(session.0, null(), 1, 56, null(), 0, err) }
    });
    assert_eq!(text, "records is NULL");
}

#[test]
fn a_larger_record_of_the_callers_is_zero_where_this_library_knows_nothing() {
    let session = Live::new();
    assert_eq!(put(&session, &[entity(5, (0, 0), (0, 0))], b"", null_mut()), MTS_OK);
    let mut room = [0xffu8; 48];
    // SAFETY: a live session and 48 bytes of room.
    let status = unsafe {
        mts_session_input_peer_by_id(session.0, 5, 0, room.as_mut_ptr().cast(), 48, null_mut())
    };
    assert_eq!(status, MTS_OK);
    assert_eq!(room[..8], 5i64.to_ne_bytes());
    assert_eq!(room[40..], [0; 8]);
    let (status, _) = failure(|err| {
        // SAFETY: as above; the size is refused.
        unsafe { mts_session_input_peer_by_id(session.0, 5, 0, room.as_mut_ptr().cast(), 39, err) }
    });
    assert_eq!(status, MTS_E_ARGUMENT);
}

/// All entities, by pages of `cap` records and a heap of `heap_cap` bytes: ids and names.
fn pages(session: &Live, cap: usize, heap_cap: usize) -> (Vec<(i64, String)>, usize) {
    let mut rows = vec![mts_entity::default(); cap];
    let mut heap = vec![0xffu8; heap_cap];
    let (mut found, mut after, mut calls) = (Vec::new(), i64::MIN, 0);
    loop {
        let mut page = mts_page::default();
        let stride = size_of::<mts_entity>();
        // SAFETY: a live session and room of ours.
        let status = unsafe {
            mts_session_entities(
                session.0,
                after,
                rows.as_mut_ptr(),
                cap,
                stride,
                heap.as_mut_ptr(),
                heap_cap,
                &mut page,
                null_mut(),
            )
        };
        calls += 1;
        for row in &rows[..page.count as usize] {
            let (off, len) = (row.name.off as usize, row.name.len as usize);
            let c_string = CStr::from_bytes_until_nul(&heap[off..]).unwrap();
            assert_eq!(c_string.to_bytes(), &heap[off..off + len]);
            found.push((row.id, c_string.to_str().unwrap().to_owned()));
        }
        match status {
            MTS_OK => after = page.next,
            MTS_DONE => return (found, calls),
            other => panic!("{other:?}, {} bytes needed", page.heap_needed),
        }
    }
}

#[test]
fn pages_of_any_size_give_every_entity_once_and_end() {
    let session = Live::new();
    let heap = b"first second";
    let records: Vec<_> = (1..=1200)
        .map(|id| entity(id, (0, 0), if id % 3 == 0 { (0, 0) } else { (6, 6) }))
        .collect();
    assert_eq!(put(&session, &records, heap, null_mut()), MTS_OK);
    let expected: Vec<_> = (1..=1200)
        .map(|id| (id, if id % 3 == 0 { String::new() } else { "second".to_owned() }))
        .collect();
    // 512 is how many rows the library asks for at once.
    for (cap, heap_cap, calls) in [
        (1, 8, 1200),
        (7, 8, 0),
        (511, 8192, 3),
        (512, 8192, 3),
        (1200, 65536, 1),
        (5000, 65536, 1),
    ] {
        let (found, took) = pages(&session, cap, heap_cap);
        assert_eq!(found, expected, "cap {cap}, heap {heap_cap}");
        assert!(calls == 0 || calls == took, "cap {cap}: {took} calls");
    }
}

#[test]
fn a_heap_too_small_for_one_row_is_told_what_it_needs() {
    let session = Live::new();
    assert_eq!(put(&session, &[entity(1, (0, 3), (3, 3))], b"adaAda", null_mut()), MTS_OK);
    let (mut row, mut page) = (mts_entity::default(), mts_page::default());
    let size = size_of::<mts_entity>();
    let mut ask = |heap: &mut [u8]| {
        // SAFETY: a live session and room of ours.
        let status = unsafe {
            mts_session_entity_by_id(
                session.0,
                1,
                0,
                &mut row,
                size,
                heap.as_mut_ptr(),
                heap.len(),
                &mut page,
                null_mut(),
            )
        };
        (status, row.access_hash, row.usernames.len, page.heap_needed)
    };
    // A NUL, and a NUL behind each text.
    assert_eq!(ask(&mut []), (MTS_TOO_SMALL, 1, 0, 9));
    assert_eq!(ask(&mut [0; 8]), (MTS_TOO_SMALL, 1, 0, 9));
    let mut heap = [0xff; 9];
    assert_eq!(ask(&mut heap), (MTS_OK, 1, 3, 9));
    assert_eq!(&heap, b"\0ada\0Ada\0");
    // SAFETY: as above.
    let status = unsafe {
        mts_session_entities(
            session.0,
            i64::MIN,
            &mut row,
            1,
            size,
            null_mut(),
            0,
            &mut page,
            null_mut(),
        )
    };
    assert_eq!((status, page.count, page.heap_needed), (MTS_TOO_SMALL, 0, 9));
}

#[test]
fn absent_is_not_zero_in_update_states() {
    let session = Live::new();
    let size = size_of::<mts_update_state>();
    let set = |state: &mts_update_state, flags, err| {
        // SAFETY: a live session and a record of ours.
        unsafe { mts_session_set_update_state(session.0, state, size, flags, err) }
    };
    let pts =
        mts_update_state { id: 7, pts: 5, qts: 9, fields: MTS_STATE_PTS, ..Default::default() };
    assert_eq!(set(&pts, MTS_SET_MUST_EXIST, null_mut()), MTS_NOT_FOUND);
    assert_eq!(set(&pts, 0, null_mut()), MTS_OK);
    let date = mts_update_state { id: 7, date: 8, fields: MTS_STATE_DATE, ..Default::default() };
    assert_eq!(set(&date, MTS_SET_MUST_EXIST, null_mut()), MTS_OK);
    let mut state = mts_update_state::default();
    // SAFETY: a live session and room of ours.
    let status = unsafe { mts_session_update_state(session.0, 7, &mut state, size, null_mut()) };
    assert_eq!((status, state.pts, state.qts, state.date), (MTS_OK, 5, 0, 8));
    assert_eq!(state.fields, 15, "the hash of a channel that was never met");
    let (_, text) = failure(|err| set(&mts_update_state { id: 7, ..Default::default() }, 0, err));
    assert!(text.contains("update state 7: no value is meant"), "{text}");
    let (_, text) = failure(|err| set(&mts_update_state { id: -7, ..pts }, 0, err));
    assert!(text.starts_with("update state -7"), "{text}");
    let (_, text) = failure(|err| set(&pts, 2, err));
    assert!(text.contains("flags 0x2"), "{text}");
}

#[test]
fn a_channels_state_brings_its_access_hash() {
    let session = Live::new();
    let channel = mts_entity { access_hash: 99, ..entity(-1_000_000_000_007, (0, 0), (0, 0)) };
    assert_eq!(put(&session, &[channel], b"", null_mut()), MTS_OK);
    let size = size_of::<mts_update_state>();
    let states =
        [7, 8, 9].map(|id| mts_update_state { id, pts: 1, fields: 15, ..Default::default() });
    let (mut found, mut page) = ([mts_update_state::default(); 2], mts_page::default());
    // SAFETY: a live session, records and room of ours.
    unsafe {
        let status =
            mts_session_set_update_states(session.0, states.as_ptr(), 3, size, 0, null_mut());
        assert_eq!(status, MTS_OK);
        let mut page_after = |after| {
            mts_session_update_states(
                session.0,
                after,
                found.as_mut_ptr(),
                2,
                size,
                &mut page,
                null_mut(),
            )
        };
        assert_eq!(page_after(i64::MIN), MTS_OK);
        assert_eq!(page_after(8), MTS_DONE);
        assert_eq!((page.count, page.next, found[0].id), (1, 9, 9));
        assert_eq!(found[0].fields & MTS_STATE_ACCESS_HASH, 0);
        let status = mts_session_update_state(session.0, 7, &mut found[0], size, null_mut());
        assert_eq!((status, found[0].access_hash, found[0].fields), (MTS_OK, 99, 31));
        // What was read can be written as it is.
        let status = mts_session_set_update_state(session.0, &found[0], size, 0, null_mut());
        assert_eq!(status, MTS_OK);
    }
}

#[test]
fn a_notice_that_does_not_fit_stays_the_next_one() {
    let session = Live::new();
    // SAFETY: a live session.
    let core = unsafe { &(*session.0).core };
    core.return_notice(crate::Notice { kind: crate::NoticeKind::SaveFailed, text: "full".into() });
    let (mut kind, mut needed, mut buffer) = (0, 0, [1 as c_char; 5]);
    let mut ask = |cap| {
        // SAFETY: a live session and room of ours.
        let status = unsafe {
            mts_session_next_notice(
                session.0,
                &mut kind,
                buffer.as_mut_ptr(),
                cap,
                &mut needed,
                null_mut(),
            )
        };
        (status, kind, needed)
    };
    assert_eq!(ask(4), (MTS_TOO_SMALL, MTS_NOTICE_SAVE_FAILED, 5));
    assert_eq!(ask(5), (MTS_OK, MTS_NOTICE_SAVE_FAILED, 5));
    assert_eq!(ask(5), (MTS_DONE, 0, 0));
    assert_eq!(buffer.map(|byte| byte as u8), *b"full\0");
}

#[test]
fn what_is_null_is_free_to_free() {
    // SAFETY: NULL.
    unsafe {
        mts_session_free(null_mut());
        mts_error_free(null_mut());
        super::buffer::mts_buffer_free(null_mut());
        assert_eq!(mts_error_status(null()), MTS_OK);
        assert_eq!(*mts_error_message(null()), 0);
        assert!(super::buffer::mts_buffer_data(null()).is_null());
    }
}

#[test]
fn an_error_object_tells_all_that_the_error_knows() {
    let cause = std::io::Error::from_raw_os_error(libc::ENOSPC);
    let error = Error::io("write", std::path::Path::new("x"), &cause);
    let (status, text) = failure(|err| {
        // SAFETY: a place for a pointer.
        let status = guard(unsafe { ErrorSlot::new(err) }, || Err(error));
        assert_eq!(
            // SAFETY: the error just made.
            unsafe { (mts_error_errno(*err), mts_error_sqlite_code(*err)) },
            (libc::ENOSPC, 0)
        );
        status
    });
    assert_eq!(status, MTS_E_IO);
    assert!(text.starts_with("cannot write x"), "{text}");
}
