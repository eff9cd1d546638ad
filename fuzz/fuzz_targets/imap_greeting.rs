//! Arbitrary bytes as a server's greeting: its frame, its condition, and the capabilities in it, the same by
//! every parser.
#![no_main]

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::codec::{self, text};
use postroom::imap::{Response, ResponseCode};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let frame = Bytes::from([b"* ", data, b"\r\n"].concat());
    let condition = within(&frame, || text::untagged(&frame));
    let whole = within(&frame, || codec::response(&frame, &Limits::default()));
    if let (Ok(condition), Ok(Response::Condition(whole))) = (&condition, &whole) {
        assert_eq!(condition, whole);
    }
    let Ok(condition) = condition else { return };
    assert!(condition.text.len() <= 3 * frame.len());
    if let Some(ResponseCode::Capability(all)) = &condition.code {
        assert!(all.iter().all(|name| all.has(name) && !name.contains(' ')));
        let again = postroom::imap::Capabilities::from_iter(all.iter());
        assert!(again.iter().eq(all.iter()));
    }
});
