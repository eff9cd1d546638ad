//! [`Lease::replace`]: a message takes the place of another one, once. Without REPLACE, each step is made once. It must not remove the old
//! message before the new one is known to be stored.

use super::appending::{Appending, How};
use super::moving::cannot_expunge;
use super::settle::{On, once};
use crate::account::Lease;
use crate::error::{Error, Kind, Result};
use crate::imap::{Append, Appended, Uid, Uids};

impl Lease {
    /// Appends a message to this mailbox and removes the one that it replaces, such as the earlier version of a draft, once:
    /// [`Folder::replace`](crate::imap::Folder::replace). If a reply is lost, the new message is looked for as by
    /// [`Account::append`](crate::account::Account::append), and the old one is removed only if the new one is there.
    ///
    /// One round trip (STATUS) more than `Folder::replace`. If the future is dropped, both messages may be there, but one is always.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Uid;
    ///
    /// let drafts = account.select("Drafts").await?;
    /// println!("{:?}", drafts.replace(Uid::new(1)?, "Subject: hello\r\n\r\nworld\r\n").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::replace`, and those of [`append`](Self::append).
    pub async fn replace(&self, uid: Uid, message: impl Into<Append<'_>>) -> Result<Option<Appended>> {
        let message = message.into();
        let check = self.call(|folder| {
            Box::pin(async move {
                let (info, capabilities) = (folder.info()?, folder.session().capabilities());
                match capabilities.replace() {
                    _ if info.read_only => Err(Error::unsupported("the mailbox is open read-only")),
                    false if !capabilities.uidplus() => Err(cannot_expunge()),
                    has_replace => Ok(has_replace),
                }
            })
        });
        match check.await? {
            true => {
                let mut appending = Appending::new(self.name().clone(), How::Replacing(uid), [message]);
                once(On::Lease(self), &mut appending).await?;
                Ok(appending.first())
            }
            false => self.replace_by_append(uid, message).await,
        }
    }

    async fn replace_by_append(&self, uid: Uid, message: Append<'_>) -> Result<Option<Appended>> {
        if self.existing(Uids::from(uid)).await?.is_empty() {
            return Err(Error::new(Kind::Rejected, "there is no message with this UID to be replaced"));
        }
        let mut appending = Appending::new(self.name().clone(), How::One, [message]);
        once(On::Lease(self), &mut appending).await?;
        appending.locate(self.account()).await?;
        let Some(stored) = appending.first().filter(|stored| stored.uid != uid) else {
            return Err(Error::missing("the appended message is not found: the old one stays"));
        };
        let removed = self.mark_and_expunge(Uids::from(uid)).await;
        removed
            .map(|()| Some(stored))
            .map_err(|error| stored.and_then_failed(error, "the new message is stored, and the old one is still there"))
    }
}
