//! [`Found`]: what a search says that it found (RFC 9051 §7.3.4, RFC 4731). It must not know what was asked.

use super::uid::Uid;
use super::uids::Uids;

/// What a search found. The numbers are UIDs where the command was a UID command, as all of this crate are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The tag of the command this answers; only ESEARCH says it.
    pub tag: Option<String>,
    /// Everything found, where that was asked for; SEARCH always tells it.
    pub all: Option<Uids>,
    /// The lowest number found.
    pub min: Option<Uid>,
    /// The highest number found.
    pub max: Option<Uid>,
    /// How many were found.
    pub count: Option<u64>,
    /// The highest modification sequence among what was found.
    pub mod_seq: Option<u64>,
}
