//! The updates of searches among the requests (RFC 5267 §4.3): which response is one, and CANCELUPDATE once nobody reads. It must
//! not know what a change is.

use super::{ResultChange, Running, Wire, number_of};
use crate::engine::Id;
use crate::error::Error;
use crate::imap::codec::{Line, search};
use crate::imap::plan::{Order, Plan};
use crate::limits::Limits;

impl Wire {
    /// The search was answered, and its result is updated from now on. `false` if nobody reads it.
    pub(crate) fn go_live(&mut self, run: &Running, selection: u64) -> bool {
        match run.reader() {
            Some(id) => self.searches.add(id, run.tag, selection),
            None => self.searches.leave_unread(run.tag, selection),
        }
        run.reader().is_some()
    }

    /// The same, for a search that failed here: its updates are cancelled.
    pub(crate) fn leave_updates(&mut self, run: &Running, selection: u64) {
        self.searches.leave_unread(run.tag, selection);
    }

    /// The server refuses to update the result of the search with this tag. Returns its reader, if it was updated before.
    pub(crate) fn apply_no_update(&mut self, tag: &str) -> Option<Id> {
        if let Some(run) = self.running.iter_mut().find(|run| run.is_tagged(tag)) {
            run.seen.no_update = true;
        }
        self.searches.end(number_of(tag)?)
    }

    /// Takes an ESEARCH that no running command claims; `None` if it is not about a result that is or was updated. A reader that
    /// is too slow for the limits gets an error.
    pub(crate) fn apply_update(&mut self, frame: &[u8], limits: &Limits) -> Option<Option<(Id, Error)>> {
        let number = search::tag(frame).as_deref().and_then(number_of)?;
        // It may have been sent before the server read CANCELUPDATE.
        let late = || search::parse(frame).is_ok_and(|found| !found.updates.is_empty()).then_some(None);
        self.searches.apply(number, frame, limits).or_else(|| late().filter(|_| number <= self.next_tag))
    }

    pub(crate) fn next_change(&mut self, is_drained: &dyn Fn(Id) -> bool) -> Option<(Id, ResultChange)> {
        self.searches.next_change(is_drained)
    }

    /// The readers of results that are not about this selection: they are updated no longer.
    pub(crate) fn end_updates(&mut self, selection: Option<u64>) -> Vec<Id> {
        self.searches.end_others(selection)
    }

    /// CANCELUPDATE for the results that nobody reads.
    pub(super) fn cancel_updates(&mut self) -> Option<Plan> {
        let tags = self.searches.take_unread();
        let line = Some(Line::new("CANCELUPDATE")).filter(|_| !tags.is_empty())?;
        let line = tags.iter().fold(line, |line, tag| line.checked(&format!("\"A{tag}\"")));
        Some(Plan::new("CANCELUPDATE", line.finish()).order(Order::default()))
    }
}
