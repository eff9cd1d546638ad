//! Many frames of one read, parsed into one tape that all their messages share. The tape is reused once none of these messages exists
//! any more. It must not know where the bytes come from.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::defect::Reason;
use crate::imap::codec::frame::Elided;
use crate::imap::codec::token::Read;
use crate::imap::types::Uid;
use crate::imap::types::fetched::Fetched;
use crate::imap::types::tape::{NONE, Tape};
use crate::limits::Limits;

/// A tape with more words than this is freed, not reused.
const SPARE_WORDS: usize = 1 << 20;

/// Complete, unparsed FETCH frames in one block of bytes. It is cheap to make by the task that reads the bytes, and cheap to send to the
/// task that uses them.
///
/// ```
/// use postroom::Limits;
/// use postroom::imap::codec::{Batch, FetchedBatch};
///
/// let mut batch = Batch::new("* 1 FETCH (UID 7)\r\n* 2 FETCH (UID 9)\r\n".into());
/// batch.push(0, 19);
/// batch.push(19, 38);
/// let messages = FetchedBatch::parse(&batch, &Limits::default(), None);
/// let uids: Vec<u32> = messages.filter_map(|message| Some(message.ok()?.uid()?.as_u32())).collect();
/// assert_eq!(uids, [7, 9]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    block: Bytes,
    frames: Vec<(u32, u32)>,
    /// Offsets within the block, ascending.
    elided: Vec<Elided>,
}

/// A FETCH response that could not be read at all. It does not affect the connection or other messages.
///
/// ```
/// use postroom::{Limits, imap::codec::fetched};
///
/// let error = fetched("* 1 FETCH nothing\r\n".into(), &Limits::default()).unwrap_err();
/// assert_eq!(&error.raw()[..], b"* 1 FETCH nothing\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct UnreadableFetch {
    reason: Reason,
    raw: Bytes,
}

/// An iterator over the messages of one batch, in their order.
///
/// ```
/// use postroom::{Limits, imap::codec::{Batch, FetchedBatch}};
///
/// let mut batch = Batch::new("* 1 FETCH (UID 7)\r\n".into());
/// batch.push(0, batch.weight());
/// let mut messages = FetchedBatch::parse(&batch, &Limits::default(), None);
/// assert_eq!(messages.next().unwrap()?.uid().map(u32::from), Some(7));
/// # Ok::<(), postroom::imap::codec::UnreadableFetch>(())
/// ```
#[derive(Debug, Default)]
pub struct FetchedBatch {
    pub(super) tape: Arc<Tape>,
    /// The offset of each message on the tape; [`NONE`] means the next element of `unreadable`.
    messages: Vec<u32>,
    next: usize,
    unreadable: VecDeque<UnreadableFetch>,
}

/// Parses one complete FETCH or UIDFETCH response, from `*` to the line end.
///
/// # Errors
///
/// [`UnreadableFetch`] if the bytes are not such a response. Smaller flaws are [`Defect`](crate::Defect)s of the message.
///
/// ```
/// use postroom::Limits;
/// use postroom::imap::codec::fetched;
///
/// let message = fetched("* 12 FETCH (FLAGS (\\Seen) UID 7 RFC822.SIZE 44827)\r\n".into(), &Limits::default())?;
/// assert_eq!(message.uid().map(u32::from), Some(7));
/// assert_eq!(message.size(), Some(44827));
/// assert!(message.flags().is_some_and(|flags| flags.seen()));
/// # Ok::<(), postroom::imap::codec::UnreadableFetch>(())
/// ```
pub fn fetched(frame: Bytes, limits: &Limits) -> Result<Fetched, UnreadableFetch> {
    let mut tape = Tape { block: frame, words: Vec::new() };
    match super::read(&tape.block, 0, &[], limits, &mut tape.words) {
        Ok(()) => {
            if tape.words.len() < tape.words.capacity() / 2 {
                tape.words.shrink_to_fit();
            }
            Ok(Fetched::new(Arc::new(tape), 0))
        }
        Err(reason) => Err(UnreadableFetch { reason, raw: tape.block }),
    }
}

/// Joins two complete responses about the same message into one, with the attributes of both.
pub(crate) fn joined(first: &[u8], second: &[u8]) -> Bytes {
    let first = first.trim_ascii_end();
    let first = first.strip_suffix(b")").unwrap_or(first);
    let start = memchr::memchr(b'(', second).map_or(0, |at| at + 1);
    [first, b" ", second.get(start..).unwrap_or_default()].concat().into()
}

/// A message for which the server sent nothing: its UID, and the defect that the message is missing.
pub(crate) fn missing(uid: Uid) -> Fetched {
    let frame = format!("* {uid} UIDFETCH ()\r\n");
    let mut words = Vec::new();
    super::nothing(uid.as_u32(), frame.len(), &mut words);
    Fetched::new(Arc::new(Tape { block: frame.into(), words }), 0)
}

/// The same message with the defect that the requested data is missing.
pub(crate) fn lacking(fetched: &Fetched) -> Fetched {
    let mut own = fetched.detach_words();
    super::lack(&mut own);
    Fetched::new(Arc::new(Tape { block: fetched.raw(), words: own }), 0)
}

impl Batch {
    /// An empty batch over these bytes, of which there may be at most 4 GiB.
    pub fn new(block: Bytes) -> Self {
        Self { block, frames: Vec::new(), elided: Vec::new() }
    }

    /// Reserves capacity for exactly this number of frames.
    pub(crate) fn reserve(&mut self, frames: usize) {
        self.frames.reserve_exact(frames);
    }

    /// Removes all frames for which `keep` returns false.
    pub(crate) fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        let block = &self.block;
        self.frames.retain(|&(start, end)| keep(block.get(start as usize..end as usize).unwrap_or_default()));
    }

    /// Adds the frame at these offsets of the block.
    pub fn push(&mut self, start: usize, end: usize) {
        if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) {
            self.frames.push((start, end));
        }
    }

    /// Adds the literals that the framer left out of the frame that begins at `start`.
    pub fn elide(&mut self, start: usize, elided: impl IntoIterator<Item = Elided>) {
        let moved = elided.into_iter().map(|one| Elided { at: start + one.at, size: one.size });
        let last = self.elided.len().saturating_sub(1);
        self.elided.extend(moved);
        // Frames are nearly always added in order; then this examines each literal once.
        if !self.elided.get(last..).unwrap_or_default().is_sorted_by_key(|one| one.at) {
            self.elided.sort_by_key(|one| one.at);
        }
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether the batch has no frames.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The frame at this index, as received.
    pub(crate) fn get(&self, index: usize) -> Option<Bytes> {
        self.frames.get(index).map(|&(start, end)| self.cut(start, end))
    }

    /// The number of bytes that it keeps in memory.
    pub fn weight(&self) -> usize {
        self.block.len()
    }

    /// The frames, as received.
    pub fn raw(&self) -> impl Iterator<Item = Bytes> {
        self.frames.iter().map(|&(start, end)| self.cut(start, end))
    }

    /// Parses one frame onto the tape and returns its offset there.
    #[inline]
    fn read(&self, start: u32, end: u32, limits: &Limits, words: &mut Vec<u32>) -> Read<u32> {
        let at = u32::try_from(words.len()).ok().filter(|&at| at != NONE).ok_or(Reason::TooMany)?;
        let elided = if self.elided.is_empty() { Vec::new() } else { self.elided_of(start, end) };
        super::read(self.frame(start, end), start, &elided, limits, words)?;
        Ok(at)
    }

    fn frame(&self, start: u32, end: u32) -> &[u8] {
        self.block.get(start as usize..end as usize).unwrap_or_default()
    }

    fn cut(&self, start: u32, end: u32) -> Bytes {
        self.block.slice_ref(self.frame(start, end))
    }

    /// The literals that were left out of one frame, with offsets in that frame.
    fn elided_of(&self, start: u32, end: u32) -> Vec<Elided> {
        let (start, end) = (start as usize, end as usize);
        let first = self.elided.partition_point(|one| one.at < start);
        let within = self.elided.iter().skip(first).take_while(|one| one.at < end);
        within.map(|one| Elided { at: one.at - start, size: one.size }).collect()
    }
}

impl FetchedBatch {
    /// Parses all frames. The memory of `spare`, an earlier batch, is reused if none of its messages exists any more.
    pub fn parse(batch: &Batch, limits: &Limits, spare: Option<Self>) -> Self {
        let mut parsed = spare.map(Self::cleared).unwrap_or_default();
        if let Some(tape) = Arc::get_mut(&mut parsed.tape) {
            tape.block = batch.block.clone();
            for &(start, end) in &batch.frames {
                let read = batch.read(start, end, limits, &mut tape.words);
                parsed.messages.push(*read.as_ref().unwrap_or(&NONE));
                if let Err(reason) = read {
                    parsed.unreadable.push_back(UnreadableFetch { reason, raw: batch.cut(start, end) });
                }
            }
        }
        parsed
    }

    fn cleared(mut self) -> Self {
        match Arc::get_mut(&mut self.tape) {
            Some(tape) if tape.words.capacity() <= SPARE_WORDS => tape.words.clear(),
            _ => self.tape = Arc::default(),
        }
        self.messages.clear();
        self.unreadable.clear();
        self.next = 0;
        self
    }
}

impl Iterator for FetchedBatch {
    type Item = Result<Fetched, UnreadableFetch>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let at = *self.messages.get(self.next)?;
        self.next += 1;
        if at == NONE {
            return self.unreadable.pop_front().map(Err);
        }
        Some(Ok(Fetched::new(self.tape.clone(), at)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.messages.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for FetchedBatch {}

impl UnreadableFetch {
    pub(crate) fn new(reason: Reason, raw: Bytes) -> Self {
        Self { reason, raw }
    }

    /// Why it could not be read.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The response, as received.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }
}

impl fmt::Display for UnreadableFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a FETCH response cannot be read: {}", self.reason)
    }
}

impl std::error::Error for UnreadableFetch {}
