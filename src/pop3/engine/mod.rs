//! The POP3 session as a state machine without a socket or a clock: it holds the requests, what is on the wire and what
//! the server reported. Replies arrive strictly in the order of the commands (RFC 2449 §6.6); nothing else identifies
//! them.

#[cfg(test)]
mod hostile_tests;
mod incoming;
mod input;
mod notices;
mod outbox;
mod refusal;
mod request;
mod sending;
mod state;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transcript_tests;
mod wire_format;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use self::incoming::{AnswerBatch, IncomingBody};
use self::outbox::Outbox;
pub(crate) use self::request::{Answer, Delivery, Plan, Request, RequiredState, Series, SessionEffect, Shape};
pub(crate) use self::state::{DeletionMarks, Farewell, Phase, State};
use crate::engine::core::Core;
use crate::engine::failure::{over, unknown};
use crate::engine::published::Published;
use crate::engine::span::Span;
use crate::engine::wire_format::WireFormat;
use crate::engine::{Id, LayerChange, Outgoing, ReadHint};
use crate::error::{Error, Kind, Replay, Result, Step};
use crate::limits::{Deadlines, Limits};
use crate::pop3::codec::Multiline;
use crate::pop3::types::{Notice, Number};

/// From this number of unread bytes of an incomplete message on, larger blocks are read.
const LARGE: usize = 64 * 1024;

/// The engine of one connection. [`Engine`](crate::engine::Engine) documents the calling order.
pub(crate) struct Engine {
    limits: Limits,
    core: Core<Delivery>,
    state: Published<State>,

    /// The multi-line reply that is being received, for the first running command.
    body: Option<IncomingBody>,
    multiline: Multiline,
    /// How much of the incomplete line was searched for its end.
    scanned: usize,
    /// The number of input bytes that were left unread.
    unread: usize,
    batch: Option<AnswerBatch>,

    queue: VecDeque<(Id, Pending)>,
    running: VecDeque<Running>,
    outbox: Outbox,
    /// How many commands were sent.
    commands: u64,
    /// Whether the handle has a challenge to answer.
    challenged: bool,

    /// The notice of why the server ends the session, not delivered yet.
    goodbye: Option<Notice>,
}

/// A request that is not, or not completely, on the wire yet.
enum Pending {
    Command(Plan),
    Series(Series),
}

/// A command on the wire without a reply yet.
struct Running {
    /// `None` if its handle was dropped.
    id: Option<Id>,
    verb: &'static str,
    span: Span,
    /// For a series: the message, and whether it is the last one.
    number: Option<(Number, bool)>,
    shape: Shape,
    effect: SessionEffect,
}

impl Engine {
    pub(crate) fn new(limits: Limits, deadlines: Deadlines, now: Instant) -> Self {
        // Only if configured: with bare LF a message's own text could end it early.
        let multiline = if limits.bare_line_feeds { Multiline::lenient() } else { Multiline::new() };
        Self {
            limits,
            core: Core::new(deadlines, now),
            state: Published::new(State::new()),
            body: None,
            multiline,
            scanned: 0,
            unread: 0,
            batch: None,
            queue: VecDeque::new(),
            running: VecDeque::new(),
            outbox: Outbox::default(),
            commands: 0,
            challenged: false,
            goodbye: None,
        }
    }

    fn is_greeted(&self) -> bool {
        self.state.phase != Phase::Connected
    }

    /// Runs after every event: starts commands, sets the clock, publishes the state.
    fn after(&mut self) {
        if !self.core.is_over() {
            self.start_commands();
        }
        let begun = self.body.is_some() || self.unread > 0;
        self.core.clock.set_waiting(!self.running.is_empty(), begun && !self.core.is_over());
        self.state.publish();
    }

    /// The server's name in errors.
    pub(crate) fn of_server(mut self, name: Arc<str>) -> Self {
        self.core.of_server(name);
        self
    }

    /// Ends the connection with an error, which every waiting request gets. For QUIT the outcome is unknown: the server
    /// may have deleted the marked messages (RFC 1939 §6).
    fn fail(&mut self, error: Error) {
        if self.core.is_over() {
            return;
        }
        self.flush_batch();
        let error = self.core.named(error);
        // QUIT is always the last command on the wire, since it is sent alone.
        if self.running.back().is_some_and(|run| run.effect == SessionEffect::Quit)
            && let Some(quit) = self.running.pop_back()
        {
            let lost = unknown(quit.verb, Replay::Verify, &error);
            self.core.deliver(quit.id, Delivery::Done(Err(lost)));
        }
        self.end(Err(error));
    }

    fn end(&mut self, outcome: Result<()>) {
        let error = outcome.as_ref().err().cloned().unwrap_or_else(over);
        let (mut last, running) = (None, std::mem::take(&mut self.running));
        for run in running {
            // A series has many commands and gets one end.
            if let Some(id) = run.id.filter(|id| last != Some(*id)) {
                self.core.refuse(id, error.clone().at(Step::Command(run.verb)));
                last = Some(id);
            }
        }
        let queued: Vec<Id> = self.queue.drain(..).map(|(id, _)| id).filter(|id| last != Some(*id)).collect();
        self.core.end(outcome, queued);
        self.body = None;
        self.outbox.clear();
        self.state.change().phase = Phase::Over;
    }
}

impl crate::engine::Engine for Engine {
    type Request = Request;
    type Delivery = Delivery;
    type State = State;
    type Notice = Notice;

    const WIRE_FORMAT: WireFormat = wire_format::WIRE_FORMAT;

    fn handle_request(&mut self, id: Id, request: Request, now: Instant) {
        self.core.clock.advance(now);
        if let Some(error) = self.core.closed() {
            // It belongs to an earlier request, which has its end already.
            if !matches!(request, Request::Answer { .. }) {
                self.core.refuse(id, error);
            }
            return;
        }
        match request {
            Request::Greeting => self.core.await_greeting(id, self.is_greeted()),
            Request::Command(plan) => self.queue.push_back((id, Pending::Command(plan))),
            Request::Series(series) => self.queue.push_back((id, Pending::Series(series))),
            Request::Answer { line, proof_pending } => self.answer(id, line, proof_pending),
            Request::GiveUp(error) => self.fail(error),
        }
        self.after();
    }

    fn handle_cancel(&mut self, id: Id, now: Instant) {
        self.core.clock.advance(now);
        self.cancel(id);
        self.after();
    }

    fn handle_input(&mut self, input: &mut BytesMut, now: Instant) {
        // What comes after the end is nobody's.
        if self.core.is_over() {
            return input.clear();
        }
        self.core.clock.received(input.len().saturating_sub(self.unread), now);
        match self.read(input) {
            Ok(()) => self.flush_batch(),
            Err(error) => self.fail(error),
        }
        if self.core.is_over() {
            input.clear();
        }
        self.unread = input.len();
        self.after();
    }

    fn handle_end(&mut self, error: Option<Error>, now: Instant) {
        self.core.clock.advance(now);
        self.fail(Core::<Delivery>::lost(error, self.is_greeted()));
        self.after();
    }

    fn handle_upgraded(&mut self, now: Instant) {
        self.core.clock.advance(now);
        self.core.upgraded();
        self.after();
    }

    fn handle_deadline(&mut self, now: Instant) {
        if let Some(reason) = self.core.clock.expired(now) {
            let bare = self.body.as_ref().is_some_and(IncomingBody::has_bare_end);
            let hint = if bare { "; its last line was a dot without CR, see `Limits::bare_line_feeds`" } else { "" };
            self.fail(Error::new(Kind::Timeout, format!("{reason}{hint}")));
        }
        self.after();
    }

    fn handle_backlog(&mut self, full: bool, now: Instant) {
        self.core.clock.set_paused(full, now);
    }

    fn handle_written(&mut self, _: usize, now: Instant) {
        self.core.clock.advance(now);
        self.core.clock.sent();
    }

    fn poll_transmit(&mut self) -> Option<Outgoing> {
        let outgoing = self.outbox.pop();
        if outgoing.is_some() {
            self.core.clock.sent();
        }
        outgoing
    }

    fn poll_delivery(&mut self, _: &dyn Fn(Id) -> bool) -> Option<(Id, Delivery)> {
        self.core.next_delivery()
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.goodbye.take()
    }

    fn poll_upgrade(&mut self) -> Option<LayerChange> {
        self.core.poll_upgrade()
    }

    fn poll_deadline(&self) -> Option<Instant> {
        self.core.clock.deadline()
    }

    fn read_hint(&self) -> ReadHint {
        if self.body.as_ref().is_some_and(|body| body.passed() > LARGE as u64) || self.unread > LARGE {
            ReadHint::Body
        } else if self.running.is_empty() && self.is_greeted() {
            ReadHint::Quiet
        } else {
            ReadHint::Replies
        }
    }

    fn release_memory(&mut self) {
        self.queue.shrink_to_fit();
        self.running.shrink_to_fit();
        self.core.release_memory();
    }

    fn state(&self) -> Arc<State> {
        self.state.shared()
    }

    fn commands(&self) -> u64 {
        self.commands
    }

    fn outcome(&self) -> Option<Result<()>> {
        self.core.outcome()
    }
}
