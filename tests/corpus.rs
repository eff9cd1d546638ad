//! Bytes that real servers sent, and what other projects' tests say that they mean: `examples/inspect` reads them, and every
//! asserted value is looked for in what it shows. Where the bytes come from is in `tests/corpus/LICENCES.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "corpus/dialog.rs"]
mod dialog;
#[path = "corpus/encoding.rs"]
mod encoding;
#[path = "corpus/exception.rs"]
mod exception;
#[path = "corpus/fact.rs"]
mod fact;
#[path = "corpus/imap.rs"]
mod imap;
#[path = "../examples/inspect/mod.rs"]
mod inspect;
#[path = "corpus/leaf.rs"]
mod leaf;
#[path = "corpus/neutral.rs"]
mod neutral;
#[path = "corpus/part.rs"]
mod part;
#[path = "corpus/pop3.rs"]
mod pop3;
#[path = "corpus/unit.rs"]
mod unit;
