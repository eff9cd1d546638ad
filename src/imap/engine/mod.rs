//! The IMAP session as a state machine without a socket or a clock: it holds the requests, what is on the wire and what
//! the server reported, and decides what is sent next. Commands interpret the answers, on the handles' side; the engine
//! knows only what changes the session.

mod answer;
mod condition;
mod input;
mod intake;
mod mirror;
mod notice_queue;
mod notices;
#[cfg(test)]
mod pairs_tests;
mod refusal;
mod request;
mod seq_map;
#[cfg(test)]
mod tests;
mod wire;
mod wire_format;

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use self::intake::Intake;
use self::mirror::{Ended, Mirror};
pub(crate) use self::mirror::{Phase, State};
use self::notice_queue::NoticeQueue;
pub(crate) use self::request::{Counted, Delivery, Request};
pub(crate) use self::wire::{Coverage, ResultChange};
use self::wire::{Pending, Wire};
use crate::engine::core::Core;
use crate::engine::failure::{check_start, over};
use crate::engine::wire_format::WireFormat;
use crate::engine::{Id, LayerChange, Outgoing, ReadHint};
use crate::error::{Error, Kind, Result};
use crate::imap::plan::{Plan, RequiredState, SessionEffect};
use crate::imap::types::{Capabilities, Notice};
use crate::limits::{Deadlines, Limits};

/// The engine of one connection. [`Engine`](crate::engine::Engine) documents the calling order. It only routes between
/// its parts: each owns its fields, and none knows another.
pub(crate) struct Engine {
    limits: Limits,
    core: Core<Delivery>,
    mirror: Mirror,
    wire: Wire,
    intake: Intake,
    notices: NoticeQueue,
    /// The error of a BYE, for the end that follows it.
    goodbye: Option<Error>,
    /// Whether both sides compress.
    is_compressed: bool,
    /// Whether the commands that follow a login were given and may still be unanswered.
    is_introducing: bool,
    /// The requests that wait until those are answered.
    settling: Vec<Id>,
    /// The number of lines that were not IMAP.
    unexpected_lines: u32,
}

impl Engine {
    pub(crate) fn new(limits: Limits, deadlines: Deadlines, now: Instant) -> Self {
        Self {
            core: Core::new(deadlines, now),
            mirror: Mirror::new(&limits),
            wire: Wire::default(),
            intake: Intake::new(),
            notices: NoticeQueue::default(),
            goodbye: None,
            is_compressed: false,
            is_introducing: false,
            settling: Vec::new(),
            unexpected_lines: 0,
            limits,
        }
    }

    /// Sets whether notices are trusted: within TLS they are the server's own; without it, anyone could have sent them.
    pub(crate) fn with_notice_policy(self, protected: bool, unprotected_alerts: bool) -> Self {
        Self { notices: NoticeQueue::new(protected, unprotected_alerts), ..self }
    }

    /// Sets what the server is taken to support, whatever it announces.
    pub(crate) fn assuming(mut self, assumed: &[(String, bool)]) -> Self {
        self.mirror.assume(assumed);
        self
    }

    /// The server's name in errors.
    pub(crate) fn of_server(mut self, name: Arc<str>) -> Self {
        self.core.of_server(name);
        self
    }

    fn start_commands(&mut self) {
        // Between the agreement to change the layers and the change, a command would be sent in the old ones.
        while self.mirror.is_greeted() && !self.core.is_over() && !self.core.is_upgrading() && !self.ends_layer() {
            match self.wire.next_due() {
                Some(Pending::Command(id, plan)) => self.start(id, plan),
                Some(Pending::Idle(id, selection)) => self.start_idle(id, selection),
                None => return,
            }
        }
    }

    /// Whether the compression ends with the answer to a command: what follows that is not compressed (RFC 8437 §4.1).
    fn ends_layer(&self) -> bool {
        self.is_compressed && self.wire.is_unauthenticating()
    }

    fn start(&mut self, id: Id, plan: Plan) {
        // Checked when the command's turn comes, not when it was requested: an earlier command may have changed the
        // state.
        if let Err(error) = self.mirror.allows(plan.needs, plan.order.is_pipelined_on_select()) {
            return self.core.refuse(id, error);
        }
        let mut occupied = false;
        match &plan.effect {
            // The request's id identifies the selection.
            SessionEffect::Select { name, read_only, .. } => {
                occupied = self.mirror.is_selected();
                self.mirror.open(name.clone(), *read_only, id.0);
            }
            SessionEffect::Number { .. } => self.mirror.begin_numbering(),
            SessionEffect::Save(mark) => self.mirror.begin_saving(*mark),
            // From here on, what is sent is for the next login.
            SessionEffect::Unauthenticate => {
                self.mirror.log_out();
                self.is_introducing = false;
            }
            SessionEffect::Logout => self.core.clock.answer_within(Some(self.core.deadlines.logout)),
            _ => {}
        }
        self.wire.start(id, plan, self.mirror.capabilities(), self.core.now());
        if occupied {
            self.wire.await_closed(id);
        }
    }

    /// Starts IDLE. Events from before are delivered first, so that IDLE begins with an empty journal and nothing gets
    /// lost between FETCH and IDLE.
    fn start_idle(&mut self, id: Id, selection: u64) {
        if let Err(error) = self.mirror.allows(RequiredState::Selection(selection), false) {
            return self.core.refuse(id, error);
        }
        if self.mirror.has_events() {
            let events = self.mirror.take_events();
            self.core.deliver(Some(id), Delivery::Events(events));
        }
        let pushed = self.mirror.capabilities().is_some_and(Capabilities::idle);
        let begun = self.wire.begin_idle(id, pushed, self.core.now());
        self.fail_if(begun);
    }

    /// The connection ended after LOGOUT was sent. A missing tagged answer does not matter.
    fn leave(&mut self) {
        if let Some(run) = self.wire.leave() {
            self.core.deliver(run.reader(), Delivery::Done(Ok(condition::done())));
            self.end(Ok(()));
        }
    }

    /// Runs after every event: starts commands, grants upload credit, publishes the state.
    fn after(&mut self) {
        self.settle();
        let renewed = self.wire.renew(self.mirror.capabilities(), self.core.now(), &self.core.deadlines);
        self.fail_if(renewed);
        self.start_commands();
        self.settle();
        for id in self.wire.end_updates(self.mirror.selection()) {
            self.core.refuse(id, self.mirror.unselected());
        }
        self.grant();
        self.mirror.publish();
    }

    /// Ends the wait for the introduction once it is answered.
    fn settle(&mut self) {
        if self.is_introducing && !self.wire.is_introducing() {
            self.is_introducing = false;
            self.mirror.settle(true);
            self.wire.restore_notify();
        }
        if self.mirror.is_settled() {
            let waiting = std::mem::take(&mut self.settling);
            waiting.into_iter().for_each(|id| self.core.deliver(Some(id), Delivery::Done(Ok(condition::done()))));
        }
    }

    /// Lets the handle of an upload feed more. Tells the clock whether the server must send something next.
    fn grant(&mut self) {
        if let Some((id, credit)) = self.wire.grant() {
            self.core.deliver(Some(id), Delivery::Ready(credit));
        }
        let waits = self.wire.waits();
        self.core.clock.set_waiting(waits, self.intake.is_unfinished());
        // `Deadlines::call` bounds the time to an answer, which IDLE does not have.
        let calls = waits && !self.wire.is_idling();
        self.core.clock.call_within(calls.then_some(self.core.deadlines.call));
    }

    /// The UIDVALIDITY has changed: ends IDLE and every request that uses the old UIDs.
    fn end_selection(&mut self, ended: Ended) {
        let Ended { events, error } = ended;
        let watcher = self.wire.watcher();
        if watcher.is_some() {
            self.core.deliver(watcher, Delivery::Events(events));
            self.core.deliver(watcher, Delivery::Done(Err(error.clone())));
            let ended = self.wire.end_idle(self.core.now(), &self.core.deadlines);
            self.fail_if(ended);
        }
        let invalidated = self.wire.invalidate_uids(&error);
        invalidated.ends.into_iter().for_each(|(id, error)| self.core.refuse(id, error));
        // Its literal cannot be withdrawn, and completing it would change other messages.
        if invalidated.half_sent {
            self.fail(error);
        }
    }

    fn fail_if(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.fail(error);
        }
    }

    /// Ends the connection with an error, which every waiting request gets.
    fn fail(&mut self, error: Error) {
        if !self.core.is_over() {
            // A BYE that came before explains the end better than the closed connection.
            let error = self.core.named(self.goodbye.take().unwrap_or(error));
            self.end(Err(error));
        }
    }

    fn end(&mut self, outcome: Result<()>) {
        let error = outcome.as_ref().err().cloned().unwrap_or_else(over);
        // What came in the same read as the end is not lost.
        if let Some(watcher) = self.wire.watcher().filter(|_| self.mirror.has_events()) {
            self.core.deliver(Some(watcher), Delivery::Events(self.mirror.take_events()));
        }
        let ends = self.wire.end(&error);
        ends.into_iter().for_each(|(id, error)| self.core.refuse(id, error));
        std::mem::take(&mut self.settling).into_iter().for_each(|id| self.core.refuse(id, error.clone()));
        // The requests were refused above, since only the wire knows which of them are in doubt.
        self.core.end(outcome, []);
        self.intake.end();
        self.core.closed().into_iter().for_each(|error| self.mirror.end(error));
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
            // These belong to an earlier request, which has its end already.
            if !matches!(request, Request::Answer(_) | Request::Feed(_) | Request::Untaken(_)) {
                self.core.refuse(id, error);
            }
            return;
        }
        match request {
            Request::Greeting => self.core.await_greeting(id, self.mirror.is_greeted()),
            Request::Command(plan) => self.wire.ask(Pending::Command(id, plan)),
            Request::Idle { selection } => self.wire.ask(Pending::Idle(id, selection)),
            Request::Introduce(plans) => {
                self.wire.introduce(plans);
                self.mirror.settle(false);
                self.is_introducing = true;
            }
            Request::Settled => self.settling.push(id),
            Request::Abandon => {
                self.fail(Error::closed("the session was closed because another login did not end well"))
            }
            Request::Answer(answer) => self.wire.answer(id, answer),
            Request::Feed(bytes) => self.wire.feed(id, bytes, self.mirror.capabilities()),
            Request::Untaken(events) => self.mirror.put_back(events),
            Request::Counted(Counted { selection, exists, expunged }) => {
                self.mirror.apply_counted(selection, exists, expunged);
                self.core.deliver(Some(id), Delivery::Done(Ok(condition::done())));
            }
        }
        self.after();
    }

    fn handle_cancel(&mut self, id: Id, now: Instant) {
        self.core.clock.advance(now);
        self.core.forget(id);
        self.settling.retain(|waiting| *waiting != id);
        let cancelled = self.wire.cancel(id, self.mirror.capabilities(), now, &self.core.deadlines);
        self.fail_if(cancelled);
        self.after();
    }

    fn handle_input(&mut self, input: &mut BytesMut, now: Instant) {
        // What comes after the end is nobody's.
        if self.core.is_over() {
            return input.clear();
        }
        self.core.clock.received(self.intake.fresh(input), now);
        let start = if self.mirror.is_greeted() { Ok(()) } else { check_start(input) };
        // An error ends the connection: the place where the next frame begins is unknown.
        let read = start.and_then(|()| self.read(input));
        self.fail_if(read);
        if self.core.is_over() {
            input.clear();
        }
        self.intake.leave(input);
        if self.is_answer(input) {
            self.core.clock.progressed();
        }
        self.after();
    }

    fn handle_end(&mut self, error: Option<Error>, now: Instant) {
        self.core.clock.advance(now);
        // Some servers close without a tagged answer to LOGOUT.
        if !self.core.is_over() {
            self.leave();
        }
        self.fail(Core::<Delivery>::lost(error, self.mirror.is_greeted()));
        self.after();
    }

    fn handle_upgraded(&mut self, now: Instant) {
        self.core.clock.advance(now);
        match self.core.upgraded() {
            Some(LayerChange::AddTls) => self.notices.protect(),
            Some(LayerChange::AddDeflate) => self.is_compressed = true,
            Some(LayerChange::RemoveDeflate) => self.is_compressed = false,
            None => {}
        }
        self.intake.leave(&[]);
        self.after();
    }

    fn handle_deadline(&mut self, now: Instant) {
        if let Some(reason) = self.core.clock.expired(now) {
            self.fail(Error::new(Kind::Timeout, reason));
        }
        let rung = self.wire.handle_idle_deadline(now, &self.core.deadlines);
        self.fail_if(rung);
        self.after();
    }

    fn handle_backlog(&mut self, full: bool, now: Instant) {
        self.core.clock.set_paused(full, now);
    }

    fn handle_written(&mut self, count: usize, now: Instant) {
        self.wire.wrote(count);
        self.core.clock.advance(now);
        self.core.clock.sent();
        self.core.clock.progressed();
    }

    fn poll_transmit(&mut self) -> Option<Outgoing> {
        let outgoing = self.wire.pop();
        match &outgoing {
            Some(_) => self.core.clock.sent(),
            None => self.grant(),
        }
        outgoing
    }

    fn poll_delivery(&mut self, is_drained: &dyn Fn(Id) -> bool) -> Option<(Id, Delivery)> {
        if let Some(delivery) = self.core.next_delivery() {
            return Some(delivery);
        }
        if let Some(id) = self.wire.watcher().filter(|id| self.mirror.has_events() && is_drained(*id)) {
            return Some((id, Delivery::Events(self.mirror.take_events())));
        }
        self.wire.next_change(is_drained).map(|(id, change)| (id, Delivery::Changed(change)))
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.next()
    }

    fn poll_upgrade(&mut self) -> Option<LayerChange> {
        self.core.poll_upgrade()
    }

    fn poll_deadline(&self) -> Option<Instant> {
        [self.core.clock.deadline(), self.wire.deadline()].into_iter().flatten().min()
    }

    fn read_hint(&self) -> ReadHint {
        if self.intake.expects_much() {
            ReadHint::Body
        } else if self.wire.is_resting() && self.mirror.is_greeted() {
            ReadHint::Quiet
        } else {
            ReadHint::Replies
        }
    }

    fn release_memory(&mut self) {
        self.wire.release_memory();
        self.core.release_memory();
    }

    fn state(&self) -> Arc<State> {
        self.mirror.shared()
    }

    fn commands(&self) -> u64 {
        self.wire.commands()
    }

    fn outcome(&self) -> Option<Result<()>> {
        self.core.outcome()
    }
}
