//! An embedded IMAP and POP3 server and a scripted peer, for tests of programs that read mail. It is written apart from
//! the client: it must use nothing of the rest of the crate, so that a mistake there cannot be mirrored here.
//!
//! - [`Server`] keeps what it is given, answers what it announces and refuses the rest. It listens on free loopback
//!   ports, with TLS by an authority of its own, and serves in-memory streams for tests without sockets.
//! - [`Snapshot`] is a user's whole state, to be compared before and after.
//! - [`Fault`] makes a connection stall, end early or come in pieces.
//! - [`Script`] plays the server's side of one written dialogue and tells where the client left it.
//!
//! ```
//! use postroom::testing::Server;
//! use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let server = Server::builder().sample_mail().in_memory()?;
//! let mut stream = BufReader::new(server.imap_stream());
//! let mut greeting = String::new();
//! stream.read_line(&mut greeting).await?;
//! assert!(greeting.starts_with("* OK [CAPABILITY IMAP4rev1"));
//! stream.write_all(b"a LOGIN alice alicepw\r\n").await?;
//! let mut reply = String::new();
//! stream.read_line(&mut reply).await?;
//! assert!(reply.starts_with("a OK"));
//! assert!(server.snapshot("alice").unwrap().messages("INBOX").len() > 20);
//! # Ok(()) }
//! ```

mod builder;
mod cert;
mod fault;
mod imap;
mod mime;
mod pop3;
mod sample;
mod sasl;
mod script;
mod server;
mod snapshot;
mod store;
mod wire;

pub use builder::Builder;
pub use fault::Fault;
pub use script::Script;
pub use server::Server;
pub use snapshot::{MailboxSnapshot, MessageSnapshot, Snapshot};
