//! The same work done directly and through a proxy that changes what the server says into what it could have said as well: the
//! same values come out. A seed that fails is named; `POSTROOM_SEED` does the work with that one alone, or with
//! those from `1-100`.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[macro_use]
#[path = "support/suite.rs"]
mod suite;
#[path = "support/live.rs"]
mod live;
#[path = "live_mutated/mail.rs"]
mod mail;
#[path = "support/mutator.rs"]
mod mutator;
#[path = "live_mutated/rounds.rs"]
mod rounds;
#[path = "support/server.rs"]
mod server;
#[path = "live_mutated/values.rs"]
mod values;
#[path = "live_mutated/watch.rs"]
mod watch;
#[path = "live_mutated/work.rs"]
mod work;

on_every_imap_server! {
    rounds {
        the_same_values_come_out_through_a_mutating_proxy: [],
    }
}
