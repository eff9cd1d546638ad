//! An open maildrop: its messages and its lock. It must not know a session.

use std::sync::Arc;

use bytes::Bytes;

use crate::testing::shared::Shared;

/// The messages at the time of the login, and the lock on them.
pub(super) struct Maildrop {
    pub(super) shared: Arc<Shared>,
    pub(super) user: String,
    pub(super) validity: u32,
    pub(super) messages: Vec<Message>,
}

pub(super) struct Message {
    pub(super) uid: u32,
    pub(super) bytes: Bytes,
    pub(super) deleted: bool,
}

impl Drop for Maildrop {
    fn drop(&mut self) {
        self.shared.store.with(&self.user, |account| account.maildrop_locked = false);
    }
}

impl Maildrop {
    /// The index of the message with this number, if it exists and is not marked.
    pub(super) fn index(&self, number: &str) -> Result<usize, String> {
        let none = || "No such message".to_owned();
        let index = number.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1)).ok_or_else(none)?;
        self.messages.get(index).filter(|message| !message.deleted).map(|_| index).ok_or_else(none)
    }
}
