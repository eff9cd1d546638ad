//! Builds a [`FolderTree`] from a listing, in time that grows with the number of its bytes: places by name, roles, and names of one
//! mailbox. The listing may be hostile. It must not know a command.

use std::collections::{HashMap, HashSet};

use super::{FolderTree, Group, Node};
use crate::WordList;
use crate::imap::types::detailed::{DetailedListing, MailboxDetails};
use crate::imap::types::listed::{Listed, Listing};
use crate::imap::types::mailbox_name::MailboxName;
use crate::imap::types::role::{Role, RoleSource};
use crate::imap::types::role_names;
use crate::imap::types::same_mailbox::SameMailbox;
use crate::imap::types::uid::{Uid, UidValidity};

/// What a parent that is not listed may cost: as much as what is listed, and this many bytes.
const SPARE: usize = 1 << 18;

/// What a mailbox costs beside its name, in bytes.
const COST: usize = size_of::<Node>();

/// Mailboxes below these names are the user's own, as those at the top of the hierarchy: Gmail's in English and as in Germany and
/// Great Britain, and those of UW IMAP.
const OWN: [&str; 5] = ["INBOX", "[Gmail]", "[Google Mail]", "mail", "Mail"];

impl FolderTree {
    /// The tree of these mailboxes; `xlist` is the answer to XLIST.
    pub(crate) fn new(listing: DetailedListing, xlist: &Listing) -> Self {
        let mut draft = Draft::default();
        draft.place_all(&listing.mailboxes);
        let mut tree = Self { unreadable: listing.unreadable, ..draft.grown(listing.mailboxes) };
        tree.find_roles(xlist);
        tree.find_groups();
        tree
    }

    fn find_roles(&mut self, xlist: &Listing) {
        let mut known = HashSet::new();
        for node in &mut self.nodes {
            let (inbox, mut roles) = (node.mailbox.listed.name.is_inbox(), Role::of(&node.mailbox.listed));
            roles.retain(|role| *role != Role::Inbox);
            known.extend(roles.iter().copied());
            if inbox {
                roles.insert(0, Role::Inbox);
            }
            let source = if inbox { RoleSource::Inbox } else { RoleSource::SpecialUse };
            node.source = Some(source).filter(|_| !roles.is_empty());
            node.roles = roles.into();
        }
        let mut later = known.clone();
        for listed in xlist {
            let Some(node) = self.places.get(&listed.name).and_then(|place| self.nodes.get_mut(*place)) else {
                continue;
            };
            let roles: Vec<Role> = Role::of(listed).into_iter().filter(|role| *role != Role::Inbox).collect();
            let new: Vec<Role> = roles.into_iter().filter(|role| !known.contains(role)).collect();
            if node.roles.is_empty() && !new.is_empty() {
                later.extend(new.iter().copied());
                (node.roles, node.source) = (new.into(), Some(RoleSource::Xlist));
            }
        }
        self.guess_roles(&later);
    }

    /// By name, each role that the server gives to no mailbox, and only to one of the user's own: `Other Users/bob/Sent` is bob's.
    fn guess_roles(&mut self, known: &HashSet<Role>) {
        let mut best: HashMap<Role, (usize, usize, usize)> = HashMap::new();
        let candidates = self.iter().filter(|node| node.is_listed() && node.is_selectable() && node.role().is_none());
        let own = candidates.filter(|node| match node.parent() {
            None => true,
            Some(parent) => parent.depth() == 0 && OWN.contains(&parent.name().as_str()),
        });
        for node in own {
            let Some((role, rank)) = role_names::find(node.display_name()).filter(|(role, _)| !known.contains(role))
            else {
                continue;
            };
            let found = (rank, node.depth(), node.place);
            best.entry(role).and_modify(|best| *best = found.min(*best)).or_insert(found);
        }
        for (role, (_, _, place)) in best {
            if let Some(node) = self.nodes.get_mut(place) {
                (node.roles, node.source) = ([role].into(), Some(RoleSource::Name));
            }
        }
    }

    fn find_groups(&mut self) {
        let mut groups: HashMap<Identity, Vec<usize>> = HashMap::new();
        for (place, node) in self.nodes.iter().enumerate() {
            if let Some(identity) = identity(&node.mailbox) {
                groups.entry(identity).or_default().push(place);
            }
        }
        let mut groups: Vec<_> = groups.into_iter().filter(|(_, places)| places.len() > 1).collect();
        groups.sort_by(|(_, one), (_, other)| one.cmp(other));
        for (identity, places) in groups {
            for place in &places {
                if let Some(node) = self.nodes.get_mut(*place) {
                    node.group = Some(self.groups.len());
                }
            }
            let same = if matches!(identity, Identity::Id(_)) { SameMailbox::Same } else { SameMailbox::Indistinct };
            self.groups.push(Group { places, same });
        }
    }
}

/// What two names of one mailbox have in common.
#[derive(Eq, Hash, PartialEq)]
enum Identity {
    Id(String),
    Counts(UidValidity, Uid, u32, Option<u32>, Option<u64>),
}

fn identity(mailbox: &MailboxDetails) -> Option<Identity> {
    let status = mailbox.status.as_ref()?;
    if let Some(id) = &status.mailbox_id {
        return Some(Identity::Id(id.clone()));
    }
    let messages = status.messages.filter(|messages| *messages > 0)?;
    Some(Identity::Counts(status.uid_validity?, status.uid_next?, messages, status.unseen, status.size))
}

/// A tree whose mailboxes are not in order yet.
#[derive(Default)]
struct Draft {
    slots: Vec<Slot>,
    roots: Vec<usize>,
}

struct Slot {
    content: Content,
    label: usize,
    below: Vec<usize>,
    /// The index of the first mailbox of the listing that is at or below this place.
    first: usize,
}

enum Content {
    /// The index in the listing.
    Listed(usize),
    /// A parent that is not listed.
    Missing(Box<Listed>),
}

/// Where a mailbox is looked for: its parent, the delimiter between the two, and its own component. Names of one listing can have
/// different delimiters.
type Step<'a> = (Option<usize>, Option<char>, &'a str);

/// The places that are taken.
struct Places<'a> {
    steps: HashMap<Step<'a>, usize>,
    names: HashMap<&'a MailboxName, usize>,
    /// What parents that are not listed may still cost, in bytes.
    budget: usize,
}

impl Draft {
    fn place_all(&mut self, mailboxes: &[MailboxDetails]) {
        let cost = mailboxes.iter().map(|mailbox| COST + mailbox.listed.name.as_str().len());
        let (steps, names) = (HashMap::with_capacity(mailboxes.len()), HashMap::with_capacity(mailboxes.len()));
        let mut places = Places { steps, names, budget: cost.sum::<usize>().saturating_add(SPARE) };
        let mut order: Vec<(usize, &MailboxDetails)> = mailboxes.iter().enumerate().collect();
        // A parent has a shorter name than what is below it.
        order.sort_by_key(|(_, mailbox)| mailbox.listed.name.as_str().len());
        for (index, mailbox) in order {
            self.place(index, &mailbox.listed, &mut places);
        }
    }

    fn place<'a>(&mut self, index: usize, listed: &'a Listed, places: &mut Places<'a>) {
        let (name, delimiter) = (&listed.name, listed.delimiter);
        let (mut parent, mut start) = (None, 0);
        while let Some(end) = delimiter.and_then(|delimiter| level_end(name.as_str(), start, delimiter)) {
            let step = step(name.as_str(), parent, start..end, delimiter);
            let found = places.steps.get(&step).copied();
            let Some(slot) = found.or_else(|| self.missing(parent, start, end, listed, places)) else { break };
            places.steps.entry(step).or_insert(slot);
            if let Some(above) = self.slots.get_mut(slot) {
                above.first = above.first.min(index);
            }
            (parent, start) = (Some(slot), end + delimiter.map_or(0, char::len_utf8));
        }
        let step = step(name.as_str(), parent, start..name.as_str().len(), delimiter);
        let slot = self.add(parent, Content::Listed(index), start, index);
        places.names.insert(name, slot);
        // Two names can be one text if a server does not encode them properly.
        places.steps.entry(step).or_insert(slot);
    }

    /// The parent with the name that ends here, if it can be afforded.
    fn missing(
        &mut self,
        parent: Option<usize>,
        start: usize,
        end: usize,
        listed: &Listed,
        places: &mut Places<'_>,
    ) -> Option<usize> {
        let left = places.budget.checked_sub(COST + end)?;
        places.budget = left;
        let name = listed.name.above(end, listed.delimiter?)?;
        // It is listed with another delimiter.
        if let Some(slot) = places.names.get(&name) {
            return Some(*slot);
        }
        let attributes: WordList = (!name.is_inbox()).then_some("\\NonExistent").into_iter().collect();
        let missing = Listed {
            name,
            ends_in_delimiter: false,
            delimiter: listed.delimiter,
            attributes,
            old_name: None,
            child_info: WordList::default(),
            extended: Box::default(),
            defects: Box::default(),
        };
        Some(self.add(parent, Content::Missing(Box::new(missing)), start, usize::MAX))
    }

    fn add(&mut self, parent: Option<usize>, content: Content, label: usize, first: usize) -> usize {
        let slot = self.slots.len();
        self.slots.push(Slot { content, label, below: Vec::new(), first });
        match parent.and_then(|parent| self.slots.get_mut(parent)) {
            Some(parent) => parent.below.push(slot),
            None => self.roots.push(slot),
        }
        slot
    }

    /// The tree, depth-first. There is no recursion: a hostile name has thousands of levels.
    fn grown(mut self, mailboxes: Vec<MailboxDetails>) -> FolderTree {
        let mut mailboxes: Vec<Option<MailboxDetails>> = mailboxes.into_iter().map(Some).collect();
        let mut tree = FolderTree::default();
        let mut open: Vec<(Option<usize>, std::vec::IntoIter<usize>)> = Vec::new();
        open.push((None, self.sorted(None)));
        while let Some((parent, below)) = open.last_mut() {
            let parent = *parent;
            let Some(slot) = below.next() else {
                open.pop();
                let end = tree.nodes.len();
                if let Some(node) = parent.and_then(|parent| tree.nodes.get_mut(parent)) {
                    node.end = end;
                }
                continue;
            };
            let sorted = self.sorted(Some(slot));
            let Some((mailbox, label, listed)) = self.take(slot, &mut mailboxes) else { continue };
            let (place, depth) = (tree.nodes.len(), open.len() - 1);
            // One that is listed comes before one that is not.
            let taken = tree.places.entry(mailbox.listed.name.clone()).or_insert(place);
            if listed {
                *taken = place;
            }
            tree.nodes.push(Node {
                mailbox,
                listed,
                roles: Box::default(),
                source: None,
                parent,
                depth,
                end: place + 1,
                label,
                group: None,
            });
            open.push((Some(place), sorted));
        }
        tree
    }

    fn take(&mut self, slot: usize, mailboxes: &mut [Option<MailboxDetails>]) -> Option<(MailboxDetails, usize, bool)> {
        let slot = self.slots.get_mut(slot)?;
        match std::mem::replace(&mut slot.content, Content::Listed(usize::MAX)) {
            Content::Listed(index) => Some((mailboxes.get_mut(index)?.take()?, slot.label, true)),
            Content::Missing(listed) => Some((MailboxDetails::new(*listed), slot.label, false)),
        }
    }

    /// What is directly below this place, or at the top, in the server's order.
    fn sorted(&mut self, slot: Option<usize>) -> std::vec::IntoIter<usize> {
        let below = match slot {
            Some(slot) => self.slots.get_mut(slot).map(|slot| &mut slot.below),
            None => Some(&mut self.roots),
        };
        let mut below = below.map(std::mem::take).unwrap_or_default();
        below.sort_by_key(|slot| self.slots.get(*slot).map(|slot| slot.first));
        below.into_iter()
    }
}

/// Where the level that begins at `start` ends, if others follow it. A delimiter at the begin or the end of a name, or after another one,
/// separates nothing.
fn level_end(name: &str, start: usize, delimiter: char) -> Option<usize> {
    let level = name.get(start..)?;
    let begin = level.chars().next()?.len_utf8();
    let end = begin + level.get(begin..)?.find(delimiter)?;
    let rest = level.get(end + delimiter.len_utf8()..)?;
    (!rest.is_empty()).then_some(start + end)
}

/// The step to one component of a name. `inbox` at the top is INBOX.
fn step(name: &str, parent: Option<usize>, component: std::ops::Range<usize>, delimiter: Option<char>) -> Step<'_> {
    let component = name.get(component).unwrap_or_default();
    match parent {
        None if component.eq_ignore_ascii_case("INBOX") => (None, None, "INBOX"),
        None => (None, None, component),
        Some(_) => (parent, delimiter, component),
    }
}
