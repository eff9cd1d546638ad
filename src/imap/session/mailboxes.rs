//! Methods of [`Imap`] for whole mailboxes: list, create, delete, rename, subscribe, count. `folder` has what concerns
//! the messages in one.

use super::{Imap, mailbox_name};
use crate::error::{Error, Result};
use crate::imap::command::create::Create;
use crate::imap::command::delete::Delete;
use crate::imap::command::list::{List, Options, Selection, covers_inbox};
use crate::imap::command::namespace::Namespace;
use crate::imap::command::rename::Rename;
use crate::imap::command::status::Status;
use crate::imap::command::subscribe::Subscribe;
use crate::imap::types::{
    FolderInfo, Listing, MailboxName, MailboxStatus, Namespaces, SameMailbox, StatusItems, UidValidity,
};
use crate::message_id::Place;

/// Whole mailboxes. Names are text. [`list`](Imap::list) reports the hierarchy delimiter, and
/// [`namespace`](Imap::namespace) the prefix of the user's own mailboxes.
impl Imap {
    /// Lists the mailboxes whose names match a pattern: `*` matches anything, `%` anything within one level of the
    /// hierarchy. Reports children and special use if the server supports it. A line of the answer that is partly
    /// unreadable is a mailbox with [`defects`](crate::imap::Listed::defects), or, if it names no mailbox, is in
    /// [`Listing::unreadable`]. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// for listed in imap.list("*").await? {
    ///     println!("{}", listed.name);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a pattern that cannot be sent, and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn list(&self, pattern: &str) -> Result<Listing> {
        self.listing(pattern, Selection::All).await
    }

    /// Lists the mailboxes that the user is subscribed to and whose names match. They may no longer exist. One round
    /// trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.subscribe("Sent").await?;
    /// assert_eq!(imap.list_subscribed("Se%").await?.len(), 1);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn list_subscribed(&self, pattern: &str) -> Result<Listing> {
        self.listing(pattern, Selection::Subscribed).await
    }

    /// Returns where the user's own mailboxes are, those of other users, and the shared ones (RFC 2342). One round
    /// trip. If the server lacks NAMESPACE, all mailboxes are the user's own, without a prefix, with the delimiter that
    /// LIST reports.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// let namespaces = imap.namespace().await?;
    /// println!("{:?}", namespaces.personal);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [every command](Self#errors-of-every-command).
    pub async fn namespace(&self) -> Result<Namespaces> {
        if self.capabilities().namespace() {
            return self.call(Namespace { utf8: self.encode_options().await?.utf8 }).await;
        }
        // RFC 9051 §6.3.9: the empty name asks for the delimiter alone.
        let root =
            self.call(List { pattern: "", selection: Selection::All, options: Options::None, utf8: false }).await?;
        let delimiter = root.first().and_then(|listed| listed.delimiter);
        let own = crate::imap::types::Namespace::new(String::new(), delimiter);
        Ok(Namespaces { personal: vec![own], ..Namespaces::default() })
    }

    /// Creates a mailbox, and those above it if they do not exist. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.create_mailbox("Invoices").await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be sent, [`Kind::Rejected`](crate::Kind::Rejected) if
    /// the server refuses (code `ALREADYEXISTS`, `CANNOT`, `NOPERM`, ...), [`Kind::Unknown`](crate::Kind::Unknown) if
    /// the connection ended before the answer, and the errors of [every command](Self#errors-of-every-command).
    pub async fn create_mailbox(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Create { name: mailbox_name(name)? }).await
    }

    /// Deletes a mailbox **with all messages in it**. Mailboxes below it stay. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.create_mailbox("Drafts 2").await?;
    /// imap.delete_mailbox("Drafts 2").await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create_mailbox`](Self::create_mailbox); codes `NONEXISTENT`, `HASCHILDREN`, `INUSE` and others.
    pub async fn delete_mailbox(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Delete { name: mailbox_name(name)? }).await
    }

    /// Renames a mailbox, and those below it. If it is `INBOX`, its messages move to the new mailbox, and `INBOX`
    /// stays, empty. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.create_mailbox("2025").await?;
    /// imap.rename_mailbox("2025", "Archive 2025").await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create_mailbox`](Self::create_mailbox); codes `NONEXISTENT`, `ALREADYEXISTS` and others.
    pub async fn rename_mailbox(
        &self,
        from: impl TryInto<MailboxName, Error: Into<Error>>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<()> {
        self.call(Rename { from: mailbox_name(from)?, to: mailbox_name(to)? }).await
    }

    /// Subscribes the user to a mailbox. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.subscribe("Sent").await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create_mailbox`](Self::create_mailbox); some servers refuse names that do not exist.
    pub async fn subscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Subscribe { name: mailbox_name(name)?, on: true }).await
    }

    /// Ends the user's subscription to a mailbox. The mailbox stays. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.unsubscribe("Sent").await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create_mailbox`](Self::create_mailbox).
    pub async fn unsubscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Subscribe { name: mailbox_name(name)?, on: false }).await
    }

    /// Returns counts of a mailbox without selecting it: the items that were asked for, as far as the server reports
    /// them. One round trip; calls for different mailboxes share one under `join!`. It can be expensive for the server.
    /// For the selected mailbox, [`Folder::info`](crate::imap::Folder::info) has the number of messages and the next UID at no cost; its
    /// `unseen` is the first unread message, not a count.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::StatusItems;
    ///
    /// let items = StatusItems::MESSAGES | StatusItems::UNSEEN;
    /// let (inbox, sent) = tokio::join!(imap.status("INBOX", items), imap.status("Sent", items));
    /// println!("{:?} new, {:?} sent", inbox?.unseen, sent?.messages);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be sent;
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, for an item that this server does not
    /// support; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn status(
        &self,
        name: impl TryInto<MailboxName, Error: Into<Error>>,
        items: StatusItems,
    ) -> Result<MailboxStatus> {
        let name = mailbox_name(name)?;
        self.settled().await?;
        let state = self.link().state();
        if let Some(missing) = items.missing(&self.capabilities(), state.rev2()).next() {
            return Err(Error::unsupported(format!("the server does not support the STATUS item {missing}")));
        }
        if items.is_empty() {
            return Ok(MailboxStatus::new(name));
        }
        let told = self.call(Status { name: name.clone(), items, utf8: state.utf8() }).await?;
        if let Some(limit) = told.append_limit {
            self.learn_append_limit(&name, limit);
        }
        Ok(told)
    }

    /// Returns whether two names mean one mailbox, as `X` and `INBOX.X` do on some servers. Check this before you copy
    /// or move all messages from one into the other: within one mailbox that never ends. Two round trips: MAILBOXID
    /// (OBJECTID, RFC 8474) decides if the server has it, otherwise UIDVALIDITY and UIDNEXT. A third is needed if mail
    /// may have arrived between the two.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::SameMailbox;
    ///
    /// assert_eq!(imap.same_mailbox("INBOX", "inbox").await?, SameMailbox::Same);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`status`](Self::status).
    pub async fn same_mailbox(
        &self,
        one: impl TryInto<MailboxName, Error: Into<Error>>,
        other: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<SameMailbox> {
        let (one, other) = (mailbox_name(one)?, mailbox_name(other)?);
        if one == other {
            return Ok(SameMailbox::Same);
        }
        let mut items = StatusItems::UID_NEXT | StatusItems::UID_VALIDITY;
        self.settled().await?;
        let rev2 = self.link().state().rev2();
        if StatusItems::MAILBOX_ID.missing(&self.capabilities(), rev2).next().is_none() {
            items = items | StatusItems::MAILBOX_ID;
        }
        let first = self.status(&one, items).await?;
        let second = self.status(&other, items).await?;
        if let (Some(first), Some(second)) = (&first.mailbox_id, &second.mailbox_id) {
            return Ok(if first == second { SameMailbox::Same } else { SameMailbox::Different });
        }
        if first.uid_validity.zip(second.uid_validity).is_some_and(|(first, second)| first != second) {
            return Ok(SameMailbox::Different);
        }
        match (first.uid_next, second.uid_next) {
            (Some(first), Some(second)) if first > second => Ok(SameMailbox::Different),
            (Some(first), Some(second)) if first < second => {
                let third = self.status(&one, items).await?;
                let apart = third.uid_next.is_some_and(|third| third < second);
                Ok(if apart { SameMailbox::Different } else { SameMailbox::Indistinct })
            }
            _ => Ok(SameMailbox::Indistinct),
        }
    }

    /// Where the messages of a selected mailbox are, as their ids say it.
    pub(in crate::imap) fn place_of(&self, selected: &FolderInfo) -> Place {
        // Ids do not last if UIDs do not (UIDNOTSTICKY, RFC 4315 §4).
        self.place_in(&selected.name, selected.uid_validity.filter(|_| !selected.uids_not_sticky))
    }

    /// The same for any mailbox, with the UIDVALIDITY under which its UIDs last.
    pub(in crate::imap) fn place_in(&self, name: &MailboxName, lasting: Option<UidValidity>) -> Place {
        let (account, mailbox) = (self.account().as_ref().into(), name.as_str().into());
        Place::Imap { account, mailbox, validity: lasting.map_or(0, u32::from) }
    }

    /// Asks with all options that the server announces and has not refused yet.
    async fn listing(&self, pattern: &str, selection: Selection) -> Result<Listing> {
        self.settled().await?;
        let (capabilities, state) = (self.capabilities(), self.link().state());
        let announced = match (capabilities.list_extended(), capabilities.special_use() || state.rev2()) {
            (true, true) => Options::SpecialUse,
            (true, false) => Options::Children,
            (false, _) => Options::None,
        };
        let utf8 = state.utf8();
        let list = |options| self.call(List { pattern, selection, options, utf8 });
        let mut options = self.list_options().min(announced);
        let mut answer = list(options).await;
        while let (Err(error), Some(less)) = (&answer, options.less()) {
            if !error.is_refusal() || error.is_retryable() {
                break;
            }
            options = less;
            answer = list(less).await;
            if answer.is_ok() {
                self.limit_list_options(less);
            }
        }
        let mut listed = answer?;
        // strato.de leaves INBOX out of the answer if LIST has return options.
        let wanted = options != Options::None && selection == Selection::All && covers_inbox(pattern);
        if wanted && !listed.iter().any(|listed| listed.name == MailboxName::INBOX) {
            let plain = list(Options::None).await?;
            plain.into_iter().filter(|found| found.name == MailboxName::INBOX).for_each(|inbox| listed.push(inbox));
        }
        Ok(listed)
    }
}
