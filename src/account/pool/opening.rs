//! Opening sessions: what an attempt costs the account, and what its failure means. It must not know what sessions are used for.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use super::claim::{Grant, Slot, until};
use super::keeper;
use super::lent::Lent;
use super::shared::{Parts, Pool, Service, State, shut};
use crate::Traffic;
use crate::account::back_off::random;
use crate::account::gate::Failed;
use crate::account::lane::Lane;
use crate::account::limits::Place;
use crate::account::notice::AccountNotice;
use crate::error::{Error, Kind, Result};

impl<S: Service> Pool<S> {
    /// A session: an idle one, or a new one, or the next that is returned. Waits at most for `patience`, if any. Cancel-safe.
    pub(in crate::account) async fn acquire(&self, lane: Lane, patience: Option<Duration>) -> Result<Lent<S>> {
        let began = Instant::now();
        let deadline = patience.and_then(|patience| began.checked_add(patience));
        let result = self.acquire_until(lane, deadline).await;
        self.lock().stats.waited += Instant::now() - began;
        result
    }

    /// Tries the login once, unless a session is open.
    pub(in crate::account) async fn check(&self) -> Result<()> {
        loop {
            {
                let state = self.lock();
                if let Some(failure) = state.waiting_for() {
                    return Err(failure);
                }
                if state.established() > state.idle.iter().filter(|idle| idle.parts.is_closed()).count() {
                    return Ok(());
                }
            }
            let deadline = Instant::now().checked_add(self.settings().patience);
            match self.claim(Lane::Interactive, deadline).await? {
                Grant::Session(_) => return Ok(()),
                Grant::Slot(slot) => {
                    if self.open(slot).await?.is_some() {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn acquire_until(&self, lane: Lane, deadline: Option<Instant>) -> Result<Lent<S>> {
        loop {
            let slot = match self.claim(lane, deadline).await? {
                Grant::Session(lent) => return Ok(lent),
                Grant::Slot(slot) => slot,
            };
            let opened = tokio::select! {
                biased;
                opened = self.open(slot) => opened,
                () = until(deadline) => return Err(self.too_late()),
            };
            match opened {
                Ok(Some(lent)) => return Ok(lent),
                Err(error) if !self.may_try_again(&error) || deadline.is_some_and(|end| end <= Instant::now()) => {
                    return Err(error);
                }
                // It is tried again, perhaps with a new login.
                Ok(None) | Err(_) => {}
            }
        }
    }

    /// Opens a session in this place of the account. `None` if the login was replaced meanwhile.
    ///
    /// If the future is dropped, the attempt goes on, so that its outcome is known: a password must not be tried again and again because
    /// nobody waits as long as the server does before it refuses it.
    async fn open(&self, slot: Slot<S>) -> Result<Option<Lent<S>>> {
        let place = match &self.0.limits {
            Some(limits) => Some(limits.place().await.ok_or_else(shut)?),
            None => None,
        };
        let attempt = tokio::spawn(self.clone().attempt(slot, place).in_current_span());
        attempt.await.unwrap_or_else(|_| Err(Error::closed("the attempt to open a session was aborted")))
    }

    async fn attempt(self, slot: Slot<S>, place: Option<Place>) -> Result<Option<Lent<S>>> {
        let (login, id) = {
            let mut state = self.lock();
            if slot.login() != state.login_number {
                drop(state);
                return Ok(None);
            }
            state.last_session += 1;
            let login = state.login.clone();
            let login =
                state.renewals.as_ref().map_or_else(|| login.clone(), |renewals| renewals.for_one_login(&login));
            (login, state.last_session)
        };
        let span = tracing::debug_span!(target: "postroom", "account", lane = ?slot.lane(), session = id);
        match S::open(self.settings().config.clone(), login).instrument(span).await {
            Ok(session) => {
                let parts = Parts { session, place, id, login: slot.login(), counted: Traffic::default() };
                Ok(self.opened(slot, parts))
            }
            Err(error) => {
                // Whoever waits for a place gets this one before the account tries again.
                drop(place);
                match self.failed(slot, &error) {
                    true => Err(error),
                    false => Ok(None),
                }
            }
        }
    }

    fn opened(&self, slot: Slot<S>, parts: Parts<S>) -> Option<Lent<S>> {
        let (lane, id, notices) = (slot.lane(), parts.id, S::notices(&parts.session));
        let (is_current, was_offline) = {
            let mut state = self.lock();
            state.stats.sessions += 1;
            let is_current = slot.keep(&mut state);
            if is_current {
                state.gate.succeeded(Instant::now(), random());
                state.last_failure = None;
                state.outgrow();
            }
            (is_current, is_current && std::mem::take(&mut state.is_offline))
        };
        // A session of a login that was replaced is ended when it is dropped.
        let lent = Lent::new(self.clone(), parts, lane);
        if !is_current {
            return None;
        }
        if was_offline {
            self.announce(AccountNotice::Online);
        }
        if let Some(wait) = S::login_delay(lent.session()) {
            self.not_before(wait);
        }
        keeper::spawn(Arc::downgrade(&self.0), notices, lane, id);
        self.dispatch();
        Some(lent)
    }

    /// Whether the failure is one of the account's login.
    fn failed(&self, slot: Slot<S>, error: &Error) -> bool {
        let notice = {
            let mut state = self.lock();
            state.stats.failures += 1;
            slot.release(&mut state).then(|| state.note_failure(error))
        };
        let is_current = notice.is_some();
        notice.into_iter().flatten().for_each(|notice| self.announce(notice));
        self.dispatch();
        is_current
    }

    /// The patience of a call ended during an attempt, which goes on.
    fn too_late(&self) -> Error {
        let failure = self.lock().last_failure.clone();
        failure.unwrap_or_else(|| Error::new(Kind::Timeout, "no session of the account was opened in time"))
    }

    /// Whether the same call may succeed later without anybody's help.
    fn may_try_again(&self, error: &Error) -> bool {
        error.is_retryable() || is_connection_lost(error) || self.lock().gate.is_doubting()
    }
}

impl<S: Service> State<S> {
    /// What a failed attempt means for the account, and what is reported.
    fn note_failure(&mut self, error: &Error) -> Option<AccountNotice> {
        let now = Instant::now();
        // Whoever waits has to learn why.
        self.last_failure = Some(error.clone());
        let failed = self.gate.failed(error, now, random());
        if self.has_reached_limit(error) {
            return None;
        }
        let was_offline = std::mem::replace(&mut self.is_offline, true);
        match failed {
            Failed::Stopped => Some(AccountNotice::Stopped(error.clone())),
            Failed::Doubted(until) => {
                self.make_do_until(until);
                Some(AccountNotice::Doubted { error: error.clone(), again: until.saturating_duration_since(now) })
            }
            Failed::Again(_) if !was_offline => Some(AccountNotice::Offline(error.clone())),
            Failed::Again(_) => None,
        }
    }
}

/// Whether the session, or the attempt to open one, failed so that another one may do better.
pub(in crate::account) fn is_connection_lost(error: &Error) -> bool {
    matches!(error.kind(), Kind::Io | Kind::Timeout | Kind::Closed | Kind::Protocol)
}
