//! Reads `NAMESPACE` (RFC 9051 §7.3.2, RFC 2342): where a user's mailboxes are. It must not know which of them exist.

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::{char, space0};
use nom::combinator::{map, value};
use nom::multi::{many0, many0_count};
use nom::sequence::{delimited, terminated};

use super::grammar::{self, Read, any_value, nil, spaced, string, untagged};
use super::list::delimiter;
use super::unreadable::Unreadable;
use crate::imap::types::{MailboxName, Namespace, Namespaces};

/// Reads `* NAMESPACE (("" "/")) NIL NIL`. With `utf8` the prefixes are read as UTF-8, else as modified UTF-7.
///
/// # Errors
///
/// Where the response is another one, or not three lists.
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
    let list = delimited((char('('), space0), many0(terminated(move |input| space(input, utf8), space0)), char(')'));
    spaced(alt((list, value(Vec::new(), nil))))
}

fn space(input: &[u8], utf8: bool) -> Read<'_, Namespace> {
    let inside = (string, spaced(delimiter), many0_count(spaced(any_value)), space0);
    let (input, (prefix, delimiter, ..)) = delimited((char('('), space0), inside, char(')')).parse(input)?;
    let prefix = MailboxName::from_wire(&prefix, utf8).as_str().to_owned();
    Ok((input, Namespace { prefix, delimiter }))
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
        assert!(parse(b"* NAMESPACE NIL NIL\r\n", false).is_err());
    }
}
