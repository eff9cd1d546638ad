//! [`Deleting`]: a mailbox that is deleted once. It must not delete one that has taken its place.

use super::listed::listed;
use super::settle::{Change, Evidence};
use crate::error::Result;
use crate::imap::{Imap, MailboxName, MailboxStatus, StatusItems};
use crate::mailbox::BoxFuture;

pub(super) struct Deleting {
    name: MailboxName,
    /// What it was before the first attempt. The outer `None`: not asked yet.
    before: Option<Option<MailboxStatus>>,
}

impl Deleting {
    pub(super) fn new(name: MailboxName) -> Self {
        Self { name, before: None }
    }

    async fn delete(&mut self, imap: &Imap) -> Result<()> {
        if self.before.is_none() {
            self.before = Some(identity(imap, &self.name).await?);
        }
        imap.delete_mailbox(&self.name).await
    }

    async fn find(&self, imap: &Imap) -> Result<Evidence<()>> {
        // What has mailboxes below it stays as a name.
        if !listed(imap, &self.name).await?.is_some_and(|listed| listed.is_selectable()) {
            return Ok(Evidence::Done(()));
        }
        let before = self.before.as_ref().and_then(Option::as_ref);
        let now = identity(imap, &self.name).await?;
        Ok(match before.zip(now.as_ref()) {
            Some((before, now)) if is_same(before, now) => Evidence::NotDone,
            Some(_) => Evidence::Undecided(
                "there is a mailbox of this name that is another one, or has changed: MAILBOXID, UIDVALIDITY and UIDNEXT \
                 were compared"
                    .into(),
            ),
            None => Evidence::Undecided("there is a mailbox of this name, and no STATUS of it from before".into()),
        })
    }
}

impl Change for Deleting {
    type Output = ();

    fn make<'a>(&'a mut self, imap: &'a mut Imap) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.delete(imap))
    }

    fn look<'a>(&'a mut self, imap: &'a mut Imap, _: bool) -> BoxFuture<'a, Result<Evidence<()>>> {
        Box::pin(self.find(imap))
    }
}

async fn identity(imap: &Imap, name: &MailboxName) -> Result<Option<MailboxStatus>> {
    let items = StatusItems::UID_NEXT | StatusItems::UID_VALIDITY;
    let has_ids = imap.capabilities().objectid();
    let items = if has_ids { items | StatusItems::MAILBOX_ID } else { items };
    match imap.status(name, items).await {
        Ok(status) => Ok(Some(status)),
        Err(error) if error.is_refusal() && !error.is_retryable() => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_same(before: &MailboxStatus, now: &MailboxStatus) -> bool {
    let number = |status: &MailboxStatus| status.uid_validity.zip(status.uid_next);
    match (&before.mailbox_id, &now.mailbox_id) {
        (Some(before), Some(now)) => before == now,
        _ => number(before).is_some() && number(before) == number(now),
    }
}
