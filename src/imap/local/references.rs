//! The threading algorithm REFERENCES (RFC 5256 §3), and REFS, which is its first half. The numbers in parentheses are the steps of the
//! RFC. It must not know where the messages come from.

use std::collections::HashMap;

use super::forest::Forest;
use super::tree::{Message, Node};

/// The trees of these messages, which are in the order of the mailbox, and their roots. Message IDs have the numbers below `ids`.
pub(super) fn thread(messages: &[Message], ids: usize, by_subject: bool) -> (Vec<Node>, Vec<usize>) {
    let mut linked = Linked::new(messages, ids);
    linked.link();
    let mut trees = linked.pruned();
    if by_subject {
        trees.promote();
        trees.sort_roots();
        trees.gather();
        trees.sort_roots();
    } else {
        trees.sort_roots_by_newest();
        trees.promote();
    }
    trees.sort_siblings();
    (trees.nodes, trees.roots)
}

/// The messages and the Message IDs that they name, each a node.
struct Linked<'a> {
    messages: &'a [Message],
    forest: Forest,
    /// The message of each node.
    message_of: Vec<Option<usize>>,
    /// The node of each message.
    node_of: Vec<u32>,
}

/// Trees without dummies except among the roots.
struct Trees<'a> {
    messages: &'a [Message],
    nodes: Vec<Node>,
    roots: Vec<usize>,
}

/// Messages are ordered by sent date, equal ones by their place in the mailbox (RFC 5256 §2.2).
type Place = (i64, u32);

impl<'a> Linked<'a> {
    fn new(messages: &'a [Message], ids: usize) -> Self {
        let mut forest = Forest::default();
        (0..ids).for_each(|_| {
            forest.add();
        });
        let mut message_of = vec![None; ids];
        let mut node_of = Vec::with_capacity(messages.len());
        for (at, message) in messages.iter().enumerate() {
            // Only the first message with a Message ID has it.
            let own = message.id.filter(|id| message_of.get(*id as usize) == Some(&None));
            let node = own.unwrap_or_else(|| {
                message_of.push(None);
                forest.add()
            });
            if let Some(place) = message_of.get_mut(node as usize) {
                *place = Some(at);
            }
            node_of.push(node);
        }
        Self { messages, forest, message_of, node_of }
    }

    /// (1) A link that would close a loop is not made.
    fn link(&mut self) {
        for (message, &node) in self.messages.iter().zip(&self.node_of) {
            let references = &message.references;
            for (parent, child) in references.iter().zip(references.iter().skip(1)) {
                self.forest.link(*child, *parent);
            }
            let parent = references.last().copied();
            if self.forest.parent(node) != parent {
                self.forest.cut(node);
                if let Some(parent) = parent {
                    self.forest.link(node, parent);
                }
            }
        }
    }

    /// (2), (3): a message becomes the child of the nearest ancestor that is a message, or else of the highest ancestor.
    fn pruned(self) -> Trees<'a> {
        let Self { messages, forest, message_of, .. } = self;
        let count = forest.len();
        let mut children = vec![Vec::new(); count];
        let mut tops = Vec::new();
        for node in 0..count {
            match forest.parent(u32::try_from(node).unwrap_or(u32::MAX)) {
                Some(parent) => children.get_mut(parent as usize).map_or((), |below: &mut Vec<usize>| below.push(node)),
                None => tops.push(node),
            }
        }
        let mut nodes = vec![Node::default(); count];
        let mut ways: Vec<(usize, usize)> = tops.iter().map(|top| (*top, *top)).collect();
        while let Some((node, above)) = ways.pop() {
            let message = message_of.get(node).copied().flatten();
            if let Some(place) = nodes.get_mut(node) {
                place.message = message;
            }
            if let Some(parent) = nodes.get_mut(above).filter(|_| message.is_some() && node != above) {
                parent.children.push(node);
            }
            let below = children.get_mut(node).map(std::mem::take).unwrap_or_default();
            ways.extend(below.into_iter().map(|child| (child, if message.is_some() { node } else { above })));
        }
        let is_empty =
            |top: &usize| nodes.get(*top).is_none_or(|node| node.message.is_none() && node.children.is_empty());
        tops.retain(|top| !is_empty(top));
        Trees { messages, nodes, roots: tops }
    }
}

impl<'a> Trees<'a> {
    /// (3): the only child of a dummy takes its place.
    fn promote(&mut self) {
        for root in &mut self.roots {
            if let Some(Node { message: None, children }) = self.nodes.get(*root)
                && let [only] = children[..]
            {
                *root = only;
            }
        }
    }

    /// (4), and the roots in (6).
    fn sort_roots(&mut self) {
        let mut roots = std::mem::take(&mut self.roots);
        roots.sort_by_cached_key(|root| self.place(*root));
        self.roots = roots;
    }

    /// REFS: threads are ordered by their newest messages, as Dovecot does it; equal ones by their first messages, if those are there.
    fn sort_roots_by_newest(&mut self) {
        let mut keyed: Vec<(Place, usize)> = Vec::with_capacity(self.roots.len());
        for &root in &self.roots {
            let (mut newest, mut ways) = (i64::MIN, vec![root]);
            while let Some(node) = ways.pop() {
                newest = newest.max(self.message(node).map_or(i64::MIN, |message| message.date));
                ways.extend(self.children(node));
            }
            let number = self.message(root).map_or(0, |message| message.uid.as_u32());
            keyed.push(((newest, number), root));
        }
        keyed.sort_unstable();
        self.roots = keyed.into_iter().map(|(_, root)| root).collect();
    }

    /// (5)(A), (5)(B): the thread for each subject to which the others are added.
    fn subjects(&self) -> HashMap<&'a str, usize> {
        let mut table = HashMap::<&str, usize>::new();
        for &root in &self.roots {
            let subject = self.subject(root);
            if subject.is_empty() {
                continue;
            }
            let kept = table.entry(subject).or_insert(root);
            let is_real = self.message(*kept).is_some();
            if is_real && (self.message(root).is_none() || self.is_reply(*kept) && !self.is_reply(root)) {
                *kept = root;
            }
        }
        table
    }

    /// (5)(C)
    fn gather(&mut self) {
        let mut table = self.subjects();
        let mut adopted = vec![false; self.nodes.len()];
        for root in std::mem::take(&mut self.roots) {
            let subject = self.subject(root);
            let Some(first) = table.get(subject).copied().filter(|first| *first != root) else {
                self.roots.push(root);
                continue;
            };
            let children = match (self.message(first), self.message(root)) {
                (None, None) => {
                    self.nodes.get_mut(root).map(|node| std::mem::take(&mut node.children)).unwrap_or_default()
                }
                (None, Some(_)) => vec![root],
                (Some(first), Some(root_message)) if root_message.is_reply && !first.is_reply => vec![root],
                (Some(_), _) => {
                    let dummy = self.nodes.len();
                    self.nodes.push(Node { message: None, children: vec![first, root] });
                    self.roots.push(dummy);
                    table.insert(subject, dummy);
                    // It was a root before this one.
                    if let Some(adopted) = adopted.get_mut(first) {
                        *adopted = true;
                    }
                    continue;
                }
            };
            self.adopt(first, children);
        }
        self.roots.retain(|root| adopted.get(*root) != Some(&true));
    }

    /// (6), for everything below the roots.
    fn sort_siblings(&mut self) {
        for node in 0..self.nodes.len() {
            let mut children =
                self.nodes.get_mut(node).map(|node| std::mem::take(&mut node.children)).unwrap_or_default();
            if children.len() > 1 {
                children.sort_by_cached_key(|child| self.place(*child));
            }
            self.adopt(node, children);
        }
    }

    fn adopt(&mut self, parent: usize, children: Vec<usize>) {
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.children.extend(children);
        }
    }

    /// The base subject of a thread: that of its first message.
    fn subject(&self, root: usize) -> &'a str {
        self.first(root).map_or("", |message| &message.subject)
    }

    fn is_reply(&self, node: usize) -> bool {
        self.message(node).is_some_and(|message| message.is_reply)
    }

    /// By what a node is ordered.
    fn place(&self, node: usize) -> Place {
        self.first(node).map(place).unwrap_or_default()
    }

    /// The message, or the first child of a dummy.
    fn first(&self, node: usize) -> Option<&'a Message> {
        let children = || self.children(node).filter_map(|child| self.message(child));
        self.message(node).or_else(|| children().min_by_key(|message| place(message)))
    }

    fn message(&self, node: usize) -> Option<&'a Message> {
        self.messages.get(self.nodes.get(node)?.message?)
    }

    fn children(&self, node: usize) -> impl Iterator<Item = usize> {
        self.nodes.get(node).into_iter().flat_map(|node| node.children.iter().copied())
    }
}

fn place(message: &Message) -> Place {
    (message.date, message.uid.as_u32())
}
