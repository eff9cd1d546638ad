//! An IMAP and POP3 client library.

mod engine;
mod error;
mod flag;
pub mod imap;
mod limits;

pub use error::{Code, Error, Fault, Kind, Result};
pub use flag::{Flag, FlagAction, FlagChange};
pub use limits::{Deadlines, Limits};
