//! How arbitrary values are written as a server may write them: strings bare, quoted or as literals. It must not know their
//! meaning.

use arbitrary::{Arbitrary, Result, Unstructured};
use postroom::imap::Str;

/// Bytes that could end a string, and common ones.
const PIECES: [&str; 24] = [
    "\r\n",
    "\r",
    "\n",
    "\0",
    "\"",
    "\\",
    "{5}",
    "{5+}\r\n",
    "(",
    ")",
    " ",
    "NIL",
    "]",
    "*",
    "~{1}",
    "a",
    "Zeile",
    "&",
    "&AOQ-",
    "ä",
    "漢",
    "\u{7f}",
    "/",
    "=?utf-8?q?a?=",
];

/// A string, and the form in which it is sent.
#[derive(Clone, Debug)]
pub enum Text {
    /// In quotes, if its bytes allow it.
    Quoted(Vec<u8>),
    /// As a literal; the second kind begins with `~`.
    Literal(Vec<u8>, bool),
}

/// A string for the grammar's `astring`: without quotes, if its bytes allow it.
#[derive(Arbitrary, Clone, Debug)]
pub struct Astring {
    text: Text,
    bare: bool,
}

/// A word of letters and digits, never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Word(pub String);

/// A line of text, without a line end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line(pub String);

/// Any text.
pub fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let count = usize::from(u.arbitrary::<u8>()? % 6);
    let mut text = String::new();
    for _ in 0..count {
        match u.arbitrary::<u8>()? {
            choice @ 0..200 => text.push_str(PIECES[usize::from(choice) % PIECES.len()]),
            200..250 => text.push(u.arbitrary()?),
            // Longer than what is written in quotes.
            long => text.push_str(&"long ".repeat(usize::from(long))),
        }
    }
    Ok(text)
}

/// Any bytes, which may be a text.
pub fn bytes(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    match u.arbitrary::<u8>()? % 4 {
        0 => {
            let len = u.arbitrary::<u8>()? % 40;
            Ok(u.bytes(usize::from(len).min(u.len()))?.to_vec())
        }
        _ => text(u).map(String::into_bytes),
    }
}

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let form = u.arbitrary::<u8>()? % 5;
        let bytes = bytes(u)?;
        Ok(match form {
            0..3 => Self::Quoted(bytes),
            form => Self::Literal(bytes, form == 4),
        })
    }
}

impl<'a> Arbitrary<'a> for Word {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
        let len = u.arbitrary::<u8>()? % 10;
        let mut word = String::from("w");
        for _ in 0..len {
            word.push(char::from(*u.choose(LETTERS)?));
        }
        Ok(Self(word))
    }
}

impl<'a> Arbitrary<'a> for Line {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(text(u)?.replace(['\r', '\n', '\0'], ".")))
    }
}

impl Astring {
    /// That string, bare if `bare` is set and its bytes allow it.
    pub fn new(text: Text, bare: bool) -> Self {
        Self { text, bare }
    }

    /// The bytes that a reader should find.
    pub fn bytes(&self) -> &[u8] {
        self.text.bytes()
    }

    /// The same, for a value that is text.
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Adds its form on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        let plain = |byte: &u8| byte.is_ascii_graphic() && !b"(){%*\"\\".contains(byte);
        let bytes = self.bytes();
        // If NIL is allowed too, an atom of these letters is no string (RFC 9051 §4.5).
        let bare = self.bare && !bytes.is_empty() && bytes.iter().all(plain) && !bytes.eq_ignore_ascii_case(b"NIL");
        if bare { out.extend_from_slice(bytes) } else { self.text.write(out) }
    }
}

impl Text {
    /// The bytes that a reader should find.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Quoted(bytes) | Self::Literal(bytes, _) => bytes,
        }
    }

    /// Adds its form on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Quoted(bytes) if !bytes.iter().any(|byte| b"\0\r\n".contains(byte)) => {
                out.push(b'"');
                for byte in bytes {
                    if b"\"\\".contains(byte) {
                        out.push(b'\\');
                    }
                    out.push(*byte);
                }
                out.push(b'"');
            }
            Self::Quoted(bytes) | Self::Literal(bytes, _) => {
                let tilde = if matches!(self, Self::Literal(_, true)) { "~" } else { "" };
                out.extend_from_slice(format!("{tilde}{{{}}}\r\n", bytes.len()).as_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }

    /// Whether a reader found it.
    pub fn is(&self, found: Str<'_>) -> bool {
        found.bytes() == self.bytes()
    }
}

impl From<Str<'_>> for Text {
    fn from(found: Str<'_>) -> Self {
        Self::Literal(found.bytes().into_owned(), false)
    }
}

/// Adds a string, or `NIL`.
pub fn nstring(text: &Option<Text>, out: &mut Vec<u8>) {
    match text {
        Some(text) => text.write(out),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// Whether the value read is the value written.
pub fn same(written: &Option<Text>, found: Option<Str<'_>>) -> bool {
    match (written, found) {
        (Some(written), Some(found)) => written.is(found),
        (None, None) => true,
        _ => false,
    }
}

/// Adds `(a b c)`, or `NIL` if there is nothing.
pub fn list<T>(items: &[T], out: &mut Vec<u8>, separator: &str, write: impl Fn(&T, &mut Vec<u8>)) {
    if items.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    out.push(b'(');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator.as_bytes());
        }
        write(item, out);
    }
    out.push(b')');
}
