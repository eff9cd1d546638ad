//! Reads `SEARCH` and `ESEARCH` (RFC 9051 §7.3.5, RFC 4731, RFC 7162 §3.1.5) into one [`SearchResult`], since servers send either in
//! answer to either command. It must not expand a set.

use nom::Parser;
use nom::bytes::complete::tag_no_case;
use nom::character::complete::{one_of, space0};
use nom::combinator::map;
use nom::multi::many0_count;
use nom::sequence::preceded;

use super::context::{self, correlators};
use super::grammar::{self, Read, any_value, keep, number, sequence_set, untagged, word, words_ahead};
use super::unreadable::Unreadable;
use crate::imap::types::{Ranges, SearchChange, SearchResult, Uid};

/// Reads `* SEARCH 2 3 6` or `* ESEARCH (TAG "A1") UID COUNT 3 ALL 2:3,6`.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or a value is not of its type.
///
/// ```
/// let found = postroom::imap::codec::search::parse(b"* SEARCH 2 3 6\r\n")?;
/// assert_eq!(found.all.map(|uids| uids.to_string()).as_deref(), Some("2:3,6"));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8]) -> Result<SearchResult, Unreadable> {
    grammar::read(frame, |input| {
        let (input, word) = untagged(&["SEARCH", "ESEARCH"])(input)?;
        let mut found = SearchResult::default();
        let input = match correlators(input, &mut found) {
            Ok((rest, ())) => rest,
            Err(nom::Err::Failure(fail)) => return Err(nom::Err::Failure(fail)),
            Err(_) => input,
        };
        let (start, _) = noise(input)?;
        match start.first() {
            Some(byte) if byte.is_ascii_alphabetic() && (word.len() > "SEARCH".len() || modseq(start).is_err()) => {
                extended(input, found)
            }
            None if word.len() > "SEARCH".len() => Ok((input, found)),
            _ => plain(input, found),
        }
    })
}

/// The tag in an ESEARCH response: that of the command it answers.
pub(crate) fn tag(frame: &[u8]) -> Option<String> {
    let mut found = SearchResult::default();
    let (input, _) = untagged(&["ESEARCH"])(frame).ok()?;
    correlators(input, &mut found).ok()?;
    found.tag
}

/// Numbers. Some servers put them in parentheses, which have no meaning.
fn plain(mut input: &[u8], mut found: SearchResult) -> Read<'_, SearchResult> {
    let mut all = Ranges::of_text(input.len(), words_ahead(input));
    loop {
        input = noise(input)?.0;
        if input.is_empty() {
            break;
        }
        input = match modseq(input) {
            Ok((rest, modseq)) => {
                found.modseq = Some(modseq);
                rest
            }
            Err(_) => map(nz_number, |number| number.into_iter().for_each(|uid| all.push(uid, uid))).parse(input)?.0,
        };
    }
    found.all = Some(all.into());
    Ok((input, found))
}

/// Names, each with its value. Unknown ones are kept as received.
fn extended(mut input: &[u8], mut found: SearchResult) -> Read<'_, SearchResult> {
    loop {
        input = noise(input)?.0;
        if input.is_empty() {
            return Ok((input, found));
        }
        let (value, (name, _)) = (word, space0).parse(input)?;
        (input, _) = match name.to_ascii_uppercase().as_str() {
            "UID" => Ok((value, found.is_uid = true)),
            "ALL" => all(value, &mut found),
            "MIN" => map(nz_number, |min| found.min = min).parse(value),
            "MAX" => map(nz_number, |max| found.max = max).parse(value),
            "COUNT" => map(number, |count| found.count = Some(count)).parse(value),
            "MODSEQ" => map(number, |modseq| found.modseq = Some(modseq)).parse(value),
            "PARTIAL" => map(context::partial, |partial| found.partial = Some(partial)).parse(value),
            "RELEVANCY" => match context::relevancy(value) {
                Ok((rest, scores)) => {
                    found.relevancy = scores;
                    Ok((rest, ()))
                }
                // A list with a score over the maximum (RFC 6203 §4) is kept as unknown data.
                Err(_) => unknown(input, value, &mut found),
            },
            "ADDTO" => context::updates(value, SearchChange::Added, &mut found),
            "REMOVEFROM" => context::updates(value, SearchChange::Removed, &mut found),
            "TAG" | "MAILBOX" => grammar::fail(input, "a correlator is not in parentheses"),
            _ => unknown(input, value, &mut found),
        }?;
    }
}

/// Keeps an unknown name and its value as received.
fn unknown<'a>(input: &'a [u8], value: &'a [u8], found: &mut SearchResult) -> Read<'a, ()> {
    let (rest, _) = any_value(value)?;
    keep(input, rest, &mut found.other);
    Ok((rest, ()))
}

/// A set. Its order has a meaning in the answer to SORT (RFC 5267 §3).
fn all<'a>(input: &'a [u8], found: &mut SearchResult) -> Read<'a, ()> {
    let Ok((rest, list)) = context::list(input) else {
        return map(sequence_set, |all| found.all = Some(all)).parse(input);
    };
    found.all = Some(list.to_set());
    found.order = (!list.is_ascending()).then_some(list);
    Ok((rest, ()))
}

fn noise(input: &[u8]) -> Read<'_, usize> {
    many0_count(one_of(" \t()")).parse(input)
}

pub(super) fn modseq(input: &[u8]) -> Read<'_, u64> {
    preceded((tag_no_case("MODSEQ"), space0), number).parse(input)
}

/// A number; `None` for 0, which names no message.
pub(super) fn nz_number(input: &[u8]) -> Read<'_, Option<Uid>> {
    let (rest, number) = number(input)?;
    match u32::try_from(number) {
        Ok(number) => Ok((rest, Uid::nonzero(number))),
        Err(_) => grammar::fail(input, "a number is too large"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::imap::types::UidValidity;

    fn all(frame: &str) -> String {
        parse(frame.as_bytes()).unwrap().all.unwrap().to_string()
    }

    #[test]
    fn search_is_read_as_servers_write_it() {
        assert_eq!(all("* SEARCH 2 84 882\r\n"), "2,84,882");
        assert_eq!(all("* SEARCH\r\n"), "");
        assert_eq!(all("* SEARCH 5 4 3 \r\n"), "3:5");
        assert_eq!(all("* SEARCH (2 3) 0 4\r\n"), "2:4");
        let found = parse(b"* SEARCH 2 5 (MODSEQ 917162500)\r\n").unwrap();
        assert_eq!((found.modseq, found.all.map(|all| all.len())), (Some(917_162_500), Some(2)));
    }

    #[test]
    fn esearch_is_read_as_servers_write_it() {
        let found =
            parse(b"* ESEARCH (TAG \"A283\") UID MIN 2 MAX 47 COUNT 25 MODSEQ 9 PARTIAL (1:10 2) ALL 2,10:15\r\n")
                .unwrap();
        assert_eq!((found.tag.as_deref(), found.min, found.max), (Some("A283"), Uid::nonzero(2), Uid::nonzero(47)));
        assert_eq!((found.count, found.modseq), (Some(25), Some(9)));
        assert_eq!(found.all, Some("2,10:15".parse().unwrap()));
        assert_eq!(parse(b"* ESEARCH (TAG \"A\") UID\r\n").unwrap().all, None);
        assert_eq!(all("* ESEARCH (TAG \"A\") (ALL 1:5)\r\n"), "1:5");
    }

    #[test]
    fn what_extensions_return_is_typed() {
        let found = |frame: &str| parse(frame.as_bytes()).unwrap();
        // RFC 5267 §4.3.2, §4.3.3
        let added = found("* ESEARCH (TAG \"C01\") UID ADDTO (1 2733) REMOVEFROM (0 2731:2732 7 9)\r\n");
        let steps: Vec<_> =
            added.updates.iter().map(|step| (step.change, step.position, step.uids.to_string())).collect();
        let removed = |place, uids: &str| (SearchChange::Removed, place, uids.to_owned());
        assert_eq!(steps, [(SearchChange::Added, 1, "2733".into()), removed(0, "2731:2732"), removed(7, "9")]);
        // RFC 4731 §3.2, in any order
        let first = found("* ESEARCH (TAG \"a\") MODSEQ 917 COUNT 2\r\n");
        assert_eq!((first.modseq, first.count), (Some(917), Some(2)));
        // RFC 9394 §3.1
        let partial = found("* ESEARCH (TAG \"A01\") UID PARTIAL (-1:-100 200:250,252:300)\r\n").partial.unwrap();
        assert_eq!((partial.first, partial.last, partial.found.len()), (-1, -100, 100));
        assert!(found("* ESEARCH PARTIAL (1:10 NIL)\r\n").partial.unwrap().found.is_empty());
        // RFC 6203 §6
        let fuzzy = found("* ESEARCH (TAG \"C2\") ALL 5,10,1 RELEVANCY (99 42 4)\r\n");
        assert_eq!((fuzzy.relevancy.as_slice(), fuzzy.order.unwrap().to_string()), (&[99, 42, 4][..], "5,10,1".into()));
        assert_eq!(fuzzy.all.unwrap().to_string(), "1,5,10");
        // RFC 7377 §2.1
        let many = found("* ESEARCH (TAG \"tag1\" MAILBOX \"folder1\" UIDVALIDITY 1) UID ALL 4001,4003,4005\r\n");
        assert_eq!(many.mailbox.map(|name| name.to_string()).as_deref(), Some("folder1"));
        assert_eq!((many.uid_validity, many.is_uid, many.order), (UidValidity::nonzero(1), true, None));
        let unknown = found("* ESEARCH X-A (b {1}\r\n)) COUNT 2 Y 1\r\n");
        assert_eq!((unknown.other.as_slice(), unknown.count), (&b"X-A (b {1}\r\n)) Y 1"[..], Some(2)));
    }

    #[test]
    fn each_may_come_in_place_of_the_other() {
        assert_eq!(all("* SEARCH ALL 1:3 COUNT 3\r\n"), "1:3");
        assert_eq!(all("* ESEARCH 1 2 3\r\n"), "1:3");
    }

    #[test]
    fn a_hostile_range_is_not_expanded() {
        assert_eq!(parse(b"* ESEARCH ALL 1:4294967295\r\n").unwrap().all.unwrap().len(), 4_294_967_295);
        assert!(parse(b"* SEARCH 4294967296\r\n").is_err());
        assert!(parse(b"* SEARCH 1 x\r\n").is_err());
    }

    #[test]
    fn updates_without_end_cost_no_more_than_other_words() {
        let frame = format!("* ESEARCH {}\r\n", "ADDTO (1 1)".repeat(100_000));
        assert_eq!(parse(frame.as_bytes()).unwrap().updates.len(), 100_000);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in "[0-9A-Z ():,*{}\"]{0,40}") {
            let _ = parse(format!("* ESEARCH {text}").as_bytes());
            let _ = parse(format!("* SEARCH {text}").as_bytes());
        }
    }
}
