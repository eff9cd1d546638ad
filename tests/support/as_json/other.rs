//! Responses that the crate returns as received.

use serde_json::{Map, Value, json};

use super::text::text;
use super::value::values;

/// `{type, ignored, data: {number, unparsed_data}, args}`.
pub fn other(frame: &[u8]) -> Value {
    let words = frame.trim_ascii().strip_prefix(b"*").unwrap_or(frame).trim_ascii();
    let (first, rest) = word(words);
    let number = std::str::from_utf8(first).ok().and_then(|first| first.parse::<u64>().ok());
    let (name, rest) = if number.is_some() { word(rest) } else { (first, rest) };
    let mut data = Map::new();
    if let Some(number) = number {
        data.insert("number".to_owned(), number.into());
    }
    data.insert("unparsed_data".to_owned(), text(rest));
    json!({ "type": text(&name.to_ascii_uppercase()), "ignored": true, "data": data, "args": values(rest) })
}

fn word(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| b" (\r\n".contains(byte)).unwrap_or(bytes.len());
    let (word, rest) = bytes.split_at(end);
    (word, rest.trim_ascii_start())
}
