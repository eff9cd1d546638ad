//! Finding where responses end, compared with a bare search for line ends over the same bytes. Neither looks into literals: the search
//! is given their places, and continues after each.

use std::hint::black_box;

use memchr::memchr;
use postroom::Limits;
use postroom::imap::codec::{Frame, Framer};
use postroom_benches::answers::{Answers, Kind};
use postroom_benches::cli::{Args, Result};
use postroom_benches::measure::pair::Pairs;

use crate::clock;

/// The approximate number of bytes of responses.
const SIZE: usize = 100_000_000;
/// The length of each literal.
const LITERAL: usize = 1_000;

/// Responses with the same number of lines each.
struct Responses {
    bytes: Vec<u8>,
    count: usize,
    /// How many bytes of a literal follow every first and every second line.
    literals: [usize; 2],
}

pub(crate) fn against_memchr(args: &Args) -> Result<()> {
    let mut worst = 0.0f64;
    for (what, responses) in [("FLAGS", flags()), ("literals of 1,000 bytes", literals())] {
        let pairs = compare(args, &responses)?;
        let count = responses.count;
        let [ours, bare] = [pairs.first.median, pairs.second.median].map(|seconds| seconds * 1e9 / count as f64);
        println!(
            "# frames, {what}: postroom/memchr {}; {ours:.1} and {bare:.1} ns of CPU for each of {count} responses, {} bytes",
            pairs.ratio,
            responses.bytes.len()
        );
        worst = worst.max(pairs.ratio.median);
    }
    println!("ratio {worst}");
    Ok(())
}

fn compare(args: &Args, responses: &Responses) -> Result<Pairs> {
    let limits = Limits::default();
    let ours = || {
        let (mut framer, mut at, mut count) = (Framer::new(), 0, 0);
        while let Frame::Complete { len } = framer.next(&responses.bytes[at..], &limits, usize::MAX)? {
            at += len;
            count += 1;
        }
        if count == responses.count { Ok(()) } else { Err(format!("{count} responses").into()) }
    };
    let bare = || {
        let (mut at, mut line) = (0, 0);
        while let Some(found) = memchr(b'\n', &responses.bytes[at..]) {
            at += found + 1 + responses.literals[line % 2];
            line += 1;
        }
        black_box(line);
        Ok(())
    };
    clock::pairs(args, ours, bare)
}

/// FETCH (UID FLAGS), repeated.
fn flags() -> Responses {
    let answers = Answers::generate(Kind::Flags, 100_000);
    let times = SIZE.div_ceil(answers.bytes.len());
    Responses { bytes: answers.bytes.repeat(times), count: answers.ends.len() * times, literals: [0, 0] }
}

/// FETCH (UID BODY[]) of messages of the same length.
fn literals() -> Responses {
    let (mut bytes, mut count) = (Vec::with_capacity(SIZE + 2 * LITERAL), 0);
    let body = "All work and no play\r\n".repeat(LITERAL).into_bytes();
    while bytes.len() < SIZE {
        count += 1;
        bytes.extend_from_slice(format!("* {count} FETCH (UID {count} BODY[] {{{LITERAL}}}\r\n").as_bytes());
        bytes.extend_from_slice(&body[..LITERAL]);
        bytes.extend_from_slice(b")\r\n");
    }
    Responses { bytes, count, literals: [LITERAL, 0] }
}
