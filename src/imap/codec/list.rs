//! Reads `LIST`, `LSUB` and `XLIST` (RFC 9051 §7.3.1, RFC 5258). It must not know what was asked for.

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::space0;
use nom::combinator::{map, value, verify};

use super::grammar::{self, Read, any_value, bare, nil, quoted, spaced, string, untagged, word_list};
use super::list_extended;
use super::unreadable::Unreadable;
use crate::WordList;
use crate::defect::{Defect, Reason};
use crate::imap::types::{Listed, MailboxName};

/// Reads `* LIST (attributes) "/" name`. The name is read as UTF-8 if `utf8` is set, otherwise as modified UTF-7.
///
/// Parts of the line that cannot be read become [defects](Listed::defects) of the mailbox.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or no mailbox name can be read from it.
///
/// ```
/// let listed = postroom::imap::codec::list::parse(b"* LIST (\\Noselect) \"/\" ~/Mail/foo\r\n", false)?;
/// assert_eq!((listed.name.as_str(), listed.delimiter), ("~/Mail/foo", Some('/')));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8], utf8: bool) -> Result<Listed, Unreadable> {
    grammar::read(frame, |input| {
        let (input, _) = untagged(&["LIST", "LSUB", "XLIST"])(input)?;
        regular(input, utf8).or_else(|error| match irregular(input, utf8) {
            Some(listed) => Ok((&[][..], listed)),
            None => Err(error),
        })
    })
}

fn regular(input: &[u8], utf8: bool) -> Read<'_, Listed> {
    let attributes = alt((word_list(|name| (name != b"\\").then_some(name)), value(WordList::default(), nil)));
    let (input, (attributes, delimiter, _)) = (attributes, spaced(delimiter), space0).parse(input)?;
    let (extended, name) = name(input)?;
    let extended = extended.trim_ascii();
    let mut listed = listed(&name, &delimiter, utf8);
    (listed.attributes, listed.extended) = (attributes, extended.into());
    list_extended::read(extended, utf8, &mut listed);
    Ok((&[], listed))
}

/// Reads what it can from any other line: the name, which is the last value or the rest that is not a value, and attributes in a list
/// before it. The line becomes a defect.
fn irregular(input: &[u8], utf8: bool) -> Option<Listed> {
    let (mut rest, mut values) = (input.trim_ascii(), Vec::new());
    while let Ok((after, value)) = any_value(rest) {
        values.push(value);
        rest = after.trim_ascii_start();
        if rest.is_empty() {
            break;
        }
    }
    let last = if rest.is_empty() { values.pop()? } else { rest };
    let name = string(last)
        .map_or(last, |(_, name)| last.get(1..=name.len()).filter(|inside| **inside == *name).unwrap_or(last));
    let is_delimiter = matches!(name, [one] if one.is_ascii_punctuation());
    if name.is_empty() || is_delimiter || matches!(name.first(), Some(b'(' | b'\\' | b'"')) {
        return None;
    }
    let delimiter = values.last().and_then(|value| delimiter(value).ok()).map_or(Delimiter::None, |(_, found)| found);
    let mut listed = listed(name, &delimiter, utf8);
    let words = values.first().and_then(|value| value.strip_prefix(b"(")?.strip_suffix(b")"));
    let words = words.into_iter().flat_map(|list| list.split(|&byte| byte == b' '));
    listed.attributes =
        words.filter(|word| word.starts_with(b"\\") && word.len() > 1).map(String::from_utf8_lossy).collect();
    listed.defects = delimiter.defect().into_iter().chain([unreadable("LIST", input)]).collect();
    Some(listed)
}

fn listed(name: &[u8], delimiter: &Delimiter, utf8: bool) -> Listed {
    let stem = without_delimiter(name, delimiter.character());
    Listed {
        name: MailboxName::from_wire(stem, utf8),
        ends_in_delimiter: stem.len() < name.len(),
        delimiter: delimiter.character(),
        attributes: WordList::default(),
        old_name: None,
        child_info: WordList::default(),
        extended: Box::default(),
        defects: delimiter.defect().into_iter().collect(),
    }
}

fn unreadable(attribute: &str, raw: &[u8]) -> Defect {
    Defect::Unreadable { attribute: attribute.to_owned(), reason: Reason::Syntax, raw: raw.to_vec().into() }
}

/// The character that separates the levels of a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Delimiter {
    /// Names have no levels.
    None,
    /// One ASCII character.
    One(char),
    /// Anything else that a server sends instead.
    Odd(Vec<u8>),
}

impl Delimiter {
    fn of(text: &[u8]) -> Self {
        match text {
            [] => Self::None,
            [one] if one.is_ascii() => Self::One(char::from(*one)),
            _ => Self::Odd(text.to_vec()),
        }
    }

    pub(super) fn character(&self) -> Option<char> {
        if let Self::One(one) = self { Some(*one) } else { None }
    }

    pub(super) fn defect(&self) -> Option<Defect> {
        if let Self::Odd(text) = self { Some(unreadable("hierarchy delimiter", text)) } else { None }
    }
}

/// NIL, or one character, quoted or not.
pub(super) fn delimiter(input: &[u8]) -> Read<'_, Delimiter> {
    alt((
        map(quoted, |text| Delimiter::of(&text)),
        value(Delimiter::None, nil),
        map(string, |text| Delimiter::of(&text)),
        map(verify(bare, |text: &[u8]| !text.starts_with(b"\"")), Delimiter::of),
    ))
    .parse(input)
}

/// Exchange sends unquoted names with any characters, even spaces and control characters.
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

/// The root of a hierarchy ends in the delimiter in the answer to `LIST "" ""` (RFC 9051 §6.3.9). Exchange writes parents like that in
/// every answer.
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
        assert_eq!(*listed.extended, *b"(\"CHILDINFO\" (\"SUBSCRIBED\"))");
    }

    #[test]
    fn an_incomplete_line_has_its_place() {
        assert_eq!(parse(b"* LIST () \"/\" \r\n", false).unwrap_err().offset, 14);
        for nameless in ["(", "", "()", "(\\Sent)", "(\\Sent", "(x) (y)", "(\\Sent \"/\" a"] {
            assert!(parse(format!("* LIST {nameless}\r\n").as_bytes(), false).is_err(), "{nameless}");
        }
    }

    #[test]
    fn a_delimiter_that_is_not_one_ascii_character_is_kept_and_reported() {
        for (odd, raw) in [("\"//\"", "//"), ("\"é\"", "é"), ("::", "::"), ("{2}\r\n/.", "/.")] {
            let listed = listed(&format!("* LIST (\\Sent) {odd} \"a//b\"\r\n"));
            assert_eq!((listed.name.as_str(), listed.delimiter, listed.has("\\Sent")), ("a//b", None, true));
            assert_eq!(*listed.defects, [unreadable("hierarchy delimiter", raw.as_bytes())], "{odd}");
        }
        let raw = parse(b"* LIST () \"\xa7\" a\r\n", false).unwrap();
        assert_eq!(raw.delimiter, None);
        assert_eq!(*raw.defects, [unreadable("hierarchy delimiter", b"\xa7")]);
        assert!(listed("* LIST () \"\" a\r\n").defects.is_empty());
    }

    #[test]
    fn a_name_is_kept_whatever_stands_in_front_of_it() {
        for (line, delimiter, sent) in [
            ("(\\Sent (x)) \"/\" \"a b\"", Some('/'), true),
            ("\"/\" \"a b\"", Some('/'), false),
            ("(\\Sent) \"a b\"", None, true),
            ("\"a b\"", None, false),
        ] {
            let listed = listed(&format!("* LIST {line}\r\n"));
            assert_eq!(
                (listed.name.as_str(), listed.delimiter, listed.has("\\Sent")),
                ("a b", delimiter, sent),
                "{line}"
            );
            assert_eq!(*listed.defects, [unreadable("LIST", line.as_bytes())]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&[b"* LIST ", bytes.as_slice()].concat(), false);
            let _ = parse(&[b"* LIST () \"/\" ", bytes.as_slice()].concat(), true);
        }
    }
}
