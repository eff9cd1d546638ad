//! The names in a field of addresses (RFC 5322 §3.4), decoded before mail-parser reads the field. It must not know what an address
//! is, only where a name ends.

use std::borrow::Cow;

use crate::text::quoted;
use crate::text::word::{self, Word};

/// The field with its names decoded: a name that has encoded words or is not UTF-8 becomes one quoted string, as in a server's
/// ENVELOPE, and such a comment is decoded within its parentheses. The rest is unchanged. The result ends with a line end.
pub(super) fn decoded(field: &[u8]) -> Vec<u8> {
    let mut reader = PhraseReader { field, at: 0, begin: 0, words: Vec::new(), is_address: false, out: Vec::new() };
    while let Some(byte) = reader.field.get(reader.at).copied() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => reader.at += 1,
            b'"' => reader.quoted(),
            b'(' => reader.comment(),
            b'<' => reader.angle(),
            b',' | b';' | b':' => {
                reader.flush();
                reader.copy_to(reader.at + 1);
            }
            _ => reader.word(),
        }
    }
    reader.flush();
    reader.out.extend_from_slice(b"\r\n");
    reader.out
}

/// It collects the words of a name until the name ends.
struct PhraseReader<'a> {
    field: &'a [u8],
    at: usize,
    /// Everything before this position is written.
    begin: usize,
    words: Vec<Cow<'a, [u8]>>,
    /// Whether an unquoted `@` was in it.
    is_address: bool,
    out: Vec<u8>,
}

impl<'a> PhraseReader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.field.get(self.at..).unwrap_or_default()
    }

    fn quoted(&mut self) {
        let inside = self.rest().get(1..).unwrap_or_default();
        let end = quoted::end(inside);
        let content = inside.get(..end).unwrap_or_default();
        self.words.push(if content.contains(&b'\\') {
            Cow::Owned(quoted::unescape(content))
        } else {
            Cow::Borrowed(content)
        });
        self.at = (self.at + end + 2).min(self.field.len());
    }

    fn word(&mut self) {
        let end = Word::read(self.field, self.at).map_or_else(
            || {
                let is_end = |at: &usize| {
                    let rest = self.field.get(*at..).unwrap_or_default();
                    rest.starts_with(b"=?") || rest.first().is_some_and(|byte| b" \t\r\n\"(<,;:".contains(byte))
                };
                (self.at + 1..self.field.len()).find(is_end).unwrap_or(self.field.len())
            },
            |word| word.end,
        );
        let word = self.field.get(self.at..end).unwrap_or_default();
        self.is_address |= word.contains(&b'@') && !word.starts_with(b"=?");
        // A word without a space before it is part of the previous word.
        let is_glued =
            self.at > self.begin && !self.field.get(self.at - 1).is_some_and(|byte| b" \t\r\n\"".contains(byte));
        match self.words.last_mut().filter(|_| is_glued) {
            Some(last) => last.to_mut().extend_from_slice(word),
            None => self.words.push(Cow::Borrowed(word)),
        }
        self.at = end;
    }

    fn angle(&mut self) {
        self.flush();
        let end = memchr::memchr(b'>', self.rest()).map_or(self.field.len(), |end| self.at + end + 1);
        self.copy_to(end);
    }

    fn comment(&mut self) {
        self.flush();
        let (mut depth, mut end) = (0_usize, self.at);
        while let Some(byte) = self.field.get(end) {
            end += 1;
            match byte {
                b'\\' => end += 1,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        let end = end.min(self.field.len());
        let comment = self.field.get(self.at..end).unwrap_or_default();
        if needs_decoding(comment) {
            let inside = comment.strip_prefix(b"(").unwrap_or(comment);
            let inside = inside.strip_suffix(b")").unwrap_or(inside);
            self.out.push(b'(');
            self.out.extend_from_slice(word::decode(inside).replace(['(', ')', '\\'], " ").as_bytes());
            self.out.push(b')');
            (self.at, self.begin) = (end, end);
        } else {
            self.copy_to(end);
        }
    }

    /// Writes the name that ends here.
    fn flush(&mut self) {
        let name = self.words.join(&b' ');
        self.words.clear();
        if std::mem::take(&mut self.is_address) || !needs_decoding(&name) {
            return self.copy_to(self.at);
        }
        self.out.extend_from_slice(b" \"");
        for byte in word::decode(&name).bytes() {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                b'\r' | b'\n' => self.out.push(b' '),
                _ => self.out.push(byte),
            }
        }
        self.out.extend_from_slice(b"\" ");
        self.begin = self.at;
    }

    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(self.field.get(self.begin..end).unwrap_or_default());
        (self.at, self.begin) = (end, end);
    }
}

fn needs_decoding(name: &[u8]) -> bool {
    memchr::memmem::find(name, b"=?").is_some() || str::from_utf8(name).is_err()
}
