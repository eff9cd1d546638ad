//! What is logged. A process of its own: `tracing` decides once for all threads whether a span or an event has a listener,
//! and the needle test of `secrets` replaces the process's panic hook.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod log;
#[cfg(feature = "proxy")]
#[path = "../support/proxies.rs"]
mod proxies;
#[cfg(feature = "proxy")]
mod proxy;
mod secrets;
#[path = "../support/session.rs"]
mod session;
mod wire_log;
