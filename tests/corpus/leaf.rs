//! Searches for values that a source states under its own names: every string and number of such a tree must be in the output.
//! Names of variants (`noSelect`, `{"context": "search"}`) are compared by their letters and digits.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Words of sources that are no values, and their meaning.
const WORDS: &[(&str, &str, &str)] = &[
    ("sequenceNumber", "", "not a UID: `uid` is false"),
    ("uid", "", "`uid` is true"),
    ("finish", "", "the end of a streamed FETCH"),
    ("rfc822Text", "RFC822.TEXT", "another name"),
    ("rfc822Header", "RFC822.HEADER", "another name"),
    ("nextUID", "UIDNEXT", "another name"),
    ("sevenBit", "7BIT", "another name"),
    ("gmailExtensions", "X-GM-EXT-1", "another name"),
    ("literalMinus", "LITERAL-", "another name"),
    ("LiteralPlus", "LITERAL+", "another name"),
    ("mailboxSpecificAppendLimit", "APPENDLIMIT", "another name"),
    ("authenticatedURL", "URLAUTH", "another name"),
    ("metadataNoPrivate", "NOPRIVATE", "another name"),
    ("metadataTooMany", "TOOMANY", "another name"),
    ("noPermission", "NOPERM", "another name"),
    ("wildcard", "\\*", "another name"),
    ("max", "*", "the greatest number"),
    ("all", "1:*", "everything"),
    ("MAX", "4294967295", "the greatest number of 32 bits"),
    ("invalid", "", "a body structure that the source could not read either"),
    ("date1", "25-Jun-1994 01:02:03 +0000", "a variable of the source's test"),
    ("expected_mailbox", "", "a variable of the source's test"),
    ("bufferA", "", "a variable of the source's test"),
    ("got", "", "a variable of the source's test"),
];

/// Strings and numbers of a JSON value.
pub(crate) struct Leaves {
    words: HashSet<String>,
    texts: Vec<String>,
}

impl Leaves {
    /// The same for the output, with keys and words within strings too.
    pub(crate) fn of(shown: &[Value]) -> Self {
        let mut leaves = Self { words: HashSet::new(), texts: Vec::new() };
        shown.iter().for_each(|value| leaves.gather(value));
        leaves
    }

    /// Which of the expected leaves are missing, and how many were searched for.
    pub(crate) fn missing(&self, expected: &Value) -> (Vec<String>, usize) {
        let (mut missing, mut count) = (Vec::new(), 0);
        self.look(expected, "", &mut missing, &mut count);
        (missing, count)
    }

    /// Whether that string or number was shown.
    pub(crate) fn has(&self, leaf: &str) -> bool {
        let meant = WORDS.iter().find(|(word, ..)| *word == leaf).map_or(leaf, |(_, meant, _)| meant);
        let plain = letters(meant);
        self.words.contains(&plain)
            || self.texts.iter().any(|text| text == meant)
            || plain.is_empty() && has_no_letters(meant, self)
    }

    fn look(&self, expected: &Value, key: &str, missing: &mut Vec<String>, count: &mut usize) {
        match expected {
            Value::Object(object) => {
                for (name, value) in
                    object.iter().filter(|(name, _)| !matches!(name.as_str(), "of" | "valid" | "hasExtensionData"))
                {
                    self.look(value, name, missing, count);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.look(value, key, missing, count)),
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.require(&number.to_string(), key, missing, count),
            Value::String(text) => self.require(text, key, missing, count),
        }
    }

    fn require(&self, leaf: &str, key: &str, missing: &mut Vec<String>, count: &mut usize) {
        *count += 1;
        // A size is that of a body, which is there.
        let sized = key == "size" && self.texts.iter().any(|text| text.len().to_string() == leaf);
        if !sized && !self.has(leaf) && !self.has(&format!("{key}{leaf}")) && !self.has_encoded(leaf) {
            missing.push(format!("{key}: {leaf}"));
        }
    }

    /// A challenge is shown in its form on the wire.
    fn has_encoded(&self, leaf: &str) -> bool {
        self.texts.contains(&STANDARD.encode(leaf))
    }

    fn gather(&mut self, shown: &Value) {
        match shown {
            Value::Object(object) => {
                for (key, value) in object {
                    self.add(key);
                    if let Some(text) = value.as_str() {
                        self.words.insert(letters(&format!("{key}{text}")));
                    }
                    self.gather(value);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.gather(value)),
            Value::String(text) => self.add(text),
            Value::Number(number) => {
                self.add(&number.to_string());
                // Sources write the distance from the end without its sign.
                self.add(number.to_string().trim_start_matches('-'));
            }
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn add(&mut self, text: &str) {
        for (first, last) in text.split(',').filter_map(|range| range.split_once(':')) {
            if let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) {
                self.words.extend((first..=last).take(100).map(|number| number.to_string()));
            }
        }
        self.texts.push(text.to_owned());
        self.words.insert(letters(text));
        for word in text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
            self.words.insert(letters(word));
        }
    }
}

fn has_no_letters(meant: &str, leaves: &Leaves) -> bool {
    meant.trim().is_empty() || leaves.texts.iter().any(|text| text.contains(meant.trim()))
}

fn letters(text: &str) -> String {
    let kept = text.chars().filter(|character| character.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

#[test]
fn a_leaf_that_is_not_there_is_missed() {
    let leaves =
        Leaves::of(&[serde_json::json!({"attrs": ["\\Noselect"], "caps": ["CONTEXT=SEARCH"], "n": 7, "uids": "1:3"})]);
    let missing = |expected: Value| leaves.missing(&expected).0.len();
    assert_eq!(missing(serde_json::json!([{"context": "search"}, "noSelect", 7, {"range": [1, 3]}])), 0);
    assert_eq!(missing(serde_json::json!([{"context": "sort"}, "marked", 8, {"range": [1, 4]}])), 4);
}
