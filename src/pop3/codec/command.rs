//! Writes commands (RFC 1939 §3): a keyword and arguments on one line. Nothing that would end the line early is
//! written.

use crate::error::{Error, Result};
use crate::pop3::types::Number;

/// The longest command line in octets, including its CRLF (RFC 2449 §4).
pub const LONGEST_COMMAND: usize = 255;

/// Writes one command line, including its CRLF.
///
/// # Errors
///
/// [`Kind::Input`](crate::Kind::Input) if an argument contains CR, LF, NUL or non-ASCII bytes (RFC 1939 §3), or if the
/// line is longer than 255 octets. [`utf8_command`] accepts UTF-8.
///
/// ```
/// use postroom::pop3::codec::command;
///
/// assert_eq!(command("TOP", &[b"1", b"10"]).unwrap(), b"TOP 1 10\r\n");
/// assert!(command("USER", &[b"me\r\nDELE 1"]).is_err());
/// ```
pub fn command(keyword: &str, arguments: &[&[u8]]) -> Result<Vec<u8>> {
    if !arguments.iter().all(|argument| argument.is_ascii()) {
        return Err(Error::input("an argument is not ASCII, and this server does not accept UTF-8"));
    }
    utf8_command(keyword, arguments)
}

/// Writes one command line, including its CRLF, with arguments that may be UTF-8: USER, PASS and APOP for a server with
/// [`utf8_user`](crate::pop3::Capabilities::utf8_user) (RFC 6856 §2.2).
///
/// # Errors
///
/// [`Kind::Input`](crate::Kind::Input) if an argument contains CR, LF, NUL or is not valid UTF-8, or if the line is
/// longer than 255 octets.
///
/// ```
/// use postroom::pop3::codec::utf8_command;
///
/// assert_eq!(utf8_command("USER", &["jürgen".as_bytes()]).unwrap(), "USER jürgen\r\n".as_bytes());
/// assert!(utf8_command("USER", &[b"j\xFCrgen"]).is_err());
/// ```
pub fn utf8_command(keyword: &str, arguments: &[&[u8]]) -> Result<Vec<u8>> {
    let length = arguments.iter().fold(keyword.len() + 2, |length, argument| length.saturating_add(argument.len() + 1));
    if length > LONGEST_COMMAND {
        return Err(Error::input("the command line is longer than 255 octets"));
    }
    // One allocation of the right size, so that growing leaves no copy of a password in memory.
    let mut line = Vec::with_capacity(length);
    line.extend_from_slice(keyword.as_bytes());
    for argument in arguments {
        if memchr::memchr3(b'\r', b'\n', 0, argument).is_some() {
            return Err(Error::input("an argument contains CR, LF or NUL"));
        }
        if str::from_utf8(argument).is_err() {
            return Err(Error::input("an argument is neither ASCII nor UTF-8"));
        }
        line.push(b' ');
        line.extend_from_slice(argument);
    }
    line.extend_from_slice(b"\r\n");
    Ok(line)
}

/// Writes one line of a series: the keyword, a message number, and TOP's number of lines.
pub(crate) fn write_number(out: &mut bytes::BytesMut, keyword: &str, number: Number, lines: Option<u32>) {
    use std::fmt::Write;
    // Writing to memory cannot fail.
    let _ = match lines {
        Some(lines) => write!(out, "{keyword} {number} {lines}\r\n"),
        None => write!(out, "{keyword} {number}\r\n"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_line_of_255_octets_goes_and_one_of_256_does_not() {
        let argument = vec![b'x'; 255 - "PASS \r\n".len()];
        assert_eq!(command("PASS", &[&argument]).unwrap().len(), 255);
        let longer = [&argument[..], b"x"].concat();
        assert_eq!(command("PASS", &[&longer]).unwrap_err().kind(), Kind::Input);
    }

    #[test]
    fn nothing_can_end_the_line_early_or_be_read_two_ways() {
        for argument in [&b"a\rb"[..], b"a\nb", b"a\0b", b"\r\n", b"\xFC", b"\xC3\xBC"] {
            assert_eq!(command("USER", &[argument]).unwrap_err().kind(), Kind::Input);
        }
        for argument in [&b"a\rb"[..], b"\xC3\xBC\n", b"a\0b", b"\xFC", b"\xC3"] {
            assert_eq!(utf8_command("PASS", &[argument]).unwrap_err().kind(), Kind::Input);
        }
        assert_eq!(command("PASS", &[b" with blanks "]).unwrap(), b"PASS  with blanks \r\n");
    }
}
