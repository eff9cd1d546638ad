//! The library's POP3 side against a real Dovecot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "live_pop3/connect.rs"]
mod connect;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/live.rs"]
mod live;
#[path = "live_pop3/mailbox.rs"]
mod mailbox;
#[path = "live_pop3/session.rs"]
mod session;

async fn open(user: &dovecot::User) -> postroom::pop3::Pop3 {
    let config = live::config(&user.server, "localhost", user.server.pop3s);
    postroom::pop3::Pop3::connect(config, live::login(user)).await.unwrap()
}
