//! Annotations of mailboxes and servers (RFC 5464): the names of entries, and [`Metadata`], their values. It must not know
//! which entries a server has.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::mailbox_name::MailboxName;
use crate::{Error, Result};

/// The name of an annotation: a path that begins with `/shared` or `/private` (RFC 5464 §3.1). Letter case does not matter.
///
/// ```
/// use postroom::imap::EntryName;
///
/// let comment: EntryName = "/shared/comment".parse()?;
/// assert_eq!(comment, EntryName::SHARED_COMMENT);
/// assert!("/shared/*".parse::<EntryName>().is_err());
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Eq)]
pub struct EntryName(Cow<'static, str>);

/// What METADATA says of a mailbox, or of the server (RFC 5464 §4.4; RFC 9590 within LIST).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// The mailbox; `None` for the server itself.
    pub mailbox: Option<MailboxName>,
    /// Entries with their values, any bytes; `None` where an entry has none.
    pub values: Vec<(EntryName, Option<Vec<u8>>)>,
    /// Entries that have changed, of which no values are told.
    pub changed: Vec<EntryName>,
}

impl EntryName {
    /// `/private/comment`: what the user notes about a mailbox.
    pub const PRIVATE_COMMENT: Self = Self(Cow::Borrowed("/private/comment"));
    /// `/shared/comment`: what is noted about a mailbox or server for all.
    pub const SHARED_COMMENT: Self = Self(Cow::Borrowed("/shared/comment"));
    /// `/shared/admin`: how the server's administrator is reached, as a URI.
    pub const SHARED_ADMIN: Self = Self(Cow::Borrowed("/shared/admin"));
    /// `/private/specialuse`: the special use of a mailbox (RFC 6154 §4).
    pub const PRIVATE_SPECIAL_USE: Self = Self(Cow::Borrowed("/private/specialuse"));

    /// The entry of that name.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) where the name does not begin with a slash, ends in one, has two together, or holds `*`,
    /// `%`, or anything but printable ASCII (RFC 5464 §3.1).
    pub fn new(name: &str) -> Result<Self> {
        let plain = name.bytes().all(|byte| (b' '..0x7f).contains(&byte) && !matches!(byte, b'*' | b'%'));
        match plain && name.starts_with('/') && !name.ends_with('/') && !name.contains("//") {
            true => Ok(Self(Cow::Owned(name.to_owned()))),
            false => Err(Error::input("the name of an entry is a path such as /shared/comment")),
        }
    }

    /// One that a server has, however it looks.
    pub(crate) fn found(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Metadata {
    /// The value of that entry; `None` where the entry has none, or was not told.
    pub fn value(&self, name: &EntryName) -> Option<&[u8]> {
        self.values.iter().find(|(have, _)| have == name)?.1.as_deref()
    }
}

impl PartialEq for EntryName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Hash for EntryName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
    }
}

impl FromStr for EntryName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryName({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_paths_are_refused() {
        for name in ["", "shared/a", "/shared/", "/shared//a", "/a%", "/a\r\n", "/\u{fc}"] {
            assert!(EntryName::new(name).is_err(), "{name:?}");
        }
        assert_eq!(EntryName::new("/Shared/Comment").unwrap(), EntryName::SHARED_COMMENT);
    }
}
