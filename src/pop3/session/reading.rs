//! Reads one message of any size while it arrives, and checks it at its end against the size that was listed. It must
//! not know how it was requested.

use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::body::reader::Chunks;
use crate::conn::link::Inbox;
use crate::defect::Defect;
use crate::error::{Error, Result};
use crate::judge::Verdict;
use crate::pop3::engine::{Delivery, Engine};

/// The text of a RETR reply.
pub(super) struct Text {
    inbox: Inbox<Engine>,
    /// The first chunk, which may be empty.
    first: Option<Bytes>,
    declared: Option<u64>,
    received: u64,
    verdict: Option<Verdict>,
}

impl Text {
    /// Waits until the server has confirmed that the message is there.
    pub(super) async fn open(mut inbox: Inbox<Engine>, declared: Option<u64>) -> Result<Self> {
        match inbox.next().await? {
            Some(Delivery::Chunk(first)) => {
                let received = first.len() as u64;
                Ok(Self { inbox, first: Some(first), declared, received, verdict: None })
            }
            Some(Delivery::Done(Err(error))) => Err(error),
            _ => Err(Error::protocol("a message arrived without its beginning")),
        }
    }

    fn judge(&mut self) -> Result<Option<Bytes>> {
        let verdict = self.verdict.insert(Verdict::of(Some(self.received), self.declared));
        match verdict {
            Verdict::Missing => Err(Verdict::missing()),
            _ => Ok(None),
        }
    }
}

impl Chunks for Text {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Ok(Some(first)));
        }
        Poll::Ready(match ready!(self.inbox.poll_next(cx))? {
            Some(Delivery::Chunk(chunk)) => {
                self.received += chunk.len() as u64;
                Ok(Some(chunk))
            }
            Some(Delivery::Done(Ok(_))) => self.judge(),
            Some(Delivery::Done(Err(error))) => Err(error),
            _ => Err(Error::protocol("a message arrived without its end")),
        })
    }

    fn defects(&self) -> Vec<Defect> {
        self.verdict.iter().filter_map(Verdict::defect).collect()
    }
}
