//! What an extension's command is answered with: [`Answer`], and in it [`Responses`], each of which is read when it is looked at. It must
//! not know what was asked.

use std::fmt;

use super::Batches;
use crate::imap::codec;
use crate::imap::types::{Condition, Response, ResponseCode};
use crate::limits::Limits;

/// What came back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The untagged responses that the command claims, in the order in which they came.
    pub responses: Responses,
    /// The tagged OK.
    pub condition: Condition,
}

/// Untagged responses in the order in which they came. They take up about as much memory as their bytes: each is read, by
/// [`codec::response`](crate::imap::codec::response), whenever it is looked at. One that cannot be read is handed on as it came, as
/// [`Response::Other`].
#[derive(Clone, Default)]
pub struct Responses {
    batches: Batches,
    nesting: usize,
}

impl Answer {
    /// This, and what another command of the same kind said after it.
    pub(crate) fn joined(mut self, more: Self) -> Self {
        self.responses.batches.extend(more.responses.batches);
        let mut condition = more.condition;
        if let (Some(ResponseCode::AppendUid(mine)), Some(ResponseCode::AppendUid(theirs))) =
            (&self.condition.code, &mut condition.code)
        {
            *theirs = mine.union(theirs).unwrap_or_else(|_| theirs.clone());
        }
        Self { condition, ..self }
    }
}

impl Responses {
    pub(super) fn new(batches: Batches, nesting: usize) -> Self {
        Self { batches, nesting }
    }

    /// Reads each.
    pub fn iter(&self) -> impl Iterator<Item = Response> + '_ {
        let limits = Limits { nesting: self.nesting, ..Limits::default() };
        self.batches.iter().map(move |frame| {
            codec::response(&frame, &limits).unwrap_or_else(|error| {
                tracing::warn!(%error, "an answer that cannot be read");
                Response::Other { name: String::new(), raw: frame.clone() }
            })
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.batches.frames()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Responses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
