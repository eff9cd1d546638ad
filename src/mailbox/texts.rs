//! The texts of a message's body, for a search in it. It must not know what else is searched.

use bytes::Bytes;

use crate::contents::{Contents, MimePart, Octets};
use crate::text::{html, part, word};

/// Whether the body of the message has all these texts, which are in lower case and have single spaces: each in one of its parts, or of
/// the messages in it.
pub(super) fn has_all(message: &Bytes, texts: &[String]) -> bool {
    let mut left: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    for text in Contents::parse(message.clone()).parts().filter_map(text_of) {
        if left.is_empty() {
            break;
        }
        let text = text.to_lowercase();
        left.retain(|wanted| !text.contains(*wanted));
    }
    left.is_empty()
}

/// The text of a part; of an embedded message, that of its header.
fn text_of(found: &MimePart) -> Option<String> {
    let encoded = found.encoded().and_then(Octets::memory)?;
    if found.media_type() == "message/rfc822" || found.media_type() == "message/global" {
        return Some(html::plain_words(&word::decode(header(encoded)), usize::MAX));
    }
    if !found.media_type().starts_with("text/") {
        return None;
    }
    let (octets, _) = found.encoding().decoder().decode(encoded);
    let is_html = found.media_type() == "text/html";
    let text = part::decode(&octets, found.charset(), is_html);
    Some(if is_html { html::words(&text, usize::MAX) } else { html::plain_words(&text, usize::MAX) })
}

/// The bytes before the first empty line.
fn header(message: &[u8]) -> &[u8] {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', message) {
        if message.get(start..end).unwrap_or_default().trim_ascii().is_empty() {
            return message.get(..start).unwrap_or_default();
        }
        start = end + 1;
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_decoded_wherever_they_are() {
        let message = Bytes::from_static(
            b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\
            Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            Gr=FC=DFe aus\r\n  K=F6ln\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n\
            PHA+TCZ1dW1sO2NrPGI+ZTwvYj48L3A+\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
            Subject: =?utf-8?q?inn=C3=A9r?=\r\n\r\nwithin\r\n--b\r\nContent-Type: image/png\r\n\r\npicture\r\n--b--\r\n",
        );
        for (text, fits) in [
            ("grüße aus köln", true),
            ("lücke", true),
            ("innér", true),
            ("within", true),
            ("", true),
            ("outer", false),
            ("preamble", false),
            ("picture", false),
            ("<b>", false),
        ] {
            assert_eq!(has_all(&message, &[text.to_owned()]), fits, "{text}");
        }
        assert!(has_all(&message, &["within".to_owned(), "aus".to_owned()]));
        assert!(!has_all(&message, &["within".to_owned(), "outer".to_owned()]));
        assert!(!has_all(&Bytes::new(), &["x".to_owned()]));
    }
}
