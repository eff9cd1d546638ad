//! [`StatusItems`]: the numbers that STATUS asks for (RFC 9051 §6.3.11). It must not know which of them a server has.

use std::fmt;
use std::ops::BitOr;

use super::capability::Capabilities;

/// The numbers to ask for about a mailbox that is not selected (RFC 9051 §6.3.11). Combine them with `|`.
///
/// ```
/// use postroom::imap::StatusItems;
///
/// let counts = StatusItems::MESSAGES | StatusItems::UNSEEN;
/// assert_eq!(counts.to_string(), "MESSAGES UNSEEN");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct StatusItems(u16);

/// The items in the order in which they are written.
const ITEMS: [(StatusItems, &str); 11] = [
    (StatusItems::MESSAGES, "MESSAGES"),
    (StatusItems::UID_NEXT, "UIDNEXT"),
    (StatusItems::UID_VALIDITY, "UIDVALIDITY"),
    (StatusItems::UNSEEN, "UNSEEN"),
    (StatusItems::DELETED, "DELETED"),
    (StatusItems::SIZE, "SIZE"),
    (StatusItems::HIGHEST_MODSEQ, "HIGHESTMODSEQ"),
    (StatusItems::APPEND_LIMIT, "APPENDLIMIT"),
    (StatusItems::MAILBOX_ID, "MAILBOXID"),
    (StatusItems::RECENT, "RECENT"),
    (StatusItems::DELETED_STORAGE, "DELETED-STORAGE"),
];

impl StatusItems {
    /// The number of messages.
    pub const MESSAGES: Self = Self(1);
    /// A lower bound for the UID of the next message.
    pub const UID_NEXT: Self = Self(1 << 1);
    /// The generation of the UIDs.
    pub const UID_VALIDITY: Self = Self(1 << 2);
    /// The number of messages that are not `\Seen`.
    pub const UNSEEN: Self = Self(1 << 3);
    /// The number of messages that are `\Deleted`. IMAP4rev2 only.
    pub const DELETED: Self = Self(1 << 4);
    /// The total size of all messages in bytes. IMAP4rev2, or `STATUS=SIZE` (RFC 8438).
    pub const SIZE: Self = Self(1 << 5);
    /// The highest modification sequence (CONDSTORE, RFC 7162).
    pub const HIGHEST_MODSEQ: Self = Self(1 << 6);
    /// The largest message that can be appended, in bytes (APPENDLIMIT, RFC 7889).
    pub const APPEND_LIMIT: Self = Self(1 << 7);
    /// An identifier that survives renaming (OBJECTID, RFC 8474).
    pub const MAILBOX_ID: Self = Self(1 << 8);
    /// The number of messages that are `\Recent`. IMAP4rev1 only (RFC 3501 §6.3.10).
    pub const RECENT: Self = Self(1 << 9);
    /// The number of bytes that EXPUNGE would free (`QUOTA=RES-STORAGE`, RFC 9208 §3.1).
    pub const DELETED_STORAGE: Self = Self(1 << 10);
    /// The items that every server has: the number of messages, UIDNEXT, UIDVALIDITY, and the number of unseen messages.
    pub const BASE: Self = Self(0b1111);

    pub(crate) const NONE: Self = Self(0);

    /// Whether this set contains all items of `other`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The items that this server does not support, by its capabilities.
    pub(crate) fn missing(self, capabilities: &Capabilities, rev2: bool) -> impl Iterator<Item = &'static str> {
        let has = move |item: Self| match item {
            Self::DELETED => rev2,
            Self::SIZE => rev2 || capabilities.has("STATUS=SIZE"),
            Self::HIGHEST_MODSEQ => capabilities.condstore(),
            Self::APPEND_LIMIT => {
                capabilities.has("APPENDLIMIT") || capabilities.values("APPENDLIMIT").next().is_some()
            }
            Self::MAILBOX_ID => capabilities.has("OBJECTID"),
            Self::RECENT => !rev2,
            Self::DELETED_STORAGE => capabilities.has("QUOTA=RES-STORAGE"),
            _ => true,
        };
        ITEMS.iter().filter(move |(item, _)| self.contains(*item) && !has(*item)).map(|(_, name)| *name)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        ITEMS.iter().filter(move |(item, _)| self.contains(*item)).map(|(_, name)| *name)
    }
}

impl BitOr for StatusItems {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The wire form, without parentheses.
impl fmt::Display for StatusItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for StatusItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusItems({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_lacks_is_named() {
        let all = StatusItems::BASE | StatusItems::SIZE | StatusItems::DELETED | StatusItems::HIGHEST_MODSEQ;
        let capabilities: Capabilities = ["IMAP4rev1", "CONDSTORE"].into_iter().collect();
        assert!(all.missing(&capabilities, false).eq(["DELETED", "SIZE"]));
        assert_eq!(all.missing(&capabilities, true).count(), 0);
    }
}
