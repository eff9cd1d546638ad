//! [`Uids`], a set of UIDs kept as ranges. Its size in memory depends on the number of ranges, not on the number of UIDs:
//! `1:4294967295` from a hostile server costs eight bytes. It must not know which command contains it.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::ranges::{Ranges, merge, touches};
use super::uid::{Uid, UidValidity};
use crate::{Error, Result};

/// A set of UIDs (RFC 9051 §9, `sequence-set`), in ascending ranges that neither touch nor overlap.
///
/// A set may end in `*`, which means the highest UID in the mailbox: [`Uids::ALL`] is `1:*`. Only the server knows what `*` covers, so
/// [`len`](Self::len), [`iter`](Self::iter) and [`ranges`](Self::ranges) are about the bounded part only. Note that `n:*` always
/// includes the last message of a mailbox, even if its UID is below `n`.
///
/// A set from a server is stamped with the [`UidValidity`] under which it was received. A folder with another one refuses it.
///
/// ```
/// use postroom::imap::{Uid, Uids};
///
/// let uids: Uids = [7, 3, 4, 5].into_iter().filter_map(|number| Uid::new(number).ok()).collect();
/// assert_eq!(uids.to_string(), "3:5,7");
/// assert_eq!(uids.len(), 4);
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Uids {
    ranges: Vec<(Uid, Uid)>,
    open: Option<Uid>,
    validity: Option<UidValidity>,
}

impl Uids {
    /// Every message: `1:*`.
    pub const ALL: Self = Self { ranges: Vec::new(), open: Uid::nonzero(1), validity: None };

    /// The empty set.
    pub const fn new() -> Self {
        Self { ranges: Vec::new(), open: None, validity: None }
    }

    /// A set of ranges in any order, each given as two UIDs. Ranges with a 0 are ignored.
    pub(crate) fn of_ranges(ranges: impl Iterator<Item = (u32, u32)>) -> Self {
        let ranges = ranges.filter_map(|(first, last)| Some((Uid::nonzero(first)?, Uid::nonzero(last)?)));
        ranges.collect::<Ranges>().into()
    }

    /// The UIDs from one to the other, both included. The bounds may be given in either order.
    pub fn range(a: Uid, b: Uid) -> Self {
        Self { ranges: vec![(a.min(b), a.max(b))], ..Self::new() }
    }

    /// This UID and all higher ones: `uid:*`. The last message of the mailbox is always included.
    pub const fn from_uid(uid: Uid) -> Self {
        Self { ranges: Vec::new(), open: Some(uid), validity: None }
    }

    /// The same set, stamped with this UIDVALIDITY.
    #[must_use]
    pub fn stamped(self, validity: UidValidity) -> Self {
        Self { validity: Some(validity), ..self }
    }

    /// The same set, stamped with this UIDVALIDITY if there is one; otherwise it keeps its stamp.
    pub(crate) fn under(self, validity: Option<UidValidity>) -> Self {
        Self { validity: validity.or(self.validity), ..self }
    }

    /// The UIDVALIDITY with which the set is stamped, if any.
    pub fn validity(&self) -> Option<UidValidity> {
        self.validity
    }

    /// Adds one UID. This is cheap if it is higher than all others; otherwise it costs a pass over the ranges.
    pub fn insert(&mut self, uid: Uid) {
        self.insert_range(uid, uid);
    }

    /// The UIDs that are in at least one of the sets, stamped if one of them is.
    ///
    /// ```
    /// # use postroom::imap::Uids;
    /// let (a, b): (Uids, Uids) = ("1:4".parse()?, "3:9,12".parse()?);
    /// assert_eq!(a.union(&b)?.to_string(), "1:9,12");
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the sets are stamped with different UIDVALIDITY values, since the same numbers then name
    /// different messages.
    pub fn union(&self, other: &Self) -> Result<Self> {
        if self.validity.zip(other.validity).is_some_and(|(mine, theirs)| mine != theirs) {
            return Err(Error::input("UIDs with different UIDVALIDITY values cannot be combined"));
        }
        // In this order, sets that do not overlap are already sorted.
        let (low, high) = if self.ranges.first() <= other.ranges.first() { (self, other) } else { (other, self) };
        let ranges = [low.ranges.as_slice(), high.ranges.as_slice()].concat();
        let open = self.open.into_iter().chain(other.open).min();
        Ok(Self::normalised(ranges, open, self.validity.or(other.validity)))
    }

    /// The UIDs that are in both sets, with the stamp of this one. Here `n:*` means `n` and everything above.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let reach = |set: &Self| {
            let open = set.open.map(|open| (open, Uid::MAX));
            set.ranges.iter().copied().chain(open).collect::<Vec<_>>()
        };
        let (mine, theirs) = (reach(self), reach(other));
        let (mut mine, mut theirs) = (mine.iter().copied().peekable(), theirs.iter().copied().peekable());
        let mut common = Vec::new();
        while let (Some(&(a, b)), Some(&(c, d))) = (mine.peek(), theirs.peek()) {
            if a.max(c) <= b.min(d) {
                common.push((a.max(c), b.min(d)));
            }
            if b < d {
                mine.next()
            } else {
                theirs.next()
            };
        }
        let open = self.open.zip(other.open).map(|(mine, theirs)| mine.max(theirs));
        Self::normalised(common, open, self.validity)
    }

    /// The UIDs of the bounded part that are not in the other set, with the stamp of this one. Here `n:*` means `n` and everything above.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let open = other.open.map(|open| (open, Uid::MAX));
        let mut theirs = other.ranges.iter().copied().chain(open).peekable();
        let mut left = Vec::with_capacity(self.ranges.len());
        for &(first, last) in &self.ranges {
            let mut from = Some(first);
            while theirs.next_if(|&(_, end)| end < first).is_some() {}
            while let Some((start, &(a, b))) = from.zip(theirs.peek()).filter(|(_, (a, _))| *a <= last) {
                left.extend(Uid::nonzero(a.as_u32() - 1).filter(|&end| start <= end).map(|end| (start, end)));
                from = b.as_u32().checked_add(1).and_then(Uid::nonzero).filter(|&next| next <= last);
                if b <= last {
                    theirs.next();
                } else {
                    break;
                }
            }
            left.extend(from.filter(|&start| start <= last).map(|start| (start, last)));
        }
        Self::normalised(left, None, self.validity)
    }

    /// Whether this UID is in the set. Here `n:*` means `n` and everything above.
    pub fn contains(&self, uid: Uid) -> bool {
        let after = self.ranges.partition_point(|&(_, last)| last < uid);
        self.ranges.get(after).is_some_and(|&(first, _)| first <= uid) || self.open.is_some_and(|open| open <= uid)
    }

    /// How many UIDs are in the bounded part.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|&(first, last)| width(first, last)).sum()
    }

    /// Whether the set is empty. An empty set has no wire form, and no command is sent for it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.open.is_none()
    }

    /// The UIDs of the bounded part, ascending. A set from a server may contain billions: limit how many you take.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        self.ranges.iter().flat_map(|&(first, last)| (first.as_u32()..=last.as_u32()).filter_map(Uid::nonzero))
    }

    /// The ranges of the bounded part, ascending.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = RangeInclusive<Uid>> + ExactSizeIterator + '_ {
        self.ranges.iter().map(|&(first, last)| first..=last)
    }

    /// The beginning of the unbounded part: 5 in `5:*`.
    pub fn open_from(&self) -> Option<Uid> {
        self.open
    }

    /// Splits the set into pieces whose wire form is at most `max` bytes long, since servers limit the length of a command line
    /// (RFC 7162 §4 recommends about 8192 bytes, RFC 2683 §3.2.1.5 at most 1000). A piece has at least one range, even if that is longer
    /// than `max`.
    pub fn split(&self, max: usize) -> impl Iterator<Item = Self> + '_ {
        let mut ranges = self.ranges.as_slice();
        let mut open = self.open;
        std::iter::from_fn(move || {
            if ranges.is_empty() && open.is_none() {
                return None;
            }
            let (taken, used) = fitting(ranges, max);
            let (piece, rest) = ranges.split_at_checked(taken).unwrap_or((ranges, &[]));
            ranges = rest;
            let tail = open.filter(|&open| rest.is_empty() && (taken == 0 || used + 1 + open_width(open) <= max));
            open = open.filter(|_| tail.is_none());
            Some(Self { ranges: piece.to_vec(), open: tail, validity: self.validity })
        })
    }

    pub(crate) fn insert_range(&mut self, a: Uid, b: Uid) {
        let (first, last) = (a.min(b), a.max(b));
        match self.ranges.last_mut() {
            Some((start, end)) if self.open.is_none() && *start <= first && touches(*end, first) => {
                *end = last.max(*end)
            }
            newest if self.open.is_none() && newest.as_ref().is_none_or(|(_, end)| *end < first) => {
                self.ranges.push((first, last));
            }
            _ => {
                let mut ranges = std::mem::take(&mut self.ranges);
                ranges.push((first, last));
                *self = Self::normalised(ranges, self.open, self.validity);
            }
        }
    }

    /// Reads a wire form. Descending ranges and `*` in any position are allowed, 0 is not.
    pub(crate) fn from_wire(text: &[u8]) -> Option<Self> {
        let mut ranges = Ranges::of_text(text.len(), memchr::memchr_iter(b',', text).count() + 1);
        let mut open = None;
        for item in text.split(|&byte| byte == b',') {
            match parse_range(item)? {
                (Some(a), Some(b)) => ranges.push(a, b),
                (bound, None) | (None, bound) => {
                    let from = bound.unwrap_or(Uid::MAX);
                    open = Some(open.map_or(from, |open: Uid| open.min(from)));
                }
            }
        }
        Some(Self::normalised(ranges.finish(), open, None))
    }

    fn normalised(mut ranges: Vec<(Uid, Uid)>, open: Option<Uid>, validity: Option<UidValidity>) -> Self {
        merge(&mut ranges);
        let mut open = open;
        while let Some(&(first, last)) = ranges.last() {
            // A lone `*` must not absorb a range that ends at the highest number: `*` alone is only the last message.
            let Some(from) = open.filter(|&from| from < Uid::MAX && touches(last, from)) else {
                break;
            };
            open = Some(from.min(first));
            ranges.pop();
        }
        Self { ranges, open, validity }
    }
}

fn width(first: Uid, last: Uid) -> u64 {
    u64::from(last.as_u32()) - u64::from(first.as_u32()) + 1
}

/// How many of the ranges fit into `max` bytes (at least one), and how many bytes they take.
fn fitting(ranges: &[(Uid, Uid)], max: usize) -> (usize, usize) {
    let mut used = 0;
    for (count, &(first, last)) in ranges.iter().enumerate() {
        let more = digits(first) + if first == last { 0 } else { 1 + digits(last) } + usize::from(count > 0);
        if count > 0 && used + more > max {
            return (count, used);
        }
        used += more;
    }
    (ranges.len(), used)
}

fn open_width(from: Uid) -> usize {
    if from == Uid::MAX { 1 } else { digits(from) + 2 }
}

fn digits(uid: Uid) -> usize {
    uid.as_u32().ilog10() as usize + 1
}

/// One `seq-number` or `seq-range`; a bound that is `None` means `*`.
fn parse_range(item: &[u8]) -> Option<(Option<Uid>, Option<Uid>)> {
    let mut ends = item.splitn(2, |&byte| byte == b':');
    let first = parse_end(ends.next()?)?;
    let last = ends.next().map_or(Some(first), parse_end)?;
    Some((first, last))
}

fn parse_end(text: &[u8]) -> Option<Option<Uid>> {
    if text == b"*" {
        return Some(None);
    }
    let digits = text.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()?;
    Uid::nonzero(number).map(Some)
}

impl Default for Uids {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Ranges> for Uids {
    fn from(ranges: Ranges) -> Self {
        Self { ranges: ranges.finish(), ..Self::new() }
    }
}

impl From<Uid> for Uids {
    fn from(uid: Uid) -> Self {
        Self::range(uid, uid)
    }
}

impl From<RangeInclusive<Uid>> for Uids {
    fn from(range: RangeInclusive<Uid>) -> Self {
        if range.is_empty() { Self::new() } else { Self::range(*range.start(), *range.end()) }
    }
}

impl FromIterator<Uid> for Uids {
    fn from_iter<I: IntoIterator<Item = Uid>>(uids: I) -> Self {
        let mut set = Self::new();
        set.extend(uids);
        set
    }
}

impl Extend<Uid> for Uids {
    fn extend<I: IntoIterator<Item = Uid>>(&mut self, uids: I) {
        let mut ranges = std::mem::take(&mut self.ranges);
        for uid in uids {
            match ranges.last_mut() {
                Some((first, last)) if *first <= uid && touches(*last, uid) => *last = uid.max(*last),
                _ => ranges.push((uid, uid)),
            }
        }
        *self = Self::normalised(ranges, self.open, self.validity);
    }
}

/// The wire form, such as `1:5,7,9:*`; empty for the empty set.
impl fmt::Display for Uids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for &(first, last) in &self.ranges {
            write!(f, "{comma}{first}")?;
            if last != first {
                write!(f, ":{last}")?;
            }
            comma = ",";
        }
        match self.open {
            Some(Uid::MAX) => write!(f, "{comma}*"),
            Some(from) => write!(f, "{comma}{from}:*"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Uids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.validity {
            Some(validity) => write!(f, "Uids({self} under {validity})"),
            None => write!(f, "Uids({self})"),
        }
    }
}

impl FromStr for Uids {
    type Err = Error;

    /// Reads a wire form. Anything else is an error of [`Kind::Input`](crate::Kind::Input).
    fn from_str(text: &str) -> Result<Self> {
        Self::from_wire(text.as_bytes()).ok_or_else(|| Error::input("not a set of UIDs"))
    }
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
    fn wire_forms_are_ascending_and_merged() {
        for (given, written) in [
            ("1:5,7,9:8", "1:5,7:9"),
            ("5:1", "1:5"),
            ("3,2,1", "1:3"),
            ("*", "*"),
            ("*:4", "4:*"),
            ("1:*", "1:*"),
            ("7:*,1:6", "1:*"),
            ("2,*", "2,*"),
            ("1:4294967295", "1:4294967295"),
            ("1:4294967295,*", "1:4294967295,*"),
        ] {
            assert_eq!(given.parse::<Uids>().unwrap().to_string(), written, "{given}");
        }
        for wrong in ["", "0", "1,", ",1", "1:", "a", "1:2:3", "4294967296", "-1", "+1", "1 2"] {
            assert!(wrong.parse::<Uids>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_huge_range_costs_one_entry() {
        let all: Uids = "1:4294967295".parse().unwrap();
        assert_eq!((all.len(), all.ranges().len()), (4_294_967_295, 1));
        assert!(all.contains(Uid::MAX));
    }

    #[test]
    fn sets_of_different_generations_do_not_mix() {
        let [one, two] = [1, 2].map(|validity| Uids::from(uid(1)).stamped(UidValidity::nonzero(validity).unwrap()));
        assert!(one.union(&two).is_err());
        assert_eq!(one.union(&Uids::from(uid(9))).unwrap().validity(), one.validity());
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_is_in_one_and_not_in_the_other(
            mine in prop::collection::btree_set(1u32..60, 0..40),
            theirs in prop::collection::btree_set(1u32..60, 0..40),
            open in prop::option::of(1u32..60),
        ) {
            let set = |numbers: &std::collections::BTreeSet<u32>| numbers.iter().map(|&number| uid(number)).collect::<Uids>();
            let other = match open {
                Some(from) => set(&theirs).union(&Uids::from_uid(uid(from))).unwrap(),
                None => set(&theirs),
            };
            let wanted: Vec<u32> = mine.iter().copied().filter(|&number| !other.contains(uid(number))).collect();
            let left = set(&mine).difference(&other);
            prop_assert_eq!(left.iter().map(Uid::as_u32).collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn the_highest_number_ends_a_difference() {
        let all = Uids::range(uid(1), Uid::MAX);
        assert_eq!(all.difference(&Uids::range(uid(5), Uid::MAX)).to_string(), "1:4");
        assert_eq!(all.difference(&Uids::from(uid(1))).to_string(), "2:4294967295");
        assert!(all.difference(&Uids::ALL).is_empty());
    }

    #[test]
    fn what_is_in_both_is_found() {
        let set = |text: &str| text.parse::<Uids>().unwrap();
        let both = |a: &str, b: &str| set(a).intersection(&set(b)).to_string();
        assert_eq!(both("1:5,9,12:20", "4:9,15"), "4:5,9,15");
        assert_eq!(both("1:5", "7:9"), "");
        assert_eq!(both("1:5,100:*", "3:*"), "3:5,100:*");
        assert_eq!(both("1:*", "7:9"), "7:9");
    }

    proptest! {
        #[test]
        fn a_set_behaves_like_a_set(numbers in prop::collection::vec(1u32..60, 0..40), max in 1usize..30) {
            let model: BTreeSet<u32> = numbers.iter().copied().collect();
            let collected: Uids = numbers.iter().copied().map(uid).collect();
            let mut inserted = Uids::new();
            numbers.iter().for_each(|&number| inserted.insert(uid(number)));
            prop_assert_eq!(&collected, &inserted);
            prop_assert!(collected.iter().map(Uid::as_u32).eq(model.iter().copied()));
            prop_assert_eq!(collected.len(), model.len() as u64);
            (1..70).for_each(|number| assert_eq!(collected.contains(uid(number)), model.contains(&number)));
            if !model.is_empty() {
                prop_assert_eq!(&collected.to_string().parse::<Uids>().unwrap(), &collected);
            }
            let mut joined = Uids::new();
            for piece in collected.split(max) {
                prop_assert!(piece.to_string().len() <= max || piece.ranges().len() == 1);
                joined = joined.union(&piece).unwrap();
            }
            prop_assert_eq!(joined, collected);
        }

        #[test]
        fn splitting_loses_no_open_end(numbers in prop::collection::vec(1u32..1000, 0..20), from in 1u32.., max in 1usize..30) {
            let closed: Uids = numbers.into_iter().map(uid).collect();
            let set = closed.union(&Uids::from_uid(uid(from))).unwrap();
            let pieces: Vec<Uids> = set.split(max).collect();
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
            prop_assert_eq!(pieces.iter().filter(|piece| piece.open_from().is_some()).count(), 1);
            let joined = pieces.iter().try_fold(Uids::new(), |sum, piece| sum.union(piece)).unwrap();
            prop_assert_eq!(joined, set);
        }

        #[test]
        fn no_text_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Uids::from_wire(&text);
        }
    }
}
