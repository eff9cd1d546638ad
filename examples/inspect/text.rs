//! Strings as JSON: UTF-8 as it is, all else with its bytes kept.

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

/// The same in upper case, of a word in ASCII.
pub fn upper(string: Option<Str<'_>>) -> Value {
    string.map_or(Value::Null, |string| text(&string.bytes().to_ascii_uppercase()))
}

/// Puts one more into an object.
pub fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value.into());
    }
}

/// A name as a key of an object.
pub fn key(name: Str<'_>) -> String {
    name.to_str_lossy().to_ascii_uppercase()
}

/// The bytes at the end of the frame that became this text, in which what is not UTF-8 was replaced.
pub fn last(frame: &[u8], lossy: &str) -> Value {
    if !lossy.contains('\u{FFFD}') {
        return lossy.into();
    }
    let frame = frame.trim_ascii_end();
    let replaced = |chunk: &[u8]| if chunk.is_empty() { 0 } else { '\u{FFFD}'.len_utf8() };
    let lengths = frame.utf8_chunks().map(|chunk| (chunk.valid().len(), replaced(chunk.invalid())));
    let mut before = lengths.map(|(valid, invalid)| valid + invalid).sum::<usize>().saturating_sub(lossy.len());
    let mut start = 0;
    for chunk in frame.utf8_chunks() {
        let (valid, invalid) = (chunk.valid().len(), replaced(chunk.invalid()));
        if before < valid + invalid {
            start += before.min(valid);
            break;
        }
        before -= valid + invalid;
        start += valid + chunk.invalid().len();
    }
    text(frame.get(start..).unwrap_or_default())
}
