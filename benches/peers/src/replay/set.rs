//! Sequence and UID sets (RFC 3501 §9, `sequence-set`) over a mailbox whose UIDs are 1 to its size.

/// The ranges of `set` that are in `1..=size`, in the order given; nothing if `set` is not a set.
pub(super) fn ranges(set: &str, size: u64) -> Option<Vec<(u64, u64)>> {
    let mut ranges = Vec::new();
    for part in set.split(',') {
        let (one, two) = part.split_once(':').unwrap_or((part, part));
        let (one, two) = (number(one, size)?, number(two, size)?);
        let (low, high) = (one.min(two).max(1), one.max(two).min(size));
        if low <= high {
            ranges.push((low, high));
        }
    }
    Some(ranges)
}

fn number(text: &str, size: u64) -> Option<u64> {
    if text == "*" { Some(size) } else { text.parse().ok().filter(|n| *n > 0) }
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn a_set_is_cut_to_the_mailbox() {
        assert_eq!(ranges("1:*", 10), Some(vec![(1, 10)]));
        assert_eq!(ranges("*:8,3", 10), Some(vec![(8, 10), (3, 3)]));
        assert_eq!(ranges("5:20", 10), Some(vec![(5, 10)]));
        assert_eq!(ranges("11:20", 10), Some(vec![]));
        assert_eq!(ranges("0", 10), None);
        assert_eq!(ranges("a", 10), None);
    }
}
