//! Reads `METADATA` (RFC 5464 §4.4, §5; RFC 9590): values of annotations, or names of changed ones. It must not know any entry.

use std::borrow::Cow;

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::{char, space0};
use nom::combinator::{map, opt};

use super::acl::mailbox;
use super::grammar::{self, Read, astring, at_line_end, at_parenthesis, entries, lossy, nstring, spaced, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::{EntryName, Metadata};

/// Reads `* METADATA "INBOX" (/shared/comment "Shared comment")`, or `* METADATA "" /shared/comment`. The mailbox name is read as UTF-8
/// if `utf8` is set, otherwise as modified UTF-7.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or has neither a list of names with values nor a list of names.
///
/// ```
/// use postroom::imap::{EntryName, codec::metadata};
///
/// let server = metadata::parse(b"* METADATA \"\" (/shared/comment \"My own comment\")\r\n", false)?;
/// assert_eq!(server.value(&EntryName::SHARED_COMMENT), Some(&b"My own comment"[..]));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8], utf8: bool) -> Result<Metadata, Unreadable> {
    grammar::read(frame, |input| {
        let (input, (_, name, _)) = (untagged(&["METADATA"]), mailbox(utf8), space0).parse(input)?;
        let mailbox = Some(name).filter(|name| !name.as_str().is_empty());
        let (input, list) = opt(char('(')).parse(input)?;
        let mut metadata = Metadata { mailbox, values: Vec::new(), changed: Vec::new() };
        let (input, ()) = match list {
            Some(_) => values(input, &mut metadata),
            None => grammar::nil(input).or_else(|_| changed(input, &mut metadata)),
        }?;
        Ok((input, metadata))
    })
}

fn values<'a>(input: &'a [u8], metadata: &mut Metadata) -> Read<'a, ()> {
    let one = map((entry, spaced(value)), |(name, value)| (name, value.map(Cow::into_owned)));
    let (rest, values) = entries(input, 2, at_parenthesis, one)?;
    metadata.values = values;
    Ok((rest, ()))
}

fn changed<'a>(input: &'a [u8], metadata: &mut Metadata) -> Read<'a, ()> {
    let (rest, changed) = entries(input, 1, at_line_end, entry)?;
    metadata.changed = changed;
    match metadata.changed.is_empty() {
        true => grammar::fail(rest, "the name of an annotation was expected"),
        false => Ok((rest, ())),
    }
}

/// Some servers leave the quotes out.
fn value(input: &[u8]) -> Read<'_, Option<Cow<'_, [u8]>>> {
    alt((nstring, map(astring, Some))).parse(input)
}

fn entry(input: &[u8]) -> Read<'_, EntryName> {
    map(spaced(astring), |name| EntryName::found(lossy(&name))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_5464_are_read() {
        // §4.2.1
        let private = b"* METADATA \"INBOX\" (/private/comment \"My own comment\")\r\n";
        let told = parse(private, false).unwrap();
        assert!(told.mailbox.as_ref().unwrap().is_inbox() && told.changed.is_empty());
        assert_eq!(told.value(&EntryName::PRIVATE_COMMENT), Some(&b"My own comment"[..]));
        let two = b"* METADATA \"INBOX\" (/private/filters/values/small \"SMALLER 5000\" /private/x {3}\r\na\r\n)\r\n";
        assert_eq!(parse(two, false).unwrap().values[1].1.as_deref(), Some(&b"a\r\n"[..]));
        // §4.4.1, §4.4.2
        let changed = parse(b"* METADATA \"\" /shared/comment /private/comment\r\n", false).unwrap();
        assert_eq!((changed.mailbox, changed.changed.len()), (None, 2));
        assert!(parse(b"* METADATA INBOX /shared/comment\r\n", false).unwrap().values.is_empty());
    }

    #[test]
    fn values_may_be_missing_or_any_bytes() {
        let told = parse(b"* METADATA INBOX (/shared/a NIL /shared/b ~{2}\r\n\0\xff )\r\n", false).unwrap();
        assert_eq!((told.values[0].1.as_deref(), told.values[1].1.as_deref()), (None, Some(&b"\0\xff"[..])));
        let bare = parse(b"* METADATA INBOX (/private/a nilsson /private/b 5)\r\n", false).unwrap();
        assert_eq!(
            (bare.values[0].1.as_deref(), bare.values[1].1.as_deref()),
            (Some(&b"nilsson"[..]), Some(&b"5"[..]))
        );
        assert!(parse(b"* METADATA INBOX ()\r\n", false).unwrap().values.is_empty());
        assert_eq!(parse(b"* METADATA INBOX (/shared/a)\r\n", false).unwrap_err().offset, 27);
    }
}
