//! What a server says in words of its state, where it has no code for it; the same in both protocols. It must not know to what it was
//! said.

use crate::error::Words;

/// What the words mean for whoever would come again.
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
