//! FETCH and UIDFETCH as a JSON object, without the body structure.

use std::borrow::Cow;

use postroom::Defect;
use postroom::imap::{Address, Addresses, Annotation, Envelope, Fetched, SeqNum, Uid};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::structure::structure;
use super::text::{string, text};
use super::value::nil;

/// Only what the server sent.
pub fn message(fetched: &Fetched) -> Value {
    let (mut object, raw) = (Map::new(), fetched.raw());
    object.insert("type".to_owned(), if fetched.seq().is_some() { "FETCH" } else { "UIDFETCH" }.into());
    let flags = fetched.flags().map(|flags| flags.iter().map(Cow::into_owned).collect::<Vec<_>>());
    let labels = fetched.gmail_labels().map(|labels| labels.map(|label| string(Some(label))).collect::<Vec<_>>());
    for (key, value) in [
        ("seq", fetched.seq().map(|seq| json!(SeqNum::as_u32(seq)))),
        ("uid", fetched.uid().map(|uid| json!(Uid::as_u32(uid)))),
        ("flags", flags.map(|flags| json!(flags))),
        ("internaldate", fetched.internal_date().map(|at| date("INTERNALDATE", at, &raw))),
        ("size", fetched.size().map(Value::from)),
        ("modseq", fetched.modseq().map(Value::from)),
        ("envelope", fetched.envelope().map(|found| envelope(&found))),
        ("bodystructure", fetched.body_structure().map(|body| structure(&body))),
        ("SAVEDATE", fetched.save_date().map(|at| date("SAVEDATE", at, &raw)).or_else(|| nil("SAVEDATE", &raw))),
        ("EMAILID", fetched.email_id().map(|id| string(Some(id)))),
        ("THREADID", fetched.thread_id().map(|id| string(Some(id))).or_else(|| nil("THREADID", &raw))),
        ("PREVIEW", fetched.preview().map(|preview| string(Some(preview))).or_else(|| nil("PREVIEW", &raw))),
        ("X-GM-MSGID", fetched.gmail_message_id().map(Value::from)),
        ("X-GM-THRID", fetched.gmail_thread_id().map(Value::from)),
        ("X-GM-LABELS", labels.map(Value::from)),
    ] {
        if let Some(value) = value {
            object.insert(key.to_owned(), value);
        }
    }
    for section in fetched.sections() {
        let bytes = section.bytes().map_or(Value::Null, |bytes| text(&bytes));
        object.insert(name(&section.attribute()), bytes);
    }
    for (part, size) in fetched.binary_sizes() {
        object.insert(format!("BINARY.SIZE[{part}]"), size.into());
    }
    let annotations: Vec<_> = fetched.annotations().flat_map(annotation).collect();
    if !annotations.is_empty() {
        object.insert("ANNOTATION".to_owned(), annotations.into());
    }
    for (attribute, value) in fetched.unknown() {
        object.insert(attribute.to_ascii_uppercase(), super::value::value(value));
    }
    let defects: Vec<_> = fetched.defects().map(|found| defect(&found)).collect();
    if !defects.is_empty() {
        object.insert("defects".to_owned(), defects.into());
    }
    object.into()
}

/// The name of an attribute with a section: without the quotes, or the literals' announcements, that header names may have.
fn name(attribute: &str) -> String {
    let (name, section) = attribute.split_at(attribute.find('[').unwrap_or(attribute.len()));
    if section == "[]" && !name.to_ascii_uppercase().starts_with('B') {
        return name.to_ascii_uppercase();
    }
    let (words, headers) = section.split_at(section.find('(').unwrap_or(section.len()));
    let mut shown = name.to_ascii_uppercase() + &words.to_ascii_uppercase();
    let mut pieces = headers.split('{');
    shown += pieces.next().unwrap_or_default();
    for piece in pieces {
        shown += piece.split_once('\n').map_or(piece, |(_, header)| header);
    }
    shown.replace('"', "")
}

/// The entry, and a list of its attributes' alternating names and values, if it has any.
fn annotation(annotation: Annotation<'_>) -> Vec<Value> {
    let pair = |(name, value)| [string(Some(name)), string(value)];
    let attributes: Vec<_> = annotation.attributes().flat_map(pair).collect();
    let entry = string(Some(annotation.entry()));
    if attributes.is_empty() { vec![entry] } else { vec![entry, attributes.into()] }
}

/// One defect.
pub fn defect(defect: &Defect) -> Value {
    match defect {
        Defect::TooLarge { size } => json!({ "too_large": size }),
        Defect::Missing => json!("missing"),
        Defect::Size { declared, received } => json!({ "declared": declared, "received": received }),
        Defect::Refused { text } => json!({ "refused": text }),
        Defect::Unreadable { attribute, reason, raw, .. } => {
            json!({ "attribute": attribute, "reason": reason.to_string(), "raw": text(raw) })
        }
        other => json!({ "reason": other.to_string() }),
    }
}

/// `date-time` without its quotes (RFC 9051 §9): as the server wrote it after that name, otherwise with a zero before a day below 10.
fn date(name: &str, date: OffsetDateTime, frame: &[u8]) -> Value {
    let month = date.month().to_string();
    let (hours, minutes, _) = date.offset().as_hms();
    let sign = if date.offset().is_negative() { '-' } else { '+' };
    let (hour, minute, second) = date.time().as_hms();
    let same = format!("-{}-{:04} {hour:02}:{minute:02}", month.get(..3).unwrap_or_default(), date.year());
    let written = quoted(name, frame).find(|written| written.to_ascii_lowercase().contains(&same.to_ascii_lowercase()));
    let zone = format!("{sign}{:02}{:02}", hours.unsigned_abs(), minutes.unsigned_abs());
    written.map_or_else(|| format!("{:02}{same}:{second:02} {zone}", date.day()).into(), Value::from)
}

/// The quoted strings after that name.
fn quoted<'a>(name: &str, frame: &'a [u8]) -> impl Iterator<Item = &'a str> {
    let behind = move |at: &usize| {
        let head = frame.get(..*at).unwrap_or_default().trim_ascii_end();
        head.len()
            .checked_sub(name.len())
            .and_then(|start| head.get(start..))
            .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
    };
    let text = move |at: usize| {
        let inside = frame.get(at + 1..).unwrap_or_default();
        std::str::from_utf8(inside.get(..memchr::memchr(b'"', inside)?)?).ok()
    };
    memchr::memchr_iter(b'"', frame).filter(behind).filter_map(text)
}

/// Empty lists of addresses are `null`.
pub fn envelope(envelope: &Envelope<'_>) -> Value {
    json!({
        "date": string(envelope.raw_date()),
        "subject": string(envelope.subject()),
        "from": addresses(envelope.from()),
        "sender": addresses(envelope.sender()),
        "reply_to": addresses(envelope.reply_to()),
        "to": addresses(envelope.to()),
        "cc": addresses(envelope.cc()),
        "bcc": addresses(envelope.bcc()),
        "in_reply_to": string(envelope.in_reply_to()),
        "message_id": string(envelope.message_id()),
    })
}

fn addresses(addresses: Addresses<'_>) -> Value {
    if addresses.len() == 0 {
        return Value::Null;
    }
    addresses.map(|address| self::address(&address)).collect()
}

fn address(address: &Address<'_>) -> Value {
    json!({
        "name": string(address.name),
        "adl": string(address.adl),
        "mailbox": string(address.mailbox),
        "host": string(address.host),
    })
}
