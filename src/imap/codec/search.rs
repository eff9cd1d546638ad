//! Reads `SEARCH` and `ESEARCH` (RFC 9051 §7.3.5, RFC 4731, RFC 7162 §3.1.5) into one [`Found`]: servers send either in
//! answer to either command. No set is ever expanded.

use nom::Parser;
use nom::bytes::complete::tag_no_case;
use nom::character::complete::{char, one_of, space0};
use nom::combinator::{map, opt};
use nom::multi::many0_count;
use nom::sequence::{delimited, preceded};

use super::grammar::{self, Read, any_value, astring, lossy, number, sequence_set, untagged, word};
use super::unreadable::Unreadable;
use crate::imap::types::{Found, Uid};

/// Reads `* SEARCH 2 3 6` or `* ESEARCH (TAG "A1") UID COUNT 3 ALL 2:3,6`.
///
/// # Errors
///
/// Where the response is another one, or holds what is no number.
///
/// ```
/// let found = postroom::imap::codec::search::parse(b"* SEARCH 2 3 6\r\n")?;
/// assert_eq!(found.all.map(|uids| uids.to_string()).as_deref(), Some("2:3,6"));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8]) -> Result<Found, Unreadable> {
    grammar::read(frame, |input| {
        let (input, word) = untagged(&["SEARCH", "ESEARCH"])(input)?;
        let (input, tag) = opt(correlator).parse(input)?;
        let found = Found { tag, ..Found::default() };
        let (start, _) = noise(input)?;
        match start.first() {
            Some(byte) if byte.is_ascii_alphabetic() && (word.len() > "SEARCH".len() || mod_seq(start).is_err()) => {
                extended(input, found)
            }
            None if word.len() > "SEARCH".len() => Ok((input, found)),
            _ => plain(input, found),
        }
    })
}

fn correlator(input: &[u8]) -> Read<'_, String> {
    let inside = preceded((tag_no_case("TAG"), space0), astring);
    map(delimited((char('('), space0), inside, (space0, char(')'), space0)), |tag| lossy(&tag)).parse(input)
}

/// Numbers; some servers put them into parentheses, which mean nothing.
fn plain(mut input: &[u8], mut found: Found) -> Read<'_, Found> {
    let mut all = Vec::new();
    loop {
        input = noise(input)?.0;
        if input.is_empty() {
            break;
        }
        input = match mod_seq(input) {
            Ok((rest, mod_seq)) => {
                found.mod_seq = Some(mod_seq);
                rest
            }
            Err(_) => map(nz_number, |number| all.extend(number)).parse(input)?.0,
        };
    }
    found.all = Some(all.into_iter().collect());
    Ok((input, found))
}

/// Names with values behind them.
fn extended(mut input: &[u8], mut found: Found) -> Read<'_, Found> {
    loop {
        input = noise(input)?.0;
        if input.is_empty() {
            return Ok((input, found));
        }
        let (value, (name, _)) = (word, space0).parse(input)?;
        (input, _) = match name.to_ascii_uppercase().as_str() {
            "UID" => Ok((value, ())),
            "ALL" => map(sequence_set, |all| found.all = Some(all)).parse(value),
            "MIN" => map(nz_number, |min| found.min = min).parse(value),
            "MAX" => map(nz_number, |max| found.max = max).parse(value),
            "COUNT" => map(number, |count| found.count = Some(count)).parse(value),
            "MODSEQ" => map(number, |mod_seq| found.mod_seq = Some(mod_seq)).parse(value),
            _ => map(any_value, |_| ()).parse(value),
        }?;
    }
}

fn noise(input: &[u8]) -> Read<'_, usize> {
    many0_count(one_of(" \t()")).parse(input)
}

fn mod_seq(input: &[u8]) -> Read<'_, u64> {
    preceded((tag_no_case("MODSEQ"), space0), number).parse(input)
}

/// A number that may be 0, which names nothing.
fn nz_number(input: &[u8]) -> Read<'_, Option<Uid>> {
    let (rest, number) = number(input)?;
    match u32::try_from(number) {
        Ok(number) => Ok((rest, Uid::new(number))),
        Err(_) => grammar::fail(input, "a number is too large"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        assert_eq!((found.mod_seq, found.all.map(|all| all.len())), (Some(917_162_500), Some(2)));
    }

    #[test]
    fn esearch_is_read_as_servers_write_it() {
        let found =
            parse(b"* ESEARCH (TAG \"A283\") UID MIN 2 MAX 47 COUNT 25 MODSEQ 9 PARTIAL (1:10 2) ALL 2,10:15\r\n")
                .unwrap();
        assert_eq!((found.tag.as_deref(), found.min, found.max), (Some("A283"), Uid::new(2), Uid::new(47)));
        assert_eq!((found.count, found.mod_seq), (Some(25), Some(9)));
        assert_eq!(found.all, Some("2,10:15".parse().unwrap()));
        assert_eq!(parse(b"* ESEARCH (TAG \"A\") UID\r\n").unwrap().all, None);
        assert_eq!(all("* ESEARCH (TAG \"A\") (ALL 1:5)\r\n"), "1:5");
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

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in "[0-9A-Z ():,*{}\"]{0,40}") {
            let _ = parse(format!("* ESEARCH {text}").as_bytes());
            let _ = parse(format!("* SEARCH {text}").as_bytes());
        }
    }
}
