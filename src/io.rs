//! The I/O traits and files of tokio, its threads for blocking work, and the boxed future of traits, for the rest of the crate, which
//! must not name tokio; and a function that its readers share. It must not know a socket or a clock.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(crate) use tokio::fs::File;
pub(crate) use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
pub(crate) use tokio::task::{JoinHandle, spawn_blocking};

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
