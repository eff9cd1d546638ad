//! [`LeaseStoring`]: a change of flags through a lease. Without a condition it is repeated; with one, the flags show what was done. It must
//! not know what else is done in the mailbox.

use std::fmt;
use std::future::IntoFuture;

use super::evidence::stamped;
use super::settle::{Change, Evidence, On, once};
use crate::account::Lease;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::Result;
use crate::imap::{Fetched, Imap, Items, MailboxName, Stored, UidValidity, Uids};
use crate::mailbox::BoxFuture;
use crate::{FlagAction, FlagChange};

/// A change of flags that is about to be made, from [`Lease::store`]. Await it. Nothing is sent before that.
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// use postroom::imap::Uids;
/// use postroom::{Flag, FlagChange};
///
/// let inbox = account.select("INBOX").await?;
/// let uids: Uids = "1:3".parse()?;
/// let stored = inbox.store(uids, &FlagChange::add([Flag::FLAGGED])).unchanged_since(1).await?;
/// println!("changed by somebody else: {}", stored.modified);
/// # Ok(())
/// # }
/// ```
///
/// Where a future is needed, such as in a collection of futures, [`into_future`](IntoFuture::into_future) makes one.
///
/// # Errors
///
/// Those of [`Storing`](crate::imap::Storing) and of [`Account::run`](crate::account::Account::run). [`Kind::Closed`] if two connections were
/// lost at it.
#[must_use = "nothing is stored until it is awaited"]
pub struct LeaseStoring<'a> {
    lease: &'a Lease,
    uids: Uids,
    change: &'a FlagChange,
    unchanged_since: Option<u64>,
}

/// A change on a condition, which must not be taken for somebody else's.
struct StoringIf {
    mailbox: MailboxName,
    validity: Option<UidValidity>,
    left: Uids,
    change: FlagChange,
    since: u64,
    is_repeated: bool,
}

impl Lease {
    /// Changes the flags of these messages: await the [`LeaseStoring`]. As [`Folder::store`](crate::imap::Folder::store), and after a lost
    /// connection the same again, since twice has the same effect as once.
    ///
    /// With a [condition](LeaseStoring::unchanged_since), the flags are read after a lost reply: messages that have the wanted ones are done.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Uid;
    /// use postroom::{Flag, FlagChange};
    ///
    /// let inbox = account.select("INBOX").await?;
    /// inbox.store(Uid::new(1)?, &FlagChange::add([Flag::SEEN])).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn store<'a>(&'a self, uids: impl Into<Uids>, change: &'a FlagChange) -> LeaseStoring<'a> {
        LeaseStoring { lease: self, uids: uids.into(), change, unchanged_since: None }
    }
}

impl LeaseStoring<'_> {
    /// Changes only messages that did not change after this modification sequence: see
    /// [`Storing::unchanged_since`](crate::imap::Storing::unchanged_since).
    pub fn unchanged_since(self, modseq: u64) -> Self {
        Self { unchanged_since: Some(modseq), ..self }
    }

    async fn send(self) -> Result<Stored> {
        let Self { lease, uids, change, unchanged_since } = self;
        if let Some(since) = unchanged_since {
            let validity = lease.info().await?.uid_validity;
            let mut storing = StoringIf {
                mailbox: lease.name().clone(),
                validity,
                left: stamped(uids, validity),
                change: change.clone(),
                since,
                is_repeated: false,
            };
            return once(On::Lease(lease), &mut storing).await;
        }
        let change = change.clone();
        let store = lease.call(move |folder| {
            let (uids, change) = (uids.clone(), change.clone());
            Box::pin(async move {
                let uids = stamped(uids, folder.info()?.uid_validity);
                folder.store(uids, &change).await
            })
        });
        store.await
    }
}

impl StoringIf {
    async fn store(&mut self, imap: &mut Imap) -> Result<Stored> {
        let folder = imap.selected_folder()?;
        let mut stored = folder.store(self.left.clone(), &self.change).unchanged_since(self.since).await?;
        if self.is_repeated && !stored.modified.is_empty() {
            // The lost command may have run meanwhile.
            let unmade = self.unmade(imap, &stored.modified).await?;
            stored.modified = stamped(unmade, self.validity);
        }
        Ok(stored)
    }

    async fn find(&mut self, imap: &mut Imap) -> Result<Evidence<Stored>> {
        let validity = imap.examine(&self.mailbox).await?.info()?.uid_validity;
        if validity.is_none() || validity != self.validity {
            return Ok(Evidence::Undecided("the mailbox has no UIDVALIDITY, or another one now".into()));
        }
        let unmade = self.unmade(imap, &self.left).await?;
        self.is_repeated = true;
        self.left = stamped(unmade, self.validity);
        Ok(if self.left.is_empty() { Evidence::Done(Stored::default()) } else { Evidence::NotDone })
    }

    /// Those of these messages in the selected mailbox whose flags are not what they should be.
    async fn unmade(&self, imap: &mut Imap, uids: &Uids) -> Result<Uids> {
        let mut folder = imap.selected_folder()?;
        let mut unmade = Uids::new();
        let mut fetch = folder.fetch(uids.clone(), Items::FLAGS).await?;
        while let Some(fetched) = fetch.try_next().await? {
            if let Some(uid) = fetched.uid().filter(|_| !is_made(&self.change, &fetched)) {
                unmade.insert(uid);
            }
        }
        Ok(unmade)
    }
}

impl Change for StoringIf {
    type Output = Stored;

    fn make<'a>(&'a mut self, imap: &'a mut Imap) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(self.store(imap))
    }

    fn look<'a>(&'a mut self, imap: &'a mut Imap, _: bool) -> BoxFuture<'a, Result<Evidence<Stored>>> {
        Box::pin(self.find(imap))
    }
}

impl<'a> IntoFuture for LeaseStoring<'a> {
    type Output = Result<Stored>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for LeaseStoring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("LeaseStoring");
        out.field("uids", &self.uids).field("change", &self.change);
        out.field("unchanged_since", &self.unchanged_since).finish_non_exhaustive()
    }
}

/// Whether the message has the flags that the change makes. `\Recent` is the server's own.
fn is_made(change: &FlagChange, fetched: &Fetched) -> bool {
    let Some(flags) = fetched.flags() else { return false };
    let has = |wanted: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(wanted));
    let mut wanted = change.flags().iter();
    match change.action() {
        FlagAction::Add => wanted.all(|flag| has(flag.as_str())),
        FlagAction::Remove => !wanted.any(|flag| has(flag.as_str())),
        FlagAction::Set => {
            let is_wanted = |flag: &str| change.flags().iter().any(|own| own.as_str().eq_ignore_ascii_case(flag));
            wanted.all(|flag| has(flag.as_str()))
                && flags.iter().all(|flag| flag.eq_ignore_ascii_case("\\Recent") || is_wanted(&flag))
        }
    }
}
