//! What handles and the engine exchange. Commands are written when they are requested. The handles interpret the
//! replies, except for what changes the session.

use std::vec;

use bytes::Bytes;

use crate::engine::Deliverable;
use crate::error::{Error, Result};
use crate::login::Secret;
use crate::pop3::codec;
use crate::pop3::types::{Number, Retrieved};

/// A request of a handle.
#[derive(Debug)]
pub(crate) enum Request {
    /// Wait for the greeting.
    Greeting,
    Command(Plan),
    Series(Series),
    /// The answer to a challenge; without a line, cancels the exchange. `proof_pending` as in [`SessionEffect::Authenticate`].
    Answer {
        line: Option<Secret>,
        proof_pending: bool,
    },
    /// The handle found that replies no longer belong to their commands: end the session with this error.
    GiveUp(Error),
}

/// One command.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) verb: &'static str,
    /// Includes CRLF.
    pub(crate) line: Secret,
    pub(crate) secret: bool,
    pub(crate) shape: Shape,
    pub(crate) needs: RequiredState,
    pub(crate) effect: SessionEffect,
}

/// The same command for many messages, answered in batches and in order.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) verb: &'static str,
    pub(crate) numbers: vec::IntoIter<Number>,
    /// The number of lines for TOP.
    pub(crate) lines: Option<u32>,
    pub(crate) shape: Shape,
    pub(crate) effect: SessionEffect,
}

/// What follows `+OK`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// Nothing.
    Line,
    /// Lines that are kept as a whole, within the limit for values.
    Listing,
    /// A message that is kept as a whole, within the limit for literals.
    Message,
    /// A message that is streamed.
    Stream,
}

/// The state that a command requires. In any other state, it is refused before a byte is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RequiredState {
    Connection,
    BeforeLogin,
    Login,
    /// No message is marked for deletion.
    NoMarks,
}

/// What a command does to the session, beyond its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SessionEffect {
    None,
    /// Its lines are the capabilities.
    Capabilities,
    /// A login by challenges, which the handle answers. `+OK` completes the login, unless the client still owes a
    /// proof: then `+OK` is what some servers send instead of `+`.
    Authenticate {
        proof_pending: bool,
    },
    Login,
    StartTls,
    Delete,
    Reset,
    Quit,
}

/// What the engine delivers to a handle.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// All answers of a series in one read.
    Batch { answers: Vec<Retrieved>, weight: usize },
    /// The base64 text of a challenge.
    Challenge(Bytes),
    /// The next bytes of a message; a first, empty chunk confirms that the message exists.
    Chunk(Bytes),
    /// The end: the answer, or the error.
    Done(Result<Answer>),
}

/// The content of a `+OK` reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The text after `+OK`.
    pub(crate) rest: Bytes,
    /// The lines after it.
    pub(crate) body: Bytes,
}

impl Plan {
    /// A command that requires a login, changes nothing and has one line as its reply.
    pub(crate) fn new(verb: &'static str, arguments: &[&[u8]]) -> Result<Self> {
        codec::command(verb, arguments).map(|line| Self::of(verb, line))
    }

    /// Like [`new`](Self::new), with arguments that may be UTF-8.
    pub(crate) fn utf8(verb: &'static str, arguments: &[&[u8]]) -> Result<Self> {
        codec::utf8_command(verb, arguments).map(|line| Self::of(verb, line))
    }

    fn of(verb: &'static str, line: Vec<u8>) -> Self {
        let (needs, effect) = (RequiredState::Login, SessionEffect::None);
        Self { verb, line: line.into(), secret: false, shape: Shape::Line, needs, effect }
    }

    pub(crate) fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    pub(crate) fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    pub(crate) fn needs(self, needs: RequiredState) -> Self {
        Self { needs, ..self }
    }

    pub(crate) fn effect(self, effect: SessionEffect) -> Self {
        Self { effect, ..self }
    }
}

impl Series {
    pub(crate) fn retrieve(numbers: Vec<Number>) -> Self {
        Self {
            verb: "RETR",
            numbers: numbers.into_iter(),
            lines: None,
            shape: Shape::Message,
            effect: SessionEffect::None,
        }
    }

    pub(crate) fn top(numbers: Vec<Number>, lines: u32) -> Self {
        Self { verb: "TOP", lines: Some(lines), ..Self::retrieve(numbers) }
    }

    pub(crate) fn delete(numbers: Vec<Number>) -> Self {
        Self { verb: "DELE", shape: Shape::Line, effect: SessionEffect::Delete, ..Self::retrieve(numbers) }
    }
}

impl SessionEffect {
    /// Whether no other command may be on the wire until this one is answered.
    pub(crate) fn is_alone(self) -> bool {
        matches!(self, Self::Authenticate { .. } | Self::Login | Self::StartTls | Self::Quit)
    }
}

impl Deliverable for Delivery {
    fn weight(&self) -> usize {
        match self {
            Self::Batch { weight, .. } => *weight,
            Self::Chunk(bytes) => bytes.len(),
            Self::Challenge(_) | Self::Done(_) => 0,
        }
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    fn done() -> Self {
        Self::Done(Ok(Answer::default()))
    }

    fn refused(error: Error) -> Self {
        Self::Done(Err(error))
    }
}
