//! [`FolderInfo`]: the selected mailbox as the server described it. It must not know how it was opened.

use super::{MailboxName, SeqNum, Uid, UidValidity};
use crate::WordList;

/// The selected mailbox, as the server described it and as it has changed since.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FolderInfo {
    /// Its name.
    pub name: MailboxName,
    /// Whether nothing in it can be changed.
    pub read_only: bool,
    /// How many messages it has.
    pub exists: u32,
    /// How many of them are recent; always 0 in IMAP4rev2.
    pub recent: u32,
    /// The generation of its UIDs; `None` where the server has no lasting ones.
    pub uid_validity: Option<UidValidity>,
    /// The UID that the next message gets at least.
    pub uid_next: Option<Uid>,
    /// The first message that is not read, as a sequence number.
    pub unseen: Option<SeqNum>,
    /// The flags messages in it can have, as the server named them; `\Recent` is left out.
    pub flags: WordList,
    /// The flags that last; `None` where the server did not say, which means all of them.
    pub permanent_flags: Option<WordList>,
    /// Whether UIDs are lost with the session (`UIDNOTSTICKY`).
    pub uids_not_sticky: bool,
    /// The highest modification sequence, where the mailbox has any.
    pub highest_modseq: Option<u64>,
    pub(crate) selection: u64,
    /// Whether the server said how many messages there are.
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
