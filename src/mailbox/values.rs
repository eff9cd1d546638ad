//! The values of the trait [`Mailbox`](super::Mailbox): what a mailbox can do, its entries, and what became of deletions. They must not
//! know a protocol.

use std::time::Duration;

use time::OffsetDateTime;

use crate::flags::Flags;
use crate::message_id::MessageId;

/// What a mailbox can do.
///
/// ```
/// use postroom::{Changes, Features};
///
/// fn describe(features: Features) -> &'static str {
///     match features.changes {
///         Changes::Push => "the server pushes changes",
///         Changes::Poll(_) => "changes are polled",
///         _ => "changes are seen in the next session",
///     }
/// }
/// # assert_eq!(describe(Features::none()), "changes are seen in the next session");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Features {
    /// How [`Mailbox::changed`](super::Mailbox::changed) finds changes.
    pub changes: Changes,
    /// Whether messages have flags that [`Mailbox::flag`](super::Mailbox::flag) can change.
    pub flags: bool,
    /// Whether the account can have other mailboxes.
    pub folders: bool,
    /// Whether ids remain the same in later sessions.
    pub stable_ids: bool,
    /// Whether [`Mailbox::mark_deleted`](super::Mailbox::mark_deleted) and [`Mailbox::commit`](super::Mailbox::commit) can delete exactly the given messages.
    pub delete: bool,
    /// Whether the server searches. Otherwise [`Mailbox::find`](super::Mailbox::find) downloads headers and compares them here.
    pub search: bool,
    /// Whether [`Mailbox::append`](super::Mailbox::append) can store messages.
    pub append: bool,
    /// Whether [`Mailbox::contents`](super::Mailbox::contents) and [`Mailbox::read_part`](super::Mailbox::read_part) download only what is read. Otherwise the contents of a message download
    /// and keep all of it.
    pub parts: bool,
    /// Whether the server may hide or delete a message because it was downloaded, as Gmail's POP3 can be configured to do.
    pub may_hide_downloaded: bool,
    /// How long the server keeps a message at least, if it announces that it removes messages by itself (POP3: EXPIRE, RFC 2449 §6.7).
    /// Zero: it may remove a message that was downloaded when the session ends. The server decides from when on it counts.
    pub kept_for: Option<Duration>,
}

/// How changes of a mailbox are found.
///
/// ```
/// use std::time::Duration;
///
/// use postroom::Changes;
///
/// assert_ne!(Changes::Poll(Duration::from_secs(60)), Changes::Push);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Changes {
    /// The server reports them at once.
    Push,
    /// By polling at this interval.
    Poll(Duration),
    /// Not at all: the session cannot be connected again.
    None,
}

/// One message in a listing.
///
/// ```
/// use postroom::{Entry, MessageId};
///
/// let entry = Entry::new(MessageId::other("stub", "1"));
/// assert!(entry.size.is_none() && entry.flags.is_none());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its id, valid for later calls and, with [`Features::stable_ids`], for later sessions.
    pub id: MessageId,
    /// Its size in octets as the server reports it. It is advisory; it is often wrong.
    pub size: Option<u64>,
    /// Its flags; `None` if the protocol has none.
    pub flags: Option<Flags<'static>>,
    /// When it arrived; `None` if the protocol does not report it.
    pub received: Option<OffsetDateTime>,
}

/// How much of each message [`Mailbox::messages`](super::Mailbox::messages) transfers.
///
/// ```
/// use postroom::Part;
///
/// let part = if true { Part::Preview(10) } else { Part::Whole };
/// # assert_eq!(part, Part::Preview(10));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// The header, with the empty line after it if the server sends it.
    Header,
    /// The header and the start of the text: this number of lines in POP3, 80 octets for each line in IMAP.
    Preview(u32),
    /// The whole message, byte for byte.
    Whole,
}

/// The result of the marked deletions.
///
/// ```
/// use postroom::Committed;
///
/// let committed = Committed::default();
/// assert!(committed.deleted.is_empty() && committed.unknown.is_empty());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
#[must_use = "a deletion that is unknown may have to be made again"]
pub struct Committed {
    /// Certainly deleted on the server.
    pub deleted: Vec<MessageId>,
    /// Marked, but the reply that would make it certain was lost or negative. A new listing shows which of them are deleted.
    pub unknown: Vec<MessageId>,
}

impl Entry {
    /// An entry with only an id, for implementations of [`Mailbox`](super::Mailbox).
    pub fn new(id: MessageId) -> Self {
        Self { id, size: None, flags: None, received: None }
    }
}

impl Features {
    /// A mailbox that can only list and fetch, for implementations of [`Mailbox`](super::Mailbox).
    pub const fn none() -> Self {
        Self {
            changes: Changes::None,
            flags: false,
            folders: false,
            stable_ids: false,
            delete: false,
            search: false,
            append: false,
            parts: false,
            may_hide_downloaded: false,
            kept_for: None,
        }
    }
}
