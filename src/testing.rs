//! An embedded IMAP and POP3 server and a scripted peer, for tests of programs that read mail. It is written independently of the
//! client: it must not use the rest of the crate, so that a mistake there is not repeated here.
//!
//! - [`Server`] stores mail, answers the commands that it announces and refuses the others. It listens on free loopback ports, with TLS
//!   by its own authority, and serves in-memory streams for tests without sockets.
//! - [`Builder`] configures it: its users and mail, and the capabilities that it lacks, to test how a program works without them.
//! - [`Snapshot`] is the whole state of a user's mail, to be compared before and after.
//! - [`Fault`] makes a connection stall, end early, deliver in pieces or slowly, or fail at one command.
//! - [`Script`] plays the server's side of one written dialogue and reports where the client deviates from it.
//!
//! A test gives the server mail, calls the program, and checks its result and the state of the mail: in the normal case, with a server
//! that can do less, and when the connection is lost at the worst moment.
//!
//! ```
//! use postroom::imap::{Imap, Items, Uids};
//! use postroom::testing::{Fault, Server, Trouble};
//! use postroom::{Config, Error, Login};
//!
//! /// The program: the subjects of all mail.
//! async fn subjects(config: Config, login: Login) -> Result<Vec<String>, Error> {
//!     let mut imap = Imap::connect(config, login).await?;
//!     let mut inbox = imap.examine("INBOX").await?;
//!     let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE).await?;
//!     let mut subjects = Vec::new();
//!     while let Some(message) = mail.try_next().await? {
//!         subjects.push(message.subject().unwrap_or_default().into_owned());
//!     }
//!     Ok(subjects)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In a real test: #[tokio::test].
//! let server = Server::builder().user("me", "secret").start().await?;
//! server.deliver("me", "INBOX", "Subject: one\r\n\r\nGood morning.\r\n", &[]);
//! let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! let login = Login::password("me", "secret");
//!
//! let before = server.snapshot("me");
//! assert_eq!(subjects(config.clone(), login.clone()).await?, ["one"]);
//! assert_eq!(server.snapshot("me"), before); // nothing was marked as read
//!
//! server.fault(Fault::at("UID FETCH", Trouble::LoseReply)); // in the next connection
//! assert!(subjects(config.clone(), login.clone()).await.unwrap_err().is_retryable());
//! assert_eq!(subjects(config, login).await?, ["one"]);
//! # Ok(()) }
//! ```

mod builder;
mod cert;
mod deflate;
mod fault;
mod imap;
mod mime;
mod object_id;
mod options;
mod pop3;
mod sample;
mod sasl;
mod script;
mod server;
mod shared;
mod snapshot;
mod store;
mod wire;

pub use builder::Builder;
pub use fault::{Fault, Trouble};
pub use script::Script;
pub use server::Server;
pub use snapshot::{MailboxSnapshot, MessageSnapshot, Snapshot};
