//! [`CopyUid`]: which message became which by COPY or MOVE (RFC 4315 §3). Kept as runs, so that a hostile server cannot make
//! it larger than its own text.

use super::uid::{Uid, UidValidity};
use super::uids::Uids;

/// The UIDs of copied messages, before and after.
///
/// The sets pair up in the order in which the server wrote them. Where they do not have equally many UIDs the pairs are not
/// known; where both are empty nothing was copied.
///
/// ```
/// use postroom::imap::codec::text;
/// use postroom::imap::{ResponseCode, Uid};
///
/// let done = text::untagged(b"* OK [COPYUID 38505 304,319:320 3956:3958] Done\r\n")?;
/// let Some(ResponseCode::CopyUid(copied)) = done.code else { panic!("no code") };
/// assert_eq!(copied.destination(Uid::new(320).unwrap()), Uid::new(3958));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CopyUid {
    from: Uids,
    to: Uids,
    runs: Vec<Run>,
    /// The server stopped before it had dealt with all messages (RFC 9738).
    cut: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Run {
    from: u32,
    to: u32,
    len: u32,
}

impl CopyUid {
    /// Pairs up two lists of ranges, given in the server's order; the destination is stamped with its UIDVALIDITY.
    pub(crate) fn new(validity: Option<UidValidity>, from: &[(Uid, Uid)], to: &[(Uid, Uid)]) -> Self {
        let runs = pair(from, to).unwrap_or_default();
        let to = collect(to).under(validity);
        Self { from: collect(from), to, runs, cut: false }
    }

    /// Both mappings as one, of the same two mailboxes.
    pub(crate) fn joined(mut self, more: &Self) -> Self {
        self.runs.extend_from_slice(&more.runs);
        let joined = |mine: &Uids, theirs: &Uids| mine.union(theirs).unwrap_or_else(|_| theirs.clone());
        let cut = self.cut || more.cut;
        Self { from: joined(&self.from, &more.from), to: joined(&self.to, &more.to), runs: self.runs, cut }
    }

    /// The part of it that is about these messages; `None` where a server speaks of others only. Of an open set one message may lie
    /// below its beginning: the last of the mailbox (RFC 9051 §9). Where nothing says which of the copies are of these messages,
    /// none is named.
    pub(crate) fn within(self, asked: &Uids) -> Option<Self> {
        let beyond = self.from.difference(asked);
        if beyond.is_empty() || (asked.open_from().is_some() && beyond.len() == 1) {
            return Some(self);
        }
        let from = self.from.intersection(asked);
        // Disjoint runs come to no more pieces than there are runs and ranges.
        let told: u64 = self.runs.iter().map(|run| u64::from(run.len) + 1).sum();
        let runs = if told == self.from.len() {
            self.runs.iter().flat_map(|run| run.within(asked)).collect()
        } else {
            Vec::new()
        };
        let to = runs.iter().filter_map(|run: &Run| Some((Uid::new(run.to)?, Uid::new(run.to.checked_add(run.len)?)?)));
        let to = collect(&to.collect::<Vec<_>>()).under(self.to.validity());
        (!from.is_empty()).then_some(Self { from, to, runs, cut: self.cut })
    }

    /// The server stopped before it had dealt with all messages: one that is not named here may be there all the same.
    pub(crate) fn cut(self, cut: bool) -> Self {
        Self { cut: self.cut || cut, ..self }
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        32 + 8 * (self.from.ranges().len() + self.to.ranges().len()) + 12 * self.runs.len()
    }

    /// The messages that were copied, in the mailbox they came from.
    pub fn from(&self) -> &Uids {
        &self.from
    }

    /// The copies, stamped with the UIDVALIDITY of the mailbox they went to (unless the server keeps none).
    pub fn to(&self) -> &Uids {
        &self.to
    }

    /// The UIDVALIDITY of the mailbox the copies went to.
    pub fn validity(&self) -> Option<UidValidity> {
        self.to.validity()
    }

    /// Which UID the copy of that message has.
    pub fn destination(&self, uid: Uid) -> Option<Uid> {
        let uid = uid.as_u32();
        self.runs.iter().find_map(|run| {
            let place = uid.checked_sub(run.from).filter(|&place| place <= run.len)?;
            Uid::new(run.to.checked_add(place)?)
        })
    }

    /// All pairs, before and after, in the server's order. A hostile server may have named billions: bound what you take.
    pub fn pairs(&self) -> impl Iterator<Item = (Uid, Uid)> + '_ {
        let places = self.runs.iter().flat_map(|run| (0..=run.len).map(move |place| (run, place)));
        places
            .filter_map(|(run, place)| Uid::new(run.from.checked_add(place)?).zip(Uid::new(run.to.checked_add(place)?)))
    }
}

impl Run {
    /// The pieces of it that are in the set.
    fn within(&self, asked: &Uids) -> Vec<Self> {
        let all = Uid::new(self.from).zip(self.from.checked_add(self.len).and_then(Uid::new));
        let Some((first, last)) = all else { return Vec::new() };
        let pieces = Uids::range(first, last).intersection(asked);
        let cut = |(a, b): (u32, u32)| Self { from: a, to: self.to + (a - self.from), len: b - a };
        pieces.ranges().map(|range| cut((range.start().as_u32(), range.end().as_u32()))).collect()
    }
}

/// Runs of equal length on both sides; `Run::len` is one less than the count, which so fits. `None` where one side is longer.
fn pair(from: &[(Uid, Uid)], to: &[(Uid, Uid)]) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let [mut left, mut right] =
        [from, to].map(|side| side.iter().map(|&(a, b)| (a.min(b).as_u32(), a.max(b).as_u32())));
    let (mut here, mut there) = (left.next(), right.next());
    while let (Some((from, from_last)), Some((to, to_last))) = (here, there) {
        let len = (from_last - from).min(to_last - to);
        runs.push(Run { from, to, len });
        here = if from + len == from_last { left.next() } else { Some((from + len + 1, from_last)) };
        there = if to + len == to_last { right.next() } else { Some((to + len + 1, to_last)) };
    }
    (here.is_none() && there.is_none()).then_some(runs)
}

fn collect(ranges: &[(Uid, Uid)]) -> Uids {
    Uids::from_ranges(ranges.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &[(u32, u32)]) -> Vec<(Uid, Uid)> {
        list.iter().map(|&(a, b)| (Uid::new(a).unwrap(), Uid::new(b).unwrap())).collect()
    }

    fn copied(from: &[(u32, u32)], to: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let pairs = CopyUid::new(None, &ranges(from), &ranges(to));
        let list: Vec<_> = pairs.pairs().map(|(a, b)| (a.as_u32(), b.as_u32())).collect();
        assert!(list.iter().all(|&(a, b)| pairs.destination(Uid::new(a).unwrap()) == Uid::new(b)));
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
        let unequal = CopyUid::new(UidValidity::new(9), &ranges(&[(1, 3)]), &ranges(&[(7, 8)]));
        assert_eq!((unequal.from().len(), unequal.to().len()), (3, 2));
        assert_eq!(unequal.validity(), UidValidity::new(9));
    }

    #[test]
    fn what_was_told_bit_by_bit_is_one_mapping() {
        let first = CopyUid::new(UidValidity::new(9), &ranges(&[(1, 2)]), &ranges(&[(7, 8)]));
        let both = first.joined(&CopyUid::new(UidValidity::new(9), &ranges(&[(5, 5)]), &ranges(&[(9, 9)])));
        assert_eq!((both.from().to_string(), both.to().to_string()), ("1:2,5".into(), "7:9".into()));
        assert_eq!(both.destination(Uid::new(5).unwrap()), Uid::new(9));
        assert_eq!(both.validity(), UidValidity::new(9));
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        let within = |from: &[(u32, u32)], to: &[(u32, u32)], asked: &str| {
            let told = CopyUid::new(UidValidity::new(9), &ranges(from), &ranges(to));
            let kept = told.within(&asked.parse().unwrap())?;
            let pairs: Vec<_> = kept.pairs().map(|(a, b)| (a.as_u32(), b.as_u32())).collect();
            assert_eq!(kept.validity(), UidValidity::new(9));
            Some((kept.from().to_string(), kept.to().to_string(), pairs))
        };
        let text = |from: &str, to: &str, pairs: &[(u32, u32)]| Some((from.to_owned(), to.to_owned(), pairs.to_vec()));
        assert_eq!(within(&[(1, 3)], &[(7, 9)], "1:3,5"), text("1:3", "7:9", &[(1, 7), (2, 8), (3, 9)]));
        assert_eq!(within(&[(1, 6)], &[(7, 12)], "2,5"), text("2,5", "8,11", &[(2, 8), (5, 11)]));
        assert_eq!(within(&[(1, u32::MAX)], &[(1, u32::MAX)], "4"), text("4", "4", &[(4, 4)]));
        assert_eq!(within(&[(1, 3)], &[(7, 9)], "4"), None);
        assert_eq!(within(&[(8, 8)], &[(1, 1)], "9:*"), text("8", "1", &[(8, 1)]));
        // Nothing says which copy is whose.
        assert_eq!(within(&[(1, 3)], &[(7, 8)], "2"), text("2", "", &[]));
        assert_eq!(within(&[(1, 3), (1, 3)], &[(7, 12)], "2"), text("2", "", &[]));
    }

    #[test]
    fn the_largest_ranges_are_one_run() {
        let all = ranges(&[(1, u32::MAX)]);
        let copied = CopyUid::new(None, &all, &all);
        assert_eq!(copied.runs.len(), 1);
        assert_eq!(copied.destination(Uid::MAX), Some(Uid::MAX));
    }
}
