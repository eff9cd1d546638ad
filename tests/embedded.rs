//! The embedded server, tried without the client library: by raw lines, and by other people's clients.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "embedded/condstore.rs"]
mod condstore;
#[path = "embedded/hostile.rs"]
mod hostile;
#[path = "embedded/imap.rs"]
mod imap;
#[path = "embedded/line.rs"]
mod line;
#[path = "embedded/mbsync.rs"]
mod mbsync;
#[path = "embedded/peers.rs"]
mod peers;
#[path = "embedded/pop3.rs"]
mod pop3;
#[path = "embedded/revision.rs"]
mod revision;
#[path = "embedded/script.rs"]
mod script;
#[path = "embedded/session.rs"]
mod session;
#[path = "embedded/tls.rs"]
mod tls;
#[path = "embedded/trouble.rs"]
mod trouble;
