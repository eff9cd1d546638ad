//! Parses the lines of LIST, UIDL and LANG, and the reply to STAT (RFC 1939 §5, §7). Sizes are what the server reports
//! and are never trusted.

use crate::pop3::types::{Language, Number, Stat, Uidl};

/// The lines of a multi-line reply, without their line ends. A bare LF also ends a line.
///
/// ```
/// use postroom::pop3::codec::Lines;
///
/// assert_eq!(Lines::new(b"1 120\r\n2 200\r\n").count(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    /// The lines of a body without the final dot and stuffed dots.
    pub fn new(body: &'a [u8]) -> Self {
        Self(body)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.0).map_or(self.0.len(), |at| at + 1);
        let (line, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Parses one line of LIST: a message's number and its size in octets. Text after them is ignored.
///
/// ```
/// use postroom::pop3::codec::scan_line;
///
/// let (number, octets) = scan_line(b"2 200 comment").unwrap();
/// assert_eq!((number.as_u32(), octets), (2, 200));
/// assert_eq!(scan_line(b"0 200"), None);
/// ```
pub fn scan_line(line: &[u8]) -> Option<(Number, u64)> {
    let (first, rest) = word(line);
    Some((number(first)?, digits(word(rest).0)?))
}

/// The message that a line of LIST or UIDL names, even if the rest is unreadable.
pub(crate) fn line_number(line: &[u8]) -> Option<Number> {
    number(word(line).0)
}

/// Parses one line of UIDL: a message's number and its unique-id, which may be longer than the RFC allows and contain
/// spaces and other bytes.
///
/// ```
/// use postroom::pop3::codec::uidl_line;
///
/// let (number, uidl) = uidl_line(b"1 whqtswO00WBw418f9t5JxYwZ").unwrap();
/// assert_eq!((number.as_u32(), uidl.as_bytes()), (1, &b"whqtswO00WBw418f9t5JxYwZ"[..]));
/// ```
pub fn uidl_line(line: &[u8]) -> Option<(Number, Uidl)> {
    let (first, rest) = word(line);
    Some((number(first)?, Uidl::new(rest.trim_ascii()).ok()?))
}

/// Parses one line of LANG (RFC 6856 §3.2): a language tag, and the language's name if the server gives one. The reply
/// that selects a language has the same form after `+OK`, with text for people instead of the name.
///
/// ```
/// use postroom::pop3::codec::language_line;
///
/// let german = language_line("de Deutsch".as_bytes()).unwrap();
/// assert_eq!((german.tag.as_str(), german.description.as_str()), ("de", "Deutsch"));
/// ```
pub fn language_line(line: &[u8]) -> Option<Language> {
    let (tag, description) = word(line);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
    let plain = !tag.is_empty() && tag.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain.then(|| Language::new(text(tag), text(description)))
}

/// Parses the text after the `+OK` of STAT.
///
/// ```
/// let stat = postroom::pop3::codec::stat(b"2 320").unwrap();
/// assert_eq!((stat.messages, stat.octets), (2, 320));
/// ```
pub fn stat(rest: &[u8]) -> Option<Stat> {
    let (first, rest) = word(rest);
    Some(Stat::new(digits(first)?, digits(word(rest).0)?))
}

fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    line.split_at_checked(end).unwrap_or((line, b""))
}

fn number(word: &[u8]) -> Option<Number> {
    Number::new(u32::try_from(digits(word)?).ok()?).ok()
}

fn digits(word: &[u8]) -> Option<u64> {
    let mut cursor = crate::wire::Cursor::new(word, 0);
    cursor.number().filter(|_| cursor.rest().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_unreadable_and_never_wrap() {
        assert_eq!(scan_line(b"1 18446744073709551615").map(|(_, octets)| octets), Some(u64::MAX));
        for line in ["1 18446744073709551616", "4294967296 1", "0 1", "-1 1", "1 -1", "1 1k", "1", "", "x y", "1  "] {
            assert_eq!(scan_line(line.as_bytes()), None, "{line:?}");
        }
        assert_eq!(stat(b"0 0 and more").map(|stat| stat.octets), Some(0));
        assert_eq!(stat(b"0"), None);
    }

    #[test]
    fn strange_unique_ids_are_taken_as_they_come() {
        let long = [b"7 ", vec![0xFF; 5000].as_slice()].concat();
        assert_eq!(uidl_line(&long).map(|(_, uidl)| uidl.as_bytes().len()), Some(5000));
        assert_eq!(uidl_line(b"7  two words ").map(|(_, uidl)| uidl.as_bytes().to_vec()), Some(b"two words".to_vec()));
        assert_eq!(uidl_line(b"7 "), None);
        assert_eq!(uidl_line(b"7"), None);
    }

    #[test]
    fn languages_are_listed_with_a_name_or_without() {
        // RFC 6856 §3.2
        let names = |line: &str| language_line(line.as_bytes()).map(|language| (language.tag, language.description));
        let pair = |tag: &str, name: &str| Some((tag.to_owned(), name.to_owned()));
        assert_eq!(names("en English"), pair("en", "English"));
        assert_eq!(names("fr Fran\u{e7}ais "), pair("fr", "Fran\u{e7}ais"));
        assert_eq!(names("i-default"), pair("i-default", ""));
        assert_eq!((names(""), names("[x] y"), names("\u{fc} a")), (None, None, None));
    }

    #[test]
    fn lines_end_at_crlf_or_lf_or_the_end() {
        let lines: Vec<_> = Lines::new(b"a\r\nb\n\r\nc").collect();
        assert_eq!(lines, [&b"a"[..], b"b", b"", b"c"]);
    }
}
