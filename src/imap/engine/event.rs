//! What happened in the selected mailbox without being asked for: [`Event`], and the journal in which events wait for somebody
//! who watches. Nothing is dropped silently: a journal over its limit becomes one [`Event::Lagged`].

use std::collections::BTreeMap;

use crate::imap::types::{Fetched, Uid, Uids};

/// Something that happened in the selected mailbox: by another session, by new mail, or as a side effect of a command.
///
/// Events are differences of state, not lines of a log: several EXISTS become one, the last FETCH of a message replaces its
/// former ones, and messages that went are told together, first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Messages are gone.
    Expunged {
        /// Those whose UIDs are known.
        uids: Uids,
        /// How many more went that this session had never seen the UIDs of: they came and went while it watched.
        unknown: u32,
    },
    /// The mailbox has this many messages now.
    Exists(u32),
    /// Data of a message, mostly its new flags.
    Fetched {
        /// Its UID, where the server said it or it is known from before.
        uid: Option<Uid>,
        /// What the server sent.
        data: Fetched,
    },
    /// More happened than [`Limits::events`](crate::Limits::events) allows to keep: whatever was remembered of this mailbox
    /// has to be synchronised anew.
    Lagged,
}

/// Events that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Journal {
    most: usize,
    gone: Uids,
    unknown: u32,
    exists: Option<u32>,
    fetched: BTreeMap<u32, Fetched>,
    nameless: Vec<Fetched>,
    lagged: bool,
}

impl Journal {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            gone: Uids::default(),
            unknown: 0,
            exists: None,
            fetched: BTreeMap::new(),
            nameless: Vec::new(),
            lagged: false,
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.most);
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.lagged && self.exists.is_none() && self.size() == 0
    }

    pub(crate) fn exists(&mut self, count: u32) {
        self.exists = Some(count);
        self.check();
    }

    pub(crate) fn expunged(&mut self, uid: Option<Uid>) {
        match uid {
            Some(uid) => {
                self.fetched.remove(&uid.as_u32());
                self.gone.insert(uid);
            }
            None => self.unknown = self.unknown.saturating_add(1),
        }
        self.check();
    }

    pub(crate) fn fetched(&mut self, uid: Option<Uid>, data: Fetched) {
        match uid {
            Some(uid) => drop(self.fetched.insert(uid.as_u32(), data)),
            None => self.nameless.push(data),
        }
        self.check();
    }

    /// All that waits, in an order in which it can be applied.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        let journal = std::mem::replace(self, Self::new(self.most));
        if journal.lagged {
            return vec![Event::Lagged];
        }
        let mut events = Vec::new();
        if !journal.gone.is_empty() || journal.unknown > 0 {
            events.push(Event::Expunged { uids: journal.gone, unknown: journal.unknown });
        }
        events.extend(journal.exists.map(Event::Exists));
        events.extend(journal.fetched.into_iter().map(|(uid, data)| Event::Fetched { uid: Uid::new(uid), data }));
        events.extend(journal.nameless.into_iter().map(|data| Event::Fetched { uid: None, data }));
        events
    }

    fn size(&self) -> usize {
        self.fetched.len() + self.nameless.len() + self.gone.ranges().len() + usize::from(self.unknown > 0)
    }

    fn check(&mut self) {
        if self.lagged || self.size() > self.most {
            self.clear();
            self.lagged = true;
        }
    }
}
