//! [`SharedLedger`]: handles of one ledger, for runs at the same time. It must not know where the records are.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Change, Ledger, Record};
use crate::error::Error;
use crate::{BoxFuture, Result};

/// A handle of a [`Ledger`] for one of several runs that use it at the same time: clone it for each [`Collector`](crate::collect::Collector).
///
/// The runs must be of different accounts: two mailboxes of one account need two names. A handle takes an account with the first call that names it, and keeps it until it is dropped;
/// meanwhile calls of other handles that name it fail with [`Kind::Busy`](crate::Kind::Busy). The calls of all handles wait for each other.
///
/// ```
/// use postroom::collect::{Collector, Delivery, Ledger, Policy, SharedLedger};
/// use postroom::{Mailbox, Result};
///
/// /// Two mailboxes at the same time.
/// async fn collect(
///     ledger: impl Ledger,
///     [mine, yours]: [&mut dyn Mailbox; 2],
///     [my_mail, your_mail]: [impl Delivery; 2],
/// ) -> Result<()> {
///     let ledger = SharedLedger::new(ledger);
///     let mut me = Collector::new("me@example.org", ledger.clone(), my_mail);
///     let mut you = Collector::new("you@example.org", ledger, your_mail);
///     let (mine, yours) = tokio::join!(me.run(mine).finish(), you.run(yours).finish());
///     println!("{}\n{}", mine?, yours?);
///     Ok(())
/// }
/// ```
pub struct SharedLedger<L> {
    shared: Arc<Shared<L>>,
    /// The accounts that this handle has taken.
    taken: HashSet<String>,
}

struct Shared<L> {
    ledger: tokio::sync::Mutex<L>,
    /// The accounts that some handle has taken.
    busy: Mutex<HashSet<String>>,
}

impl<L: Ledger> SharedLedger<L> {
    /// The first handle of this ledger.
    pub fn new(ledger: L) -> Self {
        let shared = Shared { ledger: tokio::sync::Mutex::new(ledger), busy: Mutex::default() };
        Self { shared: Arc::new(shared), taken: HashSet::new() }
    }

    fn take(&mut self, account: &str) -> Result<()> {
        if self.taken.contains(account) {
            return Ok(());
        }
        if !self.shared.busy().insert(account.to_owned()) {
            return Err(Error::busy(format!("another run collects the account {account}")));
        }
        self.taken.insert(account.to_owned());
        Ok(())
    }
}

impl<L> Shared<L> {
    fn busy(&self) -> MutexGuard<'_, HashSet<String>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Ledger> Ledger for SharedLedger<L> {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        Box::pin(async move {
            self.take(account)?;
            self.shared.ledger.lock().await.load(account).await
        })
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.take(account)?;
            self.shared.ledger.lock().await.apply(account, changes).await
        })
    }
}

/// Another handle, which has taken no account.
impl<L> Clone for SharedLedger<L> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), taken: HashSet::new() }
    }
}

impl<L> Drop for SharedLedger<L> {
    fn drop(&mut self) {
        let mut busy = self.shared.busy();
        self.taken.iter().for_each(|account| {
            busy.remove(account);
        });
    }
}

impl<L> fmt::Debug for SharedLedger<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLedger").field("taken", &self.taken).finish_non_exhaustive()
    }
}
