//! Sets as the server wrote them: the crate's values are sorted and joined, which means the same.

use postroom::imap::Uids;
use serde_json::Value;

/// The first word of the frame that means this set; if there is none, the set as the crate writes it.
pub fn written(set: &Uids, frame: &[u8]) -> Value {
    let same = |word: &str| {
        let meant =
            word.starts_with(|first: char| first.is_ascii_digit() || first == '*').then(|| word.parse::<Uids>().ok());
        meant
            .flatten()
            .filter(|meant| meant.ranges().eq(set.ranges()) && meant.open_from() == set.open_from())
            .map(|_| word.to_owned())
    };
    written_as(frame, same).unwrap_or_else(|| set.to_string()).into()
}

/// The first word of the frame that is taken.
pub fn written_as(frame: &[u8], take: impl Fn(&str) -> Option<String>) -> Option<String> {
    let words = frame.split(|byte| b" ()[]\r\n".contains(byte)).filter_map(|word| std::str::from_utf8(word).ok());
    words.filter(|word| !word.is_empty()).find_map(take)
}
