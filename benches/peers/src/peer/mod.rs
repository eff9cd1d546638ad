//! Parsers of other crates: how each is called, and how its values are added to the checksum.

pub mod imap_codec;
pub mod imap_proto;
