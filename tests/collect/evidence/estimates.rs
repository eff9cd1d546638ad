//! Servers whose sizes are only estimates: when this is assumed, for how long, and what it does not cover.

use postroom::collect::{FileLedger, Ledger, Policy};

use super::post::{Answer, Letter, text};
use super::{BOTH, Protocol, Trial};
use crate::scratch::Scratch;

fn wrong(names: impl IntoIterator<Item = u32>) -> Vec<Letter> {
    names.into_iter().map(|name| Letter::new(name, 5)).collect()
}

fn read_twice(trial: &Trial) -> usize {
    trial.readings().iter().filter(|readings| **readings == 2).count()
}

#[tokio::test]
async fn after_eight_confirmations_in_a_row_the_sizes_are_estimates() {
    for protocol in BOTH {
        let trial = Trial::new(protocol, wrong(1..=12));
        let (summary, events) = trial.collect(Policy::keep()).await;
        assert_eq!((summary.collected, summary.confirmed), (12, 8), "{protocol:?}: {events:?}");
        assert_eq!(events.iter().filter(|event| **event == "estimates").count(), 1);
        assert!(summary.sizes_are_estimates && summary.to_string().ends_with(", sizes are estimates"), "{summary}");
        assert_eq!(read_twice(&trial), 8);
        let (summary, _) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.deleted, summary.sizes_are_estimates), (12, false));
    }
}

async fn counts_across_runs<L: Ledger, F: Future<Output = L>>(open: impl Fn() -> F) {
    let trial = Trial::new(Protocol::Imap, wrong(1..=5));
    let (summary, _) = trial.collect_with(Policy::keep(), open().await).await;
    assert_eq!((summary.confirmed, summary.sizes_are_estimates), (5, false));
    trial.change(|post| post.letters.extend(wrong(6..=10)));
    let (summary, _) = trial.collect_with(Policy::keep(), open().await).await;
    assert_eq!((summary.confirmed, summary.collected, summary.sizes_are_estimates), (3, 5, true));
    trial.change(|post| post.letters.extend(wrong(11..=20)));
    let (summary, events) = trial.collect_with(Policy::delete(), open().await).await;
    assert_eq!((summary.confirmed, summary.collected, summary.deleted), (0, 10, 20), "{events:?}");
    assert_eq!(events.iter().filter(|event| **event == "estimates").count(), 1, "reported in each run that uses it");
    assert_eq!((trial.count("NOOP"), trial.count("UID SEARCH")), (0, 0));
    // Another account does not share it.
    assert!(open().await.load("you").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_confirmations_of_earlier_runs_count_in_every_ledger() {
    let scratch = Scratch::new();
    counts_across_runs(async || FileLedger::open(scratch.join("ledger")).await.unwrap()).await;
    #[cfg(feature = "sqlite")]
    counts_across_runs(async || postroom::collect::SqliteLedger::open(scratch.join("ledger.sqlite")).await.unwrap())
        .await;
}

#[tokio::test]
async fn less_than_half_is_never_an_estimate() {
    for protocol in BOTH {
        let trial = Trial::new(protocol, wrong(1..=8));
        trial.collect(Policy::keep()).await;
        let size = text("message 20").len();
        let half = Letter::new(20, 0).answers(2 * size, [Answer::Text(text("message 20"))]);
        let less = Letter::new(21, 0).answers(2 * size + 1, [Answer::Text(text("message 21"))]);
        let other = ["short", "other"].map(text).map(Answer::Text);
        let differs = Letter::new(22, 0).answers(1000, other);
        let missing = Letter::new(23, 0).answers(10, [Answer::Empty]);
        trial.change(|post| post.letters.extend([half, less, differs, missing]));
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!(
            (summary.confirmed, summary.differing, summary.failed, summary.deleted),
            (1, 1, 1, 10),
            "{protocol:?}: {events:?}"
        );
        assert_eq!(trial.left(), [22, 23]);
        // A server that sends two texts must be checked again.
        trial.change(|post| post.letters.extend(wrong(30..=31)));
        let (summary, _) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.confirmed, summary.sizes_are_estimates, summary.deleted), (2, false, 2), "{protocol:?}");
    }
}

#[tokio::test]
async fn a_difference_breaks_the_row() {
    let answers = |name: u32| ["a", "b"].map(|end| Answer::Text(text(&format!("message {name}{end}"))));
    // The shortest are read again first; names of one and two digits.
    let letters = wrong(1..=7).into_iter().chain([Letter::new(8, 0).answers(99, answers(8))]).chain(wrong(10..=16));
    let trial = Trial::new(Protocol::Imap, letters);
    let (summary, events) = trial.collect(Policy::delete()).await;
    assert_eq!((summary.confirmed, summary.differing, summary.sizes_are_estimates), (14, 1, false), "{events:?}");
    assert_eq!((summary.deleted, trial.left()), (14, vec![8]));
}
