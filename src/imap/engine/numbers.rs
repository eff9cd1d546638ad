//! Which UID stands at which message sequence number: runs of consecutive UIDs, as far as they are known. It follows EXISTS and
//! EXPUNGE, and must not be asked more than it was told: a number whose UID nobody said has none.

use std::collections::VecDeque;

use crate::imap::types::{SeqNum, Uid};

/// Runs kept at most; a mailbox with more gaps than that is not mapped at all.
const MOST_RUNS: usize = 50_000;
/// How many EXPUNGEs a number may be older than and still be understood.
const MOST_MOVES: usize = 1000;

/// The map of the selected mailbox, from sequence number 1 up to [`known`](Self::known).
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    runs: Vec<Run>,
    known: u32,
    /// The last numbers that went, each as it was when it went.
    gone: VecDeque<SeqNum>,
    moment: Moment,
}

/// A point in what the server said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Moment {
    /// How many EXPUNGEs there were: what a message sequence number means depends on it.
    expunged: u64,
    /// How often data of a message had been told unasked: what is told later counts more.
    told: u64,
}

/// Whose number it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    Uid(Uid),
    Unknown,
    /// A message that went since.
    Gone,
}

/// `len` messages whose UIDs begin at `first` and go up by one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Run {
    first: u32,
    len: u32,
}

impl Moment {
    /// Whether what was told at that other moment is newer.
    pub(crate) fn is_before(self, other: Self) -> bool {
        self.told < other.told
    }
}

impl Numbers {
    /// How many messages, from the first, have a known UID.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// Now. What happened so far is still understood.
    pub(crate) fn moment(&self) -> Moment {
        self.moment
    }

    /// Now that something is told unasked.
    pub(crate) fn tell(&mut self) -> Moment {
        self.moment.told += 1;
        self.moment
    }

    /// Forgets the UIDs.
    pub(crate) fn clear(&mut self) {
        (self.runs, self.known) = (Vec::new(), 0);
    }

    /// Another mailbox: numbers from before mean nothing any more.
    pub(crate) fn leave(&mut self) {
        let moment = Moment { expunged: self.moment.expunged + 1, ..self.moment };
        *self = Self { moment, ..Self::default() };
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

    /// Whose number this was at that moment.
    pub(crate) fn owner(&self, number: SeqNum, moment: Moment) -> Owner {
        let since = usize::try_from(self.moment.expunged.saturating_sub(moment.expunged)).ok();
        let Some(first) = since.and_then(|since| self.gone.len().checked_sub(since)) else { return Owner::Unknown };
        let mut number = number;
        for &gone in self.gone.range(first..) {
            match SeqNum::new(number.as_u32() - u32::from(gone < number)) {
                Some(moved) if gone != number => number = moved,
                _ => return Owner::Gone,
            }
        }
        self.uid(number).map_or(Owner::Unknown, Owner::Uid)
    }

    /// The message at this number is gone, and all behind it move up by one.
    pub(crate) fn expunge(&mut self, number: SeqNum) -> Option<Uid> {
        self.moment.expunged += 1;
        if self.gone.len() >= MOST_MOVES {
            self.gone.pop_front();
        }
        self.gone.push_back(number);
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

    proptest! {
        #[test]
        fn old_numbers_mean_what_they_meant(gone in proptest::collection::vec(1u32..40, 0..60)) {
            let mut list: Vec<u32> = (1..=40).map(|number| number * 3).collect();
            let mut numbers = Numbers::default();
            numbers.extend(list.iter().map(|&uid| (uid, uid)));
            let mut before = vec![(numbers.moment(), list.clone())];
            for number in gone.into_iter().filter_map(SeqNum::new) {
                if number.as_u32() as usize <= list.len() {
                    list.remove(number.as_u32() as usize - 1);
                    numbers.expunge(number);
                    before.push((numbers.moment(), list.clone()));
                }
            }
            for (moment, then) in before {
                for (index, uid) in then.into_iter().enumerate() {
                    let wanted = if list.contains(&uid) { Owner::Uid(Uid::new(uid).unwrap()) } else { Owner::Gone };
                    prop_assert_eq!(numbers.owner(SeqNum::new(index as u32 + 1).unwrap(), moment), wanted);
                }
            }
        }
    }

    #[test]
    fn numbers_too_old_and_of_another_mailbox_mean_nothing() {
        let mut numbers = Numbers::default();
        numbers.extend([(1, 5000)]);
        let (first, begin) = (SeqNum::new(1).unwrap(), numbers.moment());
        for _ in 0..1000 {
            numbers.expunge(SeqNum::new(4000).unwrap());
        }
        assert_eq!(numbers.owner(first, begin), Owner::Uid(Uid::new(1).unwrap()));
        numbers.expunge(SeqNum::new(2).unwrap());
        assert_eq!(numbers.owner(first, begin), Owner::Unknown);
        let late = numbers.moment();
        numbers.leave();
        numbers.extend([(7, 9)]);
        assert_eq!(numbers.owner(first, late), Owner::Unknown);
        assert_eq!(numbers.owner(first, numbers.moment()), Owner::Uid(Uid::new(7).unwrap()));
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
