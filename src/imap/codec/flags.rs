//! Reads `FLAGS`, the flags that a mailbox has (RFC 9051 §7.3.5). Which of them can be stored is said by a response code.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{map, value};

use super::grammar::{self, flag_list, nil, untagged};
use super::unreadable::Unreadable;
use crate::WordList;

/// Reads `* FLAGS (...)`.
///
/// # Errors
///
/// Where the response is another one, or has no list.
pub fn parse(frame: &[u8]) -> Result<WordList, Unreadable> {
    let none = || value(WordList::default(), nil);
    grammar::read(frame, |input| map((untagged(&["FLAGS"]), alt((flag_list, none()))), |(_, flags)| flags).parse(input))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_a_mailbox_are_read_in_order() {
        let flags = parse(b"* FLAGS (\\Answered $Junk \\Seen )\r\n").unwrap();
        assert_eq!(flags, ["\\Answered", "$Junk", "\\Seen"]);
        assert!(parse(b"* FLAGS NIL\r\n").unwrap().is_empty());
        assert_eq!(parse(b"* FLAGS \\Seen\r\n").unwrap_err().offset, 8);
    }
}
