//! Opening sessions: what an attempt costs the account, and what its failure means. It must not know what sessions are used for.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use super::claim::{Grant, Slot};
use super::keeper;
use super::lent::Lent;
use super::shared::{Pool, Service, shut};
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

    /// A session, if there is an idle one or the first attempt to open one succeeds.
    pub(in crate::account) async fn try_once(&self, lane: Lane) -> Result<Lent<S>> {
        if let Some(failure) = self.lock().waiting_for() {
            return Err(failure);
        }
        match self.claim(lane, None).await? {
            Grant::Session(lent) => Ok(lent),
            Grant::Slot(slot) => self.open(slot).await,
        }
    }

    async fn acquire_until(&self, lane: Lane, deadline: Option<Instant>) -> Result<Lent<S>> {
        loop {
            let slot = match self.claim(lane, deadline).await? {
                Grant::Session(lent) => return Ok(lent),
                Grant::Slot(slot) => slot,
            };
            match self.open(slot).await {
                Ok(lent) => return Ok(lent),
                Err(error) if !self.may_try_again(&error) || deadline.is_some_and(|end| end <= Instant::now()) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
    }

    /// Opens a session in this place of the account.
    async fn open(&self, slot: Slot<S>) -> Result<Lent<S>> {
        let settings = self.settings();
        let place = match &settings.limits {
            Some(limits) => Some(limits.place(settings.config.host()).await.ok_or_else(shut)?),
            None => None,
        };
        let (login, id) = {
            let mut state = self.lock();
            state.stats.sessions += 1;
            let login = state.login.clone();
            let login = state.renewals.as_ref().map_or(login.clone(), |renewals| renewals.for_one_login(&login));
            (login, state.stats.sessions)
        };
        let span = tracing::debug_span!(target: "postroom", "account", lane = ?slot.lane(), session = id);
        match S::open(settings.config.clone(), login).instrument(span).await {
            Ok(session) => Ok(self.opened(slot, session, place, id)),
            Err(error) => {
                self.failed(slot, &error);
                Err(error)
            }
        }
    }

    fn opened(&self, slot: Slot<S>, session: S::Session, place: Option<Place>, id: u64) -> Lent<S> {
        let lane = slot.lane();
        let was_offline = {
            let mut state = self.lock();
            state.gate.succeeded();
            state.last_failure = None;
            std::mem::take(&mut state.is_offline)
        };
        slot.keep();
        if was_offline {
            self.announce(AccountNotice::Online);
        }
        let notices = S::notices(&session);
        let lent = Lent::new(self.clone(), session, place, lane, id);
        keeper::spawn(Arc::downgrade(&self.0), notices, lane, id);
        self.dispatch();
        lent
    }

    fn failed(&self, slot: Slot<S>, error: &Error) {
        let now = Instant::now();
        let mut state = self.lock();
        state.stats.failures += 1;
        // Whoever waits has to learn why.
        state.last_failure = Some(error.clone());
        let failed = state.gate.failed(error, now, random());
        let fewer = state.accept_fewer(error, now);
        let was_offline = std::mem::replace(&mut state.is_offline, fewer.is_none());
        drop(state);
        slot.release();
        let notice = match (failed, fewer) {
            (Failed::Stopped, _) => Some(AccountNotice::Stopped(error.clone())),
            (Failed::Doubted(until), _) => {
                Some(AccountNotice::Doubted { error: error.clone(), again: until.saturating_duration_since(now) })
            }
            (Failed::Again(_), Some(notice)) => Some(notice),
            (Failed::Again(_), None) if !was_offline => Some(AccountNotice::Offline(error.clone())),
            (Failed::Again(_), None) => None,
        };
        notice.into_iter().for_each(|notice| self.announce(notice));
        // Whoever waits has to look at the clock again.
        self.0.changed.notify_waiters();
    }

    /// Whether the same call may succeed later without anybody's help.
    fn may_try_again(&self, error: &Error) -> bool {
        error.is_retryable() || is_connection_lost(error) || self.lock().gate.is_doubting()
    }
}

/// Whether the session, or the attempt to open one, failed so that another one may do better.
pub(in crate::account) fn is_connection_lost(error: &Error) -> bool {
    matches!(error.kind(), Kind::Io | Kind::Timeout | Kind::Closed | Kind::Protocol)
}
