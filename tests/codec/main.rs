//! Bytes and their meaning, without a session: everything that is parsed and everything that is written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../support/as_json/mod.rs"]
mod as_json;
mod command_lists;
mod dialects;
mod framer;
#[path = "../support/generated/mod.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "the fuzz targets use all of it, from a crate of their own")]
mod generated;
mod grammar;
#[path = "../support/neutral.rs"]
mod neutral;
mod odd_bytes;
mod slow;
mod wild;
