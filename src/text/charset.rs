//! Bytes in a charset, decoded to text. It must not know where the charset's name comes from.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
#[cfg(feature = "mail-parser")]
use mail_parser::decoders::charsets::map::charset_decoder;

/// Only mail-parser knows the charsets that the web does not have.
#[cfg(not(feature = "mail-parser"))]
fn charset_decoder(_: &[u8]) -> Option<fn(&[u8]) -> String> {
    None
}

/// A charset that can be decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Charset {
    /// A charset of the web (WHATWG Encoding).
    Web(&'static Encoding),
    /// A charset that only mail uses, such as UTF-7 and the code pages of DOS.
    Mail(fn(&[u8]) -> String),
}

impl Charset {
    /// The charset with this name, as mailers write it; `None` if it is not known.
    pub(crate) fn of(label: &[u8]) -> Option<Self> {
        let label = label.trim_ascii();
        let web = Encoding::for_label_no_replacement(label).or_else(|| {
            let name = code_page(label)?;
            Encoding::for_label_no_replacement(name.as_bytes())
        });
        // A label of the web's "replacement" encoding, which decodes to U+FFFD only, is not known.
        let is_replaced = || Encoding::for_label(label).is_some();
        web.map(Self::Web).or_else(|| charset_decoder(label).filter(|_| !is_replaced()).map(Self::Mail))
    }

    pub(crate) fn is_utf8(self) -> bool {
        matches!(self, Self::Web(encoding) if encoding == UTF_8)
    }

    /// Whether each byte is one character.
    pub(crate) fn is_single_byte(self) -> bool {
        matches!(self, Self::Web(encoding) if encoding.is_single_byte())
    }

    /// The text. Bytes that are not a character of the charset become U+FFFD.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Mail(decode) => decode(bytes),
            Self::Web(encoding) if encoding == ISO_2022_JP => {
                encoding.decode_without_bom_handling(&without_idle_escapes(bytes)).0.into_owned()
            }
            // The byte order mark says which of the two it is.
            Self::Web(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => {
                encoding.decode(bytes).0.into_owned()
            }
            Self::Web(encoding) => encoding.decode_with_bom_removal(bytes).0.into_owned(),
        }
    }

    /// The text in this charset, which somebody calls `label`; `None` if the charset of that name lacks a character. The web gives the
    /// names of small charsets to larger ones.
    pub(crate) fn encode(self, text: &str, label: &str) -> Option<Vec<u8>> {
        let Self::Web(encoding) = self else { return None };
        let (bytes, used, lacks) = encoding.encode(text);
        if lacks || used != encoding {
            return None;
        }
        let label = label.to_ascii_lowercase();
        let is_small = |bytes: &[u8]| match () {
            () if label.contains("ascii") || label.contains("646") => bytes.is_ascii(),
            () if label.starts_with("iso-8859") || label.starts_with("iso8859") || label.starts_with("latin") => {
                !bytes.iter().any(|byte| (0x80..0xa0).contains(byte))
            }
            () if label.contains("2312") || label.starts_with("euc-kr") || label.contains("5601") => {
                // Both bytes of a character are above 0xa0; the larger charset has others too.
                let mut bytes = bytes.iter();
                std::iter::from_fn(|| bytes.find(|byte| !byte.is_ascii()).map(|lead| (*lead, bytes.next())))
                    .all(|(lead, trail)| lead >= 0xa1 && trail.is_some_and(|trail| *trail >= 0xa1))
            }
            () => true,
        };
        is_small(&bytes).then(|| bytes.into_owned())
    }
}

/// Text without a declared charset. It is read as UTF-8 if it is valid UTF-8, otherwise in the charset declared next to it if all of it
/// is valid there, otherwise as windows-1252, in which every byte is valid.
pub(crate) fn undeclared(bytes: &[u8], neighbour: Option<Charset>) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let there = neighbour.map(|charset| charset.decode(bytes)).filter(|text| !text.contains('\u{fffd}'));
    there.map_or_else(|| WINDOWS_1252.decode_without_bom_handling(bytes).0, Cow::Owned)
}

/// The text after a byte order mark of UTF-8 or UTF-16; `None` without one.
pub(crate) fn by_mark(bytes: &[u8]) -> Option<String> {
    let (encoding, length) = Encoding::for_bom(bytes)?;
    Some(encoding.decode_without_bom_handling(bytes.get(length..)?).0.into_owned())
}

/// The web's name of a code page: `cp1251`, `CP-1251`, `win-1251` and `windows1251` are `windows-1251`.
fn code_page(label: &[u8]) -> Option<Cow<'static, str>> {
    let label = str::from_utf8(label).ok()?.to_ascii_lowercase();
    let number = ["windows", "win", "x-cp", "cp", "ms", "ibm"].iter().find_map(|prefix| label.strip_prefix(prefix))?;
    Some(Cow::Borrowed(match number.trim_start_matches(['-', '_']) {
        "932" => "shift_jis",
        "936" => "gbk",
        "949" => "euc-kr",
        "950" => "big5",
        "54936" => "gb18030",
        "65001" => "utf-8",
        "866" => "ibm866",
        number @ ("874" | "1250" | "1251" | "1252" | "1253" | "1254" | "1255" | "1256" | "1257" | "1258") => {
            return Some(Cow::Owned(format!("windows-{number}")));
        }
        _ => return None,
    }))
}

/// ISO-2022-JP without escapes that another escape follows directly, as happens between two encoded words. Decoders of the web treat
/// them as an attack.
fn without_idle_escapes(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_idle = |at: usize| matches!(bytes.get(at..), Some([0x1b, b'(' | b'$', _, 0x1b, ..]));
    let mut escapes = memchr::memchr_iter(0x1b, bytes).filter(|&at| is_idle(at)).peekable();
    if escapes.peek().is_none() {
        return Cow::Borrowed(bytes);
    }
    let (mut out, mut from) = (Vec::with_capacity(bytes.len()), 0);
    for at in escapes {
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        from = at + 3;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_known_by_the_names_that_mailers_give_them() {
        for (label, bytes, text) in [
            ("UTF8", &b"\xc3\xa4"[..], "ä"),
            ("gb2312", b"\xb2\xe2", "测"),
            ("GBK", b"\xbb\xb6", "欢"),
            ("gb18030", b"\xb2\xe2", "测"),
            ("Big5", b"\xb7|", "會"),
            ("Shift_JIS", b"\x90\xbf", "請"),
            ("cp932", b"\x90\xbf", "請"),
            ("EUC-JP", b"\xc0\xc1", "請"),
            ("euc-kr", b"\xc8\xb8", "회"),
            ("ks_c_5601-1987", b"\xc8\xb8", "회"),
            ("ISO-2022-JP", b"\x1b$B2q\x1b(B\x1b$B5D\x1b(B", "会議"),
            ("CP-1251", b"\xcf", "П"),
            ("win-1251", b"\xcf", "П"),
            ("windows1251", b"\xcf", "П"),
            ("iso-8859-8-i", b"\xf9", "ש"),
            ("utf-16", b"\xff\xfeh\0", "h"),
            ("utf-16be", b"\0h", "h"),
        ] {
            assert_eq!(Charset::of(label.as_bytes()).unwrap().decode(bytes), text, "{label}");
        }
        for label in ["", "x-nobody", "hz-gb-2312", "iso-2022-kr", "\u{fffd}"] {
            assert!(Charset::of(label.as_bytes()).is_none(), "{label}");
        }
    }

    #[test]
    #[cfg(feature = "mail-parser")]
    fn charsets_that_only_mail_has_are_known_to_mail_parser() {
        for (label, bytes, text) in [("utf-7", &b"Gr+APwA3w-e"[..], "Grüße"), ("cp850", b"\x82", "é")] {
            assert_eq!(Charset::of(label.as_bytes()).unwrap().decode(bytes), text, "{label}");
        }
    }

    #[test]
    fn text_without_a_charset_is_never_lost() {
        let of = |label: &str| Charset::of(label.as_bytes());
        assert_eq!(undeclared("ä".as_bytes(), of("iso-8859-2")), "ä");
        assert_eq!(undeclared(b"\xb1", of("iso-8859-2")), "ą");
        assert_eq!(undeclared(b"\xb1", of("utf-8")), "±");
        assert_eq!(undeclared(b"\xb1", of("iso-2022-jp")), "±");
        let all: Vec<u8> = (0..=255).collect();
        assert!(!undeclared(&all, None).contains('\u{fffd}'));
    }
}
