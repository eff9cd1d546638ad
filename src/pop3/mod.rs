//! POP3: the protocol for collecting mail onto one device (RFC 1939, RFC 2449).

pub mod codec;
mod engine;
mod types;

pub use engine::{Content, Retrieved};
pub use types::{Capabilities, Expire, Number, Stat, Uidl};
