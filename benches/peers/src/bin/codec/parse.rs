//! Answers to FETCH, parsed by postroom and by a peer: the same bytes, whole in memory, every value read into one checksum, which must
//! be the generator's. Postroom also finds where answers end and cuts them into batches of what one read returns, as its session
//! does; the peers get every answer complete, and find its end by parsing it.

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::Fetched;
use postroom::imap::codec::{Batch, FetchedBatch, Frame, Framer};
use postroom_benches::answers::{Answers, Kind};
use postroom_benches::checksum::Sum;
use postroom_benches::cli::{Args, Result};
use postroom_benches::peer;

use crate::{clock, values};

/// What a session of postroom reads at once.
const READ: usize = 64 * 1024;

/// Adds one message.
type Each = fn(&mut Sum, &Fetched) -> Result<u64>;

pub(crate) fn against_peer(args: &Args) -> Result<()> {
    let (kind, count, each): (_, _, Each) = match args.job.as_str() {
        "envelope" => (Kind::Envelope, 20_000, values::message),
        _ => (Kind::Flags, 100_000, values::flags),
    };
    let name: String = args.need("peer")?;
    let read = match name.as_str() {
        "imap_proto" => peer::imap_proto::read,
        "imap_codec" => peer::imap_codec::read,
        other => return Err(format!("no peer {other}").into()),
    };
    let answers = Answers::generate(kind, count);
    let (bytes, expected) = (Bytes::from(answers.bytes), answers.sum);
    let check = |found: Sum| if found == expected { Ok(()) } else { Err("the checksum is wrong".into()) };
    let pairs = clock::pairs(args, || check(postroom(&bytes, each)?), || check(read(&bytes)?))?;
    let [ours, theirs] = [pairs.first.median, pairs.second.median].map(|seconds| seconds * 1e9 / count as f64);
    println!(
        "# {} in memory: postroom/{name} {}; {ours:.0} and {theirs:.0} ns of CPU for a message of {} bytes",
        args.job,
        pairs.ratio,
        bytes.len() as u64 / count
    );
    println!("ratio {}", pairs.ratio.median);
    Ok(())
}

fn postroom(answers: &Bytes, each: Each) -> Result<Sum> {
    let (limits, mut framer, mut sum) = (Limits::default(), Framer::new(), Sum::default());
    let (mut at, mut spare) = (0, None);
    while at < answers.len() {
        let block = answers.slice(at..answers.len().min(at + READ));
        let batch = framed(&block, &mut framer, &limits)?;
        at += batch.1;
        let mut messages = FetchedBatch::parse(&batch.0, &limits, spare.take());
        for message in &mut messages {
            each(&mut sum, &message?)?;
        }
        spare = Some(messages);
    }
    Ok(sum)
}

/// The answers that are whole within a block, and where they end.
fn framed(block: &Bytes, framer: &mut Framer, limits: &Limits) -> Result<(Batch, usize)> {
    let (mut batch, mut start) = (Batch::new(block.clone()), 0);
    while let Frame::Complete { len } = framer.next(&block[start..], limits, usize::MAX)? {
        batch.push(start, start + len);
        start += len;
    }
    Ok((batch, start))
}
