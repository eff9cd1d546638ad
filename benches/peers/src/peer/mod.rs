//! Parsers of other crates: how each is fed, and its values into the checksum.

pub mod imap_codec;
pub mod imap_proto;
