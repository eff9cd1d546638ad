//! Reads `CAPABILITY` and `ENABLED` (RFC 9051 §7.2.1, §7.2.2). It must not know when a session asks for them.

use nom::Parser;
use nom::combinator::map;

use super::grammar::{self, remainder, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::Capabilities;

/// Reads `* CAPABILITY ...` or `* ENABLED ...`, with extra spaces anywhere.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response.
///
/// ```
/// let capabilities = postroom::imap::codec::capability::parse(b"* CAPABILITY IMAP4rev1 IDLE \r\n")?;
/// assert!(capabilities.idle());
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8]) -> Result<Capabilities, Unreadable> {
    let names = |names: &[u8]| Capabilities::from_text(&String::from_utf8_lossy(names));
    grammar::read(frame, |input| {
        map((untagged(&["CAPABILITY", "ENABLED"]), remainder), |(_, rest)| names(rest)).parse(input)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_at_the_end_and_an_empty_list_are_forgiven() {
        assert_eq!(parse(b"* CAPABILITY IMAP4rev1  STARTTLS \r\n").unwrap().iter().count(), 2);
        assert!(parse(b"* ENABLED\r\n").unwrap().is_empty());
        assert!(parse(b"* OK\r\n").is_err());
    }
}
