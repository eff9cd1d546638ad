//! [`FolderInfo`]: the selected mailbox as the server describes it. It must not know how it was opened.

use super::{MailboxName, SeqNum, Uid, UidValidity};
use crate::WordList;

/// The selected mailbox, as the server described it when it was selected, updated by every later response.
///
/// ```
/// use postroom::imap::FolderInfo;
///
/// fn describe(info: &FolderInfo) -> String {
///     let access = if info.read_only { "read-only" } else { "read-write" };
///     format!("{}: {} messages, {access}", info.name, info.exists)
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FolderInfo {
    /// The mailbox's name.
    pub name: MailboxName,
    /// Whether the mailbox is open for reading only.
    pub read_only: bool,
    /// How many messages it has.
    pub exists: u32,
    /// How many of them are `\Recent`; always 0 in IMAP4rev2.
    pub recent: u32,
    /// The generation of its UIDs; `None` if its UIDs do not last.
    pub uid_validity: Option<UidValidity>,
    /// A lower bound for the UID of the next message.
    pub uid_next: Option<Uid>,
    /// The sequence number of the first message that is not `\Seen` (RFC 3501 §7.1; not part of IMAP4rev2).
    pub unseen: Option<SeqNum>,
    /// The flags that messages in it can have, as the server spells them, without `\Recent`.
    pub flags: WordList,
    /// The flags that can be changed permanently; `None` if the server does not report them, which means all (RFC 9051 §7.1).
    pub permanent_flags: Option<WordList>,
    /// Whether UIDs are lost at the end of the session (`UIDNOTSTICKY`, RFC 4315).
    pub uids_not_sticky: bool,
    /// The highest modification sequence, if the mailbox keeps them (RFC 7162).
    pub highest_modseq: Option<u64>,
    /// Which selection of the session this is: a handle of an earlier one is refused.
    pub(crate) selection: u64,
    /// Whether the server reported how many messages there are.
    pub(crate) counted: bool,
}

impl FolderInfo {
    pub(crate) fn new(name: MailboxName, read_only: bool, selection: u64) -> Self {
        Self {
            name,
            read_only,
            exists: 0,
            recent: 0,
            uid_validity: None,
            uid_next: None,
            unseen: None,
            flags: WordList::default(),
            permanent_flags: None,
            uids_not_sticky: false,
            highest_modseq: None,
            selection,
            counted: false,
        }
    }
}
