//! [`Row`]: one message of the server's listing, and how far the run has come with it; and what the policy makes of all of them.

use std::sync::Arc;

use time::OffsetDateTime;

use super::book::Standing;
use super::plan::{Plan, Planned, Step};
use super::policy::{Policy, Sight};
use crate::Entry;

/// One message of the listing.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) standing: Standing,
    /// Since when it is safe at home, whole; `None` while it is not.
    pub(super) safe: Option<OffsetDateTime>,
    /// Whether this session has seen that it is the message the ledger knows.
    pub(super) seen: bool,
    /// Its key in the ledger, where its id does not last and it was met.
    pub(super) nameless: Option<Arc<str>>,
    /// Whether its name does not last and its header is known: it comes behind those that are new for certain.
    pub(super) presumed: bool,
}

impl Row {
    pub(super) fn new(entry: Entry, standing: Standing) -> Self {
        let safe = match standing {
            Standing::Known(since) => Some(since),
            Standing::Differing | Standing::HeaderKnown | Standing::Doubtful | Standing::New => None,
        };
        Self { entry, standing, safe, seen: false, nameless: None, presumed: false }
    }

    fn sight(&self, safe: Option<OffsetDateTime>) -> Sight {
        Sight { size: self.entry.size.unwrap_or_default(), collected: safe }
    }
}

/// What is to be done about each message, the budget given to the oldest first.
pub(super) fn steps(rows: &[Row], policy: &Policy) -> Vec<Step> {
    let mut budget = policy.budget();
    let mut steps: Vec<_> = rows.iter().map(|row| step(row, policy)).collect();
    for presumed in [false, true] {
        for (row, step) in rows.iter().zip(&mut steps).filter(|(row, _)| row.presumed == presumed) {
            let size = match step {
                Step::Collect | Step::Examine => row.entry.size.unwrap_or_default(),
                Step::CollectHeader => 0,
                Step::Known | Step::HeaderKnown | Step::Wait => continue,
            };
            if !budget.take(size) {
                *step = Step::Wait;
            }
        }
    }
    steps
}

fn step(row: &Row, policy: &Policy) -> Step {
    match (row.standing, policy.skips(row.entry.size)) {
        (Standing::Known(_) | Standing::Differing, _) => Step::Known,
        (Standing::HeaderKnown, true) => Step::HeaderKnown,
        (Standing::Doubtful | Standing::New, true) => Step::CollectHeader,
        (Standing::Doubtful, false) => Step::Examine,
        (Standing::New, false) if !row.entry.id.is_lasting() => Step::Examine,
        (Standing::HeaderKnown | Standing::New, false) => Step::Collect,
    }
}

/// Which messages would go if these steps were taken and none failed.
pub(super) fn would_go(rows: &[Row], steps: &[Step], policy: &Policy, now: OffsetDateTime) -> Vec<bool> {
    let sights = rows.iter().zip(steps).map(|(row, step)| match step {
        Step::Collect | Step::Examine => row.sight(Some(row.safe.unwrap_or(now))),
        Step::Known | Step::HeaderKnown | Step::CollectHeader | Step::Wait => row.sight(row.safe),
    });
    policy.goes(&sights.collect::<Vec<_>>(), now)
}

/// Which messages go, as things stand: those among them that this session has seen.
pub(super) fn goes(rows: &[Row], policy: &Policy, now: OffsetDateTime) -> Vec<bool> {
    let sights: Vec<_> = rows.iter().map(|row| row.sight(row.safe)).collect();
    let goes = policy.goes(&sights, now);
    goes.into_iter().zip(rows).map(|(goes, row)| goes && row.seen).collect()
}

/// The same as a plan, to be shown.
pub(super) fn plan(rows: &[Row], policy: &Policy, now: OffsetDateTime) -> Plan {
    let steps = steps(rows, policy);
    let goes = would_go(rows, &steps, policy, now);
    let planned = rows.iter().zip(steps).zip(goes).map(|((row, step), deletes)| Planned {
        id: row.entry.id.clone(),
        size: row.entry.size,
        step,
        deletes,
    });
    Plan { rows: planned.collect() }
}
