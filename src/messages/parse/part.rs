//! The bodies that mail-parser cannot decode, or cuts: base64 without padding, with foreign characters, or without a boundary after
//! it; and text that declares no charset. It must not know headers beyond those that decoding needs.

use std::borrow::Cow;

use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{MessagePart, MimeHeaders, PartType};

use crate::text::base64;
use crate::text::charset::{self, Charset};

/// The number of bytes at the start of HTML in which a declaration of its charset is searched.
const HTML_HEAD: usize = 1024;

/// The body, decoded again from the part's bytes in the message; `None` if mail-parser's is right.
pub(super) fn mended(part: &MessagePart<'_>, raw: &[u8]) -> Option<PartType<'static>> {
    let is_lost = match &part.body {
        PartType::Multipart(_) | PartType::Message(_) => return None,
        PartType::Text(text) | PartType::Html(text) => text.contains('\u{fffd}') && charset_of(part).is_none(),
        PartType::Binary(_) | PartType::InlineBinary(_) => false,
    };
    let encoding = part.content_transfer_encoding().unwrap_or_default();
    let octets = if encoding.eq_ignore_ascii_case("base64") {
        if !is_lost && !part.is_encoding_problem && base64::is_whole(raw) {
            return None;
        }
        Cow::Owned(base64::decode(raw))
    } else if !is_lost {
        return None;
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        quoted_printable_decode(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
    } else {
        Cow::Borrowed(raw)
    };
    Some(body(part, octets))
}

fn body(part: &MessagePart<'_>, octets: Cow<'_, [u8]>) -> PartType<'static> {
    let kind = part.content_type();
    let is_html = kind.is_some_and(|kind| kind.ctype() == "text" && kind.subtype() == Some("html"));
    if kind.is_some_and(|kind| kind.ctype() != "text") {
        let octets = Cow::Owned(octets.into_owned());
        let is_inline = matches!(part.body, PartType::InlineBinary(_));
        return if is_inline { PartType::InlineBinary(octets) } else { PartType::Binary(octets) };
    }
    let text = match charset_of(part) {
        Some(charset) => charset.decode(&octets),
        None => charset::undeclared(&octets, is_html.then(|| of_html(&octets)).flatten()).into_owned(),
    };
    if is_html { PartType::Html(text.into()) } else { PartType::Text(text.into()) }
}

fn charset_of(part: &MessagePart<'_>) -> Option<Charset> {
    Charset::of(part.content_type()?.attribute("charset")?.as_bytes())
}

/// The charset that HTML declares in its head.
fn of_html(html: &[u8]) -> Option<Charset> {
    let head = html.get(..HTML_HEAD).unwrap_or(html).to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset=")?;
    let label = head.get(at + b"charset=".len()..)?.trim_ascii_start();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let end = label.iter().position(|byte| b"\"'>; /".contains(byte)).unwrap_or(label.len());
    Charset::of(label.get(..end)?)
}
