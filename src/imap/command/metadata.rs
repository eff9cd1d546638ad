//! Annotations of mailboxes and of the server (RFC 5464 §4).

use super::extension::Extension;
use crate::error::Replay;
use crate::imap::plan::Topic;
use crate::imap::types::{EntryName, MailboxName};

/// Which entries below an entry GETMETADATA returns (RFC 5464 §4.2.2).
///
/// ```
/// use postroom::imap::{EntryName, Extension, MetadataDepth};
///
/// let all = Extension::get_metadata(None, &[EntryName::SHARED_COMMENT], MetadataDepth::All, None);
/// assert_eq!(all.to_string(), "GETMETADATA (DEPTH infinity) \"\" (/shared/comment)");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum MetadataDepth {
    /// The entry only.
    #[default]
    Entry,
    /// The entry and those directly below it.
    Children,
    /// The entry and all below it.
    All,
}

impl Extension {
    /// GETMETADATA: the values of entries of a mailbox, or of the server if `mailbox` is `None`. With `max_size`, longer values (in
    /// bytes) are left out. The answer is [`Response::Metadata`](crate::imap::Response::Metadata).
    pub fn get_metadata(
        mailbox: Option<&MailboxName>,
        entries: &[EntryName],
        depth: MetadataDepth,
        max_size: Option<u32>,
    ) -> Self {
        let (depth, below) = match depth {
            MetadataDepth::Entry => (None, 0),
            MetadataDepth::Children => (Some("1"), 1),
            MetadataDepth::All => (Some("infinity"), usize::MAX),
        };
        let line = Self::new("GETMETADATA").claim("METADATA").about(Topic::of(mailbox).entries(entries, below));
        let line = match (max_size, depth) {
            (None, None) => line,
            (size, depth) => line.list(|list| {
                let list = size.into_iter().fold(list, |list, size| list.word("MAXSIZE").number(size.into()));
                depth.into_iter().fold(list, |list, depth| list.word("DEPTH").word(depth))
            }),
        };
        let line = line.of(mailbox);
        match entries {
            [] => line.invalid("GETMETADATA needs at least one entry"),
            entries => line.list(|list| list.each(entries, |list, entry| list.text(entry.as_str()))),
        }
    }

    /// SETMETADATA: writes entries of a mailbox, or of the server if `mailbox` is `None`. An entry without a value is removed.
    pub fn set_metadata(mailbox: Option<&MailboxName>, values: &[(EntryName, Option<Vec<u8>>)]) -> Self {
        let line = Self::new("SETMETADATA").of(mailbox).replay(Replay::Safe);
        let entry = |list: Self, (name, value): &(EntryName, Option<Vec<u8>>)| match value {
            // Only `literal8` may contain NUL (RFC 5464 §5, `value`).
            Some(value) if value.contains(&0) => list.text(name.as_str()).binary(value.clone()),
            value => list.text(name.as_str()).nstring(value.clone()),
        };
        match values {
            [] => line.invalid("SETMETADATA needs at least one entry"),
            values => line.list(|list| list.each(values, entry)),
        }
    }

    fn of(self, mailbox: Option<&MailboxName>) -> Self {
        match mailbox {
            Some(mailbox) => self.mailbox(mailbox),
            None => self.string(""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_first_and_values_may_be_any_bytes() {
        let comment = EntryName::SHARED_COMMENT;
        let get = |depth, size| Extension::get_metadata(None, std::slice::from_ref(&comment), depth, size).to_string();
        assert_eq!(get(MetadataDepth::Entry, None), "GETMETADATA \"\" (/shared/comment)");
        assert_eq!(get(MetadataDepth::All, Some(9)), "GETMETADATA (MAXSIZE 9 DEPTH infinity) \"\" (/shared/comment)");
        let values =
            [(comment.clone(), Some(b"a\"b".to_vec())), (comment.clone(), None), (comment, Some(b"a\0".to_vec()))];
        assert_eq!(
            Extension::set_metadata(Some(&MailboxName::INBOX), &values).to_string(),
            "SETMETADATA INBOX (/shared/comment \"a\\\"b\" /shared/comment NIL /shared/comment ~{a\\x00})"
        );
        assert!(Extension::set_metadata(None, &[]).segments(false).is_err());
    }
}
