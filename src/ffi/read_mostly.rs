//! A lock under which several threads read side by side.
//!
//! Not for C: it is here because it needs unsafe code. An [`RwLock`] counts its readers in one word,
//! which threads that only read take from each other all the time: two of them read no more together
//! than one alone. Here, once several threads are seen to read, each counts itself in a place of its
//! own, and who writes waits until all places are empty. What one thread uses, or is written again and
//! again, stays with the plain lock. (Dice and Kogan, "BRAVO: Biased Locking for Reader-Writer Locks",
//! 2019.)

use std::cell::{Cell, UnsafeCell};
use std::hint;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;

/// Places for readers; of more threads some share one.
const PLACES: usize = 8;
/// So often must the reading thread have changed since a write for readers to use the places.
const CHANGES: u32 = 16;

/// As [`RwLock`], for what is read by several threads at once.
pub(crate) struct ReadMostly<T> {
    lock: RwLock<()>,
    /// Readers may use the places. Set by one that holds the lock, unset by the writer that does.
    open: AtomicBool,
    places: OnceLock<Box<[Place; PLACES]>>,
    /// The stack of the thread that was the last to read under the lock.
    reader: AtomicUsize,
    /// How often that was another one than before.
    changes: AtomicU32,
    value: UnsafeCell<T>,
}

/// A writer panicked: the value may be half changed.
#[derive(Debug)]
pub(crate) struct Poisoned;

/// How many threads read there. No two share a line of the cache, nor lines fetched in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Place(AtomicUsize);

// SAFETY: as of `RwLock`: readers of several threads have `&T`, a writer of any thread has `&mut T`
// while nobody else has anything.
unsafe impl<T: Send + Sync> Sync for ReadMostly<T> {}

impl<T> ReadMostly<T> {
    pub(crate) fn new(value: T) -> ReadMostly<T> {
        ReadMostly {
            lock: RwLock::default(),
            open: AtomicBool::new(false),
            places: OnceLock::new(),
            reader: AtomicUsize::new(0),
            changes: AtomicU32::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// As [`RwLock::read`].
    pub(crate) fn read(&self) -> Result<ReadGuard<'_, T>, Poisoned> {
        if self.open.load(Ordering::Acquire)
            && let Some(place) = self.enter()
        {
            return Ok(ReadGuard { value: &self.value, _held: Held::Place(place) });
        }
        let lock = self.lock.read().map_err(|_| Poisoned)?;
        let reader = this_stack();
        if self.reader.load(Ordering::Relaxed) != reader {
            self.reader_changed(reader);
        }
        Ok(ReadGuard { value: &self.value, _held: Held::Lock(lock) })
    }

    /// As [`RwLock::write`].
    pub(crate) fn write(&self) -> Result<WriteGuard<'_, T>, Poisoned> {
        let lock = self.lock.write().map_err(|_| Poisoned)?;
        if self.open.load(Ordering::Relaxed) {
            self.close();
        }
        Ok(WriteGuard { value: &self.value, lock })
    }

    /// As [`RwLock::get_mut`].
    pub(crate) fn get_mut(&mut self) -> Result<&mut T, Poisoned> {
        self.lock.get_mut().map_err(|_| Poisoned)?;
        Ok(self.value.get_mut())
    }

    /// Takes the place of this thread, unless a writer has come.
    fn enter(&self) -> Option<Inside<'_>> {
        let Place(count) = self.places.get()?.get(thread_number() % PLACES)?;
        count.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(count);
        // Either the writer who unsets this sees the count, or what he unset is seen here: these
        // steps have one order for all.
        self.open.load(Ordering::SeqCst).then_some(inside)
    }

    /// Notes another reader. The caller holds the lock as a reader.
    #[cold]
    fn reader_changed(&self, reader: usize) {
        self.reader.store(reader, Ordering::Relaxed);
        if self.changes.fetch_add(1, Ordering::Relaxed) >= CHANGES {
            self.places.get_or_init(Box::default);
            // Whoever sees this sees what was written before this lock was taken.
            self.open.store(true, Ordering::Release);
        }
    }

    /// Waits until no reader is left in the places. The caller holds the lock as the writer, so that
    /// nobody opens them again.
    #[cold]
    fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
        self.changes.store(0, Ordering::Relaxed);
        for Place(count) in self.places.get().into_iter().flat_map(|places| places.iter()) {
            let mut rounds = 0_u32;
            while count.load(Ordering::SeqCst) != 0 {
                rounds = rounds.saturating_add(1);
                if rounds < 100 { hint::spin_loop() } else { thread::yield_now() }
            }
        }
    }
}

/// Roughly where the stack of this thread is, which takes less to see than its number. A call from
/// far deeper in may look like another thread, which only costs time.
fn this_stack() -> usize {
    const LARGE: u32 = 20;
    let here = 0_u8;
    ptr::from_ref(&here).addr() >> LARGE
}

/// Threads that were numbered one after the other have places of their own.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}

/// One reader in a place, until dropped.
struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // What was read was read before the writer goes on.
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// What keeps writers out.
enum Held<'a> {
    Place(#[expect(dead_code, reason = "held until dropped")] Inside<'a>),
    Lock(#[expect(dead_code, reason = "held until dropped")] RwLockReadGuard<'a, ()>),
}

/// The value, to read.
pub(crate) struct ReadGuard<'a, T> {
    value: &'a UnsafeCell<T>,
    _held: Held<'a>,
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: no writer has it while the lock is held, or a place that was taken while open.
        unsafe { &*self.value.get() }
    }
}

/// The value, to change.
pub(crate) struct WriteGuard<'a, T> {
    value: &'a UnsafeCell<T>,
    lock: RwLockWriteGuard<'a, ()>,
}

impl<'a, T> WriteGuard<'a, T> {
    /// As [`RwLockWriteGuard::downgrade`].
    pub(crate) fn downgrade(self) -> ReadGuard<'a, T> {
        let lock = RwLockWriteGuard::downgrade(self.lock);
        ReadGuard { value: self.value, _held: Held::Lock(lock) }
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: only this guard has it: the lock is held as the writer, and the places are empty.
        unsafe { &*self.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.value.get() }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::time::Duration;

    use super::*;

    /// Has two threads read by turns until the places are in use.
    fn open<T: Send + Sync>(shared: &ReadMostly<T>) {
        let turn = Barrier::new(2);
        let read = |first: bool| {
            for n in 0..=2 * CHANGES {
                if (n % 2 == 0) == first {
                    drop(shared.read().unwrap());
                }
                turn.wait();
            }
        };
        thread::scope(|threads| {
            threads.spawn(|| read(true));
            read(false);
        });
        assert!(shared.open.load(Ordering::SeqCst));
    }

    #[test]
    fn one_thread_stays_with_the_plain_lock() {
        let shared = ReadMostly::new(7);
        for _ in 0..100 {
            assert_eq!(*shared.read().unwrap(), 7);
        }
        assert!(shared.places.get().is_none());
    }

    #[test]
    fn a_writer_waits_for_the_readers_in_their_places() {
        let shared = ReadMostly::new(0);
        open(&shared);
        let wrote = AtomicBool::new(false);
        thread::scope(|threads| {
            let reader = shared.read().unwrap();
            assert!(matches!(reader._held, Held::Place(_)));
            threads.spawn(|| {
                *shared.write().unwrap() = 1;
                wrote.store(true, Ordering::SeqCst);
            });
            thread::sleep(Duration::from_millis(50));
            assert!(!wrote.load(Ordering::SeqCst) && *reader == 0);
        });
        assert!(wrote.load(Ordering::SeqCst));
        let reader = shared.read().unwrap();
        assert!(*reader == 1 && matches!(reader._held, Held::Lock(_)), "after a write: the lock");
    }

    #[test]
    fn nobody_reads_what_is_half_written() {
        const WRITES: u64 = 20_000;
        // Not atomic: two numbers that are equal whenever nobody writes.
        let shared = ReadMostly::new((0_u64, 0_u64));
        let used = AtomicBool::new(false);
        let read = || {
            loop {
                let pair = shared.read().unwrap();
                assert_eq!(pair.0, pair.1);
                if matches!(pair._held, Held::Place(_)) {
                    used.store(true, Ordering::Relaxed);
                }
                if pair.0 == WRITES {
                    break;
                }
            }
        };
        thread::scope(|threads| {
            (0..4).for_each(|_| drop(threads.spawn(read)));
            threads.spawn(|| {
                for n in 1..=WRITES {
                    let mut pair = shared.write().unwrap();
                    pair.0 = n;
                    hint::spin_loop();
                    pair.1 = n;
                    if n % 2 == 0 {
                        assert_eq!(*pair.downgrade(), (n, n));
                    }
                    if n % 100 == 0 {
                        thread::yield_now();
                    }
                }
            });
        });
        assert!(used.load(Ordering::Relaxed), "the places were never used");
    }

    #[test]
    fn what_a_writer_left_in_a_panic_is_poisoned() {
        let mut shared = ReadMostly::new(0);
        open(&shared);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _value = shared.write().unwrap();
            panic!("on purpose");
        }));
        assert!(panicked.is_err());
        assert!(shared.read().is_err() && shared.write().is_err() && shared.get_mut().is_err());
    }
}
