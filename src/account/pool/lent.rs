//! [`Lent`]: one session of the pool in use. Dropping it returns it. It must not know what it is used for.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

use super::shared::{Idle, Parts, Pool, Service, end_all};
use crate::account::back_off::random;
use crate::account::lane::Lane;
use crate::account::limits::{HostLimits, Place};

/// A session in use.
pub(in crate::account) struct Lent<S: Service> {
    /// `None` only while it is dropped.
    parts: Option<Parts<S>>,
    pool: Pool<S>,
    lane: Lane,
    /// Whether a call had its answer.
    is_useful: AtomicBool,
    /// Whether it must not be used again.
    is_unfit: bool,
    /// Whether it was opened for an earlier call.
    is_reused: bool,
    /// The commands before it was lent.
    commands: u64,
}

/// The place of a session that is leaving the pool. Dropping it frees the place.
pub(in crate::account) struct Leaving<S: Service> {
    pool: Pool<S>,
    lane: Lane,
    _place: Option<Place>,
}

impl<S: Service> Lent<S> {
    pub(super) fn new(pool: Pool<S>, parts: Parts<S>, lane: Lane) -> Self {
        let (is_useful, commands) = (AtomicBool::new(false), S::traffic(&parts.session).commands);
        Self { parts: Some(parts), pool, lane, is_useful, is_unfit: false, is_reused: false, commands }
    }

    /// A session is used again. It is counted already.
    pub(super) fn again(pool: Pool<S>, parts: Parts<S>, lane: Lane) -> Self {
        let mut lent = Self::new(pool, parts, lane);
        lent.is_reused = true;
        lent
    }

    pub(in crate::account) fn is_closed(&self) -> bool {
        S::is_closed(self.session())
    }

    /// A call had its answer.
    pub(in crate::account) fn useful(&self) {
        if !self.is_useful.swap(true, Ordering::Relaxed) {
            self.pool.useful();
        }
    }

    /// It is closed when it is dropped.
    pub(in crate::account) fn close(mut self) {
        self.is_unfit = true;
    }

    /// Counts what was transferred since the last time.
    pub(in crate::account) fn count(&mut self) {
        if let Some(parts) = &mut self.parts {
            parts.count(&self.pool);
        }
    }

    /// Whoever uses the session itself does not say that it is useful: it has done something and lives.
    fn note_use(&self) {
        if S::traffic(self.session()).commands > self.commands && !self.is_closed() {
            self.useful();
        }
    }

    /// The session itself, which does not come back. Its place is free when the second value is dropped.
    pub(in crate::account) fn leave(mut self) -> Option<(S::Session, Leaving<S>)> {
        self.note_use();
        let mut parts = self.parts.take()?;
        parts.count(&self.pool);
        let leaving = |place| Leaving { pool: self.pool.clone(), lane: self.lane, _place: place };
        let (session, place) = parts.into_session_and_place();
        Some((session, leaving(place)))
    }

    /// Without the loan: whoever takes the parts counts them for another lane.
    pub(in crate::account) fn into_parts(mut self) -> Option<(Parts<S>, Lane)> {
        self.parts.take().map(|parts| (parts, self.lane))
    }
}

/// The parts are taken only when it is dropped or consumed, so that a borrower always finds them.
impl<S: Service> Lent<S> {
    pub(in crate::account) fn session(&self) -> &S::Session {
        match &self.parts {
            Some(parts) => &parts.session,
            None => unreachable!("nothing borrows what is dropped"),
        }
    }

    pub(in crate::account) fn session_mut(&mut self) -> &mut S::Session {
        match &mut self.parts {
            Some(parts) => &mut parts.session,
            None => unreachable!("nothing borrows what is dropped"),
        }
    }
}

impl<S: Service> Drop for Lent<S> {
    fn drop(&mut self) {
        if self.parts.is_some() {
            self.note_use();
        }
        let Some(mut parts) = self.parts.take() else { return };
        parts.count(&self.pool);
        if !S::IS_KEPT && !parts.is_closed() {
            let (session, place) = parts.into_session_and_place();
            end_and_leave(session, Leaving { pool: self.pool.clone(), lane: self.lane, _place: place });
            return;
        }
        let (is_closed, is_useful, now) = (parts.is_closed(), *self.is_useful.get_mut(), Instant::now());
        let mut state = self.pool.lock();
        state.count_unused(self.lane);
        let is_current = parts.login == state.login_number;
        // Read while the pool is locked: whoever waits for a place looks for idle sessions after it has begun to wait.
        let is_contended = self.pool.0.limits.as_ref().is_some_and(HostLimits::is_contended);
        let mut ended = Vec::new();
        if is_closed && !state.is_shut && is_current {
            state.stats.lost += 1;
            state.gate.died(is_useful, now, random());
            if self.is_reused && !is_useful {
                // It was lost while nobody used it, as after a sleep: so are the others.
                ended = state.take_idle();
            }
        }
        let is_kept = is_current && !is_closed && !self.is_unfit && !is_contended && !state.is_shut;
        if is_kept && state.open <= state.most {
            state.idle.push(Idle { parts, since: now });
        } else {
            state.open = state.open.saturating_sub(1);
            // One that is not to be used again gets no LOGOUT: it may be in the middle of an answer.
            match self.is_unfit {
                true => drop(parts),
                false => ended.push(parts),
            }
        }
        drop(state);
        end_all(ended);
        self.pool.dispatch();
    }
}

impl<S: Service> Drop for Leaving<S> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.open = state.open.saturating_sub(1);
        state.count_unused(self.lane);
        drop(state);
        self.pool.dispatch();
    }
}

/// Ends a session beside everything else. Without a runtime its connection is closed.
fn end_and_leave<S: Service>(session: S::Session, leaving: Leaving<S>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        drop(runtime.spawn(async move {
            S::end(session).await;
            drop(leaving);
        }));
    }
}
