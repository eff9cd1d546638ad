//! How arbitrary values are written as a server may write them: strings quoted or as literals. It must not know what they mean.

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use postroom::imap::Str;

/// A string, and the form that it is sent in.
#[derive(Arbitrary, Clone, Debug)]
pub enum Text {
    /// In quotes, where its bytes can be.
    Quoted(Vec<u8>),
    /// As a literal; the second kind has a `~` in front.
    Literal(Vec<u8>, bool),
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

/// Whether what was found is what was written.
pub fn same(written: &Option<Text>, found: Option<Str<'_>>) -> bool {
    match (written, found) {
        (Some(written), Some(found)) => written.is(found),
        (None, None) => true,
        _ => false,
    }
}

/// Adds `(a b c)`, or `NIL` where there is nothing.
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
