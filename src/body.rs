//! [`Body`]: one message, of any size, read as it comes. The bytes are the protocol's business; here is only the reader.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// One message (or one section of it) as an [`AsyncRead`]: byte-exact, in memory bounded by the window, whatever its size. As an
/// [`AsyncBufRead`] it shows the bytes where they were received, without copying them.
///
/// Dropping it costs at most one window of bytes that are still on their way; the session stays correct. A failure is an
/// [`std::io::Error`] whose inner error is this crate's [`Error`](crate::Error); after it, or after the end, nothing follows.
pub struct Body<'a> {
    reader: Pin<Box<dyn AsyncBufRead + Send + 'a>>,
}

impl<'a> Body<'a> {
    /// A body over any reader that has a buffer; for implementations of [`Mailbox`](crate::Mailbox).
    pub fn new(reader: impl AsyncBufRead + Send + 'a) -> Self {
        Self { reader: Box::pin(reader) }
    }
}

impl AsyncRead for Body<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        self.reader.as_mut().poll_read(cx, buf)
    }
}

impl AsyncBufRead for Body<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<&[u8]>> {
        self.get_mut().reader.as_mut().poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.reader.as_mut().consume(count);
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
