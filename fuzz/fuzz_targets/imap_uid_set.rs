//! Arbitrary bytes as a set of UIDs: never expanded, and what was read is written and read again as the same set.
#![no_main]

use postroom::imap::Uids;
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(uids) = within(text.as_bytes(), || text.parse::<Uids>()) else { return };
    let (len, ranges) = within(text.as_bytes(), || (uids.len(), uids.ranges().count()));
    assert!(ranges <= text.len() && len <= u64::from(u32::MAX));
    if !uids.is_empty() {
        assert_eq!(uids.to_string().parse::<Uids>().unwrap(), uids);
    }
});
