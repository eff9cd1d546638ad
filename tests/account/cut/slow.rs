//! An account whose connections are lost: at every 130th byte, in each way, and at several bytes by chance. `ACCOUNT_SEEDS=200-299` tries
//! those seeds, and `ACCOUNT_SEEDS=7` that one; `tests/long account` tries every byte of both directions.

use std::collections::HashMap;
use std::time::Duration;

use super::case::{Case, Manner};
use super::embedded::Embedded;
use super::play;
use crate::cutting::{Passed, Proxy};
use crate::job::{ACTS, Allowed, ByAccount, Report, Sum, given_seeds};

/// How many seeds are tried.
const COUNT: u64 = 300;
/// `Deadlines::settle`: a command that runs later may be repeated before.
const SETTLE: Duration = Duration::from_secs(2);

fn by_account(case: &Case) -> (Report, Passed) {
    play(case, async |world: Embedded, proxy: Proxy| ByAccount::new(world.account(&proxy), Duration::from_secs(10)))
}

#[test]
fn without_a_loss_an_account_does_everything() {
    for manner in Manner::ALL {
        let (report, passed) = by_account(&Case::calm(manner));
        assert_eq!(report.complaints(Allowed::default()), [""; 0], "{manner:?}");
        assert_eq!(report.done + report.unsupported, ACTS.len());
        assert_eq!(passed.connections, 1);
    }
}

#[test]
fn nothing_is_lost_or_doubled_wherever_the_connection_is_lost() {
    let calm: HashMap<_, _> =
        Manner::ALL.into_iter().map(|manner| (manner, by_account(&Case::calm(manner)).1)).collect();
    let mut sum = Sum::default();
    for seed in given_seeds().unwrap_or_else(|| spread(&calm)) {
        let case = Case::of(seed, |manner| calm[&manner]);
        let (report, passed) = by_account(&case);
        sum.add(format!("{seed}: {case}"), passed.cuts, &report, allowed(&case));
    }
    sum.check("embedded");
}

/// What is nobody's fault in this case.
fn allowed(case: &Case) -> Allowed {
    let is_unlucky = case.plan.cuts.len() > 1;
    // Mail that arrives meanwhile may be taken for the change.
    let has_no_evidence = case.meddles || case.manner == Manner::StripsIds;
    Allowed { late: case.plan.lateness() > SETTLE, failures: is_unlucky, unknown: is_unlucky || has_no_evidence }
}

/// Seeds that are spread over all bytes and ways; the last of them are at random.
fn spread(calm: &HashMap<Manner, Passed>) -> Vec<u64> {
    let bytes = calm.values().map(|passed| passed.to_server + passed.from_server).max().unwrap();
    let bytes = bytes + bytes / 10;
    (0..COUNT).map(|number| number * bytes / COUNT * 8 + number % 8).collect()
}
