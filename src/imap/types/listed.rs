//! [`Listed`]: one mailbox in the answer to LIST (RFC 9051 §7.3.1), and [`Listing`]: the whole answer. It must not know what was asked.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;

use super::mailbox_name::MailboxName;
use crate::WordList;
use crate::defect::Defect;

/// A mailbox as LIST, LSUB or XLIST names it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Listed {
    /// Its name, without a delimiter at its end.
    pub name: MailboxName,
    /// Whether the server wrote the delimiter behind the name: where nothing but the root of a hierarchy was asked for
    /// (RFC 9051 §6.3.9), and where Exchange names a parent.
    pub ends_in_delimiter: bool,
    /// What separates the levels of the name; `None` where names have no levels, or where the server names something that is not one
    /// ASCII character, which is a defect then.
    pub delimiter: Option<char>,
    /// Attributes such as `\HasChildren` or `\Sent`, as the server wrote them.
    pub attributes: WordList,
    /// What its former name was, where it was renamed or the server knows it by another one (RFC 9051 §6.3.9.7).
    pub old_name: Option<Box<MailboxName>>,
    /// By which selection options mailboxes below it match, such as `SUBSCRIBED`, as the server wrote them (RFC 9051 §6.3.9.6).
    pub child_info: WordList,
    /// The extended data of RFC 5258 with its parentheses, unparsed; empty where there was none.
    pub extended: Box<[u8]>,
    /// What could not be read of the line: everything else is there.
    pub defects: Box<[Defect]>,
}

/// The answer to LIST or LSUB: mailboxes in the server's order, which it is a slice of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listing {
    listed: Vec<Listed>,
    unreadable: Vec<Bytes>,
}

impl Listing {
    pub(crate) fn new(listed: Vec<Listed>, unreadable: Vec<Bytes>) -> Self {
        Self { listed, unreadable }
    }

    /// The lines that name no mailbox, as they came: the server may have more mailboxes than are listed.
    pub fn unreadable(&self) -> &[Bytes] {
        &self.unreadable
    }

    /// The mailboxes alone.
    pub fn into_vec(self) -> Vec<Listed> {
        self.listed
    }

    /// Adds what another answer has of a mailbox.
    pub(crate) fn push(&mut self, listed: Listed) {
        self.listed.push(listed);
    }
}

impl Deref for Listing {
    type Target = [Listed];

    fn deref(&self) -> &[Listed] {
        &self.listed
    }
}

impl DerefMut for Listing {
    fn deref_mut(&mut self) -> &mut [Listed] {
        &mut self.listed
    }
}

impl IntoIterator for Listing {
    type Item = Listed;
    type IntoIter = std::vec::IntoIter<Listed>;

    fn into_iter(self) -> Self::IntoIter {
        self.listed.into_iter()
    }
}

impl<'a> IntoIterator for &'a Listing {
    type Item = &'a Listed;
    type IntoIter = std::slice::Iter<'a, Listed>;

    fn into_iter(self) -> Self::IntoIter {
        self.listed.iter()
    }
}

impl Listed {
    /// Whether the mailbox has that attribute, such as `\Trash`; letter case does not matter.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes.contains(attribute)
    }

    /// Whether the mailbox can be selected: it is neither a bare level of the hierarchy nor missing.
    pub fn is_selectable(&self) -> bool {
        !self.has("\\Noselect") && !self.has("\\NonExistent")
    }
}
