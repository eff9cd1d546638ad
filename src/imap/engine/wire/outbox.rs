//! What waits to be written: bytes merged into one write per flight, and the one command that is only half sent because the
//! server has to ask for its literal first. It must not know which commands run.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::engine::{Id, Outgoing};
use crate::imap::codec::Segment;
use crate::wire::wiping;

/// How many bytes of an upload wait to be written at most.
pub(super) const UPLOAD_WINDOW: usize = 256 * 1024;
/// The most that a dropped upload is filled up with; where more is missing, the connection is closed.
pub(super) const MOST_FILLING: u64 = 1024 * 1024;
/// What an abandoned upload is filled up with: an empty text, whatever it becomes.
const FILLING: &[u8] = &[b' '; 4096];
/// Pieces of an upload from this size on are not copied together.
const LARGE: usize = 4 * 1024;

/// Bytes on their way out.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    chunks: VecDeque<Outgoing>,
    tail: BytesMut,
    tail_secrets: Vec<Range<usize>>,
}

/// A command of which a part must still be sent (RFC 9051 §4.3): nothing else may come between.
#[derive(Debug)]
pub(super) struct HalfSent {
    pub(super) id: Id,
    pub(super) rest: VecDeque<Segment>,
    pub(super) stage: Stage,
    /// Whether the server is known to store nothing of an upload that is filled up and spoilt.
    pub(super) spoilable: bool,
    /// The handle of an upload is gone: what is missing is filled up, and the command spoilt.
    pub(super) spoilt: bool,
}

/// Where a command that is half sent stands.
#[derive(Debug)]
pub(super) enum Stage {
    /// Nothing is announced.
    Text,
    /// A literal is announced, and the server has not asked for it.
    Literal { bytes: Bytes, secret: bool },
    /// An upload is announced, and the server has not asked for it.
    Upload { size: u64 },
    /// An upload is on its way.
    Open(Upload),
}

/// A literal which comes from the handle bit by bit.
#[derive(Debug)]
pub(super) struct Upload {
    /// What the handle has not fed yet.
    pub(super) left: u64,
    /// The handle was told that it may feed this much more.
    pub(super) credit: usize,
    /// It was sent without waiting for the server's word.
    pub(super) unasked: bool,
}

impl HalfSent {
    /// How much of an upload the server is still to get, begun or not.
    pub(super) fn missing(&self) -> Option<u64> {
        match &self.stage {
            Stage::Upload { size } => Some(*size),
            Stage::Open(upload) => Some(upload.left),
            Stage::Text | Stage::Literal { .. } => self.rest.iter().find_map(|segment| match segment {
                Segment::Upload { size } => Some(*size),
                _ => None,
            }),
        }
    }

    /// Whether the next bytes are the handle's to give.
    pub(super) fn is_fed(&self) -> bool {
        !self.spoilt && matches!(&self.stage, Stage::Open(upload) if upload.credit > 0)
    }
}

impl Outbox {
    pub(super) fn text(&mut self, bytes: &[u8]) {
        if !self.tail_secrets.is_empty() {
            wiping::reserve(&mut self.tail, bytes.len());
        }
        self.tail.extend_from_slice(bytes);
    }

    /// Wiped once it is written, with all that is written beside it.
    pub(super) fn secret(&mut self, bytes: &[u8]) {
        wiping::reserve(&mut self.tail, bytes.len());
        let start = self.tail.len();
        self.tail.extend_from_slice(bytes);
        self.tail_secrets.push(start..self.tail.len());
    }

    pub(super) fn bytes(&mut self, bytes: Bytes) {
        if bytes.len() < LARGE {
            return self.text(&bytes);
        }
        self.cut();
        self.chunks.push_back(Outgoing { bytes, secrets: Vec::new() });
    }

    pub(super) fn literal(&mut self, bytes: Bytes, secret: bool) {
        if secret { self.secret(&bytes) } else { self.bytes(bytes) }
    }

    /// A literal's announcement: the length of a secret is one.
    pub(super) fn announce(&mut self, size: &str, secret: bool) {
        if secret {
            self.secret(size.as_bytes())
        } else {
            self.text(size.as_bytes())
        }
        self.text(b"\r\n");
    }

    /// So many bytes that say nothing.
    pub(super) fn filling(&mut self, mut left: u64) {
        while left > 0 {
            let count = FILLING.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= count as u64;
            self.text(FILLING.get(..count).unwrap_or(FILLING));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives back room that nothing waits in.
    pub(super) fn release_memory(&mut self) {
        self.chunks.shrink_to_fit();
    }

    /// All small pieces together, a large one alone.
    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        if self.chunks.is_empty() {
            self.cut();
        }
        self.chunks.pop_front()
    }

    fn cut(&mut self) {
        if !self.tail.is_empty() {
            let (tail, secrets) = (std::mem::take(&mut self.tail), std::mem::take(&mut self.tail_secrets));
            let bytes = if secrets.is_empty() { tail.freeze() } else { wiping::freeze(tail) };
            self.chunks.push_back(Outgoing { bytes, secrets });
        }
    }
}
