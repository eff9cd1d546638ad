//! The bodies that mail-parser cannot decode, or cuts: base64 without padding, with foreign characters, or without a boundary after
//! it; and text that declares no charset. It must not know headers beyond those that decoding needs.

use std::borrow::Cow;

use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{MessagePart, MimeHeaders, PartType};

use crate::text::base64;
use crate::text::charset::{self, Charset};
use crate::text::part::meta_charset;

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
        None => charset::undeclared(&octets, is_html.then(|| meta_charset(&octets)).flatten()).into_owned(),
    };
    if is_html { PartType::Html(text.into()) } else { PartType::Text(text.into()) }
}

fn charset_of(part: &MessagePart<'_>) -> Option<Charset> {
    Charset::of(part.content_type()?.attribute("charset")?.as_bytes())
}

#[cfg(test)]
mod tests {
    use crate::text::part;
    use crate::{Message, MessageId};

    /// The charset is found where parts that are read one by one find it.
    #[test]
    fn odd_html_means_the_same_as_a_part() {
        for html in [
            "<meta charset=koi8-r>",
            "<META http-equiv=x content='text/html; charset = \"koi8-r\"'>",
            "charset=iso-8859-5 <meta charset='koi8-r'>",
            "<meta name=charset><meta charset=koi8-r/>",
            "<meta charset=utf-16>",
            "<p charset=koi8-r>",
            "<!-- charset=koi8-r -->",
            "<meta charset=koi8-r",
        ] {
            let body = [html.as_bytes(), b"<p>\xee\xc5\xd4</p>\r\n"].concat();
            let bytes = [b"Subject: x\r\nContent-Type: text/html\r\n\r\n", &body[..]].concat();
            let message = Message::new(MessageId::other("stub", "1"), bytes);
            let parsed = message.parse().unwrap();
            assert_eq!(parsed.body_html(0).unwrap(), part::decode(&body, None, true), "{html}");
        }
    }
}
