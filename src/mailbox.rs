//! The common interface of both protocols: the trait [`Mailbox`] and its values. A program that uses it reads mail by IMAP and by
//! POP3; [`Features`] says what only one of them can do. It must not know a protocol or a socket.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use time::OffsetDateTime;

use crate::body::Body;
use crate::error::{Error, Result};
use crate::flag::FlagChange;
use crate::flags::Flags;
use crate::message_id::MessageId;
use crate::messages::Messages;

/// The future of a trait method, boxed once for each call.
///
/// ```
/// use postroom::{BoxFuture, Mailbox, Result};
///
/// fn count(mailbox: &mut dyn Mailbox) -> BoxFuture<'_, Result<usize>> {
///     Box::pin(async { Ok(mailbox.entries().await?.len()) })
/// }
/// # let _ = count;
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One open mailbox of either protocol: an IMAP [`Folder`](crate::imap::Folder) or a POP3 maildrop, [`Pop3`](crate::Pop3).
///
/// A command is sent when the future of a method is first polled. Every future can be dropped at any time: the session stays correct
/// and the next call works. If a protocol or server cannot do something, the error is [`Kind::Unsupported`](crate::Kind::Unsupported),
/// before anything is sent; [`features`](Self::features) says it in advance.
///
/// Dropping never deletes a message: [`mark_deleted`](Self::mark_deleted) only marks, [`commit`](Self::commit) makes it final.
///
/// **Your own mailbox** can implement the trait. A method that a later version adds has a default body, which returns
/// [`Kind::Unsupported`](crate::Kind::Unsupported), so that it keeps compiling.
///
/// # Errors of every method
///
/// In addition to those that a method names: [`Kind::Timeout`](crate::Kind::Timeout), [`Kind::Io`](crate::Kind::Io),
/// [`Kind::Protocol`](crate::Kind::Protocol) and [`Kind::Limit`](crate::Kind::Limit) if the connection fails, and
/// [`Kind::Closed`](crate::Kind::Closed) after it has failed.
///
/// ```
/// use postroom::{Mailbox, Part, Result};
///
/// /// The subjects of a mailbox of either protocol.
/// async fn subjects(mailbox: &mut dyn Mailbox) -> Result<Vec<String>> {
///     let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
///     let mut headers = mailbox.messages(&ids, Part::Header).await?;
///     let mut subjects = Vec::new();
///     while let Some(message) = headers.try_next().await? {
///         subjects.push(message.parse().and_then(|mail| Some(mail.subject()?.to_owned())).unwrap_or_default());
///     }
///     Ok(subjects)
/// }
/// # let _ = subjects;
/// ```
pub trait Mailbox: Send {
    /// What this mailbox can do. It never touches the wire.
    fn features(&self) -> Features;

    /// All messages that are in the mailbox now, in the server's order. One or two round trips, and about 40 bytes for each message.
    ///
    /// # Errors
    ///
    /// In POP3, [`Kind::Limit`](crate::Kind::Limit) if there are more messages than [`Limits::untagged`](crate::Limits::untagged).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::Mailbox;
    /// for entry in mailbox.entries().await? {
    ///     println!("{}: {:?} bytes", entry.id, entry.size);
    /// }
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>>;

    /// The number of flaws in the server's listings: lines or responses that could not be read, and messages with contradictory data.
    /// Such a message may be missing from [`entries`](Self::entries). It never touches the wire. 0 if an implementation does not count
    /// them.
    fn listing_flaws(&self) -> u64 {
        0
    }

    /// Streams these messages, or a part of each, in the order in which the server sends them. One round trip, more for a very long
    /// list of ids; in POP3 without PIPELINING, one for each message.
    ///
    /// Messages that are gone are left out. A message that the server refuses, or for which it sends no text, has no bytes and a
    /// [defect](crate::Message::defects). No message is marked as read.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for ids of another mailbox, before anything is sent.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::{Mailbox, Part};
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// let mut mail = mailbox.messages(&ids, Part::Preview(5)).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{}: {} bytes", message.id(), message.bytes().len());
    /// }
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn messages<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>>;

    /// Reads one message of any size, in memory bounded by [`Limits::window`](crate::Limits::window). At its end,
    /// [`Body::defects`] says whether it has another length than the server declares.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`](crate::Kind::Rejected) if the message is gone, [`Kind::Missing`](crate::Kind::Missing) if the server sends no
    /// text for it, [`Kind::Input`](crate::Kind::Input) for an id of another mailbox.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::Mailbox;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// let first = mailbox.entries().await?.into_iter().next().ok_or("the mailbox is empty")?;
    /// let mut text = Vec::new();
    /// mailbox.open(&first.id).await?.read_to_end(&mut text).await?;
    /// # assert!(!text.is_empty());
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn open<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>>;

    /// The messages among these that the server still has, in the order of `ids`. Use it before a message that arrived in doubt, or not
    /// at all, is read again. One round trip: NOOP, so that the server can report removed messages, and UID SEARCH (RFC 2180 §4.1.2).
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) in POP3, where no message goes during a session, and in an implementation without
    /// this method; [`Kind::Input`](crate::Kind::Input) for ids of another mailbox; [`Kind::Rejected`](crate::Kind::Rejected) if the
    /// server refuses the search and reports none of the messages as gone. If it refuses and reports some as gone, all others count
    /// as present.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::Mailbox;
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// assert_eq!(mailbox.existing(&ids).await?, ids);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn existing<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<MessageId>>> {
        let _ = ids;
        Box::pin(async { Err(Error::unsupported("this mailbox cannot report which of its messages still exist")) })
    }

    /// Changes the flags of these messages. One round trip, more for a very long list of ids.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) in POP3, which has no flags, and in a mailbox that is open for reading only;
    /// [`Kind::Input`](crate::Kind::Input) for ids of another mailbox; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::{Flag, FlagChange, Mailbox};
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// mailbox.flag(&ids, &FlagChange::add([Flag::SEEN])).await?;
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn flag<'a>(&'a mut self, ids: &'a [MessageId], change: &'a FlagChange) -> BoxFuture<'a, Result<()>>;

    /// Marks these messages for deletion by [`commit`](Self::commit). If the mailbox is dropped instead, nothing is deleted. In IMAP it
    /// does not touch the wire. In POP3 it sends DELE for each message: one round trip with PIPELINING, otherwise one for each message.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) if [`Features::delete`] is not set; [`Kind::Input`](crate::Kind::Input) for ids of
    /// another mailbox; [`Kind::Rejected`](crate::Kind::Rejected) if a POP3 server refuses.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::Mailbox;
    /// let oldest = mailbox.entries().await?.into_iter().next().ok_or("the mailbox is empty")?;
    /// mailbox.mark_deleted(&[oldest.id]).await?;
    /// # assert_eq!(server.snapshot("alice").unwrap().messages("INBOX").len(), 30);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn mark_deleted<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>>;

    /// Waits until the mailbox has changed: by IMAP's IDLE, otherwise by polling at intervals. POP3 has to end its session and begin
    /// another one for each poll. [`Features::changes`] says which.
    ///
    /// # Errors
    ///
    /// In POP3, [`Kind::Input`](crate::Kind::Input) while deletions are marked, and
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) over the caller's own stream, which cannot be connected again.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::Mailbox;
    /// # let known = mailbox.entries().await?;
    /// # server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]);
    /// mailbox.changed().await?;
    /// println!("{} messages now", mailbox.entries().await?.len());
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn changed(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Makes the marked deletions final and returns which of them are certain. A POP3 maildrop is closed afterwards, an IMAP folder
    /// stays open. One round trip in POP3 (QUIT), two in IMAP (UID STORE and UID EXPUNGE).
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`](crate::Kind::Rejected) if an IMAP server refuses. If the connection is lost before the reply, or a POP3 server
    /// refuses, it is not an error: the deletions are [`unknown`](Committed::unknown).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::Mailbox;
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// mailbox.mark_deleted(&ids).await?;
    /// let committed = mailbox.commit().await?;
    /// assert_eq!((committed.deleted.len(), committed.unknown.len()), (30, 0));
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>>;
}

/// What a mailbox can do.
///
/// ```
/// use postroom::{Changes, Features};
///
/// fn describe(features: Features) -> &'static str {
///     match features.changes {
///         Changes::Push => "the server pushes changes",
///         Changes::Poll(_) => "changes are polled",
///         _ => "changes are seen in the next session",
///     }
/// }
/// # assert_eq!(describe(Features::none()), "changes are seen in the next session");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Features {
    /// How [`Mailbox::changed`] finds changes.
    pub changes: Changes,
    /// Whether messages have flags that [`Mailbox::flag`] can change.
    pub flags: bool,
    /// Whether the account can have other mailboxes.
    pub folders: bool,
    /// Whether ids remain the same in later sessions.
    pub stable_ids: bool,
    /// Whether [`Mailbox::mark_deleted`] and [`Mailbox::commit`] can delete exactly the given messages.
    pub delete: bool,
    /// Whether the server may hide or delete a message because it was downloaded, as Gmail's POP3 can be configured to do.
    pub may_hide_downloaded: bool,
    /// How long the server keeps a message at least, if it announces that it removes messages by itself (POP3: EXPIRE, RFC 2449 §6.7).
    /// Zero: it may remove a message that was downloaded when the session ends. The server decides from when on it counts.
    pub kept_for: Option<Duration>,
}

/// How changes of a mailbox are found.
///
/// ```
/// use std::time::Duration;
///
/// use postroom::Changes;
///
/// assert_ne!(Changes::Poll(Duration::from_secs(60)), Changes::Push);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Changes {
    /// The server reports them at once.
    Push,
    /// By polling at this interval.
    Poll(Duration),
    /// Not at all: the session cannot be connected again.
    None,
}

/// One message in a listing.
///
/// ```
/// use postroom::{Entry, MessageId};
///
/// let entry = Entry::new(MessageId::other("stub", "1"));
/// assert!(entry.size.is_none() && entry.flags.is_none());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its id, valid for later calls and, with [`Features::stable_ids`], for later sessions.
    pub id: MessageId,
    /// Its size in octets as the server reports it. It is advisory; it is often wrong.
    pub size: Option<u64>,
    /// Its flags; `None` if the protocol has none.
    pub flags: Option<Flags<'static>>,
    /// When it arrived; `None` if the protocol does not report it.
    pub received: Option<OffsetDateTime>,
}

/// How much of each message [`Mailbox::messages`] transfers.
///
/// ```
/// use postroom::Part;
///
/// let part = if true { Part::Preview(10) } else { Part::Whole };
/// # assert_eq!(part, Part::Preview(10));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// The header, with the empty line after it if the server sends it.
    Header,
    /// The header and the start of the text: this number of lines in POP3, 80 octets for each line in IMAP.
    Preview(u32),
    /// The whole message, byte for byte.
    Whole,
}

/// The result of the marked deletions.
///
/// ```
/// use postroom::Committed;
///
/// let committed = Committed::default();
/// assert!(committed.deleted.is_empty() && committed.unknown.is_empty());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
#[must_use = "a deletion that is unknown may have to be made again"]
pub struct Committed {
    /// Certainly deleted on the server.
    pub deleted: Vec<MessageId>,
    /// Marked, but the reply that would make it certain was lost or negative. A new listing shows which of them are deleted.
    pub unknown: Vec<MessageId>,
}

impl Entry {
    /// An entry with only an id, for implementations of [`Mailbox`].
    pub fn new(id: MessageId) -> Self {
        Self { id, size: None, flags: None, received: None }
    }
}

impl Features {
    /// A mailbox that can only list and fetch, for implementations of [`Mailbox`].
    pub const fn none() -> Self {
        Self {
            changes: Changes::None,
            flags: false,
            folders: false,
            stable_ids: false,
            delete: false,
            may_hide_downloaded: false,
            kept_for: None,
        }
    }
}
