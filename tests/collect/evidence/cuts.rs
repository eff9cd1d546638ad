//! Doubtful messages over connections that are cut: whatever was done by then, nothing is lost, and the next run ends as it should.

use postroom::collect::{Collector, Policy};

use super::post::{Answer, Letter, text};
use super::{BOTH, Protocol, Trial};

/// A good message, one of a wrong size, one without text, and one that differs at each reading.
fn trial(protocol: Protocol) -> Trial {
    let missing = Letter::new(3, 0).answers(24, [Answer::Empty]);
    let changing = ["one", "two"].map(text).map(Answer::Text);
    let differing = Letter::new(4, 0).answers(99, changing.iter().cycle().take(1000).cloned().collect::<Vec<_>>());
    Trial::new(protocol, [Letter::new(1, 0), Letter::new(2, 3), missing, differing])
}

/// Each of the first two is stored or on the server, the last two are on the server, and everything stored is a message.
fn nothing_is_lost(trial: &Trial, cut: usize) {
    let (left, home) = (trial.left(), trial.delivered());
    for name in [1, 2] {
        let is_home = home.contains(&text(&format!("message {name}")));
        assert!(is_home || left.contains(&name), "{:?} cut after {cut}: {name} is lost", trial.protocol);
    }
    assert!(left.ends_with(&[3, 4]), "{:?} cut after {cut}: {left:?}", trial.protocol);
    assert!(home.iter().all(|text| !text.is_empty()));
}

#[tokio::test]
async fn a_cut_in_a_doubt_loses_nothing_and_deletes_nothing_that_is_not_certain() {
    for protocol in BOTH {
        let undisturbed = trial(protocol);
        undisturbed.collect(Policy::delete()).await;
        let octets = undisturbed.post.lock().unwrap().sent;
        assert!(octets > 300, "{octets}");
        for cut in 0..octets {
            let trial = trial(protocol);
            trial.change(|post| post.cut = Some(cut));
            if let Ok(mut mailbox) = trial.try_open().await {
                let mut collector =
                    Collector::new("me", trial.notes.clone(), trial.shelf.clone()).policy(Policy::delete());
                let _ = collector.run(&mut *mailbox).await;
            }
            nothing_is_lost(&trial, cut);
            trial.change(|post| post.cut = None);
            let (summary, events) = trial.collect(Policy::delete()).await;
            assert_eq!((summary.failed, trial.left()), (1, vec![3, 4]), "{protocol:?} cut after {cut}: {events:?}");
            let mut home = trial.delivered();
            home.sort();
            let [one, two] = [1, 2].map(|name| text(&format!("message {name}")));
            assert_eq!(home[..2], [one, two], "{protocol:?} cut after {cut}");
            assert_eq!(home.len(), 3, "{protocol:?} cut after {cut}: {home:?}");
        }
    }
}
