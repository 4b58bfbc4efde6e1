//! Bytes that the library owns and wipes.

use std::ptr;

use zeroize::Zeroizing;

use super::guard::free;
use crate::format::wipe;

/// Bytes that the library made for you: yours, until mts_buffer_free, which wipes them. Any
/// thread may read or free it.
pub struct mts_buffer {
    /// The bytes and a NUL behind them.
    bytes: Zeroizing<Vec<u8>>,
}

impl mts_buffer {
    /// Takes the bytes over; where there is room for the NUL, without a copy.
    pub(super) fn new(mut bytes: Zeroizing<Vec<u8>>) -> mts_buffer {
        if bytes.capacity() == bytes.len() {
            // Growing would leave an unwiped copy behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(bytes.len() + 1));
            larger.extend_from_slice(&bytes);
            wipe(std::mem::replace(&mut bytes, larger));
        }
        bytes.push(0);
        mts_buffer { bytes }
    }
}

impl Drop for mts_buffer {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.bytes));
    }
}

/// ==== Buffers ====
///
/// The bytes; a NUL follows the last of them, so that a text can be read as a C string. Valid until
/// mts_buffer_free; NULL for NULL.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_buffer_data(buffer: *const mts_buffer) -> *const u8 {
    // SAFETY: the header's promises.
    let buffer = unsafe { buffer.as_ref() };
    buffer.map_or(ptr::null(), |buffer| buffer.bytes.as_ptr())
}

/// How many bytes there are, without the NUL; 0 for NULL.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mts_buffer_len(buffer: *const mts_buffer) -> usize {
    // SAFETY: the header's promises.
    let buffer = unsafe { buffer.as_ref() };
    buffer.map_or(0, |buffer| buffer.bytes.len() - 1)
}

/// Wipes and frees a buffer; NULL is fine.
///
/// Telethon: none. Never calls back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mts_buffer_free(buffer: *mut mts_buffer) {
    // SAFETY: the header's promises.
    unsafe { free(buffer) };
}
