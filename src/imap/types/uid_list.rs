//! [`UidList`]: UIDs in the server's order, kept as text. It must not know what the order means. Sets, without an order, are in
//! `uids.rs`.

use std::fmt;

use super::partial_range::PartialRange;
use super::ranges::Ranges;
use super::uid::Uid;
use super::uids::Uids;

/// UIDs, or sequence numbers, in the order in which a server listed them, for example in the answer to SORT (RFC 5256, RFC 5267 §3.2).
/// It takes as much memory as its text, no matter how large its ranges are. Iterating parses that text.
///
/// ```
/// let sorted = postroom::imap::codec::sort::parse(b"* SORT 882 2 3 4 84\r\n")?;
/// assert_eq!(sorted.list.to_string(), "882,2:4,84");
/// assert_eq!(sorted.list.iter().map(u32::from).collect::<Vec<_>>(), [882, 2, 3, 4, 84]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct UidList {
    /// The wire form of all ranges except the last, each with a comma after it. Each is ascending (RFC 5267 §3.2), and none begins
    /// directly after the end of the one before it.
    text: String,
    count: usize,
    last: Option<(Uid, Uid)>,
}

/// The ranges of a [`UidList`], in its order.
#[derive(Clone, Debug)]
struct UidRanges<'a> {
    text: &'a str,
    count: usize,
    last: Option<(Uid, Uid)>,
}

impl UidList {
    /// With capacity for the UIDs in a text of this number of bytes.
    pub(crate) fn of_text(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// Reads a wire form without `*`.
    pub(crate) fn from_wire(text: &[u8]) -> Option<Self> {
        let mut list = Self::of_text(text.len());
        for item in text.split(|&byte| byte == b',') {
            let (first, last) = range(item)?;
            list.push(first, last);
        }
        Some(list.fitted())
    }

    pub(crate) fn push(&mut self, first: Uid, last: Uid) {
        match &mut self.last {
            Some((_, end)) if end.as_u32().checked_add(1) == Some(first.as_u32()) => *end = last,
            newest => {
                if let Some((first, last)) = newest.replace((first, last)) {
                    write(&mut self.text, first, last);
                    self.text.push(',');
                }
                self.count += 1;
            }
        }
    }

    /// The same list, without much spare capacity.
    pub(crate) fn fitted(mut self) -> Self {
        if self.text.len() < self.text.capacity() / 2 {
            self.text.shrink_to_fit();
        }
        self
    }

    /// The list of these ranges, without much spare capacity.
    pub(crate) fn of_ranges(ranges: impl Iterator<Item = (Uid, Uid)>) -> Self {
        let mut list = Self::default();
        ranges.for_each(|(first, last)| list.push(first, last));
        list.fitted()
    }

    /// The messages at the positions of this range. Costs as much as there are ranges in the list, however large they are.
    pub(crate) fn slice(&self, range: PartialRange) -> Self {
        let (mut before, mut inside) = range.within(self.len());
        Self::of_ranges(self.ranges().filter_map(move |(first, last)| {
            let (first, last) = (u64::from(first.as_u32()), u64::from(last.as_u32()));
            let length = last - first + 1;
            let skipped = before.min(length);
            let taken = inside.min(length - skipped);
            (before, inside) = (before - skipped, inside - taken);
            let number = |number: u64| u32::try_from(number).ok().and_then(Uid::nonzero);
            let end = number(first + skipped + taken.checked_sub(1)?)?;
            Some((number(first + skipped)?, end))
        }))
    }

    /// Whether each UID is higher than the one before it.
    pub(crate) fn is_ascending(&self) -> bool {
        self.ranges().is_sorted_by(|(_, end), (next, _)| end < next)
    }

    /// The memory it takes up, approximately, in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }

    /// The ranges in the server's order, each as its first and its last number.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = (Uid, Uid)> + ExactSizeIterator + '_ {
        UidRanges { text: &self.text, count: self.count, last: self.last }
    }

    /// All UIDs, in the server's order. A hostile server may name billions: limit how many you take.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        self.ranges().flat_map(|(first, last)| (first.as_u32()..=last.as_u32()).filter_map(Uid::nonzero))
    }

    /// How many UIDs there are. One that is named twice counts twice.
    pub fn len(&self) -> u64 {
        self.ranges().map(|(first, last)| u64::from(last.as_u32() - first.as_u32()) + 1).sum()
    }

    /// Whether there are no UIDs.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The UIDs as a set, without their order.
    pub fn to_set(&self) -> Uids {
        let mut ranges = Ranges::of_text(self.text.len(), self.count);
        self.ranges().for_each(|(first, last)| ranges.push(first, last));
        ranges.into()
    }
}

impl Iterator for UidRanges<'_> {
    type Item = (Uid, Uid);

    fn next(&mut self) -> Option<(Uid, Uid)> {
        self.count = self.count.checked_sub(1)?;
        match self.text.split_once(',') {
            Some((item, rest)) => {
                self.text = rest;
                range(item.as_bytes())
            }
            None => self.last.take(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl DoubleEndedIterator for UidRanges<'_> {
    fn next_back(&mut self) -> Option<(Uid, Uid)> {
        self.count = self.count.checked_sub(1)?;
        self.last.take().or_else(|| {
            let rest = self.text.strip_suffix(',')?;
            let (before, item) = rest.rsplit_once(',').map_or(("", rest), |(before, item)| (before, item));
            self.text = self.text.get(..before.len() + usize::from(!before.is_empty()))?;
            range(item.as_bytes())
        })
    }
}

impl ExactSizeIterator for UidRanges<'_> {}

/// In ascending order, without an open end.
impl From<&Uids> for UidList {
    fn from(uids: &Uids) -> Self {
        Self::of_ranges(uids.ranges().map(|range| (*range.start(), *range.end())))
    }
}

impl From<UidList> for Uids {
    fn from(list: UidList) -> Self {
        list.to_set()
    }
}

/// The wire form; empty for an empty list.
impl fmt::Display for UidList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.last {
            Some((first, last)) if first == last => write!(f, "{first}"),
            Some((first, last)) => write!(f, "{first}:{last}"),
            None => Ok(()),
        }
    }
}

fn write(text: &mut String, first: Uid, last: Uid) {
    digits(text, first.as_u32());
    if last != first {
        text.push(':');
        digits(text, last.as_u32());
    }
}

pub(super) fn digits(text: &mut String, number: u32) {
    for place in (0..=number.checked_ilog10().unwrap_or_default()).rev() {
        text.push(char::from_digit(number / 10u32.pow(place) % 10, 10).unwrap_or_default());
    }
}

fn range(item: &[u8]) -> Option<(Uid, Uid)> {
    let (first, last) = match memchr::memchr(b':', item).and_then(|at| item.split_at_checked(at)) {
        Some((first, last)) => (number(first)?, number(last.get(1..)?)?),
        None => number(item).map(|one| (one, one))?,
    };
    Some((first.min(last), first.max(last)))
}

pub(super) fn number(text: &[u8]) -> Option<Uid> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok().and_then(Uid::nonzero)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_order_is_kept_and_ranges_ascend() {
        let list = UidList::from_wire(b"7,5:3,6,1:2").unwrap();
        assert_eq!((list.to_string().as_str(), list.len()), ("7,3:6,1:2", 7));
        assert_eq!(list.to_set().to_string(), "1:7");
        assert!(!list.is_ascending() && UidList::from_wire(b"1,3:9").unwrap().is_ascending());
    }

    #[test]
    fn what_is_no_list_of_numbers_is_refused_and_none_is_expanded() {
        for wrong in ["", "0", "1:*", "1,", "+1", "4294967296", "1:2:3"] {
            assert_eq!(UidList::from_wire(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(UidList::from_wire(b"1:4294967295,1:4294967295").unwrap().len(), 8_589_934_590);
    }

    proptest! {
        #[test]
        fn its_ranges_are_read_from_either_end(
            given in prop::collection::vec((1u32..2_000_000_000, 0u32..3), 0..12),
            turns in prop::collection::vec(any::<bool>(), 12),
        ) {
            let (mut list, mut model) = (UidList::default(), Vec::<(u32, u32)>::new());
            for (first, more) in given {
                list.push(Uid::nonzero(first).unwrap(), Uid::nonzero(first + more).unwrap());
                match model.last_mut() {
                    Some((_, end)) if *end + 1 == first => *end = first + more,
                    _ => model.push((first, first + more)),
                }
            }
            prop_assert_eq!(list.is_empty(), model.is_empty());
            if !model.is_empty() {
                prop_assert_eq!(&UidList::from_wire(list.to_string().as_bytes()).unwrap(), &list);
            }
            let mut ranges = list.ranges().map(|(first, last)| (first.as_u32(), last.as_u32()));
            prop_assert_eq!(ranges.len(), model.len());
            let mut model = model.into_iter();
            for front in turns {
                let (read, wanted) =
                    if front { (ranges.next(), model.next()) } else { (ranges.next_back(), model.next_back()) };
                prop_assert_eq!(read, wanted);
            }
        }
    }
}
