//! The I/O traits and files of tokio that the rest of the crate uses, so that none of it names tokio, and what its readers share. No socket and
//! no clock here.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(crate) use tokio::fs::File;
pub(crate) use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

/// Reads by copying, for a reader that shows its bytes where they are.
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
