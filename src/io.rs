//! The I/O traits and files of tokio for the rest of the crate, which must not name tokio, and a function that its readers share. It
//! must not know a socket or a clock.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(crate) use tokio::fs::File;
pub(crate) use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

/// Reads by copying from a buffered reader.
pub(crate) fn poll_copy<R>(mut reader: Pin<&mut R>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>
where
    R: AsyncBufRead + ?Sized,
{
    let chunk = ready!(reader.as_mut().poll_fill_buf(cx))?;
    let count = chunk.len().min(buf.remaining());
    buf.put_slice(chunk.get(..count).unwrap_or_default());
    reader.consume(count);
    Poll::Ready(Ok(()))
}
