//! Gathers what THREAD needs to know of each message (RFC 5256 §3), and writes the finished threads. It must not know how the messages
//! are fetched; the algorithms are in other files.

use std::collections::HashMap;

use super::base_subject::base_subject;
use super::budget::Budget;
use super::collation::casemapped;
use super::message_ids::message_ids;
use super::sort::sent;
use super::tree::{Message, Node};
use super::{ordered_subject, references};
use crate::error::Result;
use crate::imap::types::{Fetched, Items, Section, ThreadAlgorithm, Threads};

/// What a message, an identifier or a reference takes beside its text, generously.
const ENTRY: usize = 200;

/// The messages that are to be threaded.
pub(crate) struct ThreadTable {
    algorithm: ThreadAlgorithm,
    references: Section,
    messages: Vec<Message>,
    /// The numbers of the Message IDs, which are the nodes of the trees.
    ids: HashMap<Vec<u8>, u32>,
    budget: Budget,
}

impl ThreadTable {
    /// A table of at most this number of bytes.
    pub(crate) fn new(algorithm: ThreadAlgorithm, bytes: usize) -> Result<Self> {
        let references = Section::header_fields(["References"])?;
        Ok(Self { algorithm, references, messages: Vec::new(), ids: HashMap::new(), budget: Budget::new(bytes) })
    }

    /// What to fetch of each message.
    pub(crate) fn items(&self) -> Items {
        let items = Items::ENVELOPE.internal_date();
        match self.algorithm {
            ThreadAlgorithm::OrderedSubject => items,
            ThreadAlgorithm::References | ThreadAlgorithm::Refs => items.section(self.references.clone()),
        }
    }

    /// Adds a message. What it lacks counts as empty.
    pub(crate) fn add(&mut self, message: &Fetched) -> Result<()> {
        let Some(uid) = message.uid() else { return Ok(()) };
        let envelope = message.envelope();
        let base = match (self.algorithm, envelope.and_then(|envelope| envelope.subject())) {
            (ThreadAlgorithm::Refs, _) | (_, None) => Default::default(),
            (_, Some(subject)) => base_subject(&subject.decoded()),
        };
        let subject: Box<str> = casemapped(&base.text).into();
        self.budget.take(ENTRY + subject.len())?;
        let (mut id, mut references) = (None, Vec::new());
        if self.algorithm != ThreadAlgorithm::OrderedSubject {
            if let Some(field) = envelope.and_then(|envelope| envelope.message_id()) {
                id = message_ids(&field.bytes()).next().map(|id| self.number(id)).transpose()?;
            }
            let header = message.section(&self.references).and_then(|section| section.bytes()).unwrap_or_default();
            for reference in message_ids(first_field(&header)) {
                self.budget.take(size_of::<u32>() * 2)?;
                references.push(self.number(reference)?);
            }
            if let (true, Some(field)) = (references.is_empty(), envelope.and_then(|envelope| envelope.in_reply_to())) {
                references.extend(message_ids(&field.bytes()).next().map(|id| self.number(id)).transpose()?);
            }
        }
        let date = sent(message);
        self.messages.push(Message { uid, date, subject, is_reply: base.is_reply, id, references: references.into() });
        Ok(())
    }

    /// The threads.
    pub(crate) fn threads(self) -> Threads {
        let Self { algorithm, mut messages, ids, .. } = self;
        messages.sort_by_key(|message| message.uid);
        messages.dedup_by_key(|message| message.uid);
        let count = ids.len();
        drop(ids);
        let (nodes, roots) = match algorithm {
            ThreadAlgorithm::OrderedSubject => ordered_subject::thread(&messages),
            ThreadAlgorithm::References => references::thread(&messages, count, true),
            ThreadAlgorithm::Refs => references::thread(&messages, count, false),
        };
        written(&messages, &nodes, &roots)
    }

    fn number(&mut self, id: Vec<u8>) -> Result<u32> {
        if let Some(number) = self.ids.get(&id) {
            return Ok(*number);
        }
        self.budget.take(ENTRY + id.len())?;
        let number = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.insert(id, number);
        Ok(number)
    }
}

/// The first field of a header.
fn first_field(header: &[u8]) -> &[u8] {
    let mut ends = memchr::memchr_iter(b'\n', header);
    let end = ends.find(|end| !matches!(header.get(end + 1), Some(b' ' | b'\t')));
    header.get(..end.unwrap_or(header.len())).unwrap_or_default()
}

/// Without recursion, since a thread may be as deep as it is long.
fn written(messages: &[Message], nodes: &[Node], roots: &[usize]) -> Threads {
    enum Step {
        List(usize),
        Close,
    }
    let mut threads = Threads::of_text(messages.len() * 6);
    let mut steps: Vec<Step> = roots.iter().rev().map(|root| Step::List(*root)).collect();
    while let Some(step) = steps.pop() {
        let Step::List(mut at) = step else {
            threads.close();
            continue;
        };
        threads.open();
        steps.push(Step::Close);
        // A chain of replies is one list; only branches are lists in it.
        while let Some(node) = nodes.get(at) {
            match node.message.and_then(|message| messages.get(message)) {
                Some(message) => threads.push(message.uid),
                None => threads.push_missing(),
            }
            match node.children.as_slice() {
                [only] if node.message.is_some() => at = *only,
                children => {
                    steps.extend(children.iter().rev().map(|child| Step::List(*child)));
                    break;
                }
            }
        }
    }
    threads.fitted()
}
