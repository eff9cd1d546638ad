//! The engine's way out: which commands go onto the wire when. With PIPELINING many are in flight, written together; without it
//! one at a time. It reads no replies.

use std::ops::Range;

use bytes::BytesMut;

use super::{Engine, Farewell, Needs, Pending, Phase, Plan, Running};
use crate::engine::failure::over;
use crate::engine::span::Span;
use crate::engine::{Id, Outgoing};
use crate::error::{Error, Result};
use crate::login::Secret;
use crate::pop3::codec;
use crate::pop3::engine::{Answer, Delivery, Effect};
use crate::wire::wiping;

/// How many commands are in flight at most: their lines fit any socket's buffer, so that no side can block the other.
const FLIGHT: usize = 256;
/// A series goes on when this many are left in flight, so that its commands are written many at a time.
const REFILL: usize = FLIGHT / 2;

/// Bytes on their way out: one write per flight.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: BytesMut,
    secrets: Vec<Range<usize>>,
}

impl Outbox {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        if self.bytes.is_empty() {
            return None;
        }
        let Self { bytes, secrets } = std::mem::take(self);
        let bytes = if secrets.is_empty() { bytes.freeze() } else { wiping::freeze(bytes) };
        Some(Outgoing { bytes, secrets })
    }

    fn push(&mut self, bytes: &[u8]) {
        if !self.secrets.is_empty() {
            wiping::reserve(&mut self.bytes, bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// A line of which so much at the beginning may be shown; wiped once it is written.
    fn push_secret(&mut self, bytes: &[u8], shown: usize) {
        wiping::reserve(&mut self.bytes, bytes.len());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.secrets.push(start + shown..self.bytes.len());
    }
}

impl Engine {
    pub(super) fn start_commands(&mut self) {
        if !self.is_greeted() || self.core.is_upgrading() {
            return;
        }
        while self.may_start() {
            match self.queue.pop_front() {
                Some((id, Pending::Command(plan))) => self.start(id, plan),
                Some((id, Pending::Series(series))) => self.go_on(id, series),
                None => return,
            }
        }
    }

    fn may_start(&self) -> bool {
        let Some((_, front)) = self.queue.front() else { return false };
        if self.running.is_empty() {
            return true;
        }
        let pipelining = self.state.capabilities.as_ref().is_some_and(|capabilities| capabilities.pipelining());
        if !pipelining || self.running.back().is_some_and(|run| run.effect.is_alone()) {
            return false;
        }
        match front {
            Pending::Command(plan) => !plan.effect.is_alone() && self.running.len() < FLIGHT,
            Pending::Series(_) => self.running.len() <= REFILL,
        }
    }

    fn start(&mut self, id: Id, plan: Plan) {
        if let Err(error) = self.allows(plan.needs) {
            return self.core.refuse(id, error);
        }
        if plan.effect == Effect::Quit {
            self.core.clock.answer_within(Some(self.core.deadlines.logout));
            self.state.change().farewell = Farewell::Unanswered;
        }
        let line = plan.line.expose();
        if plan.secret {
            self.outbox.push_secret(line.strip_suffix(b"\r\n").unwrap_or(line), shown(plan.verb, line));
            self.outbox.push(b"\r\n");
        } else {
            self.outbox.push(line);
        }
        let Plan { verb, shape, effect, .. } = plan;
        self.running.push_back(Running { id: Some(id), verb, span: Span::begin(verb), number: None, shape, effect });
    }

    /// Sends as much of a series as may be in flight; the rest waits at the front of the queue.
    fn go_on(&mut self, id: Id, mut series: super::Series) {
        if let Err(error) = self.allows(Needs::Login) {
            return self.core.refuse(id, error);
        }
        let pipelining = self.state.capabilities.as_ref().is_some_and(|capabilities| capabilities.pipelining());
        let most = if pipelining { FLIGHT } else { 1 };
        while self.running.len() < most {
            let Some(number) = series.numbers.next() else {
                return self.core.deliver(Some(id), Delivery::Done(Ok(Answer::default())));
            };
            codec::write_number(&mut self.outbox.bytes, series.verb, number, series.lines);
            let last = series.numbers.as_slice().is_empty();
            let super::Series { verb, shape, effect, .. } = series;
            let (span, number) = (Span::begin(verb), Some((number, last)));
            self.running.push_back(Running { id: Some(id), verb, span, number, shape, effect });
            if last {
                return;
            }
        }
        self.queue.push_front((id, Pending::Series(series)));
    }

    fn allows(&self, needs: Needs) -> Result<()> {
        match (needs, self.state.phase) {
            (_, Phase::Over) => Err(over()),
            (Needs::NoMarks, _) if !self.state.marks.is_empty() => {
                Err(Error::input("messages are marked for deletion, and QUIT would delete them: commit or reset first"))
            }
            (Needs::Connection | Needs::NoMarks, _) => Ok(()),
            (Needs::Login, Phase::LoggedIn) | (Needs::BeforeLogin, Phase::Greeted) => Ok(()),
            (Needs::Login, _) => Err(Error::input("this command needs a login first")),
            (Needs::BeforeLogin, _) => Err(Error::input("this command makes no sense after the login")),
        }
    }

    /// The handle behind this id is gone: what is not sent stays unsent, what is sent has its reply read and thrown away.
    pub(super) fn cancel(&mut self, id: Id) {
        self.queue.retain(|(pending, _)| *pending != id);
        self.core.forget(id);
        if self.challenged {
            self.answer(id, None, false);
        }
        for run in self.running.iter_mut().filter(|run| run.id == Some(id)) {
            run.id = None;
        }
    }

    /// Answers a challenge, or cancels the exchange (RFC 5034 §4).
    pub(super) fn answer(&mut self, id: Id, answer: Option<Secret>, owing: bool) {
        let Some(run) = self.running.front_mut().filter(|run| self.challenged && run.id == Some(id)) else { return };
        run.effect = Effect::Authenticate { owing };
        self.challenged = false;
        match answer {
            Some(answer) => self.outbox.push_secret(answer.expose(), 0),
            None => self.outbox.push(b"*"),
        }
        self.outbox.push(b"\r\n");
    }

    /// A challenge that nobody will answer.
    pub(super) fn cancel_exchange(&mut self) {
        self.outbox.push(b"*\r\n");
    }
}

/// How much of a line with a secret is none: the command, and behind AUTH the mechanism, behind APOP the user.
fn shown(verb: &str, line: &[u8]) -> usize {
    let words = if matches!(verb, "AUTH" | "APOP") { 2 } else { 1 };
    memchr::memchr_iter(b' ', line).nth(words - 1).map_or(0, |at| at + 1)
}
