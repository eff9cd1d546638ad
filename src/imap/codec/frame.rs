//! Finds where one response ends, by line ends and announced literals alone, looking at every byte once however the bytes
//! arrive. It must not know what a response means, except whether it is free text, in which `{1}` announces nothing.

use super::route::{is_data, is_text};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::wire::class::{LineFeed, find};

/// Literals in one response. Far more than an envelope of ten thousand recipients has.
const LITERALS: u32 = 65_536;

/// Finds the ends of responses in a growing buffer (RFC 9051 §2.2, §4.3).
///
/// Call [`next`](Self::next) with the unread bytes, which begin with the unfinished response and are the former ones with
/// more behind them. After [`Frame::Complete`] the caller takes those bytes away, and the next call begins the next response.
///
/// A line end is CRLF; a bare LF is taken too. NUL bytes and blank lines in front of a response count as its part.
///
/// ```
/// use postroom::Limits;
/// use postroom::imap::codec::{Frame, Framer};
///
/// let mut framer = Framer::new();
/// let limits = Limits::default();
/// let bytes = b"* 1 FETCH (BODY[] {3}\r\n\r\n.)\r\n* 2 EXISTS\r\n";
/// assert_eq!(framer.next(&bytes[..25], &limits, usize::MAX)?, Frame::Partial);
/// assert_eq!(framer.next(bytes, &limits, usize::MAX)?, Frame::Complete { len: 29 });
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Framer {
    /// Every byte before it was looked at or belongs to a literal.
    scanned: usize,
    /// Where the line began: at 0, or behind a literal.
    line: usize,
    literals: u32,
    /// A literal that the caller has not decided about.
    pending: Option<(usize, u64)>,
    elided: Vec<Elided>,
}

/// What [`Framer::next`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Frame {
    /// The first `len` bytes are one whole response, its line end included.
    Complete {
        /// How many.
        len: usize,
    },
    /// The response is not whole yet.
    Partial,
    /// A literal of `size` bytes over the threshold begins at `start`. Nothing is read on until the caller has said
    /// [`keep`](Framer::keep) or [`elide`](Framer::elide).
    Literal {
        /// The offset of the literal's first byte.
        start: usize,
        /// How many bytes are announced; at most 2^63-1.
        size: u64,
    },
}

/// A literal that was left out of its frame: its bytes should be at `at`, and are not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Elided {
    /// The offset, within the frame, where the literal's first byte would be.
    pub at: usize,
    /// How many bytes were announced.
    pub size: u64,
}

impl Framer {
    /// At the beginning of a response.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the bytes of `input` that were not there before.
    ///
    /// A literal larger than `threshold`, or than [`Limits::literal`], is reported before any of it is waited for.
    ///
    /// # Errors
    ///
    /// [`Kind::Limit`](crate::Kind::Limit) where a line is over [`Limits::line`] (its line end counts; not a line of numbers found or
    /// of a message's data), the response over [`Limits::response`], or it holds over 65,536 literals; [`Kind::Protocol`](crate::Kind::Protocol) where a literal
    /// announces 2^63 bytes or more. The end of the response is not known then, and no further call makes sense.
    #[inline]
    pub fn next(&mut self, input: &[u8], limits: &Limits, threshold: usize) -> Result<Frame> {
        loop {
            if let Some((start, size)) = self.pending {
                return Ok(Frame::Literal { start, size });
            }
            if self.scanned > input.len() {
                return Ok(Frame::Partial);
            }
            let found = find::<LineFeed>(input, self.scanned);
            if found == input.len() {
                self.scanned = found;
                self.check(input, found.saturating_add(1), limits)?;
                return Ok(Frame::Partial);
            }
            let end = found + 1;
            self.check(input, end, limits)?;
            self.scanned = end;
            let line = input.get(self.line..end).filter(|_| ends_in_brace(input, end));
            let announced = line.and_then(|line| literal_announced(line, self.literals == 0));
            match announced {
                Some(size) => self.begin_literal(end, size, limits, threshold)?,
                None if self.literals == 0 && is_blank(input, self.line, end) => self.skip_blank(end, limits)?,
                None => {
                    self.restart();
                    return Ok(Frame::Complete { len: end });
                }
            }
        }
    }

    /// The literal just reported follows in `input` like everything else.
    ///
    /// # Errors
    ///
    /// [`Kind::Limit`](crate::Kind::Limit) where it, or with it the response, is larger than may be kept.
    pub fn keep(&mut self, limits: &Limits) -> Result<()> {
        match self.pending.take() {
            Some((_, size)) if size > limits.literal as u64 => Err(Error::limit("a literal is too large to be kept")),
            Some((start, size)) => self.skip(start, size, limits),
            None => Ok(()),
        }
    }

    /// The literal just reported is left out: the caller takes its bytes away as they come, and in `input` the byte behind
    /// the literal follows directly on the announcement.
    pub fn elide(&mut self) {
        if let Some((start, size)) = self.pending.take() {
            self.elided.push(Elided { at: start, size });
            self.line = start;
        }
    }

    /// The literals left out of the present response so far.
    pub(crate) fn elided(&self) -> &[Elided] {
        &self.elided
    }

    /// The literals left out of the response that was just completed, or of the present one while there is none; asking
    /// forgets them.
    pub fn take_elided(&mut self) -> Vec<Elided> {
        std::mem::take(&mut self.elided)
    }

    /// How many bytes the present response has at least, as far as is known.
    pub fn expected(&self) -> usize {
        self.scanned
    }

    /// Whether no byte of the present response was seen.
    pub fn is_between(&self) -> bool {
        self.scanned == 0
    }

    #[inline]
    fn begin_literal(&mut self, start: usize, size: u64, limits: &Limits, threshold: usize) -> Result<()> {
        if size > i64::MAX as u64 {
            return Err(Error::protocol("the server announces a literal of impossible size"));
        }
        self.literals += 1;
        if self.literals > LITERALS {
            return Err(Error::limit("a response has too many literals"));
        }
        if size > threshold.min(limits.literal) as u64 {
            self.pending = Some((start, size));
            return Ok(());
        }
        self.skip(start, size, limits)
    }

    #[inline]
    fn skip(&mut self, start: usize, size: u64, limits: &Limits) -> Result<()> {
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let end = end.filter(|&end| end < limits.response).ok_or_else(over_response)?;
        (self.scanned, self.line) = (end, end);
        Ok(())
    }

    /// Blank lines in front of a response are together held to the limit of one line.
    fn skip_blank(&mut self, end: usize, limits: &Limits) -> Result<()> {
        if end > limits.line {
            return Err(Error::limit("the server sends nothing but blank lines"));
        }
        self.line = end;
        Ok(())
    }

    /// Numbers and the data of a message are as long as they are: only the whole response bounds them.
    #[inline]
    fn check(&self, input: &[u8], end: usize, limits: &Limits) -> Result<()> {
        if end - self.line > limits.line && !is_data(input) {
            return Err(Error::limit("a line of the server is too long"));
        }
        if end > limits.response { Err(over_response()) } else { Ok(()) }
    }

    fn restart(&mut self) {
        (self.scanned, self.line, self.literals) = (0, 0, 0);
    }
}

/// The size of the literal that a line announces at its end (RFC 9051 §4.3), or `u64::MAX` for anything larger.
///
/// `{123}`, `~{123}` or `{123+}` come after a space, a parenthesis or a section; anywhere else a brace is a brace. `may_be_text` is
/// whether the line begins a response: that may be free text, which announces nothing.
#[inline]
pub(crate) fn literal_announced(line: &[u8], may_be_text: bool) -> Option<u64> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_suffix(b"}")?;
    let (head, size) = number_at_end(line.strip_suffix(b"+").unwrap_or(line))?;
    let head = head.strip_suffix(b"{")?;
    let head = head.strip_suffix(b"~").unwrap_or(head);
    let announces = matches!(head.last(), None | Some(b' ' | b'(' | b']' | b'>')) && !(may_be_text && is_text(head));
    announces.then_some(size)
}

/// The decimal number at the end of these bytes, or `u64::MAX` for anything larger, and what stands in front of it. Backwards, no
/// digit waits for another.
#[inline]
fn number_at_end(bytes: &[u8]) -> Option<(&[u8], u64)> {
    let (mut head, mut value, mut place) = (bytes, 0_u64, 1_u64);
    while let [before @ .., digit @ b'0'..=b'9'] = head {
        value = value.saturating_add(u64::from(digit - b'0').saturating_mul(place));
        place = place.saturating_mul(10);
        head = before;
    }
    (head.len() < bytes.len()).then_some((head, value))
}

/// Whether the line ending at `end` may announce a literal: almost none does.
#[inline]
fn ends_in_brace(input: &[u8], end: usize) -> bool {
    matches!(input.get(..end), Some([.., b'}', b'\r', b'\n'] | [.., b'}', b'\n']))
}

/// Whether this line is nothing but NUL bytes and its end (some servers send such before a response).
#[inline]
fn is_blank(input: &[u8], start: usize, end: usize) -> bool {
    input.get(start..end).is_none_or(|line| line.iter().all(|byte| matches!(byte, 0 | b'\r' | b'\n')))
}

fn over_response() -> Error {
    Error::limit("a response of the server is too large")
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
