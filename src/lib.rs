//! An IMAP and POP3 client library.

mod body;
mod config;
mod conn;
mod defect;
mod engine;
mod error;
mod flag;
pub mod imap;
mod limits;
mod login;
mod mailbox;
mod message_id;
mod messages;
pub mod pop3;
mod sasl;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;

pub use body::Body;
pub use config::{Config, Protocol};
pub use conn::{Driver, rustls};
pub use defect::{Defect, Reason};
pub use error::{Code, Error, Fault, Kind, Result};
pub use flag::{Flag, FlagAction, FlagChange};
pub use imap::Imap;
pub use limits::{Deadlines, Limits};
pub use login::{Login, Secret};
pub use mailbox::{BoxFuture, Committed, Entry, Features, Idling, Mailbox, Part};
pub use message_id::MessageId;
pub use messages::{Message, Messages, mail_parser};
pub use pop3::Pop3;
