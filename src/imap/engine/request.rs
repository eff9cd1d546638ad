//! What passes between handles and the engine: a [`Plan`] is a command ready for the wire with all that the engine has to know
//! about it, as data; a [`Delivery`] is what comes back. What a command's answer means is its own file's business.

use bytes::Bytes;

use super::event::Event;
use super::numbers::Moment;
use super::order::Order;
use crate::engine::Parcel;
use crate::error::Result;
use crate::imap::codec::{Batch, Segment};
use crate::imap::types::{Capabilities, Condition, MailboxName, SeqNum};
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
    /// A response that a stream got and that was not meant for it, and when it came.
    Stray(Bytes, Moment),
    /// Events that a watcher got and did not take.
    Untaken(Vec<Event>),
}

/// A command ready for the wire.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Its name, for errors and spans.
    pub(crate) verb: &'static str,
    /// Everything behind the tag.
    pub(crate) line: Vec<Segment>,
    pub(crate) order: Order,
    pub(crate) needs: Needs,
    pub(crate) effect: Effect,
    /// Whether it changes something that lasts: then a lost reply leaves open whether it did.
    pub(crate) lasting: bool,
    /// Whether its data go to a stream, under the window, rather than into a value, under the limits.
    pub(crate) stream: bool,
    /// Whether its answers say more than a server says of its own accord, and so can be told from that.
    pub(crate) distinct: bool,
}

/// The state in which a command makes sense. In any other it is refused before a byte is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Needs {
    Connection,
    BeforeLogin,
    Login,
    /// The mailbox selected under this number, and no later one.
    Selection(u64),
    /// A login, and no mailbox selected.
    NoSelection,
}

/// What a command does to the session, beyond its answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    None,
    /// Challenges go to the handle, answers come from it.
    Authenticate,
    Login,
    StartTls,
    Select {
        name: MailboxName,
        read_only: bool,
    },
    /// Leaves the selected mailbox.
    Deselect,
    /// These extensions are spoken from now on.
    Enable(Capabilities),
    /// What became what may be said in an untagged OK.
    Move,
    /// Literals in FETCH responses go out as they come.
    Body,
    /// What it finds are the UIDs of the messages from this sequence number on.
    Number {
        from: SeqNum,
    },
    Logout,
}

/// What a handle gets.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Responses the command claimed, as they came.
    Frames {
        batch: Batch,
        weight: usize,
        /// What message numbers in it mean.
        moment: Moment,
    },
    /// The text of a `+` that asks for more.
    Challenge(Bytes),
    /// So many bytes of the upload may be fed now.
    Ready(usize),
    /// The next bytes of a body.
    Chunk(Bytes),
    Events(Vec<Event>),
    /// The end: the tagged response, or why there will be none.
    Done(Result<Condition>),
}

impl Plan {
    /// A command that needs a login, claims nothing and changes nothing.
    pub(crate) fn new(verb: &'static str, line: Vec<Segment>) -> Self {
        Self {
            verb,
            line,
            order: Order::default(),
            needs: Needs::Login,
            effect: Effect::None,
            lasting: false,
            stream: false,
            distinct: false,
        }
    }

    pub(crate) fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    pub(crate) fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    pub(crate) fn effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    pub(crate) fn lasting(self) -> Self {
        Self { lasting: true, ..self }
    }

    pub(crate) fn streaming(self) -> Self {
        Self { stream: true, ..self }
    }

    pub(crate) fn distinct(self, distinct: bool) -> Self {
        Self { distinct, ..self }
    }
}

impl Parcel for Delivery {
    fn weight(&self) -> usize {
        match self {
            Self::Frames { weight, .. } => *weight,
            Self::Chunk(bytes) => bytes.len(),
            _ => 0,
        }
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}
