//! An IMAP and POP3 client library.

mod engine;
mod error;
mod limits;

pub use error::{Code, Error, Fault, Kind, Result};
pub use limits::{Deadlines, Limits};
