//! Whole mailboxes: the calls of [`Account`] that list, count, create and subscribe. It must not know what is in a mailbox.

use super::deleting::Deleting;
use super::listed::listed;
use super::renaming::Renaming;
use super::settle::{Change, Evidence, On, once};
use crate::account::Account;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::{FolderTree, Imap, Listing, MailboxName, MailboxStatus, StatusItems};
use crate::mailbox::BoxFuture;

/// Whole mailboxes. After a lost connection, what only reads is asked again, and a change is made once: if its reply is lost, the account
/// looks whether it was made, waits for [`Deadlines::settle`](crate::Deadlines::settle), looks again, and then makes it again.
impl Account {
    /// Lists the mailboxes whose names match a pattern: [`Imap::list`].
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// for listed in account.list("*").await? {
    ///     println!("{}", listed.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::list` and of [`run`](Self::run).
    pub async fn list(&self, pattern: &str) -> Result<Listing> {
        self.run(|imap| {
            let pattern = pattern.to_owned();
            Box::pin(async move { imap.list(&pattern).await })
        })
        .await
    }

    /// Lists the mailboxes that the user is subscribed to and whose names match: [`Imap::list_subscribed`].
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// println!("{} subscriptions", account.list_subscribed("*").await?.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`list`](Self::list).
    pub async fn list_subscribed(&self, pattern: &str) -> Result<Listing> {
        self.run(|imap| {
            let pattern = pattern.to_owned();
            Box::pin(async move { imap.list_subscribed(&pattern).await })
        })
        .await
    }

    /// Lists all mailboxes as a tree, with what each is for and its counts: [`Imap::folders`].
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// println!("{} mailboxes", account.folders().await?.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::folders` and of [`run`](Self::run).
    pub async fn folders(&self) -> Result<FolderTree> {
        self.run(|imap| Box::pin(async move { imap.folders().await })).await
    }

    /// Returns counts of a mailbox: [`Imap::status`].
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::StatusItems;
    ///
    /// println!("{:?} new", account.status("INBOX", StatusItems::UNSEEN).await?.unseen);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::status` and of [`run`](Self::run).
    pub async fn status(
        &self,
        name: impl TryInto<MailboxName, Error: Into<Error>>,
        items: StatusItems,
    ) -> Result<MailboxStatus> {
        let name = name.try_into().map_err(Into::into)?;
        self.run(|imap| {
            let name = name.clone();
            Box::pin(async move { imap.status(name, items).await })
        })
        .await
    }

    /// Creates a mailbox: [`Imap::create_mailbox`]. If the reply is lost and the mailbox exists, it is created.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// account.create_mailbox("Invoices").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::create_mailbox` and of [`run`](Self::run). [`Kind::Closed`] if it was not created, and two connections were lost at
    /// it.
    pub async fn create_mailbox(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        let name = name.try_into().map_err(Into::into)?;
        once(On::Account(self), &mut Creating { name }).await
    }

    /// Deletes a mailbox **with all messages in it**: [`Imap::delete_mailbox`]. One round trip (STATUS) more than that. If the reply is lost
    /// and the mailbox is still there, it is deleted again only if it is the same: its MAILBOXID, or its UIDVALIDITY and its UIDNEXT, have
    /// not changed.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// account.delete_mailbox("Invoices 2009").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::delete_mailbox` and of [`run`](Self::run). [`Kind::Unknown`] if the reply was lost and the mailbox may be another one
    /// now; [`Kind::Closed`] if it was not deleted, and two connections were lost at it.
    pub async fn delete_mailbox(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        let name = name.try_into().map_err(Into::into)?;
        once(On::Account(self), &mut Deleting::new(name)).await
    }

    /// Renames a mailbox, and those below it: [`Imap::rename_mailbox`]. If the reply is lost, it is renamed if the new mailbox exists and the
    /// old one does not. For `INBOX`, which stays, one round trip (STATUS) more: it is renamed if the new mailbox exists and `INBOX` has no
    /// message from before.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// account.rename_mailbox("2025", "Archive 2025").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::rename_mailbox` and of [`run`](Self::run). [`Kind::Unknown`] if the reply was lost, and both mailboxes are there or
    /// neither; [`Kind::Closed`] if it was not renamed, and two connections were lost at it.
    pub async fn rename_mailbox(
        &self,
        from: impl TryInto<MailboxName, Error: Into<Error>>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<()> {
        let (from, to) = (from.try_into().map_err(Into::into)?, to.try_into().map_err(Into::into)?);
        once(On::Account(self), &mut Renaming::new(from, to)).await
    }

    /// Subscribes the user to a mailbox: [`Imap::subscribe`].
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// account.subscribe("Sent").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::subscribe` and of [`run`](Self::run).
    pub async fn subscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        let name = name.try_into().map_err(Into::into)?;
        self.run(|imap| Box::pin(imap.subscribe(name.clone()))).await
    }

    /// Ends the user's subscription to a mailbox: [`Imap::unsubscribe`].
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// account.unsubscribe("Sent").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::unsubscribe` and of [`run`](Self::run).
    pub async fn unsubscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        let name = name.try_into().map_err(Into::into)?;
        self.run(|imap| Box::pin(imap.unsubscribe(name.clone()))).await
    }
}

struct Creating {
    name: MailboxName,
}

impl Change for Creating {
    type Output = ();

    fn make<'a>(&'a mut self, imap: &'a mut Imap) -> BoxFuture<'a, Result<()>> {
        Box::pin(imap.create_mailbox(&self.name))
    }

    fn look<'a>(&'a mut self, imap: &'a mut Imap, _: bool) -> BoxFuture<'a, Result<Evidence<()>>> {
        Box::pin(async {
            let is_there = listed(imap, &self.name).await?.is_some();
            Ok(if is_there { Evidence::Done(()) } else { Evidence::NotDone })
        })
    }
}
