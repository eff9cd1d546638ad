//! The ready deliveries: every byte as it has to be, and each message exactly once whatever step an abort falls between.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "delivery/support.rs"]
mod support;

#[path = "delivery/callback.rs"]
mod callback;
#[path = "delivery/contract.rs"]
mod contract;
#[path = "delivery/maildir.rs"]
mod maildir;
#[path = "delivery/mbox.rs"]
mod mbox;
#[cfg(unix)]
#[path = "delivery/mbox_locks.rs"]
mod mbox_locks;
