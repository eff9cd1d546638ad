//! [`Listing`]: the messages of the server's listing, how far the run has come with each of them, and what the policy makes of them. It
//! must not know how a message is transferred.

use std::sync::Arc;

use time::OffsetDateTime;

use super::delivery::{Extent, Head};
use super::plan::{Plan, Planned, Step};
use super::policy::{Candidate, Policy};
use super::records::{NameMatch, stable_key};
use crate::{Defect, Entry, MessageId};

/// The rows of a listing, in the server's order. A row is named by its number.
#[derive(Debug, Default)]
pub(super) struct Listing {
    rows: Vec<Row>,
}

/// One message of the listing.
#[derive(Debug)]
pub(super) struct Row {
    entry: Entry,
    name_match: NameMatch,
    /// When the message was collected whole and for certain; `None` if it is not.
    collected_at: Option<OffsetDateTime>,
    /// Whether this session has verified that it is the message that the ledger knows. Nothing else is deleted.
    verified: bool,
    /// Its key in the ledger, if its id is not stable and it was collected.
    unnamed_key: Option<Arc<str>>,
    /// It has no stable id but a known header, so it comes after the messages that are certainly new.
    demoted: bool,
}

impl Listing {
    pub(super) fn new(entries: Vec<Entry>, matches: Vec<NameMatch>) -> Self {
        Self { rows: entries.into_iter().zip(matches).map(|(entry, name_match)| Row::new(entry, name_match)).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Row> {
        self.rows.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Row> {
        self.rows.get_mut(at)
    }

    pub(super) fn ids(&self, rows: &[usize]) -> Vec<MessageId> {
        rows.iter().filter_map(|at| self.get(*at)).map(|row| row.entry.id.clone()).collect()
    }

    /// The size in the listing; 0 if there is none.
    pub(super) fn size(&self, at: usize) -> u64 {
        self.get(at).and_then(|row| row.entry.size).unwrap_or_default()
    }

    /// The numbers of the rows whose messages have no stable id.
    pub(super) fn unnamed(&self) -> Vec<usize> {
        self.rows_where(|row| !row.entry.id.is_lasting())
    }

    /// The numbers of the rows that the ledger knows by name, and that the run will delete if nothing fails.
    pub(super) fn known_to_delete(&self, policy: &Policy, now: OffsetDateTime) -> Vec<usize> {
        let mut deletes = self.would_delete(&self.steps(policy), policy, now).into_iter();
        self.rows_where(|row| deletes.next() == Some(true) && matches!(row.name_match, NameMatch::Known(_)))
    }

    fn rows_where(&self, mut which: impl FnMut(&Row) -> bool) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(at, row)| which(row).then_some(at)).collect()
    }

    /// What is to be done about each message. The budget goes to the oldest first, and to demoted rows last.
    pub(super) fn steps(&self, policy: &Policy) -> Vec<Step> {
        let mut budget = policy.budget();
        let mut steps: Vec<_> = self.rows.iter().map(|row| row.step(policy)).collect();
        for demoted in [false, true] {
            for (row, step) in self.rows.iter().zip(&mut steps).filter(|(row, _)| row.demoted == demoted) {
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

    /// Whether each message would be deleted after these steps, if none of them failed.
    fn would_delete(&self, steps: &[Step], policy: &Policy, now: OffsetDateTime) -> Vec<bool> {
        let candidates = self.rows.iter().zip(steps).map(|(row, step)| match step {
            Step::Collect | Step::Examine => row.candidate(Some(row.collected_at.unwrap_or(now))),
            Step::Known | Step::HeaderKnown | Step::CollectHeader | Step::Wait => row.candidate(row.collected_at),
        });
        policy.deletes(&candidates.collect::<Vec<_>>(), now)
    }

    /// The numbers of the rows that the policy deletes now. Only verified messages are among them.
    pub(super) fn to_delete(&self, policy: &Policy, now: OffsetDateTime) -> Vec<usize> {
        let candidates: Vec<_> = self.rows.iter().map(|row| row.candidate(row.collected_at)).collect();
        let mut deletes = policy.deletes(&candidates, now).into_iter();
        self.rows_where(|row| deletes.next() == Some(true) && row.verified)
    }

    /// The steps and deletions as a plan.
    pub(super) fn plan(&self, policy: &Policy, now: OffsetDateTime) -> Plan {
        let steps = self.steps(policy);
        let deletes = self.would_delete(&steps, policy, now);
        let planned = self.rows.iter().zip(steps).zip(deletes).map(|((row, step), deletes)| Planned {
            id: row.entry.id.clone(),
            size: row.entry.size,
            step,
            deletes,
        });
        Plan { rows: planned.collect() }
    }
}

impl Row {
    fn new(entry: Entry, name_match: NameMatch) -> Self {
        let collected_at = match name_match {
            NameMatch::Known(since) => Some(since),
            NameMatch::Differing | NameMatch::HeaderKnown | NameMatch::Doubtful | NameMatch::New => None,
        };
        Self { entry, name_match, collected_at, verified: false, unnamed_key: None, demoted: false }
    }

    pub(super) fn entry(&self) -> &Entry {
        &self.entry
    }

    pub(super) fn id(&self) -> &MessageId {
        &self.entry.id
    }

    /// Its key in the ledger, once it has one.
    pub(super) fn key(&self) -> Option<String> {
        self.unnamed_key.as_deref().map(str::to_owned).or_else(|| stable_key(&self.entry))
    }

    /// For a message without a stable id: whether its header is known.
    pub(super) fn demote_if(&mut self, is_known: bool) {
        self.demoted = is_known;
    }

    /// It is the message that the ledger knows.
    pub(super) fn verify(&mut self) {
        self.verified = true;
    }

    /// Its name may have come to mean another message.
    pub(super) fn doubt(&mut self) {
        (self.name_match, self.collected_at) = (NameMatch::Doubtful, None);
    }

    /// It was transferred in this run, and is collected under this key. `certain` is whether no other reading of it differs.
    pub(super) fn collected(&mut self, key: Arc<str>, extent: Extent, since: OffsetDateTime, certain: bool) {
        if !self.entry.id.is_lasting() {
            self.unnamed_key = Some(key);
        }
        if extent == Extent::Whole && certain {
            (self.collected_at, self.verified) = (Some(since), true);
        }
    }

    /// Two readings of it differ, so it is never deleted.
    pub(super) fn differs(&mut self) {
        (self.collected_at, self.verified) = (None, false);
    }

    pub(super) fn head(&self, extent: Extent) -> Head {
        let Entry { id, size, flags, received, .. } = self.entry.clone();
        Head { id, extent, size, received, flags }
    }

    /// The size that the server declares, in its listing or with the message, if the message has another one; the largest of them.
    pub(super) fn declared(&self, extent: Extent, octets: u64, defects: &[Defect]) -> Option<u64> {
        let with_it = defects.iter().filter_map(|defect| match defect {
            Defect::Size { declared, .. } => Some(*declared),
            _ => None,
        });
        let declared = with_it.chain(self.entry.size).filter(|declared| *declared != octets);
        declared.max().filter(|_| extent == Extent::Whole)
    }

    fn candidate(&self, collected_at: Option<OffsetDateTime>) -> Candidate {
        Candidate { size: self.entry.size.unwrap_or_default(), collected_at }
    }

    fn step(&self, policy: &Policy) -> Step {
        match (self.name_match, policy.skips(self.entry.size)) {
            (NameMatch::Known(_) | NameMatch::Differing, _) => Step::Known,
            (NameMatch::HeaderKnown, true) => Step::HeaderKnown,
            (NameMatch::Doubtful | NameMatch::New, true) => Step::CollectHeader,
            (NameMatch::Doubtful, false) => Step::Examine,
            (NameMatch::New, false) if !self.entry.id.is_lasting() => Step::Examine,
            (NameMatch::HeaderKnown | NameMatch::New, false) => Step::Collect,
        }
    }
}
