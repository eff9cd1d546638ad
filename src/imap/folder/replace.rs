//! [`Folder::replace`]: a message takes the place of another one, by REPLACE, otherwise by APPEND, a proof, and UID EXPUNGE. It must not
//! remove the old message before the new one is known to be stored.

use std::borrow::Borrow;

use super::Folder;
use crate::error::{Error, Kind, Replay, Result};
use crate::imap::command::append::{Replace, appended};
use crate::imap::session::{Append, Imap};
use crate::imap::types::{Appended, FolderInfo, Items, Query, Uid, Uids};
use crate::imap::unfinished::Unfinished;
use crate::{Flag, FlagChange};

impl<S: Borrow<Imap>> Folder<S> {
    /// Appends a message to this mailbox and removes the one that it replaces, such as the earlier version of a draft. Returns the new
    /// message's UID, if the server reports it. See [`Imap::append`] for what a message can be.
    ///
    /// With REPLACE (RFC 8508) the server does both or neither; two round trips and the octets. Without it, UIDPLUS is needed: the message
    /// is appended; APPENDUID, or a search for a new message of its size, proves that it is stored; only then the old one is marked
    /// `\Deleted` and expunged. That takes three more round trips, and if a later step fails or the future is dropped, both messages are
    /// there. [`Appended::before`] has the new one then.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::Flag;
    /// use postroom::imap::{Append, Uid};
    ///
    /// let drafts = imap.select("Drafts").await?;
    /// let better = Append::from("Subject: hello\r\n\r\nworld\r\n").flags([Flag::DRAFT]);
    /// println!("{:?}", drafts.replace(Uid::new(1)?, better).await?);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Imap::append`]. Also, before anything is sent, [`Kind::Unsupported`] in a mailbox that is open read-only, and without REPLACE and
    /// UIDPLUS; [`Kind::Rejected`] if there is no message with this UID; [`Kind::Missing`] if the new message is appended and then not found:
    /// the old one stays.
    pub async fn replace(&self, uid: Uid, message: impl Into<Append<'_>>) -> Result<Option<Appended>> {
        let info = self.info()?;
        self.check_writable()?;
        let mut message = message.into();
        match self.session().capabilities().replace() {
            true => {
                let heading = self.session().heading(&info.name, &mut message)?;
                let (selection, spoilable) = (self.selection, self.session().is_discarding() && !heading.utf8);
                let command = Replace { selection, uid, mailbox: &info.name, message: &heading, spoilable };
                let plan = command.plan(self.session().encode_options().await?)?;
                let upload = self.session().begin_upload(plan, vec![message]).await?;
                upload.finish().await.map(appended)
            }
            false => self.replace_by_append(uid, message, &info).await,
        }
    }

    async fn replace_by_append(&self, uid: Uid, message: Append<'_>, info: &FolderInfo) -> Result<Option<Appended>> {
        self.check_expunge()?;
        if self.search(&Query::uids(Uids::from(uid))).await?.is_empty() {
            return Err(Error::new(Kind::Rejected, "there is no message with this UID to be replaced"));
        }
        let (from, size) = (self.next_uid().await?, message.size());
        let stored = self.session().append(&info.name, message).await?;
        let unfinished = |error: Error| match stored {
            Some(stored) => {
                Unfinished::after(error, "the new message is stored, and the old one is still there", stored)
            }
            None => {
                let text = "the new message is appended, and the old one is still there";
                error.with_context(text).after_change(Some(Replay::Verify))
            }
        };
        if !self.is_stored(uid, stored, from, size).await.map_err(unfinished)? {
            return Err(unfinished(Error::missing("the appended message is not found")));
        }
        self.store(uid, &FlagChange::add([Flag::DELETED])).await.map_err(unfinished)?;
        self.expunge(uid).await.map_err(unfinished)?;
        Ok(stored)
    }

    /// Whether the new message is known to be in this mailbox: by its UID, or as a message that was not there before and has its size.
    async fn is_stored(&self, old: Uid, stored: Option<Appended>, from: Option<Uid>, size: u64) -> Result<bool> {
        if let Some(stored) = stored {
            return Ok(stored.uid != old && Some(stored.validity) == self.info()?.uid_validity);
        }
        self.noop().await?;
        let since = from.or(Uid::nonzero(1)).map(Uids::from_uid).unwrap_or_default();
        // `n:*` includes the last message even if its UID is below `n` (RFC 9051 §6.4.9).
        let found = self.search(&Query::uids(since.clone())).await?.intersection(&since);
        for new in found.iter().filter(|new| *new != old) {
            if self.get(new, Items::SIZE).await?.and_then(|found| found.size()) == Some(size) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
