//! What streams: [`Retrieval`], many messages one after the other, and the reader of one message of any size.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;

use crate::conn::link::Inbox;
use crate::error::{Error, Result};
use crate::io::{AsyncBufRead, AsyncRead, ReadBuf, poll_copy};
use crate::pop3::Retrieved;
use crate::pop3::engine::{Delivery, Engine};

/// A stream of the messages that were asked for, in that order; each is whole, or says why it is not there.
///
/// Only whole messages come out of it; where the connection ends in the middle of one, that is the `Err`, which is always the
/// stream's end. Dropping the stream early is safe: the replies to commands that are sent already (at most 256) are read and
/// thrown away before the next command's.
pub struct Retrieval<'a> {
    inbox: Inbox<Engine>,
    ready: VecDeque<Retrieved>,
    session: PhantomData<&'a mut ()>,
}

impl Retrieval<'_> {
    pub(super) fn new(inbox: Inbox<Engine>) -> Self {
        Self { inbox, ready: VecDeque::new(), session: PhantomData }
    }

    /// The next message; `None` at the end. Cancel-safe: no message is lost by dropping this future.
    pub async fn try_next(&mut self) -> Result<Option<Retrieved>> {
        poll_fn(|cx| self.poll_retrieved(cx)).await
    }

    fn poll_retrieved(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Retrieved>>> {
        loop {
            if let Some(retrieved) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(retrieved)));
            }
            match ready!(self.poll_answers(cx))? {
                Some(answers) => self.ready = answers.into(),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// All answers that one read brought.
    pub(crate) fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<Retrieved>>>> {
        Poll::Ready(match ready!(self.inbox.poll_next(cx))? {
            Some(Delivery::Batch { answers, .. }) => Ok(Some(answers)),
            Some(Delivery::Done(Err(error))) => Err(error),
            _ => Ok(None),
        })
    }
}

impl Stream for Retrieval<'_> {
    type Item = Result<Retrieved>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_retrieved(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Retrieval<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrieval").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

/// One message as it comes.
pub(super) struct Reader {
    inbox: Inbox<Engine>,
    chunk: Bytes,
}

impl Reader {
    /// Waits until the server has said that the message is there.
    pub(super) async fn open(mut inbox: Inbox<Engine>) -> Result<Self> {
        match inbox.next().await? {
            Some(Delivery::Chunk(chunk)) => Ok(Self { inbox, chunk }),
            Some(Delivery::Done(Err(error))) => Err(error),
            _ => Err(Error::protocol("a message came without its beginning")),
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        poll_copy(self, cx, buf)
    }
}

impl AsyncBufRead for Reader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<&[u8]>> {
        let reader = self.get_mut();
        while reader.chunk.is_empty() {
            match ready!(reader.inbox.poll_next(cx))? {
                Some(Delivery::Chunk(chunk)) => reader.chunk = chunk,
                Some(Delivery::Done(Err(error))) => return Poll::Ready(Err(error.into())),
                _ => break,
            }
        }
        Poll::Ready(Ok(&reader.chunk))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        let count = count.min(self.chunk.len());
        self.chunk.advance(count);
        if self.chunk.is_empty() {
            // Where nobody holds on to its block any more, that is read into again.
            self.chunk = Bytes::new();
        }
    }
}
