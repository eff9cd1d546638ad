//! The errors of refusals and of BYE, with hints from the server's words that the response code does not give. It must
//! not know the session's state.

use std::time::Duration;

use crate::engine::failure::clean;
use crate::engine::words;
use crate::error::{Error, Kind, Words};
use crate::imap::codec::Ending;
use crate::imap::types::{Condition, ResponseCode};

/// The upper bound for a delay that a server suggests.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The delay for Office 365 when it accepts the login and then reports that the user is not connected (throttling).
const NOT_CONNECTED: Duration = Duration::from_secs(60);
/// Commands whose only object is a mailbox: if anything does not exist, it is the mailbox.
const OF_MAILBOXES: &[&str] =
    &["SELECT", "EXAMINE", "STATUS", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "APPEND"];
/// Commands that name both messages and a mailbox.
const INTO_MAILBOXES: &[&str] = &["UID COPY", "UID MOVE"];

/// The error of a search whose result the server does not update (RFC 5267 §4.3.1).
pub(super) fn no_update(code: ResponseCode) -> Error {
    Error::new(Kind::Rejected, "the server does not update the result of the search").with_code(Some(code.into()))
}

/// What the server's words mean.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RefusalHint {
    /// Try again later, after this delay if one is given.
    Wait(Option<Duration>, Option<Words>),
    /// The mailbox does not exist.
    MissingMailbox,
}

impl RefusalHint {
    fn of(text: &str, verb: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text.contains("authenticated but not connected") {
            return Some(Self::Wait(Some(NOT_CONNECTED), None));
        }
        if let Some(wait) = back_off(&text) {
            return Some(Self::Wait(Some(wait), None));
        }
        if let Some(words) = words::of(&text) {
            return Some(Self::Wait(None, Some(words)));
        }
        names_no_mailbox(&text, verb).then_some(Self::MissingMailbox)
    }

    fn on(this: Option<Self>, error: Error) -> Error {
        match this {
            Some(Self::Wait(wait, words)) => error.with_retry_after(wait).with_words(words),
            Some(Self::MissingMailbox) => error.with_words(Some(Words::MissingMailbox)),
            None => error,
        }
    }
}

/// The "Suggested Backoff Time" in Office 365's errors.
fn back_off(text: &str) -> Option<Duration> {
    let (_, told) = text.split_once("suggested backoff time:")?;
    let (digits, unit) = told.trim_start().split_at_checked(told.trim_start().find(|c: char| !c.is_ascii_digit())?)?;
    let unit = unit.trim_start();
    // More digits than fit are a very long time, bounded below.
    let count = digits.parse().unwrap_or(if digits.is_empty() { 0 } else { u64::MAX });
    let wait = match () {
        () if count == 0 => return None,
        () if unit.starts_with("millisecond") => Duration::from_millis(count),
        () if unit.starts_with("second") => Duration::from_secs(count),
        () => return None,
    };
    Some(wait.min(LONGEST))
}

/// Whether the words say that the mailbox does not exist. Dovecot: "Mailbox doesn't exist: x"; Courier: "Mailbox does
/// not exist, or must be subscribed to."; Cyrus and pymap: "Mailbox does not exist"; Gmail: "Unknown Mailbox: x
/// (Failure)"; Exchange: "x doesn't exist."; UW: "no such mailbox"; Mailutils sends the system's error text, or "APPEND
/// [TRYCREATE] failed", or only that it failed.
fn names_no_mailbox(text: &str, verb: &str) -> bool {
    let absent = ["doesn't exist", "does not exist", "no such", "not found"].iter().any(|words| text.contains(words));
    let mailbox = text.contains("mailbox") || text.contains("folder");
    let unknown = text.contains("unknown mailbox") || text.contains("unknown folder");
    let create = text.contains("[trycreate]");
    match verb {
        _ if OF_MAILBOXES.contains(&verb) => absent || unknown || create,
        _ if INTO_MAILBOXES.contains(&verb) => create || unknown || (absent && mailbox && !text.contains("message")),
        _ => false,
    }
}

/// The error of a command that the server answered with NO or BAD. Some servers send BAD for what they refuse, so a
/// hint in the words decides over it.
pub(super) fn command_refused(verb: &str, ending: Ending, condition: Condition) -> Error {
    let meaning = RefusalHint::of(&condition.text, verb);
    let kind = match (meaning, ending) {
        (Some(_), _) | (None, Ending::No) => Kind::Rejected,
        (None, _) => Kind::Bad,
    };
    let did = if kind == Kind::Bad { "did not understand" } else { "refused" };
    let text = match clean(&condition.text) {
        text if text.is_empty() => format!("the server {did} {verb}"),
        text => format!("the server {did} {verb}: {text}"),
    };
    RefusalHint::on(meaning, Error::new(kind, text).with_code(condition.code.map(Into::into)))
}

/// The error of a BYE, with its code and text.
pub(super) fn goodbye(condition: Condition, what: &str) -> Error {
    let text = clean(&condition.text);
    let text = if text.is_empty() { what.to_owned() } else { format!("{what}: {text}") };
    let meaning = RefusalHint::of(&condition.text, "");
    RefusalHint::on(meaning, Error::closed(text).with_code(condition.code.map(Into::into)))
}

/// The error of a first line that is not a greeting but says that the server is busy: SmarterMail sends "421 Server is
/// busy, try again later." and closes.
pub(super) fn busy_greeting(line: &[u8]) -> Option<Error> {
    let text = String::from_utf8_lossy(line);
    let meaning = RefusalHint::of(&text, "")?;
    Some(RefusalHint::on(Some(meaning), Error::closed(format!("the server refused the connection: {}", clean(&text)))))
}

/// The error of an untagged line that has other text before its BYE.
pub(super) fn embedded_bye(line: &[u8], what: &str) -> Option<Error> {
    let text = String::from_utf8_lossy(line);
    let at = text.to_ascii_uppercase().find("* BYE ")?;
    let said = format!("{} {}", clean(text.get(..at)?), clean(text.get(at + 6..)?));
    Some(RefusalHint::on(RefusalHint::of(&text, ""), Error::closed(format!("{what}: {}", said.trim()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::types::Outcome;

    fn no(verb: &str, text: &str) -> Error {
        command_refused(verb, Ending::No, Condition { outcome: Outcome::No, code: None, text: text.to_owned() })
    }

    #[test]
    fn a_time_is_read_in_its_unit_and_believed_up_to_a_day() {
        let wait = |text: &str| no("NOOP", text).retry_after();
        let throttled = "Request is throttled. Suggested Backoff Time: 297041 milliseconds";
        assert_eq!(wait(throttled), Some(Duration::from_millis(297_041)));
        assert_eq!(wait("SUGGESTED BACKOFF TIME:5 Seconds"), Some(Duration::from_secs(5)));
        for huge in ["86400001 milliseconds", "18446744073709551615 seconds", "99999999999999999999999 milliseconds"] {
            assert_eq!(wait(&format!("Suggested Backoff Time: {huge}")), Some(LONGEST), "{huge}");
        }
        for none in ["", "0 milliseconds", "-5 milliseconds", "5", "5 parsecs", " milliseconds", "ü"] {
            assert_eq!(wait(&format!("Suggested Backoff Time: {none}")), None, "{none}");
        }
        assert_eq!(wait("User is authenticated but not connected."), Some(NOT_CONNECTED));
    }

    #[test]
    fn a_limit_of_connections_and_a_busy_server_are_told_from_other_refusals() {
        for text in [
            "Too many simultaneous connections. (Failure)",
            "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
            "too many open sessions",
            "User connection limit reached",
        ] {
            let error = no("LOGIN", text);
            assert!(error.is_connection_limit() && error.is_retryable(), "{text}");
        }
        for text in [
            "Server is busy, try again later.",
            "Temporary authentication failure.",
            "Service temporarily unavailable",
            "Server Unavailable. 15",
        ] {
            let error = no("LOGIN", text);
            assert!(!error.is_connection_limit() && error.is_retryable(), "{text}");
        }
        for text in [
            "",
            "Command Argument Error. 11",
            "not connected",
            "authenticated",
            "Too many login failures",
            "LOGIN failed.",
        ] {
            assert!(!no("LOGIN", text).is_retryable(), "{text}");
        }
    }

    #[test]
    fn a_quota_that_is_used_up_is_known_by_each_servers_words() {
        for text in [
            // ljmerza/ha-email-sensor#16 and Thunderbird's users.
            "Account exceeded command or bandwidth limits.",
            "Account exceeded bandwidth limits. (Failure)",
            "Account exceeded bandwidth limits. Please try again later.",
            "Quota exceeded (mailbox for user is full) (0.000 secs).",
            "Over quota",
            // OfflineIMAP/offlineimap#29: GroupWise.
            "APPEND The 1500 MB storage limit has been exceeded.",
            "Mailbox is full",
        ] {
            for verb in ["APPEND", "UID FETCH", "LOGIN"] {
                let error = no(verb, text).into_login_error("LOGIN");
                assert!(error.is_over_quota() && !error.is_retryable() && error.kind() == Kind::Rejected, "{text}");
                assert!(!error.is_connection_limit(), "{text}");
            }
        }
        for text in ["No such quota root", "Maximum number of connections from user+IP exceeded", "fully booked", ""] {
            assert!(!no("GETQUOTA", text).is_over_quota(), "{text}");
        }
    }

    #[test]
    fn a_missing_mailbox_is_known_by_each_servers_words() {
        for text in [
            "Mailbox doesn't exist: x (0.001 + 0.000 secs).",
            "Mailbox does not exist, or must be subscribed to.",
            "Mailbox does not exist",
            "Unknown Mailbox: x (Failure)",
            "x doesn't exist.",
            "SELECT failed: Can't open mailbox x: no such mailbox",
            "SELECT Could not open x: No such file or directory",
        ] {
            assert!(no("SELECT", text).is_missing_mailbox() && !no("SELECT", text).is_retryable(), "{text}");
            assert!(!no("UID FETCH", text).is_missing_mailbox(), "{text}");
        }
        assert!(no("UID COPY", "Mailbox does not exist").is_missing_mailbox());
        for verb in ["APPEND", "UID COPY", "UID MOVE"] {
            assert!(no(verb, &format!("{verb} [TRYCREATE] failed")).is_missing_mailbox(), "{verb}");
        }
        for (verb, text) in [
            ("STATUS", "STATUS Error opening mailbox"),
            ("DELETE", "DELETE Cannot remove"),
            ("RENAME", "RENAME Failed"),
        ] {
            assert!(!no(verb, text).is_missing_mailbox(), "{text}");
        }
        for text in ["Message does not exist", "Some messages in this mailbox do not exist", "Permission denied"] {
            assert!(!no("UID COPY", text).is_missing_mailbox(), "{text}");
        }
    }
}
