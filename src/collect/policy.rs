//! [`Policy`]: which messages a run downloads, and which stay on the server. Plain data and a pure decision; it must not know how
//! either is done.

use std::time::Duration;

use time::OffsetDateTime;

/// A day, for the policies that count in days.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Which messages a run downloads, and which of those it leaves on the server.
///
/// Conditions combine with AND: a collected message stays on the server only while *all* of [`days`](Self::days),
/// [`newest`](Self::newest) and [`below`](Self::below) that were given allow it. Only a message that was collected whole and is durably
/// stored is ever deleted.
///
/// ```
/// use postroom::collect::Policy;
///
/// // At most 30 days, at most 500 messages; ten at a time; no attachments over 10 MB.
/// let policy = Policy::keep().days(30).newest(500).most_messages(10).skip_over(10_000_000);
/// assert_ne!(policy, Policy::delete());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Policy {
    stay: Option<Duration>,
    newest: Option<usize>,
    below: Option<u64>,
    messages: Option<usize>,
    bytes: Option<u64>,
    over: Option<u64>,
}

/// What the policy needs to know of one message on the server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidate {
    pub(super) size: u64,
    /// When it was collected whole and for certain; `None` if it is not.
    pub(super) collected_at: Option<OffsetDateTime>,
}

impl Policy {
    /// Downloads everything and deletes nothing.
    pub fn keep() -> Self {
        Self::default()
    }

    /// Downloads everything, and deletes it from the server once it is stored.
    pub fn delete() -> Self {
        Self::default().stay(Duration::ZERO)
    }

    /// Keeps a collected message for this number of days (of 24 hours) after it was collected.
    pub fn days(self, days: u32) -> Self {
        self.stay(DAY * days)
    }

    /// Keeps a collected message for this time after it was collected, in whole seconds.
    pub fn stay(mut self, time: Duration) -> Self {
        self.stay = Some(time);
        self
    }

    /// Keeps only this number of messages, the newest in the order of the server's listing.
    pub fn newest(mut self, messages: usize) -> Self {
        self.newest = Some(messages);
        self
    }

    /// Deletes the oldest collected messages until the others have together at most this number of octets, by the sizes that the server
    /// declares.
    pub fn below(mut self, octets: u64) -> Self {
        self.below = Some(octets);
        self
    }

    /// Downloads at most this number of messages in one run, the oldest first.
    pub fn most_messages(mut self, messages: usize) -> Self {
        self.messages = Some(messages);
        self
    }

    /// Downloads messages of together at most this number of octets in one run, by the sizes that the server declares, the oldest first;
    /// but at least one message, so that every run makes progress.
    pub fn most_bytes(mut self, octets: u64) -> Self {
        self.bytes = Some(octets);
        self
    }

    /// Downloads only the header of a message over this number of octets, once; the message stays on the server. A later run that allows
    /// its size downloads it whole.
    pub fn skip_over(mut self, octets: u64) -> Self {
        self.over = Some(octets);
        self
    }

    /// Whether the message is too large to be downloaded whole.
    pub(super) fn skips(&self, size: Option<u64>) -> bool {
        self.over.zip(size).is_some_and(|(most, size)| size > most)
    }

    /// Whether a collected message may stay on the server for longer than this.
    pub(super) fn leaves_longer_than(&self, time: Duration) -> bool {
        self.stay.is_none_or(|stay| stay > time)
    }

    /// The budget of one run.
    pub(super) fn budget(&self) -> Budget {
        Budget { messages: self.messages, bytes: self.bytes, spent: false }
    }

    /// Whether the budget is limited.
    pub(super) fn has_budget(&self) -> bool {
        self.messages.is_some() || self.bytes.is_some()
    }

    /// Whether each of these messages, the oldest first, is to be deleted.
    pub(super) fn deletes(&self, candidates: &[Candidate], now: OffsetDateTime) -> Vec<bool> {
        let old = candidates.len().saturating_sub(self.newest.unwrap_or(usize::MAX));
        let mut goes: Vec<_> = candidates
            .iter()
            .enumerate()
            .map(|(at, candidate)| candidate.collected_at.is_some_and(|since| at < old || self.is_over(since, now)))
            .collect();
        let Some(below) = self.below else { return goes };
        let mut total: u64 =
            candidates.iter().zip(&goes).filter(|(_, goes)| !**goes).map(|(candidate, _)| candidate.size).sum();
        for (candidate, goes) in candidates.iter().zip(&mut goes) {
            if total > below && !*goes && candidate.collected_at.is_some() {
                *goes = true;
                total -= candidate.size;
            }
        }
        goes
    }

    fn is_over(&self, since: OffsetDateTime, now: OffsetDateTime) -> bool {
        self.stay.is_some_and(|stay| now.unix_timestamp() - since.unix_timestamp() >= seconds(stay))
    }
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// What a run may still download.
#[derive(Debug)]
pub(super) struct Budget {
    messages: Option<usize>,
    bytes: Option<u64>,
    /// Whether anything was taken from it.
    spent: bool,
}

impl Budget {
    /// Takes a message of that size from the budget. After the first one that does not fit, none does: the oldest come first.
    pub(super) fn take(&mut self, size: u64) -> bool {
        let fits = self.messages != Some(0) && (!self.spent || self.bytes.is_none_or(|left| size <= left));
        if !fits {
            self.messages = Some(0);
            return false;
        }
        self.spent = true;
        self.messages = self.messages.map(|left| left - 1);
        self.bytes = self.bytes.map(|left| left.saturating_sub(size));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(days * 86_400).unwrap()
    }

    /// Sizes, and the days on which the messages were collected.
    fn goes(policy: &Policy, mail: &[(u64, Option<i64>)]) -> Vec<bool> {
        let candidates: Vec<_> =
            mail.iter().map(|(size, day)| Candidate { size: *size, collected_at: day.map(at) }).collect();
        policy.deletes(&candidates, at(100))
    }

    #[test]
    fn only_what_was_collected_goes() {
        assert_eq!(goes(&Policy::delete(), &[(1, None), (1, Some(100))]), [false, true]);
        assert_eq!(goes(&Policy::keep(), &[(1, None), (1, Some(0))]), [false, false]);
    }

    #[test]
    fn days_count_from_the_collection() {
        let mail = [(1, Some(69)), (1, Some(70)), (1, Some(71)), (1, Some(200))];
        assert_eq!(goes(&Policy::keep().days(30), &mail), [true, true, false, false]);
    }

    #[test]
    fn the_newest_are_counted_among_all_that_are_there() {
        assert_eq!(
            goes(&Policy::keep().newest(2), &[(1, Some(1)), (1, None), (1, Some(1)), (1, None)]),
            [true, false, false, false]
        );
    }

    #[test]
    fn the_oldest_go_until_the_rest_is_small_enough() {
        let mail = [(10, Some(1)), (10, None), (10, Some(1)), (10, Some(1))];
        assert_eq!(goes(&Policy::keep().below(25), &mail), [true, false, true, false]);
        assert_eq!(goes(&Policy::keep().below(5), &mail), [true, false, true, true]);
        assert_eq!(goes(&Policy::keep().below(40), &mail), [false; 4]);
        // What goes for another reason makes room.
        assert_eq!(goes(&Policy::keep().newest(3).below(30), &mail), [true, false, false, false]);
    }

    #[test]
    fn a_policy_relies_on_a_server_that_keeps_messages_unless_it_deletes_them_first() {
        let leaves = |policy: Policy, days: u32| policy.leaves_longer_than(DAY * days);
        assert!(leaves(Policy::keep(), 1000) && leaves(Policy::keep().newest(5), 1000));
        assert!(!leaves(Policy::delete(), 0) && !leaves(Policy::keep().days(30), 30));
        assert!(leaves(Policy::keep().days(30), 29));
    }

    #[test]
    fn a_budget_ends_at_the_first_that_does_not_fit() {
        let take = |policy: Policy, sizes: &[u64]| -> Vec<bool> {
            let mut budget = policy.budget();
            sizes.iter().map(|size| budget.take(*size)).collect()
        };
        assert_eq!(take(Policy::keep().most_messages(2), &[1, 1, 1]), [true, true, false]);
        assert_eq!(take(Policy::keep().most_bytes(10), &[6, 5, 1]), [true, false, false]);
        assert_eq!(take(Policy::keep().most_bytes(10), &[60, 1]), [true, false]);
        assert_eq!(take(Policy::keep().most_messages(0), &[1]), [false]);
    }
}
