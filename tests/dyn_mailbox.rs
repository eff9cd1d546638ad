//! One program over `dyn Mailbox`, and what each protocol makes of it.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "dyn_mailbox/imap.rs"]
mod imap;
#[path = "dyn_mailbox/program.rs"]
mod program;
#[path = "support/imap/mod.rs"]
mod support;
