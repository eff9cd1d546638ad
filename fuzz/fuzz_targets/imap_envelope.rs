//! Arbitrary bytes where an ENVELOPE stands: every accessor answers, and what is kept apart is what was there.
#![no_main]

use postroom::Limits;
use postroom::imap::{Response, codec};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let frame = bytes::Bytes::from([b"* 1 FETCH (UID 7 ENVELOPE ", data, b")\r\n"].concat());
    let read = within(&frame, || codec::response(&frame, &Limits::default()));
    if let Ok(Response::Fetch(fetched)) = read {
        std::hint::black_box(format!("{:?}", fetched.envelope()));
        assert_eq!(fetched.detach().raw(), fetched.raw());
    }
});
