//! Collecting: over a mailbox, a ledger and a delivery in memory, from faulty servers, with the ledgers and deliveries of the crate,
//! and by the example `collect`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[cfg(all(feature = "testing", target_os = "linux"))]
#[path = "../support/awkward_mail.rs"]
mod awkward_mail;
mod delivery;
#[cfg(feature = "testing")]
mod evidence;
#[cfg(feature = "testing")]
mod example;
mod ledger;
#[path = "../support/maildrop.rs"]
mod maildrop;
mod model;
mod odd;
mod policy;
#[path = "../support/scratch.rs"]
mod scratch;
#[path = "../support/session.rs"]
mod session;
#[cfg(feature = "testing")]
mod slow;
