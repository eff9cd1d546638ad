//! The tokens of IMAP as `nom` parsers over one complete response (RFC 9051 §9), as tolerant as real servers require. They must not know
//! what a response means. No type of `nom` leaves the codec.

use std::borrow::Cow;

use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_while, take_while1};
use nom::character::complete::{char, digit1, one_of, space0};
use nom::combinator::{map, opt, rest, value, verify};
use nom::error::{ErrorKind, ParseError};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::unreadable::Unreadable;
use crate::imap::types::Uids;
use crate::word_list::{WordList, push};

/// The largest number of entries in a list that is normally short. Parsed entries take far more memory than their text.
const MOST_ENTRIES: usize = 10_000;
/// How deep parentheses may be nested in a value that is skipped.
const NESTING: usize = 100;

pub(crate) type Read<'a, T> = IResult<&'a [u8], T, Fail<'a>>;

/// The position at which a parser stopped, and the reason.
#[derive(Debug)]
pub(crate) struct Fail<'a> {
    at: &'a [u8],
    reason: &'static str,
}

impl<'a> ParseError<&'a [u8]> for Fail<'a> {
    fn from_error_kind(at: &'a [u8], kind: ErrorKind) -> Self {
        let reason = match kind {
            ErrorKind::Eof => "the response ends too early",
            ErrorKind::Char => "a delimiter was expected",
            _ => "a value is not of the expected kind",
        };
        Self { at, reason }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

pub(crate) fn fail<'a, T>(at: &'a [u8], reason: &'static str) -> Read<'a, T> {
    Err(nom::Err::Error(Fail { at, reason }))
}

/// Reads one complete response, given with or without its line end.
pub(crate) fn read<'a, T>(frame: &'a [u8], parser: impl FnOnce(&'a [u8]) -> Read<'a, T>) -> Result<T, Unreadable> {
    let line = frame.strip_suffix(b"\n").unwrap_or(frame);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match parser(line) {
        Ok((_, value)) => Ok(value),
        Err(nom::Err::Error(fail) | nom::Err::Failure(fail)) => {
            Err(Unreadable { offset: line.len() - fail.at.len().min(line.len()), reason: fail.reason })
        }
        Err(nom::Err::Incomplete(_)) => Err(Unreadable { offset: line.len(), reason: "the response ends too early" }),
    }
}

/// `* WORD` and the spaces after it, if the word is one of `words`.
pub(crate) fn untagged<'a>(words: &'static [&'static str]) -> impl Fn(&'a [u8]) -> Read<'a, &'a str> {
    move |input| {
        let (input, _) = blank(input)?;
        let (at, _) = (char('*'), space0).parse(input)?;
        let (input, found) = word(at)?;
        match words.iter().any(|word| word.eq_ignore_ascii_case(found)) {
            true => map(space0, |_| found).parse(input),
            false => fail(at, "another kind of response was expected"),
        }
    }
}

/// NUL bytes and blank lines, which some servers send before a response.
pub(crate) fn blank(input: &[u8]) -> Read<'_, &[u8]> {
    take_while(|byte| matches!(byte, 0 | b'\r' | b'\n'))(input)
}

/// The name of a response or an item.
pub(crate) fn word(input: &[u8]) -> Read<'_, &str> {
    let byte = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'[' | b']' | b'"');
    let (rest, word) = take_while1(byte)(input)?;
    str::from_utf8(word).map_or_else(|_| fail(input, "a word was expected"), |word| Ok((rest, word)))
}

/// `astring`, whose atom may contain any byte except space, control characters and parentheses.
pub(crate) fn astring(input: &[u8]) -> Read<'_, Cow<'_, [u8]>> {
    match input.first() {
        // No fallback: otherwise the end of an unterminated string would be searched again at every following word.
        Some(b'"') => quoted(input),
        _ => alt((map(literal, Cow::Borrowed), map(bare, Cow::Borrowed))).parse(input),
    }
}

/// `nstring`; `NIL` is `None`.
pub(crate) fn nstring(input: &[u8]) -> Read<'_, Option<Cow<'_, [u8]>>> {
    alt((map(string, Some), value(None, nil))).parse(input)
}

/// `quoted / literal`.
pub(crate) fn string(input: &[u8]) -> Read<'_, Cow<'_, [u8]>> {
    alt((quoted, map(literal, Cow::Borrowed))).parse(input)
}

pub(crate) fn nil(input: &[u8]) -> Read<'_, ()> {
    let (rest, found) = bare(input)?;
    if found.eq_ignore_ascii_case(b"NIL") { Ok((rest, ())) } else { fail(input, "NIL was expected") }
}

/// A run of bytes without spaces, control characters and parentheses.
pub(crate) fn bare(input: &[u8]) -> Read<'_, &[u8]> {
    take_while1(|byte| byte > b' ' && !matches!(byte, b'(' | b')' | 0x7f)).parse(input)
}

/// `quoted`. Some servers do not escape quotes, so a quote ends the string only before a space, `)`, `]` or the line end.
pub(crate) fn quoted(input: &[u8]) -> Read<'_, Cow<'_, [u8]>> {
    let (inside, _) = char('"')(input)?;
    let mut owned: Option<Vec<u8>> = None;
    let mut from = 0;
    let mut at = 0;
    while let Some(&byte) = inside.get(at) {
        match byte {
            b'\\' if inside.get(at + 1).is_some_and(|next| matches!(next, b'"' | b'\\')) => {
                owned.get_or_insert_default().extend_from_slice(inside.get(from..at).unwrap_or_default());
                from = at + 1;
                at += 2;
            }
            b'"' if ends_quoted(inside.get(at + 1)) => {
                let tail = inside.get(from..at).unwrap_or_default();
                let rest = inside.get(at + 1..).unwrap_or_default();
                let text = match owned {
                    None => Cow::Borrowed(tail),
                    Some(mut text) => {
                        text.extend_from_slice(tail);
                        Cow::Owned(text)
                    }
                };
                return Ok((rest, text));
            }
            _ => at += 1,
        }
    }
    fail(input, "a quoted string does not end")
}

fn ends_quoted(next: Option<&u8>) -> bool {
    matches!(next, None | Some(b' ' | b')' | b']' | b'\r' | b'\n'))
}

/// `literal` of any kind, contained in this response.
pub(crate) fn literal(input: &[u8]) -> Read<'_, &[u8]> {
    let end = (opt(one_of("+-")), char('}'), opt(char('\r')), char('\n'));
    let (rest, size) = delimited((opt(char('~')), char('{')), number64, end).parse(input)?;
    match usize::try_from(size) {
        Ok(size) => take(size).parse(rest),
        Err(_) => fail(input, "a literal is too long"),
    }
}

fn number64(input: &[u8]) -> Read<'_, u64> {
    let (rest, digits) = digit1(input)?;
    match str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()) {
        Some(number) => Ok((rest, number)),
        None => fail(input, "a number is too large"),
    }
}

/// A number as servers write it: also `9.3736e+06`; `-1` for unknown is read as 0.
pub(crate) fn number(input: &[u8]) -> Read<'_, u64> {
    let (rest, text) = take_while1(|byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte))(input)?;
    let parsed = str::from_utf8(text).ok().and_then(|text| match text.parse() {
        Ok(number) => Some(number),
        // The cast saturates: negative numbers become 0.
        Err(_) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse::<f64>().ok().map(|number| number as u64)
        }
        Err(_) => None,
    });
    parsed.map_or_else(|| fail(input, "a number was expected"), |number| Ok((rest, number)))
}

/// `sequence-set`, without `$`.
pub(crate) fn sequence_set(input: &[u8]) -> Read<'_, Uids> {
    let (rest, text) = take_while1(|byte: u8| byte.is_ascii_digit() || b":,*".contains(&byte))(input)?;
    Uids::from_wire(text).map_or_else(|| fail(input, "a set of numbers was expected"), |uids| Ok((rest, uids)))
}

/// `flag-list`, with extra spaces anywhere. Leaves out NIL and single backslashes, which some servers send among the flags.
pub(crate) fn flag_list(input: &[u8]) -> Read<'_, WordList> {
    word_list(|name| (!name.eq_ignore_ascii_case(b"NIL") && name != b"\\").then_some(name)).parse(input)
}

/// `(a b c)`, with extra spaces anywhere, each word converted by `make`.
pub(crate) fn words_in_parentheses<'a, T>(
    make: impl Fn(&'a [u8]) -> Option<T>,
) -> impl Parser<&'a [u8], Output = Vec<T>, Error = Fail<'a>> {
    move |input: &'a [u8]| {
        let (mut input, _) = (char('('), space0).parse(input)?;
        let mut words = Vec::with_capacity(words_ahead(list_ahead(input)));
        while let Ok((after, word)) = terminated(bare, space0).parse(input) {
            words.extend(make(word));
            input = after;
        }
        map(char(')'), |_| std::mem::take(&mut words)).parse(input)
    }
}

/// `(a b c)`, with extra spaces anywhere, each word reduced by `keep`.
pub(crate) fn word_list<'a>(
    keep: impl Fn(&'a [u8]) -> Option<&'a [u8]>,
) -> impl Parser<&'a [u8], Output = WordList, Error = Fail<'a>> {
    move |input: &'a [u8]| {
        let (mut input, _) = (char('('), space0).parse(input)?;
        let mut text = String::with_capacity(list_ahead(input).len());
        while let Ok((after, word)) = terminated(bare, space0).parse(input) {
            keep(word).into_iter().for_each(|word| push(&mut text, &String::from_utf8_lossy(word)));
            input = after;
        }
        map(char(')'), |_| WordList::of_text(std::mem::take(&mut text))).parse(input)
    }
}

/// The bytes before the next closing parenthesis: the rest of a list that contains no strings.
pub(crate) fn list_ahead(input: &[u8]) -> &[u8] {
    memchr::memchr(b')', input).and_then(|end| input.get(..end)).unwrap_or(input)
}

/// An upper bound for the number of words and strings: the capacity for a list of values, so that it never grows. (After a string there
/// may be `]` instead of a space, and after a literal anything.) A server can make it too large, but at most half the number of bytes.
pub(crate) fn words_ahead(input: &[u8]) -> usize {
    let words = input.split(|&byte| matches!(byte, b' ' | b'\t' | b'\n' | b']'));
    words.filter(|word| !word.is_empty()).count()
}

/// Reads entries with `one`, each of at least `words` words, up to the end of the list. Fails if there are more than 10,000.
pub(crate) fn entries<'a, T>(
    mut input: &'a [u8],
    words: usize,
    end: impl Fn(&'a [u8]) -> Option<&'a [u8]>,
    mut one: impl Parser<&'a [u8], Output = T, Error = Fail<'a>>,
) -> Read<'a, Vec<T>> {
    let mut all = Vec::with_capacity((words_ahead(input) / words).min(MOST_ENTRIES));
    loop {
        if let Some(rest) = end(input) {
            return Ok((rest, all));
        }
        if all.len() == MOST_ENTRIES {
            return fail(input, "the list is too long");
        }
        let (rest, entry) = one.parse(input)?;
        all.push(entry);
        input = rest;
    }
}

/// The end of the response, for [`entries`].
pub(crate) fn at_line_end(input: &[u8]) -> Option<&[u8]> {
    input.trim_ascii_start().is_empty().then_some(input)
}

/// The end of a list in parentheses, for [`entries`].
pub(crate) fn at_parenthesis(input: &[u8]) -> Option<&[u8]> {
    input.trim_ascii_start().strip_prefix(b")")
}

/// Appends the bytes that were read between the two inputs to the unknown data.
pub(crate) fn keep(from: &[u8], to: &[u8], unknown: &mut Vec<u8>) {
    let read = from.get(..from.len() - to.len()).unwrap_or_default();
    if !unknown.is_empty() {
        unknown.push(b' ');
    }
    unknown.extend_from_slice(read.trim_ascii());
}

/// Skips any value: an atom, a string or a list, and returns its bytes.
pub(crate) fn any_value(input: &[u8]) -> Read<'_, &[u8]> {
    let mut depth = 0usize;
    let mut at = input;
    loop {
        at = match at.first() {
            Some(b'(') if depth < NESTING => {
                depth += 1;
                char('(')(at)?.0
            }
            Some(b'(') => return fail(at, "parentheses are nested too deeply"),
            Some(b')') if depth > 0 => {
                depth -= 1;
                char(')')(at)?.0
            }
            _ => verify(astring, |text: &[u8]| !text.is_empty() || at.first() != Some(&b')')).parse(at)?.0,
        };
        if depth == 0 {
            let len = input.len() - at.len();
            return take(len).parse(input);
        }
        at = space0(at)?.0;
    }
}

/// Spaces, then `parser`.
pub(crate) fn spaced<'a, T>(
    parser: impl Parser<&'a [u8], Output = T, Error = Fail<'a>>,
) -> impl Parser<&'a [u8], Output = T, Error = Fail<'a>> {
    preceded(space0, parser)
}

/// The rest of the input.
pub(crate) fn remainder(input: &[u8]) -> Read<'_, &[u8]> {
    rest(input)
}

pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `text` at the beginning.
pub(crate) fn lead<'a>(text: &'static str) -> impl Fn(&'a [u8]) -> Read<'a, ()> {
    move |input| map(tag(text.as_bytes()), |_| ()).parse(input)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all<'a, T>(read: Read<'a, T>) -> T {
        let (rest, value) = read.unwrap();
        assert!(rest.is_empty(), "{rest:?}");
        value
    }

    #[test]
    fn strings_come_in_three_shapes() {
        assert_eq!(&*all(astring(b"abc]")), b"abc]");
        assert_eq!(&*all(astring(b"\"a \\\"b\\\" \\\\\"")), b"a \"b\" \\");
        assert_eq!(&*all(astring(b"{5}\r\na\r\n\"b")), b"a\r\n\"b");
        assert_eq!(&*all(astring(b"~{1+}\r\n\0")), b"\0");
        assert_eq!(all(nstring(b"nil")), None);
        for wrong in [&b""[..], b"\"a", b"{5}\r\nabc", b"(", b"{99999999999999999999}\r\n"] {
            assert!(string(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_forgotten_escape_is_forgiven() {
        assert_eq!(&*all(quoted(b"\"a \"b\"c\"")), b"a \"b\"c");
        assert_eq!(&*all(quoted(b"\"\"")), b"");
        assert_eq!(&*all(quoted(br#""a\b \\ \"""#)), br#"a\b \ ""#);
    }

    #[test]
    fn numbers_are_read_as_servers_write_them() {
        assert_eq!(all(number(b"18446744073709551615")), u64::MAX);
        assert_eq!(all(number(b"-1")), 0);
        assert_eq!(all(number(b"9.3736e+06")), 9_373_600);
        assert!(number(b"18446744073709551616").is_err());
        assert!(number(b"e").is_err());
    }

    #[test]
    fn a_list_never_grows_beyond_what_it_was_made_for() {
        let flags = all(words_in_parentheses(Some).parse(b"(a b\tc \t d)"));
        assert_eq!((flags.len(), flags.capacity()), (4, 4));
        for (list, values) in [("{0}\r\n{1}\r\nx{1}\r\ny", 3), ("\"\"]a \")\" b", 4), ("a\tb c", 3)] {
            let (mut rest, mut count) = (list.as_bytes(), 0);
            while !rest.is_empty() {
                rest = spaced(astring).parse(rest).unwrap().0;
                count += 1;
            }
            assert_eq!(count, values);
            assert!(words_ahead(list.as_bytes()) >= values, "{list:?}");
        }
    }

    #[test]
    fn flag_lists_may_be_untidy() {
        let flags = all(flag_list(b"( \\Seen  NIL \\ \\* a]b )"));
        assert_eq!(flags, ["\\Seen", "\\*", "a]b"]);
        assert!(all(flag_list(b"()")).is_empty());
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |depth: usize| [b"(".repeat(depth), b")".repeat(depth)].concat();
        assert!(any_value(&deep(100)).is_ok());
        assert!(any_value(&deep(101)).is_err());
        assert_eq!(all(any_value(b"(a \"b)\" {1}\r\n) (c))")), b"(a \"b)\" {1}\r\n) (c))");
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_token_panic(bytes in prop::collection::vec(prop::sample::select(b"(){}\"\\ 109+-~a\r\n]*:,eE.\0\xff".as_slice()), 0..40)) {
            let _ = (astring(&bytes), nstring(&bytes), number(&bytes), sequence_set(&bytes), flag_list(&bytes));
            let _ = (any_value(&bytes), word(&bytes), literal(&bytes));
        }
    }
}
