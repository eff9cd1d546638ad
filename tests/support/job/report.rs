//! The job from beginning to end, and what the oracle says about it.

use std::time::Duration;

use super::act::Act;
use super::doer::Doer;
use super::judge::{bystanders, judge};
use super::state::State;
use super::world::{World, prepare};

/// What the oracle found: one line for each operation that is not as it should be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Operations with a true result that was wanted.
    pub(crate) done: usize,
    /// Operations that the server cannot do.
    pub(crate) unsupported: usize,
    /// Messages that were not stored, and whose readers can be read only once.
    pub(crate) given_up: usize,
    /// True errors: the change was not made, or the read returned nothing.
    pub(crate) failed: Vec<String>,
    /// Changes that may have been made or not: `Kind::Unknown`.
    pub(crate) unknown: Vec<String>,
    /// A message that is nowhere, or a change that is said to be made and is not.
    pub(crate) lost: Vec<String>,
    /// A change that was made twice.
    pub(crate) doubled: Vec<String>,
    /// A change that was made although its call failed.
    pub(crate) made_after_all: Vec<String>,
    /// A result that is not true in another way.
    pub(crate) untrue: Vec<String>,
    /// Doubled messages that the doer reports itself.
    pub(crate) reported: usize,
}

/// Lets the doer carry the operations out in this order. Bytes may reach the server up to `lateness` after their connection is lost.
pub(crate) async fn run<D: Doer>(
    world: &impl World,
    acts: &[Act],
    lateness: Duration,
    begin: impl AsyncFnOnce() -> D,
) -> Report {
    prepare(world).await;
    let start = State::of(world).await;
    let mut report = Report::default();
    let mut doer = begin().await;
    let mut results = Vec::new();
    for act in acts {
        results.push(doer.act(act, &start, world).await);
    }
    report.reported = doer.end().await;
    world.settled(lateness).await;
    let end = State::of(world).await;
    for (act, result) in acts.iter().zip(&results) {
        judge(act, result, &start, &end, &mut report);
    }
    bystanders(&start, &end, world, &mut report);
    report
}

/// What a client may do that is careful, but has no luck.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowed {
    /// Bytes reach the server when nobody waits for them any more: doubled messages, if the client reports each, and changes that are
    /// made after a call has failed.
    pub(crate) late: bool,
    /// The connection is lost again and again: true errors.
    pub(crate) failures: bool,
    /// The server leaves no evidence: changes that may have been made or not.
    pub(crate) unknown: bool,
}

impl Report {
    /// What no client may do, however unlucky: every line of it.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.complaints(Allowed { late: false, failures: true, unknown: true })
    }

    /// What is not as it should be: every line of it.
    pub(crate) fn complaints(&self, allowed: Allowed) -> Vec<String> {
        let mut all = Vec::new();
        let mut add = |name: &str, lines: &[String]| all.extend(lines.iter().map(|line| format!("{name}: {line}")));
        add("lost", &self.lost);
        add("untrue", &self.untrue);
        if !allowed.late || self.reported < self.doubled.len() {
            add("doubled", &self.doubled);
        }
        if !allowed.late {
            add("made after all", &self.made_after_all);
        }
        if !allowed.failures {
            add("failed", &self.failed);
        }
        if !allowed.unknown {
            add("unknown", &self.unknown);
        }
        all
    }
}
