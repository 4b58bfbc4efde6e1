//! A lock under which several threads read side by side.
//!
//! Not for C: it is here because it needs unsafe code. An [`RwLock`] counts its readers in one word,
//! which threads that only read take from each other all the time: two of them read no more together
//! than one alone. Here, once several threads are seen to read, each counts itself in a place of its
//! own, and who writes waits until all places are empty. What only one thread reads, or what is
//! written again and again, stays with the plain lock. (Dice and Kogan, "BRAVO: Biased Locking for
//! Reader-Writer Locks", 2019.)

use std::cell::UnsafeCell;
use std::hint;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;
use std::time::Duration;

use super::threads::this_thread;

/// Places for readers; of more threads some share one.
const PLACES: usize = 8;
/// So often must the reading thread have changed since the last write before the places are opened.
const CHANGES: u32 = 16;

/// As [`RwLock`], for what is read by several threads at once.
pub(crate) struct ReadMostly<T> {
    lock: RwLock<()>,
    /// Readers may use the places. Set by a reader that holds the lock, unset by the writer that does:
    /// who holds it as the writer knows how it is.
    open: AtomicBool,
    places: OnceLock<Box<[Place; PLACES]>>,
    /// The thread that was the last to read under the lock.
    reader: AtomicUsize,
    /// How often that was another one than before, since the last write.
    changes: AtomicU32,
    value: UnsafeCell<T>,
}

/// How many threads read there. No two share a line of the cache, nor a pair of lines that are fetched
/// together.
#[derive(Default)]
#[repr(align(128))]
struct Place(AtomicUsize);

// SAFETY: as of `RwLock`: a writer of any thread has `&mut T` while nobody else has anything, so that it
// may move the value out (Send); readers of several threads have `&T` together (Sync).
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
    pub(crate) fn read(&self) -> Result<ReadGuard<'_, T>, PoisonError<()>> {
        if self.open.load(Ordering::Acquire)
            && let Some(place) = self.enter()
        {
            return Ok(ReadGuard { value: &self.value, _held: Held::Place(place) });
        }
        let lock = self.lock.read().map_err(|_| PoisonError::new(()))?;
        let reader = this_thread();
        if self.reader.load(Ordering::Relaxed) != reader {
            self.reader_changed(reader);
        }
        Ok(ReadGuard { value: &self.value, _held: Held::Lock(lock) })
    }

    /// As [`RwLock::write`].
    pub(crate) fn write(&self) -> Result<WriteGuard<'_, T>, PoisonError<()>> {
        let lock = self.lock.write().map_err(|_| PoisonError::new(()))?;
        if self.changes.load(Ordering::Relaxed) != 0 {
            self.changes.store(0, Ordering::Relaxed);
        }
        if self.open.load(Ordering::Relaxed) {
            self.close();
        }
        Ok(WriteGuard { of: self, lock })
    }

    /// As [`RwLock::get_mut`].
    pub(crate) fn get_mut(&mut self) -> Result<&mut T, PoisonError<()>> {
        self.lock.get_mut().map_err(|_| PoisonError::new(()))?;
        Ok(self.value.get_mut())
    }

    /// Takes the place of this thread, unless a writer has come. Threads that were numbered one after
    /// the other have different ones, as far as there are places.
    fn enter(&self) -> Option<Inside<'_>> {
        let Place(count) = self.places.get()?.get(this_thread() % PLACES)?;
        count.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(count);
        // Either the writer who unsets this sees the count, or that it is unset is seen here, for
        // these four steps have one order for all. (Set again since, it tells of that writer too.)
        self.open.load(Ordering::SeqCst).then_some(inside)
    }

    /// Notes another reader. The caller holds the lock as a reader.
    #[cold]
    fn reader_changed(&self, reader: usize) {
        self.reader.store(reader, Ordering::Relaxed);
        if self.changes.fetch_add(1, Ordering::Relaxed) + 1 >= CHANGES {
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
        for Place(count) in self.places.get().into_iter().flat_map(|places| places.iter()) {
            // Most are about to leave. One that is not shall not be kept from it.
            let mut pause = Duration::from_micros(1);
            for round in 0_u64.. {
                // All changes of it are by readers who add or take one: zero tells of all who left.
                if count.load(Ordering::SeqCst) == 0 {
                    break;
                }
                if round < 100 {
                    hint::spin_loop();
                } else {
                    thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(1));
                }
            }
        }
    }
}

/// One reader in a place, until dropped.
struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // What was read was read before the writer goes on. (Release would do for that. But in the older
        // of the models of memory, by which Miri looks for races, a writer may then see an earlier
        // count than the one that a reader has just taken.)
        self.0.fetch_sub(1, Ordering::SeqCst);
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
    of: &'a ReadMostly<T>,
    lock: RwLockWriteGuard<'a, ()>,
}

impl<'a, T> WriteGuard<'a, T> {
    /// As [`RwLockWriteGuard::downgrade`]. Where several threads have read, the places are opened: by the
    /// lock a reader would wait for every writer who waits for this one.
    pub(crate) fn downgrade(self) -> ReadGuard<'a, T> {
        let lock = RwLockWriteGuard::downgrade(self.lock);
        if self.of.places.get().is_some() {
            self.of.open.store(true, Ordering::Release);
        }
        ReadGuard { value: &self.of.value, _held: Held::Lock(lock) }
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: only this guard has it: the lock is held as the writer, and the places are empty.
        unsafe { &*self.of.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.of.value.get() }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    /// Waits for what another thread does; fails where it does not come.
    fn wait_for(what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..30_000 {
            if is_so() {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("{what} did not come");
    }

    fn in_place<T>(reader: &ReadGuard<'_, T>) -> bool {
        matches!(reader._held, Held::Place(_))
    }

    /// Has new threads read, one after the other, until the places are open.
    fn open<T: Send + Sync>(shared: &ReadMostly<T>) {
        for _ in 0..CHANGES {
            thread::scope(|threads| drop(threads.spawn(|| drop(shared.read().unwrap()))));
        }
        assert!(shared.open.load(Ordering::SeqCst));
    }

    #[test]
    fn what_one_thread_reads_stays_with_the_plain_lock() {
        let shared = ReadMostly::new(7);
        for _ in 0..100 {
            assert_eq!(*shared.read().unwrap(), 7);
        }
        assert!(shared.places.get().is_none());
    }

    #[test]
    fn what_is_written_again_and_again_stays_with_the_plain_lock() {
        let shared = ReadMostly::new(0);
        for _ in 0..2 * CHANGES {
            let read = || drop(shared.read().unwrap());
            thread::scope(|threads| (1..CHANGES).for_each(|_| drop(threads.spawn(read))));
            *shared.write().unwrap() += 1;
        }
        assert!(shared.places.get().is_none());
    }

    #[test]
    fn a_writer_waits_for_the_readers_in_their_places() {
        let shared = ReadMostly::new(0);
        for n in 0..3 {
            open(&shared);
            let reader = shared.read().unwrap();
            assert!(in_place(&reader));
            thread::scope(|threads| {
                let writer = threads.spawn(|| *shared.write().unwrap() += 1);
                wait_for("the writer", || !shared.open.load(Ordering::SeqCst));
                thread::sleep(Duration::from_millis(20));
                assert!(!writer.is_finished() && *reader == n);
                drop(reader);
                writer.join().unwrap();
            });
            let reader = shared.read().unwrap();
            assert!(*reader == n + 1 && !in_place(&reader), "after a write: the lock");
        }
    }

    /// As a flush that collects its rows, a put that waits for it, and a look-up.
    #[test]
    fn a_reader_does_not_wait_for_a_writer_who_waits_for_another_reader() {
        let shared = ReadMostly::new(0);
        open(&shared);
        let collecting = shared.write().unwrap().downgrade();
        thread::scope(|threads| {
            let writer = threads.spawn(|| *shared.write().unwrap() += 1);
            // It waits now, for all that can be seen of it.
            thread::sleep(Duration::from_millis(20));
            let reader = threads.spawn(|| *shared.read().unwrap());
            wait_for("the reader", || reader.is_finished());
            assert!(!writer.is_finished());
            assert_eq!(reader.join().unwrap(), *collecting);
            drop(collecting);
            writer.join().unwrap();
        });
        assert_eq!(*shared.read().unwrap(), 1);
    }

    #[test]
    fn a_reader_that_panics_leaves_its_place() {
        let shared = ReadMostly::new(0);
        open(&shared);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            assert!(!in_place(&shared.read().unwrap()), "on purpose");
        }));
        assert!(panicked.is_err());
        *shared.write().unwrap() = 1;
        assert_eq!(*shared.read().unwrap(), 1);
    }

    #[test]
    fn nobody_reads_what_is_half_written() {
        /// Ends the readers also where the writer panics.
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        // Not atomic: two numbers that are equal whenever nobody writes.
        let shared = ReadMostly::new((0_u64, 0_u64));
        let stop = AtomicBool::new(false);
        let read = || {
            while !stop.load(Ordering::Relaxed) {
                let pair = shared.read().unwrap();
                assert_eq!(pair.0, pair.1);
            }
        };
        thread::scope(|threads| {
            // More than there are places.
            (0..PLACES + 2).for_each(|_| drop(threads.spawn(read)));
            let _stop = Stop(&stop);
            for n in 1..=200 {
                // Each time the readers are in their places.
                wait_for("the readers", || shared.open.load(Ordering::SeqCst));
                let mut pair = shared.write().unwrap();
                pair.0 = n;
                thread::yield_now();
                pair.1 = n;
                if n % 2 == 0 {
                    assert_eq!(*pair.downgrade(), (n, n));
                }
            }
        });
        assert_eq!(*shared.read().unwrap(), (200, 200));
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
