//! The values of IMAP: what cannot be invalid once it exists. No bytes of the wire, no session.

pub(crate) mod date;
pub(crate) mod envelope;
pub(crate) mod fetched;
pub(crate) mod flags;
pub(crate) mod structure;
pub(crate) mod tape;
pub(crate) mod text;
pub(crate) mod uid;
