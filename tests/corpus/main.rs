//! Bytes that real servers sent, and their meaning by other projects' tests: `examples/inspect` reads them, and every
//! asserted value is searched for in its output. `tests/corpus/LICENCES.md` says where the bytes come from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../support/as_json/mod.rs"]
mod as_json;
mod dialog;
mod encoding;
mod exception;
mod fact;
mod imap;
mod leaf;
#[path = "../support/neutral.rs"]
mod neutral;
mod part;
mod pop3;
mod unit;
