//! The library against real servers, and against the embedded one. These tests are ignored by default: `tests/run` installs the servers
//! and runs them.
#![cfg(all(feature = "testing", feature = "account"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[macro_use]
#[path = "../support/suite.rs"]
mod suite;

mod account;
#[path = "../support/awkward_mail.rs"]
mod awkward_mail;
mod collect;
#[path = "../support/cutting/mod.rs"]
mod cutting;
mod imap;
#[path = "../support/job/mod.rs"]
mod job;
#[path = "../support/live.rs"]
mod live;
#[path = "../support/mime_mail/mod.rs"]
mod mime_mail;
mod mutated;
#[path = "../support/mutator/mod.rs"]
mod mutator;
#[path = "../support/parts.rs"]
mod parts;
mod pop3;
#[cfg(feature = "proxy")]
mod proxies;
#[path = "../support/relay.rs"]
mod relay;
#[path = "../support/rng.rs"]
mod rng;
#[path = "../support/scratch.rs"]
mod scratch;
#[path = "../support/seen.rs"]
mod seen;
#[path = "../support/server/mod.rs"]
mod server;
#[path = "../support/sorted_mail.rs"]
mod sorted_mail;
