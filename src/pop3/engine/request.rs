//! What handles ask the engine for, and what they get. The commands are written when they are asked for; what a reply means is
//! the handles' business, beyond what changes the session.

use std::vec;

use bytes::Bytes;

use crate::engine::Deliverable;
use crate::error::{Error, Result};
use crate::login::Secret;
use crate::pop3::codec;
use crate::pop3::types::{Number, Retrieved};

/// What a handle asks for.
#[derive(Debug)]
pub(crate) enum Request {
    /// The server's greeting.
    Greeting,
    Command(Plan),
    Series(Series),
    /// The answer to a challenge; no line cancels the exchange. `owing` as in [`Effect::Authenticate`].
    Answer {
        line: Option<Secret>,
        owing: bool,
    },
    /// The handle has seen that replies no longer belong to their commands: the session ends with this error.
    GiveUp(Error),
}

/// One command.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) verb: &'static str,
    /// CRLF included.
    pub(crate) line: Secret,
    pub(crate) secret: bool,
    pub(crate) shape: Shape,
    pub(crate) needs: Needs,
    pub(crate) effect: Effect,
}

/// The same command for many messages, answered in batches and in order.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) verb: &'static str,
    pub(crate) numbers: vec::IntoIter<Number>,
    /// What TOP has behind the number.
    pub(crate) lines: Option<u32>,
    pub(crate) shape: Shape,
    pub(crate) effect: Effect,
}

/// What comes behind a `+OK`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// Nothing.
    Line,
    /// Lines that are kept whole, under the limit for values.
    Listing,
    /// A message that is kept whole, under the limit for literals.
    Message,
    /// A message that goes out as it comes.
    Stream,
}

/// The state in which a command makes sense. In any other it is refused before a byte is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Needs {
    Connection,
    BeforeLogin,
    Login,
    /// No message is marked for deletion.
    NoMarks,
}

/// What a command does to the session, beyond its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Effect {
    None,
    /// Its lines are what the server can do.
    Capabilities,
    /// Challenges go to the handle, answers come from it; its `+OK` is the login, but where the client is still owing a proof:
    /// there it is what some servers write for `+`.
    Authenticate {
        owing: bool,
    },
    Login,
    StartTls,
    Delete,
    Reset,
    Quit,
}

/// What a handle gets.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Answers of a series, all that one read brought.
    Batch { answers: Vec<Retrieved>, weight: usize },
    /// The base64 text of a `+` that asks for more.
    Challenge(Bytes),
    /// The next bytes of a message; an empty chunk says that it is there.
    Chunk(Bytes),
    /// The end: the answer, or why there will be none.
    Done(Result<Answer>),
}

/// What a `+OK` brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// What stood behind it.
    pub(crate) rest: Bytes,
    /// What followed on further lines.
    pub(crate) body: Bytes,
}

impl Plan {
    /// A command with one line for an answer, which needs a login and changes nothing.
    pub(crate) fn new(verb: &'static str, arguments: &[&[u8]]) -> Result<Self> {
        codec::command(verb, arguments).map(|line| Self::of(verb, line))
    }

    /// The same, with arguments that may be UTF-8.
    pub(crate) fn utf8(verb: &'static str, arguments: &[&[u8]]) -> Result<Self> {
        codec::utf8_command(verb, arguments).map(|line| Self::of(verb, line))
    }

    fn of(verb: &'static str, line: Vec<u8>) -> Self {
        let (needs, effect) = (Needs::Login, Effect::None);
        Self { verb, line: line.into(), secret: false, shape: Shape::Line, needs, effect }
    }

    pub(crate) fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    pub(crate) fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    pub(crate) fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    pub(crate) fn effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }
}

impl Series {
    pub(crate) fn retrieve(numbers: Vec<Number>) -> Self {
        Self { verb: "RETR", numbers: numbers.into_iter(), lines: None, shape: Shape::Message, effect: Effect::None }
    }

    pub(crate) fn top(numbers: Vec<Number>, lines: u32) -> Self {
        Self { verb: "TOP", lines: Some(lines), ..Self::retrieve(numbers) }
    }

    pub(crate) fn delete(numbers: Vec<Number>) -> Self {
        Self { verb: "DELE", shape: Shape::Line, effect: Effect::Delete, ..Self::retrieve(numbers) }
    }
}

impl Effect {
    /// Whether nothing may be on the wire before the command's answer but the command.
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
