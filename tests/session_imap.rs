//! Dialogues with the scripted peer, by topic: what a session says, and what it makes of what it is told.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "support/imap/mod.rs"]
mod support;

#[path = "session_imap/answers.rs"]
mod answers;
#[path = "session_imap/deletion.rs"]
mod deletion;
#[path = "session_imap/dialect.rs"]
mod dialect;
#[path = "session_imap/events.rs"]
mod events;
#[path = "session_imap/hostile.rs"]
mod hostile;
#[path = "session_imap/idling.rs"]
mod idling;
#[path = "session_imap/judging.rs"]
mod judging;
#[path = "session_imap/limits.rs"]
mod limits;
#[path = "session_imap/login.rs"]
mod login;
#[path = "session_imap/notices.rs"]
mod notices;
#[path = "session_imap/reading.rs"]
mod reading;
#[path = "session_imap/refusal.rs"]
mod refusal;
#[path = "session_imap/revision.rs"]
mod revision;
#[path = "session_imap/selection.rs"]
mod selection;
#[path = "session_imap/silence.rs"]
mod silence;
#[path = "session_imap/starttls.rs"]
mod starttls;
#[path = "session_imap/validity.rs"]
mod validity;
#[path = "session_imap/window.rs"]
mod window;
