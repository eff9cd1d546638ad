//! THREAD and UID THREAD with ORDEREDSUBJECT and REFERENCES (RFC 5256 §3). It shares no code with the client's own threading, so that each
//! can test the other. It must not know other commands.

use std::collections::HashMap;

use super::args::{Args, Stop};
use super::search::Matching;
use super::sort::Facts;
use super::{Answer, Session};

/// What is known of one message, in the order of message numbers.
struct Message {
    number: u32,
    date: i64,
    subject: String,
    is_reply: bool,
    id: Option<Vec<u8>>,
    references: Vec<Vec<u8>>,
}

/// A tree: by node, the children. Nodes below the number of messages are messages; all others are dummies.
#[derive(Default)]
struct Tree {
    parents: HashMap<usize, usize>,
    children: HashMap<usize, Vec<usize>>,
}

/// The root of the tree, which is not written.
const ROOT: usize = usize::MAX;

impl Session {
    pub(super) fn thread(&mut self, args: &mut Args, uid: bool) -> Answer {
        let algorithm = args.atom()?.to_ascii_uppercase();
        args.space()?;
        self.known_charset(args)?;
        if !self.offers(&format!("THREAD={algorithm}")) || !["ORDEREDSUBJECT", "REFERENCES"].contains(&&*algorithm) {
            return Err(Stop::bad("Unknown threading algorithm"));
        }
        let Matching { found, lowest, .. } = self.matching(args)?;
        let messages: Vec<Message> = found
            .iter()
            .map(|(number, entry)| {
                let facts = Facts::of(entry);
                Message::of(&facts, if uid { facts.uid() } else { *number })
            })
            .collect();
        let tree = if algorithm == "REFERENCES" { by_references(&messages) } else { by_subject(&messages) };
        let threads = tree.written(&messages);
        let space = if threads.is_empty() { "" } else { " " };
        self.wire.push(format!("* THREAD{space}{threads}\r\n"));
        Ok(self.limited(lowest, "THREAD completed".to_owned()))
    }
}

impl Message {
    fn of(facts: &Facts<'_>, number: u32) -> Self {
        let ids = |name: &str| ids(&facts.field(name).unwrap_or_default());
        let (subject, is_reply) = facts.subject();
        let mut references = ids("References");
        if references.is_empty() {
            references.extend(ids("In-Reply-To").into_iter().next());
        }
        Self { number, date: facts.sent(), subject, is_reply, id: ids("Message-ID").into_iter().next(), references }
    }
}

/// Message IDs without brackets and quotes.
fn ids(value: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for start in value.split(|&byte| byte == b'<').skip(1) {
        let Some(inside) = start.split(|&byte| byte == b'>').next().filter(|inside| inside.len() < start.len()) else {
            continue;
        };
        let Some(at) = memchr::memrchr(b'@', inside) else { continue };
        let (left, right) = inside.split_at(at);
        let quoted = left.strip_prefix(b"\"").and_then(|left| left.strip_suffix(b"\""));
        let plain = |text: &[u8]| !text.is_empty() && !text.iter().any(|byte| b" \t\r\n\\\"@".contains(byte));
        match quoted {
            Some(left) if plain(right.get(1..).unwrap_or_default()) => {
                let left: Vec<u8> = left.iter().copied().filter(|&byte| byte != b'\\').collect();
                found.push([&left[..], right].concat());
            }
            None if plain(left) && plain(right.get(1..).unwrap_or_default()) => found.push(inside.to_vec()),
            _ => {}
        }
    }
    found
}

fn by_subject(messages: &[Message]) -> Tree {
    let mut tree = Tree::default();
    let mut firsts: HashMap<&str, usize> = HashMap::new();
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by_key(|&at| messages.get(at).map(|message| message.date));
    for at in order {
        let Some(message) = messages.get(at) else { continue };
        let parent = *firsts.entry(&message.subject).or_insert(at);
        tree.put(at, if parent == at { ROOT } else { parent });
    }
    tree
}

/// The numbers are the steps of the RFC.
fn by_references(messages: &[Message]) -> Tree {
    let mut tree = Tree::default();
    let mut owners: HashMap<&[u8], usize> = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        if let Some(id) = &message.id {
            owners.entry(id).or_insert(at);
        }
    }
    let mut count = messages.len();
    // (1)
    for (at, message) in messages.iter().enumerate() {
        let mut above = None;
        for id in &message.references {
            let node = *owners.entry(id).or_insert(count);
            count = count.max(node + 1);
            if let Some(above) =
                above.filter(|above| !tree.parents.contains_key(&node) && !tree.is_within(*above, node))
            {
                tree.put(node, above);
            }
            above = Some(node);
        }
        tree.take(at);
        if let Some(above) = above.filter(|above| !tree.is_within(*above, at)) {
            tree.put(at, above);
        }
    }
    // (2)
    for node in 0..count {
        if !tree.parents.contains_key(&node) {
            tree.put(node, ROOT);
        }
    }
    // (3), from the highest number down until nothing changes: a dummy's children move up to its parent.
    let mut changed = true;
    while changed {
        changed = false;
        for node in (messages.len()..count).rev() {
            let children = tree.children.get(&node).cloned().unwrap_or_default();
            match tree.parents.get(&node).copied() {
                Some(parent) if parent != ROOT || children.len() < 2 => {
                    tree.take(node);
                    children.into_iter().for_each(|child| tree.put(child, parent));
                    changed = true;
                }
                _ => {}
            }
        }
    }
    gather(&mut tree, messages, count);
    tree
}

/// (5)
fn gather(tree: &mut Tree, messages: &[Message], mut count: usize) {
    let roots = tree.sorted(ROOT, messages);
    let is_reply = |node: usize| messages.get(node).is_some_and(|message| message.is_reply);
    let is_dummy = |node: usize| node >= messages.len();
    let subject = |tree: &Tree, node: usize| {
        let first = messages.get(tree.first(node, messages));
        first.map(|message| message.subject.clone()).unwrap_or_default()
    };
    let mut table: HashMap<String, usize> = HashMap::new();
    for &root in &roots {
        let name = subject(tree, root);
        match table.get(&name).copied() {
            _ if name.is_empty() => {}
            Some(kept) if is_dummy(kept) || !(is_dummy(root) || is_reply(kept) && !is_reply(root)) => {}
            _ => drop(table.insert(name, root)),
        }
    }
    for root in roots {
        let name = subject(tree, root);
        let Some(kept) = table.get(&name).copied().filter(|kept| *kept != root) else { continue };
        if is_dummy(kept) && is_dummy(root) {
            let children = tree.children.get(&root).cloned().unwrap_or_default();
            children.into_iter().for_each(|child| tree.put(child, kept));
            tree.take(root);
        } else if is_dummy(kept) || is_reply(root) && !is_reply(kept) {
            tree.put(root, kept);
        } else {
            tree.put(count, ROOT);
            tree.put(kept, count);
            tree.put(root, count);
            table.insert(name, count);
            count += 1;
        }
    }
}

impl Tree {
    fn put(&mut self, node: usize, parent: usize) {
        self.take(node);
        self.parents.insert(node, parent);
        self.children.entry(parent).or_default().push(node);
    }

    fn take(&mut self, node: usize) {
        if let Some(parent) = self.parents.remove(&node) {
            self.children.entry(parent).or_default().retain(|child| *child != node);
        }
    }

    fn is_within(&self, node: usize, above: usize) -> bool {
        let mut at = Some(node);
        while let Some(node) = at {
            if node == above {
                return true;
            }
            at = self.parents.get(&node).copied();
        }
        false
    }

    /// The node, or the first child of a dummy.
    fn first(&self, node: usize, messages: &[Message]) -> usize {
        let date = |at: &usize| messages.get(*at).map_or(i64::MAX, |message| message.date);
        match node < messages.len() {
            true => node,
            false => {
                let children = self.children.get(&node).into_iter().flatten().copied();
                children.min_by_key(|child| (date(child), *child)).unwrap_or(node)
            }
        }
    }

    /// The children by date, equal ones by number.
    fn sorted(&self, node: usize, messages: &[Message]) -> Vec<usize> {
        let mut children = self.children.get(&node).cloned().unwrap_or_default();
        children.sort_by_key(|child| {
            let first = self.first(*child, messages);
            (messages.get(first).map(|message| message.date), first)
        });
        children
    }

    fn written(&self, messages: &[Message]) -> String {
        let mut out = String::new();
        let mut rest: Vec<(bool, usize)> =
            self.sorted(ROOT, messages).into_iter().rev().map(|root| (true, root)).collect();
        while let Some((opens, node)) = rest.pop() {
            if node == ROOT {
                out.push(')');
                continue;
            }
            out.push_str(if opens { "(" } else { " " });
            if let Some(message) = messages.get(node) {
                out.push_str(&message.number.to_string());
            }
            if opens {
                rest.push((false, ROOT));
            }
            match self.sorted(node, messages)[..] {
                [only] => rest.push((false, only)),
                ref many => rest.extend(many.iter().rev().map(|child| (true, *child))),
            }
        }
        out
    }
}
