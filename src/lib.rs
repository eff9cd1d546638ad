//! An IMAP and POP3 client library.

mod config;
mod conn;
mod engine;
mod error;
mod limits;
mod login;
mod sasl;

pub use config::{Config, Protocol};
pub use conn::rustls;
pub use error::{Code, Error, Fault, Kind, Result};
pub use limits::{Deadlines, Limits};
pub use login::{Login, Secret};
