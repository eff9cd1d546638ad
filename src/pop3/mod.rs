//! POP3: the protocol for collecting mail onto one device (RFC 1939, RFC 2449). It begins at [`Pop3`].

pub mod codec;
mod engine;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "net")]
mod session;
mod types;

#[cfg(feature = "net")]
pub use session::{Notices, Pop3, RetrStream};
pub use types::{Capabilities, Expire, Flaws, Language, Notice, Number, Retrieved, RetrievedContent, Stat, Uidl};
