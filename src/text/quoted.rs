//! The content of quoted strings in fields and responses. It must not know what is quoted.

/// The position of the closing quote, or the length.
pub(crate) fn end(inside: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = inside.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        match inside.get(at + found) {
            Some(b'\\') => at += found + 2,
            _ => return at + found,
        }
    }
    inside.len()
}

/// Removes the backslash from `\"` and `\\`. Before another character it is literal: some servers do not escape it.
pub(crate) fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let kept = if byte == b'\\' { bytes.next_if(|next| matches!(next, b'"' | b'\\')) } else { None };
        out.push(kept.unwrap_or(byte));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_are_taken_from_quotes_and_backslashes_only() {
        assert_eq!(unescape(br#"a\"b\\c\d\"#), br#"a"b\c\d\"#);
    }

    #[test]
    fn an_escaped_quote_is_no_end() {
        assert_eq!((end(br#"a\"b"c"#), end(br"a\"), end(b"")), (4, 2, 0));
    }
}
