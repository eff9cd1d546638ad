//! Arbitrary bytes as a set of UIDs: it is never expanded, it can be written and read again as the same set, its pieces together
//! are the set, and it contains its own ends.
#![no_main]

use postroom::imap::Uids;
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(uids) = within(text.as_bytes(), || text.parse::<Uids>()) else { return };
    let (len, ranges) = within(text.as_bytes(), || (uids.len(), uids.ranges().count()));
    assert!(ranges <= text.len() && len <= u64::from(u32::MAX));
    let mut before = None;
    for range in uids.ranges() {
        assert!(range.start() <= range.end() && uids.contains(*range.start()) && uids.contains(*range.end()));
        // Ranges neither touch nor overlap.
        assert!(before.is_none_or(|end: u32| u64::from(u32::from(*range.start())) > u64::from(end) + 1));
        before = Some(u32::from(*range.end()));
    }
    if uids.is_empty() {
        return;
    }
    assert_eq!(within(text.as_bytes(), || uids.to_string()).parse::<Uids>().unwrap(), uids);
    let mut joined = Uids::new();
    for piece in uids.split(50) {
        assert!(piece.to_string().len() <= 50 && !piece.is_empty());
        joined = joined.union(&piece).unwrap();
    }
    assert_eq!(joined, uids);
});
