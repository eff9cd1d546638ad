//! The example `inspect` as functions: what it makes of samples of the RFCs' grammars, of real servers' dialects, and of odd bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "inspect/dialects.rs"]
mod dialects;
#[path = "inspect/grammar.rs"]
mod grammar;
#[path = "../examples/inspect/mod.rs"]
mod inspect;
#[path = "corpus/neutral.rs"]
mod neutral;
#[path = "inspect/odd.rs"]
mod odd;
#[path = "inspect/table.rs"]
mod table;
