//! A stream of IMAP responses: where each ends, and the output for one that cannot be read.

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::codec::{self, Frame, Framer};
use serde_json::{Value, json};

use super::response::response;
use super::text::put;

/// One object for each response, and one for what is left at the end or cannot be read.
pub fn read(bytes: &[u8]) -> Vec<Value> {
    let (mut said, limits) = (Vec::new(), limits());
    let bytes = Bytes::copy_from_slice(bytes);
    let (mut framer, mut at) = (Framer::new(), 0);
    while !is_blank(bytes.get(at..).unwrap_or_default()) {
        match framer.next(bytes.get(at..).unwrap_or_default(), &limits, usize::MAX) {
            Ok(Frame::Complete { len }) => {
                said.push(frame(bytes.slice(at..at + len), at, &limits));
                at += len;
            }
            Ok(Frame::Literal { .. }) => {
                if let Err(error) = framer.keep(&limits) {
                    said.push(json!({ "error": error.to_string(), "offset": at }));
                    break;
                }
            }
            // `Frame::Partial`: the rest has not come.
            Ok(_) => {
                said.push(json!({ "incomplete": true }));
                break;
            }
            Err(error) => {
                said.push(json!({ "error": error.to_string(), "offset": at + framer.expected() }));
                break;
            }
        }
    }
    said
}

/// Blank lines at the end are no response that has begun.
pub fn is_blank(rest: &[u8]) -> bool {
    rest.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// The content of a file is in memory already: nothing of it can be too large.
fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.line, limits.literal, limits.response) = (usize::MAX, usize::MAX, usize::MAX);
    limits
}

fn frame(frame: Bytes, at: usize, limits: &Limits) -> Value {
    match codec::response(&frame, limits) {
        Ok(read) => with_forgiven(response(&read, &frame), &frame),
        Err(error) => json!({ "error": error.reason, "offset": at + error.offset }),
    }
}

/// Adds the deviations of the line itself that were tolerated.
fn with_forgiven(mut shown: Value, frame: &[u8]) -> Value {
    let mut forgiven = Vec::new();
    if matches!(frame.first(), Some(0 | b'\r' | b'\n')) {
        forgiven.push("blank lines or NUL bytes stand in front");
    }
    if !frame.ends_with(b"\r\n") {
        forgiven.push("the line ends in LF alone");
    }
    if !forgiven.is_empty() {
        let forgiven = forgiven.into_iter().map(|what| json!({ "forgiven": what }));
        let defects = shown.get("defects").and_then(Value::as_array).cloned().unwrap_or_default();
        put(&mut shown, "defects", defects.into_iter().chain(forgiven).collect::<Value>());
    }
    shown
}
