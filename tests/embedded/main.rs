//! The embedded server, tested without the client library: by raw lines, and by other projects' clients.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod condstore;
mod hostile;
mod imap;
mod line;
mod mbsync;
mod objects;
mod peers;
mod pop3;
mod revision;
mod script;
mod session;
mod tls;
mod trouble;
mod uidonly;
