//! The longest set of UIDs for servers that refuse long lines. It recognises them by their greeting and capabilities.

use crate::imap::types::Capabilities;

/// The longest set, in bytes. The servers of UW and Yahoo refuse lines of more than 1000 bytes.
pub(super) fn longest_set(greeting: &str, capabilities: &Capabilities) -> usize {
    let uw = |text: &str| (text.starts_with("20") || text.starts_with("v1")) && text.contains(" at ");
    let version = greeting.split_once("IMAP4rev1 ").map(|(_, version)| version);
    let short =
        capabilities.has("XYMHIGHESTMODSEQ") || version.is_some_and(|text| text.starts_with("imapgate-") || uw(text));
    if short { 800 } else { usize::MAX }
}
