//! The oracle's own proof: it finds nothing if nothing is lost, and what naive clients lose and double.

use std::time::Duration;

use super::case::{Case, Manner};
use super::embedded::Embedded;
use super::play;
use crate::cutting::{How, Passed, Plan, Proxy, Side};
use crate::job::{ACTS, After, Naive, Report};

fn naively(case: &Case, after: After) -> (Report, Passed) {
    play(case, async |world: Embedded, proxy: Proxy| Naive::new(async move || world.cut_session(&proxy).await, after))
}

#[test]
fn without_a_loss_everything_is_done() {
    for manner in Manner::ALL {
        let (report, passed) = naively(&Case::calm(manner), After::Repeats);
        assert!(report.wrong().is_empty() && report.failed.is_empty() && report.unknown.is_empty(), "{report:#?}");
        let lacks = if manner == Manner::Old { 2 } else { 0 };
        assert_eq!((report.done, report.unsupported), (ACTS.len() - lacks, lacks), "{manner:?}");
        assert_eq!((passed.connections, passed.cuts), (1, 0));
    }
}

/// The oracle's proof: a client that repeats doubles messages, one that believes loses them, and both are found.
#[test]
fn a_naive_client_loses_and_doubles() {
    let (_, passed) = naively(&Case::calm(Manner::Plain), After::Repeats);
    let (mut doubled, mut lost) = (0, 0);
    let late = How::Late(Duration::from_secs(1));
    for (after, how) in [(After::Repeats, late), (After::Believes, How::Close)] {
        for part in 0..25 {
            let at = passed.to_server * part / 25;
            let (report, cut) = naively(&Case::one(Manner::Plain, Side::ToServer, at, how), after);
            assert_eq!(cut.cuts, 1);
            doubled += report.doubled.len();
            lost += report.lost.len();
        }
    }
    assert!(doubled > 0 && lost > 0, "{doubled} doubled, {lost} lost");
}

#[test]
fn seeds_try_every_byte_in_every_way_and_then_at_random() {
    let passed = Passed { to_server: 3, from_server: 5, ..Passed::default() };
    let cases: Vec<_> = (0..100).map(|seed| Case::of(seed, |_| passed)).collect();
    for (first, case) in cases.iter().take(8).enumerate() {
        let (side, how) = (case.plan.cuts[0].side, case.plan.cuts[0].how);
        assert_eq!((side, case.plan.cuts[0].at), (Side::ToServer, 0));
        for byte in 0..8 {
            let (side, at) = if byte < 3 { (Side::ToServer, byte) } else { (Side::FromServer, byte - 3) };
            let same = &cases[first + 8 * usize::try_from(byte).unwrap()];
            assert_eq!((&same.plan, same.manner, same.meddles), (&Plan::one(side, at, how), case.manner, case.meddles));
        }
    }
    let again = |seed| format!("{:?}", Case::of(seed, |_| passed));
    assert!(cases.iter().zip(0..).all(|(case, seed)| format!("{case:?}") == again(seed)));
    assert!(cases[64..].iter().any(|case| case.plan.cuts.len() > 1));
}
