//! Reads `LANGUAGE` and `COMPARATOR` (RFC 5255 §3.3, §3.5, §4.8, §4.10). It must not know which were asked for.

use nom::Parser;
use nom::character::complete::{char, space0};
use nom::combinator::{eof, map, opt};

use super::grammar::{self, Read, astring, at_parenthesis, entries, lossy, spaced, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::Comparators;

/// Reads `* LANGUAGE (EN DE IT i-default)`: the languages that the server supports, or the one that it uses now.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or has no list.
///
/// ```
/// let languages = postroom::imap::codec::language::parse(b"* LANGUAGE (EN DE IT i-default)\r\n")?;
/// assert_eq!(languages, ["EN", "DE", "IT", "i-default"]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8]) -> Result<Vec<String>, Unreadable> {
    grammar::read(frame, |input| map((untagged(&["LANGUAGE"]), names), |(_, names)| names).parse(input))
}

/// Reads `* COMPARATOR i;basic`, optionally followed by a list of matching ones.
///
/// ```
/// let comparators = postroom::imap::codec::language::comparators(b"* COMPARATOR i;basic\r\n")?;
/// assert_eq!(comparators.active, "i;basic");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or names no comparator.
pub fn comparators(frame: &[u8]) -> Result<Comparators, Unreadable> {
    grammar::read(frame, |input| {
        let parts = (untagged(&["COMPARATOR"]), astring, opt(spaced(names)), space0, eof);
        let made = |(_, active, matching, ..): (_, std::borrow::Cow<'_, [u8]>, Option<Vec<String>>, _, _)| {
            Comparators { active: lossy(&active), matching: matching.unwrap_or_default() }
        };
        map(parts, made).parse(input)
    })
}

fn names(input: &[u8]) -> Read<'_, Vec<String>> {
    let (input, _) = char('(')(input)?;
    entries(input, 1, at_parenthesis, map(spaced(astring), |name| lossy(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_5255_are_read() {
        assert_eq!(parse(b"* LANGUAGE (DE-IT)\r\n").unwrap(), ["DE-IT"]);
        assert_eq!(parse(b"* LANGUAGE ( \"DE\" {2}\r\nEN)\r\n").unwrap(), ["DE", "EN"]);
        assert_eq!(comparators(b"* COMPARATOR i;basic\r\n").unwrap().active, "i;basic");
        let many = comparators(b"* COMPARATOR \"i;octet\" (\"i;octet\" i;ascii-casemap)\r\n").unwrap();
        assert_eq!((many.active.as_str(), many.matching.len()), ("i;octet", 2));
        assert_eq!(parse(b"* LANGUAGE DE\r\n").unwrap_err().offset, 11);
        assert!(comparators(b"* COMPARATOR\r\n").is_err());
    }
}
