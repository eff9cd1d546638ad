//! An IMAP and POP3 client library: sessions, streams, and one trait for both protocols.
//!
//! ```no_run
//! use postroom::imap::{Items, Uids};
//! use postroom::{Imap, Login};
//!
//! # async fn five_lines() -> postroom::Result<()> {
//! let mut imap = Imap::connect("imap.example.org", Login::password("me", "secret")).await?;
//! let mut inbox = imap.select("INBOX").await?;
//! let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE.flags()).await?;
//! while let Some(message) = mail.try_next().await? {
//!     println!("{:?}", message.subject());
//! }
//! imap.logout().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to begin
//!
//! [`Imap`] and [`Pop3`] are logged-in sessions. Both are made from a [`Config`], or just a host name, and a [`Login`]. In an IMAP
//! session, select a mailbox to get a [`Folder`](imap::Folder); a POP3 session is its one maildrop. Both implement [`Mailbox`], the
//! trait for what the protocols have in common, and [`open`](open()) opens either by its URL. [`Contents`] is a message as a person
//! sees it: text, HTML, attachments. [`connector`] has other ways to the server than TCP. [`Message::parse`] parses a message with
//! mail-parser. [`collect`] does a whole job with any mailbox: it stores each message once, and deletes it on the server or leaves
//! it there.
//!
//! The [`cookbook`] has a short program for each common job.
//!
//! # Rules of the whole crate
//!
//! **Cancellation.** Every future and stream can be dropped at every await point. The session stays correct: a command that was
//! not sent is withdrawn; the answer to one that was sent is read and discarded.
//!
//! **Borrowing.** A call that returns a value takes `&self`, and several can run at the same time. A call that returns a stream takes
//! `&mut self`, so that no command can wait for a stream that is not read.
//!
//! **Deletion.** Downloading and dropping delete nothing. [`Mailbox::mark_deleted`] marks, [`Mailbox::commit`] makes it final.
//!
//! **Limits.** [`Limits`] and [`Deadlines`] bound the memory and the time that a server can cost. A flaw in one message is a [`Defect`]
//! of that message. A response whose end is not known ends the connection with one [`Error`]. An `Err` of a stream is always its end.
//!
//! **Errors.** One opaque [`Error`], with its [`kind`](Error::kind), the server's [`code`](Error::code), whether it
//! [is retryable](Error::is_retryable), and whose [`fault`](Error::fault) it is. `{}` prints one sentence, `{:#}` the causes too.
//!
//! **Round trips.** The docs give the cost of a call in round trips: the number of times that it waits for the server's answer.
//!
//! **Runtime.** `connect` needs a tokio runtime and spawns one task for each session. `handshake` takes the caller's own stream and
//! returns the [`Driver`] instead, the future that does the reading and writing.
//!
//! **Log.** By [`tracing`](https://docs.rs/tracing). The target `postroom` has a span for each connection and each command at DEBUG, with
//! counts of bytes and messages. The target `postroom::wire` has every line at TRACE, escaped and cut to 200 bytes, with the size of a
//! literal or of a POP3 message's text instead of its content. Passwords, tokens and proofs never appear in the log, in errors or in
//! `Debug` output, even if the server echoes them. A [`Recorder`] keeps whole dialogues.
//!
//! How the crate is built, and where to look for what, is in [`architecture`].
//!
//! # Features
//!
//! Features only add. The first seven are on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `net` | sessions: sockets, TLS, logins, [`Mailbox`]; needs tokio |
//! | `imap` | the module [`imap`]; with `net` also [`Imap`] |
//! | `pop3` | the module [`pop3`]; with `net` also [`Pop3`] |
//! | `collect` | the module [`collect`]; turns on `net` |
//! | `account` | the module [`account`]; turns on `net`, `imap` and `pop3` |
//! | `mail-parser` | [`Message::parse`], and the charsets that only mail uses (UTF-7, DOS code pages) in decoded text |
//! | `aws-lc-rs` | TLS by aws-lc-rs, with post-quantum key exchange (X25519MLKEM768) if the server has it; turns on `net` |
//! | `ring` | TLS by ring, if `aws-lc-rs` is off; it has no post-quantum key exchange; turns on `net` |
//! | `platform-roots` | [`Config::platform_roots`]: trust what the operating system trusts, also a company's own authority; turns on `net` |
//! | `proxy` | `connector::Proxy`: connections through SOCKS5 and HTTP CONNECT proxies; turns on `net` |
//! | `serde` | `serde::Serialize` for messages, contents, pages, threads and mailboxes; `Deserialize`, too, for names, ids, flags and tokens |
//! | `sqlite` | [`collect::SqliteLedger`], with SQLite compiled in; turns on `collect` |
//! | `testing` | the module [`testing`]: an IMAP and POP3 server and a scripted peer in your own process; turns on `net` and `mail-parser` |
//!
//! Without `net` the values, codecs and engines remain. They use no socket, no clock and no random numbers, and build for
//! `wasm32-unknown-unknown`. With `net` but without `aws-lc-rs` and `ring`, TLS uses the default provider of rustls that the program
//! has installed.

#![cfg_attr(
    not(all(feature = "account", feature = "mail-parser")),
    allow(dead_code, unused_imports, reason = "what only the parts that are left out use")
)]

#[cfg(feature = "account")]
pub mod account;
#[cfg(all(doc, feature = "net", feature = "imap", feature = "pop3"))]
pub mod architecture;
#[cfg(feature = "net")]
mod authentication;
#[cfg(feature = "net")]
mod body;
#[cfg(feature = "collect")]
pub mod collect;
#[cfg(feature = "net")]
mod config;
#[cfg(feature = "net")]
mod conn;
#[cfg(any(feature = "net", feature = "imap", feature = "mail-parser"))]
mod contents;
#[cfg(all(feature = "collect", feature = "imap", feature = "pop3"))]
pub mod cookbook;
mod defect;
#[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
#[doc(hidden)]
pub mod doctest;
mod engine;
mod error;
mod flag;
mod flags;
#[cfg(feature = "imap")]
pub mod imap;
#[cfg(feature = "net")]
mod io;
mod judge;
mod limits;
mod login;
#[cfg(feature = "net")]
mod mailbox;
mod message_id;
mod messages;
#[cfg(all(feature = "net", any(feature = "imap", feature = "pop3")))]
mod open;
#[cfg(feature = "net")]
mod part_body;
#[cfg(feature = "pop3")]
pub mod pop3;
#[cfg(feature = "net")]
mod preview;
#[cfg(feature = "net")]
mod recorder;
#[cfg(feature = "net")]
mod redact;
#[cfg(feature = "net")]
mod sasl;
#[cfg(feature = "serde")]
mod serialize;
#[cfg(feature = "net")]
mod start_error;
#[cfg(feature = "collect")]
mod store;
#[cfg(feature = "net")]
mod temporary;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(any(feature = "net", feature = "imap", feature = "mail-parser"))]
mod text;
mod wire;
mod word_list;

#[cfg(feature = "net")]
pub use body::Body;
#[cfg(feature = "net")]
pub use config::{Config, KeepAlive, Protocol};
#[cfg(fuzzing)]
#[doc(hidden)]
pub use conn::fuzzing::deflate as fuzzing_deflate;
#[cfg(feature = "net")]
pub use conn::{Driver, Notices, Traffic, connector};
#[cfg(any(feature = "net", feature = "imap", feature = "mail-parser"))]
pub use contents::{Contents, Disposition, ListUnsubscribe, MimePart, PartRole, PartSize, TransferEncoding};
pub use defect::{Defect, Reason};
pub use error::{Code, Error, Fault, Kind, Replay, Result};
pub use flag::{Flag, FlagAction, FlagChange};
pub use flags::Flags;
#[cfg(all(feature = "net", feature = "imap"))]
pub use imap::Imap;
pub use limits::{Deadlines, Limits};
pub use login::{
    Login, SaslError, SaslExchange, SaslMechanism, SaslPeer, Secret, TokenError, TokenFuture, TokenProvider,
};
#[cfg(feature = "net")]
pub use mailbox::{BoxFuture, Changes, Committed, Entry, Features, Find, Found, Mailbox, Part};
pub use message_id::MessageId;
#[cfg(feature = "mail-parser")]
pub use messages::mail_parser;
pub use messages::{Message, Messages};
#[cfg(all(feature = "net", any(feature = "imap", feature = "pop3")))]
pub use open::{TryIntoConfig, open};
#[cfg(feature = "net")]
pub use part_body::PartBody;
#[cfg(all(feature = "net", feature = "pop3"))]
pub use pop3::Pop3;
#[cfg(feature = "net")]
pub use recorder::Recorder;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use sasl::fuzzing::challenges as fuzzing_sasl;
#[cfg(feature = "net")]
pub use tokio_rustls::rustls;
pub use word_list::WordList;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
