//! POP3: the protocol for collecting mail onto one device (RFC 1939, RFC 2449). It begins at [`Pop3`].

mod census;
pub mod codec;
mod engine;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod look;
mod mailbox;
mod names;
mod session;
mod types;

pub use engine::{Content, Retrieved};
pub use session::{Pop3, Retrieval};
pub use types::{Capabilities, Expire, Flaws, Language, Number, Stat, Uidl};
