//! [`BackOff`]: how long to wait before the next attempt: exponential, with full jitter and a cap. It must not know what is attempted,
//! nor a clock.

use std::time::Duration;

/// Doublings after which no wait grows any more, whatever the first one is.
const MOST_DOUBLINGS: u32 = 31;

/// The first and the longest wait. The wait itself is random between zero and the current bound, so that many clients that lost the
/// same server do not come back together.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackOff {
    pub(super) first: Duration,
    pub(super) most: Duration,
}

impl BackOff {
    /// The wait after this number of failures in a row. `random` is from 0 to `u32::MAX`.
    pub(super) fn wait(self, failures: u32, random: u32) -> Duration {
        self.bound(failures).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// The longest that [`wait`](Self::wait) can be.
    fn bound(self, failures: u32) -> Duration {
        self.first.saturating_mul(1 << failures.min(MOST_DOUBLINGS)).min(self.most)
    }
}

impl Default for BackOff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(5 * 60) }
    }
}

/// Different in each process and at each call. If the system has no random numbers, every wait is the longest one.
pub(super) fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_are_spread_over_the_whole_range() {
        let back_off = BackOff { first: Duration::from_secs(1), most: Duration::from_secs(60) };
        let longest: Vec<u64> = (0..9).map(|failures| back_off.wait(failures, u32::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(back_off.wait(5, 0), Duration::ZERO);
        let half = back_off.wait(5, u32::MAX / 2);
        assert!((15..=16).contains(&half.as_secs()), "{half:?}");
        assert_eq!(back_off.wait(u32::MAX, u32::MAX).as_secs(), 60);
    }
}
