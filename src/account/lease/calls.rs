//! The calls of a [`Lease`] that return a value, are short, and need no look at what happened: reading, and changes that are safe to repeat.

use super::Lease;
use crate::error::Result;
use crate::imap::{Query, Uids};

impl Lease {
    /// Returns the UIDs of the messages that match, as [`Folder::search`](crate::imap::Folder::search) does.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Query;
    ///
    /// let inbox = account.select("INBOX").await?;
    /// println!("{}", inbox.search(&Query::unseen()).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::search`, and those of [`Account::run`](crate::account::Account::run).
    pub async fn search(&self, query: &Query) -> Result<Uids> {
        let query = query.clone();
        self.call(move |folder| {
            let query = query.clone();
            Box::pin(async move { folder.search(&query).await })
        })
        .await
    }
}
