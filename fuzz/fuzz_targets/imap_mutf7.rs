//! Arbitrary bytes as the name of a mailbox in modified UTF-7 or UTF-8: a server's name is sent back byte for byte.
#![no_main]

use postroom::imap::MailboxName;
use postroom::imap::codec::mutf7;
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(text) = within(data, || mutf7::decode(data)) {
        assert_eq!(mutf7::decode(mutf7::encode(&text).as_bytes()), Some(text));
    }
    for utf8 in [false, true] {
        let name = within(data, || MailboxName::from_wire(data, utf8));
        if !name.is_inbox() {
            assert_eq!(*name.to_wire(utf8), *data);
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(mutf7::decode(mutf7::encode(text).as_bytes()).as_deref(), Some(text));
    }
});
