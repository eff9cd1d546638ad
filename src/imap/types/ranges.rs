//! [`Ranges`]: ranges of UIDs that are being collected into a set. UIDs that are named repeatedly take no extra memory: a hostile server
//! cannot make it larger than a few times the text that names different messages. It must not know where the ranges come from.

use super::uid::Uid;

/// Ranges in any order. Those that touch or overlap are merged at the latest when the capacity is used up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges {
    ranges: Vec<(Uid, Uid)>,
    /// An upper bound for the number of ranges; 0 if it is not known.
    enough: usize,
}

/// The largest capacity that is allocated before any ranges are merged.
const FEW: usize = 8192;

impl Ranges {
    /// With capacity for the ranges in a text of `bytes` bytes, at most `count` of them.
    pub(crate) fn of_text(bytes: usize, count: usize) -> Self {
        // Only 5 numbers of one digit do not touch, 45 of two, 450 of three and so on, so most ranges of a long text take at least six
        // digits and a comma.
        let enough = count.min(16_384 + bytes / 7);
        Self { ranges: Vec::with_capacity(enough.min(FEW)), enough }
    }

    /// Adds a range, given in either direction.
    #[inline]
    pub(crate) fn push(&mut self, a: Uid, b: Uid) {
        let (first, last) = (a.min(b), a.max(b));
        match self.ranges.last_mut() {
            Some((start, end)) if *start <= first && touches(*end, first) => *end = last.max(*end),
            _ => {
                if self.ranges.len() == self.ranges.capacity() {
                    self.make_room();
                }
                self.ranges.push((first, last));
            }
        }
    }

    /// The number of ranges that are kept, merged or not.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Merges the ranges, and grows only if that frees less than an eighth of the capacity.
    #[cold]
    fn make_room(&mut self) {
        merge(&mut self.ranges);
        let (len, room) = (self.ranges.len(), self.ranges.capacity());
        if len >= room - room / 8 {
            let more = if room < self.enough { self.enough - len } else { len / 2 };
            self.ranges.reserve_exact(more.max(8));
        }
    }

    /// The ranges in ascending order, merged, without spare capacity.
    pub(crate) fn finish(mut self) -> Vec<(Uid, Uid)> {
        merge(&mut self.ranges);
        self.ranges.shrink_to_fit();
        self.ranges
    }
}

impl FromIterator<(Uid, Uid)> for Ranges {
    fn from_iter<I: IntoIterator<Item = (Uid, Uid)>>(ranges: I) -> Self {
        let mut all = Self::default();
        ranges.into_iter().for_each(|(a, b)| all.push(a, b));
        all
    }
}

/// Sorts the ranges and merges those that touch or overlap. Each range must be ascending.
pub(super) fn merge(ranges: &mut Vec<(Uid, Uid)>) {
    if !ranges.is_sorted() {
        ranges.sort_unstable();
    }
    ranges.dedup_by(|next, kept| {
        let joins = touches(kept.1, next.0);
        if joins {
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
}

/// Whether a range that ends at `end` and one that begins at `first` (or earlier than `end`) are one range.
pub(super) fn touches(end: Uid, first: Uid) -> bool {
    first.as_u32() <= end.as_u32().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn uid(number: u32) -> Uid {
        Uid::nonzero(number).unwrap()
    }

    #[test]
    fn what_is_named_again_takes_no_more_room() {
        let mut again = Ranges::default();
        (0..1_000_000).for_each(|count: u32| again.push(uid(1 + count % 5 * 2), uid(1 + count % 5 * 2)));
        assert!(again.ranges.capacity() < 64, "{}", again.ranges.capacity());
        assert_eq!(again.finish(), [1, 3, 5, 7, 9].map(|number| (uid(number), uid(number))));
    }

    #[test]
    fn the_shortest_text_of_different_messages_finds_its_room() {
        for count in [1_000_u32, 100_000, 1_000_000] {
            let bytes: usize = (0..count).map(|place| (2 * place + 1).to_string().len() + 1).sum();
            let mut apart = Ranges::of_text(bytes, count as usize);
            (0..count).for_each(|place| apart.push(uid(2 * place + 1), uid(2 * place + 1)));
            assert_eq!(
                (apart.ranges.len(), apart.ranges.capacity()),
                (count as usize, apart.enough.max(count as usize))
            );
        }
    }

    proptest! {
        #[test]
        fn they_become_the_same_set_in_any_order(given in prop::collection::vec((1u32..200, 0u32..6), 0..120)) {
            let model: BTreeSet<u32> = given.iter().flat_map(|&(first, more)| first..=first + more).collect();
            let ranges: Ranges = given.iter().map(|&(first, more)| (uid(first + more), uid(first))).collect();
            let ranges = ranges.finish();
            prop_assert!(ranges.windows(2).all(|pair| !touches(pair[0].1, pair[1].0)));
            prop_assert!(ranges.iter().flat_map(|(a, b)| a.as_u32()..=b.as_u32()).eq(model));
        }
    }
}
