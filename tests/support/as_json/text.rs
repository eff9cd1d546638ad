//! Strings as JSON: UTF-8 unchanged, everything else with its bytes kept.

use postroom::imap::Str;
use serde_json::{Value, json};

/// A string, or `{"latin1": ".."}`.
pub fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "latin1": bytes.iter().map(|&byte| char::from(byte)).collect::<String>() }),
    }
}

/// The same, or `null`.
pub fn string(string: Option<Str<'_>>) -> Value {
    string.map_or(Value::Null, |string| text(&string.bytes()))
}

/// The same in upper case, for a word in ASCII.
pub fn upper(string: Option<Str<'_>>) -> Value {
    string.map_or(Value::Null, |string| text(&string.bytes().to_ascii_uppercase()))
}

/// Adds one more to an object.
pub fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value.into());
    }
}

/// A name as a key of an object.
pub fn key(name: Str<'_>) -> String {
    name.to_str_lossy().to_ascii_uppercase()
}

/// Puts the server's own bytes in the place of all text in which invalid UTF-8 was replaced.
pub fn restore(shown: &mut Value, frame: &[u8]) {
    match shown {
        Value::String(lossy) if lossy.contains('\u{FFFD}') => {
            if let Some(bytes) = bytes_of(lossy, frame) {
                *shown = text(bytes);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| restore(value, frame)),
        Value::Object(object) => object.values_mut().for_each(|value| restore(value, frame)),
        _ => {}
    }
}

fn bytes_of<'a>(lossy: &str, frame: &'a [u8]) -> Option<&'a [u8]> {
    let start = String::from_utf8_lossy(frame).find(lossy)?;
    frame.get(place(frame, start)..place(frame, start + lossy.len()))
}

/// The position in the frame of that byte of its lossy text.
fn place(frame: &[u8], mut lossy: usize) -> usize {
    let mut at = 0;
    for chunk in frame.utf8_chunks() {
        let valid = chunk.valid().len();
        if lossy <= valid {
            break;
        }
        lossy = (lossy - valid).saturating_sub('\u{FFFD}'.len_utf8());
        at += valid + chunk.invalid().len();
    }
    at + lossy
}
