//! The task of one session: forwards its notices, notices its end, and closes it after long idleness. It must not know who uses it.

use std::sync::Weak;

use tokio::time::{Instant, sleep_until};

use super::shared::{Pool, Service, Shared, end};
use crate::Notices;
use crate::account::lane::Lane;

/// Begins the task, which ends with the session and does not keep it open.
pub(super) fn spawn<S: Service>(pool: Weak<Shared<S>>, notices: Notices<S::Notice>, lane: Lane, id: u64) {
    // It ends with the session; nobody waits for it.
    drop(tokio::spawn(keep(pool, notices, lane, id)));
}

async fn keep<S: Service>(pool: Weak<Shared<S>>, mut notices: Notices<S::Notice>, lane: Lane, id: u64) {
    let mut look = Instant::now() + pool.upgrade().map_or_else(Default::default, |pool| pool.settings.idle_after);
    loop {
        let notice = tokio::select! {
            notice = notices.next() => notice.map(Some),
            () = sleep_until(look) => Some(None),
        };
        let Some(pool) = pool.upgrade().map(Pool) else { return };
        match notice {
            Some(Some(notice)) => pool.announce(S::report(lane, id, notice)),
            Some(None) => match pool.close_if_idle(id) {
                Some(next) => look = next,
                None => return,
            },
            None => {
                pool.forget(id);
                return;
            }
        }
    }
}

impl<S: Service> Pool<S> {
    /// Ends the session if it was idle for long; otherwise returns when to look again.
    fn close_if_idle(&self, id: u64) -> Option<Instant> {
        let (now, most) = (Instant::now(), self.settings().idle_after);
        let mut state = self.lock();
        let Some(at) = state.idle.iter().position(|idle| idle.parts.id == id) else { return Some(now + most) };
        match state.idle.get(at).map(|idle| idle.since + most) {
            Some(until) if until > now => return Some(until),
            _ => {}
        }
        let idle = state.idle.remove(at);
        state.open = state.open.saturating_sub(1);
        drop(state);
        end(idle.parts);
        None
    }

    /// The session has ended.
    fn forget(&self, id: u64) {
        let mut state = self.lock();
        let before = state.idle.len();
        state.idle.retain(|idle| idle.parts.id != id);
        let gone = before - state.idle.len();
        state.open = state.open.saturating_sub(gone);
        state.stats.lost += gone as u64;
        if gone > 0 {
            state.gate.suspect();
        }
        drop(state);
        self.dispatch();
    }
}
