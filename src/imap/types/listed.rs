//! [`Listed`]: one mailbox in the answer to LIST (RFC 9051 §7.3.1). It must not know what was asked.

use super::mailbox_name::MailboxName;

/// A mailbox as LIST, LSUB or XLIST names it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Listed {
    /// Its name, without a delimiter at its end.
    pub name: MailboxName,
    /// Whether the server wrote the delimiter behind the name: where nothing but the root of a hierarchy was asked for
    /// (RFC 9051 §6.3.9), and where Exchange names a parent.
    pub ends_in_delimiter: bool,
    /// What separates the levels of the name; `None` where names have no levels.
    pub delimiter: Option<char>,
    /// Attributes such as `\HasChildren` or `\Sent`, as the server wrote them.
    pub attributes: Vec<String>,
    /// What its former name was, where it was renamed or the server knows it by another one (RFC 9051 §6.3.9.7).
    pub old_name: Option<MailboxName>,
    /// By which selection options mailboxes below it match, such as `SUBSCRIBED`, as the server wrote them (RFC 9051 §6.3.9.6).
    pub child_info: Vec<String>,
    /// The extended data of RFC 5258 with its parentheses, unparsed; empty where there was none.
    pub extended: Vec<u8>,
}

impl Listed {
    /// Whether the mailbox has that attribute, such as `\Trash`; letter case does not matter.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|have| have.eq_ignore_ascii_case(attribute))
    }

    /// Whether the mailbox can be selected: it is neither a bare level of the hierarchy nor missing.
    pub fn is_selectable(&self) -> bool {
        !self.has("\\Noselect") && !self.has("\\NonExistent")
    }
}
