//! The reasons that a server gives when it ends a session or refuses one, at each moment: in the greeting, at the login, while a command
//! runs, and between commands. Each call that fails for it says so in the server's words.

use std::time::Duration;

use postroom::imap::{Event, Notice, Query};
use postroom::{Error, Kind, Replay};

use super::events::IDLE;
use crate::support::{greeted, plaintext, scripted, selected};

/// What a server says, and what the error must answer: its code, a connection limit, a quota, a delay, and whether to try again.
struct Reason {
    said: &'static str,
    code: Option<&'static str>,
    limit: bool,
    quota: bool,
    wait: Option<u64>,
    retryable: bool,
}

const fn reason(said: &'static str, code: Option<&'static str>) -> Reason {
    Reason { said, code, limit: false, quota: false, wait: None, retryable: true }
}

const REASONS: &[Reason] = &[
    reason("Server shutting down.", None),
    reason("[UNAVAILABLE] Temporary System Error", Some("UNAVAILABLE")),
    reason("Disconnected for inactivity.", None),
    Reason { limit: true, ..reason("Too many simultaneous connections", None) },
    Reason {
        limit: true,
        ..reason("[UNAVAILABLE] Maximum number of connections from user+IP exceeded", Some("UNAVAILABLE"))
    },
    Reason { wait: Some(12), ..reason("Request is throttled. Suggested Backoff Time: 12000 milliseconds", None) },
    Reason {
        quota: true,
        retryable: false,
        ..reason("[OVERQUOTA] Account exceeded command or bandwidth limits.", Some("OVERQUOTA"))
    },
    Reason { quota: true, retryable: false, ..reason("Account exceeded bandwidth limits. (Failure)", None) },
];

impl Reason {
    fn assert(&self, error: &Error, kind: Kind) {
        let words = self.said.rsplit("] ").next().unwrap();
        assert_eq!(error.kind(), kind, "{}: {error:#}", self.said);
        assert!(format!("{error:#}").contains(words), "{}: {error:#}", self.said);
        assert_eq!(error.code().map(|code| code.name()), self.code, "{}", self.said);
        assert_eq!((error.is_connection_limit(), error.is_over_quota()), (self.limit, self.quota), "{}", self.said);
        assert_eq!(error.retry_after(), self.wait.map(Duration::from_secs), "{}", self.said);
        assert_eq!(error.is_retryable(), self.retryable && kind != Kind::Unknown, "{}", self.said);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_begin_says_why() {
    for reason in REASONS {
        let said = reason.said;
        let login = "S: * OK [CAPABILITY IMAP4rev1] ready\nC: {A} LOGIN \"alice\" \"alicepw\"";
        for (dialogue, kind) in [
            (format!("S: * BYE {said}\neof"), Kind::Closed),
            (format!("{login}\nS: * BYE {said}\neof"), Kind::Closed),
            (format!("{login}\nS: * BYE {said}\nclose"), Kind::Closed),
        ] {
            let (script, imap) = scripted(&dialogue, plaintext()).await;
            reason.assert(&imap.map(drop).unwrap_err(), kind);
            script.finish().await.unwrap();
        }
        if !(reason.limit || reason.quota || reason.wait.is_some() || reason.code.is_some()) {
            continue;
        }
        let dialogue = format!("{login}\nS: {{A}} NO {said}\neof");
        let (script, imap) = scripted(&dialogue, plaintext()).await;
        reason.assert(&imap.map(drop).unwrap_err(), Kind::Rejected);
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_in_the_session_is_the_error_of_every_call_from_then_on() {
    for reason in REASONS {
        let said = reason.said;
        let dialogue = format!("C: {{A}} NOOP\nC: {{B}} CREATE new\nS: * BYE {said}\nclose");
        let (script, imap) = greeted(&dialogue, plaintext()).await;
        let mut notices = imap.notices();
        let (noop, created) = tokio::join!(imap.noop(), imap.create_mailbox("new"));
        reason.assert(&noop.unwrap_err(), Kind::Closed);
        let unknown = created.unwrap_err();
        reason.assert(&unknown, Kind::Unknown);
        assert_eq!(unknown.replay(), Some(Replay::Verify));
        reason.assert(&imap.noop().await.unwrap_err(), Kind::Closed);
        reason.assert(&imap.closed().await, Kind::Closed);
        assert!(matches!(notices.next().await, Some(Notice::Bye { .. })));
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_between_commands_ends_what_listens() {
    for reason in REASONS {
        let dialogue = format!("{IDLE}S: * 4 EXISTS\nS: * BYE {}\nclose", reason.said);
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let mut events = folder.idle().await.unwrap();
        assert!(matches!(events.try_next().await.unwrap(), Some(Event::Exists(4))));
        reason.assert(&events.try_next().await.unwrap_err(), Kind::Closed);
        drop(events);
        reason.assert(&folder.search(&Query::all()).await.unwrap_err(), Kind::Closed);
        script.finish().await.unwrap();
    }
}

/// Gmail's daily limit, by NO in the middle of the session: it goes on, and later commands may be answered.
#[tokio::test(start_paused = true)]
async fn a_refusal_for_a_quota_ends_nothing_else() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) ALL
        S: {A} NO [OVERQUOTA] Account exceeded command or bandwidth limits.
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let error = folder.search(&Query::all()).await.unwrap_err();
    assert!(error.is_over_quota() && !error.is_retryable() && error.kind() == Kind::Rejected, "{error}");
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}
