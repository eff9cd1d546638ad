//! The journal: events of the selected mailbox that wait for a watcher. Nothing is dropped silently: a journal over its
//! limit becomes one [`Event::Lagged`]. It must not know who watches.

use std::collections::BTreeMap;

use crate::imap::types::{Event, Fetched, Uid, Uids};

/// What data of messages may take in memory in any case, and beyond that for each of their bytes: body structures of many parts that
/// say nothing take far more, and nobody asked for them.
const SPARE: usize = 512 * 1024;
const FACTOR: usize = 4;

/// Events that were not taken yet.
#[derive(Debug)]
pub(crate) struct EventJournal {
    most: usize,
    most_bytes: usize,
    gone: Uids,
    unknown: u32,
    /// Whether the number of messages has changed; the mailbox knows the current one.
    counted: bool,
    /// The last data that the server sent for each message.
    fetched: BTreeMap<u32, Fetched>,
    nameless: Vec<Fetched>,
    weight: Weight,
    lagged: bool,
}

/// The memory that data of messages uses, and the bytes that the server sent for it.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    kept: usize,
    came: usize,
}

impl Weight {
    fn of(data: &Fetched) -> Self {
        Self { kept: data.weight(), came: data.raw().len() }
    }

    fn add(&mut self, data: &Fetched) {
        let more = Self::of(data);
        (self.kept, self.came) = (self.kept.saturating_add(more.kept), self.came.saturating_add(more.came));
    }

    fn remove(&mut self, data: &Fetched) {
        let less = Self::of(data);
        (self.kept, self.came) = (self.kept.saturating_sub(less.kept), self.came.saturating_sub(less.came));
    }
}

impl EventJournal {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            most,
            most_bytes,
            gone: Uids::default(),
            unknown: 0,
            counted: false,
            fetched: BTreeMap::new(),
            nameless: Vec::new(),
            weight: Weight::default(),
            lagged: false,
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.most, self.most_bytes);
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.lagged && !self.counted && self.size() == 0
    }

    /// The messages that were expunged since the events were last taken.
    pub(crate) fn gone(&self) -> &Uids {
        &self.gone
    }

    pub(crate) fn counted(&mut self) {
        self.counted = true;
        self.check();
    }

    pub(crate) fn expunged(&mut self, uid: Option<Uid>) {
        match uid {
            Some(uid) => {
                self.fetched.remove(&uid.as_u32()).iter().for_each(|before| self.weight.remove(before));
                self.gone.insert(uid);
            }
            None => self.unknown = self.unknown.saturating_add(1),
        }
        self.check();
    }

    /// Applies VANISHED, which can name any number of messages.
    pub(crate) fn vanished(&mut self, uids: &Uids) {
        self.fetched.retain(|&uid, _| Uid::nonzero(uid).is_none_or(|uid| !uids.contains(uid)));
        self.weight = Weight::default();
        self.fetched.values().chain(&self.nameless).for_each(|data| self.weight.add(data));
        self.gone = self.gone.union(uids).unwrap_or_else(|_| uids.clone());
        self.check();
    }

    pub(crate) fn fetched(&mut self, uid: Option<Uid>, data: Fetched) {
        self.weight.add(&data);
        match uid {
            Some(uid) => {
                self.fetched.insert(uid.as_u32(), data).iter().for_each(|before| self.weight.remove(before));
            }
            None => self.nameless.push(data),
        }
        self.check();
    }

    /// Takes back events that were delivered and not taken. They are older than everything in the journal.
    pub(crate) fn put_back(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Expunged { uids, unknown } => {
                    self.gone.extend(uids.iter());
                    self.unknown = self.unknown.saturating_add(unknown);
                }
                Event::Exists(_) => self.counted = true,
                // The journal has newer data of the message, or it is gone.
                Event::Fetched { uid: Some(uid), .. } if self.knows_newer(uid) => {}
                Event::Fetched { uid, data } => self.fetched(uid, data),
                Event::Lagged => self.lagged = true,
                // It ended a selection, which has no journal any more.
                Event::UidValidity { .. } => {}
            }
        }
        self.check();
    }

    /// Takes all events, in an order in which they can be applied, for a mailbox with this number of messages.
    pub(crate) fn take(&mut self, exists: u32) -> Vec<Event> {
        let journal = std::mem::replace(self, Self::new(self.most, self.most_bytes));
        if journal.lagged {
            return vec![Event::Lagged];
        }
        let mut events = Vec::new();
        if !journal.gone.is_empty() || journal.unknown > 0 {
            events.push(Event::Expunged { uids: journal.gone, unknown: journal.unknown });
        }
        events.extend(journal.counted.then_some(Event::Exists(exists)));
        events.extend(journal.fetched.into_iter().map(|(uid, data)| Event::Fetched { uid: Uid::nonzero(uid), data }));
        events.extend(journal.nameless.into_iter().map(|data| Event::Fetched { uid: None, data }));
        events
    }

    fn size(&self) -> usize {
        self.fetched.len() + self.nameless.len() + self.gone.ranges().len() + usize::from(self.unknown > 0)
    }

    fn knows_newer(&self, uid: Uid) -> bool {
        self.gone.contains(uid) || self.fetched.contains_key(&uid.as_u32())
    }

    fn check(&mut self) {
        // Once lagged, the journal keeps nothing until it is taken.
        let most_bytes = self.most_bytes.min(SPARE.saturating_add(self.weight.came.saturating_mul(FACTOR)));
        if self.lagged || self.size() > self.most || self.weight.kept > most_bytes {
            self.clear();
            self.lagged = true;
        }
    }
}
