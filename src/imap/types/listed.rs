//! [`Listed`]: one mailbox in the answer to LIST (RFC 9051 §7.3.1), and [`Listing`]: the whole answer. It must not know what was asked
//! for.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;

use super::mailbox_name::MailboxName;
use crate::WordList;
use crate::defect::Defect;

/// One mailbox in the answer to LIST, LSUB or XLIST (RFC 9051 §7.3.1).
///
/// ```
/// use postroom::imap::codec::list;
///
/// let sent = list::parse(b"* LIST (\\HasNoChildren \\Sent) \"/\" \"Archive/Sent\"\r\n", false)?;
/// assert_eq!((sent.name.as_str(), sent.delimiter), ("Archive/Sent", Some('/')));
/// assert!(sent.has("\\Sent") && sent.is_selectable());
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Listed {
    /// The mailbox's name, without a delimiter at its end.
    pub name: MailboxName,
    /// Whether the server wrote a delimiter at the end of the name. Servers do if only the root of a hierarchy was asked for
    /// (RFC 9051 §6.3.9); Exchange also does for parents.
    pub ends_in_delimiter: bool,
    /// The character that separates the levels of the name; `None` if names have no levels. A delimiter that is not one ASCII
    /// character is also `None` and a defect.
    pub delimiter: Option<char>,
    /// Attributes such as `\HasChildren` or `\Sent`, as the server wrote them.
    pub attributes: WordList,
    /// The former name, if the mailbox was renamed or the server writes the requested name differently (RFC 9051 §6.3.9.7).
    pub old_name: Option<Box<MailboxName>>,
    /// The selection options that mailboxes below this one match, such as `SUBSCRIBED`, as the server wrote them
    /// (RFC 9051 §6.3.9.6).
    pub child_info: WordList,
    /// The extended data of RFC 5258 with its parentheses, unparsed; empty if there is none.
    pub extended: Box<[u8]>,
    /// The parts of the line that could not be read. All others are complete.
    pub defects: Box<[Defect]>,
}

/// The answer to LIST or LSUB: the mailboxes in the server's order. It dereferences to a slice of [`Listed`].
///
/// ```
/// use postroom::imap::{Listed, Listing};
///
/// fn trash(mailboxes: &Listing) -> Option<&Listed> {
///     mailboxes.iter().find(|mailbox| mailbox.has("\\Trash"))
/// }
/// assert!(trash(&Listing::default()).is_none());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listing {
    listed: Vec<Listed>,
    unreadable: Vec<Bytes>,
}

impl Listing {
    pub(crate) fn new(listed: Vec<Listed>, unreadable: Vec<Bytes>) -> Self {
        Self { listed, unreadable }
    }

    /// The lines from which no mailbox name could be read, as received. If there are any, the server has mailboxes that are missing in
    /// this list.
    pub fn unreadable(&self) -> &[Bytes] {
        &self.unreadable
    }

    /// The mailboxes, without the unreadable lines.
    pub fn into_vec(self) -> Vec<Listed> {
        self.listed
    }

    /// Adds a mailbox from another answer.
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
    /// Whether the mailbox has this attribute, such as `\Trash`, in any letter case.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes.contains(attribute)
    }

    /// Whether the mailbox can be selected: it has neither `\Noselect` nor `\NonExistent`.
    pub fn is_selectable(&self) -> bool {
        !self.has("\\Noselect") && !self.has("\\NonExistent")
    }
}
