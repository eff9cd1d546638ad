//! The common ground of both protocols: the trait [`Mailbox`] and the values it speaks in. Written once against it, a program
//! reads mail by IMAP and by POP3, and learns from [`Features`] what only one of them can do. No protocol and no socket here.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use time::OffsetDateTime;

use crate::body::Body;
use crate::error::{Error, Result};
use crate::flag::FlagChange;
use crate::flags::Flags;
use crate::message_id::MessageId;
use crate::messages::Messages;

/// The future of a trait method: boxed once a call, never once a message.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One open mailbox, whatever protocol it is reached by: an IMAP folder or a POP3 maildrop.
///
/// Every method touches the wire when its future is first polled, and can be dropped at any time: the session stays correct
/// and the next call works. What a protocol or server cannot do is [`Kind::Unsupported`](crate::Kind::Unsupported), before
/// anything is sent; [`features`](Self::features) says so beforehand.
///
/// Nothing is ever deleted by dropping: [`mark_deleted`](Self::mark_deleted) only marks, [`commit`](Self::commit) makes it final.
pub trait Mailbox: Send {
    /// What this mailbox can do. Never touches the wire.
    fn features(&self) -> Features;

    /// All messages that are there now, in the server's order. One or two flights; about 40 bytes a message.
    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>>;

    /// How many flaws the server's listings had: lines or responses that could not be read, and messages about which it contradicted
    /// itself. Such a message may be missing from [`entries`](Self::entries). Never touches the wire; 0 in an implementation that does not
    /// count them.
    fn listing_flaws(&self) -> u64 {
        0
    }

    /// Streams these messages, or a part of each, in whatever order the server sends them. Messages that are gone are left out;
    /// one that the server refuses, or has no text for, comes without bytes and with a [defect](crate::Message::defects). Nothing is
    /// marked as read by it.
    fn messages<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>>;

    /// Reads one message of any size, in memory bounded by the window. One without text is an error of the read; one of another
    /// length than the server declares says so in [`Body::defects`] at its end.
    fn open<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>>;

    /// Which of these messages the server still has, in the order of `ids`: one that others have removed since it was listed is left
    /// out. To be asked about a message that came in doubt, or not at all, before it is read again. One round trip: NOOP, so that
    /// the server can say what went, and UID SEARCH (RFC 2180 §4.1.2).
    ///
    /// Within a POP3 session no message goes: `Unsupported`, before anything is sent, as in an implementation that has no such
    /// method. [`Kind::Input`](crate::Kind::Input) for ids of another mailbox, [`Kind::Rejected`](crate::Kind::Rejected) where the server
    /// refuses to search and shows none of them to be gone, and what ends a connection. If it refuses and shows some to be gone, all
    /// others count as there. Dropped early, the session stays correct.
    fn existing<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<MessageId>>> {
        let _ = ids;
        Box::pin(async { Err(Error::unsupported("this mailbox cannot say which of its messages are still there")) })
    }

    /// Changes the flags of these messages. POP3 has none: `Unsupported`.
    fn flag<'a>(&'a mut self, ids: &'a [MessageId], change: &'a FlagChange) -> BoxFuture<'a, Result<()>>;

    /// Marks these messages for deletion by [`commit`](Self::commit). Dropping the mailbox instead deletes nothing.
    fn mark_deleted<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>>;

    /// Waits until the mailbox has changed: pushed by IMAP's IDLE, otherwise by looking again at intervals. POP3 has to end
    /// its session and begin another one for each look, and refuses while deletions are marked.
    fn changed(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Makes the marked deletions final and says which of them are certain. A POP3 mailbox is closed afterwards; an IMAP
    /// folder stays open.
    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>>;
}

/// What a mailbox can do; asked before, so that a program need not find out by failing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Features {
    /// How [`Mailbox::changed`] learns of changes.
    pub changes: Changes,
    /// Whether messages carry flags that [`Mailbox::flag`] can change.
    pub flags: bool,
    /// Whether the account has other mailboxes than this one.
    pub folders: bool,
    /// Whether ids remain the same in later sessions.
    pub stable_ids: bool,
    /// Whether [`Mailbox::mark_deleted`] and [`Mailbox::commit`] can delete just the messages named.
    pub delete: bool,
    /// Whether the server may hide or delete a message because it was downloaded, as Gmail's POP3 can be told to.
    pub may_hide_downloaded: bool,
}

/// How a mailbox learns that something changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Changes {
    /// The server says so at once.
    Push,
    /// By asking again at this interval.
    Poll(Duration),
    /// Not at all: the session cannot be begun anew.
    None,
}

/// One message as the listing shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its id, good for later calls and, with [`Features::stable_ids`], for later sessions.
    pub id: MessageId,
    /// Its size in octets as the server says; servers err.
    pub size: Option<u64>,
    /// Its flags; `None` where the protocol has none.
    pub flags: Option<Flags<'static>>,
    /// When it arrived; `None` where the protocol does not say.
    pub received: Option<OffsetDateTime>,
}

/// How much of each message a [`Mailbox::messages`] brings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// The header only, with the empty line behind it where the server sends it.
    Header,
    /// The header and so many lines (POP3) or so many times 80 octets (IMAP) of the text.
    Preview(u32),
    /// Everything, byte for byte.
    Whole,
}

/// What became of the deletions that were marked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
#[must_use = "a deletion that is unknown may have to be made again"]
pub struct Committed {
    /// Gone from the server for certain.
    pub deleted: Vec<MessageId>,
    /// Marked, but the reply that would make it certain was lost or negative: listing again tells.
    pub unknown: Vec<MessageId>,
}

impl Entry {
    /// An entry of which only the id is known; for implementations of [`Mailbox`].
    pub fn new(id: MessageId) -> Self {
        Self { id, size: None, flags: None, received: None }
    }
}

impl Features {
    /// A mailbox that can do nothing but list and fetch; for implementations of [`Mailbox`].
    pub const fn none() -> Self {
        Self {
            changes: Changes::None,
            flags: false,
            folders: false,
            stable_ids: false,
            delete: false,
            may_hide_downloaded: false,
        }
    }
}
