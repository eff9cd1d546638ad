//! [`Ledger`]: the memory of what was collected, by account and message, so that nothing is collected twice and nothing deleted
//! unseen. The ready ones are the files below; none of them knows a server or a delivery.

mod file;
mod line;
mod lock;
mod log;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

pub use self::file::FileLedger;
use super::delivery::{Extent, Ticket};
use super::digest::Digest;
use crate::{BoxFuture, Error, Result};

/// What was collected, kept between runs.
///
/// A ledger serves one run at a time: who opens it second gets [`Kind::Busy`](crate::Kind::Busy). One that is damaged, cut short or of
/// another version is [`Kind::Storage`](crate::Kind::Storage) and never read as "nothing was collected".
///
/// Any of these futures may be dropped before it ends: what then goes on by itself has to be over before the next call begins.
pub trait Ledger: Send {
    /// Every record of this account.
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>>;

    /// Makes these changes, in order: all of them or, after an abort, possibly none; durable when it returns.
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
    /// the digest where the server gives no lasting one. Any text, mostly below 200 bytes, without control characters.
    pub key: String,
    /// Of the bytes collected.
    pub digest: Digest,
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
pub enum State {
    /// Stored by the delivery, and perhaps visible already: the ticket tells.
    Staged(Ticket),
    /// Delivered.
    Collected,
    /// Delivered, and not on the server any more, when it was last looked: since that time, whole seconds.
    Gone(OffsetDateTime),
}

impl Record {
    /// A record of a message that was collected whole; for tests of a [`Ledger`].
    pub fn new(key: impl Into<String>, digest: Digest, header: Digest, at: OffsetDateTime) -> Self {
        Self { key: key.into(), digest, header, size: None, extent: Extent::Whole, state: State::Collected, at }
    }
}

/// The path with that behind its name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn storage(path: &Path, what: &str, cause: io::Error) -> Error {
    Error::storage(format!("the ledger {} {what}", path.display()), cause)
}
