//! How long a set of UIDs may be for servers that take only short lines. It knows them by their greeting and capabilities.

use crate::imap::types::Capabilities;

/// The most bytes of a set. UW's and Yahoo's servers refuse lines over 1000 bytes.
pub(super) fn longest_set(greeting: &str, capabilities: &Capabilities) -> usize {
    let uw = |text: &str| (text.starts_with("20") || text.starts_with("v1")) && text.contains(" at ");
    let version = greeting.split_once("IMAP4rev1 ").map(|(_, version)| version);
    let short =
        capabilities.has("XYMHIGHESTMODSEQ") || version.is_some_and(|text| text.starts_with("imapgate-") || uw(text));
    if short { 800 } else { usize::MAX }
}
