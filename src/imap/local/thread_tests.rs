//! Tests of threading: the rules of RFC 5256 one by one, and random mailboxes against the RFC's text followed word by word.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::ThreadTable;
use crate::imap::codec;
use crate::imap::types::{Fetched, ThreadAlgorithm, Threads};
use crate::limits::Limits;

/// Day of March 2026, subject, Message-ID, references.
type Mail<'a> = (u32, &'a str, &'a str, &'a str);

fn fetched(uid: u32, (day, subject, id, references): Mail<'_>) -> Fetched {
    let field = if references.is_empty() { String::new() } else { format!("References: {references}\r\n") };
    let header = format!("BODY[HEADER.FIELDS (REFERENCES)] {{{}}}\r\n{field}\r\n", field.len() + 2);
    let envelope = format!("(\"{day} Mar 2026 10:00:00 +0000\" \"{subject}\" NIL NIL NIL NIL NIL NIL NIL \"{id}\")");
    let line = format!("* 1 FETCH (UID {uid} ENVELOPE {envelope} {header})\r\n").into_bytes();
    codec::fetched(line.into(), &Limits::default()).unwrap()
}

fn threads(algorithm: ThreadAlgorithm, mail: &[Mail<'_>]) -> Threads {
    let mut table = ThreadTable::new(algorithm, usize::MAX).unwrap();
    (1..).zip(mail).for_each(|(uid, mail)| table.add(&fetched(uid, *mail)).unwrap());
    table.threads()
}

/// As the server would write it.
fn shown(threads: &Threads) -> String {
    format!("{threads:?}").split('"').nth(1).unwrap().to_owned()
}

fn by(algorithm: ThreadAlgorithm, mail: &[Mail<'_>]) -> String {
    shown(&threads(algorithm, mail))
}

#[test]
fn references_follow_each_rule_of_the_rfc() {
    use ThreadAlgorithm::References;
    for (mail, expected) in [
        (&[][..], ""),
        (&[(1, "a", "<1@x>", ""), (2, "b", "<2@x>", "<1@x>"), (3, "c", "<3@x>", "<1@x> <2@x>")], "(1 2 3)"),
        (&[(1, "a", "<1@x>", ""), (3, "b", "<2@x>", "<1@x>"), (2, "c", "<3@x>", "<1@x>")], "(1(3)(2))"),
        // A missing parent of two messages stays, one of a single message does not.
        (&[(1, "a", "<1@x>", "<0@x>"), (2, "b", "<2@x>", "<0@x>")], "((1)(2))"),
        (&[(1, "a", "<1@x>", "<0@x>")], "(1)"),
        // A missing message between others does not stay.
        (&[(1, "a", "<1@x>", ""), (2, "b", "<2@x>", "<1@x> <0@x>"), (3, "c", "<3@x>", "<0@x>")], "(1(2)(3))"),
        // The second message with a Message-ID has none.
        (&[(1, "a", "<1@x>", ""), (2, "b", "<1@x>", ""), (3, "c", "<3@x>", "<1@x>")], "(1 3)(2)"),
        // Quotes make no difference.
        (&[(1, "a", "<\\\"1\\\"@x>", ""), (2, "b", "<2@x>", "<1@x>")], "(1 2)"),
        // No loops.
        (&[(1, "a", "<1@x>", "<2@x>"), (2, "b", "<2@x>", "<1@x>")], "(2 1)"),
        (&[(1, "a", "<1@x>", "<1@x>")], "(1)"),
        // The last reference is the parent, whatever was said before.
        (&[(1, "a", "<1@x>", "<2@x> <3@x>"), (2, "b", "<2@x>", ""), (3, "c", "<3@x>", "")], "(2)(3 1)"),
        // The same subject: a reply is a child, others are siblings below a dummy.
        (&[(1, "a", "<1@x>", ""), (2, "Re: A", "<2@x>", "")], "(1 2)"),
        (&[(2, "a", "<1@x>", ""), (1, "Re: A", "<2@x>", "")], "(1 2)"),
        (&[(1, "a", "<1@x>", ""), (2, "a", "<2@x>", "")], "((1)(2))"),
        (&[(1, "a", "<1@x>", ""), (2, "a", "<2@x>", ""), (3, "Re: a", "<3@x>", "")], "((1)(2)(3))"),
        (&[(1, "Re: a", "<1@x>", ""), (2, "Re: a", "<2@x>", "")], "((1)(2))"),
        (&[(1, "", "<1@x>", ""), (2, "", "<2@x>", "")], "(1)(2)"),
        // Two dummies become one.
        (
            &[
                (1, "a", "<1@x>", "<0@x>"),
                (2, "b", "<2@x>", "<0@x>"),
                (3, "a", "<3@x>", "<9@x>"),
                (4, "c", "<4@x>", "<9@x>"),
            ],
            "((1)(2)(3)(4))",
        ),
    ] {
        assert_eq!(by(References, mail), expected, "{mail:?}");
    }
}

#[test]
fn the_other_algorithms_follow_their_rules() {
    let mail = [
        (5, "b", "<1@x>", ""),
        (1, "a", "<2@x>", ""),
        (2, "Re: B", "<3@x>", "<1@x>"),
        (4, "A", "<4@x>", ""),
        (3, "a", "<5@x>", "<0@x>"),
        (9, "a", "<6@x>", "<2@x>"),
    ];
    assert_eq!(by(ThreadAlgorithm::OrderedSubject, &mail), "(2(5)(4)(6))(3 1)");
    assert_eq!(by(ThreadAlgorithm::Refs, &mail), "(5)(4)(1 3)(2 6)");
}

#[test]
fn the_memory_is_bounded() {
    let mut table = ThreadTable::new(ThreadAlgorithm::References, 5000).unwrap();
    let references: Vec<String> = (0..50).map(|number| format!("<{number}@x>")).collect();
    assert_eq!(table.add(&fetched(1, (1, "a", "", &references.join(" ")))).unwrap_err().kind(), crate::Kind::Limit);
    assert!((1..100).any(|uid| table.add(&fetched(uid, (1, "a", "", ""))).is_err()));
}

#[test]
fn a_long_thread_costs_no_more_than_many_short_ones() {
    let mut table = ThreadTable::new(ThreadAlgorithm::References, usize::MAX).unwrap();
    for uid in 1..=20_000 {
        // The last message is the oldest ancestor.
        let (id, references) = (format!("<{uid}@x>"), format!("<{}@x>", uid + 1));
        table.add(&fetched(uid, (1, "a", &id, &references))).unwrap();
    }
    let threads = table.threads();
    assert_eq!((threads.len(), threads.roots().count()), (20_000, 1));
    assert_eq!(threads.walk().last().unwrap().0, 19_999);
}

/// A message in the RFC's words.
#[derive(Clone, Debug)]
struct Random {
    day: u32,
    subject: usize,
    id: Option<u32>,
    references: Vec<u32>,
}

const SUBJECTS: [&str; 6] = ["", "a", "Re: a", "b", "Fwd: B", "[fwd: b]"];

fn random() -> impl Strategy<Value = Vec<Random>> {
    let references = prop::collection::vec(0_u32..14, 0..5);
    let one = (1_u32..6, 0..SUBJECTS.len(), prop::option::weighted(0.9, 0_u32..12), references);
    prop::collection::vec(one.prop_map(|(day, subject, id, references)| Random { day, subject, id, references }), 0..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn random_mailboxes_are_threaded_as_the_rfc_says(mail in random()) {
        let ids = |numbers: &[u32]| numbers.iter().map(|id| format!("<{id}@x>")).collect::<Vec<_>>().join(" ");
        let texts: Vec<(String, String)> =
            mail.iter().map(|mail| (mail.id.map_or(String::new(), |id| ids(&[id])), ids(&mail.references))).collect();
        let plain: Vec<Mail<'_>> =
            mail.iter().zip(&texts).map(|(mail, (id, references))| (mail.day, SUBJECTS[mail.subject], &**id, &**references)).collect();
        let found = threads(ThreadAlgorithm::References, &plain);
        let found: Vec<(usize, u32)> =
            found.walk().map(|(depth, message)| (depth, message.number().map_or(0, |uid| uid.as_u32()))).collect();
        prop_assert_eq!(found, Slow::threads(&mail));
    }
}

/// Each step of RFC 5256 as it is written, with real and dummy messages as nodes of a tree.
struct Slow<'a> {
    mail: &'a [Random],
    /// By number: messages first, then dummies. The parent 0 is the root.
    parents: BTreeMap<usize, usize>,
}

impl Slow<'_> {
    fn threads(mail: &[Random]) -> Vec<(usize, u32)> {
        let mut owners = BTreeMap::new();
        let mut count = mail.len();
        for (at, mail) in mail.iter().enumerate() {
            mail.id.map(|id| owners.entry(id).or_insert(at + 1));
        }
        let mut slow = Slow { mail, parents: BTreeMap::new() };
        for (at, one) in mail.iter().enumerate() {
            let nodes: Vec<usize> = one
                .references
                .iter()
                .map(|id| {
                    *owners.entry(*id).or_insert_with(|| {
                        count += 1;
                        count
                    })
                })
                .collect();
            for pair in nodes.windows(2) {
                if !slow.parents.contains_key(&pair[1]) && !slow.is_below(pair[0], pair[1]) {
                    slow.parents.insert(pair[1], pair[0]);
                }
            }
            slow.parents.remove(&(at + 1));
            if let Some(last) = nodes.last().filter(|last| !slow.is_below(**last, at + 1)) {
                slow.parents.insert(at + 1, *last);
            }
        }
        (1..=count).for_each(|node| {
            slow.parents.entry(node).or_insert(0);
        });
        while slow.prune() {}
        slow.gather();
        let mut out = Vec::new();
        slow.write(0, 0, &mut out);
        out
    }

    fn is_below(&self, node: usize, above: usize) -> bool {
        node == above || self.parents.get(&node).is_some_and(|parent| self.is_below(*parent, above))
    }

    fn is_dummy(&self, node: usize) -> bool {
        node > self.mail.len()
    }

    /// Sorted by date, a dummy by its first child.
    fn children(&self, node: usize) -> Vec<usize> {
        let mut children: Vec<usize> =
            self.parents.iter().filter(|(_, parent)| **parent == node).map(|(node, _)| *node).collect();
        children.sort_by_key(|child| {
            let first = self.first(*child);
            (self.mail[first - 1].day, first)
        });
        children
    }

    fn first(&self, node: usize) -> usize {
        if self.is_dummy(node) { self.first(self.children(node)[0]) } else { node }
    }

    /// Removes one dummy; `false` if there is none that may be removed.
    fn prune(&mut self) -> bool {
        let dummies: Vec<usize> = self.parents.keys().copied().filter(|node| self.is_dummy(*node)).rev().collect();
        for dummy in dummies {
            let children: Vec<usize> =
                self.parents.iter().filter(|(_, parent)| **parent == dummy).map(|(node, _)| *node).collect();
            let parent = self.parents[&dummy];
            if parent != 0 || children.len() < 2 {
                children.iter().for_each(|child| {
                    self.parents.insert(*child, parent);
                });
                self.parents.remove(&dummy);
                return true;
            }
        }
        false
    }

    fn subject(&self, node: usize) -> (&'static str, bool) {
        [("", false), ("a", false), ("a", true), ("b", false), ("b", true), ("b", true)][self.mail[node - 1].subject]
    }

    fn gather(&mut self) {
        let roots = self.children(0);
        let is_reply = |slow: &Self, node: usize| !slow.is_dummy(node) && slow.subject(node).1;
        let mut table = BTreeMap::new();
        for &root in &roots {
            let subject = self.subject(self.first(root)).0;
            if subject.is_empty() {
                continue;
            }
            let kept = *table.entry(subject).or_insert(root);
            if !self.is_dummy(kept) && (self.is_dummy(root) || is_reply(self, kept) && !is_reply(self, root)) {
                table.insert(subject, root);
            }
        }
        for root in roots {
            let subject = self.subject(self.first(root)).0;
            let Some(&kept) = table.get(subject).filter(|kept| **kept != root) else { continue };
            match (self.is_dummy(kept), self.is_dummy(root)) {
                (true, true) => {
                    self.children(root).iter().for_each(|child| {
                        self.parents.insert(*child, kept);
                    });
                    self.parents.remove(&root);
                }
                (true, false) => drop(self.parents.insert(root, kept)),
                _ if is_reply(self, root) && !is_reply(self, kept) => drop(self.parents.insert(root, kept)),
                _ => {
                    let dummy = 1 + self.parents.keys().last().copied().unwrap().max(self.mail.len());
                    self.parents.insert(dummy, 0);
                    self.parents.insert(kept, dummy);
                    self.parents.insert(root, dummy);
                    table.insert(subject, dummy);
                }
            }
        }
    }

    fn write(&self, node: usize, depth: usize, out: &mut Vec<(usize, u32)>) {
        for child in self.children(node) {
            out.push((depth, if self.is_dummy(child) { 0 } else { child as u32 }));
            self.write(child, depth + 1, out);
        }
    }
}
