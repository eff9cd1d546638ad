//! An IMAP and POP3 client library.

mod defect;
mod engine;
mod error;
pub mod imap;
mod limits;
mod wire;

pub use defect::{Defect, Reason};
pub use error::{Code, Error, Fault, Kind, Result};
pub use limits::{Deadlines, Limits};
