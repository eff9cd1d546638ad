//! The search for the UIDs of the messages whose numbers are known, while it runs. A message that goes meanwhile spoils it: the numbers
//! are others then. It must not know how the search is asked.

use super::Mirror;
use crate::imap::types::{SeqNum, Uids};

/// What the search has found, and how many messages there were then; `None` if none runs, or nothing of it may be believed.
#[derive(Debug, Default)]
pub(super) struct Numbering(Option<(Uids, u32)>);

impl Numbering {
    pub(super) fn spoil(&mut self) {
        self.0 = None;
    }
}

impl Mirror {
    /// The search is on its way.
    pub(crate) fn begin_numbering(&mut self) {
        self.numbering.0 = Some(Default::default());
    }

    pub(crate) fn is_numbering(&self) -> bool {
        self.numbering.0.is_some()
    }

    /// Mail may come before the search is over: what was found was all there was. `None` if the search names nothing that can be used.
    pub(crate) fn apply_found(&mut self, found: Option<Uids>) {
        let exists = self.state.selected.as_ref().map_or(0, |selected| selected.exists);
        let all = self.numbering.0.take().zip(found).and_then(|((before, _), more)| before.union(&more).ok());
        self.numbering.0 = all.map(|all| (all, exists));
    }

    /// The search was answered. The UIDs found are those of the messages from this number on, unless one of them went meanwhile.
    pub(crate) fn finish_numbering(&mut self, from: SeqNum, to: Option<SeqNum>, done: bool) {
        let Some((found, exists)) = self.numbering.0.take().filter(|_| done) else { return };
        self.numbers.extend(from, found.ranges().map(|range| (range.start().as_u32(), range.end().as_u32())));
        if to.map_or(exists, |to| exists.min(to.as_u32())) != self.numbers.known() {
            self.numbers.clear();
        }
    }
}
