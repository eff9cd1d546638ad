//! Reads one section of one message as it comes, in windows of `BODY.PEEK[s]<o.n>`: what is dropped costs one window at most, and
//! the memory is the connection's window, whatever the size of the message. That the bytes are this section's the engine knows.

use std::num::NonZeroU32;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::call::{ImapInbox, ImapLink};
use super::codec::{Batch, FetchedBatch};
use super::command::body;
use super::engine::{Delivery, Request};
use super::existing::{Existing, Found};
use super::types::{Fetched, Section, Uid, Uids};
use crate::body::reader::Chunks;
use crate::defect::Defect;
use crate::error::{Error, Kind, Result};
use crate::judge::Verdict;
use crate::limits::Limits;

/// What is asked for at once, in bytes.
const WINDOW: NonZeroU32 = NonZeroU32::new(4 * 1024 * 1024).unwrap();

/// The text of one section, window by window.
pub(super) struct Windows<'a> {
    link: &'a ImapLink,
    limits: &'a Limits,
    selection: u64,
    uid: Uid,
    section: Section,
    /// Where the present window begins.
    start: u64,
    /// What of it has come.
    got: u64,
    /// Whether the server answered this window, be it with nothing.
    found: bool,
    /// What RFC822.SIZE says, if the whole message is read.
    declared: Option<u64>,
    defects: Vec<Defect>,
    inbox: Option<ImapInbox>,
    /// The server did not answer: is the message gone?
    existing: Option<Existing<'a>>,
}

impl<'a> Windows<'a> {
    pub(super) fn new(
        link: &'a ImapLink,
        limits: &'a Limits,
        selection: u64,
        uid: Uid,
        section: Section,
    ) -> Result<Self> {
        let mut reader = Self {
            link,
            limits,
            selection,
            uid,
            section,
            start: 0,
            got: 0,
            found: false,
            declared: None,
            defects: Vec::new(),
            inbox: None,
            existing: None,
        };
        reader.ask()?;
        Ok(reader)
    }

    fn ask(&mut self) -> Result<()> {
        let plan = body::plan(self.selection, self.uid, &self.section, self.start, WINDOW)?;
        self.inbox = Some(self.link.submit(Request::Command(plan)));
        (self.got, self.found) = (0, false);
        Ok(())
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            if let Some(existing) = &mut self.existing {
                let found = ready!(existing.poll(cx))?;
                return Poll::Ready(Err(why_missing(found)));
            }
            let Some(inbox) = &mut self.inbox else { return Poll::Ready(Ok(None)) };
            let bytes = match ready!(inbox.poll_next(cx))? {
                Some(Delivery::Chunk(bytes)) => Some(self.take(bytes)),
                Some(Delivery::Frames { batch, .. }) => self.take_frames(&batch)?,
                Some(Delivery::Done(Err(error))) => return Poll::Ready(Err(error)),
                Some(Delivery::Done(Ok(_))) | None => {
                    self.end_window()?;
                    None
                }
                Some(_) => None,
            };
            if bytes.is_some() {
                return Poll::Ready(Ok(bytes));
            }
        }
    }

    fn take(&mut self, bytes: Bytes) -> Bytes {
        self.found = true;
        self.got += bytes.len() as u64;
        bytes
    }

    /// The response around the text. A short section may be in it, as a quoted string or NIL, instead of a literal before it.
    fn take_frames(&mut self, batch: &Batch) -> Result<Option<Bytes>> {
        let mut bytes = None;
        for fetched in FetchedBatch::parse(batch, self.limits, None) {
            let fetched = fetched
                .map_err(|error| Error::new(Kind::Missing, "the message's text cannot be read").with_source(error))?;
            self.declared = self.declared.or_else(|| fetched.size());
            for defect in fetched.defects() {
                match defect {
                    // The literal that was passed on, be it empty, is left out of its response.
                    Defect::TooLarge { .. } => self.found = true,
                    // All of it is judged at its end.
                    Defect::Missing | Defect::Size { .. } => {}
                    other => self.defects.push(other),
                }
            }
            bytes = bytes.or_else(|| self.take_section(&fetched));
        }
        Ok(bytes)
    }

    fn take_section(&mut self, fetched: &Fetched) -> Option<Bytes> {
        let section = fetched.section(&self.section)?;
        self.found = true;
        let text = section.bytes().filter(|text| !text.is_empty() && self.got == 0)?;
        Some(self.take(text))
    }

    /// A window of which nothing came may mean that the message is gone, be it between two windows: half of it must not look
    /// like all. A window that was not filled was the last one. A server that answers with more than was asked for does not know
    /// windows, and has sent everything.
    fn end_window(&mut self) -> Result<()> {
        self.inbox = None;
        let whole = self.section == Section::WHOLE;
        if !self.found || whole && self.start + self.got == 0 {
            let wanted = Uids::from(self.uid);
            self.existing = Some(Existing::ask(self.link, self.limits, self.selection, wanted)?);
        } else if self.got == u64::from(WINDOW.get()) {
            self.start += self.got;
            self.ask()?;
        } else if whole {
            self.defects.extend(Verdict::of(Some(self.start + self.got), self.declared).defect());
        }
        Ok(())
    }
}

/// Why there is no text, of a message that the server has, or no longer has, or does not say.
fn why_missing(found: Found) -> Error {
    let gone = || Error::new(Kind::Rejected, "the message is no longer in the mailbox");
    match found {
        Found::There(there) if there.is_empty() => gone(),
        Found::There(_) => Verdict::missing(),
        Found::Unsaid { gone: uids, .. } if !uids.is_empty() => gone(),
        Found::Unsaid { why, .. } => Verdict::missing().with_source(why),
    }
}

impl Chunks for Windows<'_> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        let result = ready!(self.poll_bytes(cx));
        if result.is_err() {
            (self.inbox, self.existing) = (None, None);
        }
        Poll::Ready(result)
    }

    fn defects(&self) -> Vec<Defect> {
        self.defects.clone()
    }
}
