//! [`Renaming`]: a mailbox that is renamed once. It must not know what is in it, except for INBOX, which stays and loses its messages.

use super::listed::listed;
use super::settle::{Change, Evidence};
use crate::error::Result;
use crate::imap::{Imap, MailboxName, Query, StatusItems, Uid, UidValidity, Uids};
use crate::mailbox::BoxFuture;

pub(super) struct Renaming {
    from: MailboxName,
    to: MailboxName,
    /// Where INBOX ended before the first attempt.
    inbox: Option<(UidValidity, Uid)>,
}

impl Renaming {
    pub(super) fn new(from: MailboxName, to: MailboxName) -> Self {
        Self { from, to, inbox: None }
    }

    async fn rename(&mut self, imap: &Imap) -> Result<()> {
        if self.from.is_inbox() && self.inbox.is_none() {
            let status = imap.status(&self.from, StatusItems::UID_NEXT | StatusItems::UID_VALIDITY).await?;
            self.inbox = status.uid_validity.zip(status.uid_next);
        }
        imap.rename_mailbox(&self.from, &self.to).await
    }

    async fn find(&self, imap: &mut Imap) -> Result<Evidence<()>> {
        let is_new_there = listed(imap, &self.to).await?.is_some();
        let is_old_there = match self.from.is_inbox() {
            true => self.has_old_messages(imap).await?,
            false => Some(listed(imap, &self.from).await?.is_some()),
        };
        Ok(match (is_old_there, is_new_there) {
            (Some(false), true) => Evidence::Done(()),
            (Some(true), false) => Evidence::NotDone,
            // An INBOX that was empty before, or that was emptied meanwhile.
            (_, false) if self.from.is_inbox() => Evidence::NotDone,
            (Some(true), true) => Evidence::Undecided("both mailboxes are in the server's list".into()),
            (Some(false), false) => Evidence::Undecided("neither mailbox is in the server's list".into()),
            (None, _) => Evidence::Undecided("INBOX has no UIDNEXT, or another UIDVALIDITY now".into()),
        })
    }

    /// Whether INBOX has messages from before the first attempt.
    async fn has_old_messages(&self, imap: &mut Imap) -> Result<Option<bool>> {
        let inbox = imap.examine(&self.from).await?;
        let Some((validity, next)) = self.inbox else { return Ok(None) };
        if inbox.info()?.uid_validity != Some(validity) {
            return Ok(None);
        }
        let Ok(last) = Uid::new(next.as_u32().saturating_sub(1)) else { return Ok(Some(false)) };
        let old = Uids::range(Uid::MIN, last);
        Ok(Some(!inbox.search(&Query::uids(old)).await?.is_empty()))
    }
}

impl Change for Renaming {
    type Output = ();

    fn make<'a>(&'a mut self, imap: &'a mut Imap) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.rename(imap))
    }

    fn look<'a>(&'a mut self, imap: &'a mut Imap, _: bool) -> BoxFuture<'a, Result<Evidence<()>>> {
        Box::pin(self.find(imap))
    }
}
