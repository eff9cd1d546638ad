//! [`Account::append`] and its like: messages that are stored once. `appending.rs` knows how that is found out.

use super::appending::{Appending, How};
use super::settle::{On, once};
use crate::account::{Account, Lease};
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::{Append, AppendOutcome, Appended, AppendedAll, MailboxName};

/// Messages that are stored once, whatever happens to the connection.
///
/// If a reply is lost, the messages that are new in the mailbox since are compared with what was sent. One of the same size with the same
/// header is the message, and so is one with the same Message-ID, even if the server has changed it. If there is none, the account waits
/// for [`Deadlines::settle`](crate::Deadlines::settle), because the lost command may still run, looks again, and then sends the message
/// again. A server that runs it even later stores it twice: that is reported by [`AccountNotice::Doubled`](crate::account::AccountNotice), and
/// nothing is removed.
///
/// Messages that are the same in size and header, or in Message-ID, cannot be distinguished. Calls that append such messages to one mailbox at
/// the same time may take one stored message for both if they lose their replies: use one [`append_all`](Account::append_all) for them.
impl Account {
    /// Appends a message to a mailbox, once: see [`Imap::append`](crate::Imap::append) for what a message can be. Returns its UID and the
    /// mailbox's UIDVALIDITY, if the server reports them, or the message was found after a lost reply.
    ///
    /// One round trip (STATUS) more than `Imap::append`. A message from memory, from a file, or that a function opens is sent again after
    /// a lost connection. A reader that can be read [once](Append::once) is not: after a lost reply the message is looked for.
    ///
    /// Dropping the future is like dropping that of `Imap::append`: the message may be stored if all of it was sent.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::Flag;
    /// use postroom::imap::Append;
    ///
    /// let message = Append::from("From: me\r\nSubject: hello\r\n\r\nworld\r\n").flags([Flag::SEEN]);
    /// account.append("Sent", message).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::append` and of [`run`](Self::run). [`Kind::Unknown`] only if nothing shows whether the message is stored: the server
    /// does not report UIDNEXT and UIDVALIDITY, or a new message without Message-ID may be this one; the text says what was checked.
    /// [`Kind::Closed`] if it is not stored, and two connections were lost at it, or its reader cannot be read again.
    pub async fn append(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        message: impl Into<Append<'_>>,
    ) -> Result<Option<Appended>> {
        let mailbox = mailbox.try_into().map_err(Into::into)?;
        let mut appending = Appending::new(mailbox, How::One, [message.into()]);
        once(On::Account(self), &mut appending).await?;
        Ok(appending.first())
    }

    /// Appends messages to a mailbox, in their order, each once: see [`Imap::append_all`](crate::Imap::append_all). One round trip (STATUS)
    /// more than that. After a lost connection, what is not stored is sent again.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let messages = (1..4).map(|number| format!("Subject: {number}\r\n\r\n"));
    /// let all = account.append_all("Archive", messages).await?;
    /// println!("{} are stored", all.messages.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Imap::append_all`, and those of [`append`](Self::append). [`AppendedAll::before`] has what became of each message if some
    /// may be stored; without it, none is.
    pub async fn append_all<'a, M: Into<Append<'a>>>(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<AppendedAll> {
        let mailbox = mailbox.try_into().map_err(Into::into)?;
        let mut appending = Appending::new(mailbox, How::All, messages.into_iter().map(Into::into));
        let result = once(On::Account(self), &mut appending).await;
        let all = appending.outcomes();
        match result {
            Ok(()) => Ok(all),
            Err(error) if all.messages.iter().all(|outcome| *outcome == AppendOutcome::NotStored) => Err(error),
            Err(error) => Err(all.and_then_failed(error, "not all of the messages are known to be stored")),
        }
    }
}

impl Lease {
    /// Appends a message to this mailbox, once: [`Account::append`].
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let drafts = account.select("Drafts").await?;
    /// drafts.append("Subject: hello\r\n\r\nworld\r\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Account::append`].
    pub async fn append(&self, message: impl Into<Append<'_>>) -> Result<Option<Appended>> {
        self.account().append(self.name(), message).await
    }
}
