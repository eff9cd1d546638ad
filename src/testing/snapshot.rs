//! The whole state of an account as plain values, for comparisons in tests. It must not know a protocol.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use time::OffsetDateTime;

use super::store::{Account, Mailbox};

/// All mail of a user at one moment. If two snapshots are equal, nothing was stored, removed, flagged or renamed between them.
///
/// ```
/// use postroom::testing::Server;
///
/// let server = Server::builder().in_memory()?;
/// let before = server.snapshot("alice");
/// server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]);
/// assert_ne!(server.snapshot("alice"), before);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The mailboxes by their names on the wire (modified UTF-7).
    pub mailboxes: BTreeMap<String, MailboxSnapshot>,
}

/// One mailbox of a [`Snapshot`].
///
/// ```
/// let server = postroom::testing::Server::builder().in_memory()?;
/// let snapshot = server.snapshot("alice").unwrap();
/// assert_eq!(snapshot.mailboxes["INBOX"].uid_next, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
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

/// One message of a [`Snapshot`]. `Debug` shows the size and a digest instead of the bytes.
///
/// ```
/// let server = postroom::testing::Server::builder().in_memory()?;
/// server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &["\\Seen"]);
/// let snapshot = server.snapshot("alice").unwrap();
/// let message = &snapshot.messages("INBOX")[0];
/// assert_eq!((message.uid, message.flags.as_slice()), (1, &["\\Seen".to_owned()][..]));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct MessageSnapshot {
    /// The UID.
    pub uid: u32,
    /// The flags, sorted, without `\Recent`.
    pub flags: Vec<String>,
    /// INTERNALDATE, with its original offset.
    pub internal_date: OffsetDateTime,
    /// The message, byte for byte.
    pub bytes: Bytes,
}

impl Snapshot {
    pub(super) fn of(account: &Account) -> Self {
        let one = |(name, mailbox): (&String, &Mailbox)| {
            (name.clone(), MailboxSnapshot::of(mailbox, account.subscribed.contains(name)))
        };
        Self { mailboxes: account.mailboxes.iter().map(one).collect() }
    }

    /// The messages of a mailbox; empty if there is no such mailbox.
    #[must_use]
    pub fn messages(&self, mailbox: &str) -> &[MessageSnapshot] {
        self.mailboxes.get(mailbox).map_or(&[], |mailbox| mailbox.messages.as_slice())
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
        Self { uid_validity: mailbox.validity, uid_next: mailbox.next_uid, subscribed, messages: messages.collect() }
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
