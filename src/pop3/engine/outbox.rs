//! The bytes that wait to be written. It must not know which command they belong to.

use std::ops::Range;

use bytes::BytesMut;

use crate::engine::Outgoing;
use crate::wire::wiping;

/// Bytes to be written, in one write per round trip.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) bytes: BytesMut,
    pub(super) secrets: Vec<Range<usize>>,
}

impl Outbox {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        if self.bytes.is_empty() {
            return None;
        }
        let Self { bytes, secrets } = std::mem::take(self);
        let bytes = if secrets.is_empty() { bytes.freeze() } else { wiping::freeze(bytes) };
        Some(Outgoing { bytes, secrets })
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !self.secrets.is_empty() {
            wiping::reserve(&mut self.bytes, bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a line of which only the beginning, `shown` bytes, may appear in logs; wiped after it is written.
    pub(super) fn push_secret(&mut self, bytes: &[u8], shown: usize) {
        wiping::reserve(&mut self.bytes, bytes.len());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.secrets.push(start + shown..self.bytes.len());
    }
}
