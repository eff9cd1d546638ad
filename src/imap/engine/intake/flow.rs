//! One literal that bypasses the frames: streamed piece by piece, or skipped. It knows only its bytes.

use bytes::{Bytes, BytesMut};

use crate::engine::Id;

/// From this number of unread bytes of an incomplete response on, larger blocks are read.
pub(super) const LARGE: usize = 64 * 1024;

/// The part of one literal that is still to be received.
#[derive(Debug)]
pub(super) enum Flow {
    /// Streamed to a request.
    Passed {
        to: Id,
        left: u64,
        /// The response up to the literal, to which the rest is joined.
        head: BytesMut,
    },
    /// Skipped. The response up to the literal ends at this offset of the input.
    Skipped { left: u64, at: usize },
}

/// Whether a literal is complete, with the piece of it in this input.
pub(crate) enum LiteralBytes {
    /// It is complete, or there was none: the input continues with its response.
    Complete(Option<(Id, Bytes)>),
    /// More of it must arrive.
    Incomplete(Option<(Id, Bytes)>),
}

impl Flow {
    pub(super) fn is_large(&self) -> bool {
        let (Self::Passed { left, .. } | Self::Skipped { left, .. }) = self;
        *left > LARGE as u64
    }

    /// Takes its bytes from the input. Returns the rest of the flow.
    pub(super) fn advance(self, input: &mut BytesMut) -> (LiteralBytes, Option<Self>) {
        match self {
            Self::Passed { to, left, head } => pass(input, to, left, head),
            Self::Skipped { left, at } => skip(input, left, at),
        }
    }
}

fn pass(input: &mut BytesMut, to: Id, left: u64, mut head: BytesMut) -> (LiteralBytes, Option<Flow>) {
    let count = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
    let chunk = (count > 0).then(|| (to, input.split_to(count).freeze()));
    let left = left - count as u64;
    if left > 0 {
        return (LiteralBytes::Incomplete(chunk), Some(Flow::Passed { to, left, head }));
    }
    // The response continues after its literal as if the literal were empty.
    head.extend_from_slice(input);
    *input = head;
    (LiteralBytes::Complete(chunk), None)
}

fn skip(input: &mut BytesMut, left: u64, at: usize) -> (LiteralBytes, Option<Flow>) {
    // Everything before it stays in the input until the response is complete.
    let at = at.min(input.len());
    let here = input.len() - at;
    let count = usize::try_from(left).unwrap_or(usize::MAX).min(here);
    // At most one read is moved.
    input.copy_within(at + count.., at);
    input.truncate(at + here - count);
    let left = left - count as u64;
    match left > 0 {
        true => (LiteralBytes::Incomplete(None), Some(Flow::Skipped { left, at })),
        false => (LiteralBytes::Complete(None), None),
    }
}
