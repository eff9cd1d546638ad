//! Connections that are lost at any byte: nothing a client does is lost or done twice, and every call's result is true.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod case;
#[path = "../support/cutting/mod.rs"]
mod cutting;
mod embedded;
#[path = "../support/job/mod.rs"]
mod job;
mod naive;
mod oracle;
#[path = "../support/rng.rs"]
mod rng;
