//! Annotations of mailboxes and servers (RFC 5464): the names of entries, and [`Metadata`], their values. It must not know
//! which entries a server has.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::mailbox_name::MailboxName;
use crate::{Error, Result};

/// The name of an annotation of a mailbox or server: a path that begins with `/shared` or `/private` (RFC 5464 §3.1). Names are
/// compared without regard to letter case.
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

/// The annotations of a mailbox or of the server, as METADATA reports them (RFC 5464 §4.4; RFC 9590 in LIST).
///
/// ```
/// use postroom::imap::{EntryName, codec::metadata};
///
/// let server = metadata::parse(b"* METADATA \"\" (/shared/comment \"My own comment\")\r\n", false)?;
/// assert_eq!(server.mailbox, None);
/// assert_eq!(server.value(&EntryName::SHARED_COMMENT), Some(&b"My own comment"[..]));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// The mailbox; `None` for the server itself.
    pub mailbox: Option<MailboxName>,
    /// Entries with their values, which may be any bytes; `None` if an entry has no value.
    pub values: Vec<(EntryName, Option<Vec<u8>>)>,
    /// Entries that the server reports as changed, without their values.
    pub changed: Vec<EntryName>,
}

impl EntryName {
    /// `/private/comment`: the user's own comment on a mailbox.
    pub const PRIVATE_COMMENT: Self = Self(Cow::Borrowed("/private/comment"));
    /// `/shared/comment`: a comment on a mailbox or server for all users.
    pub const SHARED_COMMENT: Self = Self(Cow::Borrowed("/shared/comment"));
    /// `/shared/admin`: a URI to contact the server's administrator.
    pub const SHARED_ADMIN: Self = Self(Cow::Borrowed("/shared/admin"));
    /// `/private/specialuse`: the special use of a mailbox (RFC 6154 §4).
    pub const PRIVATE_SPECIAL_USE: Self = Self(Cow::Borrowed("/private/specialuse"));

    /// The name of an entry.
    ///
    /// ```
    /// # use postroom::imap::EntryName;
    /// assert_eq!(EntryName::new("/Shared/Comment")?, EntryName::SHARED_COMMENT);
    /// assert!(EntryName::new("shared").is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the name does not begin with a slash, ends in one, has two in a row, or contains `*`, `%`
    /// or anything but printable ASCII (RFC 5464 §3.1).
    pub fn new(name: &str) -> Result<Self> {
        let plain = name.bytes().all(|byte| (b' '..0x7f).contains(&byte) && !matches!(byte, b'*' | b'%'));
        match plain && name.starts_with('/') && !name.ends_with('/') && !name.contains("//") {
            true => Ok(Self(Cow::Owned(name.to_owned()))),
            false => Err(Error::input("the name of an entry is a path such as /shared/comment")),
        }
    }

    /// A name from a server, not validated.
    pub(crate) fn found(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The name in its original letter case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Metadata {
    /// The value of this entry; `None` if the entry has no value or is not in the answer.
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
