//! Fewer sessions for a while, because the server accepts no more, or refuses the login: limits look so. It must not know how a session is
//! opened.

use std::time::Duration;

use tokio::time::Instant;

use super::shared::{Fewer, Service, State};
use crate::account::notice::AccountNotice;
use crate::error::Error;

/// How long an account has fewer sessions after the server accepted no more; doubled each time in a row, up to [`LONGEST_FEWER`].
const FEWER: Duration = Duration::from_secs(10 * 60);
const LONGEST_FEWER: Duration = Duration::from_secs(4 * 60 * 60);

impl<S: Service> State<S> {
    /// Whether the server accepts no more sessions than the account has. Call it when the failed attempt is not counted any more.
    pub(super) fn has_reached_limit(&mut self, error: &Error) -> bool {
        let is_reached = error.is_connection_limit() && self.established() > 0;
        self.is_limit_reached |= is_reached;
        is_reached
    }

    /// When no attempt runs any more, the account makes do with the sessions that it has.
    pub(super) fn settle_limit(&mut self, now: Instant) -> Option<AccountNotice> {
        let most = self.established();
        if !self.is_limit_reached || self.opening > 0 {
            return None;
        }
        self.is_limit_reached = false;
        if most == 0 || most >= self.most {
            return None;
        }
        self.most = most;
        let time = match &mut self.fewer {
            Some(fewer) if fewer.until > now => {
                fewer.most = most;
                fewer.until - now
            }
            fewer => {
                let time = fewer.as_ref().map_or(FEWER, |fewer| fewer.next);
                *fewer = Some(Fewer { until: now + time, most, next: (time * 2).min(LONGEST_FEWER) });
                time
            }
        };
        Some(AccountNotice::FewerConnections { most, time })
    }

    /// A login that has worked is refused: if the account has sessions, it makes do with those until it is tried again.
    pub(super) fn make_do_until(&mut self, until: Instant) {
        let most = self.established();
        if most > 0 {
            let next = self.fewer.as_ref().map_or(FEWER, |fewer| fewer.next);
            self.most = most;
            self.fewer = Some(Fewer { until, most, next });
        }
    }

    /// A session more was opened: the limit is gone if it was reached before.
    pub(super) fn outgrow(&mut self) {
        if self.fewer.as_ref().is_some_and(|fewer| self.established() > fewer.most && self.most > fewer.most) {
            self.fewer = None;
        }
    }

    /// The account may try to have all its sessions again.
    pub(super) fn end_fewer(&mut self, now: Instant, connections: usize) {
        if self.fewer.as_ref().is_some_and(|fewer| fewer.until <= now) {
            self.most = connections;
        }
    }

    /// Nothing is known about the limits of this login.
    pub(super) fn accept_all(&mut self, connections: usize) {
        self.fewer = None;
        self.is_limit_reached = false;
        self.most = connections;
    }
}
