//! The tokens of a FETCH response: strings, numbers, and skipping of whole values. They are written by hand because they are the hot
//! path. Each function reads one token and nothing after it. They must not know an attribute.

use super::frame::Elided;
use super::skip::skip_blocks;
use crate::defect::Reason;
use crate::imap::types::tape::Span;
use crate::wire::Cursor;
use crate::wire::class::Special;

pub(crate) type Read<T> = std::result::Result<T, Reason>;

/// A cursor over one frame, with the list of literals that were left out of the frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens<'a> {
    pub(crate) cursor: Cursor<'a>,
    pub(crate) elided: &'a [Elided],
    /// How deep parentheses may be nested.
    pub(crate) nesting: usize,
    /// How large the tape may become.
    pub(crate) room: Room,
    quotes: Quotes,
}

/// How much a tape may grow by one frame, so that memory stays in proportion to the bytes received.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    /// The number of bytes of the block before the frame, whose words are on the tape already, plus the words that a structure may
    /// take in addition.
    pub(crate) before: usize,
    /// The largest size of the tape in words, no matter how long the frame is.
    pub(crate) most: usize,
}

/// Which quotes end a string.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quotes {
    /// Quotes before a delimiter that are not escaped by a backslash.
    Usual,
    /// Also escaped quotes.
    Escaped,
    /// Quotes before the end of a list or before another value: a string, list, literal or NIL.
    BeforeValues,
}

/// The tape may hold this number of words plus one per byte read. Valid input needs fewer.
const SPARE: usize = 5120;
/// The largest number of words that are written between two calls of [`Tokens::fits`].
const STEP: usize = 64;
/// For frames of up to this number of bytes, the tape grows like any vector.
const SMALL: usize = 64 * 1024;

impl<'a> Tokens<'a> {
    pub(crate) fn new(cursor: Cursor<'a>, elided: &'a [Elided], nesting: usize, room: Room) -> Self {
        Self { cursor, elided, nesting, room, quotes: Quotes::Usual }
    }

    /// The same tokens for [`careful_string`](Self::careful_string), cut off at `end`.
    pub(crate) fn careful(self, quotes: Quotes, end: usize) -> Self {
        Self { cursor: Cursor::new(self.cursor.up_to(end), self.cursor.at()), quotes, ..self }
    }

    /// `nstring`; a quoted string ends at the chosen kind of quotes.
    pub(crate) fn careful_string(&mut self) -> Read<Span> {
        if self.eat(b'"') { self.odd_quoted(self.cursor.at()) } else { self.nstring() }
    }

    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.cursor.peek()
    }

    #[inline(always)]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        self.cursor.eat(byte)
    }

    /// Checks that the tape may grow, and reserves capacity. Call it at least once every [`STEP`] words.
    #[inline(always)]
    pub(crate) fn fits(&self, tape: &mut Vec<u32>) -> Read<()> {
        if tape.len() > SPARE + self.room.before + self.cursor.at() {
            return Err(Reason::TooMany);
        }
        if tape.capacity() - tape.len() < STEP { self.make_room(tape) } else { Ok(()) }
    }

    /// Grows the tape to a half, a quarter and so on of its largest size, so that the copy during the last step needs at most one and a
    /// half times that size.
    #[cold]
    fn make_room(&self, tape: &mut Vec<u32>) -> Read<()> {
        if tape.len() > self.room.most {
            return Err(Reason::TooMany);
        }
        let bytes = self.cursor.up_to(usize::MAX).len();
        if bytes <= SMALL {
            tape.reserve(STEP);
            return Ok(());
        }
        let most = (SPARE + self.room.before + bytes).min(self.room.most) + 2 * STEP;
        let mut room = most;
        while room / 2 >= tape.len() + tape.len() / 2 + STEP {
            room /= 2;
        }
        tape.reserve_exact(room.saturating_sub(tape.len()).max(STEP).max(tape.len() / 8));
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn skip_spaces(&mut self) {
        self.cursor.skip_spaces();
    }

    #[inline(always)]
    pub(crate) fn slice(&self, span: Span) -> &'a [u8] {
        if span.is_nil() { &[] } else { self.cursor.range(span.range()) }
    }

    /// Reads the `)` of a list, and spaces before it, which some servers send.
    #[inline(always)]
    pub(crate) fn closes(&mut self) -> bool {
        self.skip_spaces();
        self.eat(b')')
    }

    /// Reads a quoted string or NIL in its usual form: after at most one space, without backslashes, and before a delimiter. Reads
    /// nothing and returns `None` for anything else.
    #[inline(always)]
    pub(crate) fn usual_string(&mut self) -> Option<Span> {
        let (at, rest) = match self.cursor.rest() {
            [b' ', rest @ ..] => (self.cursor.at() + 1, rest),
            rest => (self.cursor.at(), rest),
        };
        if let [b'"', ..] = rest {
            let (start, end) = (at + 1, self.cursor.find::<Special>(at + 1));
            let usual = self.cursor.byte(end)? == b'"' && ends_quoted(self.cursor.byte(end + 1)?);
            return usual.then(|| self.cursor.seek(end + 1)).map(|()| Span::new(start, end));
        }
        let word = rest.first_chunk()?;
        (word == b"NIL " || word == b"NIL)").then(|| self.cursor.seek(at + 3)).map(|()| Span::NIL)
    }

    /// `nstring`, or what some servers send instead: an unquoted word, or `()` for NIL.
    #[inline(always)]
    pub(crate) fn nstring(&mut self) -> Read<Span> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'N' | b'n') if self.nil() => Ok(Span::NIL),
            _ => self.rare_string(),
        }
    }

    /// Reads `NIL` if it is a whole word.
    #[inline(always)]
    pub(crate) fn nil(&mut self) -> bool {
        let rest = self.cursor.rest();
        match rest.first_chunk::<3>() {
            Some(b"NIL") => {}
            Some(word) if word.eq_ignore_ascii_case(b"NIL") => {}
            _ => return false,
        }
        if !matches!(rest.get(3), Some(b' ' | b')')) && rest.get(3).is_some_and(|&byte| is_atom(byte)) {
            return false;
        }
        self.cursor.advance(3)
    }

    #[inline(never)]
    fn rare_string(&mut self) -> Read<Span> {
        match self.peek() {
            Some(b'{' | b'~') => self.literal(),
            Some(b'(') => {
                let mut ahead = *self;
                ahead.eat(b'(');
                if !ahead.closes() {
                    return Err(Reason::Syntax);
                }
                *self = ahead;
                Ok(Span::NIL)
            }
            _ => self.atom(),
        }
    }

    /// A word without quotes.
    pub(crate) fn atom(&mut self) -> Read<Span> {
        let start = self.cursor.at();
        self.cursor.take_while(is_atom);
        match self.cursor.at() {
            end if end > start => Ok(Span::new(start, end)),
            _ => Err(Reason::Syntax),
        }
    }

    /// A quoted string. Some servers do not escape quotes inside it, so only a quote before a space, `)`, `]` or the line end ends it.
    #[inline(always)]
    pub(crate) fn quoted(&mut self) -> Read<Span> {
        self.cursor.advance(1);
        let start = self.cursor.at();
        let end = self.cursor.find::<Special>(start);
        if self.cursor.byte(end) == Some(b'"') && self.cursor.byte(end + 1).is_some_and(ends_quoted) {
            self.cursor.seek(end + 1);
            return Ok(Span::new(start, end));
        }
        self.odd_quoted(start)
    }

    #[inline(never)]
    fn odd_quoted(&mut self, start: usize) -> Read<Span> {
        let mut escaped = false;
        loop {
            self.cursor.seek(self.cursor.find::<Special>(self.cursor.at()));
            match self.peek() {
                Some(b'\\') if self.quotes == Quotes::Escaped && self.is_lone_backslash() => {
                    self.cursor.advance(1);
                    break;
                }
                Some(b'\\') => {
                    escaped = true;
                    self.cursor.advance(1);
                    if !matches!(self.peek(), Some(b'\r' | b'\n') | None) {
                        self.cursor.advance(1);
                    }
                }
                Some(b'"') if self.cursor.peek_second().is_none_or(ends_quoted) && !self.is_within_text() => break,
                Some(b'\r' | b'\n') | None => return Err(Reason::Unterminated),
                Some(_) => {
                    self.cursor.advance(1);
                }
            }
        }
        let span = Span::new(start, self.cursor.at());
        self.cursor.advance(1);
        Ok(if escaped { span.escaped() } else { span })
    }

    /// Whether a quote is followed by more words of the text, not by a value.
    fn is_within_text(&self) -> bool {
        let begins_value =
            |rest: &[u8]| matches!(rest, [] | [b')' | b'(' | b'"' | b'{' | b'~' | b' ', ..] | [b'N', b'I', b'L', ..]);
        let rest = self.cursor.rest();
        self.quotes == Quotes::BeforeValues && rest.strip_prefix(b"\" ").is_some_and(|rest| !begins_value(rest))
    }

    fn is_lone_backslash(&self) -> bool {
        matches!(self.cursor.rest(), [b'\\', b'"', b' ' | b')', ..])
    }

    /// A literal, with or without `~` and `+` (RFC 9051 §4.3, RFC 3516).
    pub(crate) fn literal(&mut self) -> Read<Span> {
        self.eat(b'~');
        if !self.eat(b'{') {
            return Err(Reason::Syntax);
        }
        let size = self.cursor.number().ok_or(Reason::Number)?;
        self.eat(b'+');
        if !self.eat(b'}') || !self.cursor.eat_line_end() {
            return Err(Reason::Syntax);
        }
        let start = self.cursor.at();
        if self.elided.iter().any(|elided| elided.at == start) {
            return Err(Reason::TooLarge(size));
        }
        match usize::try_from(size) {
            Ok(size) if self.cursor.advance(size) => Ok(Span::new(start, start + size)),
            _ => Err(Reason::Unterminated),
        }
    }

    /// A number as servers write it: also `9.3e+06`; `-1` for unknown is `None`.
    #[inline(always)]
    pub(crate) fn number(&mut self) -> Read<Option<u64>> {
        let start = self.cursor.at();
        let number = self.cursor.number();
        match (number, self.peek()) {
            (Some(number), None | Some(b' ' | b')' | b'\r' | b'\n')) => Ok(Some(number)),
            _ => self.odd_number(start),
        }
    }

    #[inline(never)]
    fn odd_number(&mut self, start: usize) -> Read<Option<u64>> {
        self.cursor.seek(start);
        if self.peek() == Some(b'"') {
            let span = self.quoted()?;
            let text = self.cursor.since(start).get(1..=span.range().len()).unwrap_or_default();
            return read_number(text);
        }
        if self.nil() {
            return Ok(None);
        }
        let word = self.cursor.take_while(is_atom);
        read_number(word)
    }

    /// Skips one value of any kind: a word with its brackets, a string, or a list of any depth.
    pub(crate) fn skip_value(&mut self) -> Read<()> {
        self.skip_value_by::<true>()
    }

    /// The same, skipping long lists in blocks if `BLOCKS` is set.
    fn skip_value_by<const BLOCKS: bool>(&mut self) -> Read<()> {
        let (mut depth, mut tried) = (0_usize, 0);
        loop {
            if BLOCKS && depth > 0 && self.cursor.at() >= tried {
                let skipped = skip_blocks(self.cursor.bytes(), self.cursor.at(), depth);
                self.cursor.seek(skipped.at);
                (depth, tried) = (skipped.depth, skipped.tried);
            }
            match self.peek() {
                Some(b'(') => {
                    depth += 1;
                    self.cursor.advance(1);
                }
                Some(b')') if depth > 0 => {
                    depth -= 1;
                    self.cursor.advance(1);
                }
                Some(b'"') => {
                    self.quoted()?;
                }
                Some(b'{') => self.skip_literal()?,
                Some(b'~') if self.cursor.peek_second() == Some(b'{') => self.skip_literal()?,
                Some(b' ') => self.skip_spaces(),
                Some(b'\r' | b'\n') | None => return Err(Reason::Unterminated),
                Some(_) => {
                    let word = self.cursor.take_while(is_atom);
                    if word.is_empty() {
                        self.cursor.advance(1);
                    }
                }
            }
            if depth == 0 && !matches!(self.peek(), Some(b'[' | b'<')) {
                return Ok(());
            }
        }
    }

    fn skip_literal(&mut self) -> Read<()> {
        match self.literal() {
            Ok(_) | Err(Reason::TooLarge(_)) => Ok(()),
            Err(Reason::Unterminated) => Err(Reason::Unterminated),
            // A brace that announces no literal is an ordinary character.
            Err(_) => {
                self.cursor.take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'\r' | b'\n'));
                Ok(())
            }
        }
    }
}

#[inline(always)]
fn ends_quoted(byte: u8) -> bool {
    matches!(byte, b' ' | b')' | b']' | b'\r' | b'\n')
}

/// Whether a word can contain this byte. Accepts more than `ATOM-CHAR`, since some servers leave out quotes, but no delimiter.
#[inline(always)]
pub(crate) fn is_atom(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'(' | b')' | b'"' | 0x7f)
}

fn read_number(word: &[u8]) -> Read<Option<u64>> {
    let word = std::str::from_utf8(word).map_err(|_| Reason::Number)?;
    if let Ok(number) = word.parse() {
        return Ok(Some(number));
    }
    match word.parse::<f64>() {
        Ok(number) if number < 0.0 => Ok(None),
        Ok(number) if number.fract() == 0.0 && number < 9_007_199_254_740_992.0 => Ok(Some(number as u64)),
        _ => Err(Reason::Number),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn skipped<const BLOCKS: bool>(text: &str) -> (Read<()>, usize) {
        let mut tokens = Tokens::new(Cursor::new(text.as_bytes(), 0), &[], 0, Room::default());
        let result = tokens.skip_value_by::<BLOCKS>();
        (result, tokens.cursor.at())
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        let usual = prop::sample::select(vec![
            "(",
            "(",
            "(",
            ")",
            " ",
            "NIL",
            "\"a string that is longer than a block of bytes\"",
            "\"\"",
            "\"(a {5} b)\"",
            "12 ",
        ]);
        let odd = prop::sample::select(vec![
            "\"",
            "\\\"",
            "\\",
            "{3}\r\nabc",
            "{",
            "~{1}\r\n)",
            "a{3}\r\nabc",
            "word~{",
            "\"a\"b\" ",
            "]",
            "[x y]<5>",
            "\r\n",
            "\u{7f}",
            "\u{e9}",
            "\t",
            "\0",
            "a\"b",
        ]);
        prop_oneof![12 => usual, 1 => odd]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn skipping_in_blocks_ends_where_skipping_token_by_token_ends(pieces in prop::collection::vec(piece(), 0..60), whole in any::<bool>()) {
            let mut text = format!("({}", pieces.concat());
            if whole {
                text += &")".repeat(60);
            }
            prop_assert_eq!(skipped::<true>(&text), skipped::<false>(&text), "{}", text);
        }
    }

    #[test]
    fn a_long_list_is_skipped_to_its_end() {
        let list = format!("({}) rest of the line that is long enough", "(\"a (b\" NIL) ".repeat(50));
        assert_eq!(skipped::<true>(&list), (Ok(()), list.find(" rest").unwrap()));
        assert!(skip_blocks(list.as_bytes(), 1, 1).at + 80 > list.find(" rest").unwrap());
    }
}
