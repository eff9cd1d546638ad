//! Annotations of messages (RFC 5257) and Gmail's labels (`X-GM-EXT-1`): what is said about a message beside its flags. It must not know
//! which entries or labels a server has.

use std::borrow::Borrow;

use crate::FlagAction;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Replay, Result};
use crate::imap::command::extension::Extension;
use crate::imap::types::{EntryName, Fetched, Response, Uids};
use crate::imap::{Folder, Imap};

impl<S: Borrow<Imap>> Folder<S> {
    /// Returns annotations of these messages (FETCH ANNOTATION, RFC 5257 §4.3): of the entries, such as `/comment`, the attributes, such
    /// as `value.priv`, which [`Fetched::annotations`] has. Messages that do not exist are left out. One round trip; more for a very long
    /// set.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{EntryName, Uids};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// if inbox.session().capabilities().annotate() {
    ///     for message in inbox.annotations(Uids::ALL, &[EntryName::new("/comment")?], &["value.priv"]).await? {
    ///         for entry in message.annotations() {
    ///             println!("{:?} {}: {:?}", message.uid(), entry.entry(), entry.value("value.priv"));
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support ANNOTATE-EXPERIMENT-1 and [`Kind::Input`] for UIDs of
    /// another UIDVALIDITY, and for no entries or no attributes; [`Kind::Rejected`] if the mailbox has no annotations; [`Kind::Limit`] for
    /// an answer over the limits; and the errors of [every command](Imap#errors-of-every-command).
    pub async fn annotations(
        &self,
        uids: impl Into<Uids>,
        entries: &[EntryName],
        attributes: &[&str],
    ) -> Result<Vec<Fetched>> {
        let session = self.session();
        session.require(session.capabilities().annotate(), "ANNOTATE-EXPERIMENT-1")?;
        let mut found = Vec::new();
        for uids in uids.into().split(session.limits().set) {
            let answer = self.run(Extension::fetch_annotations(uids, entries, attributes)).await?;
            found.extend(answer.responses.iter().filter_map(|response| match response {
                Response::Fetch(message) if message.annotations().next().is_some() => Some(message),
                _ => None,
            }));
        }
        Ok(found)
    }

    /// Writes one annotation of these messages (STORE ANNOTATION, RFC 5257 §4.5): attributes of an entry with their values, such as
    /// `value.priv`, the user's own value, or `value.shared`. An attribute without a value is removed. One round trip; more for a very
    /// long set.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{EntryName, Uid};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// if inbox.session().capabilities().annotate() {
    ///     let note = Some(b"call back".to_vec());
    ///     inbox.annotate(Uid::new(1)?, &EntryName::new("/comment")?, &[("value.priv", note)]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support ANNOTATE-EXPERIMENT-1, or if the mailbox is open
    /// read-only, and [`Kind::Input`] for UIDs of another UIDVALIDITY and for no attributes; [`Kind::Rejected`] if the user may not do
    /// this, or the server cannot (codes `ANNOTATE TOOBIG` and `ANNOTATE TOOMANY`); and the errors of [every
    /// command](Imap#errors-of-every-command).
    pub async fn annotate(
        &self,
        uids: impl Into<Uids>,
        entry: &EntryName,
        values: &[(&str, Option<Vec<u8>>)],
    ) -> Result<()> {
        let session = self.session();
        session.require(session.capabilities().annotate(), "ANNOTATE-EXPERIMENT-1")?;
        self.change_each(uids.into(), |uids| Extension::store_annotation(uids, entry, values)).await
    }

    /// Adds, removes or replaces Gmail's labels of these messages. A label is a mailbox that also contains the message; those with a
    /// backslash, such as `\Inbox` and `\Starred`, are Gmail's own. Removing the label of the selected mailbox removes the message from
    /// it. One round trip; more for a very long set.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::FlagAction;
    /// use postroom::imap::Uid;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// if inbox.session().capabilities().gmail() {
    ///     inbox.store_labels(Uid::new(1)?, FlagAction::Add, &["Invoices"]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support `X-GM-EXT-1`, or if the mailbox is open read-only, and
    /// [`Kind::Input`] for UIDs of another UIDVALIDITY and for a label with NUL; [`Kind::Rejected`] if the server refuses; and the errors
    /// of [every command](Imap#errors-of-every-command).
    pub async fn store_labels(&self, uids: impl Into<Uids>, action: FlagAction, labels: &[&str]) -> Result<()> {
        let session = self.session();
        session.require(session.capabilities().gmail(), "X-GM-EXT-1")?;
        self.change_each(uids.into(), |uids| Extension::store_labels(uids, action, labels)).await
    }

    async fn change_each(&self, uids: Uids, command: impl Fn(Uids) -> Extension) -> Result<()> {
        if self.info()?.read_only {
            return Err(Error::unsupported("the mailbox is open read-only"));
        }
        let mut done = None;
        for uids in uids.split(self.session().limits().set) {
            self.run(command(uids)).await.map_err(|error| error.after_change(done))?;
            done = Some(Replay::Safe);
        }
        Ok(())
    }
}
