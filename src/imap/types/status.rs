//! What a server reports about a command or a mailbox: [`Condition`] with its [`Outcome`], and [`MailboxStatus`]. They must not know
//! which command they answer.

use super::code::ResponseCode;
use super::mailbox_name::MailboxName;
use super::status_items::StatusItems;
use super::uid::{Uid, UidValidity};

/// The first word of a status response (RFC 9051 §7.1).
///
/// ```
/// use postroom::imap::{Outcome, codec::text};
///
/// assert_eq!(text::untagged(b"* BYE Closing\r\n")?.outcome, Outcome::Bye);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The command succeeded; untagged, an information.
    Ok,
    /// The command failed; untagged, a warning.
    No,
    /// The server did not understand the command; untagged, a protocol error.
    Bad,
    /// The server is about to close the connection.
    Bye,
    /// A greeting of a session that is logged in already.
    Preauth,
}

/// A status response: outcome, response code and text (RFC 9051 §7.1).
///
/// ```
/// use postroom::imap::{Outcome, ResponseCode, codec::text};
///
/// let (tag, condition) = text::tagged(b"A7 NO [TRYCREATE] No such mailbox\r\n")?;
/// assert_eq!((tag, condition.outcome), (&b"A7"[..], Outcome::No));
/// assert_eq!(condition.code, Some(ResponseCode::TryCreate));
/// assert_eq!(condition.text, "No such mailbox");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The first word.
    pub outcome: Outcome,
    /// The response code, if there is one.
    pub code: Option<ResponseCode>,
    /// The text for people; often empty. Bytes that are not UTF-8 become U+FFFD.
    pub text: String,
}

/// The counts and other numbers of a mailbox, as STATUS returns them (RFC 9051 §7.3.4). A value that was not asked for or not returned
/// is `None`. So is a 0 that the server sends for a UID or a UIDVALIDITY, which have none.
///
/// ```
/// use postroom::imap::codec::status;
///
/// let inbox = status::parse(b"* STATUS INBOX (MESSAGES 17 UNSEEN 2)\r\n", false)?;
/// assert!(inbox.name.is_inbox());
/// assert_eq!((inbox.messages, inbox.unseen, inbox.uid_next), (Some(17), Some(2), None));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MailboxStatus {
    /// The mailbox.
    pub name: MailboxName,
    /// How many messages it has.
    pub messages: Option<u32>,
    /// A lower bound for the UID of the next message.
    pub uid_next: Option<Uid>,
    /// The generation of its UIDs; `None` also if its UIDs do not last (0).
    pub uid_validity: Option<UidValidity>,
    /// How many messages are not `\Seen`.
    pub unseen: Option<u32>,
    /// How many messages are `\Recent`; removed in IMAP4rev2.
    pub recent: Option<u32>,
    /// How many messages are `\Deleted`.
    pub deleted: Option<u32>,
    /// The size of all messages that are `\Deleted`, in bytes (RFC 9208 §4.1.4).
    pub deleted_storage: Option<u64>,
    /// The size of all messages, in bytes.
    pub size: Option<u64>,
    /// The highest modification sequence (RFC 7162); 0 if the mailbox keeps none.
    pub highest_modseq: Option<u64>,
    /// The largest message that can be appended, in bytes (RFC 7889).
    pub append_limit: Option<u64>,
    /// An identifier that survives renaming (RFC 8474).
    pub mailbox_id: Option<String>,
    /// All other data, by name and as received. It includes the values that are `None` above because they have no meaning or cannot be
    /// read, such as a 0 or a number that is too large.
    pub other: Vec<u8>,
}

impl MailboxStatus {
    /// The items that have a value.
    pub(crate) fn items(&self) -> StatusItems {
        let values = [
            (StatusItems::MESSAGES, self.messages.is_some()),
            (StatusItems::UID_NEXT, self.uid_next.is_some()),
            (StatusItems::UID_VALIDITY, self.uid_validity.is_some()),
            (StatusItems::UNSEEN, self.unseen.is_some()),
            (StatusItems::DELETED, self.deleted.is_some()),
            (StatusItems::SIZE, self.size.is_some()),
            (StatusItems::HIGHEST_MODSEQ, self.highest_modseq.is_some()),
            (StatusItems::APPEND_LIMIT, self.append_limit.is_some()),
            (StatusItems::MAILBOX_ID, self.mailbox_id.is_some()),
            (StatusItems::RECENT, self.recent.is_some()),
            (StatusItems::DELETED_STORAGE, self.deleted_storage.is_some()),
        ];
        values.into_iter().filter(|(_, has)| *has).fold(StatusItems::NONE, |all, (item, _)| all | item)
    }

    /// The status of a mailbox of which nothing is known yet.
    pub(crate) fn new(name: MailboxName) -> Self {
        Self {
            name,
            messages: None,
            uid_next: None,
            uid_validity: None,
            unseen: None,
            recent: None,
            deleted: None,
            deleted_storage: None,
            size: None,
            highest_modseq: None,
            append_limit: None,
            mailbox_id: None,
            other: Vec::new(),
        }
    }
}
