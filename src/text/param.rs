//! Parameters of Content-Type and Content-Disposition, in every form of a value: plain, with encoded words, extended, in pieces
//! (RFC 2231), and mixtures of them. It must not know what a parameter means.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::charset::{self, Charset};
use super::{quoted, unfold, word};

/// A name or a value, without its quotes.
pub(crate) type Bytes<'a> = Cow<'a, [u8]>;

/// The form of a value, which the parameter's name declares (RFC 2231 §3, §4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// `name=`
    Plain,
    /// `name*=`: it begins with a charset and is percent-encoded.
    Extended,
    /// `name*1=`, or `name*1*=` if the piece is extended.
    Piece { number: u32, extended: bool },
}

/// The name without the part from the star on, and the form which that part declares. If it is not a form, it belongs to the name.
fn split(name: &[u8]) -> (&[u8], Form) {
    let plain = (name, Form::Plain);
    let Some(star) = memchr::memchr(b'*', name).filter(|&star| star > 0) else { return plain };
    let (base, rest) = name.split_at_checked(star).unwrap_or((name, &[]));
    let (number, extended) = match rest {
        [b'*'] => return (base, Form::Extended),
        [b'*', number @ .., b'*'] => (number, true),
        [b'*', number @ ..] => (number, false),
        _ => return plain,
    };
    let number = str::from_utf8(number).ok().and_then(|number| number.parse().ok());
    number.map_or(plain, |number| (base, Form::Piece { number, extended }))
}

/// The name without its form.
pub(crate) fn base(name: &[u8]) -> &[u8] {
    split(name).0
}

/// The value of the parameter with this name, as text. The extended form comes before pieces, and pieces before the plain form, which
/// is for readers that support no other (RFC 6266 §4.3).
pub(crate) fn value<'a>(params: impl Iterator<Item = (Bytes<'a>, Bytes<'a>)>, name: &[u8]) -> Option<Cow<'a, str>> {
    let (mut plain, mut extended, mut pieces) = (None, None, Vec::new());
    for (found, value) in params {
        match split(&found) {
            (base, _) if !base.eq_ignore_ascii_case(name) => {}
            (_, Form::Plain) => plain = plain.or(Some(value)),
            (_, Form::Extended) => extended = extended.or(Some(value)),
            (_, Form::Piece { number, extended }) => pieces.push((number, extended, value)),
        }
    }
    let extended = extended.map(|value| read_extended(&value)).filter(|text| !text.is_empty());
    let whole = extended.or_else(|| read_pieces(pieces)).filter(|text| !text.is_empty());
    whole.map(Cow::Owned).or_else(|| plain.map(decoded))
}

fn decoded(value: Bytes<'_>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(value) => word::decode(value),
        Cow::Owned(value) => Cow::Owned(word::decode(&value).into_owned()),
    }
}

/// `charset'language'text`. Some mailers write an encoded word instead, or no charset.
fn read_extended(value: &[u8]) -> String {
    if value.starts_with(b"=?") {
        return word::decode(value).into_owned();
    }
    let (charset, text) = charset_of(value);
    read_octets(charset, &percent_decode(text).collect::<Vec<_>>())
}

/// The pieces in the order of their numbers, up to the first that is missing. The charset is that of all pieces, and a character may
/// be split between two.
fn read_pieces(mut pieces: Vec<(u32, bool, Bytes<'_>)>) -> Option<String> {
    pieces.sort_by_key(|&(number, ..)| number);
    pieces.dedup_by_key(|&mut (number, ..)| number);
    let first = pieces.first()?.0;
    let pieces = pieces.iter().zip(first..).take_while(|((number, ..), due)| number == due).map(|(piece, _)| piece);
    let (mut charset, mut octets, mut is_extended) = (None, Vec::new(), false);
    for (number, extended, value) in pieces {
        match (extended, charset_of(value)) {
            (false, _) => octets.extend_from_slice(value),
            (true, (label, text)) if *number == first => {
                charset = label;
                octets.extend(percent_decode(text));
            }
            (true, _) => octets.extend(percent_decode(value)),
        }
        is_extended |= extended;
    }
    Some(if is_extended { read_octets(charset, &octets) } else { word::decode(&octets).into_owned() })
}

fn read_octets(charset: Option<Charset>, octets: &[u8]) -> String {
    charset.map_or_else(|| charset::undeclared(octets, None).into_owned(), |charset| charset.decode(octets))
}

/// The charset before the text.
fn charset_of(value: &[u8]) -> (Option<Charset>, &[u8]) {
    let mut fields = value.splitn(3, |&byte| byte == b'\'');
    match (fields.next(), fields.next(), fields.next()) {
        (Some(label), Some(_), Some(text)) if label.is_empty() || word::is_label(label) => (Charset::of(label), text),
        _ => (None, value),
    }
}

/// The parameters in a field's value, as a server lists them in BODYSTRUCTURE: names in their order, with values in any form, without
/// quotes and backslashes.
pub(crate) fn read(field: &[u8]) -> Vec<(Bytes<'_>, Bytes<'_>)> {
    let mut params = Vec::new();
    let mut rest = after_first(field, b';');
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let Some(after) = after.strip_prefix(b"=") else {
            rest = after.get(1..).unwrap_or_default();
            continue;
        };
        let (value, after) = read_value(after.trim_ascii_start());
        params.push((Cow::Borrowed(name.trim_ascii()), value));
        rest = after;
    }
    params
}

/// The value, and the rest after the semicolon that ends it.
fn read_value(field: &[u8]) -> (Bytes<'_>, &[u8]) {
    if let Some(inside) = field.strip_prefix(b"\"") {
        let end = quoted::end(inside);
        let (value, after) = inside.split_at_checked(end).unwrap_or((inside, &[]));
        let value =
            if memchr::memchr(b'\\', value).is_some() { Cow::Owned(quoted::unescape(value)) } else { unfold(value) };
        return (value, after_first(after, b';'));
    }
    let end = memchr::memchr(b';', field).unwrap_or(field.len());
    let (value, after) = field.split_at_checked(end).unwrap_or((field, &[]));
    (unfold(value.trim_ascii()), after.get(1..).unwrap_or_default())
}

fn after_first(bytes: &[u8], end: u8) -> &[u8] {
    memchr::memchr(end, bytes).and_then(|at| bytes.get(at + 1..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filename(field: &str) -> Option<String> {
        value(read(field.as_bytes()).into_iter(), b"filename").map(Cow::into_owned)
    }

    #[test]
    fn every_form_of_a_value_is_read() {
        for (field, name) in [
            ("attachment; filename=a.pdf", "a.pdf"),
            ("attachment; FileName=\"a;\\\"b.pdf\" ; size=1", "a;\"b.pdf"),
            ("attachment; filename=\"C:\\temp\\a.pdf\"", "C:\\temp\\a.pdf"),
            ("attachment; filename*=utf-8''%e2%82%ac%20rates.pdf", "€ rates.pdf"),
            ("attachment; filename=plain.pdf; filename*=UTF-8'en'%C3%A9.pdf", "é.pdf"),
            ("attachment; filename*=gb18030''%B2%E2.txt", "测.txt"),
            ("attachment; filename*=''%E9.txt", "é.txt"),
            ("attachment; filename*=100%25.txt", "100%.txt"),
            ("attachment; filename*=\"=?utf-8?Q?=C3=A9?=.doc\"", "é.doc"),
            ("attachment; filename*1=\"name.pdf\"; filename*0=\"long \"", "long name.pdf"),
            ("attachment; filename*0*=utf-8''%E2%82; filename*1*=%AC%20; filename*2=\"%20.pdf\"", "€ %20.pdf"),
            ("attachment; filename*0=\"=?UTF-8?B?dGVzdA\"; filename*1=\"==?=.txt\"", "test.txt"),
            ("attachment; filename*0=a; filename*2=c", "a"),
            ("attachment; filename==?UTF-8?Q?Hello?=\r\n =?UTF-8?Q?World.txt?=", "HelloWorld.txt"),
            ("attachment; filename=\"=?utf-8?Q?Salg=C3=B8?=.pdf\"", "Salgø.pdf"),
            ("attachment; x; filename=\"open", "open"),
            ("attachment; filename*=; filename=a", "a"),
        ] {
            assert_eq!(filename(field).as_deref(), Some(name), "{field}");
        }
        for none in ["attachment", "", ";", "a; name=b", "a; filenames=b", "a; filename*x=b", "a; *=b", "a; =b"] {
            assert_eq!(filename(none), None, "{none}");
        }
    }
}
