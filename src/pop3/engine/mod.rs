//! The POP3 session as a state machine without socket or clock: what was asked for, what is on the wire, what the server has
//! said. Replies come strictly in the order of commands, which is all there is to tell them apart.

#[cfg(test)]
mod hostile_tests;
mod input;
mod meaning;
mod notices;
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

use self::input::{Batch, Body};
pub(crate) use self::request::{Answer, Delivery, Effect, Needs, Plan, Request, Series, Shape};
use self::sending::Outbox;
pub(crate) use self::state::{Farewell, Marks, Phase, State};
use crate::engine::core::Core;
use crate::engine::failure::unknown;
use crate::engine::published::Published;
use crate::engine::span::Span;
use crate::engine::wire_format::WireFormat;
use crate::engine::{Id, Outgoing, ReadHint};
use crate::error::{Error, Kind, Result};
use crate::limits::{Deadlines, Limits};
use crate::pop3::codec::Multiline;
use crate::pop3::types::{Notice, Number};

/// Unread bytes of an unfinished message from which on bigger blocks are read.
const LARGE: usize = 64 * 1024;

/// The engine of one connection. The calling order is written on [`Engine`](crate::engine::Engine).
pub(crate) struct Engine {
    limits: Limits,
    core: Core<Delivery>,
    state: Published<State>,

    /// The multi-line reply that is being read: the first running command's.
    body: Option<Body>,
    multiline: Multiline,
    /// How much of the unread line was searched for its end.
    scanned: usize,
    /// Unread input is held back: how much.
    unread: usize,
    batch: Option<Batch>,

    queue: VecDeque<(Id, Pending)>,
    running: VecDeque<Running>,
    outbox: Outbox,
    /// A challenge is with the handle.
    challenged: bool,

    /// Why the server ends the session, still to be passed on.
    goodbye: Option<Notice>,
}

/// Asked for, and not yet (all) on the wire.
enum Pending {
    Command(Plan),
    Series(Series),
}

/// On the wire, and not yet answered.
struct Running {
    /// `None` where nobody waits for it any more.
    id: Option<Id>,
    verb: &'static str,
    span: Span,
    /// Of a series: which message, and whether the series ends with it.
    number: Option<(Number, bool)>,
    shape: Shape,
    effect: Effect,
}

impl Engine {
    pub(crate) fn new(limits: Limits, deadlines: Deadlines, now: Instant) -> Self {
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
            challenged: false,
            goodbye: None,
        }
    }

    fn is_greeted(&self) -> bool {
        self.state.phase != Phase::Connected
    }

    /// What follows from whatever just happened.
    fn after(&mut self) {
        if !self.core.is_over() {
            self.start_commands();
        }
        let begun = self.body.is_some() || self.unread > 0;
        self.core.clock.set_waiting(!self.running.is_empty(), begun && !self.core.is_over());
        self.state.publish();
    }

    /// The connection is over, and everybody who waits is told why.
    fn fail(&mut self, error: Error) {
        if self.core.is_over() {
            return;
        }
        self.flush_batch();
        if self.running.back().is_some_and(|run| run.effect == Effect::Quit)
            && let Some(quit) = self.running.pop_back()
        {
            self.core.deliver(quit.id, Delivery::Done(Err(unknown(quit.verb, &error))));
        }
        self.end(Err(error));
    }

    fn end(&mut self, outcome: Result<()>) {
        let running = self.running.drain(..).filter_map(|run| run.id);
        // A series waits with many commands, and gets one end.
        self.core.end(outcome, running.chain(self.queue.drain(..).map(|(id, _)| id)));
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
            // What is added to an old request has had its end.
            if !matches!(request, Request::Answer { .. }) {
                self.core.refuse(id, error);
            }
            return;
        }
        match request {
            Request::Greeting => self.core.await_greeting(id, self.is_greeted()),
            Request::Command(plan) => self.queue.push_back((id, Pending::Command(plan))),
            Request::Series(series) => self.queue.push_back((id, Pending::Series(series))),
            Request::Answer { line, owing } => self.answer(id, line, owing),
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
            let bare = self.body.as_ref().is_some_and(Body::has_bare_end);
            let hint = if bare { "; its last line was a dot without CR, see `Limits::bare_line_feeds`" } else { "" };
            self.fail(Error::new(Kind::Timeout, format!("{reason}{hint}")));
        }
        self.after();
    }

    fn handle_backlog(&mut self, full: bool, now: Instant) {
        self.core.clock.set_paused(full, now);
    }

    fn handle_written(&mut self, now: Instant) {
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

    fn poll_upgrade(&mut self) -> bool {
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

    fn outcome(&self) -> Option<Result<()>> {
        self.core.outcome()
    }
}
