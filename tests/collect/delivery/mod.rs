//! The ready deliveries: every byte as it has to be, and each message exactly once whatever step an abort falls between.

mod support;

mod callback;
mod contract;
mod maildir;
mod mbox;
#[cfg(unix)]
mod mbox_locks;
