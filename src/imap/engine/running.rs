//! The commands that the engine holds: those that wait for their turn, and those that are on the wire. What happens to them is the
//! engine's business.

use std::time::Instant;

use bytes::Bytes;

use super::attribution::Attribution;
use crate::engine::Id;
use crate::engine::span::Span;
use crate::imap::plan::{Effect, Order, Plan};
use crate::imap::types::{Capabilities, CopyUid, Cut, ResponseCode};

/// Asked for, and not yet on the wire.
pub(super) enum Pending {
    Command(Id, Plan),
    Idle(Id, u64),
}

/// On the wire, and not yet answered.
pub(super) struct Running {
    /// `None` for the engine's own.
    pub(super) id: Option<Id>,
    pub(super) tag: u32,
    pub(super) verb: &'static str,
    pub(super) order: Order,
    pub(super) span: Span,
    /// When it was sent.
    pub(super) began: Instant,
    pub(super) effect: Effect,
    pub(super) lasting: bool,
    /// Whether it is about messages of the selected mailbox.
    pub(super) bound: bool,
    /// Those messages are others now, and whoever asked was told.
    pub(super) overtaken: bool,
    pub(super) stream: bool,
    /// Of a FETCH, what of it has come.
    pub(super) attribution: Option<Attribution>,
    /// Nobody reads its answer any more.
    pub(super) abandoned: bool,
    pub(super) frames: usize,
    pub(super) bytes: usize,
    pub(super) over_limit: bool,
    /// Capabilities came with it, and need not be asked for.
    pub(super) capable: bool,
    /// What the server said is enabled, before its answer.
    pub(super) enabled: Option<Capabilities>,
    /// A COPYUID that came before its answer.
    pub(super) copied: Option<CopyUid>,
    /// A MESSAGELIMIT that came before its answer.
    pub(super) cut: Option<Cut>,
    /// A STATUS of another mailbox than the one that was asked about.
    pub(super) misnamed: Option<Bytes>,
    /// What kind of data it waits for has come under another command's tag.
    pub(super) mistagged: bool,
}

impl Running {
    /// Just sent, with nothing about it that is not so for every command.
    pub(super) fn new(id: Option<Id>, tag: u32, verb: &'static str, order: Order, now: Instant) -> Self {
        Self {
            id,
            tag,
            verb,
            order,
            span: Span::begin(verb),
            began: now,
            effect: Effect::None,
            lasting: false,
            bound: false,
            overtaken: false,
            stream: false,
            attribution: None,
            abandoned: false,
            frames: 0,
            bytes: 0,
            over_limit: false,
            capable: false,
            enabled: None,
            copied: None,
            cut: None,
            misnamed: None,
            mistagged: false,
        }
    }

    /// Whether a response says that it belongs to this command.
    pub(super) fn is_tagged(&self, tag: &str) -> bool {
        super::condition::number_of(tag) == Some(self.tag)
    }
}

impl Running {
    /// Whether it can be about more messages than a server wants at once. CLOSE is never limited, a body is of one message, and the
    /// engine itself sees whether numbers are missing.
    pub(super) fn is_limitable(&self) -> bool {
        self.id.is_some() && matches!(self.effect, Effect::None | Effect::Move)
    }

    /// Where it was stopped, by what its answer or, before that, an untagged response says.
    pub(super) fn cut(&self, code: Option<&ResponseCode>) -> Option<Cut> {
        Cut::of(code).filter(|_| self.is_limitable()).or(self.cut)
    }
}

impl Pending {
    pub(super) fn id(&self) -> Id {
        match self {
            Self::Command(id, _) | Self::Idle(id, _) => *id,
        }
    }
}
