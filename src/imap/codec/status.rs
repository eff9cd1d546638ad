//! Reads `STATUS`, the counts and other numbers of a mailbox (RFC 9051 §7.3.4). It must not know which numbers were asked for.

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::{char, space0};
use nom::combinator::map;
use nom::sequence::delimited;

use super::grammar::{self, Read, any_value, astring, bare, fail, keep, lossy, nil, number, spaced, untagged, word};
use super::unreadable::Unreadable;
use crate::imap::types::{MailboxName, MailboxStatus, Uid, UidValidity};

/// Reads `* STATUS name (MESSAGES 231 UIDNEXT 44292)`. Items that are unknown, or whose values cannot be read, are kept as received in
/// [`MailboxStatus::other`]. The name is read as UTF-8 if `utf8` is set, otherwise as modified UTF-7.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or has no list.
///
/// ```
/// let status = postroom::imap::codec::status::parse(b"* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)\r\n", false)?;
/// assert_eq!(status.messages, Some(231));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8], utf8: bool) -> Result<MailboxStatus, Unreadable> {
    grammar::read(frame, |input| {
        let (input, (_, name, _)) = (untagged(&["STATUS"]), name, spaced(char('('))).parse(input)?;
        let Some((inside, rest)) = memchr::memrchr(b')', input).and_then(|end| input.split_at_checked(end)) else {
            return fail(input, "the list of numbers does not end");
        };
        let mut data = MailboxStatus::new(MailboxName::from_wire(&name, utf8));
        items(inside, &mut data);
        Ok((rest, data))
    })
}

/// Reads each item by itself. After an item that cannot be read, each value is one word, so that no byte is searched twice.
fn items(mut input: &[u8], data: &mut MailboxStatus) {
    let mut is_sound = true;
    loop {
        input = input.trim_ascii_start();
        if input.is_empty() {
            return;
        }
        let ahead = if is_sound { input } else { input.get(..end_of_words(input, 2)).unwrap_or(input) };
        let read = item(ahead, data).ok().map(|(rest, ())| ahead.len() - rest.len());
        let rest = input.get(read.unwrap_or_else(|| end_of_unreadable(input))..).unwrap_or_default();
        if read.is_none() {
            is_sound = false;
            keep(input, rest, &mut data.other);
        }
        input = rest;
    }
}

/// An unquoted name may contain spaces and parentheses, so the last list of the line is the data.
fn name(input: &[u8]) -> Read<'_, Vec<u8>> {
    match astring(input) {
        Ok((rest, name)) if rest.trim_ascii_start().first() == Some(&b'(') => Ok((rest, name.into_owned())),
        _ => match memchr::memrchr(b'(', input).and_then(|at| input.split_at_checked(at)) {
            Some((name, rest)) => Ok((rest, name.trim_ascii().to_vec())),
            None => fail(input, "a list of numbers was expected"),
        },
    }
}

fn item<'a>(start: &'a [u8], data: &mut MailboxStatus) -> Read<'a, ()> {
    let (input, (name, _)) = (word, space0).parse(start)?;
    match name.to_ascii_uppercase().as_str() {
        "UIDNEXT" | "UIDVALIDITY" if large(input).is_ok_and(|(_, number)| number == Some(0)) => {
            other(start, input, data)
        }
        "MESSAGES" | "UIDNEXT" | "UIDVALIDITY" | "UNSEEN" | "RECENT" | "DELETED"
            if large(input).is_ok_and(|(_, number)| number > Some(u32::MAX.into())) =>
        {
            other(start, input, data)
        }
        "MESSAGES" => map(small, |count| data.messages = count).parse(input),
        "UIDNEXT" => map(small, |uid| data.uid_next = uid.and_then(Uid::nonzero)).parse(input),
        "UIDVALIDITY" => {
            map(small, |validity| data.uid_validity = validity.and_then(UidValidity::nonzero)).parse(input)
        }
        "UNSEEN" => map(small, |count| data.unseen = count).parse(input),
        "RECENT" => map(small, |count| data.recent = count).parse(input),
        "DELETED" => map(small, |count| data.deleted = count).parse(input),
        "DELETED-STORAGE" => map(large, |size| data.deleted_storage = size).parse(input),
        "SIZE" => map(large, |size| data.size = size).parse(input),
        "HIGHESTMODSEQ" => map(large, |modseq| data.highest_modseq = modseq).parse(input),
        "APPENDLIMIT" => map(large, |limit| data.append_limit = limit).parse(input),
        "MAILBOXID" => map(identifier, |id| data.mailbox_id = id.filter(|id| is_object_id(id))).parse(input),
        _ => other(start, input, data),
    }
}

/// `objectid` (RFC 8474 §7). Others are no names for anything: two mailboxes may have the same.
fn is_object_id(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The beginning of the next known item after one that cannot be read.
fn end_of_unreadable(input: &[u8]) -> usize {
    let mut at = end_of_words(input, 1);
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let word = rest.get(..end_of_words(rest, 1)).unwrap_or_default();
        if ITEMS.iter().any(|item| item.as_bytes().eq_ignore_ascii_case(word.trim_ascii())) {
            break;
        }
        at += word.len();
    }
    at
}

/// The end of the first `count` words, with the spaces before each.
fn end_of_words(input: &[u8], count: usize) -> usize {
    let mut at = 0;
    for _ in 0..count {
        let rest = input.get(at..).unwrap_or_default();
        let start = rest.iter().position(|&byte| byte != b' ').unwrap_or(rest.len());
        let word = rest.get(start..).unwrap_or_default();
        at += start + memchr::memchr(b' ', word).unwrap_or(word.len());
    }
    at
}

const ITEMS: [&str; 11] = [
    "MESSAGES",
    "UIDNEXT",
    "UIDVALIDITY",
    "UNSEEN",
    "RECENT",
    "DELETED",
    "DELETED-STORAGE",
    "SIZE",
    "HIGHESTMODSEQ",
    "APPENDLIMIT",
    "MAILBOXID",
];

/// Keeps an item that is unknown or has no valid value: a 0 that has no meaning, or a number of more than 32 bits.
fn other<'a>(start: &'a [u8], value: &'a [u8], data: &mut MailboxStatus) -> Read<'a, ()> {
    let (rest, _) = any_value(value)?;
    keep(start, rest, &mut data.other);
    Ok((rest, ()))
}

/// `(id)`; also without parentheses, quoted, or NIL.
fn identifier(input: &[u8]) -> Read<'_, Option<String>> {
    let one = || alt((map(nil, |()| None), map(astring, |id| Some(lossy(&id)))));
    alt((delimited(char('('), spaced(one()), spaced(char(')'))), one())).parse(input)
}

fn small(input: &[u8]) -> Read<'_, Option<u32>> {
    map(large, |number| number.map(|number| u32::try_from(number).unwrap_or(u32::MAX))).parse(input)
}

/// A number, or NIL, which APPENDLIMIT allows.
fn large(input: &[u8]) -> Read<'_, Option<u64>> {
    match bare(input) {
        Ok((rest, word)) if word.eq_ignore_ascii_case(b"NIL") => Ok((rest, None)),
        _ => {
            let (rest, number) = number(input)?;
            match rest.first() {
                None | Some(b' ' | b')') => Ok((rest, Some(number))),
                Some(_) => fail(input, "a number was expected"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(frame: &str) -> MailboxStatus {
        parse(frame.as_bytes(), false).unwrap()
    }

    #[test]
    fn every_item_of_the_rfcs_is_read() {
        let data = status(
            "* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 UNSEEN 4 RECENT 5 DELETED 6 DELETED-STORAGE 8 SIZE 5000000000 \
             HIGHESTMODSEQ 7 APPENDLIMIT NIL MAILBOXID (F1) X-NEW (a (b)))\r\n",
        );
        assert_eq!((data.messages, data.uid_next, data.unseen), (Some(1), Uid::nonzero(2), Some(4)));
        assert_eq!((data.uid_validity, data.recent, data.deleted), (UidValidity::nonzero(3), Some(5), Some(6)));
        assert_eq!((data.size, data.highest_modseq, data.append_limit), (Some(5_000_000_000), Some(7), None));
        assert_eq!((data.mailbox_id.as_deref(), data.deleted_storage), (Some("F1"), Some(8)));
        assert_eq!(data.other, b"X-NEW (a (b))");
    }

    #[test]
    fn untidy_servers_are_understood() {
        assert_eq!(status("* STATUS \"INBOX\" ()\r\n").messages, None);
        assert_eq!(status("* STATUS INBOX (MESSAGES 3 ) \r\n").messages, Some(3));
        for (shape, id) in [
            ("(F1)", Some("F1")),
            ("(a\u{fffd}b)", None),
            ("F1", Some("F1")),
            ("( \"F1\" )", Some("F1")),
            ("NIL", None),
            ("(NIL)", None),
        ] {
            let told = status(&format!("* STATUS INBOX (MAILBOXID {shape} UNSEEN 1)\r\n"));
            assert_eq!((told.mailbox_id.as_deref(), told.unseen), (id, Some(1)), "{shape}");
        }
        let large = status("* STATUS INBOX (MESSAGES 4294967296 UNSEEN 1)\r\n");
        assert_eq!(
            (large.messages, large.unseen, large.other.as_slice()),
            (None, Some(1), &b"MESSAGES 4294967296"[..])
        );
        let nothing = status("* STATUS INBOX (UIDVALIDITY 0 UIDNEXT 0)\r\n");
        assert_eq!((nothing.uid_validity, nothing.other.as_slice()), (None, &b"UIDVALIDITY 0 UIDNEXT 0"[..]));
        assert_eq!(status("* STATUS My Mail (x) (MESSAGES 3)\r\n").name.as_str(), "My Mail (x)");
        assert_eq!(status("* STATUS INBOX (HIGHESTMODSEQ -1)\r\n").highest_modseq, Some(0));
    }

    #[test]
    fn what_is_no_status_has_its_place() {
        assert_eq!(parse(b"* STATUS INBOX MESSAGES 1)\r\n", false).unwrap_err().offset, 9);
        assert!(parse(b"* STATUS INBOX\r\n", false).is_err());
        assert!(parse(b"* STATUS INBOX (MESSAGES 1\r\n", false).is_err());
    }

    #[test]
    fn an_item_that_cannot_be_read_is_lost_alone() {
        for (item, kept) in [
            ("UNSEEN x", "UNSEEN x"),
            ("UNSEEN", "UNSEEN"),
            ("UNSEEN (1 2)", "UNSEEN (1 2)"),
            ("UNSEEN \"x y\"", "UNSEEN \"x y\""),
            ("UNSEEN 1x 2", "UNSEEN 1x 2"),
            ("UNSEEN \"x", "UNSEEN \"x"),
            ("(x) 5", "(x) 5"),
            ("UNSEEN (1) SIZE x", "UNSEEN (1) SIZE x"),
            ("5 5", "5 5"),
        ] {
            let read = status(&format!("* STATUS a (MESSAGES 3 {item} UIDNEXT 7)\r\n"));
            assert_eq!((read.messages, read.unseen, read.uid_next.map(u32::from)), (Some(3), None, Some(7)), "{item}");
            assert_eq!(String::from_utf8_lossy(&read.other), kept);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&[b"* STATUS a (", bytes.as_slice()].concat(), false);
        }
    }
}
