//! Body structures as JSON. A structure is as deep as `Limits::nesting` lets it be, so recursion ends.

use postroom::imap::{BodyStructure, Params, PartKind};
use serde_json::{Map, Value, json};

use super::message::envelope;
use super::text::{key, string, text, upper};
use super::value::values;

/// One part and all within it.
pub fn structure(part: &BodyStructure<'_>) -> Value {
    let mut object = Map::new();
    object.insert("type".to_owned(), upper(Some(part.media_type()).filter(|word| !word.is_empty())));
    object.insert("subtype".to_owned(), upper(Some(part.subtype()).filter(|word| !word.is_empty())));
    object.insert("params".to_owned(), params(part.params()));
    object.insert("disposition".to_owned(), disposition(part));
    object.insert("language".to_owned(), languages(part));
    object.insert("location".to_owned(), string(part.location()));
    let extension = Some(values(part.extension())).filter(|values| !values.is_empty());
    object.insert("extension".to_owned(), extension.into());
    if part.kind() == PartKind::Multipart {
        object.insert("parts".to_owned(), part.children().map(|child| structure(&child)).collect());
        return object.into();
    }
    object.insert("id".to_owned(), string(part.id()));
    object.insert("description".to_owned(), string(part.description()));
    object.insert("encoding".to_owned(), upper(part.encoding()));
    object.insert("size".to_owned(), json!(part.size()));
    object.insert("md5".to_owned(), string(part.md5()));
    if let Some(lines) = part.lines() {
        object.insert("lines".to_owned(), json!(lines));
    }
    if part.kind() == PartKind::Message {
        object.insert("envelope".to_owned(), part.envelope().map_or(Value::Null, |found| envelope(&found)));
        let body = part.children().next().map_or(Value::Null, |child| structure(&child));
        object.insert("body".to_owned(), body);
    }
    object.into()
}

fn disposition(part: &BodyStructure<'_>) -> Value {
    match part.disposition() {
        Some(word) => json!({ "type": upper(Some(word)), "params": params(part.disposition_params()) }),
        None => Value::Null,
    }
}

fn params(params: Params<'_>) -> Value {
    let object: Map<_, _> = params.map(|(name, value)| (key(name), string(value))).collect();
    if object.is_empty() { Value::Null } else { object.into() }
}

fn languages(part: &BodyStructure<'_>) -> Value {
    let tags: Vec<_> = part.language().map(|tag| text(&tag.bytes())).collect();
    if tags.is_empty() { Value::Null } else { tags.into() }
}
