//! One literal on its way past the frames: to somebody, piece by piece, or to nobody. It knows only its bytes.

use bytes::{Bytes, BytesMut};

use crate::engine::Id;

/// The bytes of one literal that are still to come.
#[derive(Debug)]
pub(super) enum Flow {
    /// To whoever reads them.
    Passed {
        to: Id,
        left: u64,
        /// The response before the literal, which what comes after it is joined to.
        head: BytesMut,
    },
    /// To nobody. The response before the literal ends at this offset of the input.
    Skipped { left: u64, at: usize },
}

/// How far a literal has gone past, and the piece of it that this input brought.
pub(crate) enum Past {
    /// All of it has gone past, or there was no literal: the input goes on with its response.
    Through(Option<(Id, Bytes)>),
    /// More of it must come.
    Within(Option<(Id, Bytes)>),
}

impl Flow {
    pub(super) fn is_large(&self) -> bool {
        let (Self::Passed { left, .. } | Self::Skipped { left, .. }) = self;
        *left > super::LARGE as u64
    }

    /// Takes what the input has of it. What is left of the flow comes back.
    pub(super) fn advance(self, input: &mut BytesMut) -> (Past, Option<Self>) {
        match self {
            Self::Passed { to, left, head } => pass(input, to, left, head),
            Self::Skipped { left, at } => skip(input, left, at),
        }
    }
}

fn pass(input: &mut BytesMut, to: Id, left: u64, mut head: BytesMut) -> (Past, Option<Flow>) {
    let count = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
    let chunk = (count > 0).then(|| (to, input.split_to(count).freeze()));
    let left = left - count as u64;
    if left > 0 {
        return (Past::Within(chunk), Some(Flow::Passed { to, left, head }));
    }
    head.extend_from_slice(input);
    *input = head;
    (Past::Through(chunk), None)
}

fn skip(input: &mut BytesMut, left: u64, at: usize) -> (Past, Option<Flow>) {
    let here = input.len().saturating_sub(at);
    let count = usize::try_from(left).unwrap_or(usize::MAX).min(here);
    // What is moved is never more than one read.
    input.copy_within(at + count.., at);
    input.truncate(at + here - count);
    let left = left - count as u64;
    match left > 0 {
        true => (Past::Within(None), Some(Flow::Skipped { left, at })),
        false => (Past::Through(None), None),
    }
}
