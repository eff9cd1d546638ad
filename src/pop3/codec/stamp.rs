//! Finds the timestamp in a greeting that offers APOP (RFC 1939 §7). It must not know the password.

/// Returns the timestamp, including brackets, anywhere in the greeting's text: the last `<...@...>` that is strictly a
/// message id of printable ASCII (RFC 5322 §3.6.4).
///
/// Other text in brackets must not be digested with a password: with bytes of its choice there, a false server can find
/// out the beginning of the password (CVE-2007-1558).
///
/// ```
/// use postroom::pop3::codec::stamp;
///
/// assert_eq!(stamp(b"+OK POP3 <v1> ready <1896.697170952@dbc.mtview.ca.us>"), Some(&b"<1896.697170952@dbc.mtview.ca.us>"[..]));
/// assert_eq!(stamp(b"+OK a <b> c@d"), None);
/// assert_eq!(stamp(b"+OK <\x80\x9Fblock@example.org>"), None);
/// ```
pub fn stamp(greeting: &[u8]) -> Option<&[u8]> {
    // An id contains no brackets, so each bracket belongs to its neighbour, and every byte is examined once.
    let (mut rest, mut end) = (greeting, None);
    loop {
        let at = memchr::memrchr2(b'<', b'>', rest)?;
        let ends = rest.get(at) == Some(&b'>');
        match end {
            Some(end) if !ends && greeting.get(at + 1..end).is_some_and(is_id) => return greeting.get(at..=end),
            _ => end = ends.then_some(at),
        }
        rest = rest.get(..at)?;
    }
}

/// `id-left "@" id-right`.
fn is_id(text: &[u8]) -> bool {
    let mut sides = text.splitn(2, |&byte| byte == b'@');
    let (Some(left), Some(right)) = (sides.next(), sides.next()) else { return false };
    is_dot_atom(left) && (is_dot_atom(right) || is_literal(right))
}

fn is_dot_atom(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'.').all(|atom| !atom.is_empty() && atom.iter().copied().all(is_atext))
}

fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// `no-fold-literal`.
fn is_literal(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]"));
    inner.is_some_and(|inner| inner.iter().all(|byte| byte.is_ascii_graphic() && !b"[]<>\\".contains(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_that_servers_send_are_found() {
        for id in [
            "<1896.697170952@dbc.mtview.ca.us>",
            "<20b6.1.5f3a.YWJj+/1kZWY==@mail_1.example.org>",
            "<3.1@[127.0.0.1]>",
            "<1@[IPv6:::1]>",
        ] {
            assert_eq!(stamp(format!("+OK <ready> {id} [x]").as_bytes()), Some(id.as_bytes()));
        }
    }

    #[test]
    fn what_is_not_strictly_a_message_id_is_no_stamp() {
        for hostile in [
            &b"+OK <\x80\x81\xFE@x>"[..],
            b"+OK <a\x01b@x>",
            b"+OK <a\0b@x>",
            b"+OK <a b@x>",
            b"+OK <a\tb@x>",
            b"+OK <a@b@c>",
            b"+OK <@x>",
            b"+OK <a@>",
            b"+OK <a..b@x>",
            b"+OK <.a@x>",
            b"+OK <a@x.>",
            b"+OK <\"a\"@x>",
            b"+OK <a@[x]y>",
            b"+OK <a@[\x80]>",
            "+OK <ü@x>".as_bytes(),
            b"+OK <a@x",
            b"+OK a@x>",
            b"+OK",
        ] {
            assert_eq!(stamp(hostile), None, "{}", hostile.escape_ascii());
        }
    }

    #[test]
    fn brackets_without_end_cost_no_more_than_other_bytes() {
        let greeting = [&b"+OK <1.2@a> "[..], &b"<".repeat(4_000_000), b"x@[", &b"<".repeat(4_000_000), b">"].concat();
        assert_eq!(stamp(&greeting), Some(&b"<1.2@a>"[..]));
    }
}
