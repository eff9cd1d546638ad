//! POP3 (RFC 1939, RFC 2449): collects mail onto one device. Begin with [`Pop3::connect`].
//!
//! ```no_run
//! use postroom::pop3::Pop3;
//! use postroom::Login;
//!
//! # async fn collect() -> postroom::Result<()> {
//! let mut pop3 = Pop3::connect("pop.example.org", Login::password("me", "secret")).await?;
//! let numbers: Vec<_> = pop3.list().await?.into_iter().map(|(number, _)| number).collect();
//! let mut mail = pop3.fetch(numbers);
//! while let Some(message) = mail.try_next().await? {
//!     println!("{}: {} bytes", message.number, message.bytes().len());
//! }
//! pop3.quit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Session
//!
//! * [`Pop3`]: a logged-in session on one maildrop. [`Capabilities`], [`Expire`]: what the server supports, and how
//!   long it keeps mail.
//! * [`Notices`], a stream of [`Notice`]: what the server reports to the session.
//!
//! # Maildrop
//!
//! * [`Stat`]: the number of messages and their total size. [`Flaws`]: what was wrong with the listings.
//!
//! # Messages
//!
//! * [`Number`], [`Uidl`]: the number of a message in this session, and its lasting name.
//! * [`RetrStream`], a stream of [`Retrieved`] with [`RetrievedContent`]: messages, and what is wrong with them.
//!
//! # Extensions
//!
//! * [`Language`]: a language for the server's texts (LANG, RFC 6856).
//!
//! # Values
//!
//! * [`codec`]: plain functions between bytes and these values.

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
