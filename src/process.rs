//! Whether this still is the process that opened a session.
//!
//! After a fork the child holds copies of the parent's locks, connections and descriptors, and
//! must not use any of them. Asking the kernel who one is costs more than a look-up in memory, so
//! whoever can be told of forks (the C boundary can) counts them here.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static COUNTED: AtomicBool = AtomicBool::new(false);
static FORKS: AtomicU32 = AtomicU32::new(0);
/// This process, where forks are counted.
static ID: AtomicU32 = AtomicU32::new(0);

/// From now on [`forked`] is called in each child.
pub(crate) fn forks_are_counted() {
    ID.store(std::process::id(), Ordering::Relaxed);
    COUNTED.store(true, Ordering::Release);
}

/// Called in the child of a fork.
pub(crate) fn forked() {
    ID.store(std::process::id(), Ordering::Relaxed);
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// The process that something belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    id: u32,
    forks: u32,
}

impl Process {
    /// This process.
    pub(crate) fn this() -> Process {
        let id = match COUNTED.load(Ordering::Acquire) {
            true => ID.load(Ordering::Relaxed),
            false => std::process::id(),
        };
        Process { id, forks: FORKS.load(Ordering::Relaxed) }
    }

    /// Whether this process is the one.
    pub(crate) fn is_this(self) -> bool {
        match COUNTED.load(Ordering::Relaxed) {
            true => self.forks == FORKS.load(Ordering::Relaxed),
            false => self.id == std::process::id(),
        }
    }

    /// Its number.
    pub(crate) fn id(self) -> u32 {
        self.id
    }
}
