//! Quotas (RFC 9208): what a [`Quota`] limits, how much of it is used, and which roots a mailbox has. It must not know how a server
//! counts.

use std::fmt;

use super::mailbox_name::MailboxName;

/// A resource that a quota limits (RFC 9208 §5).
///
/// ```
/// use postroom::imap::{Extension, QuotaResource};
///
/// let limit = Extension::set_quota("", &[(QuotaResource::Message, 1000)]);
/// assert_eq!(limit.to_string(), "SETQUOTA \"\" (MESSAGE 1000)");
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum QuotaResource {
    /// The total size of all messages, in units of 1024 octets.
    Storage,
    /// The number of messages.
    Message,
    /// The number of mailboxes.
    Mailbox,
    /// The total size of all annotations, in units of 1024 octets.
    AnnotationStorage,
    /// A resource that this crate does not know, by its name in upper case.
    Other(String),
}

/// The usage and the limit of each resource of a quota root (RFC 9208 §4.2.1).
///
/// ```
/// use postroom::imap::codec::quota;
///
/// let quota = quota::parse(b"* QUOTA \"#user/alice\" (STORAGE 54 111 MESSAGE 42 1000)\r\n")?;
/// assert_eq!(quota.root, "#user/alice");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Quota {
    /// The root's name; often empty. It is not a mailbox name.
    pub root: String,
    /// The resources, in the server's order.
    pub resources: Vec<QuotaUsage>,
}

/// How much of one resource is used.
///
/// ```
/// use postroom::imap::{QuotaResource, codec::quota};
///
/// let quota = quota::parse(b"* QUOTA \"#user/alice\" (STORAGE 54 111 MESSAGE 42 1000)\r\n")?;
/// assert_eq!(quota.of(&QuotaResource::Storage).map(|storage| storage.limit - storage.usage), Some(57));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct QuotaUsage {
    /// The resource.
    pub resource: QuotaResource,
    /// How much of it is used, in the unit of the resource.
    pub usage: u64,
    /// The limit, in the same unit. Some servers send 0 or 2^63-1 if there is no limit.
    pub limit: u64,
}

/// The quota roots that a mailbox counts to (RFC 9208 §4.2.2).
///
/// ```
/// use postroom::imap::codec::quota;
///
/// let roots = quota::roots(b"* QUOTAROOT INBOX \"\"\r\n", false)?;
/// assert_eq!(roots.roots, [""]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct QuotaRoots {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// The names of the roots; if there are none, no quota applies.
    pub roots: Vec<String>,
}

impl QuotaResource {
    /// The resource with this name, in any letter case.
    pub fn new(name: &str) -> Self {
        match name.to_ascii_uppercase() {
            name if name == "STORAGE" => Self::Storage,
            name if name == "MESSAGE" => Self::Message,
            name if name == "MAILBOX" => Self::Mailbox,
            name if name == "ANNOTATION-STORAGE" => Self::AnnotationStorage,
            name => Self::Other(name),
        }
    }

    /// The resource's name on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Storage => "STORAGE",
            Self::Message => "MESSAGE",
            Self::Mailbox => "MAILBOX",
            Self::AnnotationStorage => "ANNOTATION-STORAGE",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for QuotaResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Quota {
    /// The usage and limit of this resource; `None` if the quota does not limit it.
    pub fn of(&self, resource: &QuotaResource) -> Option<&QuotaUsage> {
        self.resources.iter().find(|usage| usage.resource == *resource)
    }
}
