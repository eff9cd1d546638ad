//! Sets of numbers as the server wrote them: values of the crate are sorted and joined, which says the same.

use postroom::imap::Uids;
use serde_json::Value;

/// The first word of the frame that means this set; where there is none, the set as the crate writes it.
pub fn written(set: &Uids, frame: &[u8]) -> Value {
    let words = frame.split(|byte| b" ()[]\r\n".contains(byte));
    let numbers = words.filter(|word| word.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'*'));
    let mut texts = numbers.filter_map(|word| std::str::from_utf8(word).ok());
    let found = texts.find(|word| word.parse::<Uids>().is_ok_and(|meant| meant.ranges().eq(set.ranges())));
    found.map_or_else(|| set.to_string(), str::to_owned).into()
}
