//! Generated body structures: single texts, alternatives, attachments, forwarded messages.

use super::Writer;
use crate::checksum::{MULTIPART, PART};
use crate::text::{EPOCH, phrase};
use crate::words::{ATTACHMENT, DOMAIN};

impl Writer<'_> {
    pub(super) fn structure(&mut self, depth: u32) {
        let shape = self.random.below(100);
        match (depth, shape) {
            (0, 0..26) | (1, 0..45) => self.text_part("plain"),
            (0, 26..61) | (1, 45..) => self.alternative(),
            (0, _) => self.mixed(),
            _ => self.text_part("plain"),
        }
    }

    fn alternative(&mut self) {
        self.begin_multipart();
        self.text_part("plain");
        self.text_part("html");
        self.end_multipart(2, "alternative");
    }

    fn mixed(&mut self) {
        let attached = 1 + self.random.below(3).min(self.random.below(3));
        let forwarded = self.random.chance(12);
        self.begin_multipart();
        self.structure(1);
        (0..attached).for_each(|_| self.attachment());
        if forwarded {
            self.forwarded();
        }
        self.end_multipart(1 + attached as usize + usize::from(forwarded), "mixed");
    }

    fn begin_multipart(&mut self) {
        self.sum.number(MULTIPART);
        self.raw("(");
    }

    fn end_multipart(&mut self, parts: usize, subtype: &str) {
        self.sum.count(parts);
        self.raw(" ");
        self.token(subtype);
        let boundary = format!("----=_Part_{:020x}", self.random.number());
        self.raw(" ");
        self.parameters(&[("boundary", &boundary)]);
        self.raw(" NIL NIL NIL)");
        self.sum.nil();
        self.sum.count(0);
        self.sum.nil();
    }

    fn text_part(&mut self, subtype: &str) {
        let charset = self.random.pick(&["utf-8", "us-ascii", "iso-8859-1", "UTF-8"]);
        let encoding = self.random.pick(&["7bit", "quoted-printable", "8bit", "base64"]);
        let octets = self.random.between(100, 30_000);
        self.begin_part("text", subtype);
        self.parameters(&[("charset", charset)]);
        self.fields(None, None, encoding, octets);
        self.raw(" ");
        self.number(octets / 40);
        self.extension(None);
    }

    fn attachment(&mut self) {
        let (kind, subtype, ending) = ATTACHMENT[self.random.below(ATTACHMENT.len() as u64) as usize];
        let quote = self.random.chance(4);
        let stem = phrase(&mut self.random, 1, 3);
        let name = if quote { format!("\"{stem}\".{ending}") } else { format!("{}.{ending}", stem.replace(' ', "_")) };
        let octets = self.random.between(2_000, 3_000_000);
        let inline = self.random.chance(20);
        let id = inline.then(|| format!("<part{}@{}>", self.random.below(1 << 30), self.random.pick(DOMAIN)));
        let description = self.random.chance(10).then(|| phrase(&mut self.random, 2, 5));
        self.begin_part(kind, subtype);
        self.parameters(&[("name", &name)]);
        self.fields(id.as_deref(), description.as_deref(), "base64", octets);
        if kind == "text" {
            self.raw(" ");
            self.number(octets / 78);
        }
        let size = octets.to_string();
        self.extension(Some((if inline { "inline" } else { "attachment" }, &[("filename", &name), ("size", &size)])));
    }

    fn forwarded(&mut self) {
        let octets = self.random.between(1_000, 50_000);
        let sent = EPOCH + self.random.below(100_000_000) as i64;
        let uid = self.random.between(1, 1 << 40);
        self.begin_part("message", "rfc822");
        self.parameters(&[]);
        self.fields(None, None, "7bit", octets);
        self.raw(" ");
        self.envelope(uid, sent);
        self.raw(" ");
        self.structure(2);
        self.raw(" ");
        self.number(octets / 50);
        self.extension(Some(("attachment", &[])));
    }

    fn begin_part(&mut self, kind: &str, subtype: &str) {
        self.sum.number(PART);
        self.raw("(");
        self.token(kind);
        self.raw(" ");
        self.token(subtype);
        self.raw(" ");
    }

    fn fields(&mut self, id: Option<&str>, description: Option<&str>, encoding: &str, octets: u64) {
        self.raw(" ");
        self.nquoted(id);
        self.raw(" ");
        self.nquoted(description);
        self.raw(" ");
        self.token(encoding);
        self.raw(" ");
        self.number(octets);
    }

    fn extension(&mut self, disposition: Option<(&str, &[(&str, &str)])>) {
        self.raw(" ");
        self.nil();
        self.raw(" ");
        match disposition {
            None => self.nil(),
            Some((kind, parameters)) => {
                self.raw("(");
                self.token(kind);
                self.raw(" ");
                self.parameters(parameters);
                self.raw(")");
            }
        }
        self.raw(" ");
        if self.random.chance(5) {
            self.raw("(");
            self.quoted("en");
            self.raw(")");
            self.sum.count(1);
        } else {
            self.sum.count(0);
            self.raw("NIL");
        }
        self.raw(" ");
        self.nil();
        self.raw(")");
    }

    fn parameters(&mut self, list: &[(&str, &str)]) {
        if list.is_empty() {
            self.sum.count(0);
            return self.raw("NIL");
        }
        self.raw("(");
        for (rank, (name, value)) in list.iter().enumerate() {
            if rank > 0 {
                self.raw(" ");
            }
            self.token(name);
            self.raw(" ");
            self.quoted(value);
        }
        self.sum.count(list.len());
        self.raw(")");
    }
}
