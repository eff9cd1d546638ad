//! An IMAP and POP3 client library.

mod body;
mod conn;
mod engine;
mod error;
mod limits;
mod mailbox;
mod message_id;
mod messages;
pub mod pop3;

pub use body::Body;
pub use error::{Code, Error, Fault, Kind, Result};
pub use limits::{Deadlines, Limits};
pub use mailbox::{BoxFuture, Committed, Entry, Features, Idling, Mailbox, Part};
pub use message_id::MessageId;
pub use messages::{Message, Messages};
