//! The input: cuts bytes into frames, and streams or skips literals that are too large to keep. It must not know what a
//! frame means, nor whose it is.

mod claimed;
mod flow;

use bytes::BytesMut;

pub(super) use self::claimed::Claimed;
pub(super) use self::flow::LiteralBytes;
use self::flow::{Flow, LARGE};
use crate::engine::Id;
use crate::error::{Error, Result};
use crate::imap::codec::{Elided, Frame, Framer};
use crate::limits::Limits;

/// The state of reading the input.
pub(super) struct Intake {
    framer: Framer,
    /// A literal that is being streamed or skipped.
    flow: Option<Flow>,
    /// The number of input bytes that were left unread.
    unread: usize,
    /// The number of skipped bytes of the current response.
    skipped: u64,
}

impl Intake {
    pub(super) fn new() -> Self {
        Self { framer: Framer::new(), flow: None, unread: 0, skipped: 0 }
    }

    /// The number of these bytes that are new.
    pub(super) fn fresh(&self, input: &[u8]) -> usize {
        input.len().saturating_sub(self.unread)
    }

    /// Remembers that this input was left unread.
    pub(super) fn leave(&mut self, input: &[u8]) {
        self.unread = input.len();
    }

    /// Whether a response is incomplete.
    pub(super) fn is_unfinished(&self) -> bool {
        self.flow.is_some() || self.unread > 0
    }

    /// Whether much of a literal is still to be received.
    pub(super) fn expects_much(&self) -> bool {
        self.flow.as_ref().is_some_and(Flow::is_large) || self.framer.expected() > LARGE
    }

    /// Nothing more is read.
    pub(super) fn end(&mut self) {
        self.flow = None;
    }

    /// Finds the next frame of the input. Literals over `threshold` stop it.
    #[inline]
    pub(super) fn next(&mut self, input: &[u8], limits: &Limits, threshold: usize) -> Result<Frame> {
        let frame = self.framer.next(input, limits, threshold);
        if matches!(frame, Ok(Frame::Complete { .. })) {
            self.skipped = 0;
        }
        frame
    }

    /// Takes what was left out of the complete frame.
    #[inline]
    pub(super) fn take_elided(&mut self) -> Vec<Elided> {
        self.framer.take_elided()
    }

    /// What was left out of the incomplete response.
    pub(super) fn elided(&self) -> &[Elided] {
        self.framer.elided()
    }

    /// Keeps the literal that stopped it with its response.
    pub(super) fn keep(&mut self, limits: &Limits) -> Result<()> {
        self.framer.keep(limits)
    }

    /// Streams the literal that stopped it.
    pub(super) fn pass(&mut self, input: &mut BytesMut, start: usize, size: u64, to: Id) {
        let rest = input.split_off(start);
        let head = std::mem::replace(input, rest);
        self.flow = Some(Flow::Passed { to, left: size, head });
        self.framer.elide();
    }

    /// Skips the literal that stopped it.
    pub(super) fn skip(&mut self, start: usize, size: u64, limits: &Limits) -> Result<()> {
        // Counted per response: a server must not hold the connection with one endless response.
        self.skipped = self.skipped.saturating_add(size);
        if self.skipped > limits.skipped {
            return Err(Error::limit("the server sent a response of which more than the limit had to be skipped"));
        }
        self.flow = Some(Flow::Skipped { left: size, at: start });
        self.framer.elide();
        Ok(())
    }

    /// Takes the bytes of a literal that is streamed or skipped.
    pub(super) fn take_literal_bytes(&mut self, input: &mut BytesMut) -> LiteralBytes {
        let Some(flow) = self.flow.take() else { return LiteralBytes::Complete(None) };
        let (past, flow) = flow.advance(input);
        self.flow = flow;
        past
    }
}
