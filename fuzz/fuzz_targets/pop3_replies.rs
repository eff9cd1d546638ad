//! Arbitrary bytes to every parser of POP3 replies, and as a body, strict and lenient: the same result whole, in pieces, and taken
//! bit by bit, with nothing in it but the input.
#![no_main]

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use postroom::pop3::codec::{Lines, Multiline, capabilities, language_line, reply, scan_line, stamp, stat, uidl_line};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let parsed =
        within(data, || (reply(data), stat(data), stamp(data), scan_line(data), uidl_line(data), language_line(data)));
    black_box(parsed);
    drop(black_box(within(data, || capabilities(data))));
    let lines: usize = within(data, || Lines::new(data).map(|line| line.len() + 1).sum());
    assert!(lines <= data.len() + 1);
    let [step, data @ ..] = data else { return };
    let step = usize::from(*step) + 1;
    for form in [Multiline::new(), Multiline::lenient()] {
        let whole = body(form.clone(), data, data.len(), false);
        assert_eq!(whole, body(form.clone(), data, step, false));
        assert_eq!(whole, body(form, data, step, true));
        if let Some((body, left)) = whole {
            assert!(body.len() + left < data.len());
        }
    }
});

/// The body, and the number of bytes after it. With `taking`, bytes that certainly belong to the body are taken before its end.
fn body(mut scanner: Multiline, data: &[u8], step: usize, taking: bool) -> Option<(Bytes, usize)> {
    within(data, || {
        let (mut input, mut body, mut given) = (BytesMut::new(), BytesMut::new(), 0);
        for piece in data.chunks(step.max(1)) {
            input.extend_from_slice(piece);
            given += piece.len();
            if let Some(cut) = scanner.scan(&mut input) {
                body.extend_from_slice(&cut.split(&mut input));
                return Some((body.freeze(), input.len() + data.len() - given));
            }
            assert!(scanner.known() <= input.len());
            if taking {
                body.extend_from_slice(&scanner.take(&mut input));
            }
        }
        None
    })
}
