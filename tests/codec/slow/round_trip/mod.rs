//! `parse(encode(v)) == v`, for random values of every type that is sent or received: responses written as a server may write them and
//! read by the crate, commands written by the crate and read by a reader of their grammar that is part of these tests, and the values
//! that both sides write.
//!
//! 10,000 cases of each; `PROPTEST_CASES=1000000 cargo test --release --test codec round_trip` runs a million. A value grows from a random
//! number; for a failure, the smallest one is kept in `round_trip.regressions` beside this file.

mod command;
mod from_random;
mod pop3;
mod responses;
