//! [`Delivery`]: where collected messages go, in two steps, so that an abort between them neither loses a message nor delivers
//! it twice. The implementations are in the files below; none of them may know the ledger or a server.

mod callback;
mod encode;
mod info;
mod maildir;
mod mbox;
mod name;
mod staging;

use std::fmt;

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::io::AsyncRead;

use crate::{BoxFuture, Flags, MessageId, Result};

pub use callback::Callback;
pub use encode::LineEnds;
pub use maildir::Maildir;
pub use mbox::Mbox;

/// Where messages are delivered to.
///
/// A message is first *staged*: stored durably, where no reader of mail looks. Its [`Ticket`] then goes into the ledger, and only
/// then it is *published*, which makes it visible. A run that is interrupted in between leaves tickets in the ledger; the next one
/// passes them to [`recover`](Self::recover) before anything else.
///
/// Storage that fails is [`Kind::Storage`](crate::Kind::Storage) ([`Error::storage`](crate::Error::storage)). After a failure of one
/// message the message stays on the server and the run continues, unless the cause affects all messages, like a full disk.
///
/// Each of these futures may be dropped before it ends. Work that continues then, on a blocking thread, must end before the next call
/// begins its own.
///
/// ```
/// use postroom::collect::{Delivery, Letter};
/// use postroom::Result;
///
/// /// Stores messages at once, without a run.
/// async fn deliver(delivery: &mut dyn Delivery, letters: &[Letter]) -> Result<()> {
///     let tickets: Vec<_> = delivery.stage(letters).await.into_iter().collect::<Result<_>>()?;
///     // Here a run notes the tickets in its ledger.
///     delivery.publish(&tickets).await.into_iter().collect()
/// }
/// ```
pub trait Delivery: Send {
    /// Returns what became of messages that an earlier run had staged, and discards staged messages that are not named here. Called once, at
    /// the beginning of each run. One result for each ticket, in order.
    ///
    /// ```
    /// use postroom::collect::{Delivery, Head, Letter, Maildir};
    /// use postroom::MessageId;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-recover-{}", std::process::id()));
    /// let mut delivery = Maildir::open(&dir).await?;
    /// assert!(delivery.recover(&[]).await?.is_empty()); // an earlier run left no tickets
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    fn recover<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<Vec<Recovered>>>;

    /// Stores these messages, durable when it returns. One result for each message, in order. Some may stay staged for a long time while
    /// others are published or discarded.
    ///
    /// ```
    /// use postroom::collect::{Delivery, Head, Letter, Maildir};
    /// use postroom::MessageId;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-stage-{}", std::process::id()));
    /// let mut delivery = Maildir::open(&dir).await?;
    /// let letter = Letter::new(Head::new(MessageId::other("shop", "1")), "Subject: Order\r\n\r\nThree apples\r\n");
    /// for ticket in delivery.stage(&[letter]).await {
    ///     println!("durable, not yet visible: {}", ticket?);
    /// }
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    fn stage<'a>(&'a mut self, letters: &'a [Letter]) -> BoxFuture<'a, Vec<Result<Ticket>>>;

    /// Stores one message that is too large to be held in memory, durable when it returns. If reading `body` fails, the error is
    /// returned as it is, by `Error::from`, and nothing stays staged.
    ///
    /// ```
    /// use postroom::collect::{Delivery, Head, Letter, Maildir};
    /// use postroom::MessageId;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-stream-{}", std::process::id()));
    /// let mut delivery = Maildir::open(&dir).await?;
    /// let head = Head::new(MessageId::other("shop", "1"));
    /// let ticket = delivery.stage_stream(&head, &mut &b"Subject: Order\r\n\r\nThree apples\r\n"[..]).await?;
    /// assert!(!ticket.as_str().is_empty());
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    fn stage_stream<'a>(
        &'a mut self,
        head: &'a Head,
        body: &'a mut (dyn AsyncRead + Send + Unpin),
    ) -> BoxFuture<'a, Result<Ticket>>;

    /// Makes staged messages visible, in this order; durable when it returns. One result for each ticket, in order.
    ///
    /// ```
    /// use postroom::collect::{Delivery, Head, Letter, Maildir};
    /// use postroom::MessageId;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-publish-{}", std::process::id()));
    /// let mut delivery = Maildir::open(&dir).await?;
    /// let letter = Letter::new(Head::new(MessageId::other("shop", "1")), "Subject: Order\r\n\r\nThree apples\r\n");
    /// for ticket in delivery.stage(&[letter]).await {
    ///     for published in delivery.publish(&[ticket?]).await {
    ///         published?;
    ///     }
    /// }
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    fn publish<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Result<()>>>;

    /// Discards staged messages that turned out to be known, gone from the server, or not the message.
    ///
    /// ```
    /// use postroom::collect::{Delivery, Head, Letter, Maildir};
    /// use postroom::MessageId;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-discard-{}", std::process::id()));
    /// let mut delivery = Maildir::open(&dir).await?;
    /// let letter = Letter::new(Head::new(MessageId::other("shop", "1")), "Subject: Order\r\n\r\nThree apples\r\n");
    /// for ticket in delivery.stage(&[letter]).await {
    ///     delivery.discard(&[ticket?]).await?;
    /// }
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    fn discard<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<()>>;
}

/// A delivery that is chosen at run time.
impl<D: Delivery + ?Sized> Delivery for Box<D> {
    fn recover<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<Vec<Recovered>>> {
        (**self).recover(tickets)
    }

    fn stage<'a>(&'a mut self, letters: &'a [Letter]) -> BoxFuture<'a, Vec<Result<Ticket>>> {
        (**self).stage(letters)
    }

    fn stage_stream<'a>(
        &'a mut self,
        head: &'a Head,
        body: &'a mut (dyn AsyncRead + Send + Unpin),
    ) -> BoxFuture<'a, Result<Ticket>> {
        (**self).stage_stream(head, body)
    }

    fn publish<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Result<()>>> {
        (**self).publish(tickets)
    }

    fn discard<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<()>> {
        (**self).discard(tickets)
    }
}

/// A staged message, by the name its [`Delivery`] gave it: kept in the ledger, good in later runs. Text of at most
/// [`Ticket::LONGEST`] bytes.
///
/// ```
/// let ticket = postroom::collect::Ticket::new("1700000000.M1P2.host")?;
/// assert_eq!(ticket.to_string(), "1700000000.M1P2.host");
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Ticket(String);

/// What became of a message that an aborted run had staged.
///
/// ```
/// use postroom::collect::Recovered;
///
/// fn needs_collecting(state: Recovered) -> bool {
///     state == Recovered::Missing
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Recovered {
    /// It was published before, or is published now: it is delivered.
    Delivered,
    /// Nothing of it is there: it must be collected again.
    Missing,
}

/// What is known of a message besides its bytes.
///
/// ```
/// use postroom::MessageId;
/// use postroom::collect::{Extent, Head};
///
/// let head = Head::new(MessageId::other("shop", "1"));
/// assert_eq!((head.extent, head.size), (Extent::Whole, None));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Head {
    /// Which message it is.
    pub id: MessageId,
    /// How much of it is delivered.
    pub extent: Extent,
    /// Its size in octets, as the server declares it: advisory; often wrong.
    pub size: Option<u64>,
    /// When it arrived at the server, if the protocol says so (IMAP).
    pub received: Option<OffsetDateTime>,
    /// Its flags on the server when the run began, if the protocol has flags (IMAP).
    pub flags: Option<Flags<'static>>,
}

/// How much of a message is delivered.
///
/// ```
/// use postroom::collect::{Extent, Letter};
///
/// fn folder(letter: &Letter) -> &str {
///     if letter.head.extent == Extent::Header { "Too large" } else { "INBOX" }
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Extent {
    /// All of it.
    Whole,
    /// Its header only, because the message is over the size that the policy allows.
    Header,
}

/// One message in memory.
///
/// ```
/// use postroom::MessageId;
/// use postroom::collect::{Head, Letter};
///
/// let letter = Letter::new(Head::new(MessageId::other("shop", "1")), "Subject: Order\r\n\r\nThree apples\r\n");
/// assert_eq!(letter.bytes.len(), 32);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Letter {
    /// What is known of it.
    pub head: Head,
    /// Its bytes, as the server holds them: lines end with CRLF, mostly; any byte may occur.
    pub bytes: Bytes,
}

impl Ticket {
    /// The most bytes of a ticket.
    pub const LONGEST: usize = 1024;

    /// A ticket of that text, for implementations of [`Delivery`]; [`Kind::Input`](crate::Kind::Input) if it is too long.
    ///
    /// ```
    /// use postroom::collect::Ticket;
    ///
    /// assert!(Ticket::new("x".repeat(Ticket::LONGEST)).is_ok());
    /// assert!(Ticket::new("x".repeat(Ticket::LONGEST + 1)).is_err());
    /// ```
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        match text.len() <= Self::LONGEST {
            true => Ok(Self(text)),
            false => Err(crate::Error::input("a ticket may not be longer than 1024 bytes")),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Head {
    /// A whole message of that id, of which nothing more is known; for tests of a [`Delivery`].
    pub fn new(id: MessageId) -> Self {
        Self { id, extent: Extent::Whole, size: None, received: None, flags: None }
    }
}

impl Letter {
    /// A message of that head; for tests of a [`Delivery`].
    pub fn new(head: Head, bytes: impl Into<Bytes>) -> Self {
        Self { head, bytes: bytes.into() }
    }
}
