//! The values of POP3: message numbers, unique-ids, capabilities. They cannot be invalid and know no bytes of replies.

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

/// The reply to STAT (RFC 1939 §5). Messages that are marked for deletion are not counted.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::pop3(async |mut pop3| {
/// let stat = pop3.stat().await?;
/// println!("{} messages, {} octets", stat.messages, stat.octets);
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stat {
    /// The number of messages.
    pub messages: u64,
    /// Their total size in octets, as the server reports it: advisory, often wrong.
    pub octets: u64,
}

/// What was wrong with the server's listings in one session.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::pop3(async |mut pop3| {
/// pop3.list().await?;
/// let flaws = pop3.flaws();
/// assert_eq!((flaws.unreadable, flaws.disputed), (0, 0));
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Flaws {
    /// The number of incomplete or unreadable lines in all LIST and UIDL replies of the session.
    pub unreadable: u64,
    /// The number of messages about which STAT, LIST and UIDL contradicted each other or themselves in the last
    /// [`entries`](crate::Mailbox::entries), even when asked again.
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
