//! Every cast of the boundary: pointers in, records, texts and pages out, and the panic guard.
//!
//! The constructors are `unsafe` and run before anything else in an export, outputs included: so
//! outputs are cleared on every path, also when another argument turns out to be bad. What they
//! return is safe to use, or an error that says which argument is wrong.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr;

use super::entities::{mts_page, mts_text};
use super::error::mts_error;
use super::session::mts_session;
use super::status::mts_status;
use crate::{Error, Result};

/// `MTS_Z`: the length of a text that ends in NUL.
pub(super) const Z: usize = usize::MAX;

/// Larger strides and sizes are mistakes, not records of some future version.
const MAX_STRIDE: usize = 4096;

/// A record of the ABI.
///
/// # Safety
/// `repr(C)`, integers only (so that every bit pattern is a value), no padding (so that nothing
/// of this process leaks through it).
pub(super) unsafe trait Plain: Copy {
    /// Its size in the first version that had it: records grow at their tail.
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Declares records, with the sizes that `tests/c/layout.c` asserts on the other side.
macro_rules! plain {
    ($($record:ty = $size:literal),* $(,)?) => {$(
        const _: () = assert!(size_of::<$record>() == $size);
        // SAFETY: `repr(C)` and integers only; the size above is the sum of its fields' sizes.
        unsafe impl crate::ffi::guard::Plain for $record {}
    )*};
}
pub(super) use plain;

// SAFETY: integers.
unsafe impl Plain for i64 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for usize {}
// SAFETY: as above.
unsafe impl<const N: usize> Plain for [u8; N] {}

// What is cold stands apart, so that a call that succeeds does not save registers for it.

#[cold]
fn is_null(what: &str) -> Error {
    Error::argument(format!("{what} is NULL"))
}

/// Where the caller wants the error, if he does.
pub(super) struct ErrorSlot(*mut *mut mts_error);

impl ErrorSlot {
    /// # Safety
    /// `err` is NULL or good for a pointer.
    pub(super) unsafe fn new(err: *mut *mut mts_error) -> ErrorSlot {
        if !err.is_null() {
            // SAFETY: the caller's promise.
            unsafe { err.write(ptr::null_mut()) };
        }
        ErrorSlot(err)
    }

    fn fail(self, error: Error) -> mts_status {
        let status = mts_status::from(error.kind());
        if !self.0.is_null() {
            let owned = Box::into_raw(Box::new(mts_error::new(error)));
            // SAFETY: good for a pointer, as `new` was promised.
            unsafe { self.0.write(owned) };
        }
        status
    }
}

/// Runs one call of the ABI: failures become a status and an error object, panics too.
pub(super) fn guard(err: ErrorSlot, call: impl FnOnce() -> Result<mts_status>) -> mts_status {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => err.fail(error),
        Err(_) => err.fail(Error::internal(
            "mtsession stopped at a bug of its own; please report it. The file is as it was last \
             saved: close this session and open it again",
        )),
    }
}

/// Runs what cannot fail (`_free` functions): a panic ends here.
pub(super) fn guard_quiet(call: impl FnOnce()) {
    // Nobody to tell, and it must not cross into C.
    let _ = catch_unwind(AssertUnwindSafe(call));
}

/// The session behind a handle; refused inside a callback of its own storage, where going on
/// could wait for a lock that this very thread holds.
///
/// # Safety
/// `handle` is NULL or a live handle, and stays so for the call.
pub(super) unsafe fn session<'a>(handle: *const mts_session) -> Result<&'a mts_session> {
    // SAFETY: the caller's promise.
    let session = unsafe { handle.as_ref() }.ok_or_else(|| is_null("session"))?;
    session.refuse_inside_callback()?;
    Ok(session)
}

/// Bytes that the caller passes: NULL is fine where there are none.
///
/// # Safety
/// `ptr` is NULL or good for `len` bytes, unchanged while the result lives.
pub(super) unsafe fn bytes<'a>(what: &str, ptr: *const u8, len: usize) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() {
        return Err(Error::argument(format!("{what} is NULL, but its length is {len}")));
    }
    if isize::try_from(len).is_err() {
        return Err(Error::argument(format!("{what}: no memory has {len} bytes")));
    }
    // SAFETY: not NULL, of a possible length, and the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// UTF-8 text that the caller passes, its length in bytes or [`Z`].
///
/// # Safety
/// As [`bytes`]; where `len` is [`Z`], `ptr` is NULL or good up to a NUL.
pub(super) unsafe fn text<'a>(what: &str, ptr: *const c_char, len: usize) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    utf8(what, unsafe { text_bytes(what, ptr, len) }?)
}

/// As [`text`], without a look at what it says.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn text_bytes<'a>(
    what: &str,
    ptr: *const c_char,
    len: usize,
) -> Result<&'a [u8]> {
    if len != Z {
        // SAFETY: the caller's promise.
        return unsafe { bytes(what, ptr.cast(), len) };
    }
    if ptr.is_null() {
        return Err(is_null(what));
    }
    // SAFETY: not NULL, and the caller's promise.
    Ok(unsafe { CStr::from_ptr(ptr) }.to_bytes())
}

/// `bytes` as text.
pub(super) fn utf8<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str> {
    // Most texts, and much the shortest way to see it.
    if bytes.is_ascii() {
        // SAFETY: ASCII is UTF-8.
        return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    std::str::from_utf8(bytes).map_err(|cause| {
        Error::argument(format!("{what} is not UTF-8 from byte {} on", cause.valid_up_to()))
    })
}

/// A path that the caller passes.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn path<'a>(what: &str, ptr: *const c_char, len: usize) -> Result<&'a Path> {
    // SAFETY: the caller's promise.
    let text = unsafe { text(what, ptr, len) }?;
    if text.is_empty() {
        return Err(Error::argument(format!("{what} is empty")));
    }
    if let Some(at) = text.find('\0') {
        return Err(Error::argument(format!(
            "{what} has a NUL at byte {at}: no file is called so"
        )));
    }
    Ok(Path::new(text))
}

/// Records that the caller passes: read in place, one by one, by value.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, T> {
    base: *const u8,
    count: usize,
    stride: usize,
    caller: PhantomData<&'a [T]>,
}

/// # Safety
/// `base` is NULL or good for `count * stride` bytes, unchanged while the result lives.
pub(super) unsafe fn rows<'a, T: Plain>(
    what: &str,
    base: *const T,
    count: usize,
    stride: usize,
) -> Result<Rows<'a, T>> {
    if count != 0 {
        check_array::<T>(what, base.is_null(), count, ("stride", stride))?;
    }
    // SAFETY: the caller's promise, and the array is possible.
    unsafe { rows_checked(what, base, count, stride) }
}

/// # Safety
/// As [`rows`], and the array was found possible.
unsafe fn rows_checked<'a, T: Plain>(
    what: &str,
    base: *const T,
    count: usize,
    stride: usize,
) -> Result<Rows<'a, T>> {
    let rows = Rows { base: base.cast(), count, stride, caller: PhantomData };
    if stride > size_of::<T>() {
        rows.check_tails(what)?;
    }
    Ok(rows)
}

/// One record that the caller passes, with its size.
///
/// # Safety
/// `record` is NULL or good for `size` bytes.
pub(super) unsafe fn record<T: Plain>(what: &str, record: *const T, size: usize) -> Result<T> {
    check_array::<T>(what, record.is_null(), 1, ("size", size))?;
    // SAFETY: the caller's promise, and pointer and size are possible.
    Ok(unsafe { rows_checked(what, record, 1, size) }?.read(0))
}

/// As [`record`], in one place on the heap: what is secret in it would leave copies where it passes by
/// value.
///
/// # Safety
/// As [`record`].
pub(super) unsafe fn boxed_record<T: Plain>(
    what: &str,
    record: *const T,
    size: usize,
) -> Result<Box<T>> {
    check_array::<T>(what, record.is_null(), 1, ("size", size))?;
    // SAFETY: the caller's promise, and pointer and size are possible.
    unsafe { rows_checked(what, record, 1, size) }?;
    let mut boxed = Box::<T>::new_zeroed();
    let known = size.min(size_of::<T>());
    // SAFETY: both are good for so many bytes; any bytes are a `T`, for it is `Plain`, and in a record of
    // an older and smaller version the tail is zero.
    unsafe {
        ptr::copy_nonoverlapping(record.cast::<u8>(), boxed.as_mut_ptr().cast::<u8>(), known);
        Ok(boxed.assume_init())
    }
}

impl<T: Plain> Rows<'_, T> {
    /// Refuses records with more in them than is known here.
    #[cold]
    fn check_tails(&self, what: &str) -> Result<()> {
        for index in 0..self.count {
            // SAFETY: inside the array; the tail is `stride - size_of::<T>()` bytes long.
            let tail = unsafe {
                std::slice::from_raw_parts(
                    self.base.add(index * self.stride + size_of::<T>()),
                    self.stride - size_of::<T>(),
                )
            };
            check_tail(&format!("{what}: record {index}"), tail)?;
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The records in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + Clone + '_ {
        (0..self.count).map(|index| self.read(index))
    }

    fn read(&self, index: usize) -> T {
        debug_assert!(index < self.count);
        // SAFETY: inside the array, which `rows` was promised.
        let place = unsafe { self.base.add(index * self.stride) };
        if self.stride >= size_of::<T>() {
            // SAFETY: a whole record is there, and any bytes are a `T`, for it is `Plain`.
            return unsafe { place.cast::<T>().read_unaligned() };
        }
        let mut record = MaybeUninit::<T>::zeroed();
        // SAFETY: a record of an older and smaller version is there, which leaves the tail zero.
        unsafe {
            ptr::copy_nonoverlapping(place, record.as_mut_ptr().cast::<u8>(), self.stride);
            record.assume_init()
        }
    }
}

fn check_array<T: Plain>(
    what: &str,
    null: bool,
    count: usize,
    (measure, stride): (&str, usize),
) -> Result<()> {
    if null {
        return Err(is_null(what));
    }
    if stride < T::FIRST_SIZE || stride > MAX_STRIDE {
        return Err(impossible_stride(what, measure, stride, T::FIRST_SIZE));
    }
    if count.checked_mul(stride).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(too_many(what, count, stride));
    }
    Ok(())
}

#[cold]
fn impossible_stride(what: &str, measure: &str, stride: usize, least: usize) -> Error {
    Error::argument(format!(
        "{what}: a {measure} of {stride} bytes is impossible; a record has at least {least}"
    ))
}

#[cold]
fn too_many(what: &str, count: usize, stride: usize) -> Error {
    Error::argument(format!("{what}: no memory has {count} records of {stride} bytes"))
}

/// A struct that begins with its own size, as a `u32`: read as far as both sides know it, zero
/// beyond. `T` may be all zero bytes.
///
/// # Safety
/// `place` is NULL or good for as many bytes as that size says, at least for the size itself; the
/// bytes that are there are a `T`'s.
pub(super) unsafe fn sized<T: Copy>(what: &str, place: *const T, least: usize) -> Result<T> {
    if place.is_null() {
        return Err(is_null(what));
    }
    // SAFETY: not NULL, and the caller's promise.
    let size = unsafe { place.cast::<u32>().read_unaligned() } as usize;
    if size < least || size > MAX_STRIDE {
        return Err(Error::argument(format!(
            "{what}: a size of {size} bytes is impossible; its first field must be its sizeof"
        )));
    }
    let known = size.min(size_of::<T>());
    let mut copy = MaybeUninit::<T>::zeroed();
    // SAFETY: `known` bytes are there and fit the copy; the rest of it is zero, which the caller
    // promised to be fine.
    let (copy, tail) = unsafe {
        ptr::copy_nonoverlapping(place.cast::<u8>(), copy.as_mut_ptr().cast::<u8>(), known);
        let tail = std::slice::from_raw_parts(place.cast::<u8>().add(known), size - known);
        (copy.assume_init(), tail)
    };
    check_tail(what, tail)?;
    Ok(copy)
}

/// Refuses what a newer header added and this library would ignore.
pub(super) fn check_tail(what: &str, tail: &[u8]) -> Result<()> {
    if tail.iter().any(|byte| *byte != 0) {
        return Err(Error::argument(format!(
            "{what} says something in fields that this version of mtsession does not know; \
             leave them zero or use a newer library"
        )));
    }
    Ok(())
}

/// Refuses flags that a newer header has and this library would ignore.
pub(super) fn check_flags(what: &str, flags: u32, known: u32) -> Result<()> {
    match flags & !known {
        0 => Ok(()),
        unknown => Err(Error::argument(format!("{what}: flags {unknown:#x} are not known"))),
    }
}

/// Room of the caller's for records.
pub(super) struct Room<'a, T> {
    base: *mut u8,
    cap: usize,
    stride: usize,
    caller: PhantomData<&'a mut [T]>,
}

/// Room for several records, not cleared: the page beside it says how many are meant.
///
/// # Safety
/// `base` is NULL or good for writing `cap * stride` bytes.
pub(super) unsafe fn room<'a, T: Plain>(
    what: &str,
    base: *mut T,
    cap: usize,
    stride: usize,
) -> Result<Room<'a, T>> {
    if cap == 0 {
        return Err(Error::argument(format!("{what} has no room for a single record")));
    }
    check_array::<T>(what, base.is_null(), cap, ("stride", stride))?;
    Ok(Room { base: base.cast(), cap, stride, caller: PhantomData })
}

impl<T: Plain> Room<'_, T> {
    /// How many records fit.
    pub(super) fn cap(&self) -> usize {
        self.cap
    }

    /// Writes record number `index`, its unknown tail zero; does nothing past the end.
    pub(super) fn put(&mut self, index: usize, record: &T) {
        if index >= self.cap {
            return;
        }
        // SAFETY: inside the room that the constructor was promised; a record without padding.
        unsafe {
            let place = self.base.add(index * self.stride);
            let known = self.stride.min(size_of::<T>());
            ptr::copy_nonoverlapping((&raw const *record).cast::<u8>(), place, known);
            ptr::write_bytes(place.add(known), 0, self.stride - known);
        }
    }
}

/// Room for one value of the caller's. It is zero until something is put there.
pub(super) struct Out<'a, T>(Room<'a, T>);

/// # Safety
/// `place` is NULL or good for writing `size` bytes.
pub(super) unsafe fn out_sized<'a, T: Plain>(
    what: &str,
    place: *mut T,
    size: usize,
) -> Result<Out<'a, T>> {
    check_array::<T>(what, place.is_null(), 1, ("size", size))?;
    // SAFETY: the caller's promise, and pointer and size are possible.
    unsafe { ptr::write_bytes(place.cast::<u8>(), 0, size) };
    Ok(Out(Room { base: place.cast(), cap: 1, stride: size, caller: PhantomData }))
}

/// As [`out_sized`], for what cannot grow: numbers, keys, pages.
///
/// # Safety
/// `place` is NULL or good for writing a `T`.
pub(super) unsafe fn out<'a, T: Plain>(what: &str, place: *mut T) -> Result<Out<'a, T>> {
    // SAFETY: the caller's promise.
    unsafe { out_sized(what, place, size_of::<T>()) }
}

impl<T: Plain> Out<'_, T> {
    /// Writes the value.
    pub(super) fn put(&mut self, value: &T) {
        self.0.put(0, value);
    }

    /// Writes the value if there is one.
    pub(super) fn answer(&mut self, value: Option<&T>) -> mts_status {
        match value {
            Some(value) => {
                self.put(value);
                mts_status::MTS_OK
            }
            None => mts_status::MTS_NOT_FOUND,
        }
    }
}

/// Room for a handle of the caller's. It is NULL until something is put there.
pub(super) struct OutHandle<'a, T>(*mut *mut T, PhantomData<&'a mut *mut T>);

/// # Safety
/// `place` is NULL or good for writing a pointer.
pub(super) unsafe fn out_handle<'a, T>(what: &str, place: *mut *mut T) -> Result<OutHandle<'a, T>> {
    if place.is_null() {
        return Err(is_null(what));
    }
    // SAFETY: not NULL, and the caller's promise.
    unsafe { place.write(ptr::null_mut()) };
    Ok(OutHandle(place, PhantomData))
}

impl<T> OutHandle<'_, T> {
    /// Gives the caller a handle that [`free`] takes back.
    pub(super) fn give(self, handle: T) -> mts_status {
        // SAFETY: good for a pointer, as the constructor was promised.
        unsafe { self.0.write(Box::into_raw(Box::new(handle))) };
        mts_status::MTS_OK
    }
}

/// Takes back what [`OutHandle::give`] gave.
///
/// # Safety
/// `handle` is NULL or was given by `give` and not taken back yet; nobody uses it any more.
pub(super) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: the caller's promise.
        let owned = unsafe { Box::from_raw(handle) };
        guard_quiet(|| drop(owned));
    }
}

/// A byte buffer of the caller's.
pub(super) type Buffer<'a> = &'a mut [MaybeUninit<u8>];

/// # Safety
/// `base` is NULL or good for writing `cap` bytes, and nobody else uses them for the call.
pub(super) unsafe fn buffer<'a>(what: &str, base: *mut u8, cap: usize) -> Result<Buffer<'a>> {
    if cap == 0 {
        return Ok(&mut []);
    }
    if base.is_null() {
        return Err(Error::argument(format!("{what} is NULL, but its length is {cap}")));
    }
    if isize::try_from(cap).is_err() {
        return Err(Error::argument(format!("{what}: no memory has {cap} bytes")));
    }
    // SAFETY: not NULL, of a possible length, and the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(base.cast(), cap) })
}

/// Copies `bytes` into the caller's buffer, all or nothing, and says how long they are.
pub(super) fn fill(buffer: Buffer<'_>, needed: &mut Out<'_, usize>, bytes: &[u8]) -> mts_status {
    needed.put(&bytes.len());
    match buffer.get_mut(..bytes.len()) {
        Some(place) => {
            place.write_copy_of_slice(bytes);
            mts_status::MTS_OK
        }
        None => mts_status::MTS_TOO_SMALL,
    }
}

/// The heap of the caller's that texts of a page go to.
///
/// It begins with a NUL and has one after each text, so that C can read `heap + off` as a string,
/// an absent text (`{0, 0}`) included.
pub(super) struct HeapOut<'a> {
    room: Buffer<'a>,
    len: usize,
}

impl<'a> HeapOut<'a> {
    pub(super) fn new(room: Buffer<'a>) -> HeapOut<'a> {
        let len = room.len().min(1);
        if let Some(first) = room.first_mut() {
            first.write(0);
        }
        HeapOut { room, len }
    }

    /// Bytes written so far.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.len).unwrap_or(u32::MAX)
    }

    /// The size of a heap that holds the texts of this row and no other.
    pub(super) fn needed<const N: usize>(texts: [&str; N]) -> u32 {
        let bytes = HeapOut::row_len(texts);
        u32::try_from(bytes + usize::from(bytes != 0)).unwrap_or(u32::MAX)
    }

    fn row_len<const N: usize>(texts: [&str; N]) -> usize {
        texts.iter().filter(|text| !text.is_empty()).map(|text| text.len() + 1).sum()
    }

    /// Adds the texts of one row: all of them, or `None`.
    pub(super) fn add<const N: usize>(&mut self, texts: [&str; N]) -> Option<[mts_text; N]> {
        let end = self.len + HeapOut::row_len(texts);
        if end > self.room.len() || u32::try_from(end).is_err() {
            return None;
        }
        let mut places = [mts_text::default(); N];
        for (place, text) in places.iter_mut().zip(texts).filter(|(_, text)| !text.is_empty()) {
            let (off, len) = (self.len, text.len());
            self.room.get_mut(off..off + len)?.write_copy_of_slice(text.as_bytes());
            self.room.get_mut(off + len)?.write(0);
            *place = mts_text { off: u32::try_from(off).ok()?, len: u32::try_from(len).ok()? };
            self.len = off + len + 1;
        }
        Some(places)
    }
}

/// The heap that the caller passes, with the texts of his records.
#[derive(Clone, Copy)]
pub(super) struct HeapIn<'a> {
    bytes: &'a [u8],
    /// The same, where it was looked at as a whole and is text.
    whole: Option<&'a str>,
}

impl<'a> HeapIn<'a> {
    /// The heap of so many rows.
    pub(super) fn new(bytes: &'a [u8], rows: usize) -> HeapIn<'a> {
        // One look at all of it takes much less than one at each text, unless it is far larger.
        let dense = bytes.len() / 256 <= rows;
        let whole = if dense { std::str::from_utf8(bytes).ok() } else { None };
        HeapIn { bytes, whole }
    }

    /// The text that `place` names.
    #[inline]
    pub(super) fn text(self, what: &str, place: mts_text) -> Result<&'a str> {
        let (off, len) = (place.off as usize, place.len as usize);
        if len == 0 {
            return Ok("");
        }
        let range = off..off.saturating_add(len);
        if let Some(text) = self.whole.and_then(|whole| whole.get(range.clone())) {
            return Ok(text);
        }
        let bytes = self.bytes.get(range).ok_or_else(|| {
            Error::argument(format!(
                "{what} lies outside the heap (offset {off}, length {len}, heap {})",
                self.bytes.len()
            ))
        })?;
        utf8(what, bytes)
    }
}

/// How many rows a page asks the core for at once: bounds what is copied in vain when the
/// caller's heap fills first.
const CHUNK: usize = 512;

/// Fills one page. `fetch(last, max)` gets the rows after row `last` (`None`: after the caller's
/// starting point); `write(index, row)` puts one into the caller's memory and answers whether it
/// fitted; `next(row)` is what the caller passes to go on behind that row.
pub(super) fn fill_page<R>(
    cap: usize,
    mut fetch: impl FnMut(Option<&R>, usize) -> Result<Vec<R>>,
    next: impl Fn(&R) -> i64,
    mut write: impl FnMut(usize, &R) -> bool,
    needed: impl Fn(&R) -> u32,
) -> Result<(mts_page, mts_status)> {
    let mut page = mts_page::default();
    let mut count = 0;
    let mut last = None;
    loop {
        // One more than fits tells whether this page is the last.
        let max = (cap - count).saturating_add(1).min(CHUNK);
        let rows = fetch(last.as_ref(), max)?;
        let all = rows.len() < max;
        for row in rows {
            if count == cap {
                return Ok((page, mts_status::MTS_OK));
            }
            if !write(count, &row) {
                if count == 0 {
                    page.heap_needed = needed(&row);
                    return Ok((page, mts_status::MTS_TOO_SMALL));
                }
                return Ok((page, mts_status::MTS_OK));
            }
            count += 1;
            page.count = u32::try_from(count).unwrap_or(u32::MAX);
            page.next = next(&row);
            last = Some(row);
        }
        if all {
            return Ok((page, mts_status::MTS_DONE));
        }
    }
}
