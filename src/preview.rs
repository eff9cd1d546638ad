//! The first words of a message, made of its text part or of the beginning of it. It must not know where the bytes come from.

use bytes::Bytes;

use crate::contents::{Contents, MimePart, Octets, PartRole, TransferEncoding};
use crate::text::{html, part as text};

/// The most characters of a preview, as RFC 8970 §3.2 recommends.
const MOST: usize = 200;
/// The lines of a message of which a preview is made if only whole lines can be asked for: they hold a header of MIME and some text.
pub(crate) const LINES: u32 = 80;

/// The part of which a preview is made: the first text of the body, unless it has only white space; the plain one, if there is a choice.
/// `None` without a text.
pub(crate) fn part(contents: &Contents) -> Option<&MimePart> {
    let is_blank = |part: &MimePart| part.encoded_size().is_some_and(|size| size <= 4);
    let texts = || contents.text_body().filter(|part| matches!(part.role(), PartRole::Text | PartRole::Html));
    texts().find(|part| !is_blank(part)).or_else(|| contents.html()).or_else(|| texts().next())
}

/// The preview of a message of which this is the beginning, or all.
pub(crate) fn of_message(bytes: Bytes) -> String {
    let contents = Contents::parse(bytes);
    let of = |part: &MimePart| {
        part.encoded().and_then(Octets::memory).map(|encoded| of_part(part, encoded)).unwrap_or_default()
    };
    let words = part(&contents).map(of).unwrap_or_default();
    match (words.is_empty(), contents.html()) {
        (true, Some(html)) => of(html),
        _ => words,
    }
}

/// The preview of a part of which this is the encoded beginning, or all.
pub(crate) fn of_part(part: &MimePart, encoded: &Bytes) -> String {
    let encoded = match part.encoding() {
        TransferEncoding::QuotedPrintable => encoded.slice_ref(without_open_escape(encoded)),
        _ => encoded.clone(),
    };
    let (octets, _) = part.encoding().decoder().decode(&encoded);
    let is_html = part.media_type() == "text/html";
    let decoded = text::decode(without_cut(&octets), part.charset(), is_html);
    // A character that was cut.
    let decoded = decoded.trim_end_matches('\u{fffd}');
    if is_html { html::words(decoded, MOST) } else { html::plain_words(decoded, MOST) }
}

/// The words of a preview that a server made; `None` if it has not decoded the text, as a Dovecot that was built without iconv.
pub(crate) fn of_server(text: &str) -> Option<String> {
    let is_decoded = !text.contains(['\u{fffd}', '\u{1b}']);
    is_decoded.then(|| html::plain_words(text, MOST))
}

/// Without the beginning of an escape at the end.
fn without_open_escape(encoded: &[u8]) -> &[u8] {
    match encoded {
        [before @ .., b'='] | [before @ .., b'=', b'0'..=b'9' | b'A'..=b'F' | b'a'..=b'f'] => before,
        _ => encoded,
    }
}

/// Without the beginning of a character of UTF-8 at the end, which would make the text look like one in another charset.
fn without_cut(octets: &[u8]) -> &[u8] {
    match str::from_utf8(octets) {
        Err(error) if error.error_len().is_none() => octets.get(..error.valid_up_to()).unwrap_or(octets),
        _ => octets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever a message is cut, the preview begins like that of the whole, and never shows markup or an encoding.
    #[test]
    fn a_cut_message_has_the_beginning_of_its_preview() {
        let encoded = "R3LDvMOfZSBhdXMgS8O2bG4sIHVuZCBiaXMgYmFsZCE=";
        for (head, text) in [
            ("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", encoded),
            (
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
                "Gr=C3=BC=C3=9Fe aus K=C3=B6ln,=\r\n und bis bald!",
            ),
            ("Content-Type: text/html; charset=utf-8\r\n", "<p>Grüße <b>aus</b> Köln,<br>und bis&nbsp;bald!"),
        ] {
            for part in [format!("{head}\r\n{text}\r\n"), multipart(head, text)] {
                let start = part.find(text).unwrap();
                let whole = of_message(part.clone().into());
                assert_eq!(whole, "Grüße aus Köln, und bis bald!");
                for cut in start..part.len() {
                    let preview = of_message(Bytes::copy_from_slice(&part.as_bytes()[..cut]));
                    let tail = [' ', '=', '&'];
                    assert!(
                        whole.starts_with(preview.trim_end_matches(tail))
                            || head.contains("quoted")
                            || head.contains("html"),
                        "{preview}"
                    );
                    assert!(!preview.contains('<') && !preview.contains('\u{fffd}'), "{preview}");
                }
            }
        }
    }

    fn multipart(head: &str, text: &str) -> String {
        format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{head}\r\n{text}\r\n--b\r\n\r\nsecond\r\n--b--\r\n"
        )
    }

    #[test]
    fn an_empty_text_gives_way_to_html() {
        let message = "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\r\n \r\n\r\n--b\r\n\
            Content-Type: text/html\r\n\r\n<style>x</style><p>Hello\r\n--b--\r\n";
        assert_eq!(of_message(message.into()), "Hello");
        assert_eq!(of_message("Content-Type: image/png\r\n\r\nx".into()), "");
        assert_eq!(of_message(Bytes::new()), "");
    }
}
