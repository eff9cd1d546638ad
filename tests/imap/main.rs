//! IMAP sessions: dialogues with the scripted peer, and every command on the embedded server. Of both protocols together: `tests/both`.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod commands;
#[path = "../support/rng.rs"]
mod rng;
mod session;
mod slow;
#[path = "../support/sorted_mail.rs"]
mod sorted_mail;
#[path = "../support/imap/mod.rs"]
mod support;
