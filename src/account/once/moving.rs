//! [`Lease::copy`] and [`Lease::move_to`]: in portions, and without MOVE in steps that are each made once. It must not know how a copy is
//! recognised.

use std::sync::Arc;

use super::copying::Copying;
use super::evidence::stamped;
use super::settle::{On, once};
use crate::account::Lease;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::{FolderInfo, MailboxName, Query, Transferred, UidValidity, Uids, portions};
use crate::{Flag, FlagChange};

/// The most messages that are copied or moved by one command.
const PORTION: u64 = 2000;

/// What is known about the mailbox before a change.
struct Source {
    validity: Option<UidValidity>,
    has_move: bool,
    can_expunge: bool,
    is_read_only: bool,
}

/// Copying and moving, once, whatever happens to the connection.
///
/// If a reply is lost, the messages that are new in the target since are compared with those that were copied: by EMAILID if the server has
/// OBJECTID (RFC 8474), otherwise by size, INTERNALDATE and some fields of the header. What is missing is copied again, after
/// [`Deadlines::settle`](crate::Deadlines::settle) and a second look. A server that runs the lost command even later copies twice: that is
/// reported by [`AccountNotice::Doubled`](crate::account::AccountNotice), and nothing is removed.
impl Lease {
    /// Copies these messages into another mailbox of the account, each once. Returns the same as
    /// [`Folder::copy`](crate::imap::Folder::copy); if a reply was lost, the copies that were found.
    ///
    /// Two round trips more than that: STATUS of the target, and FETCH of what identifies the messages. More than 2000 UIDs, and sets that end in `*`, are searched first, and copied
    /// in portions. Dropping the future is like dropping that of `Folder::copy`.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Query;
    ///
    /// let inbox = account.select("INBOX").await?;
    /// let flagged = inbox.search(&Query::flagged()).await?;
    /// inbox.copy(flagged, "Archive").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::copy` and of [`Account::run`](crate::account::Account::run); [`Transferred::before`] has what was copied.
    /// [`Kind::Unknown`] only if nothing shows what was copied; the text says what was checked. [`Kind::Closed`] if two connections were
    /// lost at it, and what is missing was not copied.
    pub async fn copy(
        &self,
        uids: impl Into<Uids>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<Transferred> {
        let to = to.try_into().map_err(Into::into)?;
        let source = self.source().await?;
        self.transfer(&source, uids.into(), &to, false).await.map(|(done, _)| done)
    }

    /// Moves these messages into another mailbox of the account, each once. Returns the same as
    /// [`Folder::move_to`](crate::imap::Folder::move_to); if a reply was lost, the copies that were found.
    ///
    /// Two round trips more than that, as for [`copy`](Self::copy), and in the same portions. Without MOVE, the messages are searched,
    /// copied, marked and expunged by UID, and each step is made once. If the future is dropped, no message is lost: at worst one is in
    /// both mailboxes.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Query;
    ///
    /// let inbox = account.select("INBOX").await?;
    /// let seen = inbox.search(&Query::seen()).await?;
    /// inbox.move_to(seen, "Archive").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::move_to`, and those of [`copy`](Self::copy).
    pub async fn move_to(
        &self,
        uids: impl Into<Uids>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<Transferred> {
        let (uids, to) = (uids.into(), to.try_into().map_err(Into::into)?);
        let source = self.source().await?;
        if source.is_read_only {
            return Err(Error::unsupported("the mailbox is open read-only"));
        }
        if source.has_move {
            let (moved, _) = self.transfer(&source, uids, &to, true).await?;
            return self.undoable(to, moved).await;
        }
        if !source.can_expunge {
            return Err(cannot_expunge());
        }
        let (copied, here) = self.transfer(&source, self.existing(uids).await?, &to, false).await?;
        let gone = match &copied.mapping {
            Some(mapping) => here.intersection(mapping.from()),
            None => here,
        };
        match self.mark_and_expunge(gone).await {
            Ok(()) => self.undoable(to, copied).await,
            Err(error) => Err(copied.and_then_failed(
                error,
                "the messages are copied, but not all could be removed from the original mailbox",
            )),
        }
    }

    /// Expunges those of these messages that are marked `\Deleted`, and no others: [`Folder::expunge`](crate::imap::Folder::expunge).
    /// After a lost connection it is repeated: the UIDs mean the same messages as long as the lease lives.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Query;
    ///
    /// let inbox = account.select("INBOX").await?;
    /// let marked = inbox.search(&Query::deleted()).await?;
    /// inbox.expunge(marked).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::expunge` and of [`Account::run`](crate::account::Account::run).
    pub async fn expunge(&self, uids: impl Into<Uids>) -> Result<()> {
        let uids = uids.into();
        self.call(move |folder| {
            let uids = uids.clone();
            Box::pin(async move {
                let uids = stamped(uids, folder.info()?.uid_validity);
                folder.expunge(uids).await
            })
        })
        .await
    }

    pub(super) async fn mark_and_expunge(&self, uids: Uids) -> Result<()> {
        self.store(uids.clone(), &FlagChange::add([Flag::DELETED])).await?;
        self.expunge(uids).await
    }

    /// Those of these messages that exist.
    pub(super) async fn existing(&self, uids: Uids) -> Result<Uids> {
        if uids.is_empty() {
            return Ok(uids);
        }
        self.search(&Query::uids(uids)).await
    }

    async fn source(&self) -> Result<Source> {
        self.call(|folder| {
            Box::pin(async move {
                let (info, capabilities) = (folder.info()?, folder.session().capabilities());
                Ok(Source {
                    validity: info.uid_validity,
                    has_move: capabilities.move_(),
                    can_expunge: capabilities.uidplus(),
                    is_read_only: info.read_only,
                })
            })
        })
        .await
    }

    /// Returns what was done, and the messages that were named.
    async fn transfer(
        &self,
        source: &Source,
        uids: Uids,
        to: &MailboxName,
        leave: bool,
    ) -> Result<(Transferred, Uids)> {
        if source.validity.is_some() && uids.validity().is_some() && uids.validity() != source.validity {
            return Err(Error::input("the UIDs are of another UIDVALIDITY"));
        }
        let is_open = uids.open_from().is_some();
        let here = match is_open || uids.len() > PORTION {
            true => self.existing(uids.clone()).await?,
            false => uids.clone(),
        };
        let mut all: Option<Transferred> = None;
        for portion in portions(&here, PORTION) {
            let from = (self.name().clone(), source.validity);
            let mut copying = Copying::new(from, stamped(portion, source.validity), to.clone(), leave);
            let result = once(On::Lease(self), &mut copying).await;
            let done = match all.take() {
                Some(before) => before.joined(copying.so_far()),
                None => copying.so_far(),
            };
            if let Err(error) = result {
                let text = "only some of the messages were copied or moved";
                return Err(match &done.mapping {
                    Some(_) => Transferred { missing: None, ..done }.and_then_failed(error, text),
                    None => error,
                });
            }
            all = Some(done);
        }
        let mut all = all.unwrap_or_default();
        let unseen = (!is_open).then(|| uids.difference(&here));
        let missing = all.missing.take().zip(unseen).and_then(|(told, unseen)| told.union(&unseen).ok());
        Ok((Transferred { missing: missing.map(|missing| stamped(missing, source.validity)), ..all }, here))
    }

    /// The result of a move, with how to undo it.
    async fn undoable(&self, to: MailboxName, moved: Transferred) -> Result<Transferred> {
        if moved.undo.is_some() {
            return Ok(moved);
        }
        let mapping = moved.mapping.clone();
        let undo = self.call(move |folder| {
            let undo_of = |info: Arc<FolderInfo>| folder.undo_of(&info, &to, mapping.as_ref()?);
            let undo = folder.info().map(undo_of);
            Box::pin(async move { undo })
        });
        // The messages are moved, whatever becomes of the session now.
        Ok(Transferred { undo: undo.await.unwrap_or_default(), ..moved })
    }
}

pub(super) fn cannot_expunge() -> Error {
    Error::unsupported("the server cannot expunge only these messages (it does not support UIDPLUS)")
}
