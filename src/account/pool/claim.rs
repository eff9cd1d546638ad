//! Waiting for a session: the queue of the lanes, and what is granted to whom. It must not know how a session is opened.

use std::future::pending;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::lent::Lent;
use super::shared::{Granted, Pool, Service, State, Waiter, end, shut};
use crate::account::gate::Start;
use crate::account::lane::Lane;
use crate::account::limits::{HasIdle, HostLimits};
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
    /// The number of the login with which it may be opened.
    login: u64,
    /// Whether the attempt is over and counted.
    is_over: bool,
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
                // The time of the next look has changed.
                () = changed => {}
            }
        }
    }

    /// Grants what there is to whoever comes first.
    pub(in crate::account) fn dispatch(&self) {
        let limited = self.lock().settle_limit(Instant::now());
        if let Some(notice) = limited {
            self.announce(notice);
        }
        while let Some(sending) = self.next_grant() {
            // If nobody waits any more, the grant is returned.
            if let Err(Ok(granted)) = sending.sender.send(sending.grant) {
                drop(self.grant(granted, sending.lane));
            }
        }
        let look = self.next_look();
        if std::mem::replace(&mut self.lock().look, look) != look {
            self.0.changed.notify_waiters();
        }
    }

    fn grant(&self, granted: Granted<S>, lane: Lane) -> Grant<S> {
        match granted {
            Granted::Session(parts) => Grant::Session(Lent::again(self.clone(), parts, lane)),
            Granted::Slot(login) => Grant::Slot(Slot { pool: self.clone(), lane, login, is_over: false }),
        }
    }

    /// Whoever holds a session may be able to give it away now. Does nothing if nobody waits, here or in another account with the same limits.
    pub(in crate::account) fn offer(&self) {
        if self.0.limits.as_ref().is_some_and(HostLimits::is_contended) {
            self.0.end_parked();
        }
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
        loop {
            if state.idle.is_empty() && state.may_open(now) {
                state.open += 1;
                state.opening += 1;
                state.gate.begin();
                return Some(Granted::Slot(state.login_number));
            }
            let parts = state.take_unused()?;
            if parts.is_fit(state.login_number) {
                return Some(Granted::Session(parts));
            }
            state.open = state.open.saturating_sub(1);
            if parts.is_closed() {
                state.stats.lost += 1;
                state.gate.suspect();
            }
            end(parts);
        }
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
    fn may_open(&self, now: Instant) -> bool {
        self.open < self.most && !self.is_limit_reached && matches!(self.gate.start(now), Start::Now)
    }

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

    pub(super) fn login(&self) -> u64 {
        self.login
    }

    /// The attempt has succeeded: the session has the place now. Whether the gate is to know it: not if the login was replaced.
    pub(super) fn keep(mut self, state: &mut State<S>) -> bool {
        self.is_over = true;
        state.opening = state.opening.saturating_sub(1);
        self.login == state.login_number
    }

    /// The attempt has failed: the place is free. Whether the gate is to know it: not if the login was replaced.
    pub(super) fn release(mut self, state: &mut State<S>) -> bool {
        self.is_over = true;
        self.free(state);
        self.login == state.login_number
    }

    fn free(&self, state: &mut State<S>) {
        state.open = state.open.saturating_sub(1);
        state.opening = state.opening.saturating_sub(1);
        state.count_unused(self.lane);
    }
}

/// The attempt was given up.
impl<S: Service> Drop for Slot<S> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut state = self.pool.lock();
        self.free(&mut state);
        if self.login == state.login_number {
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

pub(super) async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
