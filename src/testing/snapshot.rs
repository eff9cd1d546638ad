//! An account's whole state as plain values, to be compared in tests.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use time::OffsetDateTime;

use super::store::{Account, Mailbox};

/// Everything a user has on the server at one moment. Two equal snapshots mean that nothing was stored, removed,
/// flagged or renamed between them.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The mailboxes by name, as it goes over the wire (modified UTF-7).
    pub mailboxes: BTreeMap<String, MailboxSnapshot>,
}

/// One mailbox of a [`Snapshot`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MailboxSnapshot {
    /// UIDVALIDITY.
    pub uid_validity: u32,
    /// UIDNEXT.
    pub uid_next: u32,
    /// Whether the user subscribed to it.
    pub subscribed: bool,
    /// The messages in the order of their UIDs.
    pub messages: Vec<MessageSnapshot>,
}

/// One message of a [`Snapshot`]. Its `Debug` shows size and a digest instead of the bytes.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct MessageSnapshot {
    /// The UID.
    pub uid: u32,
    /// The flags, sorted, without `\Recent`.
    pub flags: Vec<String>,
    /// INTERNALDATE, with the offset it came with.
    pub internal_date: OffsetDateTime,
    /// The message exactly as it was given.
    pub bytes: Bytes,
}

impl Snapshot {
    pub(super) fn of(account: &Account) -> Self {
        let one = |(name, mailbox): (&String, &Mailbox)| {
            (
                name.clone(),
                MailboxSnapshot::of(mailbox, account.subscribed.contains(name)),
            )
        };
        Self {
            mailboxes: account.mailboxes.iter().map(one).collect(),
        }
    }

    /// The messages of a mailbox; none where there is no such mailbox.
    #[must_use]
    pub fn messages(&self, mailbox: &str) -> &[MessageSnapshot] {
        self.mailboxes
            .get(mailbox)
            .map_or(&[], |mailbox| mailbox.messages.as_slice())
    }
}

impl MailboxSnapshot {
    fn of(mailbox: &Mailbox, subscribed: bool) -> Self {
        let messages = mailbox.mails.iter().map(|(&uid, mail)| MessageSnapshot {
            uid,
            flags: mail.flags.iter().cloned().collect(),
            internal_date: mail.content.date,
            bytes: mail.content.bytes.clone(),
        });
        Self {
            uid_validity: mailbox.validity,
            uid_next: mailbox.next_uid,
            subscribed,
            messages: messages.collect(),
        }
    }
}

impl fmt::Debug for MessageSnapshot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digest = DefaultHasher::new();
        self.bytes.hash(&mut digest);
        write!(
            out,
            "uid {} {:?} {} {} bytes #{:016x}",
            self.uid,
            self.flags,
            self.internal_date,
            self.bytes.len(),
            digest.finish()
        )
    }
}
