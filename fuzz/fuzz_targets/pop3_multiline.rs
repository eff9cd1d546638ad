//! Arbitrary bytes as a body, stuffed and ended as a server does it, come back byte for byte, however they are split.
#![no_main]

use bytes::BytesMut;
use postroom::pop3::codec::Multiline;

libfuzzer_sys::fuzz_target!(|data: (u8, Vec<u8>)| {
    let (at, body) = data;
    let mut body = body;
    if !body.is_empty() && !body.ends_with(b"\r\n") {
        body.extend_from_slice(b"\r\n");
    }
    let mut sent = Vec::new();
    let mut fresh = true;
    for (index, byte) in body.iter().enumerate() {
        if *byte == b'.' && fresh {
            sent.push(b'.');
        }
        sent.push(*byte);
        fresh = index > 0 && *byte == b'\n' && body[index - 1] == b'\r';
    }
    sent.extend_from_slice(b".\r\n");
    let (mut scanner, mut input, first) = (Multiline::new(), BytesMut::new(), usize::from(at).min(sent.len()));
    for piece in [&sent[..first], &sent[first..]] {
        input.extend_from_slice(piece);
        if let Some(cut) = postroom_fuzz::within(&sent, || scanner.scan(&mut input)) {
            assert_eq!(cut.split(&mut input), body);
            assert!(input.is_empty());
            return;
        }
    }
    panic!("no end in {}", sent.escape_ascii());
});
