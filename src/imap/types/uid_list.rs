//! [`UidList`]: UIDs in an order that a server chose, kept as ranges. It must not know why they stand in that order; where the
//! order means nothing, a set says more: see `uids.rs`.

use std::fmt;

use super::uid::Uid;
use super::uids::Uids;

/// UIDs, or sequence numbers, in the order in which a server told them, as of SORT (RFC 5256, RFC 5267 §3.2). Like a set it is
/// never larger than its text, whatever its ranges span.
///
/// ```
/// let sorted = postroom::imap::codec::sort::parse(b"* SORT 882 2 3 4 84\r\n")?;
/// assert_eq!(sorted.list.to_string(), "882,2:4,84");
/// assert_eq!(sorted.list.iter().map(u32::from).collect::<Vec<_>>(), [882, 2, 3, 4, 84]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct UidList {
    /// First and last of each, ascending within it (RFC 5267 §3.2).
    ranges: Vec<(Uid, Uid)>,
}

impl UidList {
    /// Room for that many that do not follow each other.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { ranges: Vec::with_capacity(count) }
    }

    /// Reads a wire form, in which no `*` can stand.
    pub(crate) fn from_wire(text: &[u8]) -> Option<Self> {
        let mut list = Self::with_capacity(memchr::memchr_iter(b',', text).count() + 1);
        for item in text.split(|&byte| byte == b',') {
            let (first, last) = range(item)?;
            list.push(first, last);
        }
        Some(list)
    }

    pub(crate) fn push(&mut self, first: Uid, last: Uid) {
        match self.ranges.last_mut() {
            Some((_, end)) if end.as_u32().checked_add(1) == Some(first.as_u32()) => *end = last,
            _ => self.ranges.push((first, last)),
        }
    }

    /// Whether each is higher than the one before it.
    pub(crate) fn is_ascending(&self) -> bool {
        self.ranges.windows(2).all(|pair| matches!(pair, [(_, end), (next, _)] if end < next))
    }

    /// The ranges in the server's order, each as its first and its last number.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = (Uid, Uid)> + ExactSizeIterator + '_ {
        self.ranges.iter().copied()
    }

    /// All of them, in the server's order. A hostile server may have named billions: bound what you take.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        self.ranges().flat_map(|(first, last)| (first.as_u32()..=last.as_u32()).filter_map(Uid::new))
    }

    /// How many there are, each counted as often as it was named.
    pub fn len(&self) -> u64 {
        self.ranges().map(|(first, last)| u64::from(last.as_u32() - first.as_u32()) + 1).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The same as a set, without their order.
    pub fn to_set(&self) -> Uids {
        Uids::from_ranges(self.ranges.clone())
    }
}

impl From<UidList> for Uids {
    fn from(list: UidList) -> Self {
        Self::from_ranges(list.ranges)
    }
}

/// The wire form; empty for none.
impl fmt::Display for UidList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.ranges().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}:{last}")?,
            }
        }
        Ok(())
    }
}

fn range(item: &[u8]) -> Option<(Uid, Uid)> {
    let mut ends = item.splitn(2, |&byte| byte == b':').map(number);
    let first = ends.next()??;
    let last = ends.next().unwrap_or(Some(first))?;
    Some((first.min(last), first.max(last)))
}

fn number(text: &[u8]) -> Option<Uid> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok().and_then(Uid::new)
}

#[cfg(test)]
mod tests {
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
}
