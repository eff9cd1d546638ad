//! Strings from a server: bytes that are converted to text, and whose encoded words (RFC 2047) are decoded, on demand. It must not know
//! where a string appears.

use std::borrow::Cow;
use std::fmt;

use crate::text::{quoted, word};

/// A string as the server sent it, without its quotes. It may contain any bytes.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL \"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let subject = message.envelope().unwrap().subject().unwrap();
/// assert_eq!(subject.to_str_lossy(), "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=");
/// assert_eq!(subject.decoded(), "Grüße");
/// ```
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

    /// The bytes. They are borrowed unless the server sent a quoted string with backslashes.
    #[inline]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(quoted::unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// The text, with U+FFFD for bytes that are not UTF-8.
    #[inline]
    pub fn to_str_lossy(&self) -> Cow<'a, str> {
        match self.bytes() {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        }
    }

    /// The text on one line with its encoded words decoded (RFC 2047). Costs one pass over the string, and copies nothing if the string
    /// is UTF-8 without encoded words.
    ///
    /// Adjacent words of one charset are decoded together, so that a character may be split between them. Bytes without a declared
    /// charset are read as UTF-8 if they are valid, otherwise in the charset of the first encoded word if they are valid there, otherwise
    /// as windows-1252. File names have more forms: see [`Params::decoded`](super::Params::decoded).
    pub fn decoded(&self) -> Cow<'a, str> {
        match self.bytes() {
            Cow::Borrowed(bytes) => word::decode(bytes),
            Cow::Owned(bytes) => Cow::Owned(word::decode(&bytes).into_owned()),
        }
    }

    /// Whether the string is empty.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether the string equals this text without regard to ASCII letter case.
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
