//! Calls of a [`Lease`] about single messages that return a value: items, contents, previews. It must not know how they are made.

use std::collections::BTreeMap;

use super::{Core, Lease};
use crate::account::running::Next;
use crate::contents::Contents;
use crate::error::Result;
use crate::imap::{Fetched, Folder, Items, Uid, Uids};

impl Lease {
    /// Returns the items of one message, as [`Folder::get`] does; `None` if it does not exist. One round trip.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::{Items, Uid};
    ///
    /// let inbox = account.select("INBOX").await?;
    /// if let Some(message) = inbox.get(Uid::new(1)?, Items::ENVELOPE).await? {
    ///     println!("{:?}", message.subject());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::get`, and those of [`Account::run`](crate::account::Account::run).
    pub async fn get(&self, uid: Uid, items: Items) -> Result<Option<Fetched>> {
        self.call(|folder| {
            let items = items.clone();
            Box::pin(async move { folder.get(uid, items).await })
        })
        .await
    }

    /// The message as a person sees it: its texts and attachments, as [`Folder::contents`] does. No text is downloaded. One round trip.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Uid;
    ///
    /// let inbox = account.select("INBOX").await?;
    /// if let Some(contents) = inbox.contents(Uid::new(10)?).await? {
    ///     println!("{} attachments", contents.attachments().count());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::contents`, and those of [`Account::run`](crate::account::Account::run).
    pub async fn contents(&self, uid: Uid) -> Result<Option<Contents>> {
        self.call(|folder| Box::pin(async move { folder.find_contents(uid).await })).await
    }

    /// The first words of these messages, as [`Folder::previews`] does, with the same round trips.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Uids;
    ///
    /// let mut inbox = account.select("INBOX").await?;
    /// for (uid, words) in inbox.previews(Uids::ALL).await? {
    ///     println!("{uid}: {words}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::previews`, and those of [`Account::run`](crate::account::Account::run).
    pub async fn previews(&mut self, uids: impl Into<Uids>) -> Result<BTreeMap<Uid, String>> {
        let (uids, account) = (uids.into(), self.account());
        let mut attempts = account.attempts();
        loop {
            let mut taken = Core::take(&self.core).await?;
            taken.begin();
            let result = match Folder::of(taken.imap()) {
                Ok(mut folder) => folder.previews(uids.clone()).await,
                Err(error) => Err(error),
            };
            if result.is_ok() {
                taken.finish();
            }
            match taken.next(&mut attempts, result).await {
                Ok(previews) => return Ok(previews),
                Err(Next::Again) => {}
                Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
            }
        }
    }
}
