//! Reads `SORT` (RFC 5256 §4, RFC 7162 §3.1.6): numbers in a meaningful order. It must not know the criteria.

use nom::Parser;
use nom::character::complete::{char, space0};
use nom::combinator::opt;
use nom::sequence::delimited;

use super::grammar::{self, Read, untagged};
use super::search::{modseq, nz_number};
use super::unreadable::Unreadable;
use crate::imap::types::{Sorted, UidList};

/// Reads `* SORT 2 84 882`, optionally followed by a modification sequence in parentheses.
///
/// ```
/// let sorted = postroom::imap::codec::sort::parse(b"* SORT 2 84 882 (MODSEQ 917)\r\n")?;
/// assert_eq!((sorted.list.len(), sorted.modseq), (3, Some(917)));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or contains anything but numbers.
pub fn parse(frame: &[u8]) -> Result<Sorted, Unreadable> {
    grammar::read(frame, |input| {
        let (mut input, _) = untagged(&["SORT"])(input)?;
        let mut list = UidList::of_text(input.len());
        loop {
            if let (rest, Some(modseq)) =
                opt(delimited((char('('), space0), modseq, (space0, char(')')))).parse(input)?
            {
                return end(rest, Sorted { list: list.fitted(), modseq: Some(modseq) });
            }
            if input.is_empty() {
                return end(input, Sorted { list: list.fitted(), modseq: None });
            }
            let (rest, number) = nz_number(input)?;
            if let Some(number) = number {
                list.push(number, number);
            }
            input = space0(rest)?.0;
        }
    })
}

fn end(rest: &[u8], sorted: Sorted) -> Read<'_, Sorted> {
    match rest.trim_ascii().is_empty() {
        true => Ok((rest, sorted)),
        false => grammar::fail(rest, "the end of the response was expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfcs_are_read() {
        // RFC 5256 §4, RFC 7162 §3.1.6
        assert_eq!(parse(b"* SORT 2 84 882\r\n").unwrap().list.to_string(), "2,84,882");
        let sorted = parse(b"* SORT 2 5 6 7 11 12 18 19 20 23 (MODSEQ 917162500)\r\n").unwrap();
        assert_eq!((sorted.list.len(), sorted.modseq), (10, Some(917_162_500)));
        assert!(parse(b"* SORT\r\n").unwrap().list.is_empty());
        assert_eq!(parse(b"* SORT 3 2 1 \r\n").unwrap().list.to_string(), "3,2,1");
    }

    #[test]
    fn what_is_no_number_has_its_place() {
        assert_eq!(parse(b"* SORT 1 x\r\n").unwrap_err().offset, 9);
        assert_eq!(parse(b"* SORT 1 (MODSEQ 2) 3\r\n").unwrap_err().offset, 19);
        assert!(parse(b"* SORT 4294967296\r\n").is_err());
    }
}
