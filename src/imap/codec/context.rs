//! The values that extensions add to ESEARCH: `PARTIAL`, `ADDTO` and `REMOVEFROM` (RFC 5267 §5, RFC 9394 §4), `RELEVANCY`
//! (RFC 6203 §7), and the correlators (RFC 7377 §4). Each function reads one value and must not know the response around it.

use std::cell::Cell;

use nom::Parser;
use nom::bytes::complete::{tag_no_case, take_while1};
use nom::character::complete::{char, space0};
use nom::combinator::{cut, map, map_opt, opt, value, verify};
use nom::sequence::{preceded, terminated};

use super::grammar::{
    Read, any_value, astring, fail, list_ahead, lossy, nil, number, spaced, word, words_in_parentheses,
};
use crate::imap::types::{MailboxName, Partial, SearchChange, SearchResult, UidList, UidValidity};

/// `(TAG "A1" MAILBOX "x" UIDVALIDITY 5)`, in any order.
pub(super) fn correlators<'a>(input: &'a [u8], found: &mut SearchResult) -> Read<'a, ()> {
    let (mut input, _) = (char('('), space0).parse(input)?;
    let mut read = SearchResult::default();
    loop {
        let tag = preceded((tag_no_case("TAG"), space0), astring);
        let mailbox = preceded((tag_no_case("MAILBOX"), space0), astring);
        let validity = preceded((tag_no_case("UIDVALIDITY"), space0), number);
        if let Ok((rest, text)) = terminated(tag, space0).parse(input) {
            read.tag = Some(lossy(&text));
            input = rest;
        } else if let Ok((rest, name)) = terminated(mailbox, space0).parse(input) {
            read.mailbox = Some(MailboxName::from_wire(&name, !name.is_ascii()));
            input = rest;
        } else if let Ok((rest, number)) = terminated(validity, space0).parse(input) {
            read.uid_validity = u32::try_from(number).ok().and_then(UidValidity::nonzero);
            input = rest;
        } else if read.tag.is_some() && input.first() != Some(&b')') {
            // A correlator of a future extension.
            input = terminated((word, spaced(any_value)), space0).parse(input)?.0;
        } else {
            break;
        }
    }
    let (input, _) = (char(')'), space0).parse(input)?;
    // RFC 7377 §4: MAILBOX and UIDVALIDITY only appear together, and only with TAG.
    if read.mailbox.is_some() != read.uid_validity.is_some() || read.mailbox.is_some() && read.tag.is_none() {
        return cut(|input| fail(input, "a correlator is missing")).parse(input);
    }
    (found.tag, found.mailbox, found.uid_validity) = (read.tag, read.mailbox, read.uid_validity);
    Ok((input, ()))
}

/// `(-1:-100 200:250,252:300)`, or NIL instead of the set if the range is empty.
pub(super) fn partial(input: &[u8]) -> Read<'_, Partial> {
    let (input, _) = (char('('), space0).parse(input)?;
    // RFC 9394 §4: both bounds count from the same end.
    let range = verify((place, char(':'), place), |(first, _, last)| first.signum() * last.signum() == 1);
    let (input, (first, _, last)) = { range }.parse(input)?;
    let nothing = value(UidList::default(), nil);
    let (input, found) = spaced(nom::branch::alt((nothing, list))).parse(input)?;
    let (input, _) = spaced(char(')')).parse(input)?;
    Ok((input, Partial { first, last, found }))
}

/// `(1 2733 1 2731:2732)`: positions, each with the messages that were added or removed there.
pub(super) fn updates<'a>(input: &'a [u8], change: SearchChange, found: &mut SearchResult) -> Read<'a, ()> {
    let (mut input, _) = (char('('), space0).parse(input)?;
    found.updates.reserve(list_ahead(input).len());
    loop {
        if let (rest, Some(_)) = opt(char(')')).parse(input)? {
            return Ok((rest, ()));
        }
        let (rest, (place, uids, _)) = (number, spaced(list), space0).parse(input)?;
        let Ok(position) = u32::try_from(place) else { return fail(input, "a number is too large") };
        found.updates.push(change, position, &uids);
        input = rest;
    }
}

/// `(4 99 42)`.
pub(super) fn relevancy(input: &[u8]) -> Read<'_, Vec<u8>> {
    let score =
        |word: &[u8]| number(word).ok().and_then(|(rest, score)| u8::try_from(score).ok().filter(|_| rest.is_empty()));
    let are_scores = Cell::new(true);
    let read = |word: &[u8]| score(word).or_else(|| are_scores.replace(false).then_some(0));
    verify(words_in_parentheses(read), |_: &Vec<u8>| are_scores.get()).parse(input)
}

/// `sequence-set`, in the server's order.
pub(super) fn list(input: &[u8]) -> Read<'_, UidList> {
    let text = take_while1(|byte: u8| byte.is_ascii_digit() || b":,".contains(&byte));
    map_opt(text, UidList::from_wire).parse(input)
}

fn place(input: &[u8]) -> Read<'_, i64> {
    let (rest, minus) = opt(char('-')).parse(input)?;
    let (rest, place) = number(rest)?;
    match i64::try_from(place) {
        Ok(place) => map(space0, |_| if minus.is_some() { -place } else { place }).parse(rest),
        Err(_) => fail(input, "a number is too large"),
    }
}
