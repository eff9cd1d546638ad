//! Reads BODY and BODYSTRUCTURE (RFC 9051 §7.5.2) onto the tape, including what real servers send instead. Parts may be nested as deep as
//! the limit allows; everything else is read without recursion. It must not know the message around it.

use super::envelope::{self, close};
use crate::defect::Reason;
use crate::imap::codec::token::{Read, Tokens};
use crate::imap::types::structure::{Kind, is_multipart_subtype};
use crate::imap::types::tape::{NONE, Span, halves, part};

/// The largest number of parts of one message. The largest digests have a few hundred.
pub(super) const PARTS: u32 = 10_000;
/// By how many words the shortest valid part may exceed its number of bytes.
const CREDIT: usize = 8;
/// The deepest nesting, even if the limit is higher: each level costs a few hundred bytes of stack.
const DEEPEST: usize = 150;

/// The state of reading one structure.
pub(super) struct Structure<'t, 'a> {
    pub(super) tokens: &'t mut Tokens<'a>,
    pub(super) tape: &'t mut Vec<u32>,
    /// The offset of the message's first word.
    pub(super) base: usize,
    pub(super) parts: &'t mut u32,
    pub(super) faults: &'t mut Vec<envelope::FieldFault>,
}

impl Structure<'_, '_> {
    /// Reads the structure and writes its words: the root's offset, then everything else.
    pub(super) fn read(&mut self) -> Read<()> {
        let at = self.tape.len();
        self.tape.push(NONE);
        let root = self.part(NONE, 1, 1)?.ok_or(Reason::Missing)?;
        self.set((at - self.base) as u32, 0, [root]);
        Ok(())
    }

    /// One part; `None` for `()` or `NIL`, which some servers send for an empty one.
    fn part(&mut self, parent: u32, ordinal: u32, depth: usize) -> Read<Option<u32>> {
        self.tokens.skip_spaces();
        if !self.tokens.eat(b'(') {
            return if self.tokens.nil() { Ok(None) } else { Err(Reason::Syntax) };
        }
        if self.tokens.closes() {
            return Ok(None);
        }
        if depth > self.tokens.nesting.min(DEEPEST) {
            return Err(Reason::Nesting);
        }
        *self.parts += 1;
        if *self.parts > PARTS {
            return Err(Reason::TooMany);
        }
        self.tokens.room.before += CREDIT;
        self.tokens.fits(self.tape)?;
        let at = self.tape.len();
        let place = (at - self.base) as u32;
        self.tape.extend_from_slice(&part::BLANK);
        self.set(place, part::ORDINAL, [ordinal, parent]);
        if self.tokens.peek() == Some(b'(') {
            self.multipart(place, depth)?;
        } else {
            self.leaf(place, depth)?;
        }
        self.rest(place)?;
        Ok(Some(place))
    }

    fn multipart(&mut self, place: u32, depth: usize) -> Read<()> {
        let (mut last, mut ordinal) = (None, 0);
        while self.tokens.peek() == Some(b'(') {
            ordinal += 1;
            if let Some(child) = self.part(place, ordinal, depth + 1)? {
                match last {
                    Some(last) => self.set(last, part::NEXT, [child]),
                    None => self.set(place, part::FIRST, [child]),
                }
                last = Some(child);
            }
            self.tokens.skip_spaces();
        }
        let subtype = self.string()?;
        self.multipart_rest(place, subtype)
    }

    fn multipart_rest(&mut self, place: u32, subtype: Span) -> Read<()> {
        self.set(place, part::KIND, [Kind::Multipart as u32]);
        self.set(place, part::SUBTYPE, subtype.words());
        let params = self.params()?;
        self.set(place, part::PARAMS, params);
        self.extension(place)
    }

    fn leaf(&mut self, place: u32, depth: usize) -> Read<()> {
        let media = self.string()?;
        self.tokens.skip_spaces();
        // Gmail, QQ and Yandex send multiparts without parts; these begin with the subtype.
        let subtype = match self.tokens.peek() {
            Some(b'(' | b'N' | b'n') if self.has_no_subtype() => Span::NIL,
            Some(b'(' | b')') => return self.multipart_rest(place, media),
            Some(b'N' | b'n') if is_multipart_subtype(self.tokens.slice(media)) => {
                return self.multipart_rest(place, media);
            }
            _ => self.string()?,
        };
        self.set(place, part::TYPE, media.words());
        self.set(place, part::SUBTYPE, subtype.words());
        let params = self.params()?;
        self.set(place, part::PARAMS, params);
        // Most parts have neither; BLANK already says so.
        if self.tokens.cursor.rest().starts_with(b" NIL NIL ") {
            self.tokens.cursor.advance(b" NIL NIL".len());
        } else {
            self.set_string(place, part::ID)?;
            self.set_string(place, part::DESCRIPTION)?;
        }
        self.set_string(place, part::ENCODING)?;
        let size = self.number()?;
        self.set(place, part::SIZE, size);
        match Kind::of(self.tokens.slice(media), self.tokens.slice(subtype)) {
            Kind::Text => {
                self.set(place, part::KIND, [Kind::Text as u32]);
                let lines = self.lines()?;
                self.set(place, part::LINES, lines);
            }
            Kind::Message => self.message(place, depth)?,
            _ => {}
        }
        self.set_string(place, part::MD5)?;
        self.extension(place)
    }

    /// Whether the subtype was left out: parameters, id, description, encoding and size follow.
    #[cold]
    fn has_no_subtype(&self) -> bool {
        let mut ahead = *self.tokens;
        let mut skipped = (0..3).all(|_| {
            ahead.skip_spaces();
            ahead.skip_value().is_ok()
        });
        ahead.skip_spaces();
        skipped &= ahead.nstring().is_ok_and(|encoding| !encoding.is_nil());
        ahead.skip_spaces();
        skipped && ahead.peek().is_some_and(|byte| byte.is_ascii_digit())
    }

    fn envelope(&mut self) -> Read<()> {
        let (begun, mark) = (self.tokens.cursor.at(), self.tape.len());
        envelope::read(self.tokens, self.tape).or_else(|_| {
            self.tokens.cursor.seek(begun);
            self.tape.truncate(mark);
            envelope::read_odd(self.tokens, self.tape, self.faults)
        })
    }

    fn message(&mut self, place: u32, depth: usize) -> Read<()> {
        self.set(place, part::KIND, [Kind::Message as u32]);
        self.tokens.skip_spaces();
        if self.tokens.peek() == Some(b'(') {
            self.set(place, part::ENVELOPE, [(self.tape.len() - self.base) as u32]);
            self.envelope()?;
        } else if !self.is_without_envelope() {
            return Ok(());
        } else {
            self.tokens.nil();
        }
        if let Some(child) = self.part(place, 1, depth + 1)? {
            self.set(place, part::FIRST, [child]);
        }
        let lines = self.lines()?;
        self.set(place, part::LINES, lines);
        Ok(())
    }

    /// Whether NIL is sent for the envelope: a body or NIL, and a number of lines follow. Otherwise the message has no envelope and no
    /// body, and the fields of every part follow.
    #[cold]
    fn is_without_envelope(&self) -> bool {
        let mut ahead = *self.tokens;
        let nil = ahead.nil();
        ahead.skip_spaces();
        let body = matches!(ahead.peek(), Some(b'(')) && ahead.skip_value().is_ok() || ahead.nil();
        ahead.skip_spaces();
        nil && body && ahead.peek().is_some_and(|byte| byte.is_ascii_digit())
    }

    /// `body-fld-dsp`, `-lang`, `-loc`, each of which may be missing.
    fn extension(&mut self, place: u32) -> Read<()> {
        // Nearly all parts end like this; BLANK already says so.
        if self.tokens.cursor.rest().starts_with(b" NIL NIL NIL)") {
            self.tokens.cursor.advance(b" NIL NIL NIL".len());
            return Ok(());
        }
        self.disposition(place)?;
        let language = self.language()?;
        self.set(place, part::LANGUAGE, language);
        self.set_string(place, part::LOCATION)?;
        Ok(())
    }

    /// `body-extension`: everything after the known fields.
    #[inline]
    fn rest(&mut self, place: u32) -> Read<()> {
        if self.tokens.closes() {
            return Ok(());
        }
        let start = self.tokens.cursor.at();
        close(self.tokens)?;
        self.set(place, part::EXTENSION, Span::new(start, self.tokens.cursor.at() - 1).words());
        Ok(())
    }

    /// `body-fld-dsp`. Exchange sends a string without a list, or `(NIL NIL)`.
    #[inline]
    fn disposition(&mut self, place: u32) -> Read<()> {
        self.tokens.skip_spaces();
        if !self.tokens.eat(b'(') {
            self.set_string(place, part::DISPOSITION)?;
            return Ok(());
        }
        self.set_string(place, part::DISPOSITION)?;
        let params = self.params()?;
        self.set(place, part::DISPOSITION_PARAMS, params);
        close(self.tokens)
    }

    /// Names and values, as an offset and a number of words. A string instead of a list has no meaning and is skipped.
    #[inline]
    fn params(&mut self) -> Read<[u32; 2]> {
        self.tokens.skip_spaces();
        if !self.tokens.eat(b'(') {
            self.string()?;
            return Ok([NONE; 2]);
        }
        let at = self.tape.len();
        while !self.tokens.closes() {
            self.tokens.fits(self.tape)?;
            let name = self.string()?.words();
            let value = self.string()?.words();
            let [[a, b], [c, d]] = [name, value];
            self.tape.extend_from_slice(&[a, b, c, d]);
        }
        Ok(self.since(at))
    }

    #[inline]
    fn language(&mut self) -> Read<[u32; 2]> {
        self.tokens.skip_spaces();
        let at = self.tape.len();
        if self.tokens.eat(b'(') {
            while !self.tokens.closes() {
                self.language_tag()?;
            }
        } else {
            self.language_tag()?;
        }
        Ok(self.since(at))
    }

    fn language_tag(&mut self) -> Read<()> {
        self.tokens.fits(self.tape)?;
        let tag = self.string()?;
        if !tag.is_nil() {
            self.tape.extend_from_slice(&tag.words());
        }
        Ok(())
    }

    /// One string; NIL if the list ends early or contains a list instead.
    #[inline(always)]
    fn string(&mut self) -> Read<Span> {
        match self.tokens.usual_string() {
            Some(span) => Ok(span),
            None => self.odd_string(),
        }
    }

    #[inline(never)]
    fn odd_string(&mut self) -> Read<Span> {
        self.tokens.skip_spaces();
        match self.tokens.peek() {
            Some(b')') => Ok(Span::NIL),
            Some(b'(') => self.tokens.skip_value().map(|()| Span::NIL),
            _ => self.tokens.nstring(),
        }
    }

    #[inline]
    fn number(&mut self) -> Read<[u32; 2]> {
        self.tokens.skip_spaces();
        match self.tokens.peek() {
            Some(b')') => Ok([NONE; 2]),
            _ => Ok(self.tokens.number()?.map_or([NONE; 2], halves)),
        }
    }

    /// The number of lines, which some servers leave out.
    #[inline]
    fn lines(&mut self) -> Read<[u32; 2]> {
        self.tokens.skip_spaces();
        match self.tokens.peek() {
            Some(b'0'..=b'9' | b'-' | b'N' | b'n') => self.number(),
            _ => Ok([NONE; 2]),
        }
    }

    fn since(&self, at: usize) -> [u32; 2] {
        [(at - self.base) as u32, (self.tape.len() - at) as u32]
    }

    #[inline(always)]
    fn set_string(&mut self, part: u32, field: usize) -> Read<()> {
        let string = self.string()?;
        self.set(part, field, string.words());
        Ok(())
    }

    /// Overwrites words of a part that is on the tape.
    #[inline(always)]
    fn set<const N: usize>(&mut self, part: u32, field: usize, words: [u32; N]) {
        let at = self.base + part as usize + field;
        if let Some(place) = self.tape.get_mut(at..at + N) {
            place.copy_from_slice(&words);
        }
    }
}
