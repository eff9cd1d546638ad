//! Reads `ID`, the server's description of itself (RFC 2971). It is for people and reports; no behaviour may depend on it.

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::{char, space0};
use nom::combinator::{consumed, map, peek, value, verify};
use nom::multi::many_m_n;
use nom::sequence::{delimited, terminated};

use super::grammar::{self, astring, lossy, nil, nstring, untagged};
use super::unreadable::Unreadable;

/// The largest number of pairs. RFC 2971 §3.3 allows 30.
const MOST: usize = 1000;

/// Reads `* ID ("name" "Cyrus" "version" "1.5")`: names with values, in the server's order.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or is not a list of strings.
///
/// ```
/// let id = postroom::imap::codec::id::parse(b"* ID (\"name\" \"Cyrus\" \"os\" NIL)\r\n")?;
/// assert_eq!(id, [("name".into(), Some("Cyrus".into())), ("os".into(), None)]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8]) -> Result<Vec<(String, Option<String>)>, Unreadable> {
    grammar::read(frame, |input| {
        // If the quotes are out of step, names and values are mixed up.
        let name = verify(consumed(astring), |(raw, _): &(&[u8], _)| is_in_step(raw));
        let name = map(terminated(name, space0), |(_, name)| lossy(&name));
        // Some servers leave the quotes out.
        let text = map(terminated(alt((nstring, map(astring, Some))), space0), |text| text.map(|text| lossy(&text)));
        // Some servers leave out the last value.
        let text = alt((text, value(None, peek(char(')')))));
        let pairs = delimited((char('('), space0), many_m_n(0, MOST, (name, text)), char(')'));
        map((untagged(&["ID"]), alt((pairs, value(Vec::new(), nil)))), |(_, pairs)| pairs).parse(input)
    })
}

/// Whether a string as received has no unescaped quote inside.
fn is_in_step(raw: &[u8]) -> bool {
    let inside = raw.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let mut escaped = false;
    inside.unwrap_or_default().iter().all(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        !ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_told_is_an_empty_list() {
        assert!(parse(b"* ID NIL\r\n").unwrap().is_empty());
        assert!(parse(b"* ID ( )\r\n").unwrap().is_empty());
        assert_eq!(parse(b"* ID (\"name\")\r\n").unwrap(), [("name".into(), None)]);
    }

    #[test]
    fn strings_with_commas_between_them_are_no_names() {
        assert!(parse(b"* ID (\"name\", \"x\", \"version\", \"1.0\")\r\n").is_err());
    }

    #[test]
    fn a_name_without_a_value_costs_no_other() {
        let id = parse(b"* ID (\"name\" \"x\" \"version\" NIL \"os\")\r\n").unwrap();
        assert_eq!(id, [("name".into(), Some("x".into())), ("version".into(), None), ("os".into(), None)]);
    }

    #[test]
    fn values_may_lack_their_quotes() {
        let id = parse(b"* ID (name Cyrus version 1.5 os NIL)\r\n").unwrap();
        let values: Vec<_> = id.iter().map(|(_, value)| value.as_deref()).collect();
        assert_eq!(values, [Some("Cyrus"), Some("1.5"), None]);
    }
}
