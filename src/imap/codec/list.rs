//! Reads `LIST`, `LSUB` and `XLIST` (RFC 9051 §7.3.1, RFC 5258). It must not know what was asked.

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::space0;
use nom::combinator::{map, value, verify};

use super::grammar::{self, Read, bare, lossy, nil, quoted, spaced, string, untagged, words_in_parentheses};
use super::list_extended;
use super::unreadable::Unreadable;
use crate::imap::types::{Listed, MailboxName};

/// Reads `* LIST (attributes) "/" name`. With `utf8` the name is read as UTF-8, else as modified UTF-7.
///
/// # Errors
///
/// Where the response is another one, or incomplete.
///
/// ```
/// let listed = postroom::imap::codec::list::parse(b"* LIST (\\Noselect) \"/\" ~/Mail/foo\r\n", false)?;
/// assert_eq!((listed.name.as_str(), listed.delimiter), ("~/Mail/foo", Some('/')));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8], utf8: bool) -> Result<Listed, Unreadable> {
    grammar::read(frame, |input| {
        let attributes = words_in_parentheses(|name| (name != b"\\").then(|| lossy(name)));
        let attributes = alt((attributes, value(Vec::new(), nil)));
        let mut head = (untagged(&["LIST", "LSUB", "XLIST"]), attributes, spaced(delimiter), space0);
        let (input, (_, attributes, delimiter, _)) = head.parse(input)?;
        let (extended, name) = name(input)?;
        let extended = extended.trim_ascii();
        let stem = without_delimiter(&name, delimiter);
        let mut listed = Listed {
            name: MailboxName::from_wire(stem, utf8),
            ends_in_delimiter: stem.len() < name.len(),
            delimiter,
            attributes,
            old_name: None,
            child_info: Vec::new(),
            extended: extended.to_vec(),
        };
        list_extended::read(extended, utf8, &mut listed);
        Ok((&[], listed))
    })
}

/// NIL, or one character; also unquoted.
pub(crate) fn delimiter(input: &[u8]) -> Read<'_, Option<char>> {
    let first = |text: &[u8]| lossy(text).chars().next();
    alt((
        map(quoted, move |text| first(&text)),
        value(None, nil),
        map(string, move |text| first(&text)),
        map(verify(bare, |text: &[u8]| !text.starts_with(b"\"")), first),
    ))
    .parse(input)
}

/// A name that is not quoted may hold anything on Exchange, spaces and control characters included.
fn name(input: &[u8]) -> Read<'_, Vec<u8>> {
    if let Ok((rest, name)) = string(input) {
        return Ok((rest, name.into_owned()));
    }
    match bare(input) {
        Ok((rest, name)) if matches!(rest.trim_ascii_start().first(), None | Some(b'(')) => Ok((rest, name.to_vec())),
        _ if input.trim_ascii().is_empty() => grammar::fail(input, "a mailbox name was expected"),
        _ => Ok((&[], input.trim_ascii_end().to_vec())),
    }
}

/// The root of a hierarchy has the delimiter behind it in the answer to `LIST "" ""` (RFC 9051 §6.3.9); Exchange names parents so
/// whatever was asked.
fn without_delimiter(name: &[u8], delimiter: Option<char>) -> &[u8] {
    let byte = delimiter.and_then(|delimiter| u8::try_from(delimiter).ok());
    match name.split_last() {
        Some((last, stem)) if byte == Some(*last) && !stem.is_empty() => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(frame: &str) -> Listed {
        parse(frame.as_bytes(), false).unwrap()
    }

    #[test]
    fn names_come_in_every_shape() {
        assert_eq!(listed("* LIST () \"/\" inbox\r\n").name, MailboxName::INBOX);
        assert_eq!(listed("* LIST () \".\" {5}\r\na \"b\"\r\n").name.as_str(), "a \"b\"");
        assert_eq!(listed("* LIST () NIL \"Entw&APw-rfe\"\r\n").name.as_str(), "Entwürfe");
        assert_eq!(parse("* LIST () \"/\" \"Entwürfe\"\r\n".as_bytes(), true).unwrap().name.as_str(), "Entwürfe");
        assert_eq!(listed("* LSUB () \"\\\\\" a\\b\r\n").delimiter, Some('\\'));
    }

    #[test]
    fn attributes_are_found_in_any_case() {
        let sent = listed("* LIST (\\HasNoChildren \\Sent \\ ) \"/\" Sent\r\n");
        assert!(sent.has("\\sent") && sent.is_selectable());
        assert_eq!(sent.attributes.len(), 2);
        assert!(!listed("* LIST (\\NoSelect) \"/\" x\r\n").is_selectable());
        assert!(listed("* LIST NIL NIL x\r\n").attributes.is_empty());
    }

    #[test]
    fn exchange_is_understood() {
        assert_eq!(listed("* LIST () \"/\" Public Folders/\r\n").name.as_str(), "Public Folders");
        assert_eq!(listed("* LIST () \"/\" a\x05b\r\n").name.as_str(), "a\x05b");
        assert_eq!(listed("* LIST () \"/\" /\r\n").name.as_str(), "/");
    }

    #[test]
    fn a_root_says_that_it_is_one() {
        // RFC 9051 §6.3.9
        let news = listed("* LIST (\\Noselect) \".\" #news.\r\n");
        assert_eq!((news.name.as_str(), news.ends_in_delimiter), ("#news", true));
        assert!(!listed("* LIST (\\Noselect) \"/\" /\r\n").ends_in_delimiter);
    }

    #[test]
    fn extended_data_is_kept() {
        let listed = listed("* LIST () \"/\" \"Foo\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n");
        assert_eq!(listed.extended, b"(\"CHILDINFO\" (\"SUBSCRIBED\"))");
    }

    #[test]
    fn an_incomplete_line_has_its_place() {
        assert_eq!(parse(b"* LIST () \"/\" \r\n", false).unwrap_err().offset, 14);
        assert!(parse(b"* LIST (\r\n", false).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&[b"* LIST ", bytes.as_slice()].concat(), false);
            let _ = parse(&[b"* LIST () \"/\" ", bytes.as_slice()].concat(), true);
        }
    }
}
