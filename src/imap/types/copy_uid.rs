//! [`CopyUid`]: the UIDs that COPY or MOVE gave to the copies (RFC 4315 §3). It keeps ranges, so that a hostile server cannot make it
//! larger than the server's own text. It must not know which command copied.

use super::uid::{Uid, UidValidity};
use super::uid_list::UidList;
use super::uids::Uids;

/// The UIDs of copied messages and those of their copies.
///
/// The two sets pair up in the order in which the server wrote them. If they differ in length, the pairs are not known. If both are
/// empty, nothing was copied.
///
/// ```
/// use postroom::imap::codec::text;
/// use postroom::imap::{ResponseCode, Uid};
///
/// let done = text::untagged(b"* OK [COPYUID 38505 304,319:320 3956:3958] Done\r\n")?;
/// let Some(ResponseCode::CopyUid(copied)) = done.code else { panic!("no code") };
/// assert_eq!(copied.destination(Uid::new(320).unwrap()), Some(Uid::new(3958).unwrap()));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CopyUid {
    from: Uids,
    to: Uids,
    /// Messages and copies in the server's order, of equal length; both empty if the pairs are not known.
    pairs: [UidList; 2],
}

/// Messages with consecutive UIDs whose copies have consecutive UIDs too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct CopyRun {
    from: u32,
    to: u32,
    /// The number of messages minus 1, so that 2^32 messages fit.
    len: u32,
}

impl CopyUid {
    /// Pairs up two lists, given in the server's order, and stamps the destination with its UIDVALIDITY.
    pub(crate) fn new(validity: Option<UidValidity>, from: UidList, to: UidList) -> Self {
        let sets = (from.to_set(), to.to_set().under(validity));
        let pairs = if from.len() == to.len() { [from, to] } else { Default::default() };
        Self { from: sets.0, to: sets.1, pairs }
    }

    /// Both mappings as one. They must be about the same two mailboxes.
    pub(crate) fn joined(mut self, more: &Self) -> Self {
        for (mine, theirs) in self.pairs.iter_mut().zip(&more.pairs) {
            theirs.ranges().for_each(|(first, last)| mine.push(first, last));
        }
        let joined = |mine: &Uids, theirs: &Uids| mine.union(theirs).unwrap_or_else(|_| theirs.clone());
        Self { from: joined(&self.from, &more.from), to: joined(&self.to, &more.to), pairs: self.pairs }
    }

    /// The part of the mapping about the messages in `asked`; `None` if it is about other messages only. If `asked` is `n:*`, one
    /// message may lie below `n`: the last one of the mailbox (RFC 9051 §9). If the pairs are not known, the part names no copies.
    pub(crate) fn within(self, asked: &Uids) -> Option<Self> {
        let beyond = self.from.difference(asked);
        if beyond.is_empty() || (asked.open_from().is_some() && beyond.len() == 1) {
            return Some(self);
        }
        let from = self.from.intersection(asked);
        let [mut before, mut after] = <[UidList; 2]>::default();
        // If a message were named twice, its run could be cut into pieces again and again; disjoint runs give at most as many pieces as
        // there are runs and ranges.
        if self.pairs[0].len() == self.from.len() {
            for CopyRun { from, to, len } in self.runs().flat_map(|run| run.within(asked)) {
                [(&mut before, from), (&mut after, to)].into_iter().for_each(|(list, first)| {
                    let ends = Uid::nonzero(first).zip(first.checked_add(len).and_then(Uid::nonzero));
                    ends.into_iter().for_each(|(first, last)| list.push(first, last));
                });
            }
        }
        let to = after.to_set().under(self.to.validity());
        (!from.is_empty()).then_some(Self { from, to, pairs: [before, after] })
    }

    /// The way back: copies become messages, and messages copies in a mailbox of this UIDVALIDITY. `None` if the pairs are not known.
    pub(crate) fn inverted(&self, validity: Option<UidValidity>) -> Option<Self> {
        let [from, to] = self.pairs.clone();
        (!from.is_empty()).then(|| Self::new(validity, to, from))
    }

    /// Messages and copies in the server's order; both empty if the pairs are not known.
    pub(crate) fn lists(&self) -> &[UidList; 2] {
        &self.pairs
    }

    /// The memory it takes up, approximately, in bytes.
    pub(crate) fn size(&self) -> usize {
        let lists: usize = self.pairs.iter().map(UidList::size).sum();
        lists + 8 * (self.from.ranges().len() + self.to.ranges().len())
    }

    /// The messages that were copied, by their UIDs in the source mailbox.
    pub fn from(&self) -> &Uids {
        &self.from
    }

    /// The copies, stamped with the UIDVALIDITY of the destination mailbox (unless the server keeps none).
    pub fn to(&self) -> &Uids {
        &self.to
    }

    /// The UIDVALIDITY of the destination mailbox.
    pub fn validity(&self) -> Option<UidValidity> {
        self.to.validity()
    }

    /// The UID of the copy of this message; `None` if the message was not copied or the pairs are not known.
    pub fn destination(&self, uid: Uid) -> Option<Uid> {
        let uid = uid.as_u32();
        self.runs().find_map(|run| {
            let place = uid.checked_sub(run.from).filter(|&place| place <= run.len)?;
            Uid::nonzero(run.to.checked_add(place)?)
        })
    }

    /// All pairs of a message and its copy, in the server's order. A hostile server may name billions: limit how many you take.
    pub fn pairs(&self) -> impl Iterator<Item = (Uid, Uid)> + '_ {
        let places = self.runs().flat_map(|run| (0..=run.len).map(move |place| (run, place)));
        places.filter_map(|(run, place)| {
            Uid::nonzero(run.from.checked_add(place)?).zip(Uid::nonzero(run.to.checked_add(place)?))
        })
    }

    /// Both lists, cut into runs of equal length.
    fn runs(&self) -> impl Iterator<Item = CopyRun> + '_ {
        let [from, to] = &self.pairs;
        let numbers = |(first, last): (Uid, Uid)| (first.as_u32(), last.as_u32());
        let (mut from, mut to) = (from.ranges().map(numbers), to.ranges().map(numbers));
        let (mut here, mut there) = (from.next(), to.next());
        std::iter::from_fn(move || {
            let ((first, last), (to_first, to_last)) = here.zip(there)?;
            let len = (last - first).min(to_last - to_first);
            here = if first + len == last { from.next() } else { Some((first + len + 1, last)) };
            there = if to_first + len == to_last { to.next() } else { Some((to_first + len + 1, to_last)) };
            Some(CopyRun { from: first, to: to_first, len })
        })
    }
}

impl CopyRun {
    /// The pieces of the run whose messages are in the set.
    fn within(&self, asked: &Uids) -> Vec<Self> {
        let all = Uid::nonzero(self.from).zip(self.from.checked_add(self.len).and_then(Uid::nonzero));
        let Some((first, last)) = all else { return Vec::new() };
        let pieces = Uids::range(first, last).intersection(asked);
        let cut = |(a, b): (u32, u32)| Self { from: a, to: self.to + (a - self.from), len: b - a };
        pieces.ranges().map(|range| cut((range.start().as_u32(), range.end().as_u32()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &[(u32, u32)]) -> UidList {
        let mut ranges = UidList::default();
        list.iter().for_each(|&(a, b)| ranges.push(Uid::nonzero(a).unwrap(), Uid::nonzero(b).unwrap()));
        ranges
    }

    fn copied(from: &[(u32, u32)], to: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let pairs = CopyUid::new(None, ranges(from), ranges(to));
        let list: Vec<_> = pairs.pairs().map(|(a, b)| (a.as_u32(), b.as_u32())).collect();
        assert!(list.iter().all(|&(a, b)| pairs.destination(Uid::nonzero(a).unwrap()) == Uid::nonzero(b)));
        list
    }

    #[test]
    fn pairs_follow_the_order_of_the_server() {
        assert_eq!(copied(&[(304, 304), (319, 320)], &[(3956, 3958)]), [(304, 3956), (319, 3957), (320, 3958)]);
        assert_eq!(copied(&[(5, 5), (3, 3)], &[(10, 11)]), [(5, 10), (3, 11)]);
        assert_eq!(copied(&[], &[]), []);
    }

    #[test]
    fn sets_of_unequal_size_pair_nothing_and_are_kept() {
        assert_eq!(copied(&[(1, 3)], &[(7, 8)]), []);
        let unequal = CopyUid::new(UidValidity::nonzero(9), ranges(&[(1, 3)]), ranges(&[(7, 8)]));
        assert_eq!((unequal.from().len(), unequal.to().len()), (3, 2));
        assert_eq!(unequal.validity(), UidValidity::nonzero(9));
    }

    #[test]
    fn what_was_told_bit_by_bit_is_one_mapping() {
        let first = CopyUid::new(UidValidity::nonzero(9), ranges(&[(1, 2)]), ranges(&[(7, 8)]));
        let both = first.joined(&CopyUid::new(UidValidity::nonzero(9), ranges(&[(5, 5)]), ranges(&[(9, 9)])));
        assert_eq!((both.from().to_string(), both.to().to_string()), ("1:2,5".into(), "7:9".into()));
        assert_eq!(both.destination(Uid::nonzero(5).unwrap()), Uid::nonzero(9));
        assert_eq!(both.validity(), UidValidity::nonzero(9));
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        let within = |from: &[(u32, u32)], to: &[(u32, u32)], asked: &str| {
            let told = CopyUid::new(UidValidity::nonzero(9), ranges(from), ranges(to));
            let kept = told.within(&asked.parse().unwrap())?;
            let pairs: Vec<_> = kept.pairs().map(|(a, b)| (a.as_u32(), b.as_u32())).collect();
            assert_eq!(kept.validity(), UidValidity::nonzero(9));
            Some((kept.from().to_string(), kept.to().to_string(), pairs))
        };
        let text = |from: &str, to: &str, pairs: &[(u32, u32)]| Some((from.to_owned(), to.to_owned(), pairs.to_vec()));
        assert_eq!(within(&[(1, 3)], &[(7, 9)], "1:3,5"), text("1:3", "7:9", &[(1, 7), (2, 8), (3, 9)]));
        assert_eq!(within(&[(1, 6)], &[(7, 12)], "2,5"), text("2,5", "8,11", &[(2, 8), (5, 11)]));
        assert_eq!(within(&[(1, u32::MAX)], &[(1, u32::MAX)], "4"), text("4", "4", &[(4, 4)]));
        assert_eq!(within(&[(1, 3)], &[(7, 9)], "4"), None);
        assert_eq!(within(&[(8, 8)], &[(1, 1)], "9:*"), text("8", "1", &[(8, 1)]));
        // The pairs are not known.
        assert_eq!(within(&[(1, 3)], &[(7, 8)], "2"), text("2", "", &[]));
        assert_eq!(within(&[(1, 3), (1, 3)], &[(7, 12)], "2"), text("2", "", &[]));
    }

    #[test]
    fn the_largest_ranges_are_one_run() {
        let all = ranges(&[(1, u32::MAX)]);
        let copied = CopyUid::new(None, all.clone(), all);
        assert_eq!(copied.runs().count(), 1);
        assert_eq!(copied.destination(Uid::MAX), Some(Uid::MAX));
    }
}
