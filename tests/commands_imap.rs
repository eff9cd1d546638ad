//! Every IMAP command of the base beyond the working line, on the embedded server and in dialogues: what it sends, what it gives
//! back, and what it does where a server lacks it.
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

#[path = "commands_imap/agreement.rs"]
mod agreement;
#[path = "commands_imap/arguments.rs"]
mod arguments;
#[path = "commands_imap/evidence.rs"]
mod evidence;
#[path = "commands_imap/filing.rs"]
mod filing;
#[path = "commands_imap/literals.rs"]
mod literals;
#[path = "commands_imap/mailboxes.rs"]
mod mailboxes;
#[path = "commands_imap/opening.rs"]
mod opening;
#[path = "commands_imap/order.rs"]
mod order;
#[path = "commands_imap/searching.rs"]
mod searching;
