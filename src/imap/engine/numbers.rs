//! Which UID stands at which message sequence number: runs of consecutive UIDs, as far as they are known. It follows EXISTS and
//! EXPUNGE, and must not be asked more than it was told: a number whose UID nobody said has none.

use crate::imap::types::{SeqNum, Uid};

/// Runs kept at most; a mailbox with more gaps than that is not mapped at all.
const MOST_RUNS: usize = 50_000;

/// The map of the selected mailbox, from sequence number 1 up to [`known`](Self::known).
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    runs: Vec<Run>,
    known: u32,
}

/// `len` messages whose UIDs begin at `first` and go up by one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Run {
    first: u32,
    len: u32,
}

impl Numbers {
    /// How many messages, from the first, have a known UID.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// Forgets the UIDs.
    pub(crate) fn clear(&mut self) {
        (self.runs, self.known) = (Vec::new(), 0);
    }

    /// The messages behind the known ones have these UIDs, in ascending ranges. A list that does not ascend, or is too long,
    /// is no map: nothing is known then.
    pub(crate) fn extend(&mut self, ranges: impl IntoIterator<Item = (u32, u32)>) {
        for (from, to) in ranges {
            let last = self.runs.last().map_or(0, |run| run.first + (run.len - 1));
            let len = to.checked_sub(from).and_then(|span| span.checked_add(1));
            let known = len.and_then(|len| self.known.checked_add(len));
            let (Some(len), Some(known)) = (len, known) else { return self.clear() };
            if from <= last || self.runs.len() >= MOST_RUNS {
                return self.clear();
            }
            self.known = known;
            match self.runs.last_mut() {
                Some(run) if from == last + 1 => run.len += len,
                _ => self.runs.push(Run { first: from, len }),
            }
        }
    }

    /// The UID at this number.
    pub(crate) fn uid(&self, number: SeqNum) -> Option<Uid> {
        let (index, offset) = self.find(number)?;
        self.runs.get(index).and_then(|run| Uid::new(run.first + offset))
    }

    /// The message at this number is gone, and all behind it move up by one.
    pub(crate) fn expunge(&mut self, number: SeqNum) -> Option<Uid> {
        let uid = self.uid(number)?;
        let (index, offset) = self.find(number)?;
        self.known -= 1;
        let run = self.runs.get_mut(index)?;
        let behind = Run { first: run.first + offset + 1, len: run.len - offset - 1 };
        run.len = offset;
        if behind.len > 0 {
            self.runs.insert(index + 1, behind);
        }
        if offset == 0 {
            self.runs.remove(index);
        }
        Some(uid)
    }

    /// The run in which this number is, and how far in.
    fn find(&self, number: SeqNum) -> Option<(usize, u32)> {
        let mut left = number.as_u32() - 1;
        if left >= self.known {
            return None;
        }
        self.runs.iter().enumerate().find_map(|(index, run)| {
            let here = left < run.len;
            let offset = left;
            left = left.saturating_sub(run.len);
            here.then_some((index, offset))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_as_a_plain_list(uids in proptest::collection::btree_set(1u32..500, 0..80), gone in proptest::collection::vec(1u32..90, 0..60)) {
            let mut list: Vec<u32> = uids.into_iter().collect();
            let mut numbers = Numbers::default();
            numbers.extend(list.iter().map(|&uid| (uid, uid)));
            for number in gone {
                let expected = (number as usize <= list.len()).then(|| list.remove(number as usize - 1));
                let got = numbers.expunge(SeqNum::new(number).unwrap());
                prop_assert_eq!(got.map(Uid::as_u32), expected);
                prop_assert_eq!(numbers.known() as usize, list.len());
                for (index, &uid) in list.iter().enumerate() {
                    let number = SeqNum::new(index as u32 + 1).unwrap();
                    prop_assert_eq!(numbers.uid(number).map(Uid::as_u32), Some(uid));
                }
            }
        }
    }

    #[test]
    fn a_list_that_does_not_ascend_is_no_map() {
        let mut numbers = Numbers::default();
        numbers.extend([(5, 9), (9, 12)]);
        assert_eq!(numbers.known(), 0);
        numbers.extend([(1, u32::MAX)]);
        assert_eq!(numbers.known(), u32::MAX);
        numbers.extend([(1, 1)]);
        assert_eq!(numbers.known(), 0);
    }

    #[test]
    fn ranges_that_adjoin_are_one_run_and_too_many_are_no_map() {
        let mut numbers = Numbers::default();
        numbers.extend((1..=60_000).map(|uid| (uid, uid)));
        assert_eq!((numbers.known(), numbers.runs.len()), (60_000, 1));
        numbers.clear();
        numbers.extend([(10, 12), (13, 15), (17, 20)]);
        assert_eq!((numbers.known(), numbers.runs.len()), (10, 2));
        assert_eq!(numbers.uid(SeqNum::new(7).unwrap()), Uid::new(17));
        assert_eq!(numbers.expunge(SeqNum::new(6).unwrap()), Uid::new(15));
        assert_eq!((numbers.known(), numbers.runs.len()), (9, 2));
        numbers.clear();
        numbers.extend((1..=50_000).map(|uid| (uid * 2, uid * 2)));
        assert_eq!(numbers.known(), 50_000);
        numbers.extend([(200_000, 200_000)]);
        assert_eq!(numbers.known(), 0);
    }
}
