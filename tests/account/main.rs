//! Accounts: sessions on demand, lanes, reconnecting; and connections that are lost at any byte: nothing a client does is lost or done
//! twice, and every call's result is true.
#![cfg(all(feature = "testing", feature = "account"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod cut;
#[path = "../support/cutting/mod.rs"]
mod cutting;
mod fake;
mod interleavings;
#[path = "../support/job/mod.rs"]
mod job;
mod limits;
mod logins;
mod near;
mod once;
mod pop3;
mod reconnecting;
#[path = "../support/rng.rs"]
mod rng;
mod sessions;
mod slow;
mod streams;
mod watch;

use std::time::Duration;

use postroom::account::{Account, AccountBuilder};
use postroom::testing::Server;
use postroom::{Config, Login};

/// A server with alice's sample mail.
async fn server() -> Server {
    Server::builder().sample_mail().start().await.unwrap()
}

/// Alice's account there, with a back-off that a test can wait for.
fn account(server: &Server) -> AccountBuilder {
    account_of(server, Login::password("alice", "alicepw"))
}

fn account_of(server: &Server, login: Login) -> AccountBuilder {
    let config = Config::new("127.0.0.1").port(server.imap_port()).dangerous_plaintext();
    let account = Account::new(config, login).patience(Duration::from_secs(20));
    account.back_off(Duration::from_millis(5), Duration::from_millis(50))
}

/// Commands of this name that the server has received.
fn count(server: &Server, name: &str) -> usize {
    let is_it = |line: &&String| line.split_whitespace().nth(1).is_some_and(|verb| verb.eq_ignore_ascii_case(name));
    server.commands().iter().filter(is_it).count()
}
