//! An IMAP and POP3 client library.

mod engine;
mod error;
pub mod imap;
mod limits;
mod wire;

pub use error::{Code, Error, Fault, Kind, Result};
pub use limits::{Deadlines, Limits};
