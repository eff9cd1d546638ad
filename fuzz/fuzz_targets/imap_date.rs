//! Arbitrary bytes where dates stand: INTERNALDATE, SAVEDATE, and the date of an envelope.
#![no_main]

use postroom::Limits;
use postroom::imap::{Response, codec};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let parts: [&[u8]; 7] = [
        b"* 1 FETCH (UID 7 INTERNALDATE \"",
        data,
        b"\" SAVEDATE \"",
        data,
        b"\" ENVELOPE (\"",
        data,
        b"\" NIL NIL NIL NIL NIL NIL NIL NIL NIL))\r\n",
    ];
    let frame = bytes::Bytes::from(parts.concat());
    let read = within(&frame, || codec::response(&frame, &Limits::default()));
    if let Ok(Response::Fetch(fetched)) = read {
        std::hint::black_box((fetched.internal_date(), format!("{:?}", fetched.envelope())));
    }
});
