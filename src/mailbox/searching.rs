//! Judges by the listing and by headers whether messages fit a [`Find`], for a mailbox whose server does not search. It must not know
//! where they come from.

use std::collections::HashMap;

use bytes::Bytes;

use super::find::{Find, Found};
use super::values::Entry;
use crate::message_id::MessageId;
use crate::text::{field, unfold, word};

/// The messages that may fit.
pub(super) struct Searching {
    /// The texts to look for, in lower case.
    texts: Vec<(String, String)>,
    /// Each with what the listing shows; `None` if that is nothing.
    listed: Vec<(MessageId, Option<bool>)>,
    /// What the header shows; `None` if it cannot be read.
    headers: HashMap<MessageId, Option<bool>>,
}

impl Searching {
    pub(super) fn new(find: &Find, entries: Vec<Entry>) -> Self {
        let listed = entries.into_iter().map(|entry| (by_entry(find, &entry), entry.id));
        let listed = listed.filter(|(fits, _)| *fits != Some(false)).map(|(fits, id)| (id, fits));
        let texts = find.texts.iter().map(|(field, text)| (field.clone(), text.to_lowercase()));
        Self { texts: texts.collect(), listed: listed.collect(), headers: HashMap::new() }
    }

    /// The messages whose headers are needed.
    pub(super) fn wanted(&self) -> Vec<MessageId> {
        let listed = self.listed.iter().filter(|_| !self.texts.is_empty());
        listed.map(|(id, _)| id.clone()).collect()
    }

    /// A header without bytes could not be read.
    pub(super) fn add(&mut self, id: &MessageId, header: &Bytes) {
        let fits = || self.texts.iter().all(|(field, text)| has(header, field, text));
        let fits = (!header.is_empty()).then(fits);
        self.headers.insert(id.clone(), fits);
    }

    /// A message whose header did not come is gone by now.
    pub(super) fn found(self) -> Found {
        let mut found = Found::default();
        for (id, listed) in self.listed {
            let header = match self.texts.is_empty() {
                true => Some(true),
                false => self.headers.get(&id).copied().unwrap_or(Some(false)),
            };
            match (listed, header) {
                (_, Some(false)) => {}
                (Some(_), Some(true)) => found.messages.push(id),
                _ => found.unknown.push(id),
            }
        }
        found
    }
}

/// Whether the listing shows that the message fits the conditions about size and flags; `None` if it does not show it.
fn by_entry(find: &Find, entry: &Entry) -> Option<bool> {
    let larger = find.larger.map(|limit| entry.size.map(|size| size > limit));
    let smaller = find.smaller.map(|limit| entry.size.map(|size| size < limit));
    let flags = find.flags.iter().map(|(flag, set)| Some(entry.flags.as_ref()?.contains(flag) == *set));
    let all: Vec<Option<bool>> = larger.into_iter().chain(smaller).chain(flags).collect();
    match all.contains(&Some(false)) {
        true => Some(false),
        false => all.iter().all(Option::is_some).then_some(true),
    }
}

/// Whether a field of this name has this text, which is in lower case. The header ends at the empty line.
fn has(header: &[u8], name: &str, text: &str) -> bool {
    let fields = field::whole(header).take_while(|field| !field.trim_ascii().is_empty()).filter_map(field::split);
    let mut values = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value);
    values.any(|value| word::decode(&unfold(value)).to_lowercase().contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_not_known() {
        let entry = |key: &str, size: Option<u64>| Entry { size, ..Entry::new(MessageId::other("box", key)) };
        let entries = vec![entry("a", Some(5)), entry("b", None), entry("c", Some(50)), entry("d", Some(6))];
        let ids: Vec<MessageId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let sizes = Searching::new(&Find::new().smaller(10), entries.clone());
        assert!(sizes.wanted().is_empty());
        let found = sizes.found();
        assert_eq!(found.messages, [ids[0].clone(), ids[3].clone()]);
        assert_eq!(found.unknown, ids[1..2]);
        let mut texts = Searching::new(&Find::new().smaller(10).subject("X"), entries);
        assert_eq!(texts.wanted(), [ids[0].clone(), ids[1].clone(), ids[3].clone()]);
        texts.add(&ids[0], &Bytes::from_static(b"Subject: x\r\n\r\n"));
        texts.add(&ids[1], &Bytes::from_static(b"Subject: y\r\n\r\n"));
        texts.add(&ids[3], &Bytes::new());
        let found = texts.found();
        assert_eq!((found.messages, found.unknown), (ids[..1].to_vec(), ids[3..].to_vec()));
    }

    #[test]
    fn a_field_is_found_decoded_and_in_any_case() {
        let header =
            b"From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\r\nodd line\r\nsubject: one\r\n two\r\n\r\nTo: body\r\n";
        for (field, text, fits) in [
            ("FROM", "jörg <j@", true),
            ("Subject", "one two", true),
            ("Subject", "", true),
            ("Subject", "three", false),
            ("To", "body", false),
            ("odd line", "", false),
        ] {
            assert_eq!(has(header, field, text), fits, "{field}: {text}");
        }
        for header in [&b""[..], b"\n", b"x", b": y", b"Subject", b"\r\n\r\nSubject: one\r\n"] {
            assert!(!has(header, "Subject", ""), "{header:?}");
        }
    }
}
