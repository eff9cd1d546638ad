//! Corrects the result of mail-parser, so that its texts and dates are those of IMAP's ENVELOPE and BODYSTRUCTURE: they are read by
//! [`text`](crate::text). It must not know where the message came from.

use std::borrow::Cow;
use std::collections::HashSet;

use mail_parser::parsers::MessageStream;
use mail_parser::{Attribute, ContentType, DateTime, Header, HeaderName, HeaderValue, Message, PartType};

use super::{part, phrase};
use crate::text::date::MailDate;
use crate::text::{charset, param, word};

/// The most parameters of one field that are read again. The work is quadratic in their number.
const MOST_PARAMS: usize = 500;

/// Corrects every part of the message, and of the messages within it. It looks at each field once, and reads only those again that
/// need it.
pub(super) fn message(message: &mut Message<'_>) {
    let raw: &[u8] = &message.raw_message;
    for found in &mut message.parts {
        for header in &mut found.headers {
            let field = raw.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
            field_of(header, field);
        }
        let body = raw.get(found.offset_body as usize..found.offset_end as usize).unwrap_or_default();
        if let Some(mended) = part::mended(found, body) {
            found.body = mended;
        }
        if let PartType::Message(inner) = &mut found.body {
            self::message(inner);
        }
    }
}

fn field_of(header: &mut Header<'_>, field: &[u8]) {
    if matches!(header.name, HeaderName::Date | HeaderName::ResentDate) {
        header.value = MailDate::read(field).map_or(HeaderValue::Empty, |date| HeaderValue::DateTime(written(date)));
        return;
    }
    let is_encoded = memchr::memmem::find(field, b"=?").is_some();
    if !is_encoded && field.is_ascii() && !matches!(header.value, HeaderValue::ContentType(_)) {
        return;
    }
    match &mut header.value {
        HeaderValue::Text(text) if is_unstructured(&header.name) => {
            *text = Cow::Owned(word::decode(field.trim_ascii()).into_owned());
        }
        HeaderValue::Text(text) if text.contains('\u{fffd}') => {
            *text = Cow::Owned(charset::undeclared(field.trim_ascii(), None).into_owned());
        }
        HeaderValue::Address(_) => {
            let line = phrase::decoded(field);
            header.value = MessageStream::new(&line).parse_address().into_owned();
        }
        HeaderValue::ContentType(kind) if is_encoded || !field.is_ascii() || field.contains(&b'*') => {
            params_of(kind, field);
        }
        _ => {}
    }
}

fn written(date: MailDate) -> DateTime {
    let MailDate { year, month, day, time: [hour, minute, second], zone } = date;
    let offset = |minutes: u32| u8::try_from(minutes).unwrap_or_default();
    DateTime {
        year,
        month,
        day,
        hour,
        minute,
        second,
        tz_before_gmt: zone < 0,
        tz_hour: offset(zone.unsigned_abs() / 60),
        tz_minute: offset(zone.unsigned_abs() % 60),
    }
}

/// Whether mail-parser decodes encoded words in the whole field.
fn is_unstructured(name: &HeaderName<'_>) -> bool {
    matches!(name, HeaderName::Subject | HeaderName::Comments | HeaderName::ContentDescription)
}

/// Each parameter under its plain name. What mail-parser found in addition, such as languages of values, stays.
fn params_of(kind: &mut ContentType<'_>, field: &[u8]) {
    let params: Vec<_> = param::read(field).into_iter().take(MOST_PARAMS).collect();
    let (mut mended, mut names) = (Vec::new(), HashSet::new());
    for (name, _) in &params {
        let base = param::base(name);
        let lower = String::from_utf8_lossy(base).to_ascii_lowercase();
        if !names.insert(lower.clone()) {
            continue;
        }
        let borrowed = params.iter().map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(&**value)));
        if let Some(value) = param::value(borrowed, base) {
            mended.push(Attribute { name: lower.into(), value: value.into_owned().into() });
        }
    }
    let found = kind.attributes.take().unwrap_or_default();
    mended.extend(found.into_iter().filter(|found| !names.contains(&*found.name)));
    kind.attributes = Some(mended).filter(|mended| !mended.is_empty());
}
