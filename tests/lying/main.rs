//! A server that lies: a layer between the embedded server and the session changes what the server says into something well-formed
//! and untrue, by a seed. A lie that something else contradicts must never lead to wrong mail, a result that looks complete, or a
//! deletion. After a lie that nothing contradicts, the call must only end.
//!
//! `LYING_SEED=7` runs that seed alone and prints everything; `LYING_SEEDS=200-9999` runs those. `tests/long lying 10000` runs many.
//! With `LYING_ALL=1` known failures fail too, and are printed.
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
mod extension_calls;
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
mod values;
mod watchdog;
#[path = "../support/mutator/wire.rs"]
mod wire;

/// The baseline for the lies: without any, every call delivers everything.
#[test]
fn the_truth_comes_out_as_it_is() {
    for call in call::Call::ALL {
        for roll in 0..8 {
            let outcome = round::play(&round::Round { call: *call, lies: Vec::new(), roll });
            let is_clean = outcome.broken.is_empty() && outcome.errors.is_empty();
            assert!(is_clean, "{call}: {:?} {:?}", outcome.broken, outcome.errors);
            assert!(outcome.texts + outcome.listed > 0, "{call} delivers nothing");
        }
    }
}
