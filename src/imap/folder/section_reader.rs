//! Reads one section of one message in windows of `BODY.PEEK[s]<o.n>`: dropping costs one window at most, and the
//! memory is the connection's window, whatever the size of the message. The engine checks that the bytes are this
//! section's. A short overlap of two windows shows that they are from the right offset.

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

/// The size of a window in bytes.
const WINDOW: u32 = 4 * 1024 * 1024;
/// The overlap of two windows in bytes: longer than a line of most texts. Dovecot 2.4.1 counts the offset wrongly in a
/// file with CRLF line ends whose name lacks the size, and sends other bytes of the right number.
const COMMON: u32 = 1024;

/// What is to be read.
#[derive(Clone, Debug)]
pub(crate) struct AskedSection {
    pub(crate) section: Section,
    /// Whether the server removes the transfer encoding (`BINARY`).
    pub(crate) decoded: bool,
    /// The offset of the first byte.
    pub(crate) from: u64,
    /// The last bytes before it, if they were read before: they must be the same.
    pub(crate) before: Bytes,
}

impl AskedSection {
    /// From this offset on, of which nothing was read before.
    pub(crate) fn new(section: Section, decoded: bool, from: u64) -> Self {
        Self { section, decoded, from, before: Bytes::new() }
    }
}

/// The text of one section, window by window.
pub(super) struct Windows<'a> {
    link: &'a ImapLink,
    limits: &'a Limits,
    selection: u64,
    uid: Uid,
    section: Section,
    /// Whether the server removes the transfer encoding.
    decoded: bool,
    /// The number of bytes of the section that were delivered, or are not wanted.
    came: u64,
    /// The size of this window; `None` if all of the section was asked for.
    asked: Option<NonZeroU32>,
    /// The bytes of this window that arrived.
    got: u64,
    /// The number of bytes to skip because they were delivered before.
    past: u64,
    /// What must follow them: the last bytes that were delivered before.
    common: Bytes,
    /// All of `common`, which shrinks as it is compared.
    last: Bytes,
    /// The last bytes of this window, for the next one.
    tail: Vec<u8>,
    /// Whether the server answered this window, even with no bytes.
    found: bool,
    /// RFC822.SIZE, if the whole message is read.
    declared: Option<u64>,
    defects: Vec<Defect>,
    inbox: Option<ImapInbox>,
    /// Set while the server is asked whether the message exists, after it sent no text.
    existing: Option<Box<Existing>>,
}

impl<'a> Windows<'a> {
    pub(super) fn new(
        link: &'a ImapLink,
        limits: &'a Limits,
        selection: u64,
        uid: Uid,
        asked: AskedSection,
    ) -> Result<Self> {
        let AskedSection { section, decoded, from, before } = asked;
        let mut reader = Self {
            link,
            limits,
            selection,
            uid,
            section,
            decoded,
            came: from,
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
        let most = u32::try_from(before.len()).ok().and_then(|before| WINDOW.checked_add(before));
        reader.ask(most.and_then(NonZeroU32::new), before)?;
        Ok(reader)
    }

    /// Asks for a window; its first bytes must be `common`, the last that were delivered.
    fn ask(&mut self, asked: Option<NonZeroU32>, common: Bytes) -> Result<()> {
        let from = self.came.saturating_sub(common.len() as u64);
        (self.common, self.last) = (common.clone(), common);
        self.tail.clear();
        self.past = if asked.is_none() { from } else { 0 };
        let plan = body::plan(self.selection, self.uid, &self.section, self.decoded, asked.map(|len| (from, len)))?;
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

    /// Returns those of the bytes that were not delivered before.
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
        // Only the end of a full window is needed.
        if self.asked.is_some_and(|asked| self.got + u64::from(COMMON) > u64::from(asked.get())) {
            self.tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(COMMON as usize)..).unwrap_or_default());
            self.tail.drain(..self.tail.len().saturating_sub(COMMON as usize));
        }
        self.came += bytes.len() as u64;
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// The window begins at the wrong offset: asks for all of the section at once and skips what was delivered already.
    fn ask_for_all(&mut self) -> Result<()> {
        if self.asked.is_none() {
            let text = "the server sends different bytes each time the message is fetched";
            return Err(Error::new(Kind::Missing, text));
        }
        tracing::warn!(uid = %self.uid, "a partial FETCH began at the wrong offset; fetching the whole section");
        self.ask(None, self.last.clone())
    }

    /// Reads the response around the text. A short section may be in it as a quoted string or NIL instead of a literal.
    fn take_frames(&mut self, batch: &Batch) -> Result<Option<Bytes>> {
        let mut bytes = None;
        for fetched in FetchedBatch::parse(batch, self.limits, None) {
            let fetched = fetched
                .map_err(|error| Error::new(Kind::Missing, "the message's text is unreadable").with_source(error))?;
            self.declared = self.declared.or_else(|| fetched.size());
            for defect in fetched.defects() {
                match defect {
                    // The literal that was streamed, even if empty, is left out of its response.
                    Defect::TooLarge { .. } => self.found = true,
                    // The whole text is checked at its end.
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

    /// Ends a window. If nothing arrived, the message may be gone, even between two windows: half of it must not look
    /// complete. A window that was not filled is the last one. A server that sends more than was asked for does not
    /// support partial fetches and has sent everything.
    fn end_window(&mut self) -> Result<()> {
        self.inbox = None;
        let whole = self.section == Section::WHOLE;
        if !self.found || whole && self.came == 0 {
            let wanted = Uids::from(self.uid);
            let existing = Existing::ask(self.link, self.limits, self.selection, wanted)?;
            self.existing = Some(Box::new(existing));
        } else if self.past > 0 || !self.common.is_empty() {
            // The section is shorter than what was delivered before.
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

/// The error for a message without text: it exists, or is gone, or the server does not report which.
fn why_missing(found: Presence) -> Error {
    let gone = || Error::new(Kind::Rejected, "the message is no longer in the mailbox");
    match found {
        Presence::Known(there) if there.is_empty() => gone(),
        Presence::Known(_) => Verdict::missing(),
        Presence::Unknown { gone: uids, .. } if !uids.is_empty() => gone(),
        Presence::Unknown { why, .. } => Verdict::missing().with_source(why),
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
