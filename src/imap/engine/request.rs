//! What passes between handles and the engine: a [`Request`] goes in, a [`Delivery`] comes back. What a command asks of the engine
//! is in `plan`; what its answer means is its own file's business.

use bytes::Bytes;

use super::Piece;
use crate::engine::Deliverable;
use crate::error::{Error, Result};
use crate::imap::codec::Batch;
use crate::imap::plan::Plan;
use crate::imap::types::{Condition, Cut, Event, Progress, Uids};
use crate::login::Secret;

/// What a handle can ask for.
#[derive(Debug)]
pub(crate) enum Request {
    /// To be told of the greeting.
    Greeting,
    /// To run a command.
    Command(Plan),
    /// To be told what happens in the mailbox selected under this number, until dropped.
    Idle { selection: u64 },
    /// The answer to a challenge; `None` cancels the exchange.
    Answer(Option<Secret>),
    /// The next piece of the upload that the command announced.
    Feed(Bytes),
    /// Events that a watcher got and did not take.
    Untaken(Vec<Event>),
    /// How many messages are in a mailbox of which the server did not say it.
    Counted(Counted),
}

/// How many messages a search has found.
#[derive(Debug)]
pub(crate) struct Counted {
    /// The number under which the mailbox was selected.
    pub(crate) selection: u64,
    pub(crate) exists: u32,
    /// How many had gone in this session when they were looked for.
    pub(crate) expunged: u64,
}

/// What a handle gets.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Responses the command claimed, as they came.
    Frames {
        batch: Batch,
        weight: usize,
        piece: Piece,
    },
    /// The text of a `+` that asks for more.
    Challenge(Bytes),
    /// So many bytes of the upload may be fed now.
    Ready(usize),
    /// The next bytes of a body.
    Chunk(Bytes),
    Events(Vec<Event>),
    /// The messages of which a FETCH has brought anything, or that have gone before the end of a [look](crate::imap::plan::Effect::Look);
    /// comes before its end.
    Answered(Uids),
    /// The server stopped at its limit of messages; comes before the end, which is an OK.
    Cut(Cut),
    /// How far the server is with a command whose data go to a stream.
    Progress(Progress),
    /// The end: the tagged response, or why there will be none.
    Done(Result<Condition>),
}

impl Deliverable for Delivery {
    fn weight(&self) -> usize {
        match self {
            Self::Frames { weight, .. } => *weight,
            Self::Chunk(bytes) => bytes.len(),
            // More than it takes: a reader that is slow must not have any number of them kept.
            Self::Progress(_) => 256,
            _ => 0,
        }
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    fn done() -> Self {
        Self::Done(Ok(super::condition::done()))
    }

    fn refused(error: Error) -> Self {
        Self::Done(Err(error))
    }
}
