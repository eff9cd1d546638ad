//! The deliveries of the crate: every byte is right, and each message is there exactly once, whichever step an abort interrupts.

mod support;

mod callback;
mod contract;
mod maildir;
mod mbox;
#[cfg(unix)]
mod mbox_locks;
