//! The IMAP session as a state machine without socket or clock: it holds what was asked for, what is on the wire and what the
//! server has said, and decides what goes out next. It must not know what an answer means beyond what changes the session;
//! the meaning of answers is the commands' business, on the handles' side.

mod answer;
mod attribution;
mod condition;
mod event;
mod idle;
mod input;
mod meaning;
mod notices;
mod numbers;
mod outbox;
#[cfg(test)]
mod pairs_tests;
mod request;
mod running;
mod selection;
mod sending;
mod spans;
mod state;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

pub use self::event::Event;
use self::event::Journal;
use self::idle::Idle;
use self::input::Flow;
use self::notices::NoticeQueue;
use self::numbers::Numbers;
use self::outbox::{HalfSent, Outbox};
pub(crate) use self::request::{Delivery, Piece, Request};
use self::running::{Pending, Running};
pub use self::state::Selected;
pub(crate) use self::state::{Phase, State};
use crate::engine::clock::Clock;
use crate::engine::{Appetite, Content, Id, Outgoing};
use crate::error::{Error, Kind, Result, Words};
use crate::imap::codec::Framer;
use crate::imap::plan::{Effect, Needs, Order, Plan};
use crate::imap::types::{Notice, Uids};
use crate::limits::{Deadlines, Limits};

/// Unread bytes of an unfinished response from which on bigger blocks are read.
const LARGE: usize = 64 * 1024;

/// The engine of one connection. The calling order is written on [`Engine`](crate::engine::Engine).
pub(crate) struct Engine {
    limits: Limits,
    deadlines: Deadlines,
    clock: Clock,
    framer: Framer,
    /// A literal whose bytes go out, or away, as they come.
    flow: Option<Flow>,
    /// Unread input is held back: how much.
    unread: usize,
    /// Bytes of the present response that were skipped.
    skipped: u64,

    queue: VecDeque<Pending>,
    running: VecDeque<Running>,
    half_sent: Option<HalfSent>,
    idle: Option<Idle>,
    outbox: Outbox,
    deliveries: VecDeque<(Id, Delivery)>,
    greeting: Option<Id>,
    upgrade: Upgrade,
    next_tag: u32,

    state: State,
    published: Arc<State>,
    changed: bool,
    /// The mailbox that a running SELECT describes.
    opening: Option<Selected>,
    numbers: Numbers,
    /// What a running search for numbers has found, and how many messages there were then; `None` where nothing of it may be
    /// believed.
    numbering: Option<(Uids, u32)>,
    journal: Journal,
    /// What a BYE said, for the end that follows it.
    goodbye: Option<Error>,
    /// Lines that were not IMAP.
    strays: u32,
    notices: NoticeQueue,
    outcome: Option<Result<()>>,
}

/// Where the change to TLS stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Upgrade {
    None,
    /// The server has agreed, and the driver must be told.
    Due(Id),
    /// The driver was told.
    Running(Id),
}

impl Engine {
    pub(crate) fn new(limits: Limits, deadlines: Deadlines, now: Instant) -> Self {
        let mut clock = Clock::new(deadlines.progress, now);
        clock.special(Some(deadlines.greeting));
        let state = State::new();
        Self {
            clock,
            framer: Framer::new(),
            flow: None,
            unread: 0,
            skipped: 0,
            queue: VecDeque::new(),
            running: VecDeque::new(),
            half_sent: None,
            idle: None,
            outbox: Outbox::default(),
            deliveries: VecDeque::new(),
            greeting: None,
            upgrade: Upgrade::None,
            next_tag: 0,
            published: Arc::new(state.clone()),
            state,
            changed: false,
            opening: None,
            numbers: Numbers::default(),
            numbering: None,
            journal: Journal::new(limits.events, limits.undelivered),
            goodbye: None,
            strays: 0,
            notices: NoticeQueue::default(),
            outcome: None,
            limits,
            deadlines,
        }
    }

    /// Whose words the server's are: its own within TLS, anybody's outside.
    pub(crate) fn hear(self, protected: bool, unprotected_alerts: bool) -> Self {
        Self { notices: NoticeQueue::new(protected, unprotected_alerts), ..self }
    }

    /// The connection ends after LOGOUT was sent: that the tagged answer is missing does not matter.
    fn leave(&mut self) {
        let leaving = self.running.iter().position(|run| run.effect == Effect::Logout);
        if let Some(run) = leaving.and_then(|index| self.running.remove(index)) {
            self.deliver(run.id, Delivery::Done(Ok(condition::done())));
            self.end(Ok(()));
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        let exists = self.state.selected.as_ref().map_or(0, |selected| selected.exists);
        self.journal.take(exists)
    }

    fn deliver(&mut self, id: Option<Id>, delivery: Delivery) {
        let over = self.running.iter().any(|run| run.overtaken && run.id == id);
        if let Some(id) = id.filter(|_| !over) {
            self.deliveries.push_back((id, delivery));
        }
    }

    fn refuse(&mut self, id: Id, error: Error) {
        self.deliver(Some(id), Delivery::Done(Err(error)));
    }

    /// What follows from whatever just happened.
    fn after(&mut self) {
        if self.outcome.is_none() {
            self.start_commands();
        }
        self.watch();
        if self.state.numbered != self.numbers.known() {
            self.state.numbered = self.numbers.known();
            self.changed = true;
        }
        if self.changed {
            self.changed = false;
            self.published = Arc::new(self.state.clone());
        }
    }

    /// Tells the clock whether the next word is the server's. While it waits for an upload, its silence is ours.
    fn watch(&mut self) {
        let waiting = match (&self.idle, &self.half_sent) {
            (Some(idle), _) => idle.waits(),
            (None, Some(half)) => !half.is_fed(),
            (None, None) => !self.running.is_empty(),
        };
        self.clock.waits(waiting, self.flow.is_some() || self.unread > 0);
        let calling = self.idle.is_none() && waiting;
        self.clock.calls(calling.then_some(self.deadlines.call));
    }

    /// The connection is over, and everybody who waits is told why.
    fn fail(&mut self, error: Error) {
        if self.outcome.is_some() {
            return;
        }
        let error = self.goodbye.take().unwrap_or(error);
        // What was not sent whole took no effect.
        let partial = self.half_sent.as_ref().map(|half| half.id);
        let unanswered = std::mem::take(&mut self.running);
        for run in unanswered.into_iter().filter(|run| !run.overtaken) {
            let lost = if run.lasting && run.id != partial { unknown(run.verb, &error) } else { error.clone() };
            self.deliver(run.id, Delivery::Done(Err(lost)));
        }
        self.end(Err(error));
    }

    fn end(&mut self, outcome: Result<()>) {
        let error = outcome.as_ref().err().cloned().unwrap_or_else(over);
        let waiting = std::mem::take(&mut self.queue).into_iter().map(|pending| pending.id());
        let mut waiting: Vec<Id> = waiting.chain(self.greeting.take()).collect();
        waiting.extend(self.idle.take().map(|idle| idle.id));
        waiting.extend(std::mem::take(&mut self.running).into_iter().filter_map(|run| run.id));
        if let Upgrade::Due(id) | Upgrade::Running(id) = self.upgrade {
            waiting.push(id);
        }
        for id in waiting {
            self.refuse(id, error.clone());
        }
        self.upgrade = Upgrade::None;
        self.half_sent = None;
        self.flow = None;
        self.outbox.clear();
        self.clock.special(None);
        let left = Some(closed(&outcome));
        self.state = State { phase: Phase::Over, selected: None, left, ..self.state.clone() };
        self.changed = true;
        self.outcome = Some(outcome);
    }

    fn allows(&self, needs: Needs, order: Order) -> Result<()> {
        let opening = self.opening.as_ref().filter(|_| order.rides).map(|opening| opening.selection);
        let selected = self.state.selected.as_ref().map(|selected| selected.selection);
        let selected = opening.or(selected);
        match (needs, self.state.phase) {
            (_, Phase::Over) => Err(self.state.unselected()),
            (Needs::Connection, _) | (Needs::Login, Phase::LoggedIn) | (Needs::BeforeLogin, Phase::Greeted) => Ok(()),
            (Needs::Selection(selection), Phase::LoggedIn) if selected == Some(selection) => Ok(()),
            (Needs::Selection(_), _) => Err(self.state.unselected()),
            (Needs::NoSelection, Phase::LoggedIn) if selected.is_none() => Ok(()),
            (Needs::NoSelection, Phase::LoggedIn) => Err(Error::input("this command must come before any SELECT")),
            (Needs::Login | Needs::NoSelection, _) => Err(Error::input("this command needs a login first")),
            (Needs::BeforeLogin, _) => Err(Error::input("this command makes no sense after the login")),
        }
    }
}

impl crate::engine::Engine for Engine {
    type Request = Request;
    type Delivery = Delivery;
    type State = State;
    type Notice = Notice;

    const CONTENT: Content = Content::Literals;

    fn handle_request(&mut self, id: Id, request: Request, now: Instant) {
        self.clock.tell(now);
        if let Some(outcome) = &self.outcome {
            let error = closed(outcome);
            // What is added to an old request has had its end.
            if !matches!(request, Request::Answer(_) | Request::Feed(_) | Request::Untaken(_)) {
                self.refuse(id, error);
            }
            return;
        }
        match request {
            Request::Greeting => self.await_greeting(id),
            Request::Command(plan) => self.queue.push_back(Pending::Command(id, plan)),
            Request::Idle { selection } => self.queue.push_back(Pending::Idle(id, selection)),
            Request::Answer(answer) => self.answer(id, answer),
            Request::Feed(bytes) => self.feed(id, bytes),
            Request::Untaken(events) if self.state.selected.is_some() => self.journal.put_back(events),
            Request::Untaken(_) => {}
        }
        self.after();
    }

    fn handle_cancel(&mut self, id: Id, now: Instant) {
        self.clock.tell(now);
        self.queue.retain(|pending| pending.id() != id);
        self.cancel(id);
        self.after();
    }

    fn handle_input(&mut self, input: &mut BytesMut, now: Instant) {
        self.clock.received(input.len().saturating_sub(self.unread), now);
        if let Err(error) = self.check_start(input).and_then(|()| self.read(input)) {
            self.fail(error);
        }
        if self.outcome.is_some() {
            input.clear();
        }
        self.unread = input.len();
        if self.is_answer(input) {
            self.clock.progressed();
        }
        self.after();
    }

    fn handle_end(&mut self, error: Option<Error>, now: Instant) {
        self.clock.tell(now);
        // Some servers just close, and the rest of the goodbye does not matter.
        if self.outcome.is_none() {
            self.leave();
        }
        self.fail(match error {
            Some(error) => error,
            None if self.state.phase == Phase::Connected => {
                Error::closed("the server closed the connection before its greeting")
                    .with_words(Some(Words::ConnectionLimit))
            }
            None => Error::closed("the server closed the connection"),
        });
        self.after();
    }

    fn handle_upgraded(&mut self, now: Instant) {
        self.clock.tell(now);
        self.notices.protect();
        if let Upgrade::Running(id) = self.upgrade {
            self.upgrade = Upgrade::None;
            self.deliver(Some(id), Delivery::Done(Ok(condition::done())));
        }
        self.after();
    }

    fn handle_deadline(&mut self, now: Instant) {
        if let Some(reason) = self.clock.ring(now) {
            self.fail(Error::new(Kind::Timeout, reason));
        }
        self.ring_idle(now);
        self.after();
    }

    fn handle_backlog(&mut self, full: bool, now: Instant) {
        self.clock.pause(full, now);
    }

    fn handle_written(&mut self, now: Instant) {
        self.clock.tell(now);
        self.clock.sent();
        self.clock.progressed();
    }

    fn poll_transmit(&mut self) -> Option<Outgoing> {
        let outgoing = self.outbox.pop();
        match &outgoing {
            Some(_) => self.clock.sent(),
            None => self.grant(),
        }
        outgoing
    }

    fn poll_delivery(&mut self, hungry: &dyn Fn(Id) -> bool) -> Option<(Id, Delivery)> {
        if let Some(delivery) = self.deliveries.pop_front() {
            return Some(delivery);
        }
        let id = self.idle.as_ref().filter(|idle| !idle.is_over())?.id;
        if self.journal.is_empty() || !hungry(id) {
            return None;
        }
        Some((id, Delivery::Events(self.take_events())))
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.next()
    }

    fn poll_upgrade(&mut self) -> bool {
        let Upgrade::Due(id) = self.upgrade else { return false };
        self.upgrade = Upgrade::Running(id);
        true
    }

    fn poll_deadline(&self) -> Option<Instant> {
        let idle = self.idle.as_ref().and_then(Idle::deadline);
        [self.clock.deadline(), idle].into_iter().flatten().min()
    }

    fn appetite(&self) -> Appetite {
        if self.flow.as_ref().is_some_and(Flow::is_large) || self.framer.expected() > LARGE {
            Appetite::Body
        } else if self.idle.is_some() || (self.running.is_empty() && self.state.phase != Phase::Connected) {
            Appetite::Resting
        } else {
            Appetite::Replies
        }
    }

    fn rest(&mut self) {
        self.queue.shrink_to_fit();
        self.running.shrink_to_fit();
        self.deliveries.shrink_to_fit();
        self.outbox.rest();
    }

    fn state(&self) -> Arc<State> {
        self.published.clone()
    }

    fn outcome(&self) -> Option<Result<()>> {
        self.outcome.clone()
    }
}

impl Engine {
    /// A server that expects TLS answers what it did not understand by a record of TLS (RFC 8446 §5.1): an alert, or a handshake.
    fn check_start(&self, input: &[u8]) -> Result<()> {
        match input {
            [0x15 | 0x16, 0x03, ..] if self.state.phase == Phase::Connected => Err(Error::protocol(
                "the server speaks TLS on this port from the first byte, and the configuration has it begin without",
            )),
            _ => Ok(()),
        }
    }
}

/// Why nothing can be asked any more, after that end.
fn closed(outcome: &Result<()>) -> Error {
    match outcome {
        Err(error) if error.kind() == Kind::Closed => error.clone(),
        Err(error) => Error::closed("the connection is closed after a failure").with_source(error.clone()),
        Ok(()) => over(),
    }
}

fn over() -> Error {
    Error::closed("the session has ended")
}

fn unknown(verb: &str, error: &Error) -> Error {
    let text = format!("the connection ended before the reply to {verb}, which may or may not have taken effect");
    Error::new(Kind::Unknown, text).with_source(error.clone())
}

/// A piece of memory of its own, for what is kept longer than its block should live.
fn copied(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
