//! One shape: framed as it comes, parsed, with every value read, and kept.

use std::any::Any;
use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use postroom::Limits;
use postroom::imap::codec::{Frame, Framer, response};
use postroom::imap::{Fetched, Response, Uids};
use postroom::pop3::codec::{Lines, Multiline, scan_line};
use postroom_benches::checksum::Sum;
use postroom_benches::cli::Result;

use crate::shape::Kind;
use crate::values;

/// How many bytes come at once.
const READ: usize = 64 * 1024;

/// Limits that no shape reaches, except for nesting, which stays.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.line, limits.literal, limits.response) = (usize::MAX >> 1, usize::MAX >> 1, usize::MAX >> 1);
    limits
}

/// Reads it, and returns the number of values and what was read, which keeps its memory.
pub(crate) fn read(kind: Kind, bytes: &Bytes, limits: &Limits) -> Result<(usize, Box<dyn Any>)> {
    if kind == Kind::Imap {
        let read = imap(bytes, limits)?;
        return Ok((values(&read)?, Box::new(read)));
    }
    let body = body(bytes)?;
    let count = match kind {
        Kind::Listing => Lines::new(&body).try_fold(0, |count, line| {
            let (_, size) = scan_line(line).ok_or("no line of LIST")?;
            Ok::<_, &str>(black_box(size).min(1) as usize + count)
        })?,
        _ => body.len(),
    };
    Ok((count, Box::new(body)))
}

fn body(bytes: &Bytes) -> Result<Bytes> {
    let (mut multiline, mut input) = (Multiline::new(), BytesMut::with_capacity(bytes.len()));
    for piece in bytes.chunks(READ) {
        input.extend_from_slice(piece);
        if let Some(cut) = multiline.scan(&mut input) {
            return Ok(cut.split(&mut input));
        }
    }
    Err("the reply has no end".into())
}

fn imap(bytes: &Bytes, limits: &Limits) -> Result<Response> {
    let (mut framer, mut come) = (Framer::new(), 0);
    loop {
        come = bytes.len().min(come + READ);
        match framer.next(&bytes[..come], limits, usize::MAX)? {
            Frame::Complete { len } if len == bytes.len() => break,
            Frame::Partial if come < bytes.len() => {}
            other => return Err(format!("{other:?} at {come}").into()),
        }
    }
    Ok(response(bytes, limits)?)
}

fn values(read: &Response) -> Result<usize> {
    Ok(match read {
        Response::Fetch(message) => fetched(message)?,
        Response::Search(found) | Response::Esearch(found) => found.all.as_ref().map_or(0, ranges),
        Response::Vanished(vanished) => ranges(&vanished.uids),
        Response::Thread(threads) => {
            threads.walk().fold(0, |count, (depth, one)| count + black_box((1, depth, one.number())).0)
        }
        Response::Flags(flags) => flags.len(),
        Response::Metadata(metadata) => metadata.values.len(),
        other => {
            black_box(other);
            1
        }
    })
}

fn ranges(uids: &Uids) -> usize {
    uids.ranges().map(black_box).count()
}

fn fetched(message: &Fetched) -> Result<usize> {
    let mut sum = Sum::default();
    let mut count = 0;
    if let Some(flags) = message.flags() {
        count += flags.iter().map(|flag| sum.text(flag.as_bytes())).count();
    }
    if let Some(envelope) = message.envelope() {
        values::envelope(&mut sum, envelope);
        count += envelope.to().len() + 1;
    }
    if let Some(structure) = message.body_structure() {
        values::structure(&mut sum, structure)?;
        count += structure.walk().filter(|part| !black_box(part.section()).path().is_empty()).count();
    }
    count +=
        message.sections().filter_map(|section| section.bytes()).map(|bytes| sum.number(bytes.len() as u64)).count();
    count += message.unknown().map(black_box).count() + message.defects().map(black_box).count();
    black_box(sum);
    Ok(count)
}
