//! The tokens of an answer, each written and added to the checksum at once.

use super::Writer;

impl Writer<'_> {
    pub(super) fn nquoted(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.quoted(text),
            None => self.nil(),
        }
    }

    pub(super) fn quoted(&mut self, text: &str) {
        self.sum.text(text.as_bytes());
        self.out.push(b'"');
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.out.push(b'\\');
            }
            self.out.push(byte);
        }
        self.out.push(b'"');
    }

    pub(super) fn literal(&mut self, text: &str) {
        self.sum.text(text.as_bytes());
        self.raw(&format!("{{{}}}\r\n{text}", text.len()));
    }

    pub(super) fn token(&mut self, text: &str) {
        self.sum.token(text.as_bytes());
        self.raw(&format!("\"{text}\""));
    }

    pub(super) fn number(&mut self, n: u64) {
        self.sum.number(n);
        self.raw(&n.to_string());
    }

    pub(super) fn nil(&mut self) {
        self.sum.nil();
        self.raw("NIL");
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}
