//! POP3 sessions, by topic: against the embedded server and in dialogues with the scripted peer.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "support/pop3.rs"]
mod support;

#[path = "pop3/cancel.rs"]
mod cancel;
#[path = "pop3/injection.rs"]
mod injection;
#[path = "pop3/judge.rs"]
mod judge;
#[path = "pop3/listing.rs"]
mod listing;
#[path = "pop3/maildrop.rs"]
mod maildrop;
#[path = "pop3/refusal.rs"]
mod refusal;
#[path = "pop3/utf8.rs"]
mod utf8;
