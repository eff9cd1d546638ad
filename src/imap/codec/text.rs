//! Reads status responses: `OK`, `NO`, `BAD`, `BYE`, `PREAUTH` and `+`, with the response code and the text for people
//! (RFC 9051 §7.1). It must not know which command they answer.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while1};
use nom::character::complete::{char, space0, space1};
use nom::combinator::{map, value};
use nom::sequence::delimited;

use super::code::code;
use super::grammar::{self, Read, fail, lossy};
use super::route::is_tag;
use super::unreadable::Unreadable;
use crate::imap::types::{Condition, Outcome, ResponseCode};

/// Reads `* OK [CODE] text`. The greeting is such a response.
///
/// # Errors
///
/// [`Unreadable`] if the frame is not an untagged status response.
///
/// ```
/// use postroom::imap::{ResponseCode, Outcome, codec::text};
///
/// let condition = text::untagged(b"* NO [TRYCREATE] No such mailbox\r\n")?;
/// assert_eq!(condition.outcome, Outcome::No);
/// assert_eq!(condition.code, Some(ResponseCode::TryCreate));
/// assert_eq!(condition.text, "No such mailbox");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn untagged(frame: &[u8]) -> Result<Condition, Unreadable> {
    grammar::read(frame, |input| {
        let input = grammar::blank(input)?.0;
        match (char('*'), space1).parse(input) {
            Ok((input, _)) => condition(input),
            Err(other) => tagged_bye(input).or(Err(other)),
        }
    })
}

/// Reads `A1 OK [CODE] text` and returns the tag with it.
///
/// ```
/// use postroom::imap::{Outcome, codec::text};
///
/// let (tag, condition) = text::tagged(b"A1 OK Done\r\n")?;
/// assert_eq!((tag, condition.outcome), (&b"A1"[..], Outcome::Ok));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is not a tagged status response.
pub fn tagged(frame: &[u8]) -> Result<(&[u8], Condition), Unreadable> {
    grammar::read(frame, |input| {
        let (input, tag) = delimited(space0, tag_name, space1).parse(grammar::blank(input)?.0)?;
        map(condition, |condition| (tag, condition)).parse(input)
    })
}

/// Reads `[CODE] text`, the end of a status response. Some servers send it alone, without `* OK`. Reading cannot fail: anything that is
/// not a code is text, and the text may be empty.
///
/// ```
/// use postroom::imap::{ResponseCode, codec::text};
///
/// let (code, text) = text::resp_text(b"[ALERT] Disk is full");
/// assert_eq!((code, text.as_str()), (Some(ResponseCode::Alert), "Disk is full"));
/// ```
pub fn resp_text(bytes: &[u8]) -> (Option<ResponseCode>, String) {
    let bytes = bytes.trim_ascii();
    match bracket(bytes) {
        Ok((text, code)) => (Some(code), lossy(text.trim_ascii())),
        Err(_) => (None, lossy(bytes)),
    }
}

/// Some servers send BYE with the tag of LOGOUT instead of `*`.
fn tagged_bye(input: &[u8]) -> Read<'_, Condition> {
    let (input, _) = (tag_name, space1).parse(input)?;
    match condition(input)? {
        (rest, bye) if bye.outcome == Outcome::Bye => Ok((rest, bye)),
        _ => fail(input, "a star was expected"),
    }
}

fn tag_name(input: &[u8]) -> Read<'_, &[u8]> {
    take_while1(is_tag).parse(input)
}

fn condition(input: &[u8]) -> Read<'_, Condition> {
    let (input, outcome) = outcome(input)?;
    if input.first().is_some_and(u8::is_ascii_alphanumeric) {
        return fail(input, "a status word was expected");
    }
    let (code, text) = resp_text(input);
    Ok((&[], Condition { outcome, code, text }))
}

fn outcome(input: &[u8]) -> Read<'_, Outcome> {
    alt((
        value(Outcome::Ok, tag_no_case("OK")),
        value(Outcome::No, tag_no_case("NO")),
        value(Outcome::Bad, tag_no_case("BAD")),
        value(Outcome::Bye, tag_no_case("BYE")),
        value(Outcome::Preauth, tag_no_case("PREAUTH")),
    ))
    .parse(input)
}

/// `[NAME data]`. Exchange also puts other text in brackets; it does not begin like the name of a code.
fn bracket(input: &[u8]) -> Read<'_, ResponseCode> {
    let (input, _) = (char('['), space0).parse(input)?;
    let (rest, name) = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))(input)?;
    let name = str::from_utf8(name).unwrap_or_default();
    let Some(close) = close_of(rest).or_else(|| memchr::memchr(b']', rest)) else {
        return fail(rest, "a response code does not end");
    };
    let (data, after) = rest.split_at_checked(close).unwrap_or((rest, &[]));
    match data.first() {
        None | Some(b' ') => Ok((after.get(1..).unwrap_or_default(), code(name, data))),
        Some(_) => fail(rest, "not a response code"),
    }
}

/// The closing bracket after a list, whose flags may contain `]`, after a quoted URL or tag, or after a URL.
fn close_of(data: &[u8]) -> Option<usize> {
    let inside = data.trim_ascii_start();
    match inside.first()? {
        b'(' => close_of_list(data).or_else(|| memchr::memmem::find(data, b")]").map(|at| at + 1)),
        b'"' => {
            let after = grammar::quoted(inside).ok()?.0;
            memchr::memchr(b']', after).map(|at| data.len() - after.len() + at)
        }
        _ => {
            // RFC 3986 §3.2.2: the host of a URL may be an address in brackets.
            let close = memchr::memchr(b']', data)?;
            let host = memchr::memrchr(b'[', data.get(..close)?)?;
            let is_host = matches!(data.get(..host)?.last(), Some(b'/' | b'@'));
            memchr::memchr(b']', data.get(close + 1..)?).filter(|_| is_host).map(|at| close + 1 + at)
        }
    }
}

/// The closing bracket after the list, not one inside a quoted string.
fn close_of_list(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = data.get(at..)?;
        let found = at + memchr::memchr2(b'"', b']', rest)?;
        let before = found.checked_sub(1).and_then(|before| data.get(before));
        at = match (data.get(found), before) {
            (Some(b']'), Some(b')')) => return Some(found),
            (Some(b'"'), Some(b'(' | b' ')) => data.len() - grammar::quoted(data.get(found..)?).ok()?.0.len(),
            _ => found + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::imap::types::Uid;

    fn ok(frame: &str) -> Condition {
        untagged(frame.as_bytes()).unwrap()
    }

    #[test]
    fn the_responses_of_rfc_9051_are_read() {
        let (tag, done) = tagged(b"A003 OK [READ-WRITE] SELECT completed\r\n").unwrap();
        assert_eq!((tag, done.outcome, done.code), (b"A003".as_slice(), Outcome::Ok, Some(ResponseCode::ReadWrite)));
        assert_eq!(
            ok("* OK [UIDNEXT 4392] Predicted next UID\r\n").code,
            Some(ResponseCode::UidNext(Uid::nonzero(4392)))
        );
        assert_eq!(ok("* PREAUTH IMAP4rev2 server logged in as Smith\r\n").outcome, Outcome::Preauth);
        assert_eq!(ok("* bye Autologout; idle for too long\r\n").text, "Autologout; idle for too long");
    }

    #[test]
    fn text_may_be_missing_or_not_be_utf_8() {
        let bare = ok("* OK [HIGHESTMODSEQ 715]\r\n");
        assert_eq!((bare.code, bare.text.as_str()), (Some(ResponseCode::HighestModSeq(715)), ""));
        assert_eq!(tagged(b"A1 OK\r\n").unwrap().1.text, "");
        assert_eq!(untagged(b"* OK gr\xfc\xdfe\r\n").unwrap().text, "gr\u{fffd}\u{fffd}e");
        assert_eq!(ok("* OK {1}\r\n").text, "{1}");
    }

    #[test]
    fn a_bye_may_have_a_tag() {
        assert_eq!(untagged(b"A00000005 BYE IMAP4rev1 Server logging out\r\n").unwrap().outcome, Outcome::Bye);
    }

    #[test]
    fn what_is_no_code_is_text() {
        for text in ["[Error=\"Microsoft.Exchange\" x=y] failed", "[", "[]", "[ALERT", "[a\"b] c"] {
            let read = ok(&format!("* NO {text}\r\n"));
            assert_eq!((read.code, read.text.as_str()), (None, text));
        }
        let cyrus = ok("* OK [CAPABILITIES IMAP4] hello\r\n");
        assert!(matches!(cyrus.code, Some(ResponseCode::Other(code)) if code.is("capabilities")));
    }

    #[test]
    fn flags_with_brackets_do_not_end_the_code() {
        let read = ok("* OK [PERMANENTFLAGS (\\Seen a]b \\*)] ok\r\n");
        assert!(matches!(read.code, Some(ResponseCode::PermanentFlags(flags)) if flags.len() == 3));
        assert_eq!(read.text, "ok");
    }

    #[test]
    fn nor_do_quoted_brackets() {
        let read = ok("* NO [BADURL \"imap://[::1]/a\"] no such [part]\r\n");
        assert_eq!(read.code, Some(ResponseCode::BadUrl("\"imap://[::1]/a\"".into())));
        assert_eq!(read.text, "no such [part]");
        assert_eq!(ok("* NO [NOUPDATE \"B02] x\r\n").text, "x");
        let read = ok("* NO [BADCHARSET (\"a)] b\" UTF-8)] no such (part)]\r\n");
        assert_eq!(read.code, Some(ResponseCode::BadCharset(vec!["a)] b".into(), "UTF-8".into()])));
        assert_eq!(read.text, "no such (part)]");
        assert_eq!(ok("* OK [PERMANENTFLAGS (\"a b)] x\r\n").text, "x");
    }

    #[test]
    fn other_responses_are_refused_with_their_place() {
        assert_eq!(untagged(b"* OKAY\r\n").unwrap_err().offset, 4);
        assert!(untagged(b"* LIST\r\n").is_err());
        assert!(untagged(b"A1 OK\r\n").is_err());
        assert!(tagged(b"* OK\r\n").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (untagged(&bytes), tagged(&bytes), resp_text(&bytes));
            let _ = untagged(&[b"* OK [COPYUID ", bytes.as_slice()].concat());
        }
    }
}
