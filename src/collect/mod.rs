//! Collecting: downloads the mail of one mailbox, by POP3 or IMAP, keeps it on the server or deletes it there by a policy, and neither
//! loses a message nor collects it twice. It uses only the common trait; it must not know a protocol.
//!
//! A [`Collector`] takes a [`Mailbox`](crate::Mailbox), a [`Policy`], a [`Ledger`] that remembers what was collected, and a
//! [`Delivery`] that stores it.
//!
//! One run is about one mailbox. For all mailboxes of an account, select one after the other, give each a name of its own for the ledger, and
//! a [folder](Maildir::folder) of the Maildir; the example `collect --folders` does it. Runs at the same time share a ledger by
//! [`SharedLedger`].
//!
//! # Order
//!
//! RETR, durable delivery, ledger, DELE, QUIT. A message is stored where no reader looks (staged), then named in the ledger, then made
//! visible (published). If a run is interrupted between any two of these, the next one finishes it. Only QUIT's `+OK` makes a deletion
//! certain (RFC 1939 §6); without it the next run learns from the listing what was deleted.
//!
//! # What is a message
//!
//! A text that came once, complete, with the size that the server declares in its listing and with the message itself. A text of another
//! size is in doubt: it is staged, and the server is asked whether it still has the message
//! ([`Mailbox::existing`](crate::Mailbox::existing)). If it has, the message is read again. The same bytes are accepted
//! ([`Event::Confirmed`]); if they differ, the second reading is stored and the message is never deleted ([`Event::Differs`]); a message
//! that is gone is not stored ([`Event::Gone`]). A message without a text is also read again. If no text comes then either, it is not
//! stored, stays on the server, and the next run tries again. After eight messages in a row came twice with the same bytes, the
//! account's sizes count as estimates ([`Event::SizesAreEstimates`]).
//!
//! With a server whose sizes are right none of this happens, and it costs no round trip.
//!
//! # Which message is which
//!
//! A message is known by its [`MessageId`](crate::MessageId) if that is stable and the listing does not contradict it. Otherwise it is known
//! by its [`Digest`]: if a UIDL is missing, empty, or the same for two messages, if an id was gone and is there again, if the message has
//! another size than before, or if the server has renumbered. Before a run deletes a message that an earlier run collected, it compares
//! the header.

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
pub use ledger::{Change, FileLedger, Ledger, MemoryLedger, Record, SharedLedger, State};
pub use plan::{Plan, Planned, Step};
pub use policy::Policy;
