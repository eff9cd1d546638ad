//! The text of a part in UTF-8, whatever its charset: declared, declared wrongly, not declared, or declared in HTML's `<meta>`. It must not
//! know how the part was transferred.

use super::charset::{self, Charset};

/// HTML's `<meta>` with the charset must be in this many first bytes (WHATWG HTML §4.2.5.4).
const PRESCAN: usize = 1024;

/// The text of these bytes, with the charset that the part declares.
///
/// A byte order mark wins. Then the declared charset is used, or for HTML without one that of its `<meta>`. Text is read as UTF-8 if that
/// charset is unknown, absent or ASCII and the text is valid UTF-8, and also if a charset with one byte for each character is declared
/// and the text has characters beyond ASCII that are valid UTF-8: text in another charset hardly ever is. Text that is not valid UTF-8 is
/// read as windows-1252, unless it is declared as UTF-8 and has more valid than invalid characters beyond ASCII.
pub(crate) fn decode(bytes: &[u8], declared: Option<&str>, is_html: bool) -> String {
    if let Some(text) = charset::by_mark(bytes) {
        return text;
    }
    let declared = declared.and_then(|label| Charset::of(label.as_bytes()));
    let charset = declared.or_else(|| is_html.then(|| meta_charset(bytes)).flatten());
    let text = match charset {
        None => charset::undeclared(bytes, None).into_owned(),
        Some(charset) if charset.is_utf8() => utf8(bytes),
        Some(charset) if charset.is_single_byte() && !bytes.is_ascii() => {
            str::from_utf8(bytes).map_or_else(|_| charset.decode(bytes), str::to_owned)
        }
        Some(charset) => charset.decode(bytes),
    };
    match text.contains('\0') {
        true => text.replace('\0', "\u{fffd}"),
        false => text,
    }
}

/// Text that is declared as UTF-8. If it mostly is not, windows-1252 is more likely.
fn utf8(bytes: &[u8]) -> String {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.to_owned();
    }
    let (mut sound, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    match sound >= broken {
        true => String::from_utf8_lossy(bytes).into_owned(),
        false => charset::undeclared(bytes, None).into_owned(),
    }
}

/// The charset of the first `<meta charset=..>` or `<meta http-equiv=.. content="..; charset=..">`.
pub(crate) fn meta_charset(html: &[u8]) -> Option<Charset> {
    let start = html.get(..PRESCAN).unwrap_or(html).to_ascii_lowercase();
    let mut tags = memchr::memmem::find_iter(&start, b"<meta");
    tags.find_map(|at| {
        let tag = start.get(at..)?;
        let tag = tag.get(..memchr::memchr(b'>', tag)?)?;
        let value = tag.get(memchr::memmem::find(tag, b"charset")? + b"charset".len()..)?.trim_ascii_start();
        let value = value.strip_prefix(b"=")?.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
        let end = value.iter().position(|byte| b"\"';/ \t\r\n".contains(byte)).unwrap_or(value.len());
        // Bytes in which `<meta` was found cannot be UTF-16: it means UTF-8 (WHATWG HTML §13.2.3.3).
        match value.get(..end)? {
            [b'u', b't', b'f', b'-', b'1', b'6', ..] => Charset::of(b"utf-8"),
            label => Charset::of(label),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_the_likeliest_one() {
        for (bytes, declared, html, text) in [
            (&b"caf\xe9"[..], Some("iso-8859-1"), false, "café"),
            ("café".as_bytes(), Some("UTF-8"), false, "café"),
            ("café".as_bytes(), Some("us-ascii"), false, "café"),
            ("café".as_bytes(), Some("iso-8859-1"), false, "café"),
            (b"caf\xe9", Some("us-ascii"), false, "café"),
            (b"caf\xe9", Some("utf-8"), false, "café"),
            (b"caf\xc3\xa9 \xe2\x82", Some("utf-8"), false, "café \u{fffd}"),
            (b"caf\xe9", None, false, "café"),
            (b"caf\xe9", Some("x-unknown"), false, "café"),
            ("café".as_bytes(), None, false, "café"),
            (b"\xee\xc5\xd4", Some("koi8-r"), false, "Нет"),
            (b"\xef\xbb\xbfcaf\xc3\xa9", Some("koi8-r"), false, "café"),
            (b"\xff\xfeh\0i\0", None, false, "hi"),
            (b"\xfe\xff\0h\0i", Some("utf-8"), false, "hi"),
            (b"\x1b$B2q\x1b(B", Some("iso-2022-jp"), false, "会"),
            (b"<META charset='windows-1251'>\xcf", None, true, "<META charset='windows-1251'>П"),
            (
                b"<meta content=\"text/html; charset=koi8-r\">\xee",
                None,
                true,
                "<meta content=\"text/html; charset=koi8-r\">Н",
            ),
            (b"<meta charset=utf-16>\xc3\xa9", None, true, "<meta charset=utf-16>é"),
            (b"<meta charset=koi8-r>\xcf", Some("windows-1251"), true, "<meta charset=koi8-r>П"),
            (b"<meta charset='windows-1251'>\xcf", None, false, "<meta charset='windows-1251'>Ï"),
            (b"a\0b", Some("utf-8"), false, "a\u{fffd}b"),
        ] {
            assert_eq!(decode(bytes, declared, html), text, "{bytes:?} {declared:?}");
        }
    }
}
