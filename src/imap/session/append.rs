//! [`Imap::append`] and its [`Append`]: a message on its way up, from memory or from a reader, with its flags and date. How it is
//! sent is the engine's business; how it is announced, the command's.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::Bytes;
use time::OffsetDateTime;

use super::{Imap, named};
use crate::Flag;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::call::{ImapInbox, ended};
use crate::imap::command::append::{Append as Command, appended};
use crate::imap::engine::{Delivery, Request};
use crate::imap::types::{Appended, MailboxName};
use crate::io::{AsyncRead, ReadBuf};

/// What is read from a reader at once.
const PIECE: usize = 64 * 1024;
/// Servers, as they name themselves by ID, of which a test of this crate shows that they store nothing of a message that is filled up
/// and then spoilt: `tests/live_imap/append.rs`, and for the embedded server `tests/cancel_imap/append.rs`.
const DISCARDING: &[&str] = &["Dovecot", "Cyrus IMAP", "postroom testing"];
/// How many mailboxes' limits are remembered.
const MOST_LIMITS: usize = 1000;

/// A message to be put into a mailbox, with the flags and the date it gets there.
///
/// Bytes and byte strings become one by `into`; anything larger than memory should be a [reader](Self::reader).
///
/// ```
/// use postroom::Flag;
/// use postroom::imap::Append;
///
/// let message = Append::from("Subject: hello\r\n\r\nworld\r\n").flags([Flag::SEEN]);
/// assert_eq!(message.size(), 25);
/// ```
#[must_use]
pub struct Append<'a> {
    source: Source<'a>,
    size: u64,
    pub(super) flags: Vec<Flag>,
    pub(super) date: Option<OffsetDateTime>,
}

enum Source<'a> {
    Bytes(Bytes),
    Reader(Pin<Box<dyn AsyncRead + Send + 'a>>),
}

/// What feeding comes upon.
enum Next {
    Piece(Bytes),
    Delivery(Option<Delivery>),
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(crate::Kind::Io, "the message could not be read").with_source(error)
}

impl Imap {
    /// Puts a message into a mailbox, from memory or from any reader; see [`Append`] for flags and date. Returns the UID it
    /// got and the mailbox's UIDVALIDITY, where the server says so (UIDPLUS). Two flights and the message's bytes, one
    /// flight for a message of up to 4 KiB with LITERAL- and 64 KiB with LITERAL+; at most 256 KiB of it are in memory at a time.
    ///
    /// Dropped midway, or when the reader fails, nothing is stored: the connection is closed, since a server takes all that was
    /// announced for the message. Of Dovecot and Cyrus, which say by ID who they are, it is known that they discard a message whose
    /// command turns out to be wrong: there what is missing is filled up and the command spoilt, up to 1 MiB, and the session lives.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, for a message over the limit that the server is known to have (APPENDLIMIT,
    /// RFC 7889: in its capabilities, or in a [`status`](Self::status) that asked for it); [`Kind::Input`] for a name, flag or date that cannot be sent, and for a reader that ends too early; [`Kind::Io`] for a
    /// reader that fails; [`Kind::Rejected`] where the server refuses (code `TRYCREATE`: the mailbox does not exist;
    /// `OVERQUOTA`, `TOOBIG`: no room); [`Kind::Unknown`] where the connection ended before the answer.
    pub async fn append(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        message: impl Into<Append<'_>>,
    ) -> Result<Option<Appended>> {
        let mailbox = named(mailbox)?;
        let mut message = message.into();
        let size = message.size();
        self.check_size(&mailbox, size)?;
        let spoilable = self.is_discarding();
        let command = Command { mailbox: &mailbox, flags: &message.flags, date: message.date, size, spoilable };
        let mut inbox = self.link().submit(Request::Command(command.plan(self.terms())?));
        let mut early = None;
        loop {
            let delivery = match early.take() {
                Some(delivery) => Some(delivery),
                None => inbox.next().await?,
            };
            match delivery {
                Some(Delivery::Ready(count)) => early = message.feed(&mut inbox, count).await?,
                Some(Delivery::Done(condition)) => return condition.map(appended),
                Some(_) => {}
                None => return Err(ended()),
            }
        }
    }

    fn check_size(&self, mailbox: &MailboxName, size: u64) -> Result<()> {
        let told = self.append_limits().get(mailbox).copied();
        match told.or_else(|| self.capabilities().append_limit()) {
            Some(limit) if size > limit => Err(Error::unsupported(format!(
                "the message has {size} octets, and the server takes at most {limit} (APPENDLIMIT)"
            ))),
            _ => Ok(()),
        }
    }

    /// RFC 3502 §5 asks it of all that have MULTIAPPEND, but not all do it.
    fn is_discarding(&self) -> bool {
        let name = self.server().iter().find(|(field, _)| field.eq_ignore_ascii_case("name"));
        let name = name.and_then(|(_, name)| name.as_deref()).unwrap_or_default();
        self.capabilities().multiappend() && DISCARDING.iter().any(|known| name.starts_with(known))
    }

    pub(super) fn learn_append_limit(&self, mailbox: &MailboxName, limit: u64) {
        let mut limits = self.append_limits();
        if limits.len() < MOST_LIMITS || limits.contains_key(mailbox) {
            limits.insert(mailbox.clone(), limit);
        }
    }
}

impl<'a> Append<'a> {
    /// A message of exactly `size` bytes from a reader: IMAP announces the size beforehand. What the reader has beyond it is
    /// not sent; where it ends before, the append fails and nothing is stored. Lines must end in CRLF.
    pub fn reader(reader: impl AsyncRead + Send + 'a, size: u64) -> Self {
        Self::new(Source::Reader(Box::pin(reader)), size)
    }

    /// The flags it gets; none by default.
    pub fn flags(mut self, flags: impl IntoIterator<Item = Flag>) -> Self {
        self.flags = flags.into_iter().collect();
        self
    }

    /// The date it arrived, for the server to keep; by default the moment it is stored.
    pub fn date(mut self, date: OffsetDateTime) -> Self {
        self.date = Some(date);
        self
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    fn new(source: Source<'a>, size: u64) -> Self {
        Self { source, size, flags: Vec::new(), date: None }
    }

    /// Hands up to `count` bytes to the engine, or gives what came meanwhile: the end, while a reader takes its time.
    /// Whatever was taken from the reader is handed on in the same poll, so that nothing is lost where this is dropped.
    pub(super) async fn feed(&mut self, inbox: &mut ImapInbox, count: usize) -> Result<Option<Delivery>> {
        let mut left = count;
        while left > 0 {
            let piece = match self.next(inbox, left.min(PIECE)).await? {
                Next::Piece(piece) => piece,
                Next::Delivery(delivery) => return Ok(delivery),
            };
            if piece.is_empty() {
                return Err(Error::input("the message ended before the size that was announced for it"));
            }
            left -= piece.len();
            inbox.add(Request::Feed(piece));
        }
        Ok(None)
    }

    async fn next(&mut self, inbox: &mut ImapInbox, most: usize) -> Result<Next> {
        let reader = match &mut self.source {
            Source::Bytes(bytes) => return Ok(Next::Piece(bytes.split_to(most.min(bytes.len())))),
            Source::Reader(reader) => reader,
        };
        let mut room = vec![0; most];
        poll_fn(|cx| {
            let mut buf = ReadBuf::new(&mut room);
            if reader.as_mut().poll_read(cx, &mut buf).map_err(unreadable)?.is_pending() {
                return Poll::Ready(Ok(Next::Delivery(ready!(inbox.poll_next(cx))?)));
            }
            let count = buf.filled().len();
            room.truncate(count);
            Poll::Ready(Ok(Next::Piece(std::mem::take(&mut room).into())))
        })
        .await
    }
}

impl From<Bytes> for Append<'_> {
    fn from(bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        Self::new(Source::Bytes(bytes), size)
    }
}

impl From<Vec<u8>> for Append<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Append<'_> {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Append<'_> {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Append<'_> {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl fmt::Debug for Append<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("size", &self.size)
            .field("flags", &self.flags)
            .field("date", &self.date)
            .finish_non_exhaustive()
    }
}
