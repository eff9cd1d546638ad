//! What a command asks of the engine, as data: its bytes, the state it needs, the responses it claims, what may run beside it and what
//! it does to the session. Commands make these values and the engine obeys them; neither knows the other.

mod order;
mod topic;
mod wanted;

pub(crate) use self::order::{Claims, Order, may_start};
pub(crate) use self::topic::Topic;
pub(crate) use self::wanted::{Look, Name, Wanted};
use crate::imap::codec::Segment;
use crate::imap::types::{Capabilities, MailboxName, SeqNum, Uids};

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
    /// Whether an upload that is given up may be filled up and spoilt, rather than cut off with the connection.
    pub(crate) spoilable: bool,
    /// Whether its data go to a stream, under the window, rather than into a value, under the limits.
    pub(crate) stream: bool,
    /// The messages and items that a FETCH asks for. Responses that fit it are its answers, and no others.
    pub(crate) wanted: Option<Box<Wanted>>,
    /// What the responses that it claims must name besides.
    pub(crate) topic: Option<Box<Topic>>,
    /// The messages that another command names.
    pub(crate) messages: Option<Box<Uids>>,
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
    /// What is known to have gone is wanted at its end.
    Look,
    /// What became what may be said in an untagged OK.
    Move,
    /// Literals in FETCH responses go out as they come.
    Body,
    /// What it finds are the UIDs of the messages from this sequence number on, up to the other one or the last.
    Number {
        from: SeqNum,
        to: Option<SeqNum>,
    },
    Logout,
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
            spoilable: false,
            stream: false,
            wanted: None,
            topic: None,
            messages: None,
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

    pub(crate) fn spoilable(self, spoilable: bool) -> Self {
        Self { spoilable, ..self }
    }

    pub(crate) fn streaming(self) -> Self {
        Self { stream: true, ..self }
    }

    pub(crate) fn naming(self, messages: Option<&Uids>) -> Self {
        Self { messages: messages.cloned().map(Box::new), ..self }
    }

    pub(crate) fn about(self, topic: Option<&Topic>) -> Self {
        Self { topic: topic.cloned().map(Box::new), ..self }
    }

    pub(crate) fn wanting(self, wanted: Wanted) -> Self {
        Self { wanted: Some(Box::new(wanted)), ..self }
    }
}
