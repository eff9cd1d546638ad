//! Reads the responses that contain URLs: `JMAPACCESS` (RFC 9698), `GENURLAUTH` and `URLFETCH` (RFC 4467 §7). It must not follow a URL,
//! nor know what is in one.

use std::borrow::Cow;

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::char;
use nom::combinator::map;

use super::grammar::{self, Read, any_value, astring, at_line_end, entries, lossy, nstring, spaced, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::UrlContent;

/// Reads `* JMAPACCESS "https://example.com/.well-known/jmap"`.
///
/// ```
/// let url = postroom::imap::codec::url::jmap_access(b"* JMAPACCESS \"https://example.com/jmap\"\r\n")?;
/// assert_eq!(url, "https://example.com/jmap");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or has no URL that begins with `https://`.
pub fn jmap_access(frame: &[u8]) -> Result<String, Unreadable> {
    grammar::read(frame, |input| {
        let (input, _) = untagged(&["JMAPACCESS"])(input)?;
        match url(input)? {
            (rest, url) if url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) => {
                Ok((rest, url))
            }
            _ => grammar::fail(input, "an https URL was expected"),
        }
    })
}

/// Reads `* GENURLAUTH "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=anonymous:internal:9a42"`, with one URL or more.
///
/// ```
/// let urls = postroom::imap::codec::url::generated(b"* GENURLAUTH \"imap://a/b;urlauth=x\"\r\n")?;
/// assert_eq!(urls, ["imap://a/b;urlauth=x"]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or a URL does not end.
pub fn generated(frame: &[u8]) -> Result<Vec<String>, Unreadable> {
    grammar::read(frame, |input| many(untagged(&["GENURLAUTH"])(input)?.0, 1, url))
}

/// Reads `* URLFETCH "imap://..." {5}`: URLs with their content, `None` if there is none.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or a URL has no value after it.
///
/// ```
/// let fetched = postroom::imap::codec::url::fetched(b"* URLFETCH imap://a/b \"text\" imap://a/c NIL\r\n")?;
/// assert_eq!(fetched[0].content.as_deref(), Some(&b"text"[..]));
/// assert_eq!((fetched[1].url.as_str(), &fetched[1].content), ("imap://a/c", &None));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn fetched(frame: &[u8]) -> Result<Vec<UrlContent>, Unreadable> {
    let bytes = map(spaced(nstring), |content| content.map(Cow::into_owned));
    let plain = map(bytes, |content| (content, Vec::new()));
    let one = (url, alt((plain, spaced(extended))));
    let one = map(one, |(url, (content, extended))| UrlContent { url, content, extended });
    grammar::read(frame, |input| {
        let input = untagged(&["URLFETCH"])(input)?.0;
        // The grammar of one client allows parentheses around the list.
        let inside = input.strip_prefix(b"(").and_then(|input| input.trim_ascii_end().strip_suffix(b")"));
        many(inside.unwrap_or(input), 2, one)
    })
}

/// `(BODYPARTSTRUCTURE (...) BODY {5})` of RFC 5524, in any order: the bytes are those of `BODY` or `BINARY`.
fn extended(input: &[u8]) -> Read<'_, (Option<Vec<u8>>, Vec<u8>)> {
    let (mut inside, _) = char('(')(input)?;
    let (after, whole) = any_value(input)?;
    let mut content = None;
    while let Ok((value, name)) = spaced(astring).parse(inside) {
        let (rest, bytes) = spaced(alt((nstring, map(any_value, |_| None)))).parse(value)?;
        if name.eq_ignore_ascii_case(b"BODY") || name.eq_ignore_ascii_case(b"BINARY") {
            content = bytes.map(Cow::into_owned);
        }
        inside = rest;
    }
    Ok((after, (content, whole.to_vec())))
}

fn url(input: &[u8]) -> Read<'_, String> {
    map(spaced(astring), |url| lossy(&url)).parse(input)
}

/// Reads one or more values up to the end of the response; each takes `words` words.
/// Fails if there are no values.
fn many<'a, T>(
    input: &'a [u8],
    words: usize,
    one: impl Parser<&'a [u8], Output = T, Error = grammar::Fail<'a>>,
) -> Read<'a, Vec<T>> {
    let (rest, all) = entries(input, words, at_line_end, one)?;
    if all.is_empty() { grammar::fail(rest, "a URL was expected") } else { Ok((rest, all)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_in_every_shape() {
        assert_eq!(
            jmap_access(b"* JMAPACCESS \"https://a/.well-known/jmap\"\r\n").unwrap(),
            "https://a/.well-known/jmap"
        );
        assert_eq!(generated(b"* GENURLAUTH \"test1\" test2 {1}\r\nx\r\n").unwrap(), ["test1", "test2", "x"]);
        assert_eq!(fetched(b"* URLFETCH url {3}\r\na\r\n \r\n").unwrap()[0].content.as_deref(), Some(&b"a\r\n"[..]));
        assert_eq!(fetched(b"* URLFETCH url\r\n").unwrap_err().offset, 14);
        assert_eq!(fetched(b"* URLFETCH(\"url\" NIL)\r\n").unwrap()[0].url, "url");
        let more =
            fetched(b"* URLFETCH u (BODYPARTSTRUCTURE (\"TEXT\" 1) BINARY ~{2}\r\na)) v (BODY NIL) w NIL\r\n").unwrap();
        assert_eq!(more[0].content.as_deref(), Some(&b"a)"[..]));
        assert!(more[0].extended.starts_with(b"(BODYPARTSTRUCTURE") && more[0].extended.ends_with(b"a))"));
        assert_eq!((more[1].url.as_str(), &more[1].content, more.len()), ("v", &None, 3));
        assert!(jmap_access(b"* JMAPACCESS\r\n").is_err());
        // RFC 8620 §1.7: who is led to a server without TLS shows it the password.
        assert!(jmap_access(b"* JMAPACCESS \"http://a/\"\r\n").is_err());
    }
}
