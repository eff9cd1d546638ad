//! What a session has enabled. It must not know how.

/// The extensions that the client enabled, by ENABLE or by a command that implies it.
#[derive(Clone, Copy, Default)]
pub(super) struct Enabled {
    /// MODSEQ in all FETCH responses (RFC 7162 §3.1).
    pub(super) condstore: bool,
    /// VANISHED instead of EXPUNGE, UID in all FETCH responses (RFC 7162 §3.2).
    pub(super) qresync: bool,
    /// No `\Recent`, SEARCH answered by ESEARCH, names in UTF-8 (RFC 9051, appendix E).
    pub(super) rev2: bool,
}
