//! A server that lies: between the embedded server and the session a layer changes what the server says into what is well-formed and
//! not true, by a seed. Lies that something else contradicts must not come out as mail, as completeness or as a deletion; lies that
//! nothing contradicts must only end.
//!
//! `LYING_SEED=7` plays that seed alone and tells everything; `LYING_SEEDS=200-9999` plays those. `tests/long lying 10000` plays many.
//! With `LYING_ALL=1` what is known to fail fails too, and is told.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod answer;
#[path = "../support/awkward_mail.rs"]
mod awkward_mail;
mod call;
mod collecting;
mod fetch;
mod fib;
mod imap;
mod imap_calls;
mod known;
mod layer;
mod lie;
mod mail;
mod plain;
mod pop3;
mod pop3_calls;
mod report;
#[path = "../support/rng.rs"]
mod rng;
mod round;
#[path = "../support/scratch.rs"]
mod scratch;
mod seed;
mod slow;
mod untruth;
mod watchdog;
#[path = "../support/mutator/wire.rs"]
mod wire;

/// What the lies are held against: with none, every call brings everything.
#[test]
fn the_truth_comes_out_as_it_is() {
    for call in call::Call::ALL {
        for roll in 0..8 {
            let outcome = round::play(&round::Round { call: *call, lies: Vec::new(), roll });
            let is_clean = outcome.broken.is_empty() && outcome.errors.is_empty();
            assert!(is_clean, "{call}: {:?} {:?}", outcome.broken, outcome.errors);
            assert!(outcome.texts + outcome.listed > 0, "{call} brings nothing");
        }
    }
}
