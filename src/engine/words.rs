//! Recognises texts in which servers report their state if they have no code for it. It must not know a protocol or a command.

use crate::error::Words;

/// What the text means for the next attempt.
pub(crate) fn of(text: &str) -> Option<Words> {
    let text = text.to_ascii_lowercase();
    if speaks_of_too_many(&text) {
        return Some(Words::ConnectionLimit);
    }
    speaks_of_being_busy(&text).then_some(Words::Busy)
}

/// Gmail: "Too many simultaneous connections. (Failure)"; Dovecot: "Maximum number of connections from user+IP exceeded".
fn speaks_of_too_many(text: &str) -> bool {
    let counted = text.contains("connections") || text.contains("sessions");
    let over = ["too many", "maximum number of", "exceed"].iter().any(|word| text.contains(word));
    (counted && over) || text.contains("connection limit")
}

fn speaks_of_being_busy(text: &str) -> bool {
    let known = [
        "server is busy",
        "server busy",
        "too busy",
        "try again later",
        "temporarily unavailable",
        "temporary authentication failure",
    ];
    known.iter().any(|words| text.contains(words))
}
