//! [`Append`]: a message on its way up, from memory or from a reader, with its flags and date. How it is sent is the engine's
//! business; how it is announced, the command's.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::Bytes;
use time::OffsetDateTime;

use super::call::ImapInbox;
use super::engine::{Delivery, Request};
use crate::Flag;
use crate::error::{Error, Result};
use crate::io::{AsyncRead, ReadBuf};

/// What is read from a reader at once.
const PIECE: usize = 64 * 1024;

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
