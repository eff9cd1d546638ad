//! The positions of the parts of a message (RFC 5322, RFC 2045, RFC 2046). It must not decode text: IMAP shows it as received.

use std::ops::Range;

/// The most levels of parts that are read.
const DEPTH_LIMIT: usize = 32;

/// A message, or a part of one: offsets into the whole message's bytes.
#[derive(Debug)]
pub(super) struct Part {
    /// The header, with the empty line that ends it.
    pub(super) header: Range<usize>,
    pub(super) body: Range<usize>,
    pub(super) main: String,
    pub(super) sub: String,
    pub(super) params: Vec<(String, Vec<u8>)>,
    /// The parts of a multipart.
    pub(super) children: Vec<Self>,
    /// The message that a message/rfc822 part encloses.
    pub(super) enclosed: Option<Box<Self>>,
}

impl Part {
    pub(super) fn parse(message: &[u8]) -> Self {
        Self::within(message, 0..message.len(), "text/plain", 0)
    }

    fn within(message: &[u8], range: Range<usize>, default: &str, depth: usize) -> Self {
        let bytes = message.get(range.clone()).unwrap_or_default();
        let header = range.start..range.start + header_length(bytes);
        let body = header.end..range.end;
        let fields = message.get(header.clone()).unwrap_or_default();
        let declared = field(fields, "Content-Type").unwrap_or_default();
        let (kind, params) = parameters(&declared);
        let (main, sub) = kind.split_once('/').or_else(|| default.split_once('/')).unwrap_or_default();
        let (main, sub) = (main.trim().to_ascii_uppercase(), sub.trim().to_ascii_uppercase());
        let mut part = Self { header, body, main, sub, params, children: Vec::new(), enclosed: None };
        if depth < DEPTH_LIMIT {
            part.look_inside(message, depth);
        }
        if part.main == "MULTIPART" && part.children.is_empty() {
            // BODYSTRUCTURE has no form for a multipart without parts: it is shown as text.
            part.main = "TEXT".to_owned();
            part.sub = "PLAIN".to_owned();
        }
        part
    }

    fn look_inside(&mut self, message: &[u8], depth: usize) {
        if self.main == "MULTIPART" {
            let default = if self.sub == "DIGEST" { "message/rfc822" } else { "text/plain" };
            let boundary = self.param("BOUNDARY").unwrap_or_default().to_owned();
            for range in between(message, self.body.clone(), &boundary) {
                self.children.push(Self::within(message, range, default, depth + 1));
            }
        } else if self.main == "MESSAGE" && self.sub == "RFC822" {
            self.enclosed = Some(Box::new(Self::within(message, self.body.clone(), "text/plain", depth + 1)));
        }
    }

    pub(super) fn param(&self, name: &str) -> Option<&[u8]> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// A part by its numbers (RFC 3501 §6.4.5). The empty path is the message itself. A message that is not a multipart has one part,
    /// 1.
    pub(super) fn at(&self, path: &[u32]) -> Option<&Self> {
        let mut part = self;
        let mut is_message = true;
        for &number in path {
            if let Some(enclosed) = part.enclosed.as_deref().filter(|_| !is_message) {
                part = enclosed;
                is_message = true;
            }
            if !part.children.is_empty() {
                part = part.children.get((number as usize).checked_sub(1)?)?;
            } else if !is_message || number != 1 {
                return None;
            }
            is_message = false;
        }
        Some(part)
    }
}

/// The bytes up to the first empty line, with it; all bytes if there is none.
pub(super) fn header_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        at += length;
        if matches!(rest.get(..length), Some(b"\r\n" | b"\n")) {
            break;
        }
    }
    at
}

/// The ranges between the boundary's lines. The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
fn between(message: &[u8], body: Range<usize>, boundary: &[u8]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    if boundary.is_empty() {
        return parts;
    }
    let mut start = None;
    let mut at = body.start;
    while at < body.end {
        let rest = message.get(at..body.end).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(..length).unwrap_or_default().trim_ascii_end();
        let tail = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        if let Some(tail) = tail.filter(|tail| matches!(*tail, b"" | b"--")) {
            parts.extend(start.map(|start| start..before_line_end(message, start, at)));
            if !tail.is_empty() {
                return parts;
            }
            start = Some(at + length);
        }
        at += length;
    }
    parts.extend(start.map(|start| start..body.end.max(start)));
    parts
}

fn before_line_end(message: &[u8], start: usize, at: usize) -> usize {
    let part = message.get(start..at).unwrap_or_default();
    let trimmed = part.strip_suffix(b"\n").map_or(part, |part| part.strip_suffix(b"\r").unwrap_or(part));
    start + trimmed.len()
}

/// The fields of a header, each with its continuation lines and line ends, without the empty line.
pub(super) fn fields(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let mut length = 0;
        loop {
            let line = rest.get(length..)?;
            length += memchr::memchr(b'\n', line).map_or(line.len(), |end| end + 1);
            if !matches!(rest.get(length), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, after) = rest.split_at_checked(length)?;
        rest = after;
        (!field.is_empty() && !matches!(field, b"\r\n" | b"\n")).then_some(field)
    })
}

/// The name of a field, without its colon.
pub(super) fn field_name(field: &[u8]) -> &[u8] {
    let end = memchr::memchr(b':', field).unwrap_or(field.len());
    field.get(..end).unwrap_or_default().trim_ascii()
}

/// The value of the first field with this name, unfolded and trimmed, but not decoded.
pub(super) fn field(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let found = fields(header).find(|field| field_name(field).eq_ignore_ascii_case(name.as_bytes()))?;
    let value = found.get(memchr::memchr(b':', found)? + 1..)?;
    Some(value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect::<Vec<_>>().trim_ascii().to_vec())
}

/// The value before the first semicolon, and the parameters after it with upper-case names.
pub(super) fn parameters(value: &[u8]) -> (String, Vec<(String, Vec<u8>)>) {
    let mut parts = split_outside_quotes(value).into_iter();
    // A comment may be before the value or after it.
    let first = parts.next().unwrap_or_default().trim_ascii();
    let first = first
        .strip_prefix(b"(")
        .map_or(first, |comment| comment.split(|&byte| byte == b')').nth(1).unwrap_or_default());
    let first = first.split(|&byte| byte == b'(').next().unwrap_or_default();
    let pair = |part: &[u8]| {
        let equals = memchr::memchr(b'=', part)?;
        let (name, value) = part.split_at_checked(equals)?;
        let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_uppercase();
        Some((name, unquote(value.get(1..)?.trim_ascii())))
    };
    (String::from_utf8_lossy(first.trim_ascii()).into_owned(), parts.filter_map(pair).collect())
}

fn split_outside_quotes(text: &[u8]) -> Vec<&[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |&byte| {
        let splits = byte == b';' && !quoted;
        quoted ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        splits
    })
    .collect()
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return value.split(|byte| matches!(byte, b' ' | b'\t' | b'(')).next().unwrap_or_default().to_vec();
    };
    let mut out = Vec::new();
    let mut escaped = false;
    for &byte in inner {
        match byte {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => break,
            _ => {
                out.push(byte);
                escaped = false;
            }
        }
    }
    out
}
