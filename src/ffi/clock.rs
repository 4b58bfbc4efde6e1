//! The time, asked for cheaply. Not for C: it is here because it needs unsafe code.

use std::time::Duration;

/// The time since 1970, as of the kernel's last tick: some milliseconds ago, in which nothing here
/// is out of date, and for a fraction of what the exact time costs.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn now() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes into `time`, which is good for it.
    if unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &raw mut time) } != 0 {
        return exact();
    }
    // Before 1970 it is 1970.
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The time since 1970.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn now() -> Duration {
    exact()
}

fn exact() -> Duration {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_time_within_a_tick() {
        let before = exact();
        let now = now();
        assert!(now + Duration::from_secs(1) > before && now <= exact(), "{before:?}, {now:?}");
    }
}
