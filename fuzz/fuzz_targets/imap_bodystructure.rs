//! Arbitrary bytes where a BODYSTRUCTURE stands: the tree can be walked, and walking ends.
#![no_main]

use postroom::Limits;
use postroom::imap::{Response, codec};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let frame = bytes::Bytes::from([b"* 1 FETCH (UID 7 BODYSTRUCTURE ", data, b")\r\n"].concat());
    let read = within(&frame, || codec::response(&frame, &Limits::default()));
    if let Ok(Response::Fetch(fetched)) = read {
        if let Some(root) = fetched.body_structure() {
            let parts = root.walk().inspect(|part| drop(std::hint::black_box(format!("{part:?}")))).count();
            assert!(parts <= data.len());
        }
    }
});
