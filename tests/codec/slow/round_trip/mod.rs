//! `parse(encode(v)) == v`, for random values of every type that crosses the wire: responses written as a server may write them and read
//! by the crate, commands written by the crate and read by a reader of their grammar that these tests bring along, and the values that
//! both sides write.
//!
//! 10,000 cases of each; `PROPTEST_CASES=1000000 cargo test --release --test codec round_trip` runs a million. A value grows from a random
//! number, of which a failure keeps the smallest in `round_trip.regressions` beside this file.

mod command;
mod from_random;
mod pop3;
mod responses;
