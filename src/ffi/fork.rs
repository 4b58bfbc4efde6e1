//! Being told of forks.

use std::sync::Once;

use crate::process;

/// From now on forks are counted.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler only adds to an atomic number, which is allowed in the child of a
        // process with threads; it is a function of this library, and the C library forgets it
        // when this library is unloaded.
        if unsafe { libc::pthread_atfork(None, None, Some(in_child)) } == 0 {
            process::forks_are_counted();
        }
    });
}

unsafe extern "C" fn in_child() {
    process::forked();
}
