//! Runs one command whose answer is a value: submits its plan and makes the output from the answer. It must not know
//! any command by name.

use super::command::{Batches, Command, EncodeOptions};
use super::engine::{Delivery, Engine, Request};
use super::types::{Condition, LimitCut};
use crate::conn::link::{Inbox, Link};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The link of an IMAP session.
pub(crate) type ImapLink = Link<Engine>;
/// The inbox of one request.
pub(crate) type ImapInbox = Inbox<Engine>;

/// Sends the command and reads its answer. If the future is dropped, a command that was not sent is withdrawn; the
/// answer to one that was sent is read and discarded.
pub(crate) async fn call<C: Command>(
    link: &ImapLink,
    command: C,
    options: EncodeOptions,
    limits: &Limits,
) -> Result<C::Output> {
    let inbox = link.submit(Request::Command(command.plan(options)?));
    finish(inbox, command, limits).await
}

/// Like [`call`], for a command that its caller continues if the server stops it at its limit of messages
/// (MESSAGELIMIT, RFC 9738).
pub(crate) async fn call_limited<C: Command>(
    link: &ImapLink,
    command: C,
    options: EncodeOptions,
    limits: &Limits,
) -> Result<(C::Output, Option<LimitCut>)> {
    let inbox = link.submit(Request::Command(command.plan(options)?));
    finish_limited(inbox, command, limits).await
}

/// Waits for the answer to a submitted command. An answer that the server cut off at its limit of messages is an error.
pub(crate) async fn finish<C: Command>(inbox: ImapInbox, command: C, limits: &Limits) -> Result<C::Output> {
    match finish_limited(inbox, command, limits).await? {
        (output, None) => Ok(output),
        (_, Some(cut)) => Err(cut.error("and the command cannot be continued")),
    }
}

async fn finish_limited<C: Command>(
    mut inbox: ImapInbox,
    command: C,
    limits: &Limits,
) -> Result<(C::Output, Option<LimitCut>)> {
    let mut batches = Batches::default();
    let mut limited = None;
    loop {
        match inbox.next().await? {
            Some(Delivery::Frames { batch, .. }) => batches.push(batch),
            Some(Delivery::LimitCut(cut)) => limited = Some(cut),
            Some(Delivery::Done(condition)) if batches.frames() > limits.undelivered / C::WEIGHT.max(1) => {
                condition?;
                return Err(Error::limit("the values of an answer take up more memory than the limit"));
            }
            Some(Delivery::Done(condition)) => return Ok((command.output(batches, condition?)?, limited)),
            Some(_) => {}
            None => return Err(ended()),
        }
    }
}

/// Waits for the end of a request that has no data.
pub(crate) async fn end_of(mut inbox: ImapInbox) -> Result<Condition> {
    loop {
        match inbox.next().await? {
            Some(Delivery::Done(condition)) => return condition,
            Some(_) => {}
            None => return Err(ended()),
        }
    }
}

/// The inbox is exhausted. Reaching this is a bug in this crate; it fails instead of hanging.
pub(crate) fn ended() -> Error {
    Error::closed("this request is already answered")
}

/// The answer, or `None` if the server refused.
pub(super) fn ignore_refusal<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.is_refusal() && !error.is_retryable() => {
            tracing::debug!(%error, "an optional command was refused");
            Ok(None)
        }
        answer => answer.map(Some),
    }
}
