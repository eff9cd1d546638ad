//! Collecting, by topic: over a mailbox, a ledger and a delivery in memory, and from servers that err.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[cfg(feature = "testing")]
#[path = "collect/cuts.rs"]
mod cuts;
#[path = "support/maildrop.rs"]
mod maildrop;
#[path = "collect/model.rs"]
mod model;
#[path = "collect/odd.rs"]
mod odd;
#[path = "collect/policy.rs"]
mod policy;
#[path = "support/session.rs"]
mod session;
