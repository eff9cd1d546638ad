//! The same work done directly and through a proxy that changes what the server says into what it could have said as well: the
//! same values come out.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "support/mutator.rs"]
mod mutator;
