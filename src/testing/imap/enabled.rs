//! What a session has enabled. It must not know how.

/// The extensions that the client enabled, by ENABLE or by a command that implies it.
#[derive(Clone, Copy, Default)]
pub(super) struct Enabled {
    /// MODSEQ in all FETCH responses (RFC 7162 §3.1).
    pub(super) condstore: bool,
    /// VANISHED instead of EXPUNGE, UID in all FETCH responses (RFC 7162 §3.2).
    pub(super) qresync: bool,
    /// No message numbers in either direction (RFC 9586).
    pub(super) uidonly: bool,
    /// No `\Recent`, SEARCH answered by ESEARCH, names in UTF-8 (RFC 9051, appendix E).
    pub(super) rev2: bool,
}

impl Enabled {
    /// The beginning of a FETCH response about the message at this index; of UIDFETCH with UIDONLY (RFC 9586 §3.3).
    pub(super) fn fetch_head(self, index: usize, uid: u32) -> String {
        match self.uidonly {
            true => format!("* {uid} UIDFETCH ("),
            false => format!("* {} FETCH (", index + 1),
        }
    }

    /// Whether expunged messages are named by UID.
    pub(super) fn names_vanished(self) -> bool {
        self.qresync || self.uidonly
    }
}
