//! The running search for the UIDs of message numbers. A message that is expunged meanwhile spoils it, since the
//! numbers change. It must not know how the search is sent.

use super::{Mirror, Numbering};
use crate::imap::types::{SeqNum, Uids};

impl Numbering {
    pub(super) fn spoil(&mut self) {
        self.0 = None;
    }
}

impl Mirror {
    /// A search was sent.
    pub(crate) fn begin_numbering(&mut self) {
        self.numbering.0 = Some(Default::default());
    }

    pub(crate) fn is_numbering(&self) -> bool {
        self.numbering.0.is_some()
    }

    /// Records the answer with the current number of messages: mail that arrives later is not in it. `None` if the
    /// answer is unusable.
    pub(crate) fn apply_found(&mut self, found: Option<Uids>) {
        let exists = self.state.selected.as_ref().map_or(0, |selected| selected.exists);
        let all = self.numbering.0.take().zip(found).and_then(|((before, _), more)| before.union(&more).ok());
        self.numbering.0 = all.map(|all| (all, exists));
    }

    /// The search was answered. The UIDs are those of the messages from this number on, unless one of them was expunged
    /// meanwhile.
    pub(crate) fn finish_numbering(&mut self, from: SeqNum, to: Option<SeqNum>, done: bool) {
        let Some((found, exists)) = self.numbering.0.take().filter(|_| done) else { return };
        self.numbers.extend(from, found.ranges().map(|range| (range.start().as_u32(), range.end().as_u32())));
        // The search must have found exactly the messages that exist; otherwise numbers cannot be assigned.
        if to.map_or(exists, |to| exists.min(to.as_u32())) != self.numbers.known() {
            self.numbers.clear();
        }
    }
}
