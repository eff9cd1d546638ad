//! Recognises texts in which servers report their state if they have no code for it. It must not know a protocol or a command.

use crate::error::Words;

/// What the text means for the next attempt.
pub(crate) fn of(text: &str) -> Option<Words> {
    let text = text.to_ascii_lowercase();
    if speaks_of_too_many(&text) {
        return Some(Words::ConnectionLimit);
    }
    if speaks_of_a_quota(&text) {
        return Some(Words::OverQuota);
    }
    speaks_of_being_busy(&text).then_some(Words::Busy)
}

/// Gmail: "Too many simultaneous connections. (Failure)"; Dovecot: "Maximum number of connections from user+IP exceeded".
fn speaks_of_too_many(text: &str) -> bool {
    let counted = text.contains("connections") || text.contains("sessions");
    let over = ["too many", "maximum number of", "exceed"].iter().any(|word| text.contains(word));
    (counted && over) || text.contains("connection limit")
}

/// Gmail: "Account exceeded command or bandwidth limits."; Dovecot: "Quota exceeded (mailbox for user is full)"; Cyrus: "Over quota";
/// GroupWise: "The 1500 MB storage limit has been exceeded."
fn speaks_of_a_quota(text: &str) -> bool {
    let over = ["exceed", "over ", "full", "reached"].iter().any(|word| text.contains(word));
    let space = ["quota", "bandwidth limit", "storage limit"].iter().any(|word| text.contains(word));
    (space && over) || ["overquota", "mailbox is full", "mailbox full"].iter().any(|words| text.contains(words))
}

/// Exchange answers a client that it throttles with NO and "Server Unavailable. 15" (lefcha/imapfilter#146).
fn speaks_of_being_busy(text: &str) -> bool {
    let known = [
        "server is busy",
        "server busy",
        "server unavailable",
        "too busy",
        "try again later",
        "temporarily unavailable",
        "temporary authentication failure",
    ];
    known.iter().any(|words| text.contains(words))
}
