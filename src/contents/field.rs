//! What the fields of a header say about MIME. It must not know parts, nor where the header comes from.

use std::borrow::Cow;
use std::collections::HashSet;

use super::mime::{Disposition, Fields, TransferEncoding};
use crate::text::param::{self, Bytes};
use crate::text::{field, unfold, word};

/// The most parameters of one field that are read. The work is quadratic in their number.
const MOST_PARAMS: usize = 200;

/// What a header says about its part. `default` is the media type if it declares none.
pub(super) fn read(header: &[u8], default: &str) -> Fields {
    let (kind, params) = field::value(header, "Content-Type").map(split_params).unwrap_or_default();
    let kind = media_type(&kind).unwrap_or_else(|| default.to_owned());
    let (disposition, disposition_params) =
        field::value(header, "Content-Disposition").map(split_params).unwrap_or_default();
    Fields {
        media_type: kind,
        declared_name: name(borrowed(&disposition_params), borrowed(&params)),
        params: decoded(&params),
        encoding: TransferEncoding::of(field::value(header, "Content-Transfer-Encoding").unwrap_or_default()),
        disposition: Disposition::of(&without_comments(&disposition)),
        content_id: field::value(header, "Content-ID").and_then(content_id),
        location: field::value(header, "Content-Location").and_then(location),
        description: field::value(header, "Content-Description").and_then(text),
    }
}

/// The name that the parameters declare.
pub(crate) fn name<'a>(
    disposition: impl Iterator<Item = (Bytes<'a>, Bytes<'a>)>,
    params: impl Iterator<Item = (Bytes<'a>, Bytes<'a>)>,
) -> Option<String> {
    let name = param::value(disposition, b"filename").filter(|name| !name.is_empty());
    name.or_else(|| param::value(params, b"name")).filter(|name| !name.is_empty()).map(Cow::into_owned)
}

/// Each parameter once, under its plain name in lower case.
pub(crate) fn decoded(params: &[(Bytes<'_>, Bytes<'_>)]) -> Vec<(String, String)> {
    let params = params.get(..MOST_PARAMS).unwrap_or(params);
    let mut names = HashSet::new();
    let mut found = Vec::new();
    for (name, _) in params {
        let base = param::base(name);
        let lower = String::from_utf8_lossy(base).to_ascii_lowercase();
        if lower.is_empty() || !names.insert(lower.clone()) {
            continue;
        }
        if let Some(value) = param::value(borrowed(params), base) {
            found.push((lower, value.into_owned()));
        }
    }
    found
}

/// `type/subtype` in lower case; `None` if there is none. Comments and white space are removed (RFC 2045 §5.1).
pub(crate) fn media_type(value: &[u8]) -> Option<String> {
    let value = without_comments(value);
    let value = String::from_utf8_lossy(&value);
    let (main, sub) = value.split_once('/')?;
    let (main, sub) = (main.trim().trim_matches('"'), sub.trim().trim_matches('"'));
    let is_token = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    (is_token(main) && is_token(sub)).then(|| format!("{main}/{sub}").to_ascii_lowercase())
}

/// The value without what is in parentheses (RFC 5322 §3.2.2).
pub(super) fn without_comments(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'(', value).is_none() {
        return Cow::Borrowed(value);
    }
    let (mut depth, mut is_escaped) = (0_usize, false);
    let is_outside = |&byte: &u8| {
        let is_inside = depth > 0 || byte == b'(';
        match byte {
            _ if std::mem::take(&mut is_escaped) => {}
            b'\\' => is_escaped = depth > 0,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !is_inside
    };
    Cow::Owned(value.iter().copied().filter(is_outside).collect())
}

/// An id without its angle brackets.
pub(crate) fn content_id(value: &[u8]) -> Option<String> {
    let line = unfold(value);
    let id = String::from_utf8_lossy(line.trim_ascii()).into_owned();
    let inside = id.strip_prefix('<').map_or(&*id, |inside| inside.split('>').next().unwrap_or_default()).trim();
    (!inside.is_empty()).then(|| inside.to_owned())
}

/// A URI, whose folds are not part of it (RFC 2557 §4.4.1).
pub(crate) fn location(value: &[u8]) -> Option<String> {
    let uri: Vec<u8> = value.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    (!uri.is_empty()).then(|| word::decode(&uri).into_owned())
}

/// The text of an unstructured field.
pub(crate) fn text(value: &[u8]) -> Option<String> {
    let text = word::decode(value.trim_ascii()).into_owned();
    (!text.is_empty()).then_some(text)
}

/// The value before the parameters, and the parameters.
fn split_params(value: &[u8]) -> (Vec<u8>, Vec<(Bytes<'_>, Bytes<'_>)>) {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    let kind = unfold(value.get(..end).unwrap_or_default()).trim_ascii().to_vec();
    let mut params = param::read(value);
    params.truncate(MOST_PARAMS);
    (kind, params)
}

fn borrowed<'a>(params: &'a [(Bytes<'_>, Bytes<'_>)]) -> impl Iterator<Item = (Bytes<'a>, Bytes<'a>)> {
    params.iter().map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(&**value)))
}
