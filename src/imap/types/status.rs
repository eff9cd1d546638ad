//! What a server says about a command or a mailbox: [`Condition`] with its [`Outcome`], and [`MailboxStatus`]. None of them knows
//! which command they answer.

use super::code::ResponseCode;
use super::mailbox_name::MailboxName;
use super::uid::{Uid, UidValidity};

/// The first word of a status response (RFC 9051 §7.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// Done, or information.
    Ok,
    /// Refused, or a warning.
    No,
    /// Not understood.
    Bad,
    /// The server is about to close the connection.
    Bye,
    /// A greeting without need of a login.
    Preauth,
}

/// A status response: whether, why, and in words.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The word it begins with.
    pub outcome: Outcome,
    /// The response code, if there was one.
    pub code: Option<ResponseCode>,
    /// The rest, for people; often empty. Bytes that are not UTF-8 become U+FFFD.
    pub text: String,
}

/// A mailbox in numbers, as STATUS tells them (RFC 9051 §7.3.4). What was not asked, or not told, is `None`; so is a 0 where
/// only a greater number has a meaning.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MailboxStatus {
    /// Which mailbox.
    pub name: MailboxName,
    /// How many messages it has.
    pub messages: Option<u32>,
    /// The UID the next message is going to have, at least.
    pub uid_next: Option<Uid>,
    /// The generation of its UIDs. `None` where the server keeps none (0).
    pub uid_validity: Option<UidValidity>,
    /// How many messages are not `\Seen`.
    pub unseen: Option<u32>,
    /// How many messages are `\Recent`; gone in rev2.
    pub recent: Option<u32>,
    /// How many messages are `\Deleted`.
    pub deleted: Option<u32>,
    /// Bytes in all messages that are `\Deleted` (RFC 9208 §4.1.4).
    pub deleted_storage: Option<u64>,
    /// Bytes in all its messages.
    pub size: Option<u64>,
    /// The highest modification sequence in it (RFC 7162); 0 where it keeps none.
    pub highest_modseq: Option<u64>,
    /// The largest message it takes (RFC 7889), in bytes.
    pub append_limit: Option<u64>,
    /// An identifier that survives renaming (RFC 8474).
    pub mailbox_id: Option<String>,
    /// What else was told, by name and as it came; also what is `None` above because it cannot be read: a 0, a number of more than
    /// 32 bits, a value that is none.
    pub other: Vec<u8>,
}

impl MailboxStatus {
    /// Nothing known yet of that mailbox.
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
