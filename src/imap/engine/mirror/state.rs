//! What the session is: its phase, what the server can do, and the selected mailbox. Published to the handles as one immutable
//! value; only the engine makes the next one.

use std::sync::Arc;

use crate::WordList;
use crate::error::Error;
use crate::imap::types::{Capabilities, MailboxName, SeqNum, Uid, UidValidity};

/// What handles may look at.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// `None` while they are not known, and again wherever they may have changed.
    pub(crate) capabilities: Option<Arc<Capabilities>>,
    pub(crate) selected: Option<Arc<Selected>>,
    /// Why none is selected any more, where that is more than that another command left it.
    pub(crate) left: Option<Error>,
    /// The extensions that were enabled.
    pub(crate) enabled: Arc<Capabilities>,
    /// How many messages of the selected mailbox, from the first, have a UID that the engine knows.
    pub(crate) numbered: u32,
    /// How many messages have gone from selected mailboxes since the session began.
    pub(crate) expunged: u64,
}

/// RFC 9051 §3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Connected,
    Greeted,
    LoggedIn,
    Over,
}

/// The selected mailbox, as the server described it and as it has changed since.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Selected {
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

impl State {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Connected,
            capabilities: None,
            selected: None,
            left: None,
            enabled: Arc::default(),
            numbered: 0,
            expunged: 0,
        }
    }

    /// What is said to whoever needs the mailbox that was selected.
    pub(crate) fn unselected(&self) -> Error {
        self.left.clone().unwrap_or_else(|| Error::closed("the mailbox is no longer selected"))
    }

    /// Whether IMAP4rev2 is spoken: after ENABLE, and where the server knows no older IMAP (RFC 9051 §6.3.1).
    pub(crate) fn rev2(&self) -> bool {
        let only = |capabilities: &Arc<Capabilities>| capabilities.imap4rev2() && !capabilities.imap4rev1();
        self.enabled.imap4rev2() || self.capabilities.as_ref().is_some_and(only)
    }

    /// Whether mailbox names are UTF-8 (RFC 9051 §5.1, RFC 6855 §3).
    pub(crate) fn utf8(&self) -> bool {
        self.rev2() || self.enabled.utf8_accept()
    }
}

impl Selected {
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
