//! What waits to be written: bytes merged into one write per round trip, and the one command that is half sent because
//! the server must first ask for its literal. It must not know which commands run.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::engine::{Id, Outgoing};
use crate::imap::codec::Segment;
use crate::wire::wiping;

/// The most bytes of an upload that wait to be written.
pub(super) const UPLOAD_WINDOW: usize = 256 * 1024;
/// The most padding for a dropped upload. If more is missing, the connection is closed.
pub(super) const MOST_PADDING: u64 = 1024 * 1024;
/// The padding of an abandoned upload: spaces are harmless whether stored or executed.
const PADDING: &[u8] = &[b' '; 4096];
/// Pieces of an upload from this size on are not copied into one buffer.
const LARGE: usize = 4 * 1024;

/// Bytes to be written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    chunks: VecDeque<Outgoing>,
    tail: BytesMut,
    tail_secrets: Vec<Range<usize>>,
    /// The bytes that were ever put in, and those of them that the network took.
    put: u64,
    written: u64,
}

/// A command that is partly sent (RFC 9051 §4.3): nothing else may be written before the rest.
#[derive(Debug)]
pub(super) struct HalfSent {
    pub(super) id: Id,
    pub(super) rest: VecDeque<Segment>,
    pub(super) stage: SendStage,
    /// Whether the server is known to store nothing of an upload that is padded and spoilt.
    pub(super) spoilable: bool,
    /// The handle of the upload was dropped: the rest is padded and the command spoilt.
    pub(super) spoilt: bool,
}

/// The stage of a half-sent command.
#[derive(Debug)]
pub(super) enum SendStage {
    /// No literal is announced.
    Text,
    /// A literal is announced; the server has not asked for it yet.
    Literal { bytes: Bytes, secret: bool },
    /// An upload is announced; the server has not asked for it yet.
    Upload { size: u64 },
    /// An upload is being sent.
    Open(Upload),
}

/// A literal that the handle supplies piece by piece.
#[derive(Debug)]
pub(super) struct Upload {
    /// The bytes that the handle has not supplied yet.
    pub(super) left: u64,
    /// The bytes that the handle may supply now.
    pub(super) credit: usize,
    /// Whether it was sent without waiting for `+` (LITERAL+ or LITERAL-, RFC 7888).
    pub(super) unasked: bool,
}

impl HalfSent {
    /// The bytes of an upload that are still to be sent, begun or not.
    pub(super) fn missing(&self) -> Option<u64> {
        match &self.stage {
            SendStage::Upload { size } => Some(*size),
            SendStage::Open(upload) => Some(upload.left),
            SendStage::Text | SendStage::Literal { .. } => self.rest.iter().find_map(|segment| match segment {
                Segment::Upload { size } => Some(*size),
                _ => None,
            }),
        }
    }

    /// Whether we wait for the handle to supply upload bytes.
    pub(super) fn awaits_handle(&self) -> bool {
        !self.spoilt && matches!(&self.stage, SendStage::Open(upload) if upload.credit > 0)
    }
}

impl Outbox {
    pub(super) fn text(&mut self, bytes: &[u8]) {
        // Growing would leave a copy of the secret in freed memory; this wipes the old buffer.
        if !self.tail_secrets.is_empty() {
            wiping::reserve(&mut self.tail, bytes.len());
        }
        self.tail.extend_from_slice(bytes);
        self.put += bytes.len() as u64;
    }

    /// Wiped after it is written, with everything in the same write.
    pub(super) fn secret(&mut self, bytes: &[u8]) {
        wiping::reserve(&mut self.tail, bytes.len());
        let start = self.tail.len();
        self.tail.extend_from_slice(bytes);
        self.tail_secrets.push(start..self.tail.len());
        self.put += bytes.len() as u64;
    }

    pub(super) fn bytes(&mut self, bytes: Bytes) {
        if bytes.len() < LARGE {
            return self.text(&bytes);
        }
        self.cut();
        self.put += bytes.len() as u64;
        self.chunks.push_back(Outgoing { bytes, secrets: Vec::new() });
    }

    pub(super) fn literal(&mut self, bytes: Bytes, secret: bool) {
        if secret { self.secret(&bytes) } else { self.bytes(bytes) }
    }

    /// A literal's announcement. The length of a secret is secret too.
    pub(super) fn announce(&mut self, size: &str, secret: bool) {
        if secret {
            self.secret(size.as_bytes())
        } else {
            self.text(size.as_bytes())
        }
        self.text(b"\r\n");
    }

    /// Appends this number of padding bytes.
    pub(super) fn padding(&mut self, mut left: u64) {
        while left > 0 {
            let count = PADDING.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= count as u64;
            self.text(PADDING.get(..count).unwrap_or(PADDING));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self { put: self.put, written: self.written, ..Self::default() };
    }

    /// The end of what was put in so far.
    pub(super) fn end(&self) -> u64 {
        self.put
    }

    /// The network took this number of bytes.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written += count as u64;
    }

    /// Whether it took all bytes up to this end.
    pub(super) fn is_written(&self, end: u64) -> bool {
        end <= self.written
    }

    /// Releases unused memory.
    pub(super) fn release_memory(&mut self) {
        self.chunks.shrink_to_fit();
    }

    /// The next write: all small pieces together, a large one alone.
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
