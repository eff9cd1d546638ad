//! Access control lists (RFC 4314): [`Rights`] and who has them. It must not know who may change a list.

use std::fmt;
use std::ops::{BitOr, Sub};
use std::str::FromStr;

use super::mailbox_name::MailboxName;
use crate::{Error, Result};

/// A set of rights, each one letter or digit (RFC 4314 §2.1).
///
/// Rights that only one server knows are kept. So are `c` and `d` of RFC 2086, which servers list together with the newer rights
/// that replace them (RFC 4314 §2.1.1).
///
/// ```
/// use postroom::imap::Rights;
///
/// let rights: Rights = "lrs".parse()?;
/// assert!(rights.contains(Rights::READ) && !rights.contains(Rights::READ | Rights::ADMINISTER));
/// assert_eq!((rights | Rights::EXPUNGE).to_string(), "elrs");
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Rights(u128);

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $letter:literal;)*) => {
        $($(#[$doc])* pub const $name: Self = Self(1 << $letter);)*
    };
}

impl Rights {
    rights! {
        /// `l`: LIST, LSUB and SUBSCRIBE see the mailbox.
        LOOKUP = b'l';
        /// `r`: SELECT the mailbox and read its messages.
        READ = b'r';
        /// `s`: change `\Seen`.
        SEEN = b's';
        /// `w`: change all flags except `\Seen` and `\Deleted`.
        WRITE = b'w';
        /// `i`: APPEND and COPY messages into the mailbox.
        INSERT = b'i';
        /// `p`: send mail to the mailbox's address. IMAP itself does not use this right.
        POST = b'p';
        /// `k`: create mailboxes below this one.
        CREATE_MAILBOX = b'k';
        /// `x`: delete or rename the mailbox.
        DELETE_MAILBOX = b'x';
        /// `t`: change `\Deleted`.
        DELETE_MESSAGES = b't';
        /// `e`: EXPUNGE.
        EXPUNGE = b'e';
        /// `a`: read and change the mailbox's access control list.
        ADMINISTER = b'a';
        /// `n`: write shared annotations of messages (RFC 5257 §3.4).
        ANNOTATE = b'n';
        /// `c` of RFC 2086: create mailboxes below this one, and on some servers delete this one (RFC 4314 §2.1.1).
        OBSOLETE_CREATE = b'c';
        /// `d` of RFC 2086: mark messages as deleted and expunge them, and on some servers delete the mailbox.
        OBSOLETE_DELETE = b'd';
    }

    /// No rights.
    pub const NONE: Self = Self(0);

    /// Whether this set contains all rights of `other`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The letter of each right, in ascending order.
    pub fn letters(self) -> impl Iterator<Item = char> {
        (0..128_u8).filter(move |letter| self.0 & (1 << letter) != 0).map(char::from)
    }

    /// Reads rights as a server writes them. Any ASCII byte counts as a right; `None` if the text is not ASCII.
    pub(crate) fn from_wire(text: &[u8]) -> Option<Self> {
        text.is_ascii().then(|| Self(text.iter().fold(0, |all, letter| all | 1 << letter)))
    }
}

impl FromStr for Rights {
    type Err = Error;

    /// [`Kind::Input`](crate::Kind::Input) for anything but lower-case letters and digits.
    fn from_str(letters: &str) -> Result<Self> {
        let known = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        match Self::from_wire(letters.as_bytes()) {
            Some(rights) if letters.bytes().all(known) => Ok(rights),
            _ => Err(Error::input("rights are lower-case letters and digits")),
        }
    }
}

impl BitOr for Rights {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The rights of the left set that are not in the right one.
impl Sub for Rights {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The wire form, not quoted; empty if there are no rights.
impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.letters().try_for_each(|letter| fmt::Write::write_char(f, letter))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rights({self})")
    }
}

/// Who has which rights in a mailbox (RFC 4314 §3.6).
///
/// ```
/// use postroom::imap::codec::acl;
///
/// let list = acl::parse(b"* ACL INBOX Fred rwipsldexta -bob lr\r\n", false)?;
/// assert_eq!((list.mailbox.as_str(), list.entries.len()), ("INBOX", 2));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Acl {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// All entries, in the server's order.
    pub entries: Vec<AclEntry>,
}

/// The rights of one user or group.
///
/// ```
/// use postroom::imap::{Rights, codec::acl};
///
/// let list = acl::parse(b"* ACL INBOX Fred rwipsldexta -bob lr\r\n", false)?;
/// assert!(list.entries[0].rights.contains(Rights::READ));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AclEntry {
    /// The user or group, as the server writes it. An identifier that begins with `-` takes rights away (RFC 4314 §2).
    pub identifier: String,
    /// The rights.
    pub rights: Rights,
}

/// The rights that a user always has and those that can be granted (RFC 4314 §3.7).
///
/// ```
/// use postroom::imap::codec::acl;
///
/// let rights = acl::list_rights(b"* LISTRIGHTS INBOX smith la r swicdkxte\r\n", false)?;
/// assert_eq!((rights.identifier.as_str(), rights.optional.len()), ("smith", 2));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ListRights {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// The user or group.
    pub identifier: String,
    /// The rights that the user always has.
    pub required: Rights,
    /// The rights that can be granted. Those of one element can only be granted together.
    pub optional: Vec<Rights>,
}

/// The caller's own rights in a mailbox (RFC 4314 §3.8; RFC 8440 within LIST).
///
/// ```
/// use postroom::imap::{Rights, codec::acl};
///
/// let mine = acl::my_rights(b"* MYRIGHTS INBOX rwiptsldaex\r\n", false)?;
/// assert!(mine.rights.contains(Rights::EXPUNGE));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MyRights {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// The rights.
    pub rights: Rights,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_sent_is_refused_and_what_a_server_has_is_kept() {
        assert!("lR".parse::<Rights>().is_err() && "l r".parse::<Rights>().is_err() && "lé".parse::<Rights>().is_err());
        assert_eq!(Rights::from_wire(b"ls0+").unwrap().to_string(), "+0ls");
        assert_eq!(Rights::from_wire(b"\xff"), None);
        assert!("".parse::<Rights>().unwrap().is_empty());
        assert_eq!(("lrs".parse::<Rights>().unwrap() - Rights::READ).to_string(), "ls");
    }
}
