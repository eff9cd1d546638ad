//! Reads one section of one message as it comes, in windows of `BODY.PEEK[s]<o.n>`: what is dropped costs one window at most, and
//! the memory is the connection's window, whatever the size of the message.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};

use super::call::{ImapInbox, ImapLink};
use super::codec::{Batch, FetchedBatch};
use super::command::body;
use super::engine::{Delivery, Moment, Request};
use super::types::{Fetched, Section, Uid};
use crate::error::{Error, Kind, Result};
use crate::io::{AsyncBufRead, AsyncRead, ReadBuf, poll_copy};
use crate::limits::Limits;

/// What is asked for at once, in bytes.
const WINDOW: NonZeroU32 = NonZeroU32::new(4 * 1024 * 1024).unwrap();

/// The reader behind a [`Body`](crate::Body).
pub(super) struct SectionReader<'a> {
    link: &'a ImapLink,
    limits: &'a Limits,
    selection: u64,
    uid: Uid,
    section: Section,
    /// Where the present window begins.
    start: u64,
    /// What of it has come.
    got: u64,
    /// Whether the server said anything of the message in this window.
    found: bool,
    chunk: Bytes,
    inbox: Option<ImapInbox>,
}

impl<'a> SectionReader<'a> {
    pub(super) fn new(
        link: &'a ImapLink,
        limits: &'a Limits,
        selection: u64,
        uid: Uid,
        section: Section,
    ) -> Result<Self> {
        let (start, got, found, chunk) = (0, 0, false, Bytes::new());
        let mut reader = Self { link, limits, selection, uid, section, start, got, found, chunk, inbox: None };
        reader.ask()?;
        Ok(reader)
    }

    /// Waits for the first bytes, so that a message that is not there is known before anything is read of it.
    pub(super) fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_chunk(cx)
    }

    fn ask(&mut self) -> Result<()> {
        let plan = body::plan(self.selection, self.uid, &self.section, self.start, WINDOW)?;
        self.inbox = Some(self.link.submit(Request::Command(plan)));
        (self.got, self.found) = (0, false);
        Ok(())
    }

    /// Ready with bytes in `chunk`, or with none at the end.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while self.chunk.is_empty() {
            let Some(inbox) = &mut self.inbox else { break };
            match ready!(inbox.poll_next(cx)) {
                Ok(Some(Delivery::Chunk(bytes))) => self.take(bytes),
                Ok(Some(Delivery::Frames { batch, moment, .. })) => self.take_frames(&batch, moment)?,
                Ok(Some(Delivery::Done(Ok(_)))) | Ok(None) => self.end_window()?,
                Ok(Some(Delivery::Done(Err(error)))) | Err(error) => {
                    self.inbox = None;
                    return Poll::Ready(Err(error));
                }
                Ok(Some(_)) => {}
            }
        }
        Poll::Ready(Ok(()))
    }

    fn take(&mut self, bytes: Bytes) {
        self.found = true;
        self.got += bytes.len() as u64;
        self.chunk = bytes;
    }

    /// A short section may come as a quoted string, or as NIL, instead of a literal.
    fn take_frames(&mut self, batch: &Batch, moment: Moment) -> Result<()> {
        for fetched in FetchedBatch::parse(batch, self.limits, None) {
            match fetched {
                Ok(fetched) if fetched.uid() == Some(self.uid) && fetched.sections().next().is_some() => {
                    self.take_section(&fetched);
                }
                Ok(fetched) if fetched.uid() == Some(self.uid) && self.got > 0 => {}
                Ok(fetched) => self.link.hand_back(Request::Stray(fetched.raw(), moment)),
                Err(error) => return Err(Error::protocol("the message's text cannot be read").with_source(error)),
            }
        }
        Ok(())
    }

    fn take_section(&mut self, fetched: &Fetched) {
        self.found = true;
        let text = fetched.sections().next().and_then(|section| section.bytes());
        if let Some(text) = text.filter(|text| !text.is_empty() && self.got == 0) {
            self.take(text);
        }
    }

    /// A window of which nothing was said means that the message is gone, be it between two windows: half of it must not look
    /// like all. A window that was not filled was the last one. A server that answers with more than was asked for does not know
    /// windows, and has sent everything.
    fn end_window(&mut self) -> Result<()> {
        self.inbox = None;
        if !self.found {
            return Err(Error::new(Kind::Rejected, "the message is no longer in the mailbox"));
        }
        if self.got == u64::from(WINDOW.get()) {
            self.start += self.got;
            self.ask()?;
        }
        Ok(())
    }
}

impl AsyncRead for SectionReader<'_> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        poll_copy(self, cx, buf)
    }
}

impl AsyncBufRead for SectionReader<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<&[u8]>> {
        let reader = self.get_mut();
        ready!(reader.poll_chunk(cx))?;
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
