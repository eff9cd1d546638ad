//! Arbitrary bytes as the first thing that a server says: its frame, its condition, and the capabilities in it.
#![no_main]

use postroom::Limits;
use postroom::imap::codec::text;
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let frame = [b"* ", data, b"\r\n"].concat();
    let condition = within(&frame, || text::untagged(&frame));
    let whole = within(&frame, || postroom::imap::codec::response(&frame.clone().into(), &Limits::default()));
    std::hint::black_box((condition.map(|condition| format!("{condition:?}")).ok(), whole.is_ok()));
});
