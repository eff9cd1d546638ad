//! [`Account::run`]: one call on whatever session there is, repeated if its connection is lost and that is safe. It must not know a
//! command by name; which changes may be repeated, their [`Replay`] says.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Account;
use super::back_off::{BackOff, random};
use super::lane::Lane;
use super::pool::{Lent, is_connection_lost};
use super::service::ImapSessions;
use crate::error::{Error, Fault, Kind, Replay, Result};
use crate::imap::Imap;
use crate::mailbox::BoxFuture;

/// Sessions that may end at the same command. Then it is the command's fault.
const MOST_DEATHS: u32 = 2;
/// How long bulk work waits after the server reported that a quota is exceeded.
const QUOTA_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The attempts of one call.
#[derive(Default)]
pub(super) struct Attempts {
    deaths: u32,
    refusals: u32,
    deadline: Option<Instant>,
}

/// What follows a failed attempt.
#[derive(Debug)]
pub(super) enum Next {
    /// The same on a new session.
    Again,
    /// The reply was lost: find out first whether the change took effect.
    Verify(Error),
    Fail(Error),
}

impl Account {
    /// Runs a call on a session of the account, and again on a new one if the connection is lost meanwhile.
    ///
    /// A call that reads is repeated. A change whose reply was lost is repeated only if that is [safe](Replay::Safe), such as setting
    /// metadata, ACL or quota; otherwise it fails with [`Kind::Unknown`]. If the server reports that it is busy, the call is repeated
    /// after a back-off. If two sessions end at it, it fails: it is the call that ends them.
    ///
    /// The round trips are those of the call, and of a login if no session is idle. Dropping the future is like dropping that of the call.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let namespaces = account.run(|imap| Box::pin(imap.namespace())).await?;
    /// println!("{namespaces:?}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the call; those of [`Imap::connect`] if no session can be opened within
    /// [`patience`](super::AccountBuilder::patience); [`Kind::Busy`] if all are in use for that long.
    pub async fn run<T, F>(&self, call: F) -> Result<T>
    where
        F: for<'a> Fn(&'a Imap) -> BoxFuture<'a, Result<T>>,
    {
        let mut attempts = self.attempts();
        loop {
            let lent = self.acquire().await?;
            let result = call(lent.session()).await;
            match self.next(&mut attempts, &lent, result).await {
                Ok(value) => return Ok(value),
                Err(Next::Again) => {}
                Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
            }
        }
    }

    pub(super) fn attempts(&self) -> Attempts {
        let deadline = Instant::now().checked_add(self.pool.settings().patience);
        Attempts { deadline: deadline.filter(|_| self.lane != Lane::Watch), ..Attempts::default() }
    }

    pub(super) async fn acquire(&self) -> Result<Lent<ImapSessions>> {
        let patience = Some(self.pool.settings().patience).filter(|_| self.lane != Lane::Watch);
        self.pool.acquire(self.lane, patience).await
    }

    /// What follows the result of a call on this session. Waits if the server is busy.
    pub(super) async fn next<T>(
        &self,
        attempts: &mut Attempts,
        lent: &Lent<ImapSessions>,
        result: Result<T>,
    ) -> Result<T, Next> {
        let error = match result {
            Ok(value) => {
                lent.useful();
                return Ok(value);
            }
            Err(error) => error,
        };
        if error.kind() == Kind::Unknown && error.replay() != Some(Replay::Safe) {
            return Err(Next::Verify(error));
        }
        let is_lost = lent.is_closed() || error.kind() == Kind::Unknown;
        if is_lost && error.fault() != Fault::Caller {
            return Err(attempts.died(error));
        }
        if error.is_over_quota() && self.lane == Lane::Bulk {
            self.pool.pause_bulk(QUOTA_PAUSE);
        }
        if !error.is_retryable() || is_connection_lost(&error) {
            return Err(Next::Fail(error));
        }
        lent.useful();
        self.wait_busy(attempts, error).await
    }

    /// The server is busy: waits as long as it says, or backs off.
    async fn wait_busy<T>(&self, attempts: &mut Attempts, error: Error) -> Result<T, Next> {
        let BackOff { first, most } = self.pool.settings().back_off;
        let own = BackOff { first: first.max(Duration::from_millis(100)), most }.wait(attempts.refusals, random());
        let wait = error.retry_after().unwrap_or_default().max(own);
        attempts.refusals += 1;
        if attempts.deadline.is_some_and(|end| Instant::now() + wait >= end) {
            return Err(Next::Fail(error));
        }
        sleep(wait).await;
        Err(Next::Again)
    }
}

impl Attempts {
    /// A session ended at the call.
    pub(super) fn died(&mut self, error: Error) -> Next {
        self.deaths += 1;
        match self.deaths < MOST_DEATHS {
            true => Next::Again,
            false => Next::Fail(error),
        }
    }
}
