//! Reads one section of one message as it comes, in windows of `BODY.PEEK[s]<o.n>`: what is dropped costs one window at most, and
//! the memory is the connection's window, whatever the size of the message. That the bytes are this section's the engine knows; that they
//! are from where they were asked for is shown by a short piece that two windows have in common.

use std::num::NonZeroU32;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};

use super::existing::{Existing, Presence};
use crate::body::reader::Chunks;
use crate::defect::Defect;
use crate::error::{Error, Kind, Result};
use crate::imap::call::{ImapInbox, ImapLink};
use crate::imap::codec::{Batch, FetchedBatch};
use crate::imap::command::body;
use crate::imap::engine::{Delivery, Request};
use crate::imap::types::{Fetched, Section, Uid, Uids};
use crate::judge::Verdict;
use crate::limits::Limits;

/// What is asked for at once, in bytes.
const WINDOW: u32 = 4 * 1024 * 1024;
/// What a window has in common with the one before it, in bytes: more than one line of most texts. Dovecot 2.4.1 sends other bytes than
/// those at the offset, as many as there are, of a file with CRLF whose name does not tell its size.
const COMMON: u32 = 1024;

/// The text of one section, window by window.
pub(super) struct Windows<'a> {
    link: &'a ImapLink,
    limits: &'a Limits,
    selection: u64,
    uid: Uid,
    section: Section,
    /// How much of the section has come.
    came: u64,
    /// How many bytes were asked for; `None` for all that there are.
    asked: Option<NonZeroU32>,
    /// What of them has come.
    got: u64,
    /// How many of the next bytes came before and are passed over.
    past: u64,
    /// Those that must come after them: the last that came before.
    common: Bytes,
    /// The same, whole.
    last: Bytes,
    /// The last bytes of this window, for the next one.
    tail: Vec<u8>,
    /// Whether the server answered this window, be it with nothing.
    found: bool,
    /// What RFC822.SIZE says, if the whole message is read.
    declared: Option<u64>,
    defects: Vec<Defect>,
    inbox: Option<ImapInbox>,
    /// The server did not answer: is the message gone?
    existing: Option<Box<Existing<'a>>>,
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
            came: 0,
            asked: None,
            got: 0,
            past: 0,
            common: Bytes::new(),
            last: Bytes::new(),
            tail: Vec::new(),
            found: false,
            declared: None,
            defects: Vec::new(),
            inbox: None,
            existing: None,
        };
        reader.ask(NonZeroU32::new(WINDOW), Bytes::new())?;
        Ok(reader)
    }

    /// Asks for that many bytes; the first of them, `common`, were the last that came before.
    fn ask(&mut self, asked: Option<NonZeroU32>, common: Bytes) -> Result<()> {
        let from = self.came - common.len() as u64;
        (self.common, self.last) = (common.clone(), common);
        self.tail.clear();
        self.past = if asked.is_none() { from } else { 0 };
        let plan = body::plan(self.selection, self.uid, &self.section, asked.map(|len| (from, len)))?;
        self.inbox = Some(self.link.submit(Request::Command(plan)));
        (self.asked, self.got, self.found) = (asked, 0, false);
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
                Some(Delivery::Chunk(bytes)) => self.take(bytes)?,
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

    /// What of the bytes has not come before.
    fn take(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>> {
        self.found = true;
        self.got += bytes.len() as u64;
        let past = usize::try_from(self.past).unwrap_or(usize::MAX).min(bytes.len());
        bytes.advance(past);
        self.past -= past as u64;
        let known = bytes.split_to(self.common.len().min(bytes.len()));
        if known != self.common.split_to(known.len()) {
            return self.ask_for_all().map(|()| None);
        }
        // Only what is at the end of a full window is needed.
        if self.asked.is_some_and(|asked| self.got + u64::from(COMMON) > u64::from(asked.get())) {
            self.tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(COMMON as usize)..).unwrap_or_default());
            self.tail.drain(..self.tail.len().saturating_sub(COMMON as usize));
        }
        self.came += bytes.len() as u64;
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// The window does not begin where it should: then all is asked for at once. What has been read of it is passed over.
    fn ask_for_all(&mut self) -> Result<()> {
        if self.asked.is_none() {
            let text = "the server sends other bytes of the message each time that it is asked for them";
            return Err(Error::new(Kind::Missing, text));
        }
        tracing::warn!(uid = %self.uid, "a part of the message is not from where it was asked for; all of it is asked for");
        self.ask(None, self.last.clone())
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
            if bytes.is_none() {
                bytes = self.take_section(&fetched)?;
            }
        }
        Ok(bytes)
    }

    fn take_section(&mut self, fetched: &Fetched) -> Result<Option<Bytes>> {
        let Some(section) = fetched.section(&self.section) else { return Ok(None) };
        self.found = true;
        match section.bytes().filter(|text| !text.is_empty() && self.got == 0) {
            Some(text) => self.take(text),
            None => Ok(None),
        }
    }

    /// A window of which nothing came may mean that the message is gone, be it between two windows: half of it must not look
    /// like all. A window that was not filled was the last one. A server that answers with more than was asked for does not know
    /// windows, and has sent everything.
    fn end_window(&mut self) -> Result<()> {
        self.inbox = None;
        let whole = self.section == Section::WHOLE;
        if !self.found || whole && self.came == 0 {
            let wanted = Uids::from(self.uid);
            let existing = Existing::ask(self.link, self.limits, self.selection, wanted)?;
            self.existing = Some(Box::new(existing));
        } else if self.past > 0 || !self.common.is_empty() {
            // It is shorter than what came of it before.
            self.ask_for_all()?;
        } else if self.asked.is_some_and(|asked| self.got == u64::from(asked.get())) {
            let tail = std::mem::take(&mut self.tail).into();
            self.ask(NonZeroU32::new(WINDOW + COMMON), tail)?;
        } else if whole {
            self.defects.extend(Verdict::of(Some(self.came), self.declared).defect());
        }
        Ok(())
    }
}

/// Why there is no text, of a message that the server has, or no longer has, or does not say.
fn why_missing(found: Presence) -> Error {
    let gone = || Error::new(Kind::Rejected, "the message is no longer in the mailbox");
    match found {
        Presence::There(there) if there.is_empty() => gone(),
        Presence::There(_) => Verdict::missing(),
        Presence::Unsaid { gone: uids, .. } if !uids.is_empty() => gone(),
        Presence::Unsaid { why, .. } => Verdict::missing().with_source(why),
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
