//! What time it is. Not for C: it is here because the quick way to ask needs unsafe code.

use std::time::Duration;

/// A clock that gives the time as of the kernel's last tick for a fraction of what the exact time costs.
#[cfg(any(target_os = "linux", target_os = "android"))]
const COARSE: libc::clockid_t = libc::CLOCK_REALTIME_COARSE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const COARSE: libc::clockid_t = libc::CLOCK_REALTIME;

/// The time in unix seconds.
pub(crate) fn seconds() -> i64 {
    exact().as_secs().cast_signed()
}

/// The time since 1970.
pub(crate) fn exact() -> Duration {
    read(libc::CLOCK_REALTIME)
}

/// The time since 1970, up to ten milliseconds ago: for how long something has waited, which is asked
/// all the time. Not for when a peer was seen: the newest has the name, and others may know the time
/// better. It is the clock that the kernel dates changes to files by.
pub(crate) fn coarse() -> Duration {
    read(COARSE)
}

fn read(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes into `time`, which is good for it. It knows both clocks.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    // Before 1970 it is 1970.
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn both_clocks_tell_the_time_the_coarse_one_within_a_tick() {
        let system = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let before = system();
        let (exact, coarse) = (exact(), coarse());
        let after = system();
        assert!(before <= exact && exact <= after, "{before:?} {exact:?} {after:?}");
        assert!(
            coarse + Duration::from_secs(1) > before && coarse <= after,
            "{before:?} {coarse:?} {after:?}"
        );
    }
}
