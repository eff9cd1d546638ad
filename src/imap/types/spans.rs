//! A growing set of UIDs as ranges, fast in whatever order they arrive. It knows no mailbox.

use std::collections::BTreeMap;

use super::uid::Uid;
use super::uids::Uids;

/// Ranges that neither touch nor overlap: the first UID of each, and its last.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    ranges: BTreeMap<u32, u32>,
    /// The range that grew last. Servers mostly send messages in ascending order.
    growing: Option<(u32, u32)>,
    len: u64,
}

impl Spans {
    /// Adds a UID; `false` if it was there before.
    #[inline]
    pub(crate) fn insert(&mut self, uid: Uid) -> bool {
        let uid = uid.as_u32();
        let added = match &mut self.growing {
            Some((_, last)) if uid == last.wrapping_add(1) && !self.ranges.contains_key(&uid) => {
                *last = uid;
                true
            }
            _ => self.insert_elsewhere(uid),
        };
        self.len += u64::from(added);
        added
    }

    /// The number of UIDs.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn contains(&self, uid: Uid) -> bool {
        let uid = uid.as_u32();
        let grown = self.growing.is_some_and(|(first, last)| (first..=last).contains(&uid));
        grown || self.ranges.range(..=uid).next_back().is_some_and(|(_, &last)| uid <= last)
    }

    pub(crate) fn lowest(&self) -> Option<Uid> {
        let first = self.ranges.keys().next().copied();
        first.into_iter().chain(self.growing.map(|(first, _)| first)).min().and_then(Uid::nonzero)
    }

    pub(crate) fn to_uids(&self) -> Uids {
        Uids::of_ranges(self.ranges.iter().map(|(&first, &last)| (first, last)).chain(self.growing))
    }

    #[inline(never)]
    fn insert_elsewhere(&mut self, uid: u32) -> bool {
        // Only the range that grows is outside of the map, so that messages in ascending order need no lookup.
        self.settle();
        let before = self.ranges.range(..=uid).next_back().map(|(&first, &last)| (first, last));
        let (first, last) = match before {
            Some((_, last)) if uid <= last => return false,
            Some((first, last)) if uid == last.wrapping_add(1) => (first, uid),
            _ => (uid, uid),
        };
        self.ranges.remove(&first);
        self.growing = Some((first, last));
        true
    }

    /// Moves the growing range to the others and joins it to the one that follows.
    fn settle(&mut self) {
        let Some((first, last)) = self.growing.take() else { return };
        let joined = last.checked_add(1).and_then(|next| self.ranges.remove(&next));
        self.ranges.insert(first, joined.unwrap_or(last));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_as_a_plain_set(uids in proptest::collection::vec(prop_oneof![1u32..40, 4_294_967_280..=u32::MAX], 0..120)) {
            let (mut spans, mut set) = (Spans::default(), BTreeSet::new());
            for uid in uids {
                let named = Uid::nonzero(uid).unwrap();
                prop_assert_eq!(spans.contains(named), set.contains(&uid));
                prop_assert_eq!(spans.insert(named), set.insert(uid));
                prop_assert!(spans.contains(named));
                let uids: Vec<u32> = spans.to_uids().iter().map(Uid::as_u32).collect();
                prop_assert_eq!(uids, set.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(spans.len(), set.len() as u64);
                prop_assert_eq!(spans.lowest().map(Uid::as_u32), set.first().copied());
            }
        }
    }

    #[test]
    fn neighbours_are_one_range() {
        let mut spans = Spans::default();
        for uid in [5, 6, 9, 8, 7, 1] {
            spans.insert(Uid::nonzero(uid).unwrap());
        }
        spans.settle();
        assert_eq!(spans.to_uids().to_string(), "1,5:9");
        assert!(spans.ranges.len() <= 3);
    }
}
