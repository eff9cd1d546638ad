//! Many runs of the job, added up.

use std::fmt;

use super::report::{Allowed, Report};

#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    runs: usize,
    cuts: u32,
    done: usize,
    failed: usize,
    unknown: usize,
    doubled: usize,
    complaints: Vec<String>,
}

impl Sum {
    /// Adds a run, of which this is the seed and what it means.
    pub(crate) fn add(&mut self, run: impl fmt::Display, cuts: u32, report: &Report, allowed: Allowed) {
        self.runs += 1;
        self.cuts += cuts;
        self.done += report.done;
        self.failed += report.failed.len();
        self.unknown += report.unknown.len();
        self.doubled += report.doubled.len();
        self.complaints.extend(report.complaints(allowed).iter().map(|line| format!("seed {run}\n    {line}")));
    }

    /// Prints the counts, and fails if there is a complaint.
    pub(crate) fn check(&self, title: &str) {
        let Self { runs, cuts, done, failed, unknown, doubled, complaints } = self;
        println!(
            "{runs} seeds: {title}: {cuts} connections lost, {done} operations done, {failed} failed, {unknown} unknown, \
             {doubled} doubled and reported"
        );
        assert!(complaints.is_empty(), "{title}: {} complaints:\n{}", complaints.len(), complaints.join("\n"));
    }
}

/// The seeds of the environment variable `ACCOUNT_SEEDS`: `7`, or `200-299`.
pub(crate) fn given_seeds() -> Option<Vec<u64>> {
    let given = std::env::var("ACCOUNT_SEEDS").ok()?;
    let (first, last) = given.split_once('-').unwrap_or((&given, &given));
    Some((first.parse().unwrap()..=last.parse().unwrap()).collect())
}
