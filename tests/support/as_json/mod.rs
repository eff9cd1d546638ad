//! What servers say as JSON, by nothing but the crate's public codecs: what tests compare, and what the example `inspect` prints. It
//! must not know files or the command line.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of this, and the example another")]

mod code;
mod extended;
pub mod imap;
mod mailbox;
mod message;
mod other;
pub mod pop3;
mod response;
mod set;
mod structure;
pub mod text;
mod value;
