//! Collecting: brings the mail of one mailbox home, by POP3 or IMAP alike, leaves it on the server or deletes it there as the user
//! chose, and neither loses a message nor brings it twice. A job over the public API only; it must not know a protocol.

mod delivery;
mod digest;
mod ledger;

pub use delivery::{Delivery, Extent, Head, Letter, Recovered, Ticket};
pub use digest::Digest;
pub use ledger::{Change, Ledger, Record, State};
