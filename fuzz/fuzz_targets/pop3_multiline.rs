//! Arbitrary bytes as a body, stuffed and ended by a server's rules, come back byte for byte, however they are split.
#![no_main]

use bytes::BytesMut;
use postroom::pop3::codec::Multiline;
use postroom_fuzz::pop3::stuffed;
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [step, body @ ..] = data else { return };
    let mut body = body.to_vec();
    if !body.is_empty() && !body.ends_with(b"\r\n") {
        body.extend_from_slice(b"\r\n");
    }
    let sent = [&stuffed(&body)[..], b"+OK behind"].concat();
    for (step, taking) in [(sent.len(), false), (usize::from(*step) + 1, false), (usize::from(*step) + 1, true)] {
        let (found, left) = within(&sent, || read(&sent, step, taking));
        assert_eq!((&found[..], left), (&body[..], b"+OK behind".len()));
    }
});

/// The body, and the number of bytes after its end. With `taking`, bytes that certainly belong to the body are taken before its end.
fn read(sent: &[u8], step: usize, taking: bool) -> (BytesMut, usize) {
    let (mut scanner, mut input, mut body) = (Multiline::new(), BytesMut::new(), BytesMut::new());
    for (number, piece) in sent.chunks(step).enumerate() {
        input.extend_from_slice(piece);
        if let Some(cut) = scanner.scan(&mut input) {
            body.extend_from_slice(&cut.split(&mut input));
            return (body, input.len() + sent.len() - sent.len().min((number + 1) * step));
        }
        if taking {
            body.extend_from_slice(&scanner.take(&mut input));
        }
    }
    panic!("no end in {}", sent.escape_ascii());
}
