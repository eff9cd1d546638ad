//! Drops every future and stream of an IMAP session after every poll, with the server stalled at every byte of its reply and
//! of the command; then the session must work, and the server must hold the state without the command or with all of it.
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

#[path = "cancel_imap/append.rs"]
mod append;
#[path = "cancel_imap/commands.rs"]
mod commands;
#[path = "cancel_imap/folder.rs"]
mod folder;
#[path = "cancel_imap/session.rs"]
mod session;
#[path = "cancel_imap/turn.rs"]
mod turn;
