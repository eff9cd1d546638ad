//! [`Messages`] and [`Message`]: the stream that both protocols deliver, and its items. One virtual call for each batch, none for
//! each message. It must not know a protocol, nor the content of a message, which `messages/parse.rs` parses.

#[cfg(feature = "mail-parser")]
mod parse;

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::defect::Defect;
use crate::error::Result;
use crate::message_id::MessageId;
#[cfg(feature = "mail-parser")]
pub(crate) use parse::Texts;
#[cfg(feature = "mail-parser")]
pub use parse::mail_parser;

/// A stream of messages, in the order in which the server sends them.
///
/// An `Err` is always its end. A message that is not intact is still delivered, with [`defects`](Message::defects). The stream can be
/// dropped at any time: the connection reads and discards the rest. If the rest is very large, it is cheaper to drop the session.
///
/// ```
/// use postroom::{Message, MessageId, Messages};
///
/// # async fn example() -> postroom::Result<()> {
/// let one = Message::new(MessageId::other("stub", "1"), "Subject: hello\r\n\r\nworld\r\n");
/// let mut mail = Messages::from_messages([one]);
/// while let Some(message) = mail.try_next().await? {
///     assert_eq!(message.parse().and_then(|mail| mail.subject().map(str::to_owned)).as_deref(), Some("hello"));
/// }
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
pub struct Messages<'a> {
    ready: VecDeque<Message>,
    source: Option<Box<dyn Source + 'a>>,
}

/// The source of messages, in batches.
pub(crate) trait Source: Send {
    /// Appends the messages that have arrived. `false` at the end.
    fn poll_batch(&mut self, cx: &mut Context<'_>, ready: &mut VecDeque<Message>) -> Poll<Result<bool>>;
}

/// One message, or the part of it that was requested.
///
/// ```
/// use postroom::{Message, MessageId};
///
/// let message = Message::new(MessageId::other("stub", "1"), "Subject: =?UTF-8?Q?gr=C3=BCn?=\r\n\r\nHi.\r\n");
/// let mail = message.parse().expect("it has a header");
/// assert_eq!(mail.subject(), Some("grün"));
/// assert!(message.defects().is_empty());
/// ```
#[derive(Clone)]
pub struct Message {
    id: MessageId,
    bytes: Bytes,
    defects: Vec<Defect>,
}

impl<'a> Messages<'a> {
    /// A stream of these messages, for implementations of [`Mailbox`](crate::Mailbox) and for tests.
    pub fn from_messages(messages: impl IntoIterator<Item = Message>) -> Self {
        Self { ready: messages.into_iter().collect(), source: None }
    }

    /// A stream over any other stream, for implementations of [`Mailbox`](crate::Mailbox).
    pub fn from_stream(stream: impl Stream<Item = Result<Message>> + Send + 'a) -> Self {
        Self::from_source(Foreign(Box::pin(stream)))
    }

    pub(crate) fn from_source(source: impl Source + 'a) -> Self {
        Self { ready: VecDeque::new(), source: Some(Box::new(source)) }
    }

    /// The next message; `None` at the end. It touches the wire. It is cancel-safe: no message is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`](crate::Kind::Rejected) and [`Kind::Bad`](crate::Kind::Bad) if the server refuses the command, and the errors
    /// that end a connection. The stream ends with the error.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// use postroom::{Config, Login, Mailbox, Part, Pop3};
    ///
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = Config::new("localhost").port(server.pop3s_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// let mut maildrop = Pop3::connect(config, Login::password("alice", "alicepw")).await?;
    /// let ids: Vec<_> = maildrop.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// let mut headers = maildrop.messages(&ids, Part::Header).await?;
    /// while let Some(message) = headers.try_next().await? {
    ///     println!("{}: {} bytes", message.id(), message.bytes().len());
    /// }
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<Message>> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(message)));
            }
            let Some(source) = &mut self.source else { return Poll::Ready(Ok(None)) };
            match ready!(source.poll_batch(cx, &mut self.ready)) {
                Ok(true) => {}
                Ok(false) => self.source = None,
                Err(error) => {
                    self.source = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

impl Stream for Messages<'_> {
    type Item = Result<Message>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Messages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

impl Message {
    /// A message of your own implementation of [`Mailbox`](crate::Mailbox).
    pub fn new(id: MessageId, bytes: impl Into<Bytes>) -> Self {
        Self { id, bytes: bytes.into(), defects: Vec::new() }
    }

    pub(crate) fn with_defects(mut self, defects: Vec<Defect>) -> Self {
        self.defects = defects;
        self
    }

    /// Which message this is.
    pub fn id(&self) -> &MessageId {
        &self.id
    }

    /// Its bytes, exactly as the server stores them. They are a slice of the block into which they were read, which stays in memory as
    /// long as the message: up to 64 KiB, or the message's size. [`detach`](Self::detach) copies the message.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its bytes, without the id.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// What is wrong with it. A message that is over the limit, that the server refuses, or for which it sends no text, has no bytes
    /// and a defect that says why. A message whose length differs from the declared one has [`Defect::Size`].
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// The same message in memory of its own.
    #[must_use]
    pub fn detach(mut self) -> Self {
        self.bytes = Bytes::copy_from_slice(&self.bytes);
        self
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("bytes", &self.bytes.len())
            .field("defects", &self.defects)
            .finish()
    }
}

struct Foreign<'a>(Pin<Box<dyn Stream<Item = Result<Message>> + Send + 'a>>);

impl Source for Foreign<'_> {
    fn poll_batch(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Message>) -> Poll<Result<bool>> {
        match ready!(self.0.as_mut().poll_next(cx)) {
            Some(Ok(message)) => out.push_back(message),
            Some(Err(error)) => return Poll::Ready(Err(error)),
            None => return Poll::Ready(Ok(false)),
        }
        Poll::Ready(Ok(true))
    }
}
