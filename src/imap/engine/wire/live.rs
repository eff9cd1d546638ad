//! Searches whose results the server keeps up to date (RFC 5267 §4.3): what has changed since the reader last looked. It must
//! not know the other requests, nor what was searched.

use std::collections::BTreeMap;

use crate::engine::Id;
use crate::error::Error;
use crate::imap::codec::search;
use crate::imap::types::{SearchChange, SearchUpdates, Uids};
use crate::limits::Limits;

/// The searches that are kept up to date.
#[derive(Debug, Default)]
pub(super) struct LiveSearches {
    live: Vec<LiveSearch>,
    /// The tags and selections of those that nobody reads any more and that the server still updates.
    unread: Vec<(u32, u64)>,
}

#[derive(Debug)]
struct LiveSearch {
    id: Id,
    tag: u32,
    /// The number of the selection that it is about.
    selection: u64,
    pending: ResultChange,
}

/// How a result has changed: the last change of each message.
#[derive(Debug, Default)]
pub(crate) struct ResultChange {
    /// The first UID of each range, its last, and whether it was added. The ranges do not overlap.
    last: BTreeMap<u32, (u32, bool)>,
}

impl ResultChange {
    /// Takes all changes of one response, in their order.
    pub(crate) fn apply(&mut self, updates: &SearchUpdates) {
        for update in updates.iter() {
            for (one, other) in update.uids.ranges() {
                let (first, last) = (one.min(other).as_u32(), one.max(other).as_u32());
                self.set(first, last, update.change == SearchChange::Added);
            }
        }
    }

    /// The messages that were added, and those that were removed.
    pub(crate) fn into_sets(self) -> (Uids, Uids) {
        let of = |kind| {
            self.last.iter().filter(move |(_, (_, added))| *added == kind).map(|(&first, &(last, _))| (first, last))
        };
        (Uids::of_ranges(of(true)), Uids::of_ranges(of(false)))
    }

    /// The memory that it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.last.len() * size_of::<(u32, (u32, bool), usize)>()
    }

    fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    fn set(&mut self, first: u32, last: u32, added: bool) {
        self.split(first);
        last.checked_add(1).into_iter().for_each(|after| self.split(after));
        while let Some((&start, _)) = self.last.range(first..=last).next() {
            self.last.remove(&start);
        }
        self.last.insert(first, (last, added));
    }

    /// Makes a range begin at this UID, if one contains it.
    fn split(&mut self, at: u32) {
        let Some((_, (last, added))) = self.last.range_mut(..at).next_back() else { return };
        if at <= *last {
            let rest = (std::mem::replace(last, at - 1), *added);
            self.last.insert(at, rest);
        }
    }
}

impl LiveSearches {
    pub(super) fn add(&mut self, id: Id, tag: u32, selection: u64) {
        self.live.push(LiveSearch { id, tag, selection, pending: ResultChange::default() });
    }

    /// Nobody reads the result of the search with this tag.
    pub(super) fn leave_unread(&mut self, tag: u32, selection: u64) {
        self.unread.push((tag, selection));
    }

    /// The server has ended its updates. Returns the reader.
    pub(super) fn end(&mut self, tag: u32) -> Option<Id> {
        let index = self.live.iter().position(|live| live.tag == tag)?;
        Some(self.live.remove(index).id)
    }

    /// The reader was dropped.
    pub(super) fn cancel(&mut self, id: Id) {
        if let Some(index) = self.live.iter().position(|live| live.id == id) {
            self.stop(index);
        }
    }

    /// Takes the changes in a response with this tag; `None` if it is not about one of these. A reader that is too slow
    /// for the limits gets an error.
    pub(super) fn apply(&mut self, tag: u32, frame: &[u8], limits: &Limits) -> Option<Option<(Id, Error)>> {
        let index = self.live.iter().position(|live| live.tag == tag)?;
        let live = self.live.get_mut(index)?;
        let Ok(found) = search::parse(frame) else {
            let error = Error::missing("an update of the search's result cannot be read");
            return Some(Some((self.stop(index), error)));
        };
        live.pending.apply(&found.updates);
        if live.pending.size() <= limits.undelivered {
            return Some(None);
        }
        let error = Error::limit("the changes of the search's result take up more memory than the limit");
        Some(Some((self.stop(index), error)))
    }

    /// The changes for a reader that has taken those before.
    pub(super) fn next_change(&mut self, is_drained: &dyn Fn(Id) -> bool) -> Option<(Id, ResultChange)> {
        let live = self.live.iter_mut().find(|live| !live.pending.is_empty() && is_drained(live.id))?;
        Some((live.id, std::mem::take(&mut live.pending)))
    }

    /// Ends those of other selections than this one: the server updates them no longer.
    pub(super) fn end_others(&mut self, selection: Option<u64>) -> Vec<Id> {
        if self.live.is_empty() && self.unread.is_empty() {
            return Vec::new();
        }
        self.unread.retain(|(_, of)| Some(*of) == selection);
        self.live.extract_if(.., |live| Some(live.selection) != selection).map(|live| live.id).collect()
    }

    /// The readers of all of them, at the end.
    pub(super) fn end_all(&mut self) -> Vec<Id> {
        std::mem::take(self).live.into_iter().map(|live| live.id).collect()
    }

    /// Whether the server updates results that nobody reads.
    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// The tags of those; they are cancelled now.
    pub(super) fn take_unread(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.unread).into_iter().map(|(tag, _)| tag).collect()
    }

    /// Updates it no longer, and returns its reader.
    fn stop(&mut self, index: usize) -> Id {
        let live = self.live.remove(index);
        self.unread.push((live.tag, live.selection));
        live.id
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::imap::types::{Uid, UidList};

    proptest! {
        #[test]
        fn each_message_is_in_the_set_of_its_last_change(
            steps in prop::collection::vec((any::<bool>(), 1u32..30, 0u32..6), 0..40),
        ) {
            let mut model = BTreeMap::new();
            let mut updates = SearchUpdates::default();
            for (added, first, more) in steps {
                let change = if added { SearchChange::Added } else { SearchChange::Removed };
                let set: Uids = (first..=first + more).filter_map(Uid::nonzero).collect();
                updates.push(change, 0, &UidList::from(&set));
                model.extend(set.iter().map(|uid| (uid, added)));
            }
            let mut changes = ResultChange::default();
            changes.apply(&updates);
            let (added, removed) = changes.into_sets();
            let of = |kind| model.iter().filter(move |(_, added)| **added == kind).map(|(uid, _)| *uid).collect::<Uids>();
            prop_assert_eq!((added, removed), (of(true), of(false)));
        }
    }

    #[test]
    fn the_highest_uid_ends_a_range() {
        let mut changes = ResultChange::default();
        changes.set(5, u32::MAX, true);
        changes.set(7, 7, false);
        let (added, removed) = changes.into_sets();
        assert_eq!((added.to_string(), removed.to_string()), ("5:6,8:4294967295".into(), "7".into()));
    }
}
