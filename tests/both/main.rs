//! Tests of both protocols, or of a program that works with either.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod client_certificate;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod connection;
mod connector;
mod contents;
mod deadlines;
#[path = "../support/drop_after.rs"]
mod drop_after;
mod dyn_mailbox;
mod embedded_example;
mod login;
#[path = "../support/mime_mail/mod.rs"]
mod mime_mail;
mod open;
#[cfg(feature = "proxy")]
#[path = "../support/proxies.rs"]
mod proxies;
mod recording;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#[path = "../support/relay.rs"]
mod relay;
#[path = "../support/rng.rs"]
mod rng;
mod same_text;
#[path = "../support/scratch.rs"]
mod scratch;
#[path = "../support/seen.rs"]
mod seen;
mod slow;
#[path = "../support/imap/mod.rs"]
mod support;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod tls_resumption;

use support::session;
