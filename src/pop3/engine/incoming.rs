//! What is kept of replies that are not complete yet: a multi-line reply, and the answers of a series. It must not know what they are for.

use bytes::Bytes;

use crate::engine::Id;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pop3::types::Retrieved;

/// A multi-line reply that is being received.
#[derive(Debug, Default)]
pub(super) struct IncomingBody {
    pub(super) rest: Bytes,
    /// Bytes that were streamed or skipped, not kept.
    pub(super) passed: u64,
    /// Bytes that were skipped.
    pub(super) skipped: u64,
    pub(super) too_large: bool,
    pub(super) lines: ListingLines,
    /// Whether the input ends in what would be the end if the server had sent CR.
    pub(super) bare_end: bool,
}

/// The lines of an incomplete listing, counted while it arrives.
#[derive(Debug, Default)]
pub(super) struct ListingLines {
    /// The number of complete lines.
    ended: usize,
    /// How much of the input was counted, and where the incomplete line begins.
    seen: usize,
    pub(super) begun: usize,
}

/// The answers of one series in one read.
pub(super) struct AnswerBatch {
    pub(super) id: Id,
    pub(super) answers: Vec<Retrieved>,
    pub(super) weight: usize,
}

impl IncomingBody {
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    pub(super) fn has_bare_end(&self) -> bool {
        self.bare_end
    }
}

impl ListingLines {
    /// Counts the lines in all of the input.
    pub(super) fn read(&self, input: &[u8]) -> Self {
        let (mut ended, mut begun) = (self.ended, self.begun);
        for end in memchr::memchr_iter(b'\n', input.get(self.seen..).unwrap_or_default()) {
            (ended, begun) = (ended + 1, self.seen + end + 1);
        }
        Self { ended, seen: input.len(), begun }
    }

    pub(super) fn within(self, limits: &Limits) -> Result<Self> {
        if self.ended > limits.untagged {
            return Err(Error::limit("the server sent a listing with more lines than the limit"));
        }
        if self.seen - self.begun > limits.status_line.saturating_add(1) {
            return Err(Error::limit("the server sent a line of a listing longer than the limit"));
        }
        Ok(self)
    }
}
