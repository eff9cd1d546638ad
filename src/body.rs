//! [`Body`]: one message of any size, read as a stream. It must not know where the bytes come from.

pub(crate) mod reader;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use self::reader::{Chunks, Judged};
use crate::defect::Defect;
use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// One message, or one section of it, as an [`AsyncRead`]: byte-exact, and in memory that is bounded by
/// [`Limits::window`](crate::Limits::window) for any size. As an [`AsyncBufRead`] it shows the received bytes without copying them.
///
/// Reading touches the wire. A body can be dropped at any time; the transfer of at most one window of bytes is wasted then, and the
/// session stays correct. A read fails with an [`std::io::Error`] whose inner error is this crate's [`Error`](crate::Error), and
/// fails again if it is repeated.
///
/// ```
/// use postroom::Body;
/// use tokio::io::AsyncReadExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> postroom::Result<()> {
/// let mut body = Body::new(&b"Subject: hello\r\n\r\nworld\r\n"[..]); // usually: mailbox.open(&id).await?
/// let mut start = [0; 14];
/// body.read_exact(&mut start).await?;
/// assert_eq!(&start, b"Subject: hello");
/// # Ok(()) }
/// ```
pub struct Body<'a> {
    reader: Reader<'a>,
}

enum Reader<'a> {
    Plain(Pin<Box<dyn AsyncBufRead + Send + 'a>>),
    Judged(Pin<Box<dyn Judged + Send + 'a>>),
}

impl<'a> Body<'a> {
    /// A body over any buffered reader, for implementations of [`Mailbox`](crate::Mailbox).
    pub fn new(reader: impl AsyncBufRead + Send + 'a) -> Self {
        Self { reader: Reader::Plain(Box::pin(reader)) }
    }

    /// A body over a reader that judges the text.
    pub(crate) fn judged(reader: reader::Reader<impl Chunks + Send + 'a>) -> Self {
        Self { reader: Reader::Judged(Box::pin(reader)) }
    }

    /// What is wrong with the message: [`Defect::Size`] if the server declares another length than it sent. It is known at the end of the
    /// body, and empty before. It is also empty if the server declared no size. A message without text is an error of the read
    /// instead.
    ///
    /// ```
    /// use postroom::Body;
    /// use tokio::io::AsyncReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut body = Body::new(&b"Subject: hello\r\n\r\nworld\r\n"[..]);
    /// let mut text = Vec::new();
    /// body.read_to_end(&mut text).await?;
    /// assert!(body.defects().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn defects(&self) -> Vec<Defect> {
        match &self.reader {
            Reader::Plain(_) => Vec::new(),
            Reader::Judged(reader) => reader.defects(),
        }
    }

    fn reader(&mut self) -> Pin<&mut (dyn AsyncBufRead + Send + 'a)> {
        match &mut self.reader {
            Reader::Plain(reader) => reader.as_mut(),
            Reader::Judged(reader) => reader.as_mut(),
        }
    }
}

impl AsyncRead for Body<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        self.reader().poll_read(cx, buf)
    }
}

impl AsyncBufRead for Body<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<&[u8]>> {
        self.get_mut().reader().poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.reader().consume(count);
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
