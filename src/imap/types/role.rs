//! [`Role`]: what a mailbox is for, and [`RoleSource`]: how that is known. It must not know a tree or a command.

use std::fmt;

use super::listed::Listed;

/// What a mailbox is for (RFC 6154 §2, RFC 8457). The words of a server and the names that people give are read in many forms; each
/// mailbox of a [`FolderTree`](crate::imap::FolderTree) has at most one role by its name.
///
/// ```
/// use postroom::imap::Role;
///
/// assert_eq!(Role::Trash.attribute(), Some("\\Trash"));
/// assert_eq!(Role::Trash.to_string(), "Trash");
/// assert_eq!(Role::Inbox.attribute(), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Role {
    /// New mail arrives here: INBOX.
    Inbox,
    /// Drafts (`\Drafts`).
    Drafts,
    /// Sent mail (`\Sent`).
    Sent,
    /// Mail that is kept and no longer needs attention (`\Archive`).
    Archive,
    /// Spam (`\Junk`).
    Junk,
    /// Deleted mail (`\Trash`).
    Trash,
    /// All mail of the account, seen as one mailbox (`\All`).
    All,
    /// All flagged mail, seen as one mailbox (`\Flagged`).
    Flagged,
    /// Mail that the server holds to be important (`\Important`, RFC 8457).
    Important,
}

/// How a [`Role`] is known, the most reliable first.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::{Role, RoleSource};
///
/// let tree = imap.folders().await?;
/// let sent = tree.special(Role::Sent).unwrap();
/// assert_eq!(sent.role_source(), Some(RoleSource::SpecialUse));
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum RoleSource {
    /// The mailbox is INBOX (RFC 9051 §5.1).
    Inbox,
    /// The server says so in LIST (SPECIAL-USE, RFC 6154).
    SpecialUse,
    /// The server says so in XLIST, an old command of Gmail and others.
    Xlist,
    /// It has a name that servers and clients give to such a mailbox, in one of many languages. It is a guess.
    Name,
}

/// The attributes of LIST and XLIST, and the role that each means.
const ATTRIBUTES: [(&str, Role); 12] = [
    ("\\Drafts", Role::Drafts),
    ("\\Sent", Role::Sent),
    ("\\Archive", Role::Archive),
    ("\\Junk", Role::Junk),
    ("\\Trash", Role::Trash),
    ("\\All", Role::All),
    ("\\Flagged", Role::Flagged),
    ("\\Important", Role::Important),
    // XLIST has these words.
    ("\\Inbox", Role::Inbox),
    ("\\Spam", Role::Junk),
    ("\\AllMail", Role::All),
    ("\\Starred", Role::Flagged),
];

impl Role {
    /// The attribute that marks such a mailbox (RFC 6154 §2), which CREATE accepts; `None` for INBOX, which has none.
    pub fn attribute(self) -> Option<&'static str> {
        ATTRIBUTES.iter().find(|(_, role)| *role == self && self != Self::Inbox).map(|(name, _)| *name)
    }

    /// The roles that a server reports in the attributes of a mailbox, in the order of [`Role`].
    pub(crate) fn of(listed: &Listed) -> Vec<Self> {
        let marked = ATTRIBUTES.iter().filter(|(name, _)| listed.has(name)).map(|(_, role)| *role);
        let mut roles: Vec<Self> = marked.collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The name under which such a mailbox is created; `None` for one that a server makes of the others.
    pub(crate) fn usual_name(self) -> Option<&'static str> {
        match self {
            Self::Inbox => Some("INBOX"),
            Self::Drafts => Some("Drafts"),
            Self::Sent => Some("Sent"),
            Self::Archive => Some("Archive"),
            Self::Junk => Some("Junk"),
            Self::Trash => Some("Trash"),
            Self::All | Self::Flagged | Self::Important => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::codec::list;

    fn roles(attributes: &str) -> Vec<Role> {
        Role::of(&list::parse(format!("* LIST ({attributes}) \"/\" x\r\n").as_bytes(), false).unwrap())
    }

    #[test]
    fn both_generations_of_attributes_are_read() {
        assert_eq!(roles("\\HasNoChildren \\sent"), [Role::Sent]);
        assert_eq!(roles("\\Spam \\Junk \\Archive"), [Role::Archive, Role::Junk]);
        assert_eq!(roles("\\AllMail"), [Role::All]);
        assert_eq!(roles("\\Starred"), [Role::Flagged]);
        assert_eq!(roles("\\Marked \\Sentinel"), []);
    }

    #[test]
    fn what_can_be_created_has_an_attribute() {
        for (_, role) in ATTRIBUTES.into_iter().filter(|(_, role)| *role != Role::Inbox) {
            let attribute = role.attribute().unwrap();
            assert_eq!(roles(attribute), [role]);
            assert!(!["\\Spam", "\\AllMail", "\\Starred"].contains(&attribute));
        }
    }
}
