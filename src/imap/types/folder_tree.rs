//! [`FolderTree`]: the mailboxes of an account as a tree, with what is known about each. It must not know by which commands they were
//! found.

mod build;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;

use super::acl::Rights;
use super::detailed::MailboxDetails;
use super::listed::Listed;
use super::mailbox_name::MailboxName;
use super::role::{Role, RoleSource};
use super::same_mailbox::SameMailbox;
use super::status::MailboxStatus;

/// The mailboxes of an account as a tree: the result of [`Imap::folders`](crate::imap::Imap::folders). The order is depth-first: each
/// mailbox is followed by those below it; those of one level are in the server's order.
///
/// A mailbox whose parent the server does not list gets one that [does not exist](FolderNode::exists), so that every mailbox has its place.
/// A hostile server cannot make the tree larger than twice its listing: beyond that a mailbox is placed below the nearest parent that
/// there is, and its [display name](FolderNode::display_name) has several levels.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// let tree = imap.folders().await?;
/// for folder in &tree {
///     let indent = "  ".repeat(folder.depth());
///     println!("{indent}{} ({:?} unread)", folder.display_name(), folder.unseen());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct FolderTree {
    nodes: Vec<Node>,
    places: HashMap<MailboxName, usize>,
    /// The mailboxes that may be one, each group once.
    groups: Vec<Group>,
    unreadable: Vec<Bytes>,
}

/// One mailbox of a [`FolderTree`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::{MailboxName, Role};
///
/// let tree = imap.folders().await?;
/// let inbox = tree.find(&MailboxName::INBOX).unwrap();
/// assert_eq!(inbox.role(), Some(Role::Inbox));
/// println!("{:?} messages, {:?} unread, {:?} bytes", inbox.messages(), inbox.unseen(), inbox.size());
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy)]
pub struct FolderNode<'a> {
    tree: &'a FolderTree,
    node: &'a Node,
    place: usize,
}

/// A mailbox at its place in the tree.
#[derive(Clone, Debug)]
struct Node {
    mailbox: MailboxDetails,
    /// Whether the server listed it.
    listed: bool,
    roles: Box<[Role]>,
    source: Option<RoleSource>,
    parent: Option<usize>,
    depth: usize,
    /// The place after the last mailbox below this one.
    end: usize,
    /// Where the last component of the name begins.
    label: usize,
    group: Option<usize>,
}

/// Mailboxes that are one, or cannot be told apart.
#[derive(Clone, Debug)]
struct Group {
    places: Vec<usize>,
    same: SameMailbox,
}

impl FolderTree {
    /// All mailboxes, depth-first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = FolderNode<'_>> {
        self.nodes.iter().enumerate().map(|(place, node)| FolderNode { tree: self, node, place })
    }

    /// The mailboxes at the top of the hierarchy.
    pub fn roots(&self) -> impl Iterator<Item = FolderNode<'_>> {
        self.level(0, self.nodes.len())
    }

    /// How many mailboxes there are, with those that [do not exist](FolderNode::exists).
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The mailbox with this name.
    pub fn find(&self, name: &MailboxName) -> Option<FolderNode<'_>> {
        self.at(*self.places.get(name)?)
    }

    /// The mailbox with this role. If there are several, the one whose role is known best, then one that can be selected, then the one
    /// nearest to the root, then the first. It may [not exist](FolderNode::exists).
    ///
    /// [`Imap::special`](crate::imap::Imap::special) also creates one.
    pub fn special(&self, role: Role) -> Option<FolderNode<'_>> {
        let with_role = self.iter().filter(|node| node.has_role(role));
        with_role.min_by_key(|node| (node.role_source(), Reverse(node.is_selectable()), node.depth()))
    }

    /// The LIST lines from which no mailbox name could be read, as received. If there are any, the server has mailboxes that are missing
    /// here.
    pub fn unreadable(&self) -> &[Bytes] {
        &self.unreadable
    }

    fn at(&self, place: usize) -> Option<FolderNode<'_>> {
        Some(FolderNode { tree: self, node: self.nodes.get(place)?, place })
    }

    /// The mailboxes of one level, from this place up to that one.
    fn level(&self, first: usize, end: usize) -> impl Iterator<Item = FolderNode<'_>> {
        let next = move |node: &FolderNode<'_>| self.at(node.node.end).filter(|next| next.place < end);
        std::iter::successors(self.at(first).filter(|node| node.place < end), next)
    }
}

impl<'a> FolderNode<'a> {
    /// The mailbox's name, with those of its parents.
    pub fn name(&self) -> &'a MailboxName {
        &self.node.mailbox.listed.name
    }

    /// The last component of the name, decoded, as a program shows it in a tree. INBOX is `INBOX`.
    pub fn display_name(&self) -> &'a str {
        self.name().as_str().get(self.node.label..).unwrap_or_default()
    }

    /// The display names of the mailboxes above it, from the outermost, and its own.
    pub fn path(&self) -> Vec<&'a str> {
        let mut path: Vec<&str> =
            std::iter::successors(Some(*self), Self::parent).map(|node| node.display_name()).collect();
        path.reverse();
        path
    }

    /// How many mailboxes are above it.
    pub fn depth(&self) -> usize {
        self.node.depth
    }

    /// The mailbox above it.
    pub fn parent(&self) -> Option<Self> {
        self.tree.at(self.node.parent?)
    }

    /// The mailboxes one level below it.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        self.tree.level(self.place + 1, self.node.end)
    }

    /// All mailboxes below it, depth-first.
    pub fn descendants(&self) -> impl Iterator<Item = Self> + use<'a> {
        let tree = self.tree;
        (self.place + 1..self.node.end).filter_map(move |place| tree.at(place))
    }

    /// What the mailbox is for; the first one if the server reports several.
    pub fn role(&self) -> Option<Role> {
        self.node.roles.first().copied()
    }

    /// How the role is known; `None` if there is no role.
    pub fn role_source(&self) -> Option<RoleSource> {
        self.node.source
    }

    /// Whether this is one of the mailbox's roles.
    pub fn has_role(&self, role: Role) -> bool {
        self.node.roles.contains(&role)
    }

    /// Whether the user is subscribed to it.
    pub fn is_subscribed(&self) -> bool {
        self.listed().has("\\Subscribed")
    }

    /// Whether it can be selected: it exists and is not only a level of the hierarchy.
    pub fn is_selectable(&self) -> bool {
        self.listed().is_selectable()
    }

    /// Whether it exists. If not, the server says so (`\NonExistent`, RFC 9051 §7.3.1), or only lists mailboxes below it. `\Noselect` means
    /// that it may exist, and cannot be selected.
    pub fn exists(&self) -> bool {
        !self.listed().has("\\NonExistent")
    }

    /// Whether the server listed it; if not, it is there as the parent of others.
    pub fn is_listed(&self) -> bool {
        self.node.listed
    }

    /// How many messages it has; `None` if that was not asked for, or the server did not say it.
    pub fn messages(&self) -> Option<u32> {
        self.status()?.messages
    }

    /// How many messages are not `\Seen`; `None` as [`messages`](Self::messages).
    pub fn unseen(&self) -> Option<u32> {
        self.status()?.unseen
    }

    /// The size of all messages, in bytes; `None` as [`messages`](Self::messages), and if the server has neither IMAP4rev2 nor `STATUS=SIZE`
    /// (RFC 8438).
    pub fn size(&self) -> Option<u64> {
        self.status()?.size
    }

    /// All counts that the server returned.
    pub fn status(&self) -> Option<&'a MailboxStatus> {
        self.node.mailbox.status.as_ref()
    }

    /// The user's rights in it; `None` if they were not asked for, or the server did not say them.
    pub fn rights(&self) -> Option<Rights> {
        self.node.mailbox.rights
    }

    /// Its line in the answer to LIST.
    pub fn listed(&self) -> &'a Listed {
        &self.node.mailbox.listed
    }

    /// The other names of this mailbox, as far as the counts show. [`SameMailbox::Same`] if the server gives both the same MAILBOXID
    /// (OBJECTID, RFC 8474); [`SameMailbox::Indistinct`] if neither has one, and UIDVALIDITY, UIDNEXT and all counts are equal and there
    /// are messages: that is usual for two names of one mailbox, and very unusual otherwise. Empty mailboxes cannot be told apart in that
    /// way and count as different.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// let tree = imap.folders().await?;
    /// for folder in &tree {
    ///     for (other, same) in folder.aliases() {
    ///         println!("{} and {} may be one mailbox: {same:?}", folder.name(), other.name());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn aliases(&self) -> impl Iterator<Item = (Self, SameMailbox)> + use<'a> {
        let (tree, own) = (self.tree, self.place);
        let group = self.node.group.and_then(|group| tree.groups.get(group));
        let others = group.into_iter().flat_map(|group| group.places.iter().map(|place| (*place, group.same)));
        others.filter(move |(place, _)| *place != own).filter_map(move |(place, same)| Some((tree.at(place)?, same)))
    }
}

impl<'a> IntoIterator for &'a FolderTree {
    type Item = FolderNode<'a>;
    type IntoIter = Box<dyn Iterator<Item = FolderNode<'a>> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl fmt::Debug for FolderNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolderNode").field("name", self.name()).field("role", &self.role()).finish_non_exhaustive()
    }
}
