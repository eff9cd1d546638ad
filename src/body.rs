//! [`Body`]: one message, of any size, read as it comes. It must not know a protocol.

pub(crate) mod reader;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use self::reader::{Chunks, Judged};
use crate::defect::Defect;
use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// One message (or one section of it) as an [`AsyncRead`]: byte-exact, in memory bounded by the window, whatever its size. As an
/// [`AsyncBufRead`] it shows the bytes where they were received, without copying them.
///
/// Dropping it costs at most one window of bytes that are still on their way; the session stays correct. A failure is an
/// [`std::io::Error`] whose inner error is this crate's [`Error`](crate::Error); read again, the body fails again. After the end
/// nothing follows.
pub struct Body<'a> {
    reader: Reader<'a>,
}

enum Reader<'a> {
    Plain(Pin<Box<dyn AsyncBufRead + Send + 'a>>),
    Judged(Pin<Box<dyn Judged + Send + 'a>>),
}

impl<'a> Body<'a> {
    /// A body over any reader that has a buffer; for implementations of [`Mailbox`](crate::Mailbox).
    pub fn new(reader: impl AsyncBufRead + Send + 'a) -> Self {
        Self { reader: Reader::Plain(Box::pin(reader)) }
    }

    /// A body over a reader that judges what it reads.
    pub(crate) fn judged(reader: reader::Reader<impl Chunks + Send + 'a>) -> Self {
        Self { reader: Reader::Judged(Box::pin(reader)) }
    }

    /// What is wrong with the message, known once it was read to its end: [`Defect::Size`] where the server declares another length
    /// than it sent. Empty before the end, for a message that is as declared, and for one whose size the server did not declare. A
    /// message without any text is no defect here but an error of the read.
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
