//! `parse(encode(v)) == v`, for random values of every type that crosses the wire: responses written as a server may write them and read
//! by the crate, commands written by the crate and read by a reader of their grammar that these tests bring along, and the values that
//! both sides write.
//!
//! 10,000 cases of each; `PROPTEST_CASES=1000000 cargo test --release --test round_trip` runs a million. A value grows from a random
//! number, of which a failure keeps the smallest in `round_trip.regressions` beside this file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "round_trip/command/mod.rs"]
mod command;
#[path = "one_command/framer.rs"]
mod framer;
#[path = "round_trip/grow.rs"]
mod grow;
#[path = "round_trip/pop3.rs"]
mod pop3;
#[path = "round_trip/responses.rs"]
mod responses;
#[path = "support/said/mod.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "the fuzz targets use all of it, from a crate of their own")]
mod said;
