//! Reads `VANISHED` (RFC 7162 §3.2.10, RFC 9586 §3.3). It must not expand the set.

use nom::Parser;
use nom::bytes::complete::tag_no_case;
use nom::character::complete::{char, space0};
use nom::combinator::{eof, map, opt};
use nom::sequence::delimited;

use super::grammar::{self, sequence_set, spaced, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::Vanished;

/// Reads `* VANISHED (EARLIER) 300:310,405,411`.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, has no set, or has anything after it.
///
/// ```
/// let gone = postroom::imap::codec::vanished::parse(b"* VANISHED 405,407,410,425\r\n")?;
/// assert_eq!((gone.earlier, gone.uids.len()), (false, 4));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8]) -> Result<Vanished, Unreadable> {
    let earlier = delimited((char('('), space0), tag_no_case("EARLIER"), (space0, char(')'), space0));
    grammar::read(frame, |input| {
        let parts = (untagged(&["VANISHED"]), opt(earlier), spaced(sequence_set), space0, eof);
        map(parts, |(_, earlier, uids, ..)| Vanished { earlier: earlier.is_some(), uids }).parse(input)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_7162_are_read() {
        let gone = parse(b"* VANISHED (EARLIER) 300:310,405,411\r\n").unwrap();
        assert_eq!((gone.earlier, gone.uids.to_string().as_str()), (true, "300:310,405,411"));
        assert_eq!(parse(b"* vanished ( earlier )1:4294967295\r\n").unwrap().uids.len(), 4_294_967_295);
        assert_eq!(parse(b"* VANISHED (EARLIER)\r\n").unwrap_err().offset, 20);
    }

    #[test]
    fn no_uid_is_passed_over() {
        assert_eq!(parse(b"* VANISHED 1:2 \r\n").unwrap().uids.len(), 2);
        assert_eq!(parse(b"* VANISHED 1:2 [...] 5:6\r\n").unwrap_err().offset, 15);
    }
}
