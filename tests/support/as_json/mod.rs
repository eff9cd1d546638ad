//! Server responses as JSON, by the crate's public codecs only: the form that tests compare, and that the example `inspect` prints. It
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
