//! The timestamp in a greeting that offers APOP (RFC 1939 §7).

/// The timestamp, brackets included, wherever it stands in the greeting's text: the last `<...@...>` without blanks.
///
/// ```
/// use postroom::pop3::codec::stamp;
///
/// assert_eq!(stamp(b"+OK POP3 <v1> ready <1896.697170952@dbc.mtview.ca.us>"), Some(&b"<1896.697170952@dbc.mtview.ca.us>"[..]));
/// assert_eq!(stamp(b"+OK a <b> c@d"), None);
/// ```
pub fn stamp(greeting: &[u8]) -> Option<&[u8]> {
    let mut rest = greeting;
    loop {
        let start = memchr::memrchr(b'<', rest)?;
        let from = greeting.get(start..)?;
        if let Some(end) = memchr::memchr(b'>', from)
            && let Some(stamp) = from.get(..=end)
            && stamp.contains(&b'@')
            && stamp.iter().all(u8::is_ascii_graphic)
        {
            return Some(stamp);
        }
        rest = rest.get(..start)?;
    }
}
