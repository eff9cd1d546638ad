//! The state of the session: its phase, the capabilities, and the selected mailbox. Published to the handles as one
//! immutable value; only the engine makes the next one.

use std::sync::Arc;

use crate::error::Error;
use crate::imap::types::{Capabilities, FolderInfo, SavedMark};

/// What the handles can see.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// `None` while they are not known, and whenever they may have changed.
    pub(crate) capabilities: Option<Arc<Capabilities>>,
    pub(crate) selected: Option<Arc<FolderInfo>>,
    /// Why no mailbox is selected any more, unless a command simply left it.
    pub(crate) left: Option<Error>,
    /// The result of a search that the server keeps for this selection (RFC 5182).
    pub(crate) saved: Option<SavedMark>,
    /// The extensions that were enabled.
    pub(crate) enabled: Arc<Capabilities>,
    /// Those of them that the server has reported, rather than answering only OK.
    pub(crate) confirmed: Arc<Capabilities>,
    /// What the server said about itself after the login.
    pub(crate) server: Arc<[(String, Option<String>)]>,
    /// Whether the commands that follow the login are answered.
    pub(crate) settled: bool,
    /// The number of messages of the selected mailbox, counted from the first, whose UIDs the engine knows.
    pub(crate) numbered: u32,
    /// The number of messages that were expunged from selected mailboxes in this session.
    pub(crate) expunged: u64,
}

/// The state of RFC 9051 §3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Connected,
    Greeted,
    LoggedIn,
    Over,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Connected,
            capabilities: None,
            selected: None,
            left: None,
            saved: None,
            enabled: Arc::default(),
            confirmed: Arc::default(),
            server: Arc::default(),
            settled: false,
            numbered: 0,
            expunged: 0,
        }
    }

    /// The error of a call that needs the mailbox that was selected.
    pub(crate) fn unselected(&self) -> Error {
        self.left.clone().unwrap_or_else(|| Error::closed("the mailbox is no longer selected"))
    }

    /// Whether IMAP4rev2 is active: after ENABLE, or if the server announces no older revision (RFC 9051 §6.3.1).
    pub(crate) fn rev2(&self) -> bool {
        let only = |capabilities: &Arc<Capabilities>| capabilities.imap4rev2() && !capabilities.imap4rev1();
        self.enabled.imap4rev2() || self.capabilities.as_ref().is_some_and(only)
    }

    /// Whether mailbox names are UTF-8 (RFC 9051 §5.1, RFC 6855 §3).
    pub(crate) fn utf8(&self) -> bool {
        self.rev2() || self.enabled.utf8_accept()
    }
}
