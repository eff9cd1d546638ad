//! Frames of one claimant that lie in the same block: they go out as one batch. It must not know who claims them.

use bytes::{Buf, Bytes, BytesMut};

use crate::imap::codec::{Batch, Elided};

/// Responses of fewer bytes than this are copied out of the block in which they came.
const SMALL: usize = 4096;

/// Frames found so far, by their place in the input.
pub(crate) struct Claimed<T> {
    pub(crate) to: T,
    frames: Vec<(usize, usize)>,
    /// What was left out of the frame that begins there.
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

    /// Cuts everything before `at` off as one block; the frames in it that are claimed are the batch. Comes with their number.
    pub(crate) fn cut_off(claimed: Option<Self>, input: &mut BytesMut, at: &mut usize) -> Option<(T, Batch, usize)> {
        let len = std::mem::take(at);
        let Some(claimed) = claimed else {
            input.advance(len);
            return None;
        };
        let block = input.split_to(len).freeze();
        // A few responses must not keep all else in memory that came with them.
        let block = if len < SMALL { Bytes::copy_from_slice(&block) } else { block };
        let mut batch = Batch::new(block);
        let frames = claimed.frames.len();
        batch.reserve(frames);
        claimed.frames.into_iter().for_each(|(start, end)| batch.push(start, end));
        claimed.elided.into_iter().for_each(|(start, elided)| batch.elide(start, elided));
        Some((claimed.to, batch, frames))
    }
}
