//! Collecting: brings the mail of one mailbox home, by POP3 or IMAP alike, leaves it on the server or deletes it there as the user
//! chose, and neither loses a message nor brings it twice. A job over the public API only; it must not know a protocol.
//!
//! A [`Collector`] takes a [`Mailbox`](crate::Mailbox), a [`Policy`], a [`Ledger`] that remembers what was collected, and a
//! [`Delivery`] that stores it.
//!
//! # Order
//!
//! RETR, durable delivery, ledger, DELE, QUIT. A message is stored where no reader looks (staged), then named in the ledger, then made
//! visible (published); a run that is cut off between any two of these is finished by the next one. Only QUIT's `+OK` makes a
//! deletion certain (RFC 1939 §6); without it the next run finds out by the listing.
//!
//! # What is a message
//!
//! What came once, whole, with the size that the server declares in its listing and with the message itself. What has another size is in
//! doubt: it is staged, and the server is asked whether it still has the message ([`Mailbox::existing`](crate::Mailbox::existing)). If
//! it has, the message is read again. The same bytes are accepted ([`Event::Confirmed`]); different ones are stored once and never deleted
//! ([`Event::Differs`]); a message that is gone is not stored ([`Event::Gone`]). A message of which nothing comes is read again as well, and
//! if nothing comes once more it is not stored, stays on the server, and is tried again by the next run. After eight messages in a row
//! came twice alike, the account's sizes count as estimates ([`Event::SizesAreEstimates`]).
//!
//! With a server whose sizes are right nothing of this takes place: not one round trip.
//!
//! # Which message is which
//!
//! By its [`MessageId`](crate::MessageId), where that lasts and the listing says nothing else; otherwise by its [`Digest`]: where a UIDL
//! is missing, empty, or the same for two messages, where a name was gone and is there again, where its message has another size than
//! before, where the server has renumbered. Before a message that an earlier run collected is deleted, its header is compared.

mod collector;
mod delivery;
mod digest;
mod event;
mod ledger;
mod listing;
mod plan;
mod policy;
mod records;
mod transfer;

pub use collector::{Collector, Run};
pub use delivery::{Callback, Delivery, Extent, Head, Letter, LineEnds, Maildir, Mbox, Recovered, Ticket};
pub use digest::Digest;
pub use event::{Event, Summary};
#[cfg(feature = "sqlite")]
pub use ledger::SqliteLedger;
pub use ledger::{Change, FileLedger, Ledger, MemoryLedger, Record, State};
pub use plan::{Plan, Planned, Step};
pub use policy::Policy;
