//! The values of POP3: message numbers, unique-ids, capabilities. Valid once made; they know no bytes of replies.

mod capability;
mod language;
mod notice;
mod number;
mod retrieved;
mod uidl;

pub use capability::{Capabilities, Expire};
pub use language::Language;
pub use notice::Notice;
pub use number::Number;
pub use retrieved::{Retrieved, RetrievedContent};
pub use uidl::Uidl;

/// What STAT says of the maildrop (RFC 1939 §5): messages that are marked for deletion are not counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stat {
    /// How many messages there are.
    pub messages: u64,
    /// Their size in octets, as the server says; servers err.
    pub octets: u64,
}

/// What was wrong with what a session's server said of its messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Flaws {
    /// Lines of LIST and UIDL that do not say all that they should, in all listings of the session.
    pub unreadable: u64,
    /// Messages about which STAT, LIST and UIDL contradicted each other, or themselves, in the last
    /// [`entries`](crate::Mailbox::entries), even when they were asked again.
    pub disputed: u64,
}

impl Flaws {
    pub(crate) fn new(unreadable: u64, disputed: u64) -> Self {
        Self { unreadable, disputed }
    }
}

impl Stat {
    pub(crate) fn new(messages: u64, octets: u64) -> Self {
        Self { messages, octets }
    }
}
