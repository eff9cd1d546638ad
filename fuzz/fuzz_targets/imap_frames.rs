//! Arbitrary bytes to the frame splitter: the same frames whole and in pieces, with large literals kept or left out, each within
//! the limits and with its line end.
#![no_main]

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::BytesMut;
use postroom::Limits;
use postroom::imap::codec::{Frame, Framer};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [step, threshold, data @ ..] = data else { return };
    let mut limits = Limits::default();
    (limits.line, limits.literal, limits.response) = (4096, 512, 8192);
    let threshold = if threshold % 2 == 0 { usize::MAX } else { usize::from(*threshold) };
    let whole = within(data, || cut(data, data.len(), &limits, threshold));
    let split = within(data, || cut(data, usize::from(*step) + 1, &limits, threshold));
    assert_eq!(whole, split);
});

/// The number of frames, a digest of where they end and what was left out of them, and whether an error was the end. Literals
/// over the threshold are left out if their size is odd.
fn cut(data: &[u8], step: usize, limits: &Limits, threshold: usize) -> (usize, u64, bool) {
    let (mut framer, mut input) = (Framer::new(), BytesMut::new());
    let (mut frames, mut digest, mut skipped) = (0, DefaultHasher::new(), 0_u64);
    for piece in data.chunks(step.max(1)) {
        input.extend_from_slice(&piece[take(&mut skipped, piece.len())..]);
        loop {
            match framer.next(&input, limits, threshold) {
                Ok(Frame::Complete { len }) => {
                    assert!(len <= limits.response && input[..len].ends_with(b"\n"));
                    frames += 1;
                    len.hash(&mut digest);
                    framer.take_elided().iter().for_each(|one| (one.at, one.size).hash(&mut digest));
                    drop(input.split_to(len));
                    assert!(framer.is_between());
                }
                Ok(Frame::Literal { start, size }) if size % 2 == 1 => {
                    framer.elide();
                    skipped = size;
                    let behind = input.split_off(start);
                    let there = take(&mut skipped, behind.len());
                    input.extend_from_slice(&behind[there..]);
                }
                Ok(Frame::Literal { .. }) if framer.keep(limits).is_ok() => {}
                Ok(Frame::Literal { .. }) | Err(_) => return (frames, digest.finish(), true),
                // `Frame::Partial`
                Ok(_) => break,
            }
        }
    }
    (frames, digest.finish(), false)
}

/// Counts how much of what is to be skipped has come.
fn take(skipped: &mut u64, there: usize) -> usize {
    let now = usize::try_from(*skipped).unwrap_or(usize::MAX).min(there);
    *skipped -= now as u64;
    now
}
