//! Reads `FLAGS`, the flags that messages of a mailbox can have (RFC 9051 §7.3.5). It must not know which of them can be stored; the
//! code PERMANENTFLAGS reports that.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{map, value};

use super::grammar::{self, flag_list, nil, untagged};
use super::unreadable::Unreadable;
use crate::WordList;

/// Reads `* FLAGS (...)`.
///
/// ```
/// let flags = postroom::imap::codec::flags::parse(b"* FLAGS (\\Seen \\Draft $Junk)\r\n")?;
/// assert!(flags.contains("\\Seen") && flags.len() == 3);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or has no list.
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
