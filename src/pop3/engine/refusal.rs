//! The errors of refusals, with hints from the server's words that the response code does not give. It must not know
//! the session's state.

use super::{Running, SessionEffect};
use crate::engine::failure::clean;
use crate::engine::words;
use crate::error::{Error, Kind, Words};
use crate::pop3::codec::Reply;

/// The error of a command that the server answered with `-ERR`.
pub(super) fn command_refused(run: &Running, reply: &Reply<'_>) -> Error {
    let unheard = matches!(run.effect, SessionEffect::Authenticate { .. }) && reply.code.is_none();
    match unheard && speaks_of_no_command(&reply.text().to_ascii_lowercase()) {
        true => error_with_text(reply, &format!("the server did not understand {}", run.verb), Kind::Bad),
        false => error_with_text(reply, &format!("the server refused {}", run.verb), Kind::Rejected),
    }
}

/// An error with our text, followed by the text of the `-ERR`.
pub(super) fn error_with_text(reply: &Reply<'_>, what: &str, kind: Kind) -> Error {
    let words = reply.text();
    let text = clean(&words);
    let text = if text.is_empty() { what.to_owned() } else { format!("{what}: {text}") };
    Error::new(kind, text).with_code(reply.code.clone()).with_words(meaning(&words))
}

/// The error of a first line that is not a greeting but says that the server is busy, as "421 Server is busy, try again
/// later." does.
pub(super) fn busy_greeting(line: &[u8]) -> Option<Error> {
    let text = String::from_utf8_lossy(line);
    let words = meaning(&text)?;
    let error = Error::closed(format!("the server refused the connection: {}", clean(&text)));
    Some(error.with_words(Some(words)))
}

fn meaning(text: &str) -> Option<Words> {
    words::of(text).or_else(|| speaks_of_a_lock(&text.to_ascii_lowercase()).then_some(Words::Busy))
}

/// Whether the words say that another session has the maildrop locked (RFC 1939 §4). RFC 1939: "maildrop already
/// locked"; popa3d, Courier: "unable to lock"; Qpopper: "lock busy! Is another session active?"; Exchange: "Logon
/// failure: mailbox in use".
fn speaks_of_a_lock(text: &str) -> bool {
    let drop = ["maildrop", "mailbox", "mail drop"].iter().any(|word| text.contains(word));
    let held = ["lock", "in use", "busy"].iter().any(|word| text.contains(word));
    (drop && held) || text.contains("lock busy") || text.contains("another session") || text.contains("another pop")
}

/// Whether the words say that the server does not support AUTH, or this mechanism.
fn speaks_of_no_command(text: &str) -> bool {
    let what = ["command", "mechanism", "method", "authentication type", "auth type"];
    let not = [
        "unknown",
        "unrecognized",
        "unrecognised",
        "invalid",
        "bad ",
        "unsupported",
        "not supported",
        "not recognized",
    ];
    let both = what.iter().any(|word| text.contains(word)) && not.iter().any(|word| text.contains(word));
    both || ["not implemented", "unimplemented", "syntax error"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defect::Defect;
    use crate::pop3::codec::reply;
    use crate::pop3::types::{Number, Retrieved, RetrievedContent};

    #[test]
    fn words_tell_what_will_pass_from_what_will_not() {
        for (text, retryable, limit) in [
            ("-ERR maildrop already locked", true, false),
            ("-ERR Unable to lock maildrop: Mailbox is locked by POP server", true, false),
            ("-ERR /var/mail/.me.pop lock busy!  Is another session active? (11)", true, false),
            ("-ERR Server is busy, try again later.", true, false),
            ("-ERR [SYS/TEMP] no", true, false),
            ("-ERR Too many simultaneous connections", true, true),
            ("-ERR Maximum number of connections from user+IP exceeded", true, true),
            ("-ERR [AUTH] Too many simultaneous connections", false, false),
            ("-ERR account locked", false, false),
            ("-ERR wrong password", false, false),
            ("-ERR", false, false),
        ] {
            let error = error_with_text(&reply(text.as_bytes()).unwrap(), "no", Kind::Rejected);
            assert_eq!((error.is_retryable(), error.is_connection_limit()), (retryable, limit), "{text}");
        }
    }

    #[test]
    fn a_command_that_is_unknown_is_told_from_a_wrong_password() {
        for (text, unknown) in [
            ("unknown command", true),
            ("command not recognized", true),
            ("unrecognized authentication type", true),
            ("unsupported authentication mechanism", true),
            ("auth not implemented", true),
            ("authentication failed", false),
            ("invalid user or password", false),
            ("", false),
        ] {
            assert_eq!(speaks_of_no_command(text), unknown, "{text}");
        }
    }

    #[test]
    fn the_servers_words_come_out_of_an_error_as_they_went_in() {
        for (line, text) in [("-ERR no: really", "no: really"), ("-ERR [IN-USE] busy", "busy"), ("-ERR", "refused")] {
            let error = error_with_text(&reply(line.as_bytes()).unwrap(), "refused", Kind::Rejected);
            let refused = Retrieved { number: Number::new(1).unwrap(), content: RetrievedContent::Refused(error) };
            assert_eq!(refused.defect(), Some(Defect::Refused { text: text.to_owned() }));
        }
    }
}
