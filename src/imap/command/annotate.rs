//! Annotations of messages (RFC 5257 §4.3, §4.5) and Gmail's labels (X-GM-EXT-1).

use super::extension::Extension;
use crate::FlagAction;
use crate::error::Replay;
use crate::imap::types::{EntryName, Uids};
use crate::text::mutf7;

impl Extension {
    /// UID FETCH of these attributes, such as `value.priv`, of these annotations. The answer is
    /// [`Response::Fetch`](crate::imap::Response::Fetch).
    pub fn fetch_annotations(uids: Uids, entries: &[EntryName], attributes: &[&str]) -> Self {
        let line = Self::new("UID FETCH").claim("FETCH").selected().uids(uids);
        if entries.is_empty() || attributes.is_empty() {
            return line.invalid("FETCH of annotations needs at least one entry and one attribute");
        }
        line.list(|list| {
            list.word("UID").word("ANNOTATION").list(|list| {
                let list = list.list(|list| list.each(entries, |list, entry| list.string(entry.as_str())));
                list.list(|list| list.each(attributes, |list, attribute| list.string(*attribute)))
            })
        })
    }

    /// UID STORE of an annotation: attributes with values, such as `value.shared`. An attribute without a value is removed.
    pub fn store_annotation(uids: Uids, entry: &EntryName, values: &[(&str, Option<Vec<u8>>)]) -> Self {
        let line = Self::new("UID STORE").claim("FETCH").selected().replay(Replay::Safe).uids(uids);
        let value = |list: Self, (name, value): &(&str, Option<Vec<u8>>)| list.string(*name).nstring(value.clone());
        match values {
            [] => line.invalid("STORE ANNOTATION needs at least one attribute"),
            values => {
                line.word("ANNOTATION").list(|list| list.string(entry.as_str()).list(|list| list.each(values, value)))
            }
        }
    }

    /// UID STORE of Gmail labels. Those with a backslash, such as `\\Inbox`, are Gmail's system labels.
    pub fn store_labels(uids: Uids, action: FlagAction, labels: &[&str]) -> Self {
        let item = match action {
            FlagAction::Add => "+X-GM-LABELS.SILENT",
            FlagAction::Remove => "-X-GM-LABELS.SILENT",
            FlagAction::Set => "X-GM-LABELS.SILENT",
        };
        let line = Self::new("UID STORE").claim("FETCH").selected().replay(Replay::Safe).uids(uids).word(item);
        line.list(|list| list.each(labels, |list, label| list.text(mutf7::encode(label))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_named_by_strings() {
        let comment = EntryName::new("/comment").unwrap();
        assert_eq!(
            Extension::fetch_annotations(Uids::ALL, std::slice::from_ref(&comment), &["value.priv"]).to_string(),
            "UID FETCH 1:* (UID ANNOTATION ((\"/comment\") (\"value.priv\")))"
        );
        assert_eq!(
            Extension::store_annotation(Uids::ALL, &comment, &[("value.priv", Some(b"x".to_vec()))]).to_string(),
            "UID STORE 1:* ANNOTATION (\"/comment\" (\"value.priv\" \"x\"))"
        );
    }

    #[test]
    fn labels_are_strings_in_modified_utf7() {
        let store = Extension::store_labels(Uids::ALL, FlagAction::Add, &["\\Inbox", "für", "a b"]);
        assert_eq!(store.to_string(), "UID STORE 1:* +X-GM-LABELS.SILENT (\"\\\\Inbox\" f&APw-r \"a b\")");
    }
}
