//! [`Vanished`]: UIDs that are gone (RFC 7162 §3.2.10). It must not know which of them a client knew.

use super::uids::Uids;

/// Messages that were expunged.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Vanished {
    /// Whether they went before, so that no sequence number changes now. It may name UIDs that never were.
    pub earlier: bool,
    /// Their UIDs; kept as ranges, however many the server names.
    pub uids: Uids,
}
