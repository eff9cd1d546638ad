//! Waiting for a session: the queue of the lanes, and what is granted to whom. It must not know how a session is opened.

use std::future::pending;
use std::sync::Weak;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::lent::Lent;
use super::shared::{Granted, Pool, Service, State, Waiter, shut};
use crate::account::gate::Start;
use crate::account::lane::Lane;
use crate::error::{Error, Result};

/// What somebody who waits gets.
pub(super) enum Grant<S: Service> {
    Session(Lent<S>),
    /// A session may be opened.
    Slot(Slot<S>),
}

/// The place of a session that is being opened. Dropping it frees the place.
pub(super) struct Slot<S: Service> {
    pool: Pool<S>,
    lane: Lane,
    state: SlotState,
}

#[derive(Clone, Copy, PartialEq)]
enum SlotState {
    /// The attempt runs.
    Attempting,
    /// The attempt has failed, and the gate knows it.
    Failed,
    /// The session has it now.
    Kept,
}

/// Somebody's place in the queue. Dropping it leaves the queue, and returns what was granted and not taken.
struct Ticket<'a, S: Service> {
    pool: &'a Pool<S>,
    lane: Lane,
    number: u64,
    receiver: oneshot::Receiver<Result<Granted<S>>>,
}

/// A grant, and to whom it is sent.
struct Sending<S: Service> {
    lane: Lane,
    sender: oneshot::Sender<Result<Granted<S>>>,
    grant: Result<Granted<S>>,
}

impl<S: Service> Pool<S> {
    /// A session, or the permission to open one. Cancel-safe.
    pub(super) async fn claim(&self, lane: Lane, deadline: Option<Instant>) -> Result<Grant<S>> {
        let mut ticket = self.enqueue(lane);
        self.dispatch();
        loop {
            let changed = self.0.changed.notified();
            let again = self.next_look();
            tokio::select! {
                biased;
                granted = &mut ticket.receiver => {
                    return granted.unwrap_or_else(|_| Err(shut())).map(|granted| self.grant(granted, lane));
                }
                () = until(deadline) => return Err(self.why_not()),
                () = until(again) => self.dispatch(),
                () = changed => self.dispatch(),
            }
        }
    }

    /// Grants what there is to whoever comes first.
    pub(in crate::account) fn dispatch(&self) {
        while let Some(sending) = self.next_grant() {
            // If nobody waits any more, the grant is returned.
            if let Err(Ok(granted)) = sending.sender.send(sending.grant) {
                drop(self.grant(granted, sending.lane));
            }
        }
    }

    fn grant(&self, granted: Granted<S>, lane: Lane) -> Grant<S> {
        match granted {
            Granted::Session(parts) => Grant::Session(Lent::again(self.clone(), parts, lane)),
            Granted::Slot => Grant::Slot(Slot { pool: self.clone(), lane, state: SlotState::Attempting }),
        }
    }

    /// A session may be to be had from its holder. Does nothing if nobody waits.
    pub(in crate::account) fn offer(&self) {
        let is_awaited = {
            let state = self.lock();
            Lane::ALL.iter().any(|lane| state.waiters(*lane) > 0)
        };
        if is_awaited {
            self.dispatch();
        }
    }

    fn enqueue(&self, lane: Lane) -> Ticket<'_, S> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        let number = state.next_waiter;
        state.next_waiter += 1;
        if let Some(queue) = state.queue.get_mut(lane.index()) {
            queue.push_back(Waiter { number, sender });
        }
        Ticket { pool: self, lane, number, receiver }
    }

    fn next_grant(&self) -> Option<Sending<S>> {
        let now = Instant::now();
        let mut state = self.lock();
        state.end_fewer(now, self.settings().connections);
        if state.is_shut {
            return state.refuse(shut());
        }
        if let Start::Never(error) = state.gate.start(now)
            && state.open == 0
        {
            return state.refuse(error);
        }
        let daily = self.settings().daily_download;
        for lane in Lane::ALL {
            let is_paused = lane == Lane::Bulk && state.bulk_wait(now, daily).is_some();
            if is_paused || state.waiters(lane) == 0 || !lane.may_have_one_more(state.used, state.most) {
                continue;
            }
            let Some(granted) = self.find(&mut state, now) else { break };
            state.count_used(lane);
            let grant = Ok(granted);
            match state.queue.get_mut(lane.index()).and_then(next_waiting) {
                Some(Waiter { sender, .. }) => return Some(Sending { lane, sender, grant }),
                // Whoever waited gave up just now.
                None => return Some(Sending { lane, sender: oneshot::channel().0, grant }),
            }
        }
        drop(state);
        self.0.pressure.notify_waiters();
        None
    }

    fn find(&self, state: &mut State<S>, now: Instant) -> Option<Granted<S>> {
        while let Some(idle) = state.idle.pop() {
            if !idle.parts.is_closed() {
                return Some(Granted::Session(idle.parts));
            }
            state.open = state.open.saturating_sub(1);
            state.stats.lost += 1;
        }
        if state.open < state.most && matches!(state.gate.start(now), Start::Now) {
            state.open += 1;
            state.gate.begin();
            return Some(Granted::Slot);
        }
        let (parts, lane) = state.parked.iter().filter_map(Weak::upgrade).find_map(|parked| parked.give())?;
        state.count_unused(lane);
        Some(Granted::Session(parts))
    }

    /// When the queue is to be looked at although nothing has happened.
    fn next_look(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.lock();
        let gate = match state.gate.start(now) {
            Start::At(until) => Some(until),
            _ => None,
        };
        let fewer = state.fewer.as_ref().map(|fewer| fewer.until).filter(|&until| until > now);
        let paused = match state.waiters(Lane::Bulk) {
            0 => None,
            _ => state.bulk_wait(now, self.settings().daily_download),
        };
        [gate, fewer, paused].into_iter().flatten().min()
    }

    /// Why nobody gets a session.
    fn why_not(&self) -> Error {
        let state = self.lock();
        let failure = state.gate.doubt().or(state.last_failure.as_ref()).cloned();
        failure.unwrap_or_else(|| Error::busy("all sessions of the account are in use"))
    }
}

impl<S: Service> State<S> {
    /// Whoever comes first gets this error.
    fn refuse(&mut self, error: Error) -> Option<Sending<S>> {
        let (lane, waiter) =
            Lane::ALL.into_iter().zip(&mut self.queue).find_map(|(lane, queue)| Some((lane, next_waiting(queue)?)))?;
        Some(Sending { lane, sender: waiter.sender, grant: Err(error) })
    }
}

impl<S: Service> Slot<S> {
    pub(super) fn lane(&self) -> Lane {
        self.lane
    }

    /// The session has the place now.
    pub(super) fn keep(mut self) {
        self.state = SlotState::Kept;
    }

    /// The attempt has failed, and the gate knows it.
    pub(super) fn release(mut self) {
        self.state = SlotState::Failed;
    }
}

impl<S: Service> Drop for Slot<S> {
    fn drop(&mut self) {
        if self.state == SlotState::Kept {
            return;
        }
        let mut state = self.pool.lock();
        state.open = state.open.saturating_sub(1);
        state.count_unused(self.lane);
        if self.state == SlotState::Attempting {
            state.gate.cancelled();
        }
        drop(state);
        self.pool.dispatch();
    }
}

impl<S: Service> Drop for Ticket<'_, S> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        if let Some(queue) = state.queue.get_mut(self.lane.index()) {
            queue.retain(|waiter| waiter.number != self.number);
        }
        drop(state);
        self.receiver.close();
        if let Ok(Ok(granted)) = self.receiver.try_recv() {
            drop(self.pool.grant(granted, self.lane));
        }
    }
}

fn next_waiting<S: Service>(queue: &mut std::collections::VecDeque<Waiter<S>>) -> Option<Waiter<S>> {
    std::iter::from_fn(|| queue.pop_front()).find(Waiter::is_waiting)
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
