//! Frames of one claimant in the same block, delivered as one batch. It must not know who claims them.

use bytes::{Buf, Bytes, BytesMut};

use crate::imap::codec::{Batch, Elided};

/// Blocks with fewer bytes than this are copied out of the read buffer.
const SMALL: usize = 4096;

/// The frames found so far, by their place in the input.
pub(crate) struct Claimed<T> {
    pub(crate) to: T,
    frames: Vec<(usize, usize)>,
    /// What was left out of the frame that begins at this offset.
    elided: Vec<(usize, Vec<Elided>)>,
}

impl<T> Claimed<T> {
    pub(crate) fn new(to: T) -> Self {
        Self { to, frames: Vec::new(), elided: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, start: usize, end: usize, elided: Vec<Elided>) {
        self.frames.push((start, end));
        if !elided.is_empty() {
            self.elided.push((start, elided));
        }
    }

    /// Cuts off everything before `at` as one block and returns the claimed frames in it as a batch, with their number.
    pub(crate) fn cut_off(claimed: Option<Self>, input: &mut BytesMut, at: &mut usize) -> Option<(T, Batch, usize)> {
        let len = std::mem::take(at);
        let Some(claimed) = claimed else {
            input.advance(len);
            return None;
        };
        let block = input.split_to(len).freeze();
        // A small batch must not keep a whole read buffer in memory.
        let block = if len < SMALL { Bytes::copy_from_slice(&block) } else { block };
        let mut batch = Batch::new(block);
        let frames = claimed.frames.len();
        batch.reserve(frames);
        claimed.frames.into_iter().for_each(|(start, end)| batch.push(start, end));
        claimed.elided.into_iter().for_each(|(start, elided)| batch.elide(start, elided));
        Some((claimed.to, batch, frames))
    }
}
