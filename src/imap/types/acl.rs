//! Access control lists (RFC 4314): [`Rights`] and who has them. It must not know who may change them.

use std::fmt;
use std::ops::{BitOr, Sub};
use std::str::FromStr;

use super::mailbox_name::MailboxName;
use crate::{Error, Result};

/// A set of rights, each one letter or digit (RFC 4314 §2.1).
///
/// A server may have rights of its own; they are kept. Those of RFC 2086, `c` and `d`, stand beside the newer ones that a server
/// says together with them (RFC 4314 §2.1.1).
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
        /// `l`: the mailbox is seen by LIST, LSUB and SUBSCRIBE.
        LOOKUP = b'l';
        /// `r`: SELECT, and reading.
        READ = b'r';
        /// `s`: to change `\Seen`.
        SEEN = b's';
        /// `w`: to change all other flags but `\Deleted`.
        WRITE = b'w';
        /// `i`: APPEND and COPY into it.
        INSERT = b'i';
        /// `p`: to send mail to it; IMAP itself does not use it.
        POST = b'p';
        /// `k`: to create mailboxes below it.
        CREATE_MAILBOX = b'k';
        /// `x`: to delete or rename it.
        DELETE_MAILBOX = b'x';
        /// `t`: to change `\Deleted`.
        DELETE_MESSAGES = b't';
        /// `e`: EXPUNGE.
        EXPUNGE = b'e';
        /// `a`: to change and to see its access control list.
        ADMINISTER = b'a';
        /// `n`: to write shared annotations of messages (RFC 5257 §3.4).
        ANNOTATE = b'n';
    }

    /// None at all.
    pub const NONE: Self = Self(0);

    /// Whether all of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each as its letter, ascending.
    pub fn letters(self) -> impl Iterator<Item = char> {
        (0..128_u8).filter(move |letter| self.0 & (1 << letter) != 0).map(char::from)
    }

    /// Rights as a server writes them, in which other bytes than letters and digits are let be; `None` for what is not ASCII.
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

/// These without the others.
impl Sub for Rights {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The wire form, not quoted; empty for none.
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
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Acl {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// All entries, in the server's order.
    pub entries: Vec<AclEntry>,
}

/// The rights of one user or group.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AclEntry {
    /// Whom it is about, as the server writes it. One that begins with `-` takes rights away (RFC 4314 §2).
    pub identifier: String,
    /// The rights.
    pub rights: Rights,
}

/// Which rights somebody has in any case and which can be granted (RFC 4314 §3.7).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ListRights {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// Whom it is about.
    pub identifier: String,
    /// What that user has always.
    pub required: Rights,
    /// What can be granted; rights of one group only together.
    pub optional: Vec<Rights>,
}

/// The caller's own rights in a mailbox (RFC 4314 §3.8; RFC 8440 within LIST).
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
