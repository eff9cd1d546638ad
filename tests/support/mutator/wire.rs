//! The parts of IMAP's wire format that a proxy must know to change it: where a response ends, what the items of a FETCH are, how a set
//! is written. Written independently for the tests: it must not use the crate's codec, which it checks.

use std::collections::BTreeSet;

/// The length of the first response in these bytes; `None` if it is not whole yet.
pub(crate) fn response(bytes: &[u8]) -> Option<usize> {
    let mut end = line(bytes)?;
    if is_text(bytes) {
        return Some(end);
    }
    while let Some(size) = announced(&bytes[..end]) {
        let behind = end + size;
        end = behind + line(bytes.get(behind..)?)?;
    }
    Some(end)
}

/// The length of the first line, with its CRLF.
pub(crate) fn line(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n").map(|at| at + 2)
}

/// The size of the literal that a line announces at its end: `{5}`, `{5+}` or `~{5}`.
pub(crate) fn announced(line: &[u8]) -> Option<usize> {
    let inner = line.strip_suffix(b"}\r\n")?;
    let digits = &inner[inner.iter().rposition(|&byte| byte == b'{')? + 1..];
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether this ends in text for people, in which `{5}` at the end of a line announces nothing.
fn is_text(response: &[u8]) -> bool {
    let mut words = response.split(|byte| b" \r".contains(byte));
    let (tag, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    tag != b"*" || [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// An untagged response that begins with a number: the number, and what follows it.
pub(crate) fn numbered(response: &[u8]) -> Option<(u32, &[u8])> {
    let rest = response.strip_prefix(b"* ")?;
    let space = rest.iter().position(|&byte| byte == b' ')?;
    Some((std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?, &rest[space + 1..]))
}

/// Whether this begins with that, in upper or lower case.
pub(crate) fn begins(bytes: &[u8], name: &str) -> bool {
    bytes.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
}

/// The items of a FETCH, each its name and its value, from the text between the outermost parentheses.
pub(crate) fn items(mut list: &[u8]) -> Option<Vec<&[u8]>> {
    let mut items = Vec::new();
    while !list.is_empty() {
        let name = name(list)?;
        let end = name + 1 + value(list.get(name + 1..)?)?;
        items.push(&list[..end]);
        list = match list.get(end) {
            Some(b' ') => &list[end + 1..],
            Some(_) => return None,
            None => b"",
        };
    }
    Some(items)
}

/// The length of an item's name: `BODY[HEADER.FIELDS ("a b")]<0>` is one.
fn name(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut inside) = (0, false);
    loop {
        match (bytes.get(at)?, inside) {
            (b' ', false) => return (at > 0).then_some(at),
            (b'[', _) => inside = true,
            (b']', _) => inside = false,
            (b'"' | b'{', true) => at += value(&bytes[at..])? - 1,
            _ => {}
        }
        at += 1;
    }
}

/// The length of the value that begins here: a quoted string, a literal, a list of values, or a word.
fn value(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => quoted(bytes),
        b'(' => list(bytes),
        b'~' if bytes.get(1) == Some(&b'{') => Some(1 + literal(&bytes[1..])?),
        b'{' => literal(bytes),
        _ => {
            let end = bytes.iter().position(|byte| b" ()\r\n".contains(byte)).unwrap_or(bytes.len());
            (end > 0).then_some(end)
        }
    }
}

fn quoted(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\r' | b'\n' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn literal(bytes: &[u8]) -> Option<usize> {
    let start = line(bytes)?;
    let end = start + announced(&bytes[..start])?;
    (end <= bytes.len()).then_some(end)
}

fn list(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0u32);
    loop {
        at += match bytes.get(at)? {
            b'(' => {
                depth += 1;
                1
            }
            b')' if depth == 1 => return Some(at + 1),
            b')' => {
                depth -= 1;
                1
            }
            b' ' => 1,
            _ => value(&bytes[at..])?,
        };
    }
}

/// The numbers of a set without `*`, as `2,4:6`.
pub(crate) fn set(text: &str) -> Option<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        numbers.extend(first.min(last)..=first.max(last));
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_ends_behind_its_literals_and_not_in_them() {
        let fetch = b"* 3 FETCH (BODY[] {6}\r\n)\r\n{9} BODY[1] ~{2}\r\n\r\n UID 4)\r\n";
        let two = [&fetch[..], b"A1 OK done\r\n"].concat();
        assert_eq!(response(&two), Some(fetch.len()));
        for cut in 0..fetch.len() {
            assert_eq!(response(&fetch[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn text_announces_no_literal() {
        for text in ["* OK [ALERT] {5}\r\n", "A1 NO {5}\r\n", "+ {5}\r\n", "* bye {5}\r\n"] {
            assert_eq!(response(text.as_bytes()), Some(text.len()), "{text}");
        }
        assert_eq!(response(b"* LIST () {5}\r\n"), None);
    }

    #[test]
    fn items_are_cut_where_they_end() {
        let all: [&[u8]; 8] = [
            b"FLAGS (\\Seen $a)",
            b"UID 5",
            b"ENVELOPE (\"a \\\") b\" NIL ((\"(\" NIL {3}\r\n)) \"x\")))",
            b"BODY[HEADER.FIELDS (\"a ]b\" c)]<0> {4}\r\n(\"\r\n",
            b"BODY[] \"\"",
            b"BINARY[1] ~{1}\r\n\0",
            b"INTERNALDATE \" 1-Mar-2026 00:00:00 +0000\"",
            b"MODSEQ (12)",
        ];
        assert_eq!(items(&all.join(&b' ')), Some(all.to_vec()));
        for broken in ["UID", "UID ", "FLAGS (a", "BODY[] {5}\r\nabc", "A \"b", "A b  C d", "A b)"] {
            assert_eq!(items(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn sets_are_read() {
        assert_eq!(set("2,6:4").unwrap().into_iter().collect::<Vec<_>>(), [2, 4, 5, 6]);
        assert!(set("1:*").is_none() && set("").is_none());
    }
}
