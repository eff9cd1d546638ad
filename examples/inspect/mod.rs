//! Responses as JSON values, by nothing but the crate's public codecs. It must not know files or the command line.

#![allow(dead_code, unreachable_pub, reason = "the corpus test has these modules too, and uses a part of each")]

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
