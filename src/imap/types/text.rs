//! Strings of a server: bytes first, text when asked for, encoded words (RFC 2047) when asked for. It must not know where a
//! string stood.

use std::borrow::Cow;
use std::fmt;

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

/// A string as the server sent it, without its quotes. Any bytes may be in it.
#[derive(Clone, Copy)]
pub struct Str<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Str<'a> {
    pub(crate) const EMPTY: Self = Self { raw: b"", escaped: false };

    pub(crate) fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The bytes, borrowed unless the string was quoted with backslashes in it.
    #[inline]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// The text, with U+FFFD for what is not UTF-8.
    #[inline]
    pub fn to_str_lossy(&self) -> Cow<'a, str> {
        match self.bytes() {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        }
    }

    /// The text with its encoded words decoded (RFC 2047). Costs a pass over the string; nothing is copied where there is no
    /// encoded word.
    pub fn decoded(&self) -> Cow<'a, str> {
        let text = self.to_str_lossy();
        if !text.contains("=?") {
            return text;
        }
        let line = format!("{}\n", text.replace(['\r', '\n'], " "));
        match MessageStream::new(line.as_bytes()).parse_unstructured() {
            HeaderValue::Text(text) => Cow::Owned(text.into_owned()),
            _ => text,
        }
    }

    /// Whether there is no byte in it.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether it is that text, ASCII letter case aside.
    pub fn eq_ignore_ascii_case(&self, other: &str) -> bool {
        self.bytes().eq_ignore_ascii_case(other.as_bytes())
    }
}

impl PartialEq for Str<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Str<'_> {}

impl PartialEq<str> for Str<'_> {
    fn eq(&self, other: &str) -> bool {
        *self.bytes() == *other.as_bytes()
    }
}

impl PartialEq<&str> for Str<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_str_lossy().fmt(f)
    }
}

impl fmt::Debug for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_str_lossy(), f)
    }
}

/// Takes the backslash from `\"` and `\\`; before anything else it is a character that a server forgot to escape.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let kept = if byte == b'\\' { bytes.next_if(|next| matches!(next, b'"' | b'\\')) } else { None };
        out.push(kept.unwrap_or(byte));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_are_taken_from_quotes_and_backslashes_only() {
        assert_eq!(Str::new(br#"a\"b\\c\d\"#, true), r#"a"b\c\d\"#);
    }

    #[test]
    fn encoded_words_are_decoded_when_asked_for() {
        let subject = Str::new(b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?B?/A==?= x", false);
        assert_eq!(subject.decoded(), "Grüßeü x");
        assert!(matches!(Str::new(b"plain", false).decoded(), Cow::Borrowed("plain")));
    }
}
