//! Parses status lines (RFC 1939 §3, RFC 2449 §8): `+OK`, `-ERR`, and the `+` that asks for more in AUTH (RFC 5034 §4).
//! It must not know the command.

use std::borrow::Cow;

use crate::error::Code;

/// A parsed status line.
///
/// ```
/// use postroom::pop3::codec::reply;
///
/// let refused = reply(b"-ERR [SYS/TEMP] try again later").unwrap();
/// assert_eq!(refused.code.as_ref().unwrap().name(), "SYS/TEMP");
/// assert_eq!(refused.text(), "try again later");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reply<'a> {
    /// The kind of reply.
    pub indicator: Indicator,
    /// The response code in brackets, such as `[IN-USE]`.
    pub code: Option<Code>,
    /// The text after the status, including the code, without its line end; for a challenge, the base64 text.
    pub rest: &'a [u8],
}

/// The kind of a status line.
///
/// ```
/// use postroom::pop3::codec::{Indicator, reply};
///
/// assert_eq!(reply(b"+OK ready").unwrap().indicator, Indicator::Ok);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 1939 and RFC 5034 know no more")]
pub enum Indicator {
    /// `+OK`.
    Ok,
    /// `-ERR`.
    Err,
    /// `+`: the server asks for more.
    Challenge,
}

/// Parses one line, with or without its line end; `None` if it is not a status line.
///
/// ```
/// use postroom::pop3::codec::{Indicator, reply};
///
/// let refused = reply(b"-ERR [IN-USE] Do you have another POP session running?\r\n").unwrap();
/// assert_eq!(refused.indicator, Indicator::Err);
/// assert_eq!(refused.code.unwrap().name(), "IN-USE");
/// assert!(reply(b"220 smtp.example.org ESMTP").is_none());
/// ```
pub fn reply(line: &[u8]) -> Option<Reply<'_>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (word, rest) = match line.iter().position(|&byte| byte == b' ' || byte == b'\t') {
        Some(at) => line.split_at_checked(at)?,
        None => (line, &b""[..]),
    };
    let indicator = match word {
        b"+" => Indicator::Challenge,
        word if word.eq_ignore_ascii_case(b"+OK") => Indicator::Ok,
        word if word.eq_ignore_ascii_case(b"-ERR") => Indicator::Err,
        _ => return None,
    };
    let rest = rest.trim_ascii();
    let code = if indicator == Indicator::Challenge { None } else { code(rest) };
    Some(Reply { indicator, code, rest })
}

impl<'a> Reply<'a> {
    /// The text for people, without the code. Bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'a, str> {
        let text = match (&self.code, memchr::memchr(b']', self.rest)) {
            (Some(_), Some(end)) => self.rest.get(end + 1..).unwrap_or_default(),
            _ => self.rest,
        };
        String::from_utf8_lossy(text.trim_ascii())
    }
}

/// RFC 2449 §8: `[` level *( `/` level ) `]`. What follows a space within the brackets becomes the code's data.
fn code(rest: &[u8]) -> Option<Code> {
    let inner = rest.strip_prefix(b"[")?;
    let inner = inner.get(..memchr::memchr(b']', inner)?)?;
    let inner = std::str::from_utf8(inner).ok()?;
    let (name, data) = inner.split_once(' ').unwrap_or((inner, ""));
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| Code::new(name, data.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_status_in_any_letter_case_is_enough() {
        for (line, indicator) in [
            ("+OK", Indicator::Ok),
            ("+ok\r\n", Indicator::Ok),
            ("-err\n", Indicator::Err),
            ("+ \r\n", Indicator::Challenge),
        ] {
            assert_eq!(reply(line.as_bytes()), Some(Reply { indicator, code: None, rest: b"" }), "{line:?}");
        }
    }

    #[test]
    fn a_code_has_levels_and_the_text_stands_behind_it() {
        let refused = reply(b"-ERR [sys/temp] try  later \r\n").unwrap();
        assert_eq!(refused.code.as_ref().unwrap().name(), "SYS/TEMP");
        assert_eq!(refused.text(), "try  later");
        let delay = reply(b"-ERR [LOGIN-DELAY 900] wait").unwrap();
        assert_eq!(delay.code.as_ref().map(|code| (code.name(), code.data())), Some(("LOGIN-DELAY", "900")));
    }

    #[test]
    fn what_only_looks_like_a_code_is_text() {
        for line in ["-ERR [unclosed", "-ERR []", "-ERR text [AUTH]", "-ERR [\u{fc}] x"] {
            let read = reply(line.as_bytes()).unwrap();
            assert_eq!((read.code.is_none(), read.text().into_owned()), (true, line[5..].to_owned()));
        }
    }

    #[test]
    fn other_protocols_are_no_status_lines() {
        for line in ["* OK IMAP4rev1", "220 ESMTP", "HTTP/1.1 400 Bad Request", "", "+OKAY", "-ERROR", "+=", "\0"] {
            assert_eq!(reply(line.as_bytes()), None, "{line:?}");
        }
    }
}
