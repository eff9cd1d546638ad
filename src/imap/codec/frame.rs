//! Finds the end of a response by line ends and announced literals only, and reads every byte once no matter how the bytes arrive. It
//! must not know what a response means, except whether it is free text, in which `{1}` announces no literal.

use super::route::{is_data, is_text};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::wire::class::{LineFeed, find};

/// The largest number of literals in one response. An envelope with ten thousand recipients has far fewer.
const LITERALS: u32 = 65_536;

/// Finds the ends of responses in a growing buffer (RFC 9051 §2.2, §4.3).
///
/// Call [`next`](Self::next) with all unread bytes: those of the previous call, with new ones appended. After [`Frame::Complete`], remove
/// the bytes of the response; the next call begins the next response.
///
/// A line ends with CRLF or a bare LF. NUL bytes and blank lines before a response belong to it.
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
    /// All bytes before this offset were examined or belong to a literal.
    scanned: usize,
    /// The beginning of the line: 0, or the end of a literal.
    line: usize,
    literals: u32,
    /// A literal that the caller has not decided about.
    pending: Option<(usize, u64)>,
    elided: Vec<Elided>,
}

/// What [`Framer::next`] found.
///
/// ```
/// use postroom::{Limits, imap::codec::{Frame, Framer}};
///
/// let frame = Framer::new().next(b"* 2 EXISTS\r\n* 1 REC", &Limits::default(), usize::MAX)?;
/// assert_eq!(frame, Frame::Complete { len: 12 });
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Frame {
    /// The first `len` bytes are one whole response, including its line end.
    Complete {
        /// The length of the response in bytes.
        len: usize,
    },
    /// The response is not complete yet.
    Partial,
    /// A literal larger than the threshold begins at `start`. The framer reads no further until the caller calls
    /// [`keep`](Framer::keep) or [`elide`](Framer::elide).
    Literal {
        /// The offset of the literal's first byte.
        start: usize,
        /// The announced size in bytes; at most 2^63-1.
        size: u64,
    },
}

/// A literal whose bytes were removed from its frame.
///
/// ```
/// use postroom::{Limits, imap::codec::{Frame, Framer}};
///
/// let (mut framer, limits) = (Framer::new(), Limits::default());
/// let head = b"* 1 FETCH (BODY[] {9000}\r\n";
/// assert_eq!(framer.next(head, &limits, 100)?, Frame::Literal { start: 26, size: 9000 });
/// framer.elide();
/// assert_eq!(framer.next(b"* 1 FETCH (BODY[] {9000}\r\n)\r\n", &limits, 100)?, Frame::Complete { len: 29 });
/// assert_eq!(framer.take_elided()[0].size, 9000);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Elided {
    /// The offset in the frame at which the literal's first byte would be.
    pub at: usize,
    /// The announced size in bytes.
    pub size: u64,
}

impl Framer {
    /// A framer at the beginning of a response.
    pub fn new() -> Self {
        Self::default()
    }

    /// Examines the bytes of `input` that the previous call did not have.
    ///
    /// A literal larger than `threshold` or [`Limits::literal`] is reported as soon as it is announced.
    ///
    /// ```
    /// # use postroom::{Limits, imap::codec::{Frame, Framer}};
    /// let (mut framer, limits) = (Framer::new(), Limits::default());
    /// assert_eq!(framer.next(b"* 2 EX", &limits, usize::MAX)?, Frame::Partial);
    /// assert_eq!(framer.next(b"* 2 EXISTS\r\n", &limits, usize::MAX)?, Frame::Complete { len: 12 });
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Limit`](crate::Kind::Limit) if a line is longer than [`Limits::line`] including its line end (lines with search results
    /// or a message's data are exempt), if the response is larger than [`Limits::response`], or if it has more than 65,536 literals.
    /// [`Kind::Protocol`](crate::Kind::Protocol) if a literal announces 2^63 bytes or more. After an error the end of the response is not
    /// known, so do not call this again.
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

    /// Keeps the literal that was just reported: its bytes are part of `input`.
    ///
    /// ```
    /// # use postroom::{Limits, imap::codec::{Frame, Framer}};
    /// let (mut framer, limits) = (Framer::new(), Limits::default());
    /// assert_eq!(framer.next(b"* 1 FETCH (BODY[] {2}\r\n", &limits, 1)?, Frame::Literal { start: 23, size: 2 });
    /// framer.keep(&limits)?;
    /// assert_eq!(framer.next(b"* 1 FETCH (BODY[] {2}\r\nhi)\r\n", &limits, 1)?, Frame::Complete { len: 28 });
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Limit`](crate::Kind::Limit) if the literal is larger than [`Limits::literal`], or the response with it larger than
    /// [`Limits::response`].
    pub fn keep(&mut self, limits: &Limits) -> Result<()> {
        match self.pending.take() {
            Some((_, size)) if size > limits.literal as u64 => Err(Error::limit("a literal is too large to be kept")),
            Some((start, size)) => self.skip(start, size, limits),
            None => Ok(()),
        }
    }

    /// Leaves out the literal that was just reported. The caller removes its bytes as they arrive, so that in `input` the byte after the
    /// literal directly follows the announcement.
    pub fn elide(&mut self) {
        if let Some((start, size)) = self.pending.take() {
            self.elided.push(Elided { at: start, size });
            self.line = start;
        }
    }

    /// The literals that were left out of the current response so far.
    pub(crate) fn elided(&self) -> &[Elided] {
        &self.elided
    }

    /// Takes the literals that were left out of the response that was just completed, or of the current one if it is not complete.
    pub fn take_elided(&mut self) -> Vec<Elided> {
        std::mem::take(&mut self.elided)
    }

    /// The smallest possible length of the current response in bytes, as far as it is known.
    pub fn expected(&self) -> usize {
        self.scanned
    }

    /// Whether no byte of the current response was examined yet.
    pub fn is_between(&self) -> bool {
        self.scanned == 0
    }

    #[inline]
    fn begin_literal(&mut self, start: usize, size: u64, limits: &Limits, threshold: usize) -> Result<()> {
        if size > i64::MAX as u64 {
            return Err(Error::protocol("the server announced a literal of 2^63 bytes or more"));
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

    /// All blank lines before a response together may be as long as one line.
    fn skip_blank(&mut self, end: usize, limits: &Limits) -> Result<()> {
        if end > limits.line {
            return Err(Error::limit("the server sent too many blank lines"));
        }
        self.line = end;
        Ok(())
    }

    /// Lines with search results or a message's data are only limited by the size of the whole response.
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
/// `{123}`, `~{123}` or `{123+}` announce a literal only after a space, a parenthesis or a section; anywhere else a brace is an ordinary
/// character. Set `may_be_text` if the line begins a response: that may be free text, which announces no literal.
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

/// The decimal number at the end of these bytes, or `u64::MAX` for anything larger, and the bytes before it. It reads backwards, so
/// that no step depends on the value of the one before.
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

/// Whether the line that ends at `end` may announce a literal. Almost none does.
#[inline]
fn ends_in_brace(input: &[u8], end: usize) -> bool {
    matches!(input.get(..end), Some([.., b'}', b'\r', b'\n'] | [.., b'}', b'\n']))
}

/// Whether this line contains only NUL bytes and its line end. Some servers send such lines before a response.
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
