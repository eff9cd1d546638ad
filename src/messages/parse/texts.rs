//! The texts of a message in which a search looks: its header, and the text of its parts, decoded. It must not know what is searched.

use std::fmt::Write;

use mail_parser::{Message, MessageParser, PartType};

use super::mend;
use crate::text::word;

/// The texts of a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Texts {
    /// The fields of its header, as they are and decoded.
    pub(crate) header: String,
    /// The texts of its parts, and of the messages within it with their headers.
    pub(crate) body: String,
}

impl Texts {
    /// Of a whole message.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut texts = Self::default();
        match MessageParser::default().parse(bytes) {
            Some(mut message) => {
                mend::message(&mut message);
                write_header(&message, &mut texts.header);
                write_parts(&message, &mut texts.body);
            }
            None => texts.body = String::from_utf8_lossy(bytes).into_owned(),
        }
        texts
    }
}

fn write_header(message: &Message<'_>, out: &mut String) {
    for header in message.headers() {
        let range = header.offset_field() as usize..header.offset_end() as usize;
        let field = message.raw_message.get(range).unwrap_or_default().trim_ascii();
        let decoded = word::decode(field);
        out.push_str(&decoded);
        out.push('\n');
        if memchr::memmem::find(field, b"=?").is_some() {
            // Writing to a `String` cannot fail.
            let _ = writeln!(out, "{}", String::from_utf8_lossy(field));
        }
    }
}

fn write_parts(message: &Message<'_>, out: &mut String) {
    for part in &message.parts {
        match &part.body {
            PartType::Text(text) | PartType::Html(text) => {
                out.push_str(text);
                out.push('\n');
            }
            PartType::Message(inner) => {
                write_header(inner, out);
                write_parts(inner, out);
            }
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded_wherever_they_are() {
        let mail = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
            Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nf=FCr\r\n--b\r\n\
            Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+TMO8Y2tlPC9wPg==\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nwithin\r\n--b\r\n\
            Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\n--b--\r\n";
        let texts = Texts::of(mail.as_bytes());
        assert!(texts.header.contains("Subject: Grüße") && texts.header.contains("=?utf-8?q?"), "{texts:?}");
        for text in ["für", "Lücke", "Subject: inner", "within"] {
            assert!(texts.body.contains(text), "{text}: {texts:?}");
        }
        assert!(!texts.body.contains("Grüße") && !texts.body.contains("PNG") && !texts.header.contains("inner"));
    }

    #[test]
    fn nothing_makes_it_panic() {
        for bytes in [&b""[..], b"\r\n\r\n", b"\xff\xfe", b"Subject"] {
            Texts::of(bytes);
        }
    }
}
