//! Reads `NAMESPACE` (RFC 9051 §7.3.2, RFC 2342): the prefixes of mailbox names. It must not know which mailboxes exist.

use std::borrow::Cow;

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::{char, space0};
use nom::combinator::{eof, map, opt, recognize, value};
use nom::multi::{many_m_n, many0_count};
use nom::sequence::{delimited, preceded, terminated};

use super::grammar::{self, Read, any_value, astring, bare, nil, spaced, string, untagged};
use super::list::delimiter;
use super::unreadable::Unreadable;
use crate::imap::types::{MailboxName, Namespace, Namespaces};

/// The largest number of namespaces of one kind. Servers have one or two.
const MOST: usize = 1000;

/// Reads `* NAMESPACE (("" "/")) NIL NIL`. Prefixes are read as UTF-8 if `utf8` is set, otherwise as modified UTF-7. A missing list
/// counts as empty.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or contains anything but lists of namespaces.
///
/// ```
/// let spaces = postroom::imap::codec::namespace::parse(b"* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n", false)?;
/// assert_eq!(spaces.personal[0].prefix, "INBOX.");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8], utf8: bool) -> Result<Namespaces, Unreadable> {
    grammar::read(frame, |input| {
        let three = (untagged(&["NAMESPACE"]), spaces(utf8), spaces(utf8), spaces(utf8));
        map(three, |(_, personal, others, shared)| Namespaces { personal, others, shared }).parse(input)
    })
}

fn spaces<'a>(utf8: bool) -> impl Parser<&'a [u8], Output = Vec<Namespace>, Error = grammar::Fail<'a>> {
    let empty = value(None, (char('('), space0, char(')')));
    let one = terminated(alt((empty, map(move |input| space(input, utf8), Some))), space0);
    let list = delimited((char('('), space0), many_m_n(0, MOST, one), char(')'));
    let list = map(list, |spaces| spaces.into_iter().flatten().collect());
    spaced(alt((list, value(Vec::new(), nil), value(Vec::new(), eof))))
}

fn space(input: &[u8], utf8: bool) -> Read<'_, Namespace> {
    let prefix = alt((string, value(Cow::Borrowed(&b""[..]), nil), map(bare, Cow::Borrowed)));
    let (input, (_, prefix, delimiter, _)) = (char('('), spaced(prefix), spaced(delimiter), space0).parse(input)?;
    let text = |name: &[u8]| MailboxName::from_wire(name, utf8).as_str().to_owned();
    let translation = opt(preceded(translation, list_of_one)).parse(input)?.1.map(|name| text(&name));
    let (input, extended) = recognize(many0_count(spaced(any_value))).parse(input)?;
    let (input, _) = spaced(char(')')).parse(input)?;
    let mut space = Namespace::new(text(&prefix), delimiter.character());
    (space.translation, space.extended) = (translation, extended.trim_ascii().to_vec());
    space.defects.extend(delimiter.defect());
    Ok((input, space))
}

/// RFC 5255 §3.4.
fn translation(input: &[u8]) -> Read<'_, ()> {
    let (rest, (name, _)) = (astring, space0).parse(input)?;
    match name.eq_ignore_ascii_case(b"TRANSLATION") {
        true => Ok((rest, ())),
        false => grammar::fail(input, "a translation was expected"),
    }
}

fn list_of_one(input: &[u8]) -> Read<'_, Cow<'_, [u8]>> {
    delimited((char('('), space0), astring, (space0, char(')'))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_2342_are_read() {
        let all = parse(
            b"* NAMESPACE ((\"\" \"/\")(\"#mh/\" \"/\" \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) ((\"~\" \"/\")) ((\"#shared/\" NIL))\r\n",
            false,
        )
        .unwrap();
        assert_eq!(all.personal.iter().map(|space| space.prefix.as_str()).collect::<Vec<_>>(), ["", "#mh/"]);
        assert_eq!((all.others[0].delimiter, all.shared[0].delimiter), (Some('/'), None));
        let odd = parse(b"* NAMESPACE ((\"\" \"::\")) NIL NIL\r\n", false).unwrap();
        assert_eq!((odd.personal[0].delimiter, odd.personal[0].defects.len()), (None, 1));
        assert_eq!(all.personal[1].extended, b"\"X-PARAM\" (\"FLAG1\" \"FLAG2\")");
        assert!(parse(b"* NAMESPACE x\r\n", false).is_err());
    }

    #[test]
    fn what_is_missing_is_empty() {
        assert_eq!(parse(b"* NAMESPACE NIL NIL\r\n", false).unwrap(), Namespaces::default());
        let bare = parse(b"* NAMESPACE ((NIL /)(INBOX. .)) NIL NIL\r\n", false).unwrap();
        let shown = bare.personal.iter().map(|space| (space.prefix.as_str(), space.delimiter));
        assert_eq!(shown.collect::<Vec<_>>(), [("", Some('/')), ("INBOX.", Some('.'))]);
        let broken = parse(b"* NAMESPACE (()(\"a.\" \".\")) NIL\r\n", false).unwrap();
        assert_eq!(broken.personal.iter().map(|space| space.prefix.as_str()).collect::<Vec<_>>(), ["a."]);
    }

    #[test]
    fn a_prefix_may_be_translated() {
        // RFC 5255 §3.4
        let all = parse(
            b"* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\" \"TRANSLATION\" (\"Andere Ben&APw-tzer/\"))) \
              ((\"Public Folders/\" \"/\" \"TRANSLATION\" (\"Gemeinsame Postf&AM8-cher/\")))\r\n",
            false,
        )
        .unwrap();
        assert_eq!(all.personal[0].translation, None);
        assert_eq!(all.others[0].translation.as_deref(), Some("Andere Ben\u{fc}tzer/"));
    }
}
