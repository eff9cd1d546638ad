//! The state that both engines share: the clock, deliveries that wait for the driver, the request that waits for the greeting, the
//! change of the stream's layers, and the end of the session. It must not know requests or replies.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::clock::Clock;
use super::failure::{closed, over};
use super::{Deliverable, Id, LayerChange};
use crate::error::{Error, Result, Words};
use crate::limits::Deadlines;

/// The part of an engine that is the same in both protocols.
pub(crate) struct Core<D> {
    pub(crate) clock: Clock,
    pub(crate) deadlines: Deadlines,
    deliveries: VecDeque<(Id, D)>,
    /// The request that waits for the greeting.
    greeting: Option<Id>,
    upgrade: Upgrade,
    outcome: Option<Result<()>>,
    /// The server's name in errors.
    server: Option<Arc<str>>,
}

/// How far a change of the stream's layers is, and the request that asked for it; `None` if its handle is gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Upgrade {
    None,
    /// The server has agreed, and the driver does not know it yet.
    Due(LayerChange, Option<Id>),
    /// The driver changes the stream.
    Running(LayerChange, Option<Id>),
}

impl<D: Deliverable> Core<D> {
    /// Begins with the wait for the greeting.
    pub(crate) fn new(deadlines: Deadlines, now: Instant) -> Self {
        let mut clock = Clock::new(deadlines.progress, now);
        clock.answer_within(Some(deadlines.greeting));
        let (greeting, upgrade, outcome, server) = (None, Upgrade::None, None, None);
        Self { clock, deadlines, deliveries: VecDeque::new(), greeting, upgrade, outcome, server }
    }

    /// The server's name in errors: `host:port`.
    pub(crate) fn of_server(&mut self, name: Arc<str>) {
        self.server = Some(name);
    }

    /// The error with the server's name.
    pub(crate) fn named(&self, error: Error) -> Error {
        error.on(self.server.as_ref())
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn deliver(&mut self, id: Option<Id>, delivery: D) {
        if let Some(id) = id {
            self.deliveries.push_back((id, delivery));
        }
    }

    pub(crate) fn refuse(&mut self, id: Id, error: Error) {
        self.deliver(Some(id), D::refused(error));
    }

    pub(crate) fn next_delivery(&mut self) -> Option<(Id, D)> {
        self.deliveries.pop_front()
    }

    /// A request waits for the greeting, which may have come already.
    pub(crate) fn await_greeting(&mut self, id: Id, greeted: bool) {
        match greeted {
            true => self.deliver(Some(id), D::done()),
            false => self.greeting = Some(id),
        }
    }

    /// The greeting has come; returns the request that waited for it.
    pub(crate) fn greeted(&mut self) -> Option<Id> {
        self.clock.answer_within(None);
        self.greeting.take()
    }

    /// The handle of this request is gone.
    pub(crate) fn forget(&mut self, id: Id) {
        self.greeting.take_if(|waiting| *waiting == id);
        if let Upgrade::Due(_, waiting) | Upgrade::Running(_, waiting) = &mut self.upgrade {
            waiting.take_if(|waiting| *waiting == id);
        }
    }

    /// The server has agreed to change the layers. The request ends when that is done.
    pub(crate) fn agree_to(&mut self, change: LayerChange, id: Option<Id>) {
        self.upgrade = Upgrade::Due(change, id);
    }

    /// Until it is done, nothing is sent, and what came is left unread.
    pub(crate) fn is_upgrading(&self) -> bool {
        self.upgrade != Upgrade::None
    }

    pub(crate) fn poll_upgrade(&mut self) -> Option<LayerChange> {
        let Upgrade::Due(change, id) = self.upgrade else { return None };
        self.upgrade = Upgrade::Running(change, id);
        Some(change)
    }

    pub(crate) fn upgraded(&mut self) -> Option<LayerChange> {
        let Upgrade::Running(change, id) = self.upgrade else { return None };
        self.upgrade = Upgrade::None;
        self.deliver(id, D::done());
        Some(change)
    }

    /// Bytes between the agreement and TLS would be read as if they had come encrypted: an attacker has injected them (RFC 9051 §11.1,
    /// RFC 2595 §4).
    pub(crate) fn check_injection(&self, unread: usize) -> Result<()> {
        match self.upgrade {
            Upgrade::Due(LayerChange::AddTls, _) | Upgrade::Running(LayerChange::AddTls, _) if unread > 0 => {
                Err(Error::protocol("the server sent bytes between agreeing to TLS and beginning it"))
            }
            // RFC 8437 §4.1: the compression ends with the line end of the OK.
            Upgrade::Due(LayerChange::RemoveDeflate, _) | Upgrade::Running(LayerChange::RemoveDeflate, _)
                if unread > 0 =>
            {
                Err(Error::protocol("the server compressed data after the end of its compression"))
            }
            _ => Ok(()),
        }
    }

    /// The error for the end of the input.
    pub(crate) fn lost(error: Option<Error>, greeted: bool) -> Error {
        match error {
            Some(error) => error,
            // Servers with too many connections close the next one at once.
            None if !greeted => Error::closed("the server closed the connection before its greeting")
                .with_words(Some(Words::ConnectionLimit)),
            None => Error::closed("the server closed the connection"),
        }
    }

    /// The session is over: every request that waits gets its error. The ids of one request come in a row.
    pub(crate) fn end(&mut self, outcome: Result<()>, waiting: impl IntoIterator<Item = Id>) {
        let error = outcome.as_ref().err().cloned().unwrap_or_else(over);
        let mut waiting: Vec<Id> = self.greeting.take().into_iter().chain(waiting).collect();
        if let Upgrade::Due(_, id) | Upgrade::Running(_, id) = std::mem::replace(&mut self.upgrade, Upgrade::None) {
            waiting.extend(id);
        }
        waiting.dedup();
        waiting.into_iter().for_each(|id| self.refuse(id, error.clone()));
        self.clock.answer_within(None);
        self.outcome = Some(outcome);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    pub(crate) fn outcome(&self) -> Option<Result<()>> {
        self.outcome.clone()
    }

    /// The error for every request once the session is over.
    pub(crate) fn closed(&self) -> Option<Error> {
        self.outcome.as_ref().map(closed)
    }

    /// Frees unused memory.
    pub(crate) fn release_memory(&mut self) {
        self.deliveries.shrink_to_fit();
    }
}
