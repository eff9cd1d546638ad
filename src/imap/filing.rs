//! What a [`Folder`] can do to put messages elsewhere: copy and move them, with what replaces a missing MOVE. What stays in the
//! mailbox is `folder.rs`'s business.

use std::borrow::Borrow;

use super::command::copy::Copy;
use super::folder::Folder;
use super::session::{Imap, named};
use super::types::{MailboxName, Query, Transferred, Uids};
use crate::error::{Error, Result};
use crate::{Flag, FlagChange};

/// Messages into other mailboxes.
impl<S: Borrow<Imap>> Folder<S> {
    /// Copies these messages into another mailbox of the account, with flags and dates. Returns which became which and which were
    /// not there, where the server says so (UIDPLUS); the set of the copies is stamped with the other mailbox's UIDVALIDITY. One
    /// flight, several for a very long set; each of them copies all its messages or none. Messages that are gone are passed over.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input), before anything is sent, for UIDs of another UIDVALIDITY and a name that cannot be;
    /// [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses (code `TRYCREATE`: the other mailbox does not exist;
    /// `OVERQUOTA`: no room); [`Kind::Unknown`](crate::Kind::Unknown) where the connection ended before the answer.
    pub async fn copy(
        &self,
        uids: impl Into<Uids>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<Transferred> {
        self.transfer(&self.checked(uids.into())?, &named(to)?, false).await
    }

    /// Moves these messages into another mailbox of the account. Returns which became which, as [`copy`](Self::copy) does. One
    /// flight, several for a very long set.
    ///
    /// Where the server has no MOVE the messages are looked up, copied, marked and expunged, by UID and one step after the
    /// other: four flights. Cut off between two of them, or dropped, no message is missing: at worst it is in both mailboxes.
    ///
    /// # Errors
    ///
    /// As [`copy`](Self::copy); and, before anything is sent, [`Kind::Unsupported`](crate::Kind::Unsupported) in a mailbox opened
    /// for reading only, and where the server has neither MOVE nor UIDPLUS: it could only remove what other clients have marked
    /// too. Where a later step fails the error says that the messages are copied, and the failure is its source.
    pub async fn move_to(
        &self,
        uids: impl Into<Uids>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<Transferred> {
        let (uids, to) = (self.checked(uids.into())?, named(to)?);
        if self.session().capabilities().move_() {
            self.check_writable()?;
            return self.transfer(&uids, &to, true).await;
        }
        self.check_expunge()?;
        self.replace_move(uids, &to).await
    }

    /// What is removed here is exactly what was there before the copying: `1:*` may mean more by then.
    async fn replace_move(&self, uids: Uids, to: &MailboxName) -> Result<Transferred> {
        let here = if uids.is_empty() { uids.clone() } else { self.search(&Query::uids(uids.clone())).await? };
        let copied = self.transfer(&here, to, false).await?;
        let gone = match &copied.mapping {
            Some(mapping) => here.intersection(mapping.from()),
            None => here.clone(),
        };
        self.mark_and_expunge(gone).await.map_err(|error| {
            error.seen_as_itself("the messages are copied, but could not all be removed from where they were")
        })?;
        let unseen = (uids.open_from().is_none() && !uids.is_empty()).then(|| uids.difference(&here));
        let missing = match (unseen, &copied.missing) {
            (Some(unseen), Some(more)) => Some(unseen.union(more)?),
            (unseen, _) => unseen,
        };
        self.named(Transferred { missing, ..copied })
    }

    async fn mark_and_expunge(&self, uids: Uids) -> Result<()> {
        self.store(uids.clone(), &FlagChange::add([Flag::DELETED])).await?;
        self.expunge(uids).await
    }

    async fn transfer(&self, uids: &Uids, to: &MailboxName, leave: bool) -> Result<Transferred> {
        let mut all: Option<Transferred> = None;
        for uids in uids.split(self.session().limits().set) {
            let part = self.session().call(Copy { selection: self.selection, uids: &uids, to, leave }).await?;
            all = Some(match all {
                Some(all) => all.joined(part),
                None => part,
            });
        }
        self.named(all.unwrap_or_default())
    }

    /// What is missing is missing under the UIDVALIDITY of this mailbox.
    fn named(&self, transferred: Transferred) -> Result<Transferred> {
        let validity = self.info()?.uid_validity;
        Ok(Transferred { missing: transferred.missing.map(|missing| missing.under(validity)), ..transferred })
    }
}
