//! [`Namespaces`]: the prefixes of mailbox names on a server (RFC 2342). It must not know which mailboxes there are.

use crate::defect::Defect;

/// The prefixes of mailbox names, grouped by the owner of the mailboxes (RFC 2342, RFC 9051 §6.3.10).
///
/// ```
/// use postroom::imap::codec::namespace;
///
/// let line = b"* NAMESPACE ((\"\" \"/\")) ((\"~\" \"/\")) NIL\r\n";
/// let namespaces = namespace::parse(line, false)?;
/// assert_eq!(namespaces.others[0].prefix, "~");
/// assert!(namespaces.shared.is_empty());
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Namespaces {
    /// The prefixes of the user's own mailboxes.
    pub personal: Vec<Namespace>,
    /// The prefixes of other users' mailboxes.
    pub others: Vec<Namespace>,
    /// The prefixes of mailboxes that are shared and belong to no user.
    pub shared: Vec<Namespace>,
}

/// One prefix of mailbox names.
///
/// ```
/// use postroom::imap::{MailboxName, Namespace};
///
/// fn within(namespace: &Namespace, name: &str) -> postroom::Result<MailboxName> {
///     MailboxName::new(&format!("{}{name}", namespace.prefix))
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Namespace {
    /// The beginning of the names; often empty. It includes the delimiter if a name needs one after it.
    pub prefix: String,
    /// The character that separates the levels of names; `None` if names have no levels. A delimiter that is not one ASCII character is
    /// also `None` and a defect.
    pub delimiter: Option<char>,
    /// The prefix in the user's language: for display, never to be sent (RFC 5255 §3.4).
    pub translation: Option<String>,
    /// The data of extensions, unparsed; empty if there is none.
    pub extended: Vec<u8>,
    /// The parts that could not be read.
    pub defects: Vec<Defect>,
}

impl Namespace {
    /// A namespace without further data.
    pub(crate) fn new(prefix: String, delimiter: Option<char>) -> Self {
        Self { prefix, delimiter, translation: None, extended: Vec::new(), defects: Vec::new() }
    }
}
