//! The extended data of a LIST response: `CHILDINFO` and `OLDNAME` (RFC 5258 §3.5, RFC 9051 §6.3.9.6 and §6.3.9.7, RFC 5465 §5.4).
//! It must not know other items: it skips them, and the caller keeps the data unparsed.

use nom::Parser;
use nom::character::complete::{char, space0};
use nom::sequence::delimited;

use super::grammar::{Read, any_value, astring, spaced, word_list};
use crate::imap::types::{Listed, MailboxName};

/// Reads `("CHILDINFO" ("SUBSCRIBED") "OLDNAME" ("old"))` as far as it can be read.
pub(super) fn read(data: &[u8], utf8: bool, listed: &mut Listed) {
    let Ok((mut input, _)) = open(data) else { return };
    while let Ok((rest, ())) = item(input, utf8, listed) {
        input = rest;
    }
}

fn open(input: &[u8]) -> Read<'_, ()> {
    (char('('), space0).map(drop).parse(input)
}

fn item<'a>(input: &'a [u8], utf8: bool, listed: &mut Listed) -> Read<'a, ()> {
    let (input, (name, _)) = (astring, space0).parse(input)?;
    let (rest, ()) = match &*name.to_ascii_uppercase() {
        b"CHILDINFO" => {
            word_list(|word| Some(without_quotes(word))).map(|options| listed.child_info = options).parse(input)?
        }
        b"OLDNAME" => delimited(char('('), spaced(astring), spaced(char(')')))
            .map(|name| listed.old_name = Some(MailboxName::from_wire(&name, utf8).into()))
            .parse(input)?,
        _ => any_value.map(drop).parse(input)?,
    };
    space0.map(drop).parse(rest)
}

fn without_quotes(word: &[u8]) -> &[u8] {
    word.strip_prefix(b"\"").and_then(|word| word.strip_suffix(b"\"")).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use crate::imap::codec::list::parse;

    #[test]
    fn the_examples_of_the_rfcs_are_read() {
        // RFC 5258 §5, RFC 9051 §6.3.9.7
        let foo = parse(b"* LIST (\\NonExistent) \"/\" \"Foo\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", false).unwrap();
        assert_eq!(foo.child_info, ["SUBSCRIBED"]);
        assert_eq!(foo.old_name, None);
        let new = parse(b"* LIST () \"/\" \"NewMailbox\" (\"OLDNAME\" (\"OldMailbox\"))\r\n", false).unwrap();
        assert_eq!(new.old_name.as_ref().map(|name| name.as_str()), Some("OldMailbox"));
        assert!(new.child_info.is_empty());
    }

    #[test]
    fn what_is_not_known_hides_nothing() {
        let both =
            "* LIST () \"/\" x (tablecloth ((\"edge\" 1) (a)) X 1:3 OLDNAME (Entw&APw-rfe ) CHILDINFO ( A B ))\r\n";
        let listed = parse(both.as_bytes(), false).unwrap();
        assert_eq!(listed.old_name.as_ref().map(|name| name.as_str()), Some("Entw\u{fc}rfe"));
        assert_eq!(listed.child_info, ["A", "B"]);
        assert!(listed.extended.starts_with(b"(tablecloth") && listed.extended.ends_with(b")"));
    }
}
