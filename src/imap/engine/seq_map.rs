//! Maps message sequence numbers to UIDs, as runs of consecutive UIDs. A search shows the UIDs of all messages from
//! some number on, a FETCH response that of its own message. The map follows EXISTS and EXPUNGE and never guesses: a
//! number whose UID the server has not shown has none.

use crate::imap::types::{SeqNum, Uid};

/// The most runs that are kept. A mailbox with more gaps has no map.
const MOST_RUNS: usize = 50_000;
/// The most runs that FETCH responses may add, so that data seen in passing costs little memory.
const MOST_RECORDED: usize = 4096;

/// The map of the selected mailbox: complete from sequence number 1 up to [`known`](Self::known), partial after that.
///
/// Invariants (RFC 9051 §2.3.1.1): `runs` ascends strictly both in numbers and in UIDs; no two runs could be joined;
/// the first `solid` runs cover exactly the numbers from 1 to `known`. Whatever contradicts this clears the map.
#[derive(Debug, Default)]
pub(crate) struct SeqMap {
    /// In ascending order of numbers and of UIDs.
    runs: Vec<UidRun>,
    known: u32,
    /// The number of runs that cover the numbers from 1 to `known`.
    solid: usize,
    /// The run that the last FETCH response hit. Servers mostly send messages in ascending order.
    at: usize,
}

/// `len` messages whose numbers begin at `number` and whose UIDs begin at `first`; both are consecutive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct UidRun {
    number: u32,
    first: u32,
    len: u32,
}

/// A message: its number and its UID.
type Pair = (u32, u32);

impl SeqMap {
    /// The number of messages, counted from the first, whose UIDs are known.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// Drops all UIDs.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Sets the UIDs of the messages from this number on, in ascending ranges, whatever was known of them. If the
    /// messages before it are not known, nothing changes. Ranges that do not ascend, or are too many, clear the map.
    pub(crate) fn extend(&mut self, from: SeqNum, ranges: impl IntoIterator<Item = (u32, u32)>) {
        let before = from.as_u32() - 1;
        if before > self.known {
            return;
        }
        self.keep(before);
        for (from, to) in ranges {
            let last = self.runs.last().map_or(0, |run| run.last().1);
            let len = to.checked_sub(from).and_then(|span| span.checked_add(1));
            let known = len.and_then(|len| self.known.checked_add(len));
            let (Some(len), Some(known)) = (len, known) else { return self.clear() };
            // UIDs ascend with the numbers: anything else is not an answer to the search.
            if from <= last || self.runs.len() >= MOST_RUNS {
                return self.clear();
            }
            match self.runs.last_mut() {
                Some(run) if from == last + 1 => run.len += len,
                _ => self.runs.push(UidRun { number: self.known + 1, first: from, len }),
            }
            (self.known, self.solid) = (known, self.runs.len());
        }
    }

    /// Records the UID of one message, as a FETCH response shows it. If it contradicts the map, one of the two is
    /// wrong, and perhaps all later numbers too: the map is cleared and the result is `false`.
    #[inline]
    pub(crate) fn record(&mut self, number: SeqNum, uid: Uid) -> bool {
        let pair = (number.as_u32(), uid.as_u32());
        self.continues_run(pair) || self.record_elsewhere(pair)
    }

    /// Applies EXISTS. A count below the known numbers without EXPUNGE makes the map invalid and clears it.
    pub(crate) fn count(&mut self, exists: u32) {
        if self.runs.last().is_some_and(|run| run.last().0 > exists) {
            self.clear();
        }
    }

    /// The UID at this number.
    pub(crate) fn uid(&self, number: SeqNum) -> Option<Uid> {
        let (index, offset) = self.find(number.as_u32())?;
        self.runs.get(index).and_then(|run| Uid::nonzero(run.first + offset))
    }

    /// Applies EXPUNGE: the message is gone, and all later ones move down by one.
    pub(crate) fn expunge(&mut self, number: SeqNum) -> Option<Uid> {
        let (uid, number) = (self.uid(number), number.as_u32());
        if let Some((index, offset)) = self.find(number) {
            self.cut_out(index, offset);
        }
        let after = self.runs.partition_point(|run| run.number <= number);
        self.runs.iter_mut().skip(after).for_each(|run| run.number -= 1);
        self.update_known();
        if self.runs.len() > MOST_RUNS {
            self.clear();
        }
        uid
    }

    /// Whether the message is in the run that was hit last, or comes next in it.
    #[inline]
    fn continues_run(&mut self, (number, uid): Pair) -> bool {
        let ends = self.at + 1 == self.runs.len();
        let Some(run) = self.runs.get_mut(self.at) else { return false };
        // Wrapping: a number or UID before the run becomes an offset far beyond its end.
        let offset = number.wrapping_sub(run.number);
        if offset != uid.wrapping_sub(run.first) || offset > run.len || (offset == run.len && !ends) {
            return false;
        }
        if offset == run.len {
            run.len += 1;
            self.known += u32::from(self.at + 1 == self.solid);
        }
        true
    }

    #[inline(never)]
    fn record_elsewhere(&mut self, (number, uid): Pair) -> bool {
        let next = self.runs.partition_point(|run| run.number <= number);
        let before = next.checked_sub(1).and_then(|index| self.runs.get(index)).copied();
        let after = self.runs.get(next).copied();
        if let Some(run) = before.filter(|run| number <= run.last().0) {
            self.at = next - 1;
            let fits = uid.checked_sub(run.first) == Some(number - run.number);
            if !fits {
                self.clear();
            }
            return fits;
        }
        let lower = Gap::between(before.map_or((0, 0), |run| run.last()), (number, uid));
        let upper = after.map_or(Gap::Some, |run| Gap::between((number, uid), (run.number, run.first)));
        match (lower, upper) {
            (Gap::Impossible, _) | (_, Gap::Impossible) => {
                self.clear();
                return false;
            }
            (Gap::None, _) if before.is_some() => self.lengthen(next - 1, after.filter(|_| upper == Gap::None)),
            (_, Gap::None) => self.prepend(next),
            // Not recorded, which is no contradiction.
            _ if self.runs.len() >= MOST_RECORDED => return true,
            _ => self.runs.insert(next, UidRun { number, first: uid, len: 1 }),
        }
        self.at = self.runs.partition_point(|run| run.number <= number).saturating_sub(1);
        self.update_known();
        true
    }

    /// Adds a message to the end of this run, and the run that now adjoins it.
    fn lengthen(&mut self, index: usize, adjoining: Option<UidRun>) {
        if let Some(run) = self.runs.get_mut(index) {
            run.len += 1 + adjoining.map_or(0, |run| run.len);
        }
        if adjoining.is_some() {
            self.runs.remove(index + 1);
        }
    }

    /// Adds a message to the beginning of this run.
    fn prepend(&mut self, index: usize) {
        if let Some(run) = self.runs.get_mut(index) {
            *run = UidRun { number: run.number - 1, first: run.first - 1, len: run.len + 1 };
        }
    }

    /// Removes a message from its run. The numbers of the rest of this run are moved down; the caller moves those of
    /// later runs.
    fn cut_out(&mut self, index: usize, offset: u32) {
        let Some(run) = self.runs.get_mut(index) else { return };
        let rest = UidRun { number: run.number + offset, first: run.first + offset + 1, len: run.len - offset - 1 };
        run.len = offset;
        let parts = [*run, rest].into_iter().filter(|part| part.len > 0);
        let known = index < self.solid;
        let kept = parts.clone().count();
        self.runs.splice(index..=index, parts);
        if known {
            self.solid = self.solid + kept - 1;
        }
    }

    /// Drops all messages after this number.
    fn keep(&mut self, number: u32) {
        self.runs.truncate(self.runs.partition_point(|run| run.number <= number));
        if let Some(run) = self.runs.last_mut() {
            run.len = run.len.min(number - run.number + 1);
        }
        self.solid = self.solid.min(self.runs.len());
        self.update_known();
    }

    /// Recomputes how far the messages are known from the first on.
    fn update_known(&mut self) {
        self.known = self.solid.checked_sub(1).and_then(|index| self.runs.get(index)).map_or(0, |run| run.last().0);
        while let Some(run) = self.runs.get(self.solid).filter(|run| run.number - 1 == self.known) {
            self.known = run.last().0;
            self.solid += 1;
        }
    }

    /// The run that contains this number, and the offset in it.
    fn find(&self, number: u32) -> Option<(usize, u32)> {
        let index = self.runs.partition_point(|run| run.number <= number).checked_sub(1)?;
        let run = self.runs.get(index)?;
        let offset = number - run.number;
        (offset < run.len).then_some((index, offset))
    }
}

impl UidRun {
    /// Its last message.
    fn last(&self) -> Pair {
        (self.number + (self.len - 1), self.first + (self.len - 1))
    }
}

/// What lies between two messages, the first of which has the lower number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Gap {
    /// Nothing: both the number and the UID are consecutive.
    None,
    /// Room for other messages or UIDs.
    Some,
    /// Contradiction: UIDs ascend with the numbers, by at least one for each (RFC 9051 §2.3.1.1).
    Impossible,
}

impl Gap {
    fn between(lower: Pair, upper: Pair) -> Self {
        let numbers = upper.0.saturating_sub(lower.0);
        match upper.1.checked_sub(lower.1) {
            Some(uids) if uids < numbers => Self::Impossible,
            Some(1) => Self::None,
            Some(_) => Self::Some,
            None => Self::Impossible,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seq(number: u32) -> SeqNum {
        SeqNum::nonzero(number).unwrap()
    }

    fn learnt(pairs: &[Pair]) -> SeqMap {
        let mut numbers = SeqMap::default();
        for &(number, uid) in pairs {
            numbers.record(seq(number), Uid::nonzero(uid).unwrap());
        }
        numbers
    }

    /// What happens to a mailbox, as the server reports it.
    #[derive(Clone, Debug)]
    enum Act {
        /// The message at this place is shown, counted around the mailbox.
        Fetch(usize),
        /// This number of messages in a row from there.
        Row(usize, usize),
        Expunge(usize),
        /// Mail arrives, with this distance to the UID before it.
        Arrive(u32),
        /// A search shows the messages from one of the first that are not known on.
        Search(u32),
        /// The server sends EXISTS.
        Count,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            4 => any::<usize>().prop_map(Act::Fetch),
            2 => (any::<usize>(), 1usize..12).prop_map(|(at, len)| Act::Row(at, len)),
            4 => any::<usize>().prop_map(Act::Expunge),
            2 => (1u32..4).prop_map(Act::Arrive),
            1 => (0u32..3).prop_map(Act::Search),
            1 => Just(Act::Count),
        ];
        proptest::collection::vec(act, 0..120)
    }

    /// The mailbox as a list of UIDs, and of each whether the client may know it.
    struct Plain(Vec<(u32, bool)>);

    impl Plain {
        fn play(&mut self, act: &Act, numbers: &mut SeqMap) {
            match *act {
                Act::Arrive(distance) => {
                    let uid = self.0.last().map_or(0, |last| last.0) + distance;
                    self.0.push((uid, false));
                    numbers.count(self.0.len() as u32);
                }
                Act::Count => numbers.count(self.0.len() as u32),
                _ if self.0.is_empty() => {}
                Act::Fetch(at) => self.show(at % self.0.len(), numbers),
                Act::Row(at, len) => {
                    let at = at % self.0.len();
                    (at..self.0.len().min(at + len)).for_each(|index| self.show(index, numbers));
                }
                Act::Expunge(at) => {
                    let at = at % self.0.len();
                    let (uid, known) = self.0.remove(at);
                    assert_eq!(numbers.expunge(seq(at as u32 + 1)).map(Uid::as_u32), known.then_some(uid));
                }
                Act::Search(back) => {
                    let from = (numbers.known() + 1).saturating_sub(back).max(1);
                    let rest = self.0.iter_mut().skip(from as usize - 1);
                    numbers.extend(seq(from), rest.map(|message| (message.1 = true, (message.0, message.0)).1));
                }
            }
        }

        fn show(&mut self, index: usize, numbers: &mut SeqMap) {
            self.0[index].1 = true;
            numbers.record(seq(index as u32 + 1), Uid::nonzero(self.0[index].0).unwrap());
        }
    }

    proptest! {
        #[test]
        fn knows_what_was_shown_as_a_plain_list_does(acts in acts()) {
            let (mut plain, mut numbers) = (Plain(Vec::new()), SeqMap::default());
            for act in acts {
                plain.play(&act, &mut numbers);
                let known = plain.0.iter().take_while(|message| message.1).count();
                prop_assert_eq!(numbers.known() as usize, known, "{:?}", &numbers);
                for number in 1..=plain.0.len() as u32 + 2 {
                    let message = plain.0.get(number as usize - 1);
                    let expected = message.filter(|message| message.1).map(|message| message.0);
                    prop_assert_eq!(numbers.uid(seq(number)).map(Uid::as_u32), expected, "{}: {:?}", number, &numbers);
                }
            }
        }

        /// Whatever the server sends, a number has a UID only if nothing contradicted it since.
        #[test]
        fn no_contradiction_is_believed(pairs in proptest::collection::vec((1u32..12, 1u32..20), 0..40)) {
            let mut numbers = SeqMap::default();
            for (at, &(number, uid)) in pairs.iter().enumerate() {
                numbers.record(seq(number), Uid::nonzero(uid).unwrap());
                let known: Vec<Pair> =
                    (1..12).filter_map(|number| Some((number, numbers.uid(seq(number))?.as_u32()))).collect();
                prop_assert!(known.iter().all(|pair| pairs[..=at].contains(pair)), "{:?}", known);
                let ascends = known.windows(2).all(|two| two[1].1.checked_sub(two[0].1) >= Some(two[1].0 - two[0].0));
                prop_assert!(ascends && known.iter().all(|(number, uid)| uid >= number), "{:?}", known);
                prop_assert_eq!(known.iter().zip(1..).take_while(|(pair, number)| pair.0 == *number).count(), numbers.known() as usize);
            }
        }
    }

    #[test]
    fn a_fetch_shows_one_message_and_those_in_a_row_are_one_run() {
        let mut numbers = learnt(&[(7, 70), (8, 71), (10, 73), (9, 72), (6, 69), (3, 30)]);
        assert_eq!((numbers.runs.len(), numbers.known()), (2, 0));
        assert_eq!(numbers.uid(seq(9)), Uid::nonzero(72));
        assert_eq!(numbers.uid(seq(4)), None);
        assert_eq!(numbers.expunge(seq(1)), None);
        assert_eq!(numbers.expunge(seq(8)), Uid::nonzero(72));
        assert_eq!((numbers.uid(seq(2)), numbers.uid(seq(8))), (Uid::nonzero(30), Uid::nonzero(73)));
        numbers.record(seq(1), Uid::nonzero(29).unwrap());
        assert_eq!((numbers.runs.len(), numbers.known()), (3, 2));
    }

    #[test]
    fn what_contradicts_is_not_believed_nor_what_it_contradicts() {
        let base = [(5, 50), (8, 80), (9, 81)];
        let left = |more: Pair| {
            let numbers = learnt(&[base[0], base[1], base[2], more]);
            (1..12).filter(|&number| numbers.uid(seq(number)).is_some()).count()
        };
        for wrong in
            [(5, 51), (5, 49), (4, 50), (6, 50), (4, 60), (3, 49), (8, 82), (9, 80), (7, 80), (1, 49), (10, 81)]
        {
            assert_eq!(left(wrong), 0, "{wrong:?}");
        }
        for right in [(7, 52), (7, 79), (4, 49), (1, 46), (10, 82), (11, 83)] {
            assert_eq!(left(right), 4, "{right:?}");
        }
        assert_eq!(learnt(&[(9, 8)]).runs, [], "nine messages with eight UIDs");
    }

    #[test]
    fn a_count_below_what_is_known_ends_it() {
        let mut numbers = learnt(&[(1, 5), (4, 9)]);
        numbers.count(4);
        assert_eq!(numbers.uid(seq(4)), Uid::nonzero(9));
        numbers.count(3);
        assert_eq!((numbers.uid(seq(4)), numbers.uid(seq(1))), (None, None));
    }

    #[test]
    fn a_search_counts_more_than_what_was_known() {
        let mut numbers = learnt(&[(1, 1), (2, 2), (3, 3), (9, 90)]);
        numbers.extend(seq(5), [(50, 51)]);
        assert_eq!(numbers.known(), 3, "number 4 is missing");
        numbers.extend(seq(3), [(7, 8), (20, 20)]);
        assert_eq!((numbers.known(), numbers.uid(seq(3)), numbers.uid(seq(9))), (5, Uid::nonzero(7), None));
    }

    #[test]
    fn a_list_that_does_not_ascend_is_no_map() {
        let mut numbers = SeqMap::default();
        numbers.extend(seq(1), [(5, 9), (9, 12)]);
        assert_eq!(numbers.known(), 0);
        numbers.extend(seq(1), [(1, u32::MAX)]);
        assert_eq!(numbers.known(), u32::MAX);
        numbers.record(seq(u32::MAX), Uid::MAX);
        assert_eq!(numbers.known(), u32::MAX);
        numbers.extend(seq(u32::MAX), [(7, 7)]);
        assert_eq!(numbers.known(), 0);
    }

    #[test]
    fn ranges_that_adjoin_are_one_run_and_too_many_are_no_map() {
        let mut numbers = SeqMap::default();
        numbers.extend(seq(1), (1..=60_000).map(|uid| (uid, uid)));
        assert_eq!((numbers.known(), numbers.runs.len()), (60_000, 1));
        numbers.clear();
        numbers.extend(seq(1), [(10, 12), (13, 15), (17, 20)]);
        assert_eq!((numbers.known(), numbers.runs.len()), (10, 2));
        assert_eq!(numbers.uid(seq(7)), Uid::nonzero(17));
        assert_eq!(numbers.expunge(seq(6)), Uid::nonzero(15));
        assert_eq!((numbers.known(), numbers.runs.len()), (9, 2));
        numbers.clear();
        numbers.extend(seq(1), (1..=50_000).map(|uid| (uid * 2, uid * 2)));
        assert_eq!(numbers.known(), 50_000);
        numbers.extend(seq(50_001), [(200_000, 200_000)]);
        assert_eq!(numbers.known(), 0);
    }

    #[test]
    fn neither_fetches_nor_expunges_make_the_map_grow_without_end() {
        let mut numbers = SeqMap::default();
        for number in 1..=10_000 {
            numbers.record(seq(number), Uid::nonzero(2 * number).unwrap());
        }
        assert_eq!((numbers.known(), numbers.runs.len()), (4096, 4096));
        numbers.extend(seq(1), [(1, 200_000)]);
        for number in 1..=MOST_RUNS as u32 {
            assert!(numbers.expunge(seq(number + 1)).is_some() && numbers.runs.len() <= MOST_RUNS);
        }
        assert_eq!(numbers.known(), 0);
    }
}
