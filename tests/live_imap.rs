//! The library's IMAP side against a real Dovecot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "live_imap/append.rs"]
mod append;
#[path = "live_imap/connect.rs"]
mod connect;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "live_imap/fetch.rs"]
mod fetch;
#[path = "live_imap/folder.rs"]
mod folder;
#[path = "live_imap/idle.rs"]
mod idle;
#[path = "support/live.rs"]
mod live;
#[path = "live_imap/mailbox.rs"]
mod mailbox;

async fn session(user: &dovecot::User) -> postroom::imap::Imap {
    let config = live::config(&user.server, "localhost", user.server.imaps);
    postroom::imap::Imap::connect(config, live::login(user)).await.unwrap()
}
