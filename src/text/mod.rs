//! The text of header fields and of parts, the same for both protocols: charsets, encoded words (RFC 2047), parameters (RFC 2231),
//! transfer encodings (RFC 2045 §6), HTML without its tags. It must not know a protocol, nor what a field means.

pub(crate) mod address;
pub(crate) mod base64;
pub(crate) mod charset;
pub(crate) mod date;
mod entity;
pub(crate) mod field;
pub(crate) mod html;
#[cfg_attr(not(feature = "imap"), allow(unreachable_pub, reason = "`imap::codec` makes it public"))]
pub mod mutf7;
pub(crate) mod param;
pub(crate) mod part;
pub(crate) mod quoted;
mod quoted_printable;
pub(crate) mod subject;
pub(crate) mod transfer;
mod uuencode;
pub(crate) mod word;

use std::borrow::Cow;

/// The bytes on one line: white space that contains a line end becomes one space, and is removed at both ends.
pub(crate) fn unfold(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(start) = rest.iter().position(|&byte| is_blank(byte)) {
        let (before, blank) = rest.split_at_checked(start).unwrap_or((rest, &[]));
        let end = blank.iter().position(|&byte| !is_blank(byte)).unwrap_or(blank.len());
        let (blank, after) = blank.split_at_checked(end).unwrap_or((blank, &[]));
        out.extend_from_slice(before);
        if memchr::memchr2(b'\r', b'\n', blank).is_none() {
            out.extend_from_slice(blank);
        } else if !out.is_empty() && !after.is_empty() {
            out.push(b' ');
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_with_a_line_end_in_it_changes() {
        for (bytes, line) in [
            ("a  b", "a  b"),
            ("a \r\n\t b\n c", "a b c"),
            ("\r\n a\r\n", "a"),
            (" a  b\r\n c ", " a  b c "),
            ("\r\n", ""),
        ] {
            assert_eq!(unfold(bytes.as_bytes()), line.as_bytes(), "{bytes:?}");
        }
    }
}
