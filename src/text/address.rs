//! Addresses in the form of RFC 5322 §3.4: written so that no text can end a field or become another address, and read from a field
//! that has a list of them. It must not know which field that is.

use std::fmt::{self, Write};

use super::{quoted, word};

/// The most bytes of an address. A line has at most 998 (RFC 5322 §2.1.1).
const LONGEST: usize = 900;
/// The most bytes of a domain literal, so that many open brackets cost no more than other bytes.
const LONGEST_LITERAL: usize = 64;
/// The most addresses of one field.
const MOST: usize = 10_000;

/// `local@domain` with the local part quoted where needed; `None` if there is no such address.
pub(crate) fn email(local: &str, domain: &str) -> Option<String> {
    // Some servers leave the quotes.
    let inside = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|inside| !inside.is_empty());
    let unescaped = inside.and_then(|inside| String::from_utf8(quoted::unescape(inside.as_bytes())).ok());
    let local = unescaped.as_deref().unwrap_or(local);
    let is_sound = !local.is_empty() && !local.contains(ends_line) && is_domain(domain);
    if !is_sound || local.len() + domain.len() > LONGEST {
        return None;
    }
    let mut out = String::with_capacity(local.len() + domain.len() + 1);
    match local.split('.').all(is_atom) {
        true => out.push_str(local),
        false => quote(&mut out, local).ok()?,
    }
    out.push('@');
    out.push_str(domain);
    Some(out)
}

/// Writes `name <email>`, or only what there is.
pub(crate) fn write_mailbox(out: &mut impl Write, name: Option<&str>, email: Option<&str>) -> fmt::Result {
    match (name.filter(|name| !name.trim().is_empty()), email) {
        (Some(name), Some(email)) => {
            write_phrase(out, name)?;
            write!(out, " <{email}>")
        }
        (Some(name), None) => write_phrase(out, name),
        (None, email) => out.write_str(email.unwrap_or_default()),
    }
}

/// Writes a display name, quoted where needed. What could end a line becomes a space.
pub(crate) fn write_phrase(out: &mut impl Write, text: &str) -> fmt::Result {
    let line = text.replace(ends_line, " ");
    let line = line.trim();
    // Text that looks like an encoded word would be decoded by the reader.
    match line.split(' ').all(is_atom) && !line.contains("=?") {
        true => out.write_str(line),
        false => quote(out, line),
    }
}

/// The mailboxes of a field's value: each with its decoded name and its address. Groups are dissolved, and what is no address is left
/// out. The work grows with the length of the value only.
pub(crate) fn mailboxes(value: &[u8]) -> Vec<(Option<String>, String)> {
    let (mut found, mut begin, mut at) = (Vec::new(), 0, 0);
    while found.len() < MOST {
        let stop = outside(value, at, b",;:<").unwrap_or(value.len());
        let after = value.get(stop + 1..).unwrap_or_default();
        match value.get(stop) {
            Some(b'<') => at = stop + 2 + outside(after, 0, b">").unwrap_or(after.len()),
            // What is before a colon is the name of a group.
            Some(b':') => (begin, at) = (stop + 1, stop + 1),
            end => {
                found.extend(mailbox(value.get(begin..stop).unwrap_or_default()));
                if end.is_none() {
                    break;
                }
                (begin, at) = (stop + 1, stop + 1);
            }
        }
    }
    found
}

/// The mailbox, if the text is one and nothing else.
pub(crate) fn only(text: &[u8]) -> Option<(Option<String>, String)> {
    let is_one = match outside(text, 0, b",;:<").and_then(|at| text.get(at)) {
        None => true,
        Some(stop) => *stop == b'<' && text.trim_ascii_end().ends_with(b">"),
    };
    mailbox(text).filter(|_| is_one)
}

/// One mailbox: `name <local@domain>`, or `local@domain (name)`.
fn mailbox(text: &[u8]) -> Option<(Option<String>, String)> {
    let (name, address) = match outside(text, 0, b"<") {
        Some(at) => {
            let (name, rest) = text.split_at_checked(at)?;
            let rest = rest.get(1..)?;
            (unquoted(name), rest.get(..outside(rest, 0, b">").unwrap_or(rest.len()))?)
        }
        None => (comment(text), text),
    };
    let name = word::decode(name.trim_ascii()).into_owned();
    let address = without_comments(address);
    // A source route (RFC 5322 §4.4).
    let route = if address.starts_with(b"@") { memchr::memchr(b':', &address)? + 1 } else { 0 };
    let address = address.get(route..)?;
    let at = match address.first() {
        Some(b'"') => quoted::end(address.get(1..)?) + 2,
        _ => memchr::memrchr(b'@', address)?,
    };
    let (local, domain) = address.split_at_checked(at)?;
    let domain = str::from_utf8(domain.strip_prefix(b"@")?).ok()?;
    Some((Some(name).filter(|name| !name.is_empty()), email(str::from_utf8(local).ok()?, domain)?))
}

/// The position of the first of these bytes that is in no quoted string, comment or domain literal.
fn outside(text: &[u8], mut at: usize, stops: &[u8]) -> Option<usize> {
    loop {
        let byte = *text.get(at)?;
        let rest = text.get(at + 1..).unwrap_or_default();
        at += match byte {
            _ if stops.contains(&byte) => return Some(at),
            b'"' => quoted::end(rest) + 2,
            b'(' => comment_end(rest) + 1,
            b'[' => rest.iter().take(LONGEST_LITERAL).position(|&byte| byte == b']').map_or(1, |end| end + 2),
            _ => 1,
        };
    }
}

/// The position after the end of a comment, given what follows its parenthesis.
fn comment_end(inside: &[u8]) -> usize {
    let (mut depth, mut at) = (1_usize, 0);
    while let Some(byte) = inside.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    at.min(inside.len())
}

/// The inside of the first comment, in which old mailers write the name.
fn comment(text: &[u8]) -> Vec<u8> {
    let Some(at) = outside(text, 0, b"(") else { return Vec::new() };
    let inside = text.get(at + 1..).unwrap_or_default();
    let inside = inside.get(..comment_end(inside)).unwrap_or_default();
    inside.strip_suffix(b")").unwrap_or(inside).to_vec()
}

/// The phrase without its quotes and comments.
fn unquoted(phrase: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(phrase.len()), 0);
    while let Some(&byte) = phrase.get(at) {
        let rest = phrase.get(at + 1..).unwrap_or_default();
        at += match byte {
            b'"' => {
                let end = quoted::end(rest);
                out.extend_from_slice(&quoted::unescape(rest.get(..end).unwrap_or_default()));
                end + 2
            }
            b'(' => comment_end(rest) + 1,
            byte => {
                out.push(byte);
                1
            }
        };
    }
    out
}

/// The address without white space and comments, which may be between any two of its parts.
fn without_comments(address: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(address.len()), 0);
    while let Some(&byte) = address.get(at) {
        let rest = address.get(at + 1..).unwrap_or_default();
        let len = match byte {
            b'"' => quoted::end(rest) + 2,
            b'(' => {
                at += comment_end(rest) + 1;
                continue;
            }
            _ => 1,
        };
        let part = address.get(at..(at + len).min(address.len())).unwrap_or_default();
        out.extend_from_slice(if part.trim_ascii().is_empty() { b"" } else { part });
        at += len;
    }
    out
}

/// `dot-atom-text` without the dots, with the characters that RFC 6532 adds.
fn is_atom(text: &str) -> bool {
    let is_atext = |char: char| match char.is_ascii() {
        true => char.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(char),
        false => !char.is_whitespace() && !ends_line(char),
    };
    !text.is_empty() && text.chars().all(is_atext)
}

/// A name of a host, or a literal such as `[192.0.2.1]`.
fn is_domain(domain: &str) -> bool {
    let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_sound = |char: char| !char.is_whitespace() && !ends_line(char) && !"()<>[]\\,;\"@".contains(char);
    match literal {
        Some(inside) => !inside.is_empty() && inside.chars().all(is_sound),
        None => !domain.is_empty() && domain.chars().all(|char| is_sound(char) && char != ':'),
    }
}

/// Control characters, and the separators of lines and paragraphs.
pub(crate) fn ends_line(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

fn quote(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            out.write_char('\\')?;
        }
        out.write_char(char)?;
    }
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(name: Option<&str>, email: Option<&str>) -> String {
        let mut out = String::new();
        write_mailbox(&mut out, name, email).unwrap();
        out
    }

    #[test]
    fn local_parts_are_quoted_where_needed_and_what_is_no_address_is_none() {
        for (local, domain, expected) in [
            ("anna", "example.org", Some("anna@example.org")),
            ("anna.b+c", "example.org", Some("anna.b+c@example.org")),
            ("jürgen", "exämple.org", Some("jürgen@exämple.org")),
            ("john doe", "x.org", Some("\"john doe\"@x.org")),
            ("a..b", "x.org", Some("\"a..b\"@x.org")),
            ("a\"\\b", "x.org", Some("\"a\\\"\\\\b\"@x.org")),
            ("\"john doe\"", "x.org", Some("\"john doe\"@x.org")),
            ("\"anna\"", "x.org", Some("anna@x.org")),
            ("a", "[192.0.2.1]", Some("a@[192.0.2.1]")),
            ("a", "[IPv6:2001:db8::1]", Some("a@[IPv6:2001:db8::1]")),
            ("", "x.org", None),
            ("a", "", None),
            ("a\r\nBcc: b", "x.org", None),
            ("a\0", "x.org", None),
            ("a\u{2028}", "x.org", None),
            ("a", "x.org\r\n", None),
            ("a", "x.org>, <b@y", None),
            ("a", "x org", None),
            ("a", "x@y", None),
            ("a", "[", None),
            ("a", "x.org:", None),
        ] {
            assert_eq!(email(local, domain).as_deref(), expected, "{local:?} {domain:?}");
        }
        assert_eq!(email(&"a".repeat(1000), "x.org"), None);
    }

    #[test]
    fn names_are_quoted_where_needed() {
        for (name, expected) in [
            ("Anna Berg", "Anna Berg <a@x>"),
            ("Doe, John", "\"Doe, John\" <a@x>"),
            ("John Q. Public", "\"John Q. Public\" <a@x>"),
            ("say \"hi\" \\", "\"say \\\"hi\\\" \\\\\" <a@x>"),
            ("Jürgen 測試", "Jürgen 測試 <a@x>"),
            ("a\r\nBcc: evil@x", "\"a  Bcc: evil@x\" <a@x>"),
            ("=?utf-8?q?x?=", "\"=?utf-8?q?x?=\" <a@x>"),
            ("", "a@x"),
            (" \t", "a@x"),
        ] {
            assert_eq!(written(Some(name), Some("a@x")), expected);
        }
        assert_eq!((written(None, None), written(Some("A.B"), None)), (String::new(), "\"A.B\"".to_owned()));
    }

    #[test]
    fn the_mailboxes_of_a_field_are_found() {
        for (field, expected) in [
            ("a@x.org", "a@x.org"),
            ("Anna <a@x.org>, \"B, C\" <b@x.org>", "Anna <a@x.org>|\"B, C\" <b@x.org>"),
            ("a@x.org (Anna (Berg))", "\"Anna (Berg)\" <a@x.org>"),
            ("Friends: a@x.org, B <b@x.org>;, c@x.org", "a@x.org|B <b@x.org>|c@x.org"),
            ("undisclosed-recipients:;", ""),
            ("=?utf-8?q?J=C3=BCrgen?= <j@x.org>", "Jürgen <j@x.org>"),
            ("\"a, b\"@x.org, <\"c>d\"@x.org>", "\"a, b\"@x.org|\"c>d\"@x.org"),
            ("<@a.org,@b.org:c@x.org>", "c@x.org"),
            ("a @ x.org (b), a(c)@(d)y.org", "b <a@x.org>|c <a@y.org>"),
            ("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"),
            ("nobody, <>, <a>, a@, @b, x <a@x.org", "x <a@x.org>"),
            ("a@x.org;b@x.org", "a@x.org|b@x.org"),
            ("a@x.org,\r\n\tb@x.org\r\n", "a@x.org|b@x.org"),
            ("", ""),
            ("(", ""),
            ("\"", ""),
        ] {
            let found = mailboxes(field.as_bytes());
            let found: Vec<_> = found.iter().map(|(name, email)| written(name.as_deref(), Some(email))).collect();
            assert_eq!(found.join("|"), expected, "{field:?}");
        }
    }

    #[test]
    fn brackets_take_no_longer_than_other_bytes() {
        for piece in ["[", "(", "<", "\"", ":", "a@x,", "((", "<(", "\\"] {
            let _ = mailboxes(piece.repeat(100_000).as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn what_is_written_is_read_again(
            name in prop::option::of("[ -~äß測]{1,12}"),
            local in "[ -~ü]{1,12}",
            domain in "[a-z0-9é]{1,8}(\\.[a-z]{1,4})?",
        ) {
            let Some(email) = email(&local, &domain) else { return Ok(()) };
            let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty() && !name.contains("=?"));
            let text = written(name.as_deref(), Some(&email));
            prop_assert_eq!(mailboxes(text.as_bytes()), [(name, email)], "{}", text);
        }

        #[test]
        fn no_text_ends_the_line(name in any::<String>(), local in any::<String>(), domain in any::<String>()) {
            let text = written(Some(&name), email(&local, &domain).as_deref());
            prop_assert!(!text.contains(ends_line), "{:?}", text);
            prop_assert!(mailboxes(text.as_bytes()).len() <= 1);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop::sample::select(b"<>()\"\\,;:@[] ax\xff\r\n".to_vec()), 0..60)) {
            for (name, email) in mailboxes(&bytes) {
                prop_assert!(!written(name.as_deref(), Some(&email)).contains(ends_line));
            }
        }
    }
}
