//! What threading knows of messages, and the trees that it makes of them. It must not know an algorithm.

use crate::imap::types::Uid;

/// One message.
pub(super) struct Message {
    pub(super) uid: Uid,
    /// The sent date, in seconds.
    pub(super) date: i64,
    /// The base subject, casemapped.
    pub(super) subject: Box<str>,
    pub(super) is_reply: bool,
    pub(super) id: Option<u32>,
    /// The Message IDs of its ancestors, the oldest first.
    pub(super) references: Box<[u32]>,
}

/// A place in a tree: a message, or a missing one.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) message: Option<usize>,
    pub(super) children: Vec<usize>,
}
