//! Recipes: one short program for each common job. This module has no items, only documentation. Each recipe compiles and runs
//! against the embedded server of [`testing`](crate#features) when the crate is tested.
//!
//! In the recipes for IMAP, `config` and `login` are those of the account:
//!
//! ```
//! use postroom::{Config, Login};
//!
//! let config = Config::new("imap.example.org"); // TLS from the first byte, port 993
//! let login = Login::password("me@example.org", "secret");
//! # drop((config, login));
//! ```
//!
//! | job | recipe |
//! |---|---|
//! | show the mailboxes of an account | [List mailboxes with counts](#list-mailboxes-with-counts) |
//! | find messages on the server | [Search](#search) |
//! | show what is in a message before it is downloaded | [See what a message contains](#see-what-a-message-contains) |
//! | show the text of a message without its attachments | [Read one part](#read-one-part) |
//! | store the files of a message | [Save attachments](#save-attachments) |
//! | flag, move and delete messages | [Flag and move](#flag-and-move) |
//! | store a sent message or a draft | [Append a message](#append-a-message) |
//! | react to new mail | [Wait for new mail](#wait-for-new-mail) |
//! | store the mail of a POP3 account, each message once | [Collect mail by POP3](#collect-mail-by-pop3) |
//! | log in to Gmail or Microsoft 365 | [Log in with OAuth 2.0](#log-in-with-oauth-20) |
//! | connect through a proxy or a tunnel | [Use your own stream](#use-your-own-stream) |
//! | test a program that reads mail | [Test with the embedded server](#test-with-the-embedded-server) |
//!
//! # List mailboxes with counts
//!
//! One LIST, then one STATUS for each mailbox that can be selected, one round trip each. [`Imap::status`](crate::Imap::status) takes
//! `&self`, so several of them can share a round trip, for example with `tokio::join!`.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::Imap;
//! use postroom::imap::StatusItems;
//!
//! let imap = Imap::connect(config, login).await?;
//! let items = StatusItems::MESSAGES | StatusItems::UNSEEN;
//! for mailbox in &imap.list("*").await? {
//!     if mailbox.is_selectable() {
//!         let status = imap.status(mailbox.name.clone(), items).await?;
//!         println!("{}: {:?} messages, {:?} unread", mailbox.name, status.messages, status.unseen);
//!     }
//! }
//! # assert_eq!(imap.status("Sent", items).await?.messages, Some(2));
//! imap.logout().await?;
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Search
//!
//! The server searches, and only UIDs are transferred: one round trip. One more fetches the envelopes of the messages that match.
//! `examine` opens the mailbox for reading only.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::Imap;
//! use postroom::imap::{Items, Query};
//!
//! let mut imap = Imap::connect(config, login).await?;
//! let mut inbox = imap.examine("INBOX").await?;
//! let found = inbox.search(&Query::unseen().and(Query::subject("house"))).await?;
//! # assert!(!found.is_empty());
//! let mut mail = inbox.fetch(found, Items::ENVELOPE).await?;
//! while let Some(message) = mail.try_next().await? {
//!     let from = message.from().map(|from| from.label());
//!     println!("{}: {}", from.unwrap_or_default(), message.subject().unwrap_or_default());
//! }
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # See what a message contains
//!
//! BODYSTRUCTURE describes the parts of a message without transferring them: one round trip for any number of messages.
//! [`Fetched::contents`](crate::imap::Fetched::contents) sorts them into what a person sees. With POP3 a message has to be downloaded first;
//! [`Message::contents`](crate::Message::contents) gives the same then.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::Imap;
//! use postroom::imap::{Items, Query};
//!
//! let mut imap = Imap::connect(config, login).await?;
//! let mut inbox = imap.examine("INBOX").await?;
//! let found = inbox.search(&Query::subject("Fotos")).await?;
//! # let mut names = Vec::new();
//! let mut mail = inbox.fetch(found, Items::ENVELOPE.body_structure()).await?;
//! while let Some(message) = mail.try_next().await? {
//!     let Some(contents) = message.contents() else { continue };
//!     println!("{}", message.subject().unwrap_or_default());
//!     println!("  text: {}, HTML: {}", contents.text().is_some(), contents.html().is_some());
//!     for part in contents.attachments() {
//!         let size = part.size().map_or(0, |size| size.octets());
//!         println!("  {} ({}, about {size} bytes)", part.safe_file_name(), part.media_type());
//! #       names.push(part.safe_file_name());
//!     }
//! }
//! # assert!(names.contains(&"Pläne.pdf".to_owned()), "{names:?}");
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Read one part
//!
//! BODYSTRUCTURE describes the parts of a message without transferring them. This recipe takes the first plain text and reads only
//! that part. [`Items::binary`](crate::imap::Items::binary) has the server decode it, if it announces BINARY (RFC 3516) or IMAP4rev2;
//! without it, [`Folder::read`](crate::imap::Folder::read) returns the part in its transfer encoding.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::Imap;
//! use postroom::imap::{Items, Query};
//! use tokio::io::AsyncReadExt as _;
//!
//! let mut imap = Imap::connect(config, login).await?;
//! let mut inbox = imap.examine("INBOX").await?;
//! let uid = inbox.search(&Query::subject("programme")).await?.iter().next().ok_or("nothing found")?;
//! let message = inbox.get(uid, Items::BODY_STRUCTURE).await?.ok_or("the message is gone")?;
//! let structure = message.body_structure().ok_or("the server cannot read the message")?;
//! let text = structure.walk().find(|part| part.is("text", "plain")).ok_or("it has no plain text")?;
//!
//! let mut bytes = Vec::new();
//! inbox.read(uid, text.section()).await?.read_to_end(&mut bytes).await?;
//! println!("{} in {:?}: {} bytes", text.section(), text.encoding().map(|name| name.to_string()), bytes.len());
//! # assert!(bytes.starts_with(b"On Friday"));
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Save attachments
//!
//! The whole message is read and parsed by mail-parser, which decodes the attachments. The name of a file comes from the sender: use only
//! its last component, and never overwrite a file with it.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use std::path::Path;
//!
//! use postroom::imap::{Query, Section};
//! use postroom::mail_parser::{MessageParser, MimeHeaders as _};
//! use postroom::Imap;
//! use tokio::io::AsyncReadExt as _;
//!
//! # let folder = std::env::temp_dir().join(format!("postroom-cookbook-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let mut imap = Imap::connect(config, login).await?;
//! let mut inbox = imap.examine("INBOX").await?;
//! let uid = inbox.search(&Query::subject("Fotos")).await?.iter().next().ok_or("nothing found")?;
//! let mut bytes = Vec::new();
//! inbox.read(uid, Section::WHOLE).await?.read_to_end(&mut bytes).await?;
//!
//! let message = MessageParser::new().parse(&bytes).ok_or("the message has no header")?;
//! for part in message.attachments() {
//!     let name = part.attachment_name().and_then(|name| Path::new(name).file_name());
//!     let Some(name) = name else { continue };
//!     std::fs::write(folder.join(name), part.contents())?;
//! }
//! # assert_eq!(std::fs::metadata(folder.join("Pläne.pdf"))?.len(), 3000);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Flag and move
//!
//! A set of UIDs is one command, whatever its size. [`Folder::move_to`](crate::imap::Folder::move_to) also works on servers without MOVE.
//! To delete messages, mark them with `\Deleted` and expunge exactly those.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::imap::{Query, Uids};
//! use postroom::{Flag, FlagChange, Imap};
//!
//! let mut imap = Imap::connect(config, login).await?;
//! let inbox = imap.select("INBOX").await?;
//! let newsletters = inbox.search(&Query::from("news@harbour.example")).await?;
//! # assert!(!newsletters.is_empty());
//! inbox.store(newsletters.clone(), &FlagChange::add([Flag::SEEN])).await?;
//! inbox.move_to(newsletters, "Archive").await?;
//!
//! let old: Uids = inbox.search(&Query::subject("parcel")).await?;
//! inbox.store(old.clone(), &FlagChange::add([Flag::DELETED])).await?;
//! inbox.expunge(old).await?;
//! # assert!(server.snapshot("alice").unwrap().messages("Archive").len() > 1);
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Append a message
//!
//! The lines of a message end in CRLF. Without [`flags`](crate::imap::Append::flags) it has no flags, and without
//! [`date`](crate::imap::Append::date) its INTERNALDATE is now. The server returns the new UID if it has UIDPLUS.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::imap::Append;
//! use postroom::{Flag, Imap};
//!
//! let imap = Imap::connect(config, login).await?;
//! let message = "From: me@example.org\r\nSubject: a draft\r\n\r\nHello!\r\n";
//! let stored = imap.append("Drafts", Append::from(message).flags([Flag::DRAFT, Flag::SEEN])).await?;
//! # assert!(stored.is_some());
//! imap.logout().await?;
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Wait for new mail
//!
//! The folder cannot run another command while it is watched. So drop the stream, fetch the new messages, and watch again: events that
//! happen between are kept and come first. [`Folder::idle`](crate::imap::Folder::idle) polls if the server has no IDLE, and renews IDLE
//! by itself. If the connection is lost, connect again: see [`Error::is_retryable`](crate::Error::is_retryable).
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::imap::{Event, Items, Uid, Uids};
//! use postroom::Imap;
//!
//! let mut imap = Imap::connect(config, login).await?;
//! let mut inbox = imap.examine("INBOX").await?;
//! let mut next = inbox.next_uid().await?.map_or_else(|| Uid::new(1), Ok)?;
//! # server.deliver("alice", "INBOX", "From: ann@example.org\r\nSubject: hello\r\n\r\n", &[]);
//! loop {
//!     let mut events = inbox.idle().await?;
//!     let Some(event) = events.try_next().await? else { break };
//!     drop(events);
//!     if !matches!(event, Event::Exists(_)) {
//!         continue; // flags changed, or messages were removed
//!     }
//!     let mut mail = inbox.fetch(format!("{next}:*").parse::<Uids>()?, Items::ENVELOPE).await?;
//! #   let mut shown = 0;
//!     while let Some(message) = mail.try_next().await? {
//!         // `n:*` includes the last message even if its UID is below n.
//!         let Some(uid) = message.uid().filter(|uid| *uid >= next) else { continue };
//!         println!("new: {}", message.subject().unwrap_or_default());
//!         next = Uid::new(uid.as_u32().saturating_add(1))?;
//! #       shown += 1;
//!     }
//! #   if shown == 1 { break }
//! }
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Collect mail by POP3
//!
//! A [`Collector`](crate::collect::Collector) stores each message once, even if it is interrupted, and deletes on the server only what is
//! stored and what the [`Policy`](crate::collect::Policy) lets go. The same code works with an IMAP
//! [`Folder`](crate::imap::Folder), since both are a [`Mailbox`](crate::Mailbox).
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::collect::{Collector, FileLedger, Maildir, Policy};
//! use postroom::Pop3;
//!
//! # let config = config.port(server.pop3s_port());
//! # let folder = std::env::temp_dir().join(format!("postroom-cookbook-pop3-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let ledger = FileLedger::open(folder.join("ledger")).await?;
//! let delivery = Maildir::open(folder.join("mail")).await?;
//! let mut collector = Collector::new("alice@example.org", ledger, delivery).policy(Policy::keep().days(30));
//!
//! let mut maildrop = Pop3::connect(config, login).await?;
//! let summary = collector.run(&mut maildrop).finish().await?;
//! println!("{summary}");
//! # assert_eq!(summary.failed, 0);
//! # assert!(std::fs::read_dir(folder.join("mail/new"))?.count() > 10);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Log in with OAuth 2.0
//!
//! The provider returns an access token. It is called once for each login, and once more with `refused` set if the server does not accept
//! the token: then return a new one. Getting the tokens is the program's task; any OAuth crate can do it.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().token("alice", "fresh").auth_mechanisms(["XOAUTH2"]).start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! use postroom::{Imap, Login, Secret, TokenError};
//!
//! let login = Login::oauth("alice", |refused: bool| async move {
//!     let token = if refused { renew().await? } else { cached() };
//!     Ok::<_, TokenError>(Secret::from(token))
//! });
//! let imap = Imap::connect(config, login).await?;
//! # imap.logout().await?;
//! # fn cached() -> String { "expired".to_owned() }
//! # async fn renew() -> Result<String, TokenError> { Ok("fresh".to_owned()) }
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Use your own stream
//!
//! `handshake` takes any stream that implements tokio's `AsyncRead` and `AsyncWrite`. TLS is set up over it as the configuration says,
//! and the configuration's host is the name in the certificate. The returned [`Driver`](crate::Driver) does the reading and
//! writing: spawn it, or poll it beside the calls.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = postroom::testing::Server::builder().sample_mail().start().await?;
//! # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//! # let login = postroom::Login::password("alice", "alicepw");
//! use postroom::Imap;
//! use tokio::net::TcpStream;
//!
//! # let port = server.imaps_port();
//! let stream = TcpStream::connect(("127.0.0.1", port)).await?; // or a SOCKS proxy, an SSH channel, a pipe
//! let (imap, driver) = Imap::handshake(stream, config, login).await?;
//! let driver = tokio::spawn(driver);
//! imap.noop().await?;
//! imap.logout().await?;
//! driver.await??;
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Test with the embedded server
//!
//! With the feature `testing`, a server runs inside the test: no network, no account, no Docker. Give it mail, run the program, and
//! compare the server's state. A `Fault` makes it fail at the moment that the test is about. In a crate's own tests:
//! `postroom = { version = "*", features = ["testing"] }` under `[dev-dependencies]`.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use postroom::testing::{Fault, Server, Trouble};
//! use postroom::{Config, Error, Imap, Login};
//!
//! /// The program under test: how many messages are in the mailbox.
//! async fn count(config: Config) -> Result<u32, Error> {
//!     let mut imap = Imap::connect(config, Login::password("me", "secret")).await?;
//!     let count = imap.examine("INBOX").await?.info()?.exists;
//!     Ok(count)
//! }
//!
//! let server = Server::builder().user("me", "secret").start().await?;
//! server.deliver("me", "INBOX", "Subject: one\r\n\r\nGood morning.\r\n", &[]);
//! let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
//!
//! let before = server.snapshot("me");
//! assert_eq!(count(config.clone()).await?, 1);
//! assert_eq!(server.snapshot("me"), before); // the program changed nothing
//!
//! server.fault(Fault::at("EXAMINE", Trouble::LoseReply)); // for the next connection
//! assert!(count(config).await.unwrap_err().is_retryable());
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
