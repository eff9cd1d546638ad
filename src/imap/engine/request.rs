//! What handles and the engine exchange: a [`Request`] goes in, a [`Delivery`] comes back. `plan` defines what a
//! command asks of the engine; each command's file knows what its answer means.

use std::sync::Arc;

use bytes::Bytes;

use super::{Coverage, ResultChange};
use crate::engine::Deliverable;
use crate::error::{Error, Result};
use crate::imap::codec::Batch;
use crate::imap::plan::Plan;
use crate::imap::types::{Condition, Event, FolderInfo, LimitCut, Progress, Uid, Uids};
use crate::login::Secret;

/// A request of a handle.
#[derive(Debug)]
pub(crate) enum Request {
    /// Wait for the greeting.
    Greeting,
    /// Run a command.
    Command(Plan),
    /// Run these commands, which follow a login, and apply their answers. Nothing is delivered.
    Introduce(Vec<Plan>),
    /// Wait until they are answered.
    Settled,
    /// Close the connection: nobody is logged in.
    Abandon,
    /// Deliver events of the mailbox selected under this number, until dropped.
    Idle { selection: u64 },
    /// The answer to a challenge; `None` cancels the exchange.
    Answer(Option<Secret>),
    /// The next piece of the upload that the command announced.
    Feed(Bytes),
    /// Events that were delivered to a watcher and not taken.
    Untaken(Vec<Event>),
    /// The number of messages in a mailbox for which the server reported none.
    Counted(Counted),
}

/// The number of messages that a search found.
#[derive(Debug)]
pub(crate) struct Counted {
    /// The number under which the mailbox was selected.
    pub(crate) selection: u64,
    pub(crate) exists: u32,
    /// The number of messages expunged in this session when the search was sent.
    pub(crate) expunged: u64,
}

/// What the engine delivers to a handle.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Responses that the command claimed, unparsed.
    Frames {
        batch: Batch,
        weight: usize,
        coverage: Coverage,
    },
    /// The text of a `+` that asks for more.
    Challenge(Bytes),
    /// This number of upload bytes may be fed now.
    Ready(usize),
    /// The next bytes of a body.
    Chunk(Bytes),
    Events(Vec<Event>),
    /// The messages of which a FETCH brought anything, or that were expunged before the end of a
    /// [look](crate::imap::plan::SessionEffect::Look); delivered before the end.
    Answered(Uids),
    /// The mailbox as it was when its SELECT was answered, of one whose data are streamed; delivered before the end.
    Opened {
        info: Arc<FolderInfo>,
        /// Whether all data that was delivered was about it, and none about the mailbox before.
        closed: bool,
    },
    /// Messages that were expunged earlier, of a command that asks for them.
    Vanished(Uids),
    /// The server stopped at its limit of messages; delivered before the end, which is an OK.
    LimitCut(LimitCut),
    /// The answer to a search whose result the server keeps up to date. Its changes follow.
    Live(Condition),
    /// What has changed in the result of such a search.
    Changed(ResultChange),
    /// The server's progress with a command whose data is streamed.
    Progress(Progress),
    /// The end: the tagged response, or the error.
    Done(Result<Condition>),
}

impl Deliverable for Delivery {
    fn weight(&self) -> usize {
        match self {
            Self::Frames { weight, .. } => *weight,
            Self::Chunk(bytes) => bytes.len(),
            // More than its size, so that a slow reader cannot accumulate any number of them.
            Self::Progress(_) => 256,
            Self::Changed(change) => 64 + change.size(),
            Self::Vanished(uids) => 64 + uids.ranges().len() * size_of::<(Uid, Uid)>(),
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
