//! [`Ledger`]: records of what was collected, by account and message, so that no message is collected twice and none is deleted that was
//! not collected. The implementations are in the files below; none of them may know a server or a delivery.

mod file;
mod line;
mod memory;
mod shared;
#[cfg(feature = "sqlite")]
mod sqlite;

use time::OffsetDateTime;

pub use self::file::FileLedger;
pub use self::memory::MemoryLedger;
pub use self::shared::SharedLedger;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteLedger;
use super::delivery::{Extent, Ticket};
use super::digest::Digest;
use crate::{BoxFuture, Result};

/// What was collected, kept between runs.
///
/// A ledger serves one run at a time, unless a [`SharedLedger`] makes handles of it: opening it a second time fails with [`Kind::Busy`](crate::Kind::Busy). Opening one that is damaged,
/// truncated or of another version fails with [`Kind::Storage`](crate::Kind::Storage); it never counts as empty.
///
/// Each of these futures may be dropped before it ends. Work that continues then must end before the next call begins.
///
/// ```
/// use postroom::collect::{Ledger, State};
///
/// /// How many messages of this account were collected and are still on the server, as far as the last run knows.
/// async fn kept(ledger: &mut dyn Ledger, account: &str) -> postroom::Result<usize> {
///     let records = ledger.load(account).await?;
///     Ok(records.iter().filter(|record| record.state == State::Collected).count())
/// }
/// ```
pub trait Ledger: Send {
    /// Every record of this account.
    ///
    /// ```
    /// use postroom::collect::{Ledger, MemoryLedger};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// assert!(MemoryLedger::default().load("me@example.org").await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>>;

    /// Makes these changes, in order; durable when it returns. After an abort, none of them or only the first may have been made.
    ///
    /// ```
    /// use postroom::collect::{Change, Digest, Ledger, MemoryLedger, Record};
    /// use time::OffsetDateTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// let mut ledger = MemoryLedger::default();
    /// let digest = Digest::of(b"Subject: hello\r\n\r\nworld\r\n");
    /// let record = Record::new("1", digest, digest, OffsetDateTime::UNIX_EPOCH);
    /// ledger.apply("me@example.org", &[Change::Put(record), Change::Remove("0".to_owned())]).await?;
    /// # Ok(())
    /// # }
    /// ```
    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>>;
}

/// A ledger that is chosen at run time.
impl<L: Ledger + ?Sized> Ledger for Box<L> {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        (**self).load(account)
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        (**self).apply(account, changes)
    }
}

/// One change of a [`Ledger`].
///
/// ```
/// use postroom::collect::{Change, Digest, Record};
/// use time::OffsetDateTime;
///
/// let digest = Digest::of(b"Subject: hello\r\n\r\nworld\r\n");
/// let record = Record::new("1", digest, digest, OffsetDateTime::UNIX_EPOCH);
/// assert_ne!(Change::Put(record.clone()), Change::Remove(record.key));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a ledger has to apply every change there is")]
pub enum Change {
    /// This record, in place of the one with the same key.
    Put(Record),
    /// Removes the record of that key.
    Remove(String),
}

/// What a ledger stores about one message.
///
/// ```
/// use postroom::collect::{Digest, Extent, Record, State};
/// use time::OffsetDateTime;
///
/// let digest = Digest::of(b"Subject: hello\r\n\r\nworld\r\n");
/// let record = Record::new("1", digest, digest, OffsetDateTime::UNIX_EPOCH);
/// assert_eq!((record.extent, record.state), (Extent::Whole, State::Collected));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Names the record within its account: the text form of a [`MessageId`](crate::MessageId) that lasts, or a name made from
    /// the digest where the server gives no lasting one. Any text, mostly below 200 bytes, without control characters. A key that
    /// begins with `account:` is of no message: `account:sizes` has as its size how many messages in a row came twice alike though
    /// the server declares another size, and is there once one did.
    pub key: String,
    /// The digest of the bytes collected.
    pub digest: Digest,
    /// The digest of another reading, if the server sent two texts for the message. Neither is certain, so it is never deleted and not
    /// downloaded again.
    pub other: Option<Digest>,
    /// The digest of the header.
    pub header: Digest,
    /// The size that the server declared in its listing.
    pub size: Option<u64>,
    /// How much was collected.
    pub extent: Extent,
    /// Its state.
    pub state: State,
    /// When it was collected; whole seconds.
    pub at: OffsetDateTime,
}

/// The state of a message.
///
/// ```
/// use postroom::collect::State;
///
/// fn is_on_the_server(state: &State) -> bool {
///     !matches!(state, State::Gone(_) | State::Deleted(_))
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// Stored by the delivery, and perhaps visible already; the delivery knows by the ticket.
    Staged(Ticket),
    /// Delivered.
    Collected,
    /// Delivered, and missing on the server since that time, in whole seconds.
    Gone(OffsetDateTime),
    /// Delivered, and certainly deleted from the server by a run at that time, in whole seconds.
    Deleted(OffsetDateTime),
}

impl Record {
    /// A record of a message that was collected whole; for tests of a [`Ledger`].
    pub fn new(key: impl Into<String>, digest: Digest, header: Digest, at: OffsetDateTime) -> Self {
        let (other, size, extent, state) = (None, None, Extent::Whole, State::Collected);
        Self { key: key.into(), digest, other, header, size, extent, state, at }
    }
}
