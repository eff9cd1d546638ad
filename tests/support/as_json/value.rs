//! Values that the crate returns unparsed: numbers, strings, NIL, and lists of them. What cannot be read is text.

use postroom::Limits;
use serde_json::{Map, Value, json};

use super::text::text;

/// All values in these bytes, in order.
pub fn values(bytes: &[u8]) -> Vec<Value> {
    let (mut reader, mut values) = (Reader { bytes, at: 0, words: false }, Vec::new());
    while let Some(value) = reader.value(Limits::default().nesting) {
        values.push(value);
    }
    values
}

/// One value: the only one there, or all of them as a list.
pub fn value(bytes: &[u8]) -> Value {
    let mut values = values(bytes);
    if values.len() == 1 { values.remove(0) } else { values.into() }
}

/// Alternating names and values, names in upper case.
pub fn pairs(bytes: &[u8]) -> Map<String, Value> {
    named(values(bytes))
}

/// The same of values by RFC 4466's `tagged-ext-val`, in which NIL is a word like any other: `{data}`, unless it is a number.
pub fn tagged(bytes: &[u8]) -> Map<String, Value> {
    let (mut reader, mut values) = (Reader { bytes, at: 0, words: true }, Vec::new());
    while let Some(value) = reader.value(Limits::default().nesting) {
        values.push(value);
    }
    let data = |value: Value| match value {
        Value::String(set) => json!({ "data": { "string": set } }),
        Value::Array(list) => json!({ "data": list }),
        number => number,
    };
    named(values).into_iter().map(|(name, value)| (name, data(value))).collect()
}

/// `null` if the server sent NIL after that name; otherwise nothing.
pub fn nil(name: &str, frame: &[u8]) -> Option<Value> {
    let words = frame.split(|byte| b" ()\r\n".contains(byte)).filter(|word| !word.is_empty());
    let mut behind = words.skip_while(|word| !word.eq_ignore_ascii_case(name.as_bytes())).skip(1);
    behind.next().filter(|word| word.eq_ignore_ascii_case(b"NIL")).map(|_| Value::Null)
}

fn named(values: Vec<Value>) -> Map<String, Value> {
    let values = match values.as_slice() {
        [Value::Array(inner)] => inner.clone(),
        _ => values,
    };
    let named =
        values.chunks(2).filter_map(|pair| Some((pair.first()?.as_str()?.to_ascii_uppercase(), pair.get(1)?.clone())));
    named.collect()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether NIL is a word.
    words: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// `None` at the end, and before what closes a list.
    fn value(&mut self, depth: usize) -> Option<Value> {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        match self.peek()? {
            b')' => None,
            b'(' if depth > 0 => Some(self.list(depth - 1)),
            b'"' => Some(self.quoted()),
            b'{' | b'~' => Some(self.literal()),
            _ => Some(self.word()),
        }
    }

    fn list(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut list = Vec::new();
        while let Some(value) = self.value(depth) {
            list.push(value);
        }
        self.at += 1;
        list.into()
    }

    fn quoted(&mut self) -> Value {
        self.at += 1;
        let mut inside = Vec::new();
        while let Some(byte) = self.peek().filter(|&byte| byte != b'"') {
            self.at += usize::from(byte == b'\\');
            inside.extend(self.peek());
            self.at += 1;
        }
        self.at += 1;
        text(&inside)
    }

    fn literal(&mut self) -> Value {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let line = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        let digits: String =
            rest.iter().take(line).filter(|byte| byte.is_ascii_digit()).map(|&byte| char::from(byte)).collect();
        let Ok(size) = digits.parse::<usize>() else { return self.word() };
        let inside = rest.get(line..line.saturating_add(size)).unwrap_or_default();
        self.at += line + inside.len();
        text(inside)
    }

    fn word(&mut self) -> Value {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| b" ()\r\n".contains(byte)).unwrap_or(rest.len()).max(1);
        let word = rest.get(..length).unwrap_or_default();
        self.at += length;
        let number = std::str::from_utf8(word).ok().and_then(|word| word.parse::<u64>().ok());
        match number {
            Some(number) => json!(number),
            None if !self.words && word.eq_ignore_ascii_case(b"NIL") => Value::Null,
            None => text(word),
        }
    }
}
