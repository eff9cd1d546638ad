//! [`once`]: makes a change on whatever session there is. If its reply is lost: look whether it was made, wait, look again, and only then
//! make it again. It must not know what is changed.

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::sleep;

use super::evidence::Traces;
use crate::account::lease::Taken;
use crate::account::pool::Lent;
use crate::account::running::{Attempts, Next};
use crate::account::service::ImapSessions;
use crate::account::{Account, AccountNotice, Lease};
use crate::error::{Error, Kind, Replay, Result};
use crate::imap::{Imap, Uids};
use crate::mailbox::BoxFuture;

/// When doubles are looked for after a change was made again, in units of [`Deadlines::settle`](crate::Deadlines::settle) after one another.
const RECHECKS: [u32; 2] = [1, 2];

/// A change that must happen once. It keeps what is known about it between the attempts.
pub(super) trait Change: Send {
    type Output: Send;

    /// Makes the change, or what is left of it. Before that, it finds out what a look needs to know.
    fn make<'a>(&'a mut self, imap: &'a mut Imap) -> BoxFuture<'a, Result<Self::Output>>;

    /// Looks for the change in another session. The `last` look is the one after which the change is made again.
    fn look<'a>(&'a mut self, imap: &'a mut Imap, last: bool) -> BoxFuture<'a, Result<Evidence<Self::Output>>>;

    /// The looks did not find it: what is left of it may be made again. Fails if that is impossible.
    fn again(&mut self, lost: Error) -> Result<()> {
        drop(lost);
        Ok(())
    }

    /// Whether anything was sent of which it is not known whether it was done.
    fn is_open(&self) -> bool {
        true
    }

    /// How to find out later that it was made twice.
    fn traces(&self) -> Option<Traces> {
        None
    }
}

/// What a look shows.
pub(super) enum Evidence<T> {
    Done(T),
    NotDone,
    /// It cannot be decided. The text says what was checked.
    Undecided(Cow<'static, str>),
}

/// Where the change is made.
#[derive(Clone, Copy)]
pub(super) enum On<'a> {
    /// In any session.
    Account(&'a Account),
    /// In a session with the mailbox of the lease open.
    Lease(&'a Lease),
}

enum Held {
    Lent(Lent<ImapSessions>),
    Taken(Taken),
}

/// Makes the change, once.
pub(super) async fn once<C: Change>(on: On<'_>, change: &mut C) -> Result<C::Output> {
    let account = on.account();
    let (mut attempts, mut is_repeated) = (account.attempts(), false);
    loop {
        let mut held = on.session().await?;
        let error = match change.make(held.imap()).await {
            Ok(output) => {
                held.lent().useful();
                recheck(account, change.traces().filter(|_| is_repeated));
                return Ok(output);
            }
            Err(error) => error,
        };
        let next = after(account, &mut attempts, &held, error, is_repeated).await;
        drop(held);
        let lost = match next {
            Next::Fail(error) => return Err(error),
            Next::Again => {
                change.again(connection_lost())?;
                continue;
            }
            Next::Verify(error) => error,
        };
        let is_refused = lost.is_refusal();
        if let Some(output) = verify(account, change, &lost).await? {
            recheck(account, change.traces().filter(|_| is_repeated));
            return Ok(output);
        }
        if is_refused {
            return Err(lost);
        }
        is_repeated |= change.is_open();
        change.again(lost.clone())?;
        if let Next::Fail(lost) = attempts.died(lost) {
            return Err(Error::closed("two connections were lost at it; it was not done").with_source(lost));
        }
    }
}

/// What follows a failed attempt.
async fn after(account: &Account, attempts: &mut Attempts, held: &Held, error: Error, is_repeated: bool) -> Next {
    let is_lost = held.lent().is_closed();
    // A server refuses to do again what the first attempt did after all.
    if error.is_refusal() && is_repeated && !error.is_retryable() {
        return Next::Verify(error);
    }
    let may_be_done = error.replay() > Some(Replay::Safe);
    if may_be_done && (is_lost || error.kind() == Kind::Unknown) {
        return Next::Verify(error);
    }
    if error.kind() == Kind::Closed && !is_lost {
        // The server deselected the mailbox; nothing was sent.
        return attempts.died(error);
    }
    match account.next(attempts, held.lent(), Err::<(), _>(error)).await {
        Ok(()) => Next::Again,
        Err(next) => next,
    }
}

/// Looks, waits until the lost command must have run, and looks again. `None` if it was not done.
async fn verify<C: Change>(account: &Account, change: &mut C, lost: &Error) -> Result<Option<C::Output>> {
    if !change.is_open() {
        return Ok(None);
    }
    let refused = lost.is_refusal();
    for last in [false, true] {
        match look(account, change, last).await.map_err(|error| unseen(error, lost))? {
            Evidence::Done(output) => return Ok(Some(output)),
            Evidence::Undecided(checked) if last && !refused => {
                return Err(lost.clone().reclassify(Kind::Unknown, format!("the reply was lost, and {checked}")));
            }
            Evidence::NotDone | Evidence::Undecided(_) if last || refused => {}
            Evidence::NotDone | Evidence::Undecided(_) => sleep(account.settle()).await,
        }
        if refused {
            break;
        }
    }
    Ok(None)
}

fn unseen(error: Error, lost: &Error) -> Error {
    let text = "the reply was lost, and it could not be looked whether it was done";
    error.reclassify(Kind::Unknown, text).after_change(lost.replay())
}

/// One look, on whatever session there is.
pub(super) async fn look<C: Change>(account: &Account, change: &mut C, last: bool) -> Result<Evidence<C::Output>> {
    let mut attempts = account.attempts();
    loop {
        let mut lent = account.acquire().await?;
        let seen = change.look(lent.session_mut(), last).await;
        match account.next(&mut attempts, &lent, seen).await {
            Ok(evidence) => return Ok(evidence),
            Err(Next::Again) => {}
            Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
        }
    }
}

/// Looks later whether the change was made twice after all, and reports it. No session is held meanwhile.
fn recheck(account: &Account, traces: Option<Traces>) {
    let (Some(mut traces), Ok(runtime)) = (traces, tokio::runtime::Handle::try_current()) else { return };
    let account = account.clone();
    drop(runtime.spawn(async move {
        for wait in RECHECKS {
            sleep(account.settle().saturating_mul(wait)).await;
            let Ok(uids) = doubles(&account, &traces).await else { return };
            if !uids.is_empty() {
                traces.report(&uids);
                account.pool.announce(AccountNotice::Doubled { mailbox: traces.mailbox().clone(), uids });
            }
        }
    }));
}

async fn doubles(account: &Account, traces: &Traces) -> Result<Uids> {
    let mut attempts = account.attempts();
    loop {
        let mut lent = account.acquire().await?;
        let found = traces.doubles(lent.session_mut()).await;
        match account.next(&mut attempts, &lent, found).await {
            Ok(uids) => return Ok(uids),
            Err(Next::Again) => {}
            Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
        }
    }
}

impl Account {
    /// How long a command may still run after its connection is gone.
    fn settle(&self) -> Duration {
        self.pool.settings().config.deadlines.settle
    }
}

impl<'a> On<'a> {
    fn account(self) -> &'a Account {
        match self {
            Self::Account(account) => account,
            Self::Lease(lease) => lease.account(),
        }
    }

    async fn session(self) -> Result<Held> {
        Ok(match self {
            Self::Account(account) => Held::Lent(account.acquire().await?),
            Self::Lease(lease) => Held::Taken(lease.alone().await?),
        })
    }
}

impl Held {
    fn lent(&self) -> &Lent<ImapSessions> {
        match self {
            Self::Lent(lent) => lent,
            Self::Taken(taken) => taken.lent(),
        }
    }

    fn imap(&mut self) -> &mut Imap {
        match self {
            Self::Lent(lent) => lent.session_mut(),
            Self::Taken(taken) => taken.imap(),
        }
    }
}

fn connection_lost() -> Error {
    Error::closed("the connection was lost before the command was sent")
}
