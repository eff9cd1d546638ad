//! [`PartialRange`]: a range of positions among the messages that a search finds or a FETCH names (RFC 9394 §3.1). It must not know
//! which messages these are.

use std::fmt;
use std::num::NonZeroU32;

use super::uid::Uid;
use super::uids::Uids;

/// A range of positions in a result, counted from its beginning or its end (RFC 9394 §3.1).
///
/// ```
/// use std::num::NonZeroU32;
/// use postroom::imap::PartialRange;
///
/// let (one, ten) = (NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(9));
/// assert_eq!(PartialRange::first(one, ten).to_string(), "1:10");
/// assert_eq!(PartialRange::last(one, ten).to_string(), "-1:-10");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PartialRange {
    from: NonZeroU32,
    to: NonZeroU32,
    backwards: bool,
}

impl PartialRange {
    /// From one position to another, both included; 1 is the first message.
    pub fn first(from: NonZeroU32, to: NonZeroU32) -> Self {
        Self { from: from.min(to), to: from.max(to), backwards: false }
    }

    /// From one position to another, both included; 1 is the last message. Servers with `PARTIAL` support this; servers with only
    /// `CONTEXT=SEARCH` may not.
    pub fn last(from: NonZeroU32, to: NonZeroU32) -> Self {
        Self { backwards: true, ..Self::first(from, to) }
    }

    pub(crate) const fn is_backwards(self) -> bool {
        self.backwards
    }

    /// The two positions as they are written.
    pub(crate) fn bounds(self) -> (i64, i64) {
        let sign = if self.backwards { -1 } else { 1 };
        (sign * i64::from(self.from.get()), sign * i64::from(self.to.get()))
    }

    /// Of this number of messages, how many come before the range, and how many are in it.
    pub(crate) fn within(self, count: u64) -> (u64, u64) {
        let (from, to) = (u64::from(self.from.get()), u64::from(self.to.get()).min(count));
        let inside = (to + 1).saturating_sub(from);
        (if self.backwards { count - to } else { from - 1 }, inside)
    }

    /// Those of these UIDs that are in the range. The set must have no open end.
    pub(crate) fn of(self, uids: &Uids) -> Uids {
        let (before, inside_range) = self.within(uids.len());
        let (first, last) = (before + 1, before + inside_range);
        // The positions of the first UID of each range and of the one after its last.
        let mut position = 1;
        let mut inside = Uids::new();
        for range in uids.ranges() {
            let (start, end) = (u64::from(range.start().as_u32()), u64::from(range.end().as_u32()));
            let (a, b) = (first.max(position), last.min(position + end - start));
            let at = |place: u64| u32::try_from(start + place - position).ok().and_then(Uid::nonzero);
            if let (true, Some(a), Some(b)) = (a <= b, at(a), at(b)) {
                inside.insert_range(a, b);
            }
            position += end - start + 1;
        }
        inside.under(uids.validity())
    }
}

/// The wire form.
impl fmt::Display for PartialRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.backwards { "-" } else { "" };
        write!(f, "{sign}{}:{sign}{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_range_takes_what_a_list_would(
            numbers in prop::collection::btree_set(1u32..90, 0..50),
            bounds in (1u32..60, 1u32..60),
            backwards: bool,
        ) {
            let bound = |number| NonZeroU32::new(number).unwrap();
            let range = match backwards {
                false => PartialRange::first(bound(bounds.0), bound(bounds.1)),
                true => PartialRange::last(bound(bounds.0), bound(bounds.1)),
            };
            let all: Uids = numbers.iter().filter_map(|&number| Uid::nonzero(number)).collect();
            let mut list: Vec<u32> = numbers.into_iter().collect();
            if backwards {
                list.reverse();
            }
            let (from, to) = (bounds.0.min(bounds.1) as usize, bounds.0.max(bounds.1) as usize);
            let taken: Vec<u32> = list.iter().copied().skip(from - 1).take(to - from + 1).collect();
            prop_assert_eq!(range.within(list.len() as u64).1, taken.len() as u64);
            let set: Uids = taken.into_iter().filter_map(Uid::nonzero).collect();
            prop_assert_eq!(range.of(&all), set);
        }
    }

    #[test]
    fn positions_beyond_the_end_are_left_out() {
        let number = |number| NonZeroU32::new(number).unwrap();
        let all: Vec<u64> = (1..=7).collect();
        for (range, expected) in [
            (PartialRange::first(number(1), number(3)), &[1, 2, 3][..]),
            (PartialRange::first(number(6), number(9)), &[6, 7]),
            (PartialRange::first(number(8), number(9)), &[]),
            (PartialRange::last(number(1), number(2)), &[6, 7]),
            (PartialRange::last(number(3), number(2)), &[5, 6]),
            (PartialRange::last(number(6), number(9)), &[1, 2]),
            (PartialRange::last(number(8), number(9)), &[]),
            (PartialRange::first(number(u32::MAX), number(u32::MAX)), &[]),
        ] {
            let (before, inside) = range.within(7);
            let found: Vec<u64> = all.iter().copied().skip(before as usize).take(inside as usize).collect();
            assert_eq!(found, expected, "{range}");
        }
        assert_eq!(PartialRange::last(number(1), number(5)).bounds(), (-1, -5));
    }
}
