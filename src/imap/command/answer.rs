//! The answer to an extension command: [`Answer`] with its [`Responses`], which are parsed while iterating. It must not know what was
//! asked for.

use std::fmt;

use super::Batches;
use crate::imap::codec;
use crate::imap::types::{Condition, Response, ResponseCode};
use crate::limits::Limits;

/// The answer to an [`Extension`](super::extension::Extension) command.
///
/// ```
/// use postroom::imap::{Answer, Response};
///
/// fn values(answer: &Answer) -> usize {
///     answer.responses.iter().filter(|response| matches!(response, Response::Metadata(_))).count()
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The untagged responses that the command claims, in the order in which they arrived.
    pub responses: Responses,
    /// The tagged OK.
    pub condition: Condition,
}

/// Untagged responses in the order in which they arrived. They take up about as much memory as their bytes, since each is parsed by
/// [`codec::response`](crate::imap::codec::response) while iterating. A response that cannot be read is returned as received, as
/// [`Response::Other`].
///
/// ```
/// use postroom::imap::Responses;
///
/// let none = Responses::default();
/// assert!(none.is_empty() && none.iter().next().is_none());
/// ```
#[derive(Clone, Default)]
pub struct Responses {
    batches: Batches,
    nesting: usize,
}

impl Answer {
    /// Joins this answer with that of a later command of the same kind.
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

    /// Parses each response.
    pub fn iter(&self) -> impl Iterator<Item = Response> + '_ {
        let limits = Limits { nesting: self.nesting, ..Limits::default() };
        self.batches.iter().map(move |frame| {
            codec::response(&frame, &limits).unwrap_or_else(|error| {
                tracing::warn!(%error, "an answer that cannot be read");
                Response::Other { name: String::new(), raw: frame.clone() }
            })
        })
    }

    /// How many responses there are.
    pub fn len(&self) -> usize {
        self.batches.frames()
    }

    /// Whether there are no responses.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Responses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
