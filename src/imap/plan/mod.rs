//! What a command requires of the engine, as data: its bytes, the state it needs, the responses it claims, what may run at the same
//! time, and what it does to the session. Commands make these values and the engine carries them out. They must not know either.

mod order;
mod topic;
mod wanted;

pub(crate) use self::order::{Claims, Order, may_start};
pub(crate) use self::topic::Topic;
pub(crate) use self::wanted::{Look, LookName, Wanted};
use crate::error::Replay;
use crate::imap::codec::Segment;
use crate::imap::types::{Capabilities, MailboxName, SavedMark, SeqNum, Uids};

/// A command ready for the wire.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Its name, for errors and spans.
    pub(crate) verb: &'static str,
    /// Everything after the tag.
    pub(crate) line: Vec<Segment>,
    pub(crate) order: Order,
    pub(crate) needs: RequiredState,
    pub(crate) effect: SessionEffect,
    /// What it means that its reply is lost, if it changes something on the server; `None` if it does not.
    pub(crate) change: Option<Replay>,
    /// Whether an aborted upload may be padded and made invalid, instead of closing the connection.
    pub(crate) spoilable: bool,
    /// Whether its data go to a stream, bounded by the window, and not into a value, bounded by the limits.
    pub(crate) stream: bool,
    /// Whether VANISHED (EARLIER) is part of its answer (RFC 7162 §3.2.10.1).
    pub(crate) vanished: bool,
    /// The messages and items that a FETCH asks for. Only responses that match are its answers.
    pub(crate) wanted: Option<Box<Wanted>>,
    /// What the responses that it claims must be about.
    pub(crate) topic: Option<Box<Topic>>,
    /// The messages that a command other than FETCH names.
    pub(crate) messages: Option<Box<Uids>>,
}

/// The state that a command requires. In any other state it is refused before a byte is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RequiredState {
    Connection,
    BeforeLogin,
    Login,
    /// The selection with this number, not a later one.
    Selection(u64),
    /// This saved result, in the selection with this number.
    Saved(u64, SavedMark),
    /// A login, and no mailbox selected.
    NoSelection,
}

/// What a command does to the session, in addition to its answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SessionEffect {
    None,
    /// Passes challenges to the handle, and sends the responses that it returns.
    Authenticate,
    Login,
    StartTls,
    /// Both sides compress from now on.
    Compress,
    /// Ends the login and everything that came with it.
    Unauthenticate,
    Select {
        name: MailboxName,
        read_only: bool,
        /// The extension that its parameter needs.
        extension: Option<&'static str>,
    },
    /// Leaves the selected mailbox.
    Deselect,
    /// These extensions are enabled from now on.
    Enable(Capabilities),
    /// The result of this search is the saved one from now on.
    Save(SavedMark),
    /// The server reports changes of its result from now on (RFC 5267 §4.3).
    Update,
    /// Its outcome includes the messages that are known to be expunged.
    Look,
    /// COPYUID may arrive in an untagged OK (RFC 6851 §4.3).
    Move,
    /// APPENDUID may arrive in an untagged OK (RFC 8508 §4.3).
    Replace,
    /// Literals in FETCH responses are delivered while they arrive.
    Body,
    /// The result contains the UIDs of the messages from the sequence number `from` to `to`, or to the last message.
    Number {
        from: SeqNum,
        to: Option<SeqNum>,
    },
    /// The server reports the changes that this line asks for, or no others than usual, until the next NOTIFY.
    Notify(Option<Vec<Segment>>),
    Logout,
}

impl Plan {
    /// A command that needs a login, claims nothing and changes nothing.
    pub(crate) fn new(verb: &'static str, line: Vec<Segment>) -> Self {
        Self {
            verb,
            line,
            order: Order::default(),
            needs: RequiredState::Login,
            effect: SessionEffect::None,
            change: None,
            spoilable: false,
            stream: false,
            vanished: false,
            wanted: None,
            topic: None,
            messages: None,
        }
    }

    pub(crate) fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    pub(crate) fn needs(self, needs: RequiredState) -> Self {
        Self { needs, ..self }
    }

    pub(crate) fn effect(self, effect: SessionEffect) -> Self {
        Self { effect, ..self }
    }

    /// It changes something on the server.
    pub(crate) fn changing(self, replay: Replay) -> Self {
        Self { change: Some(replay), ..self }
    }

    pub(crate) fn spoilable(self, spoilable: bool) -> Self {
        Self { spoilable, ..self }
    }

    pub(crate) fn streaming(self) -> Self {
        Self { stream: true, ..self }
    }

    pub(crate) fn taking_vanished(self) -> Self {
        Self { vanished: true, ..self }
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
