//! How a call continues after the server stopped a command at its limit of messages (MESSAGELIMIT, RFC 9738 §3), and
//! when it gives up. Plain values; it must not know a command, the engine or the wire.

use super::types::{LimitCut, Uid, Uids};
use crate::error::Result;

/// How many more rounds than there are messages a call may take, since new messages may arrive meanwhile.
const SLACK: u64 = 1000;

/// How often a call may still continue. Each round handles at least one message.
#[derive(Clone, Copy, Debug)]
struct Rounds(u64);

/// A call that continues below the lowest UID that was handled: FETCH, SEARCH, STORE.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descent {
    last: Option<Uid>,
    rounds: Rounds,
}

/// A call that repeats its set, of which less is left each time: MOVE, UID EXPUNGE.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat {
    cut: Option<LimitCut>,
    /// How many messages were expunged before that.
    gone: u64,
    rounds: Rounds,
}

impl Descent {
    /// For a mailbox with this number of messages.
    pub(super) fn new(messages: u64) -> Self {
        Self { last: None, rounds: Rounds(messages.saturating_add(SLACK)) }
    }

    /// What is left of the set; empty if all is done.
    pub(super) fn below(&mut self, asked: &Uids, cut: LimitCut) -> Result<Uids> {
        let Some(last) = cut.last else {
            return Err(cut.error("and does not report at which message"));
        };
        // The server works from the highest UID down (RFC 9738 §3.1), so the UID must fall in each round.
        if self.last.is_some_and(|before| before <= last) {
            return Err(cut.error("and makes no progress"));
        }
        self.rounds.count(cut)?;
        self.last = Some(last);
        let rest = Uid::nonzero(1).zip(Uid::nonzero(last.as_u32() - 1)).map(|(first, end)| Uids::range(first, end));
        Ok(asked.intersection(&rest.unwrap_or_default()))
    }
}

impl Repeat {
    /// For a mailbox with this number of messages, of which `gone` were expunged so far.
    pub(super) fn new(messages: u64, gone: u64) -> Self {
        Self { cut: None, gone, rounds: Rounds(messages.saturating_add(SLACK)) }
    }

    /// Fails unless the last round made progress: a message is gone, or the reported UID is lower.
    pub(super) fn again(&mut self, cut: LimitCut, gone: u64) -> Result<()> {
        let removed = std::mem::replace(&mut self.gone, gone) < gone;
        let before = self.cut.replace(cut);
        let lower = |before: LimitCut| before.last.zip(cut.last).is_some_and(|(before, last)| last < before);
        if !removed && !before.is_none_or(lower) {
            return Err(cut.error("and makes no progress"));
        }
        self.rounds.count(cut)
    }
}

impl Rounds {
    fn count(&mut self, cut: LimitCut) -> Result<()> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| cut.error("more often than there are messages"))?;
        Ok(())
    }
}

/// The set in pieces of at most `most` UIDs, in ascending order, without an open end.
pub(crate) fn portions(uids: &Uids, most: u64) -> impl Iterator<Item = Uids> + '_ {
    let most = most.max(1);
    let mut ranges = uids.ranges().map(|range| (*range.start(), *range.end()));
    let mut rest = None;
    std::iter::from_fn(move || {
        let (mut portion, mut room) = (Uids::new(), most);
        while room > 0 {
            let Some((first, last)) = rest.take().or_else(|| ranges.next()) else { break };
            let more = u32::try_from(room - 1).unwrap_or(u32::MAX);
            let end = Uid::nonzero(first.as_u32().saturating_add(more)).map_or(last, |end| end.min(last));
            portion.insert_range(first, end);
            room -= u64::from(end.as_u32() - first.as_u32()) + 1;
            rest = Uid::nonzero(end.as_u32().saturating_add(1)).filter(|_| end < last).map(|next| (next, last));
        }
        (!portion.is_empty()).then(|| portion.under(uids.validity()))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uids(text: &str) -> Uids {
        text.parse().unwrap()
    }

    fn at(last: u32) -> LimitCut {
        LimitCut { limit: 3, last: Uid::nonzero(last) }
    }

    #[test]
    fn a_call_goes_on_below_what_was_dealt_with_and_only_downwards() {
        let mut descent = Descent::new(10);
        assert_eq!(descent.below(&uids("1:*"), at(8)).unwrap(), uids("1:7"));
        assert_eq!(descent.below(&uids("2:3,6,8:12"), at(7)).unwrap(), uids("2:3,6"));
        for (last, why) in [(7, "no progress"), (9, "no progress"), (0, "at which message")] {
            let error = descent.below(&uids("1:6"), at(last)).unwrap_err();
            assert!(error.code().unwrap().is("MESSAGELIMIT") && error.to_string().contains(why), "{error}");
        }
        assert!(descent.below(&uids("2:9"), at(2)).unwrap().is_empty());
        assert!(descent.below(&uids("1:9"), at(1)).unwrap().is_empty());
        assert!(descent.below(&uids("1:9"), at(1)).is_err());
    }

    #[test]
    fn the_same_is_asked_again_while_messages_go_or_the_uid_falls() {
        let mut repeat = Repeat::new(10, 0);
        repeat.again(at(8), 0).unwrap();
        repeat.again(at(8), 2).unwrap();
        repeat.again(at(9), 3).unwrap();
        repeat.again(at(5), 3).unwrap();
        assert!(repeat.again(at(5), 3).is_err());
        assert!(repeat.again(at(6), 3).is_err());
        assert!(repeat.again(at(0), 3).is_err());
        repeat.again(at(0), 4).unwrap();
        assert!(repeat.again(at(4), 4).is_err());
    }

    #[test]
    fn no_call_goes_on_much_more_often_than_there_are_messages() {
        let mut descent = Descent::new(1);
        let rounds = (1..=5000).rev().take_while(|&last| descent.below(&Uids::ALL, at(last)).is_ok()).count();
        let mut repeat = Repeat::new(1, 0);
        let repeats = (1..=5000).take_while(|&gone| repeat.again(at(1), gone).is_ok()).count();
        assert_eq!((rounds, repeats), (1001, 1001));
    }

    proptest! {
        #[test]
        fn whatever_is_said_each_round_leaves_less(said in prop::collection::vec(0u32..60, 1..40), from in 1u32..40) {
            let mut left = Uids::from_uid(Uid::nonzero(from).unwrap());
            let mut descent = Descent::new(5);
            for last in said {
                let Ok(less) = descent.below(&left, at(last)) else { break };
                prop_assert!(less.open_from().is_none() && less.ranges().all(|range| range.end().as_u32() < last));
                prop_assert!(left.open_from().is_some() || less.difference(&left).is_empty());
                left = less;
            }
        }

        #[test]
        fn portions_are_small_and_make_up_the_whole(numbers in prop::collection::btree_set(1u32..60, 0..40), most in 1u64..9) {
            let all: Uids = numbers.iter().filter_map(|&number| Uid::nonzero(number)).collect();
            let portions: Vec<Uids> = portions(&all, most).collect();
            prop_assert_eq!(portions.len() as u64, all.len().div_ceil(most));
            prop_assert!(portions.iter().all(|portion| portion.len() <= most));
            let joined = portions.iter().try_fold(Uids::new(), |sum, portion| sum.union(portion)).unwrap();
            prop_assert_eq!(joined, all);
        }
    }

    #[test]
    fn the_highest_number_is_in_a_portion_too() {
        let top: Vec<String> = portions(&uids("4294967290:4294967295"), 4).map(|portion| portion.to_string()).collect();
        assert_eq!(top, ["4294967290:4294967293", "4294967294:4294967295"]);
        assert_eq!(portions(&uids("1:4294967295"), u64::MAX).next().unwrap(), uids("1:4294967295"));
    }
}
