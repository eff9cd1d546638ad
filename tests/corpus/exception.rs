//! What is not as a sample's source has it, each with the reason. A sample that is not listed here must be as its source says.

/// Samples that a source refuses and we take.
pub(crate) const TAKEN: &[(&str, &str)] = &[
    ("imap-0597", "RFC 9208 §4.2.2: a mailbox may have no quota root at all"),
    ("imap-1062", "NO is an untagged response like any other; the source refuses it as a greeting only"),
    ("imap-1113", "there is no literal in the text of a status response (RFC 9051 §9, resp-text)"),
    ("imap-2827", "there is no literal in the text of a status response (RFC 9051 §9, resp-text)"),
    ("imap-2714", "a response of a kind that is not known is kept raw, as RFC 9051 §2.2.2 asks of clients"),
    ("imap-2911", "an attribute that is not known is kept raw beside those that are"),
];

/// Samples that a source takes and we refuse.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    ("imap-3228", "a search result with a word that is no number is not a result: leaving the word out could hide a message"),
];

/// Samples of which something is kept raw: kinds and names that no RFC knows.
pub(crate) const RAW: &[(&str, &str)] = &[
    ("imap-0458", "UIDBATCHES is of a draft, not of an RFC"),
    ("imap-0460", "UIDBATCHES is of a draft, not of an RFC"),
    ("imap-0545", "a NAMESPACE response without its name, which the source adds"),
    ("imap-0580", "RFC 4315 §4: there is no * in a set of COPYUID"),
    ("imap-1528", "no response of any RFC"),
    ("imap-1531", "no response of any RFC"),
    ("imap-2353", "the rest of a response whose literal was announced a line end too short"),
    ("imap-2354", "the rest of a response whose literal was announced a line end too short"),
    ("imap-2934", "COPYUID with more behind its sets"),
    ("imap-2936", "COPYUID without sets"),
    ("imap-2943", "NOOP is no response, but keeps a connection of Zimbra alive"),
    ("imap-2944", "NOOP is no response, but keeps a connection of Zimbra alive"),
    ("imap-2946", "CLOSED has no data"),
    ("imap-3181", "no response of any RFC"),
    ("imap-3224", "no response of any RFC"),
    ("imap-3239", "not a number"),
    ("imap-3240", "a number of more than 32 bits"),
];

/// Samples of which a value is asserted that is wrong.
pub(crate) const WRONG: &[(&str, &str)] = &[
    ("imap-0444", "one of two counts that exclude each other; the last one is taken"),
    ("imap-0553", "the value is that of another response in the source test"),
    ("imap-2750", "the value is that of another response in the source test"),
    ("imap-2767", "the value is that of another response in the source test"),
    ("imap-0704", "the number within the tag, as its client counts commands"),
    ("imap-0925", "counts THREADID, which is NIL: nothing was told"),
    ("imap-2746", "the whole line, which its client hands on unread"),
];

/// Samples that are valid, and have a defect nevertheless.
pub(crate) const DEFECT: &[(&str, &str)] = &[
    ("imap-0771", "two responses on one line"),
    ("imap-2352", "its literal was announced a line end too short"),
    ("imap-2354", "its literal was announced a line end too short"),
    ("imap-2791", "no attribute, and no end"),
];

/// Places where the second opinion, which nobody asserts, has another form or is mistaken.
pub(crate) const OPINION: &[(&str, &str)] = &[
    (".ARGS", "a list of words in the place of named values"),
    (".GENERIC", "a mark of its own"),
    (".CODE.DATA", "a list of words in the place of named values, which the neutral form has"),
    (".CODE_UNPARSED", "a mark of its own"),
    (".DATA.PARTIAL", "a pair in the place of the range and results that the neutral form has"),
    (".THREADS", "ids and branches in the place of the neutral form"),
    (".ITEMS.MAILBOXID", "the id with the parentheses around it"),
    (".EMAILID", "the id with the parentheses around it"),
    (".THREADID", "the id with the parentheses around it"),
    (".BODY", "BODY without a section is shown as bodystructure, as in the neutral form"),
    (".X-GM-LABELS", "NIL as a label of that name"),
    (".TEXT", "blanks at either end of the text"),
    ("imap-0152", "the separator at the end of a name is no part of it"),
    ("imap-0153", "the separator at the end of a name is no part of it"),
    ("imap-0174", "the separator at the end of a name is no part of it"),
    ("imap-2892", "a set of one as a number"),
];

/// The reason why that sample is in the list.
pub(crate) fn reason(list: &[(&'static str, &'static str)], id: &str) -> Option<&'static str> {
    list.iter().find(|(listed, _)| *listed == id).map(|(_, reason)| *reason)
}

/// Every exception is one: what is listed without need has to go.
pub(crate) fn unused(list: &[(&'static str, &'static str)], used: &std::collections::HashSet<String>) -> Vec<&'static str> {
    list.iter().map(|(id, _)| *id).filter(|id| !used.contains(*id)).collect()
}
