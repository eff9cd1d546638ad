//! A stream of IMAP responses: where each ends, and what becomes of one that cannot be read.

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::codec::{self, Frame, Framer};
use serde_json::{Value, json};

use super::response::response;

/// One object for each response, and one for what is left at the end or cannot be read.
pub fn read(bytes: &[u8]) -> Vec<Value> {
    let (mut said, limits) = (Vec::new(), Limits::default());
    let bytes = Bytes::copy_from_slice(bytes);
    let (mut framer, mut at) = (Framer::new(), 0);
    while at < bytes.len() {
        match framer.next(bytes.get(at..).unwrap_or_default(), &limits, usize::MAX) {
            Ok(Frame::Complete { len }) => {
                said.push(frame(bytes.slice(at..at + len), at, &limits));
                at += len;
            }
            Ok(Frame::Partial) => {
                said.push(json!({ "incomplete": true }));
                break;
            }
            Ok(Frame::Literal { .. }) => {
                if let Err(error) = framer.keep(&limits) {
                    said.push(json!({ "error": error.to_string(), "offset": at }));
                    break;
                }
            }
            Err(error) => {
                said.push(json!({ "error": error.to_string(), "offset": at + framer.expected() }));
                break;
            }
        }
    }
    said
}

fn frame(frame: Bytes, at: usize, limits: &Limits) -> Value {
    match codec::response(&frame, limits) {
        Ok(read) => response(&read, &frame),
        Err(error) => json!({ "error": error.reason, "offset": at + error.offset }),
    }
}
