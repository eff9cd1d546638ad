//! [`DigestingReader`]: a message on its way to the delivery, digested as it passes. It does not know where the message goes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::collect::digest::{Digester, Digests};
use crate::{Body, Defect};

pub(super) struct DigestingReader<'a> {
    body: Body<'a>,
    digester: Digester,
    octets: u64,
    ended: bool,
}

impl<'a> DigestingReader<'a> {
    pub(super) fn new(body: Body<'a>) -> Self {
        Self { body, digester: Digester::new(), octets: 0, ended: false }
    }

    /// The digests and the size of the message, and what is wrong with it; `None` if it was not read to its end.
    pub(super) fn finish(self) -> Option<(Digests, u64, Vec<Defect>)> {
        let defects = self.body.defects();
        self.ended.then(|| (self.digester.finish(), self.octets, defects))
    }
}

impl AsyncRead for DigestingReader<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.body).poll_read(cx, buf))?;
        let read = buf.filled().get(before..).unwrap_or_default();
        self.digester.update(read);
        self.octets += read.len() as u64;
        self.ended |= read.is_empty();
        Poll::Ready(Ok(()))
    }
}
