//! What a person does with messages: marks them, files them by the role of a mailbox, deletes them. It must not know how a mailbox with a
//! role is found, nor how a move is made.

use std::borrow::Borrow;

use super::saved::Resolved;
use super::{Folder, MessageSet};
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Replay, Result};
use crate::imap::session::{Append, Imap};
use crate::imap::types::{Appended, MailboxName, Role, Transferred, Uid, Uids};
use crate::{Flag, FlagChange};

/// What a person does with messages. All these calls take UIDs, ids or a saved result (see [`MessageSet`]); messages that no longer exist
/// are skipped.
///
/// # Errors of these calls
///
/// Before anything is sent, [`Kind::Input`] for UIDs of another UIDVALIDITY or ids of another mailbox, and [`Kind::Unsupported`] in a mailbox
/// that is open read-only; [`Kind::Rejected`] if the server refuses; [`Kind::Unknown`] if the connection ended before the answer; and the
/// errors of [every command](Imap#errors-of-every-command).
impl<S: Borrow<Imap>> Folder<S> {
    /// Marks these messages as read (`\Seen`). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Query;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let unread = inbox.search(&Query::unseen()).await?;
    /// inbox.mark_read(unread).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [Those of these calls](Self#errors-of-these-calls).
    pub async fn mark_read(&self, messages: impl Into<MessageSet>) -> Result<()> {
        self.mark(messages, FlagChange::add([Flag::SEEN])).await
    }

    /// Marks these messages as unread. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// imap.select("INBOX").await?.mark_unread(Uid::new(1)?).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [Those of these calls](Self#errors-of-these-calls).
    pub async fn mark_unread(&self, messages: impl Into<MessageSet>) -> Result<()> {
        self.mark(messages, FlagChange::remove([Flag::SEEN])).await
    }

    /// Marks these messages as answered (`\Answered`), after a reply was sent. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// imap.select("INBOX").await?.mark_answered(Uid::new(1)?).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [Those of these calls](Self#errors-of-these-calls).
    pub async fn mark_answered(&self, messages: impl Into<MessageSet>) -> Result<()> {
        self.mark(messages, FlagChange::add([Flag::ANSWERED])).await
    }

    /// Marks these messages as forwarded (`$Forwarded`, RFC 5788). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// imap.select("INBOX").await?.mark_forwarded(Uid::new(1)?).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [Those of these calls](Self#errors-of-these-calls); [`Kind::Unsupported`] also if the mailbox keeps no such keyword
    /// (PERMANENTFLAGS).
    pub async fn mark_forwarded(&self, messages: impl Into<MessageSet>) -> Result<()> {
        if !self.keeps(&Flag::FORWARDED)? {
            return Err(Error::unsupported("the mailbox does not keep the keyword $Forwarded"));
        }
        self.mark(messages, FlagChange::add([Flag::FORWARDED])).await
    }

    /// Moves these messages into the mailbox for mail that is done with: [`Role::Archive`], on Gmail [`Role::All`]. It is created if there
    /// is none, as by [`Imap::special`]. The round trips of [`move_to`](Self::move_to), and those of `special` the first time.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let moved = imap.select("INBOX").await?.archive(Uid::new(1)?).await?;
    /// if let Some(undo) = moved.undo {
    ///     imap.undo(&undo).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [Those of these calls](Self#errors-of-these-calls), of [`move_to`](Self::move_to) and of [`Imap::special`]; [`Kind::Input`] also if this
    /// is that mailbox.
    pub async fn archive(&self, messages: impl Into<MessageSet>) -> Result<Transferred> {
        // Gmail has no archive: a message without the label of the inbox is in All Mail.
        let gmail = self.session().capabilities().has("X-GM-EXT-1");
        self.file(messages, if gmail { Role::All } else { Role::Archive }).await
    }

    /// Moves these messages into the mailbox for deleted mail ([`Role::Trash`]), as [`archive`](Self::archive). To remove them for good, see
    /// [`delete`](Self::delete).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// imap.select("INBOX").await?.trash(Uid::new(1)?).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`archive`](Self::archive).
    pub async fn trash(&self, messages: impl Into<MessageSet>) -> Result<Transferred> {
        self.file(messages, Role::Trash).await
    }

    /// Moves these messages into the mailbox for spam ([`Role::Junk`]), as [`archive`](Self::archive), and before that gives them the keyword
    /// `$Junk` and takes `$NotJunk` away, if the mailbox keeps these keywords: servers learn from both. Up to two round trips more. If the
    /// move fails, the keywords stay changed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// imap.select("INBOX").await?.mark_junk(Uid::new(1)?).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`archive`](Self::archive).
    pub async fn mark_junk(&self, messages: impl Into<MessageSet>) -> Result<Transferred> {
        self.mark_and_file(messages, Role::Junk, [Flag::JUNK, Flag::NOT_JUNK]).await
    }

    /// Moves these messages into INBOX, and before that gives them the keyword `$NotJunk` and takes `$Junk` away, as
    /// [`mark_junk`](Self::mark_junk).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uids;
    ///
    /// imap.select("Junk").await?.mark_not_junk(Uids::ALL).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`archive`](Self::archive).
    pub async fn mark_not_junk(&self, messages: impl Into<MessageSet>) -> Result<Transferred> {
        self.mark_and_file(messages, Role::Inbox, [Flag::NOT_JUNK, Flag::JUNK]).await
    }

    /// Removes these messages **for good**, and no others: marks them `\Deleted` and expunges them by UID. Two round trips. If it is dropped
    /// between, they are marked and still there.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uids;
    ///
    /// imap.select("Trash").await?.delete(Uids::ALL).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [Those of these calls](Self#errors-of-these-calls); [`Kind::Unsupported`] also without UIDPLUS: the server could only expunge all
    /// messages that are marked, by any client.
    pub async fn delete(&self, messages: impl Into<MessageSet>) -> Result<()> {
        let uids = self.resolved_uids(messages).await?;
        self.check_expunge()?;
        self.mark_and_expunge(uids).await
    }

    /// Stores a draft in this mailbox, with the flags `\Draft` and `\Seen`, in the place of its earlier version, if there is one. Returns its
    /// UID, if the server reports it: the earlier version for the next call. See [`replace`](Self::replace) for how no version is lost,
    /// and for the cost; without an earlier version it is one [append](Imap::append).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let drafts = imap.select("Drafts").await?;
    /// let first = drafts.save_draft(None, "Subject: hello\r\n\r\nwor").await?;
    /// let second = drafts.save_draft(first.map(|draft| draft.uid), "Subject: hello\r\n\r\nworld").await?;
    /// println!("{second:?}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`replace`](Self::replace) and [`Imap::append`].
    pub async fn save_draft(&self, earlier: Option<Uid>, message: impl Into<Append<'_>>) -> Result<Option<Appended>> {
        let message = message.into().also_flags([Flag::DRAFT, Flag::SEEN]);
        match earlier {
            Some(earlier) => self.replace(earlier, message).await,
            None => {
                self.check_writable()?;
                self.session().append(&self.info()?.name, message).await
            }
        }
    }

    async fn mark(&self, messages: impl Into<MessageSet>, change: FlagChange) -> Result<()> {
        self.store(messages, &change).await.map(drop)
    }

    /// The UIDs of these messages. One round trip for a saved result.
    async fn resolved_uids(&self, messages: impl Into<MessageSet>) -> Result<Uids> {
        match self.selected().resolve(messages.into())? {
            Resolved::Uids(uids) => Ok(uids),
            Resolved::Saved(saved) => self.uids_of(saved).await,
        }
    }

    async fn file(&self, messages: impl Into<MessageSet>, role: Role) -> Result<Transferred> {
        let uids = self.resolved_uids(messages).await?;
        self.check_movable()?;
        if uids.is_empty() {
            return Ok(Transferred::default());
        }
        let to = self.destination(role).await?;
        self.file_into(uids, role, to).await
    }

    /// `given` is added before the move, `taken` is removed.
    async fn mark_and_file(
        &self,
        messages: impl Into<MessageSet>,
        role: Role,
        [given, taken]: [Flag; 2],
    ) -> Result<Transferred> {
        let uids = self.resolved_uids(messages).await?;
        self.check_movable()?;
        if uids.is_empty() {
            return Ok(Transferred::default());
        }
        let to = self.destination(role).await?;
        let kept = self.keeps(&given)?;
        let given = kept.then_some(given);
        let mut marked = None;
        let changes = given.iter().map(|given| FlagChange::add([given.clone()]));
        let changes = changes.chain(self.keeps(&taken)?.then(|| FlagChange::remove([taken])));
        for change in changes {
            self.store(uids.clone(), &change).await.map_err(|error| error.after_change(marked))?;
            marked = Some(Replay::Safe);
        }
        let moved = self.file_into(uids, role, to).await.map_err(|error| error.after_change(marked))?;
        Ok(Transferred { undo: moved.undo.map(|undo| undo.marked(given)), ..moved })
    }

    /// The mailbox with this role, which must not be this one.
    async fn destination(&self, role: Role) -> Result<MailboxName> {
        let to = self.session().special(role).await?;
        match to == self.info()?.name {
            true => Err(Error::input(format!("the messages are in {to} already"))),
            false => Ok(to),
        }
    }

    /// Moves the messages. If the mailbox is gone since it was found, it is looked for once more.
    async fn file_into(&self, uids: Uids, role: Role, to: MailboxName) -> Result<Transferred> {
        match self.move_to(uids.clone(), &to).await {
            Err(error) if error.is_missing_mailbox() && Transferred::before(&error).is_none() => {
                self.session().special_names.forget(role);
                let to = self.destination(role).await?;
                self.move_to(uids, &to).await
            }
            moved => moved,
        }
    }

    /// Whether the mailbox keeps this flag in later sessions (RFC 9051 §7.1).
    fn keeps(&self, flag: &Flag) -> Result<bool> {
        let permanent = self.info()?.permanent_flags.clone();
        Ok(permanent.is_none_or(|permanent| permanent.contains(flag.as_str()) || permanent.contains("\\*")))
    }
}
