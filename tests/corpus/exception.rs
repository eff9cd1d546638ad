//! Differences from the samples' sources, each with the reason. A sample that is not listed here must match its source.

/// Samples that a source refuses and we accept.
pub(crate) const TAKEN: &[(&str, &str)] = &[
    ("imap-0441", "an item without a value is lost alone; the source refuses the whole STATUS"),
    ("imap-0597", "RFC 9208 §4.2.2: a mailbox may have no quota root at all"),
    ("imap-1062", "NO is an untagged response like any other; the source refuses it as a greeting only"),
    ("imap-1113", "there is no literal in the text of a status response (RFC 9051 §9, resp-text)"),
    ("imap-2827", "there is no literal in the text of a status response (RFC 9051 §9, resp-text)"),
    ("imap-2714", "a response of an unknown kind is kept raw, as RFC 9051 §2.2.2 requires of clients"),
    ("imap-2911", "an unknown attribute is kept raw beside known ones"),
];

/// Samples that a source accepts and we refuse.
pub(crate) const REFUSED: &[(&str, &str)] = &[(
    "imap-3228",
    "a search result with a word that is not a number is unreadable: leaving the word out could hide a message",
)];

/// Samples of which something is kept raw: kinds and names that are in no RFC.
pub(crate) const RAW: &[(&str, &str)] = &[
    ("imap-0458", "UIDBATCHES is of a draft, not of an RFC"),
    ("imap-0460", "UIDBATCHES is of a draft, not of an RFC"),
    ("imap-0545", "a NAMESPACE response without its name, which the source adds"),
    ("imap-0580", "RFC 4315 §4: there is no * in a set of COPYUID"),
    ("imap-1528", "no response of any RFC"),
    ("imap-1531", "no response of any RFC"),
    ("imap-2353", "the rest of a response whose literal was announced a line end too short"),
    ("imap-2354", "the rest of a response whose literal was announced a line end too short"),
    ("imap-2934", "COPYUID with more after its sets"),
    ("imap-2936", "COPYUID without sets"),
    ("imap-2943", "NOOP is no response, but keeps a connection of Zimbra alive"),
    ("imap-2944", "NOOP is no response, but keeps a connection of Zimbra alive"),
    ("imap-2946", "CLOSED has no data"),
    ("imap-3181", "no response of any RFC"),
    ("imap-3224", "no response of any RFC"),
    ("imap-3239", "not a number"),
];

/// Samples with a wrong asserted value.
pub(crate) const WRONG: &[(&str, &str)] = &[
    ("imap-0444", "one of two counts that exclude each other; the last one counts"),
    ("imap-0553", "the value is that of another response in the source test"),
    ("imap-2750", "the value is that of another response in the source test"),
    ("imap-2767", "the value is that of another response in the source test"),
    ("imap-0704", "the number within the tag, as its client counts commands"),
    ("imap-2746", "the whole line, which its client returns unread"),
];

/// Samples that are valid and nevertheless have a defect.
pub(crate) const DEFECT: &[(&str, &str)] = &[
    ("imap-0771", "two responses on one line"),
    ("imap-2352", "its literal was announced a line end too short"),
    ("imap-2354", "its literal was announced a line end too short"),
    ("imap-2791", "no attribute, and no end"),
];

/// Places where the other parser's opinion, which is no assertion, has another form or is wrong.
pub(crate) const OPINION: &[(&str, &str)] = &[
    (".ARGS", "a list of words in place of named values"),
    (".GENERIC", "a mark of its own"),
    (".CODE.DATA", "a list of words in place of named values, which the neutral form has"),
    (".CODE_UNPARSED", "a mark of its own"),
    (".DATA.PARTIAL", "a pair in place of the range and results that the neutral form has"),
    (".THREADS", "ids and branches in place of the neutral form"),
    (".ITEMS.MAILBOXID", "the id with the parentheses around it"),
    (".EMAILID", "the id with the parentheses around it"),
    (".THREADID", "the id with the parentheses around it"),
    (".BODY", "BODY without a section is shown as bodystructure, as in the neutral form"),
    (".X-GM-LABELS", "NIL as a label of that name"),
    (".TEXT", "blanks at either end of the text"),
    ("imap-2892", "a set of one as a number"),
];

/// Vectors of encodings with another result.
pub(crate) const ENCODING: &[(&str, &str)] = &[
    ("rfc2047-0001", "an encoded word without text is read as an empty one"),
    ("rfc2047-0028", "an encoded word without text is read as an empty one"),
    ("rfc2047-0030", "an encoded word without text is read as an empty one"),
    ("rfc2047-0019", "an encoded word without text is read as an empty one"),
    ("rfc2047-0014", "a word without a charset is not an encoded word: it stays as it is"),
    ("rfc2047-0044", "an unknown charset: its escapes stay"),
    ("rfc2047-0021", "characters outside of base64 are skipped (RFC 2045 §6.8)"),
    ("rfc2047-0052", "bytes that are not UTF-8: one replacement character for each"),
    ("rfc2047-0045", "leading blanks stay, a fold at the end does not"),
    ("internaldate-0025", "a date like any other: its client accepts none before 1969"),
    ("mutf7-0025", "a superfluous shift, which RFC 3501 §5.1.3 forbids; MailKit reads it"),
    ("mutf7-0014", "bytes that are not UTF-8, which a str cannot hold"),
    ("mutf7-0158", "about writing bytes that are not UTF-8, which a str cannot hold; the wire form here is valid"),
    ("mutf7-0159", "about writing bytes that are not UTF-8, which a str cannot hold; the wire form here is valid"),
    ("mutf7-0160", "about writing bytes that are not UTF-8, which a str cannot hold; the wire form here is valid"),
    ("mutf7-0161", "about writing bytes that are not UTF-8, which a str cannot hold; the wire form here is valid"),
    ("mutf7-0162", "about writing bytes that are not UTF-8, which a str cannot hold; the wire form here is valid"),
    ("mutf7-0163", "about writing bytes that are not UTF-8, which a str cannot hold; the wire form here is valid"),
    ("mutf7-0164", "about writing bytes that are not UTF-8, which a str cannot hold; the wire form here is valid"),
    ("seqset-0013", "a name of the test"),
    ("seqset-0023", "RFC 9051 §9: no set ends in a comma"),
    ("seqset-0055", "a set has no order"),
    ("seqset-0026", "Dovecot keeps 4294967295 for its own use; RFC 9051 does not"),
    ("seqset-0027", "Dovecot keeps 4294967295 for its own use; RFC 9051 does not"),
    ("seqset-0028", "Dovecot keeps 4294967295 for its own use; RFC 9051 does not"),
    ("seqset-0043", "* is part of a sequence-set; the vector is a uid-set as in COPYUID"),
    ("seqset-0044", "* is part of a sequence-set; the vector is a uid-set as in COPYUID"),
    ("seqset-0045", "* is part of a sequence-set; the vector is a uid-set as in COPYUID"),
    ("seqset-0052", "* is part of a sequence-set; the vector is a uid-set as in COPYUID"),
    ("seqset-0053", "* is part of a sequence-set; the vector is a uid-set as in COPYUID"),
    ("seqset-0065", "leading zeros are tolerated, as everywhere"),
    ("seqset-0068", "a set, but the vector expects one range"),
    ("seqset-0090", "a set, but the vector expects one range"),
    ("seqset-0116", "a set has no order"),
    ("seqset-0120", "a set has no order"),
];

/// POP3 samples that are refused, or not whole.
pub(crate) const POP3_REFUSED: &[(&str, &str)] = &[
    ("pop3-0045", "RFC 1939 §3: the status indicator is the word -ERR, and no longer word"),
    ("pop3-0052", "RFC 1939 §3: the status indicator is the word +OK, and no longer word"),
    ("pop3-0200", "the source gives the lines of this reply one by one, and this is the first"),
];

/// Dialogues in which something is kept raw or cannot be read.
pub(crate) const DIALOG: &[(&str, &str)] = &[
    ("imap-session:ImapClientTests.TestUnexpectedGreeting", "the greeting is no response, which the test is about"),
    (
        "imap-session:k9.RealImapConnectionTest.hasCapability-with-not-yet-opened-connection-should-connect-and-fetch-capabiliti",
        "the test ends in the middle",
    ),
    (
        "imap-session:k9.RealImapConnectionTest.isIdleCapable-with-IDLE-capability-should-return-true",
        "the test ends in the middle",
    ),
    (
        "imap-session:k9.RealImapConnectionTest.open-with-IOException-during-LIST-command-should-throw",
        "the connection breaks in the middle of a line, which the test is about",
    ),
];

/// The reason why that sample is in the list.
pub(crate) fn reason(list: &[(&'static str, &'static str)], id: &str) -> Option<&'static str> {
    list.iter().find(|(listed, _)| *listed == id).map(|(_, reason)| *reason)
}

/// Every exception is needed: one without effect must be removed.
pub(crate) fn unused(
    list: &[(&'static str, &'static str)],
    used: &std::collections::HashSet<String>,
) -> Vec<&'static str> {
    list.iter().map(|(id, _)| *id).filter(|id| !used.contains(*id)).collect()
}
