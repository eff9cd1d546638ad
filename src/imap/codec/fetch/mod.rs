//! FETCH and UIDFETCH (RFC 9051 §7.5.2, RFC 9586 §3.3): one pass over a complete frame writes and validates the tape, so that no
//! accessor can fail. An attribute that cannot be read becomes a defect, and reading goes on with the next one. It must not know who
//! asked for the message.

mod attribute;
mod batch;
mod envelope;
mod scan;
mod structure;

pub use batch::{Batch, FetchedBatch, UnreadableFetch, fetched};
pub(crate) use batch::{joined, lacking, missing};
pub(crate) use scan::{Named, Scan, before_literal};

use self::envelope::FieldFault;
use super::frame::Elided;
use super::route::{Kind, Route, split};
use super::token::{Read, Room, Tokens};
use crate::defect::Reason;
use crate::imap::types::tape::{HEAD, Item, LONGEST, Span, halves, reason_words};
use crate::limits::Limits;
use crate::wire::Cursor;

/// Every message may have this number of words.
const MOST: usize = 16_384;
/// A message may have one word for every 32 bytes of [`Limits::response`]. Even during reallocation, the words and two copies of the
/// response then take little more than twice that limit.
const SHARE: usize = 32;

/// One message being written.
struct Message<'t, 'a> {
    tokens: Tokens<'a>,
    tape: &'t mut Vec<u32>,
    /// The offset of its first word.
    base: usize,
    parts: u32,
    /// The number of open parentheses around attributes.
    wraps: u32,
    /// Whether there was an extra closing parenthesis.
    is_overclosed: bool,
}

/// Reads a frame that begins at offset `start` of its block, and writes the message's words. If the frame is not readable at all, it
/// writes nothing.
fn read(frame: &[u8], start: u32, elided: &[Elided], limits: &Limits, tape: &mut Vec<u32>) -> Read<()> {
    if frame.len() > LONGEST {
        return Err(Reason::TooLarge(frame.len() as u64));
    }
    let (route, rest) = split(frame);
    let (seq, uid) = match route {
        Route::Untagged(Kind::Fetch(seq)) => (seq, None),
        Route::Untagged(Kind::UidFetch(uid)) => (0, Some(uid)),
        _ => return Err(Reason::Syntax),
    };
    let cursor = Cursor::new(frame, frame.len() - rest.len());
    let base = tape.len();
    let room = Room { before: start as usize, most: base + MOST.max(limits.response / SHARE) };
    let mut tokens = Tokens::new(cursor, elided, limits.nesting, room);
    if !tokens.eat(b'(') {
        return Err(Reason::Syntax);
    }
    tape.extend_from_slice(&[start, start + frame.len() as u32, seq, 0]);
    let mut message = Message { tokens, tape, base, parts: 0, wraps: 0, is_overclosed: false };
    if let Some(uid) = uid {
        message.put(Item::Uid, [uid]);
    }
    message.attributes();
    message.finish();
    Ok(())
}

/// Writes the words of a message with a UID and no data.
fn nothing(uid: u32, length: usize, tape: &mut Vec<u32>) {
    let base = tape.len();
    tape.extend_from_slice(&[0, length as u32, 0, 0]);
    let tokens = Tokens::new(Cursor::new(&[], 0), &[], 0, Room::default());
    let mut message = Message { tokens, tape, base, parts: 0, wraps: 0, is_overclosed: false };
    message.put(Item::Uid, [uid]);
    message.defect(Reason::Missing, Span::new(0, 0), 0);
    message.finish();
}

/// Adds to the words of one message the defect that the requested data is missing.
fn lack(words: &mut Vec<u32>) {
    let tokens = Tokens::new(Cursor::new(&[], 0), &[], 0, Room::default());
    let mut message = Message { tokens, tape: words, base: 0, parts: 0, wraps: 0, is_overclosed: false };
    message.defect(Reason::Missing, Span::new(0, 0), 0);
    message.finish();
}

impl<'a> Message<'_, 'a> {
    fn attributes(&mut self) {
        loop {
            self.tokens.skip_spaces();
            if let Err(reason) = self.tokens.fits(self.tape) {
                let at = self.tokens.cursor.at();
                self.tokens.cursor.seek(usize::MAX);
                return self.defect(reason, Span::new(at, at), at);
            }
            match self.tokens.peek() {
                Some(b')') if self.wraps > 0 => {
                    self.wraps -= 1;
                    self.tokens.eat(b')');
                }
                Some(b')') if self.is_end() => return,
                // Domino wraps single attributes in parentheses: `(ENVELOPE (...))`.
                Some(b'(') if self.tokens.cursor.peek_second().is_some_and(|byte| byte.is_ascii_alphabetic()) => {
                    self.wraps += 1;
                    self.tokens.eat(b'(');
                }
                None | Some(b'\r' | b'\n') => {
                    let at = self.tokens.cursor.at();
                    return self.defect(Reason::Unterminated, Span::new(at, at), at);
                }
                _ => self.attribute(),
            }
        }
    }

    /// Reads a `)` and checks whether it ends the message. If a structure has an extra `)`, the attributes after it are read as if it
    /// were not there.
    fn is_end(&mut self) -> bool {
        let start = self.tokens.cursor.at();
        self.tokens.eat(b')');
        self.tokens.skip_spaces();
        let end = matches!(self.tokens.peek(), None | Some(b'\r' | b'\n'));
        if !end && !std::mem::replace(&mut self.is_overclosed, true) {
            self.defect(Reason::Syntax, Span::new(start, start), start);
        }
        end
    }

    /// Records a defect for each envelope field that could not be read.
    #[inline]
    fn lose_fields(&mut self, name: Span, faults: &[FieldFault]) {
        for &FieldFault { field, reason, start, end } in faults {
            if self.tokens.fits(self.tape).is_err() {
                return;
            }
            self.defect_of(reason, name, Span::new(start, end), 1 + field as u32);
        }
    }

    /// Records a defect for a value that could not be read, and skips the value, or the whole rest if the value's end is not known.
    #[cold]
    fn salvage(&mut self, reason: Reason, name: Span, value: usize) {
        self.tokens.cursor.seek(value);
        // A missing value is NIL, `()`, or nothing at all; in the last case the next attribute follows.
        let nothing = reason == Reason::Missing && self.tokens.peek() != Some(b'(');
        if nothing {
            self.tokens.nil();
        } else if self.tokens.skip_value().is_err() {
            self.tokens.cursor.seek(usize::MAX);
        }
        // Always make progress.
        if name.range().is_empty() && self.tokens.cursor.at() == value {
            self.tokens.cursor.advance(1);
        }
        self.defect(reason, name, value);
    }

    fn defect(&mut self, reason: Reason, name: Span, value: usize) {
        self.defect_of(reason, name, Span::new(value, self.tokens.cursor.at()), 0);
    }

    fn defect_of(&mut self, reason: Reason, name: Span, value: Span, field: u32) {
        let (code, size) = reason_words(reason);
        let ([low, high], [a, b], [c, d]) = (halves(size), name.words(), value.words());
        self.put(Item::Defect, [code, low, high, a, b, c, d, field]);
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, item: Item, words: [u32; N]) {
        self.tape.extend_from_slice(&[item as u32, N as u32]);
        self.tape.extend_from_slice(&words);
    }

    /// Begins an item whose length is not known yet; [`end`](Self::end) writes it.
    #[inline(always)]
    fn begin(&mut self, item: Item) -> usize {
        self.tape.extend_from_slice(&[item as u32, 0]);
        self.tape.len()
    }

    #[inline(always)]
    fn end(&mut self, begun: usize) {
        let count = (self.tape.len() - begun) as u32;
        if let Some(place) = self.tape.get_mut(begun - 1) {
            *place = count;
        }
    }

    fn finish(&mut self) {
        let count = (self.tape.len() - self.base - HEAD) as u32;
        if let Some(place) = self.tape.get_mut(self.base + HEAD - 1) {
            *place = count;
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
mod odd_tests;
