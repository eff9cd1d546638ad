//! The engine's output side: decides which commands are sent when. With PIPELINING many are sent together; without it,
//! one at a time. It reads no replies.

use super::{Engine, Farewell, Pending, Phase, Plan, RequiredState, Running};
use crate::engine::Id;
use crate::engine::failure::over;
use crate::engine::span::Span;
use crate::error::{Error, Result};
use crate::login::Secret;
use crate::pop3::codec;
use crate::pop3::engine::{Answer, Delivery, SessionEffect};

/// The most commands on the wire. Their lines fit into any socket's buffer, so that the two sides cannot block each
/// other (RFC 2449 §6.6).
const FLIGHT: usize = 256;
/// A series continues when this many are left on the wire, so that its commands are written in large groups.
const REFILL: usize = FLIGHT / 2;

impl Engine {
    pub(super) fn start_commands(&mut self) {
        // Between STLS's `+OK` and the TLS handshake, a command would be sent unencrypted.
        if !self.is_greeted() || self.core.is_upgrading() {
            return;
        }
        while self.may_start() {
            match self.queue.pop_front() {
                Some((id, Pending::Command(plan))) => self.start(id, plan),
                Some((id, Pending::Series(series))) => self.send_series(id, series),
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
        // RFC 2449 §6.6: commands may only be sent together if the server announces it, and none after one that changes
        // the session.
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
        if plan.effect == SessionEffect::Quit {
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
        self.commands += 1;
        self.running.push_back(Running { id: Some(id), verb, span: Span::begin(verb), number: None, shape, effect });
    }

    /// Sends as much of a series as may be on the wire; the rest waits at the front of the queue.
    fn send_series(&mut self, id: Id, mut series: super::Series) {
        if let Err(error) = self.allows(RequiredState::Login) {
            return self.core.refuse(id, error);
        }
        let pipelining = self.state.capabilities.as_ref().is_some_and(|capabilities| capabilities.pipelining());
        // Without PIPELINING the next command is sent when the reply is complete (RFC 2449 §6.6).
        let most = if pipelining { FLIGHT } else { 1 };
        while self.running.len() < most {
            let Some(number) = series.numbers.next() else {
                return self.core.deliver(Some(id), Delivery::Done(Ok(Answer::default())));
            };
            codec::write_number(&mut self.outbox.bytes, series.verb, number, series.lines);
            let last = series.numbers.as_slice().is_empty();
            let super::Series { verb, shape, effect, .. } = series;
            let (span, number) = (Span::begin(verb), Some((number, last)));
            self.commands += 1;
            self.running.push_back(Running { id: Some(id), verb, span, number, shape, effect });
            if last {
                return;
            }
        }
        self.queue.push_front((id, Pending::Series(series)));
    }

    fn allows(&self, needs: RequiredState) -> Result<()> {
        match (needs, self.state.phase) {
            (_, Phase::Over) => Err(over()),
            (RequiredState::NoMarks, _) if !self.state.marks.is_empty() => Err(Error::input(
                "messages are marked for deletion, and QUIT would delete them: call commit or rset first",
            )),
            (RequiredState::Connection | RequiredState::NoMarks, _) => Ok(()),
            (RequiredState::Login, Phase::LoggedIn) | (RequiredState::BeforeLogin, Phase::Greeted) => Ok(()),
            (RequiredState::Login, _) => Err(Error::input("this command needs a login first")),
            (RequiredState::BeforeLogin, _) => Err(Error::input("this command is only allowed before the login")),
        }
    }

    /// The handle of this request was dropped: what was not sent is withdrawn; the replies to what was sent are read
    /// and discarded.
    pub(super) fn cancel(&mut self, id: Id) {
        self.queue.retain(|(pending, _)| *pending != id);
        self.core.forget(id);
        if self.challenged {
            self.answer(id, None, false);
        }
        for run in self.running.iter_mut().filter(|run| run.id == Some(id)) {
            // The command stays: its reply must still be read, to keep the order.
            run.id = None;
        }
    }

    /// Answers a challenge, or cancels the exchange with `*` (RFC 5034 §4).
    pub(super) fn answer(&mut self, id: Id, answer: Option<Secret>, proof_pending: bool) {
        let Some(run) = self.running.front_mut().filter(|run| self.challenged && run.id == Some(id)) else { return };
        run.effect = SessionEffect::Authenticate { proof_pending };
        self.challenged = false;
        match answer {
            Some(answer) => self.outbox.push_secret(answer.expose(), 0),
            None => self.outbox.push(b"*"),
        }
        self.outbox.push(b"\r\n");
    }

    /// Cancels the exchange after a challenge without a handle.
    pub(super) fn cancel_exchange(&mut self) {
        self.outbox.push(b"*\r\n");
    }
}

/// The length of the line's beginning that is not secret: the command, and the mechanism after AUTH or the user after
/// APOP.
fn shown(verb: &str, line: &[u8]) -> usize {
    let words = if matches!(verb, "AUTH" | "APOP") { 2 } else { 1 };
    memchr::memchr_iter(b' ', line).nth(words - 1).map_or(0, |at| at + 1)
}
