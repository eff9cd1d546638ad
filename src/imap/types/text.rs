//! Strings of a server: bytes first, text when asked for, encoded words (RFC 2047) when asked for. It must not know where a
//! string stood.

use std::borrow::Cow;
use std::fmt;

use crate::text::{quoted, word};

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
        if self.escaped { Cow::Owned(quoted::unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
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

    /// The text on one line with its encoded words decoded (RFC 2047). Costs a pass over the string; nothing is copied where it is
    /// UTF-8 without encoded words.
    ///
    /// Adjacent words of one charset are decoded as one, so that a character may be split over them. Bytes of no declared charset
    /// are UTF-8 if they can be, else in the charset of the first encoded word if all of them have a meaning there, else
    /// windows-1252. A file name may be written in more ways: see [`Params::decoded`](super::Params::decoded).
    pub fn decoded(&self) -> Cow<'a, str> {
        match self.bytes() {
            Cow::Borrowed(bytes) => word::decode(bytes),
            Cow::Owned(bytes) => Cow::Owned(word::decode(&bytes).into_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_decoded_when_asked_for() {
        let subject = Str::new(b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?B?/A==?= x", false);
        assert_eq!(subject.decoded(), "Grüßeü x");
        assert!(matches!(Str::new(b"plain", false).decoded(), Cow::Borrowed("plain")));
    }
}
