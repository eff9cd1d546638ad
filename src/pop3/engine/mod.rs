//! The POP3 session as a state machine without socket or clock: what was asked for, what is on the wire, what the server has
//! said. Replies come strictly in the order of commands, which is all there is to tell them apart.

#[cfg(test)]
mod hostile_tests;
mod input;
mod meaning;
mod request;
mod sending;
mod state;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use self::input::{Batch, Body};
pub(crate) use self::request::{Answer, Delivery, Effect, Needs, Plan, Request, Series, Shape};
pub use self::request::{Content, Retrieved};
use self::sending::Outbox;
pub(crate) use self::state::{Farewell, Marks, Phase, State};
use crate::engine::clock::Clock;
use crate::engine::span::Span;
use crate::engine::{Appetite, Id, Outgoing};
use crate::error::{Error, Kind, Result, Words};
use crate::limits::{Deadlines, Limits};
use crate::pop3::codec::Multiline;
use crate::pop3::types::Number;

/// Unread bytes of an unfinished message from which on bigger blocks are read.
const LARGE: usize = 64 * 1024;

/// The engine of one connection. The calling order is written on [`Engine`](crate::engine::Engine).
pub(crate) struct Engine {
    limits: Limits,
    deadlines: Deadlines,
    clock: Clock,

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
    deliveries: VecDeque<(Id, Delivery)>,
    greeting: Option<Id>,
    upgrade: Upgrade,
    /// A challenge is with the handle.
    challenged: bool,

    state: State,
    published: Arc<State>,
    changed: bool,
    outcome: Option<Result<()>>,
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

/// Where the change to TLS stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Upgrade {
    None,
    /// The server has agreed, and the driver must be told.
    Due(Option<Id>),
    /// The driver was told.
    Running(Option<Id>),
}

impl Engine {
    pub(crate) fn new(limits: Limits, deadlines: Deadlines, now: Instant) -> Self {
        let mut clock = Clock::new(deadlines.progress, now);
        clock.special(Some(deadlines.greeting));
        let multiline = if limits.bare_line_feeds { Multiline::lenient() } else { Multiline::new() };
        let state = State::new();
        Self {
            limits,
            deadlines,
            clock,
            body: None,
            multiline,
            scanned: 0,
            unread: 0,
            batch: None,
            queue: VecDeque::new(),
            running: VecDeque::new(),
            outbox: Outbox::default(),
            deliveries: VecDeque::new(),
            greeting: None,
            upgrade: Upgrade::None,
            challenged: false,
            published: Arc::new(state.clone()),
            state,
            changed: false,
            outcome: None,
        }
    }

    fn deliver(&mut self, id: Option<Id>, delivery: Delivery) {
        if let Some(id) = id {
            self.deliveries.push_back((id, delivery));
        }
    }

    fn refuse(&mut self, id: Id, error: Error) {
        self.deliver(Some(id), Delivery::Done(Err(error)));
    }

    fn await_greeting(&mut self, id: Id) {
        match self.state.phase {
            Phase::Connected => self.greeting = Some(id),
            _ => self.deliver(Some(id), Delivery::Done(Ok(Answer::default()))),
        }
    }

    /// What follows from whatever just happened.
    fn after(&mut self) {
        if self.outcome.is_none() {
            self.start_commands();
        }
        let begun = self.body.is_some() || self.unread > 0;
        self.clock.waits(!self.running.is_empty(), begun && self.outcome.is_none());
        if self.changed {
            self.changed = false;
            self.published = Arc::new(self.state.clone());
        }
    }

    /// The connection is over, and everybody who waits is told why.
    fn fail(&mut self, error: Error) {
        if self.outcome.is_some() {
            return;
        }
        self.flush_batch();
        if let Some(quit) = self.running.pop_back_if(|run| run.effect == Effect::Quit) {
            let text = "the connection ended before the reply to QUIT, which may or may not have taken effect";
            let lost = Error::new(Kind::Unknown, text).with_source(error.clone());
            self.deliver(quit.id, Delivery::Done(Err(lost)));
        }
        self.end(Err(error));
    }

    fn end(&mut self, outcome: Result<()>) {
        let error = outcome.as_ref().err().cloned().unwrap_or_else(over);
        let mut waiting: Vec<Id> = self.greeting.take().into_iter().collect();
        waiting.extend(self.running.drain(..).filter_map(|run| run.id));
        waiting.extend(self.queue.drain(..).map(|(id, _)| id));
        if let Upgrade::Due(id) | Upgrade::Running(id) = self.upgrade {
            waiting.extend(id);
        }
        // A series waits with many commands, and gets one end.
        waiting.dedup();
        for id in waiting {
            self.refuse(id, error.clone());
        }
        self.upgrade = Upgrade::None;
        self.body = None;
        self.outbox.clear();
        self.clock.special(None);
        self.state.phase = Phase::Over;
        self.changed = true;
        self.outcome = Some(outcome);
    }

    /// Why nothing can be asked any more.
    fn closed(&self) -> Error {
        match &self.outcome {
            Some(Err(error)) if error.kind() == Kind::Closed => error.clone(),
            Some(Err(error)) => Error::closed("the connection is closed after a failure").with_source(error.clone()),
            _ => over(),
        }
    }
}

impl crate::engine::Engine for Engine {
    type Request = Request;
    type Delivery = Delivery;
    type State = State;

    const CONTENT: crate::engine::Content = crate::engine::Content::Lines;

    fn handle_request(&mut self, id: Id, request: Request, now: Instant) {
        self.clock.tell(now);
        if self.outcome.is_some() {
            // What is added to an old request has had its end.
            if !matches!(request, Request::Answer { .. }) {
                self.refuse(id, self.closed());
            }
            return;
        }
        match request {
            Request::Greeting => self.await_greeting(id),
            Request::Command(plan) => self.queue.push_back((id, Pending::Command(plan))),
            Request::Series(series) => self.queue.push_back((id, Pending::Series(series))),
            Request::Answer { line, owing } => self.answer(id, line, owing),
        }
        self.after();
    }

    fn handle_cancel(&mut self, id: Id, now: Instant) {
        self.clock.tell(now);
        self.cancel(id);
        self.after();
    }

    fn handle_input(&mut self, input: &mut BytesMut, now: Instant) {
        self.clock.received(input.len().saturating_sub(self.unread), now);
        match self.read(input) {
            Ok(()) => self.flush_batch(),
            Err(error) => self.fail(error),
        }
        if self.outcome.is_some() {
            input.clear();
        }
        self.unread = input.len();
        self.after();
    }

    fn handle_end(&mut self, error: Option<Error>, now: Instant) {
        self.clock.tell(now);
        self.fail(match error {
            Some(error) => error,
            None if self.state.phase == Phase::Connected => {
                // Servers that have too many connections close the next one at once.
                let closed = Error::closed("the server closed the connection before its greeting");
                closed.with_words(Some(Words::ConnectionLimit))
            }
            None => Error::closed("the server closed the connection"),
        });
        self.after();
    }

    fn handle_upgraded(&mut self, now: Instant) {
        self.clock.tell(now);
        if let Upgrade::Running(id) = self.upgrade {
            self.upgrade = Upgrade::None;
            self.deliver(id, Delivery::Done(Ok(Answer::default())));
        }
        self.after();
    }

    fn handle_deadline(&mut self, now: Instant) {
        if let Some(reason) = self.clock.ring(now) {
            let bare = self.body.as_ref().is_some_and(Body::has_bare_end);
            let hint = if bare { "; its last line was a dot without CR, see `Limits::bare_line_feeds`" } else { "" };
            self.fail(Error::new(Kind::Timeout, format!("{reason}{hint}")));
        }
        self.after();
    }

    fn handle_backlog(&mut self, full: bool, now: Instant) {
        self.clock.pause(full, now);
    }

    fn handle_written(&mut self, now: Instant) {
        self.clock.tell(now);
        self.clock.sent();
    }

    fn poll_transmit(&mut self) -> Option<Outgoing> {
        let outgoing = self.outbox.pop();
        if outgoing.is_some() {
            self.clock.sent();
        }
        outgoing
    }

    fn poll_delivery(&mut self, _: &dyn Fn(Id) -> bool) -> Option<(Id, Delivery)> {
        self.deliveries.pop_front()
    }

    fn poll_upgrade(&mut self) -> bool {
        let Upgrade::Due(id) = self.upgrade else { return false };
        self.upgrade = Upgrade::Running(id);
        true
    }

    fn poll_deadline(&self) -> Option<Instant> {
        self.clock.deadline()
    }

    fn appetite(&self) -> Appetite {
        if self.body.as_ref().is_some_and(|body| body.passed() > LARGE as u64) || self.unread > LARGE {
            Appetite::Body
        } else if self.running.is_empty() && self.state.phase != Phase::Connected {
            Appetite::Resting
        } else {
            Appetite::Replies
        }
    }

    fn rest(&mut self) {
        self.queue.shrink_to_fit();
        self.running.shrink_to_fit();
        self.deliveries.shrink_to_fit();
    }

    fn state(&self) -> Arc<State> {
        self.published.clone()
    }

    fn outcome(&self) -> Option<Result<()>> {
        self.outcome.clone()
    }
}

fn over() -> Error {
    Error::closed("the session has ended")
}
