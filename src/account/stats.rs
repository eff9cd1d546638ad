//! [`Stats`]: what an account has cost so far. It must not know where the numbers come from.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The pieces of a day in which octets are counted.
const HOUR: Duration = Duration::from_secs(60 * 60);
const HOURS: usize = 24;

/// What an account has cost since it was made, from [`Account::stats`](super::Account::stats).
///
/// ```
/// # fn example(account: &postroom::account::Account) {
/// let stats = account.stats();
/// println!("{} octets received in {} sessions", stats.received, stats.sessions);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Sessions that were opened.
    pub sessions: u64,
    /// Attempts to open a session that failed.
    pub failures: u64,
    /// Sessions that ended on their own.
    pub lost: u64,
    /// Commands of sessions that are returned or over.
    pub commands: u64,
    /// Octets received.
    pub received: u64,
    /// Octets sent.
    pub sent: u64,
    /// The time that calls have waited for a session.
    pub waited: Duration,
}

/// Octets of the last 24 hours.
#[derive(Debug, Default)]
pub(super) struct Day {
    /// From the oldest hour: when it began, and its octets.
    hours: VecDeque<(Instant, u64)>,
}

impl Day {
    pub(super) fn add(&mut self, octets: u64, now: Instant) {
        self.forget(now);
        match self.hours.back_mut().filter(|(began, _)| now - *began < HOUR) {
            Some((_, sum)) => *sum = sum.saturating_add(octets),
            None => self.hours.push_back((now, octets)),
        }
    }

    /// When fewer than this number of octets are counted again; `None` if that is so now.
    pub(super) fn below(&mut self, most: u64, now: Instant) -> Option<Instant> {
        self.forget(now);
        let mut sum: u64 = self.hours.iter().map(|(_, octets)| octets).sum();
        let mut until = None;
        for (began, octets) in &self.hours {
            if sum < most {
                break;
            }
            sum -= octets;
            until = Some(*began + HOUR * (HOURS as u32 + 1));
        }
        until
    }

    fn forget(&mut self, now: Instant) {
        while self.hours.front().is_some_and(|(began, _)| now - *began >= HOUR * (HOURS as u32 + 1)) {
            self.hours.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_24_hours_have_more_than_the_limit() {
        let (most, piece, start) = (2_500, 100, Instant::now());
        let (mut day, mut now, mut left) = (Day::default(), start, 20_000);
        let mut sent: Vec<(Instant, u64)> = Vec::new();
        while left > 0 {
            match day.below(most, now) {
                Some(until) => {
                    assert!(until > now);
                    now = until;
                }
                None => {
                    day.add(piece, now);
                    sent.push((now, piece));
                    left -= piece;
                    now += Duration::from_secs(90);
                }
            }
        }
        for (end, _) in &sent {
            let window = sent.iter().filter(|(at, _)| at <= end && *end - *at < HOUR * 24);
            assert!(window.map(|(_, octets)| octets).sum::<u64>() <= most);
        }
        assert!(now - start < HOUR * 24 * 10, "the end is reached");
    }
}
