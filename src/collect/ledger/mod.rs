//! [`Ledger`]: the memory of what was collected, by account and message, so that nothing is collected twice and nothing deleted
//! unseen. The ready ones are the files below; none of them knows a server or a delivery.

mod file;
mod line;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

use time::OffsetDateTime;

pub use self::file::FileLedger;
pub use self::memory::MemoryLedger;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteLedger;
use super::delivery::{Extent, Ticket};
use super::digest::Digest;
use crate::{BoxFuture, Result};

/// What was collected, kept between runs.
///
/// A ledger serves one run at a time: who opens it second gets [`Kind::Busy`](crate::Kind::Busy). One that is damaged, cut short or of
/// another version is [`Kind::Storage`](crate::Kind::Storage) and never read as "nothing was collected".
///
/// Any of these futures may be dropped before it ends: what then goes on by itself has to be over before the next call begins.
pub trait Ledger: Send {
    /// Every record of this account.
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>>;

    /// Makes these changes, in order; durable when it returns. After an abort, possibly none of them or only the first are made.
    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>>;
}

/// Chosen while the program runs.
impl<L: Ledger + ?Sized> Ledger for Box<L> {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        (**self).load(account)
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        (**self).apply(account, changes)
    }
}

/// One change of a [`Ledger`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a ledger has to apply every change there is")]
pub enum Change {
    /// This record, in place of the one with the same key.
    Put(Record),
    /// No record of that key any more.
    Remove(String),
}

/// What a ledger knows of one message.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Names the record within its account: the text form of a [`MessageId`](crate::MessageId) that lasts, or a name made from
    /// the digest where the server gives no lasting one. Any text, mostly below 200 bytes, without control characters. A key that
    /// begins with `account:` is of no message: `account:sizes` has as its size how many messages in a row came twice alike though
    /// the server declares another size, and is there once one did.
    pub key: String,
    /// Of the bytes collected.
    pub digest: Digest,
    /// Of another reading of the same message, where the server sent two texts for it: neither is certain, so it is never deleted,
    /// and not brought again.
    pub other: Option<Digest>,
    /// Of the header alone.
    pub header: Digest,
    /// The size that the server stated in its listing.
    pub size: Option<u64>,
    /// How much was collected.
    pub extent: Extent,
    /// How far it has come.
    pub state: State,
    /// When it was collected; whole seconds.
    pub at: OffsetDateTime,
}

/// How far a message has come.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// Stored by the delivery, and perhaps visible already: the ticket tells.
    Staged(Ticket),
    /// Delivered.
    Collected,
    /// Delivered, and not on the server any more, when it was last looked: since that time, whole seconds.
    Gone(OffsetDateTime),
    /// Delivered, and deleted from the server for certain, by a run: since that time, whole seconds.
    Deleted(OffsetDateTime),
}

impl Record {
    /// A record of a message that was collected whole; for tests of a [`Ledger`].
    pub fn new(key: impl Into<String>, digest: Digest, header: Digest, at: OffsetDateTime) -> Self {
        let (other, size, extent, state) = (None, None, Extent::Whole, State::Collected);
        Self { key: key.into(), digest, other, header, size, extent, state, at }
    }
}
