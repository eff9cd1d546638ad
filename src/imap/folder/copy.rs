//! What a [`Folder`] can do to put messages elsewhere: copy and move them, with what replaces a missing MOVE. What stays in the
//! mailbox is `folder.rs`'s business.

use std::borrow::Borrow;

use super::Folder;
use crate::error::{Error, Result};
use crate::imap::command::copy::Copy;
use crate::imap::limited::portions;
use crate::imap::session::{Imap, named};
use crate::imap::types::{CopyUid, MailboxName, Query, Transferred, Uids};
use crate::imap::unfinished::Unfinished;
use crate::{Flag, FlagChange};

/// Messages into other mailboxes.
impl<S: Borrow<Imap>> Folder<S> {
    /// Copies these messages into another mailbox of the account, with flags and dates. Returns which became which and which were
    /// not there, where the server says so (UIDPLUS); the set of the copies is stamped with the other mailbox's UIDVALIDITY. One
    /// flight, several for a very long set; each of them copies all its messages or none. Messages that are gone are passed over.
    ///
    /// A server that announces a limit (MESSAGELIMIT or SAVELIMIT, RFC 9738) refuses to copy more messages at once. If there may be more,
    /// they are looked up and copied in parts: one flight for the search and one for each part.
    ///
    /// # Errors
    ///
    /// If a part fails, the messages of those before it are copied: [`Transferred::before`] tells which, where the server said so.
    /// [`Kind::Input`](crate::Kind::Input), before anything is sent, for UIDs of another UIDVALIDITY and a name that cannot be;
    /// [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses (code `TRYCREATE`: the other mailbox does not exist;
    /// `OVERQUOTA`: no room); [`Kind::Unknown`](crate::Kind::Unknown) where the connection ended before the answer.
    pub async fn copy(
        &self,
        uids: impl Into<Uids>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<Transferred> {
        self.copy_all(&self.checked(uids.into())?, &named(to)?).await
    }

    /// Moves these messages into another mailbox of the account. Returns which became which, as [`copy`](Self::copy) does. One
    /// flight, several for a very long set, and one more each time the server stops at its limit of messages.
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
            return self.move_all(&uids, &to).await;
        }
        self.check_expunge()?;
        self.replace_move(uids, &to).await
    }

    /// What is removed here is exactly what was there before the copying: `1:*` may mean more by then.
    async fn replace_move(&self, uids: Uids, to: &MailboxName) -> Result<Transferred> {
        let here = self.here(&uids).await?;
        let copied = self.copy_each(&here, &uids, to).await?;
        let gone = match &copied.mapping {
            Some(mapping) => here.intersection(mapping.from()),
            None => here,
        };
        match self.mark_and_expunge(gone).await {
            Ok(()) => self.named(copied),
            Err(error) => Err(Unfinished::after(
                error,
                "the messages are copied, but could not all be removed from where they were",
                copied,
            )),
        }
    }

    async fn mark_and_expunge(&self, uids: Uids) -> Result<()> {
        self.store(uids.clone(), &FlagChange::add([Flag::DELETED])).await?;
        self.expunge(uids).await
    }

    async fn here(&self, uids: &Uids) -> Result<Uids> {
        if uids.is_empty() { Ok(uids.clone()) } else { self.search(&Query::uids(uids.clone())).await }
    }

    /// A server with a limit refuses to copy more messages than that, however many UIDs name them.
    async fn copy_all(&self, uids: &Uids, to: &MailboxName) -> Result<Transferred> {
        let most = self.session().capabilities().most_saved();
        let many = |most: u64| {
            let named = if uids.open_from().is_some() { u64::MAX } else { uids.len() };
            Ok::<_, Error>(named.min(self.info()?.exists.into()) > most)
        };
        match most {
            Some(most) if many(most)? => {
                let here = self.here(uids).await?;
                let copied = self.copy_each(&here, uids, to).await?;
                self.named(copied)
            }
            _ => {
                let mut whole = Transfer::default();
                for uids in uids.split(self.session().limits().set) {
                    whole.add(self.session().call(self.command(&uids, to, false)).await)?;
                }
                self.named(whole.done)
            }
        }
    }

    /// Copies those of these messages that are here, no more with one command than the server takes.
    async fn copy_each(&self, here: &Uids, uids: &Uids, to: &MailboxName) -> Result<Transferred> {
        let most = self.session().capabilities().most_saved().unwrap_or(u64::MAX);
        let mut whole = Transfer::default();
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
        let mut whole = Transfer::default();
        for uids in uids.split(self.session().limits().set) {
            whole.add(self.move_part(&uids, to).await)?;
        }
        self.named(whole.done)
    }

    /// What one command leaves is asked for once more. A message is missing only if no command names it.
    async fn move_part(&self, uids: &Uids, to: &MailboxName) -> Result<Transferred> {
        let mut repeat = self.repeat()?;
        let mut moved = Transferred::default();
        let mut told = true;
        loop {
            let answer = self.session().call_limited(self.command(uids, to, true)).await;
            let (part, cut) = answer.map_err(|error| unfinished(error, &moved))?;
            let missing = part.missing.clone();
            told &= cut.is_none() || part.mapping.is_some();
            moved = moved.joined(part);
            let Some(cut) = cut else {
                let mapped = moved.mapping.as_ref().map(CopyUid::from).cloned().unwrap_or_default();
                moved.missing = missing.filter(|_| told).map(|missing| missing.difference(&mapped));
                return Ok(moved);
            };
            repeat.again(cut, self.gone()).map_err(|error| unfinished(error, &moved))?;
        }
    }

    fn command<'a>(&self, uids: &'a Uids, to: &'a MailboxName, leave: bool) -> Copy<'a> {
        Copy { selection: self.selection, uids, to, leave }
    }

    /// What is missing is missing under the UIDVALIDITY of this mailbox.
    fn named(&self, transferred: Transferred) -> Result<Transferred> {
        let validity = self.info()?.uid_validity;
        Ok(Transferred { missing: transferred.missing.map(|missing| missing.under(validity)), ..transferred })
    }
}

/// What several commands have done so far.
#[derive(Default)]
struct Transfer {
    done: Transferred,
    begun: bool,
}

impl Transfer {
    /// One command more. Its failure carries what those before it did.
    fn add(&mut self, part: Result<Transferred>) -> Result<()> {
        let part = part.map_err(|error| unfinished(error, &self.done))?;
        self.done = if self.begun { std::mem::take(&mut self.done).joined(part) } else { part };
        self.begun = true;
        Ok(())
    }
}

/// The error of a part, with what was done before it, if anything was.
fn unfinished(error: Error, before: &Transferred) -> Error {
    // What a part had done itself when it failed.
    let within = Transferred::before(&error).cloned().unwrap_or_default();
    let done = Transferred { missing: None, ..before.clone().joined(within) };
    match done.mapping {
        Some(_) => Unfinished::after(error, "only some of the messages are in the other mailbox", done),
        None => error,
    }
}
