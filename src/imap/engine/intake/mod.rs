//! What comes in: bytes to frames, and literals that are too large to keep, to a stream or away. It must not know what a frame means,
//! nor whose it is.

mod claimed;
mod flow;

use bytes::BytesMut;

pub(super) use self::claimed::Claimed;
use self::flow::Flow;
pub(super) use self::flow::Past;
use crate::engine::Id;
use crate::error::{Error, Result};
use crate::imap::codec::{Elided, Frame, Framer};
use crate::limits::Limits;

/// Unread bytes of an unfinished response from which on bigger blocks are read.
const LARGE: usize = 64 * 1024;

/// How far the input has been read.
pub(super) struct Intake {
    framer: Framer,
    /// A literal whose bytes go out, or away, as they come.
    flow: Option<Flow>,
    /// Unread input is held back: how much.
    unread: usize,
    /// Bytes of the present response that were skipped.
    skipped: u64,
}

impl Intake {
    pub(super) fn new() -> Self {
        Self { framer: Framer::new(), flow: None, unread: 0, skipped: 0 }
    }

    /// How many of these bytes have not been offered before.
    pub(super) fn fresh(&self, input: &[u8]) -> usize {
        input.len().saturating_sub(self.unread)
    }

    /// This input is left for the next time.
    pub(super) fn leave(&mut self, input: &[u8]) {
        self.unread = input.len();
    }

    /// Whether a response has begun that is not whole.
    pub(super) fn is_unfinished(&self) -> bool {
        self.flow.is_some() || self.unread > 0
    }

    /// Whether much of one literal is still to come.
    pub(super) fn expects_much(&self) -> bool {
        self.flow.as_ref().is_some_and(Flow::is_large) || self.framer.expected() > LARGE
    }

    /// Nothing more is read.
    pub(super) fn end(&mut self) {
        self.flow = None;
    }

    /// The next frame of the input; literals over `threshold` stop it.
    #[inline]
    pub(super) fn next(&mut self, input: &[u8], limits: &Limits, threshold: usize) -> Result<Frame> {
        let frame = self.framer.next(input, limits, threshold);
        if matches!(frame, Ok(Frame::Complete { .. })) {
            self.skipped = 0;
        }
        frame
    }

    /// What was left out of the frame that is whole.
    #[inline]
    pub(super) fn take_elided(&mut self) -> Vec<Elided> {
        self.framer.take_elided()
    }

    /// What was left out of the response that is coming.
    pub(super) fn elided(&self) -> &[Elided] {
        self.framer.elided()
    }

    /// The literal that stopped it is kept with its response.
    pub(super) fn keep(&mut self, limits: &Limits) -> Result<()> {
        self.framer.keep(limits)
    }

    /// The literal that stopped it goes to somebody as it comes.
    pub(super) fn pass(&mut self, input: &mut BytesMut, start: usize, size: u64, to: Id) {
        let rest = input.split_off(start);
        let head = std::mem::replace(input, rest);
        self.flow = Some(Flow::Passed { to, left: size, head });
        self.framer.elide();
    }

    /// The literal that stopped it goes away.
    pub(super) fn skip(&mut self, start: usize, size: u64, limits: &Limits) -> Result<()> {
        self.skipped = self.skipped.saturating_add(size);
        if self.skipped > limits.skipped {
            return Err(Error::limit("the server sends a response of which too much has to be skipped"));
        }
        self.flow = Some(Flow::Skipped { left: size, at: start });
        self.framer.elide();
        Ok(())
    }

    /// Takes the bytes of a literal that goes past.
    pub(super) fn lead_past(&mut self, input: &mut BytesMut) -> Past {
        let Some(flow) = self.flow.take() else { return Past::Through(None) };
        let (past, flow) = flow.advance(input);
        self.flow = flow;
        past
    }
}
