//! BODY and BODYSTRUCTURE (RFC 9051 §7.5.2) onto the tape, with what real servers send in its place. Parts are nested as deep
//! as the limit allows; everything else is read without recursion. It must not know the message around it.

use super::envelope::{self, close};
use crate::defect::Reason;
use crate::imap::codec::token::{Read, Tokens};
use crate::imap::types::structure::{Kind, is_multipart_subtype};
use crate::imap::types::tape::{NONE, Span, halves, part};

/// Parts of one message. The greatest digests have some hundreds.
pub(super) const PARTS: u32 = 10_000;
/// Whatever the limit, so deep and no deeper: each level costs a few hundred bytes of stack.
const DEEPEST: usize = 150;

/// Where on the tape parts are counted from, and how many there were.
pub(super) struct Structure<'t, 'a> {
    pub(super) tokens: &'t mut Tokens<'a>,
    pub(super) tape: &'t mut Vec<u32>,
    /// Where the message's words begin.
    pub(super) base: usize,
    pub(super) parts: &'t mut u32,
}

/// A part being read: its words, written to the tape when they are known.
struct Draft {
    place: u32,
    words: [u32; part::WORDS],
}

impl Draft {
    #[inline(always)]
    fn set<const N: usize>(&mut self, field: usize, values: [u32; N]) {
        if let Some(place) = self.words.get_mut(field..field + N) {
            place.copy_from_slice(&values);
        }
    }
}

impl Structure<'_, '_> {
    /// Reads the structure and writes its words: the root's place, then everything else.
    pub(super) fn read(&mut self) -> Read<()> {
        let at = self.tape.len();
        self.tape.push(NONE);
        let root = self.part(NONE, 1, 1)?.ok_or(Reason::Missing)?;
        self.patch(at, root);
        Ok(())
    }

    /// One part; `None` for `()` or `NIL`, which stand for an empty one.
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
        self.tokens.fits(self.tape)?;
        let mut draft = Draft { place: (self.tape.len() - self.base) as u32, words: part::BLANK };
        draft.set(part::ORDINAL, [ordinal, parent]);
        self.tape.extend_from_slice(&part::BLANK);
        if self.tokens.peek() == Some(b'(') {
            self.multipart(&mut draft, depth)?;
        } else {
            self.leaf(&mut draft, depth)?;
        }
        self.rest(&mut draft)?;
        let at = self.base + draft.place as usize;
        if let Some(place) = self.tape.get_mut(at..at + part::WORDS) {
            place.copy_from_slice(&draft.words);
        }
        Ok(Some(draft.place))
    }

    fn multipart(&mut self, draft: &mut Draft, depth: usize) -> Read<()> {
        let (mut last, mut ordinal) = (None, 0);
        while self.tokens.peek() == Some(b'(') {
            ordinal += 1;
            if let Some(child) = self.part(draft.place, ordinal, depth + 1)? {
                match last {
                    Some(last) => self.patch(self.base + last as usize + part::NEXT, child),
                    None => draft.set(part::FIRST, [child]),
                }
                last = Some(child);
            }
            self.tokens.skip_spaces();
        }
        let subtype = self.string()?;
        self.multipart_rest(draft, subtype)
    }

    fn multipart_rest(&mut self, draft: &mut Draft, subtype: Span) -> Read<()> {
        draft.set(part::KIND, [Kind::Multipart as u32]);
        draft.set(part::SUBTYPE, subtype.words());
        let params = self.params()?;
        draft.set(part::PARAMS, params);
        self.extension(draft)
    }

    fn leaf(&mut self, draft: &mut Draft, depth: usize) -> Read<()> {
        let media = self.string()?;
        self.tokens.skip_spaces();
        // Gmail, QQ and Yandex send multiparts without any part, which begin with their subtype.
        let subtype = match self.tokens.peek() {
            Some(b'(' | b'N' | b'n') if self.has_no_subtype() => Span::NIL,
            Some(b'(' | b')') => return self.multipart_rest(draft, media),
            Some(b'N' | b'n') if is_multipart_subtype(self.tokens.slice(media)) => {
                return self.multipart_rest(draft, media);
            }
            _ => self.string()?,
        };
        draft.set(part::TYPE, media.words());
        draft.set(part::SUBTYPE, subtype.words());
        let params = self.params()?;
        draft.set(part::PARAMS, params);
        // Few parts have either, and a blank part has none.
        if self.tokens.cursor.rest().starts_with(b" NIL NIL ") {
            self.tokens.cursor.advance(b" NIL NIL".len());
        } else {
            draft.set(part::ID, self.string()?.words());
            draft.set(part::DESCRIPTION, self.string()?.words());
        }
        draft.set(part::ENCODING, self.string()?.words());
        let size = self.number()?;
        draft.set(part::SIZE, size);
        match Kind::of(self.tokens.slice(media), self.tokens.slice(subtype)) {
            Kind::Text => {
                draft.set(part::KIND, [Kind::Text as u32]);
                let lines = self.lines()?;
                draft.set(part::LINES, lines);
            }
            Kind::Message => self.message(draft, depth)?,
            _ => {}
        }
        draft.set(part::MD5, self.string()?.words());
        self.extension(draft)
    }

    /// Whether parameters, id, description, encoding and size follow: the subtype was left out.
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

    fn message(&mut self, draft: &mut Draft, depth: usize) -> Read<()> {
        draft.set(part::KIND, [Kind::Message as u32]);
        self.tokens.skip_spaces();
        if self.tokens.peek() == Some(b'(') {
            draft.set(part::ENVELOPE, [(self.tape.len() - self.base) as u32]);
            envelope::read(self.tokens, self.tape)?;
        } else if !self.is_without_envelope() {
            return Ok(());
        } else {
            self.tokens.nil();
        }
        if let Some(child) = self.part(draft.place, 1, depth + 1)? {
            draft.set(part::FIRST, [child]);
        }
        let lines = self.lines()?;
        draft.set(part::LINES, lines);
        Ok(())
    }

    /// Whether NIL stands for an envelope: a body, or NIL for it too, and a count of lines follow. Else the message has neither, and
    /// what follows is what every part has.
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
    fn extension(&mut self, draft: &mut Draft) -> Read<()> {
        // So do nearly all parts end, and a blank part says as much.
        if self.tokens.cursor.rest().starts_with(b" NIL NIL NIL)") {
            self.tokens.cursor.advance(b" NIL NIL NIL".len());
            return Ok(());
        }
        self.disposition(draft)?;
        let language = self.language()?;
        draft.set(part::LANGUAGE, language);
        draft.set(part::LOCATION, self.string()?.words());
        Ok(())
    }

    /// `body-extension`: whatever stands behind all that is known.
    #[inline]
    fn rest(&mut self, draft: &mut Draft) -> Read<()> {
        if self.tokens.closes() {
            return Ok(());
        }
        let start = self.tokens.cursor.at();
        close(self.tokens)?;
        draft.set(part::EXTENSION, Span::new(start, self.tokens.cursor.at() - 1).words());
        Ok(())
    }

    /// Exchange sends a bare string, or `(NIL NIL)`.
    #[inline]
    fn disposition(&mut self, draft: &mut Draft) -> Read<()> {
        self.tokens.skip_spaces();
        if !self.tokens.eat(b'(') {
            draft.set(part::DISPOSITION, self.string()?.words());
            return Ok(());
        }
        draft.set(part::DISPOSITION, self.string()?.words());
        let params = self.params()?;
        draft.set(part::DISPOSITION_PARAMS, params);
        close(self.tokens)
    }

    /// Names and values, as a place and a count of words. A string in their place says nothing, and is skipped.
    #[inline]
    fn params(&mut self) -> Read<[u32; 2]> {
        self.tokens.skip_spaces();
        if !self.tokens.eat(b'(') {
            self.string()?;
            return Ok([NONE; 2]);
        }
        let at = self.tape.len();
        while !self.tokens.closes() {
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
        let tag = self.string()?;
        if !tag.is_nil() {
            self.tape.extend_from_slice(&tag.words());
        }
        Ok(())
    }

    /// One string; NIL where the list ends early or holds a list in its place.
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

    /// A count of lines, which some servers leave out.
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

    fn patch(&mut self, at: usize, value: u32) {
        if let Some(place) = self.tape.get_mut(at) {
            *place = value;
        }
    }
}
