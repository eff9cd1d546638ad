//! Copying and moving messages of a [`Folder`], with a replacement for a missing MOVE. It must not know what else is
//! done in the mailbox.

use std::borrow::Borrow;

use super::Folder;
use super::message_set::MessageSet;
use super::saved::{Resolved, SavedSet};
use crate::error::{Error, Replay, Result};
use crate::imap::command::Target;
use crate::imap::command::copy::Copy;
use crate::imap::limited::portions;
use crate::imap::session::{Imap, mailbox_name};
use crate::imap::types::{CopyUid, FolderInfo, MailboxName, Query, Transferred, UidValidity, Uids, Undo};
use crate::imap::unfinished::Unfinished;
use crate::{Flag, FlagChange};

/// Copying and moving.
impl<S: Borrow<Imap>> Folder<S> {
    /// Copies these messages (UIDs, or a [`SavedResult`](super::SavedResult)), with flags and dates, into another mailbox of the account. If the server reports it
    /// (UIDPLUS), returns the UID of each copy and the UIDs that did not exist; the set of copies carries the other
    /// mailbox's UIDVALIDITY. One round trip, more for a very long set; each command copies all its messages or none.
    /// Messages that no longer exist are skipped.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Query;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let flagged = inbox.search(&Query::flagged()).await?;
    /// let copied = inbox.copy(flagged, "Archive").await?;
    /// println!("{:?}", copied.mapping);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// A server that announces a limit (MESSAGELIMIT or SAVELIMIT, RFC 9738) refuses to copy more messages at once. If
    /// there may be more, they are searched and copied in parts: one round trip for the search and one for each part.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input), before anything is sent, for UIDs of another UIDVALIDITY and a name that
    /// cannot be sent; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses (code `TRYCREATE`: the other
    /// mailbox does not exist; `OVERQUOTA`: no space); [`Kind::Unknown`](crate::Kind::Unknown) if the connection ended
    /// before the answer; and the errors of [every command](Imap#errors-of-every-command). If one part fails, the
    /// messages of the parts before it are copied: [`Transferred::before`] returns which, as far as the server reported
    /// it.
    pub async fn copy(
        &self,
        messages: impl Into<MessageSet>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<Transferred> {
        let (named, to) = (self.selected().resolve(messages.into())?, mailbox_name(to)?);
        match named {
            Resolved::Uids(uids) => self.copy_all(&uids, &to).await,
            Resolved::Saved(saved) => self.copy_saved(saved, &to).await,
        }
    }

    /// Moves these messages into another mailbox of the account. Returns the same as [`copy`](Self::copy), and how to
    /// [undo](Imap::undo) it. One round trip, more for a very long set, and one more each time the server stops at its limit of messages.
    ///
    /// A server without UIDPLUS does not report where the messages went. If it has OBJECTID (RFC 8474), up to 1,000 messages are then found
    /// by their identifiers to undo the move, which costs two round trips more before it.
    ///
    /// If the server does not support MOVE, the messages are searched, copied, marked and expunged by UID, one step
    /// after the other: four round trips. If this is interrupted or dropped, no message is lost: at worst a message is
    /// in both mailboxes.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Query;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let seen = inbox.search(&Query::seen()).await?;
    /// inbox.move_to(seen, "Archive").await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`copy`](Self::copy); also, before anything is sent, [`Kind::Unsupported`](crate::Kind::Unsupported) in a
    /// mailbox that is open read-only, and if the server supports neither MOVE nor UIDPLUS: it could only expunge all
    /// marked messages, including those that other clients marked. If a later step fails, the error says that the
    /// messages are copied; the cause is its source.
    pub async fn move_to(
        &self,
        messages: impl Into<MessageSet>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<Transferred> {
        let (named, to) = (self.selected().resolve(messages.into())?, mailbox_name(to)?);
        self.check_movable()?;
        let (info, moves) = (self.info()?, self.session().capabilities().move_());
        let named = match named {
            Resolved::Saved(saved) if !moves || self.is_traced() => Resolved::Uids(self.uids_of(saved).await?),
            named => named,
        };
        let mut traced = None;
        let moved = match named {
            Resolved::Uids(uids) if moves => {
                traced = self.trace(&uids, &to).await?;
                self.move_all(&uids, &to).await?
            }
            Resolved::Uids(uids) => self.replace_move(uids, &to).await?,
            Resolved::Saved(saved) => self.transfer_saved(saved, &to, true).await?,
        };
        let undo = match (&moved.mapping, traced) {
            (Some(mapping), _) => self.undo_of(&info, &to, mapping),
            (None, Some((validity, messages))) => {
                let from = (&info.name, info.uid_validity);
                Some(Undo::traced(self.session().account(), from, (&to, validity), messages))
            }
            (None, None) => None,
        };
        Ok(Transferred { undo, ..moved })
    }

    /// How to undo a move from here, of which this is where each message went. `None` if that does not show it.
    pub(crate) fn undo_of(&self, info: &FolderInfo, to: &MailboxName, moved: &CopyUid) -> Option<Undo> {
        Undo::new(self.session().account(), (&info.name, info.uid_validity), to, moved)
    }

    /// Whether messages can be moved away from here, and no others removed.
    pub(super) fn check_movable(&self) -> Result<()> {
        match self.session().capabilities().move_() {
            true => self.check_writable(),
            false => self.check_expunge(),
        }
    }

    /// A server with a limit refuses to copy more messages at once.
    async fn copy_saved(&self, saved: SavedSet, to: &MailboxName) -> Result<Transferred> {
        match self.session().capabilities().most_saved().is_some_and(|most| saved.count > most) {
            true => self.copy_all(&self.uids_of(saved).await?, to).await,
            false => self.transfer_saved(saved, to, false).await,
        }
    }

    async fn transfer_saved(&self, saved: SavedSet, to: &MailboxName, leave: bool) -> Result<Transferred> {
        if saved.count == 0 {
            return Ok(Transferred::default());
        }
        let messages = Target::Saved(saved.mark);
        let done = self.session().call(Copy { selection: self.selection, messages, to, leave }).await?;
        // A mapping of more messages than were found is about others too.
        let mapping = done.mapping.filter(|mapping| mapping.from().len() <= saved.count);
        Ok(Transferred { mapping, ..done })
    }

    pub(super) async fn uids_of(&self, saved: SavedSet) -> Result<Uids> {
        self.search(&Query::of_saved(saved.mark)).await
    }

    /// Expunges exactly the messages that existed before the copying: `1:*` may include more by then.
    async fn replace_move(&self, uids: Uids, to: &MailboxName) -> Result<Transferred> {
        let validity = self.info()?.uid_validity;
        let here = self.here(&uids).await?;
        let copied = self.copy_each(&here, &uids, to).await?;
        let gone = match &copied.mapping {
            Some(mapping) => here.intersection(mapping.from()),
            None => here,
        };
        match self.mark_and_expunge(gone).await {
            Ok(()) => Ok(stamped(copied, validity)),
            Err(error) => Err(Unfinished::after(
                error,
                "the messages are copied, but not all could be removed from the original mailbox",
                copied,
            )),
        }
    }

    pub(super) async fn mark_and_expunge(&self, uids: Uids) -> Result<()> {
        self.store(uids.clone(), &FlagChange::add([Flag::DELETED])).await?;
        self.expunge(uids).await.map_err(|error| error.after_change(Some(Replay::Safe)))
    }

    pub(super) async fn here(&self, uids: &Uids) -> Result<Uids> {
        if uids.is_empty() { Ok(uids.clone()) } else { self.search(&Query::uids(uids.clone())).await }
    }

    /// A server with a limit counts messages, not the UIDs in the set.
    async fn copy_all(&self, uids: &Uids, to: &MailboxName) -> Result<Transferred> {
        let (most, info) = (self.session().capabilities().most_saved(), self.info()?);
        let named = if uids.open_from().is_some() { u64::MAX } else { uids.len() };
        match most {
            Some(most) if named.min(info.exists.into()) > most => {
                let here = self.here(uids).await?;
                let copied = self.copy_each(&here, uids, to).await?;
                Ok(stamped(copied, info.uid_validity))
            }
            _ => {
                let mut whole = TransferProgress::default();
                for uids in uids.split(self.session().limits().set) {
                    whole.add(self.session().call(self.command(&uids, to, false)).await)?;
                }
                Ok(stamped(whole.done, info.uid_validity))
            }
        }
    }

    /// Copies the messages that exist here, with at most as many in one command as the server accepts.
    async fn copy_each(&self, here: &Uids, uids: &Uids, to: &MailboxName) -> Result<Transferred> {
        let most = self.session().capabilities().most_saved().unwrap_or(u64::MAX);
        let mut whole = TransferProgress::default();
        for portion in portions(here, most) {
            for uids in portion.split(self.session().limits().set) {
                whole.add(self.session().call(self.command(&uids, to, false)).await)?;
            }
        }
        let unseen = (uids.open_from().is_none() && !uids.is_empty()).then(|| uids.difference(here));
        let missing = match (unseen, &whole.done.missing) {
            (Some(unseen), Some(more)) => Some(unseen.union(more)?),
            (unseen, _) => unseen,
        };
        Ok(Transferred { missing, ..whole.done })
    }

    async fn move_all(&self, uids: &Uids, to: &MailboxName) -> Result<Transferred> {
        let validity = self.info()?.uid_validity;
        let mut whole = TransferProgress::default();
        for uids in uids.split(self.session().limits().set) {
            whole.add(self.move_part(&uids, to).await)?;
        }
        Ok(stamped(whole.done, validity))
    }

    /// Repeats the command for what it left. A message is missing only if no command reports it.
    async fn move_part(&self, uids: &Uids, to: &MailboxName) -> Result<Transferred> {
        let mut repeat = self.repeat()?;
        let mut moved = Transferred::default();
        let (mut told, mut begun) = (true, false);
        loop {
            let answer = self.session().call_limited(self.command(uids, to, true)).await;
            let (part, cut) = answer.map_err(|error| unfinished(error, &moved, begun))?;
            begun = true;
            let missing = part.missing.clone();
            told &= cut.is_none() || part.mapping.is_some();
            moved = moved.joined(part);
            let Some(cut) = cut else {
                let mapped = moved.mapping.as_ref().map(CopyUid::from).cloned().unwrap_or_default();
                moved.missing = missing.filter(|_| told).map(|missing| missing.difference(&mapped));
                return Ok(moved);
            };
            repeat.again(cut, self.gone()).map_err(|error| unfinished(error, &moved, begun))?;
        }
    }

    fn command<'a>(&self, uids: &'a Uids, to: &'a MailboxName, leave: bool) -> Copy<'a> {
        Copy { selection: self.selection, messages: uids.into(), to, leave }
    }
}

/// The result of the commands so far.
#[derive(Default)]
struct TransferProgress {
    done: Transferred,
    begun: bool,
}

impl TransferProgress {
    /// Adds the result of one command. If it failed, the error carries the results before it.
    fn add(&mut self, part: Result<Transferred>) -> Result<()> {
        let part = part.map_err(|error| unfinished(error, &self.done, self.begun))?;
        self.done = if self.begun { std::mem::take(&mut self.done).joined(part) } else { part };
        self.begun = true;
        Ok(())
    }
}

/// Stamps the missing UIDs with the UIDVALIDITY that the mailbox had before the commands: the session may have ended after them.
fn stamped(transferred: Transferred, validity: Option<UidValidity>) -> Transferred {
    Transferred { missing: transferred.missing.map(|missing| missing.under(validity)), ..transferred }
}

/// The error of one command, with what was done before it, if anything was: commands had `begun` to do it.
fn unfinished(error: Error, before: &Transferred, begun: bool) -> Error {
    // What the failed part itself had done.
    let within = Transferred::before(&error).cloned().unwrap_or_default();
    let done = Transferred { missing: None, ..before.clone().joined(within) };
    match done.mapping {
        Some(_) => Unfinished::after(error, "only some of the messages were copied or moved", done),
        None => error.after_change(begun.then_some(Replay::Verify)),
    }
}
