//! Arbitrary bytes in the place of an ENVELOPE: every accessor answers, what is kept apart is what was there, and what is read can be
//! written and read again with the same result.
#![no_main]

use postroom::Limits;
use postroom::imap::{Fetched, Response, codec};
use postroom_fuzz::envelope::Envelope;
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(fetched) = read(data) else { return };
    assert_eq!(fetched.detach().raw(), fetched.raw());
    drop(std::hint::black_box((fetched.subject(), fetched.from().map(|from| from.to_string()))));
    let Some(envelope) = fetched.envelope() else { return };
    let (same, mut text) = (Envelope::from(envelope), Vec::new());
    same.write(&mut text);
    let again = read(&text).expect("an envelope that can be read");
    assert_eq!(again.defects().count(), 0);
    same.check(again.envelope().expect("the envelope"));
});

fn read(envelope: &[u8]) -> Option<Fetched> {
    let frame = bytes::Bytes::from([b"* 1 FETCH (UID 7 ENVELOPE ", envelope, b")\r\n"].concat());
    match within(&frame, || codec::response(&frame, &Limits::default())) {
        Ok(Response::Fetch(fetched)) => Some(fetched),
        _ => None,
    }
}
