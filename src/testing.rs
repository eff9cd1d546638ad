//! An embedded IMAP and POP3 server and a scripted peer, for tests of programs that read mail. It is written apart from
//! the client: it must use nothing of the rest of the crate, so that a mistake there cannot be mirrored here.
//!
//! - [`Server`] keeps what it is given, answers what it announces and refuses the rest. It listens on free loopback
//!   ports, with TLS by an authority of its own, and serves in-memory streams for tests without sockets.
//! - [`Builder`] says how it shall be: its users and mail, and which capabilities it has not, so that the way a program
//!   takes without them is tried too.
//! - [`Snapshot`] is a user's whole state, to be compared before and after.
//! - [`Fault`] makes a connection stall, end early, come in pieces or slowly, or go wrong at one command.
//! - [`Script`] plays the server's side of one written dialogue and tells where the client left it.
//!
//! A test gives the server mail, calls the program, and looks at what came out of it and what became of the mail: when all
//! is well, when the server can do less, and when the connection is lost at the worst moment.
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
//! server.fault(Fault::at("UID FETCH", Trouble::LoseReply)); // for the next connection
//! assert!(subjects(config.clone(), login.clone()).await.unwrap_err().is_retryable());
//! assert_eq!(subjects(config, login).await?, ["one"]);
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
pub use fault::{Fault, Trouble};
pub use script::Script;
pub use server::Server;
pub use snapshot::{MailboxSnapshot, MessageSnapshot, Snapshot};
