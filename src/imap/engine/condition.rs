//! Reads status responses and turns them into errors. `answer.rs` knows what they do to the session.

use bytes::Bytes;

use super::refusal::{self, command_refused};
use super::wire::Running;
use crate::engine::failure::excerpt;
use crate::error::{Error, Kind as ErrorKind, Result, Words};
use crate::imap::codec::{self, Ending, Route, route};
use crate::imap::types::{Condition, Outcome};

pub(super) fn done() -> Condition {
    condition(Outcome::Ok)
}

pub(super) fn condition(status: Outcome) -> Condition {
    Condition { outcome: status, code: None, text: String::new() }
}

pub(super) fn outcome(run: &Running, ending: Ending, condition: Condition) -> Result<Condition> {
    if ending != Ending::Ok {
        return Err(command_refused(run.verb(), ending, condition));
    }
    if run.is_only_mistagged() {
        let text = format!("the server sent the answer to {} under another command's tag", run.verb());
        return Err(Error::new(ErrorKind::Missing, text));
    }
    if run.is_over_limit() {
        return Err(Error::limit(format!("the answer to {} is over the limit", run.verb())));
    }
    Ok(condition)
}

/// Exchange sends this line without a tag and never answers the command, so waiting would never end.
pub(super) fn is_unavailable(frame: &[u8]) -> bool {
    const WORDS: &[u8] = b"Server Unavailable";
    frame.get(..WORDS.len()).is_some_and(|start| start.eq_ignore_ascii_case(WORDS))
}

/// A BYE instead of a greeting. Here `LIMIT` (RFC 5530 §3) can only be about connections.
pub(super) fn refused_to_greet(frame: &[u8]) -> Error {
    let error = refusal::goodbye(read_condition(frame), "the server refused the connection");
    match error.code().is_some_and(|code| code.is("LIMIT")) {
        true => error.with_words(Some(Words::ConnectionLimit)),
        false => error,
    }
}

pub(super) fn out_of_service(frame: &[u8]) -> Error {
    Error::closed(format!("the server is out of service: {}", excerpt(frame)))
}

/// A status response, as far as it is readable.
pub(super) fn read_condition(frame: &[u8]) -> Condition {
    // The first tokens are known already. An unreadable rest counts as an empty text.
    let read = match route(frame) {
        Route::Tagged { .. } => codec::text::tagged(frame).map(|(_, condition)| condition),
        _ => codec::text::untagged(frame),
    };
    read.unwrap_or_else(|_| condition(Outcome::Ok))
}

/// The text after `+`.
pub(super) fn challenge(frame: &[u8]) -> Bytes {
    let line = frame.trim_ascii();
    Bytes::copy_from_slice(line.strip_prefix(b"+").unwrap_or(line).trim_ascii())
}

pub(super) fn log_unreadable(error: &dyn std::fmt::Display, frame: &[u8]) {
    tracing::warn!(%error, line = %excerpt(frame), "a response is unreadable");
}
