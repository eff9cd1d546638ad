//! POP3 sessions, by topic: against the embedded server and in dialogues with the scripted peer.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../support/drop_after.rs"]
mod drop_after;
#[path = "../support/pop3.rs"]
mod support;

mod injection;
mod judge;
mod listing;
mod maildrop;
mod refusal;
mod slow;
mod utf8;
