//! Arbitrary bytes in the places of dates, different in each: INTERNALDATE, SAVEDATE, and the date of an envelope. A date that
//! is read can be read again from its own text.
#![no_main]

use postroom::Limits;
use postroom::imap::{Fetched, Response, codec};
use postroom_fuzz::{date as written, within};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut places = data.splitn(3, |byte| *byte == b'\n');
    let [internal, saved, field] = std::array::from_fn(|_| places.next().unwrap_or_default());
    let Some(fetched) = read(internal, saved, field) else { return };
    for date in [fetched.internal_date(), fetched.save_date()].into_iter().flatten() {
        let text = written(date);
        let again = read(text.as_bytes(), text.as_bytes(), b"").expect("a date that can be read");
        assert_eq!((again.internal_date(), again.save_date()), (Some(date), Some(date)), "{text}");
        assert_eq!(again.defects().count(), 0);
    }
    drop(std::hint::black_box(format!("{:?} {:?}", fetched.envelope(), fetched.defects().collect::<Vec<_>>())));
});

fn read(internal: &[u8], saved: &[u8], field: &[u8]) -> Option<Fetched> {
    let parts: [&[u8]; 7] = [
        b"* 1 FETCH (UID 7 INTERNALDATE \"",
        internal,
        b"\" SAVEDATE \"",
        saved,
        b"\" ENVELOPE (\"",
        field,
        b"\" NIL NIL NIL NIL NIL NIL NIL NIL NIL))\r\n",
    ];
    let frame = bytes::Bytes::from(parts.concat());
    match within(&frame, || codec::response(&frame, &Limits::default())) {
        Ok(Response::Fetch(fetched)) => Some(fetched),
        _ => None,
    }
}
