//! One command on the wire: what it asks for, what has arrived of its answer, and what the server reported about it
//! before the answer. The engine decides what happens then.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::attribution::Attribution;
use crate::engine::Id;
use crate::engine::failure::unknown;
use crate::engine::span::Span;
use crate::error::{Error, Replay};
use crate::imap::codec::{Kind, search};
use crate::imap::plan::{Order, Plan, RequiredState, SessionEffect, Topic};
use crate::imap::types::{Capabilities, CopyUid, LimitCut, Uids};
use crate::limits::Limits;

/// How long a call may run if only the server's progress reports keep it alive.
const LONGEST_PROGRESS: Duration = Duration::from_secs(60 * 60);

/// The least that each frame of an answer counts for, in bytes: its place in the block is kept beside it.
const LEAST: usize = 2 * size_of::<(u32, u32)>();

/// A command without an answer yet.
pub(crate) struct Running {
    /// `None` for the engine's own.
    pub(super) id: Option<Id>,
    pub(super) tag: u32,
    pub(super) asks: Asks,
    span: Span,
    /// When it was sent.
    began: Instant,
    /// Up to where in the outbox the server needs its bytes to execute it, once they are there.
    pub(super) end: Option<u64>,
    /// Nobody reads its answer: the handle was dropped, or has its end already.
    pub(super) dismissed: bool,
    pub(super) tally: Tally,
    pub(super) seen: Seen,
    /// For a FETCH, what has arrived of it.
    pub(super) attribution: Option<Attribution>,
}

/// What its plan says.
pub(super) struct Asks {
    pub(super) verb: &'static str,
    pub(super) order: Order,
    pub(super) effect: SessionEffect,
    /// As in its plan.
    pub(super) change: Option<Replay>,
    /// Whether it is about messages of the selected mailbox.
    pub(super) bound: bool,
    /// Which messages, if it names them and they are not in its attribution.
    pub(super) messages: Option<Box<Uids>>,
    /// What else the responses that it claims must name.
    pub(super) topic: Option<Box<Topic>>,
    pub(super) stream: bool,
    /// Whether VANISHED (EARLIER) is part of its answer.
    pub(super) vanished: bool,
}

/// How much of its answer has arrived.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) frames: usize,
    bytes: usize,
    over_limit: bool,
}

/// What the server reported about it before its answer.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Capabilities arrived, so they need not be asked for.
    pub(super) capable: bool,
    /// The extensions reported as enabled.
    pub(super) enabled: Option<Capabilities>,
    pub(super) copied: Option<CopyUid>,
    /// The APPENDUID of a REPLACE that arrived before the answer.
    pub(super) appended: Option<Uids>,
    /// Each MESSAGELIMIT that may be about it.
    pub(super) cuts: Vec<LimitCut>,
    /// A STATUS of another mailbox than the one that was asked about.
    pub(super) misnamed: Option<Bytes>,
    /// Data is still about the mailbox that was selected before this SELECT (RFC 7162 §3.2.11).
    pub(super) awaits_closed: bool,
    /// The server refuses to update its result (RFC 5267 §4.3.1).
    pub(super) no_update: bool,
    /// The data that it waits for arrived under another command's tag.
    pub(super) mistagged: bool,
}

impl Tally {
    /// Counts more of the answer; `false` if it is over the limits.
    pub(super) fn add(&mut self, frames: usize, bytes: usize, limits: &Limits) -> bool {
        self.frames += frames;
        self.bytes += bytes;
        let most = limits.untagged.min(limits.undelivered / LEAST);
        self.over_limit |= self.frames > most || self.bytes > limits.undelivered;
        !self.over_limit
    }
}

impl Running {
    /// A command of this plan. The caller sends its line.
    pub(super) fn new(id: Id, tag: u32, plan: &mut Plan, now: Instant) -> Self {
        let asks = Asks {
            verb: plan.verb,
            order: plan.order,
            effect: std::mem::replace(&mut plan.effect, SessionEffect::None),
            change: plan.change,
            bound: matches!(plan.needs, RequiredState::Selection(_) | RequiredState::Saved(..)),
            messages: plan.messages.take(),
            topic: plan.topic.take(),
            stream: plan.stream,
            vanished: plan.vanished,
        };
        let attribution = plan.wanted.take().map(|wanted| Attribution::new(*wanted));
        Self { id: Some(id), attribution, ..Self::begun(tag, asks, now) }
    }

    /// A command of the engine's own.
    pub(super) fn own(tag: u32, verb: &'static str, now: Instant) -> Self {
        let (order, effect) = (Order::ALONE, SessionEffect::None);
        Self::begun(
            tag,
            Asks {
                verb,
                order,
                effect,
                change: None,
                bound: false,
                messages: None,
                topic: None,
                stream: false,
                vanished: false,
            },
            now,
        )
    }

    fn begun(tag: u32, asks: Asks, now: Instant) -> Self {
        Self {
            id: None,
            tag,
            span: Span::begin(asks.verb),
            asks,
            began: now,
            end: None,
            dismissed: false,
            tally: Tally::default(),
            seen: Seen::default(),
            attribution: None,
        }
    }

    pub(crate) fn verb(&self) -> &'static str {
        self.asks.verb
    }

    pub(crate) fn effect(&self) -> &SessionEffect {
        &self.asks.effect
    }

    /// The request that gets its answer, if it is still there.
    pub(crate) fn reader(&self) -> Option<Id> {
        self.id.filter(|_| !self.dismissed)
    }

    /// Whether the engine itself asked.
    pub(crate) fn is_own(&self) -> bool {
        self.id.is_none()
    }

    /// Whether the answer is over a limit, so that nothing of it is delivered.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.tally.over_limit
    }

    /// Whether the server updates the result of this search once it has answered.
    pub(crate) fn is_updated(&self) -> bool {
        self.asks.effect == SessionEffect::Update && !self.seen.no_update
    }

    /// Whether all data of the kind it waits for arrived under another command's tag.
    pub(crate) fn is_only_mistagged(&self) -> bool {
        self.seen.mistagged && self.tally.frames == 0
    }

    /// Whether capabilities arrived while it ran.
    pub(crate) fn is_capable(&self) -> bool {
        self.seen.capable
    }

    /// Whether its data was about the mailbox that it opened.
    pub(crate) fn is_closed(&self) -> bool {
        !self.seen.awaits_closed
    }

    /// Whether its data go to a stream.
    pub(crate) fn is_streaming(&self) -> bool {
        self.asks.stream
    }

    pub(crate) fn enabled(&self) -> Option<&Capabilities> {
        self.seen.enabled.as_ref()
    }

    /// The COPYUIDs that arrived before the answer.
    pub(crate) fn take_copied(&mut self) -> Option<CopyUid> {
        self.seen.copied.take()
    }

    /// The APPENDUID that arrived before the answer.
    pub(crate) fn take_appended(&mut self) -> Option<Uids> {
        self.seen.appended.take()
    }

    /// A STATUS that named another mailbox, and whether one arrived that named this one.
    pub(crate) fn take_misnamed(&mut self) -> Option<(Bytes, bool)> {
        self.seen.misnamed.take().map(|frame| (frame, self.tally.frames > 0))
    }

    pub(crate) fn take_attribution(&mut self) -> Option<Attribution> {
        self.attribution.take()
    }

    /// The error of its reply that cannot come any more.
    pub(super) fn lost(&self, error: &Error) -> Option<Error> {
        self.asks.change.map(|change| unknown(self.verb(), change, error))
    }

    /// Delivers nothing more of it.
    pub(crate) fn dismiss(&mut self) {
        self.dismissed = true;
    }

    /// The server has answered.
    pub(crate) fn answered(&self, ok: bool) {
        self.span.answered(ok);
    }

    pub(super) fn count(&mut self, frames: usize, bytes: usize) {
        self.span.add(frames, bytes);
    }

    /// Whether this tag is the command's.
    pub(super) fn is_tagged(&self, tag: &str) -> bool {
        number_of(tag) == Some(self.tag)
    }

    /// Whether an ESEARCH belongs to another command: one whose results are updated (RFC 5267 §4.3).
    pub(super) fn is_mistagged(&self, kind: Kind, frame: &[u8]) -> bool {
        kind == Kind::Esearch && search::tag(frame).is_some_and(|tag| !self.is_tagged(&tag))
    }

    /// Whether the server's progress reports still count.
    pub(super) fn is_believed(&self, now: Instant) -> bool {
        now < self.began + LONGEST_PROGRESS
    }

    /// Records an untagged COPYUID of a MOVE (RFC 6851 §4.3). Some servers send several.
    pub(super) fn copied(&mut self, copied: &CopyUid, limits: &Limits) {
        if self.tally.add(1, copied.size(), limits) {
            self.seen.copied = Some(self.seen.copied.take().unwrap_or_default().joined(copied));
        }
    }
}

/// The number of our command that a tag names.
pub(crate) fn number_of(tag: &str) -> Option<u32> {
    tag.strip_prefix('A').and_then(|digits| digits.parse().ok())
}
