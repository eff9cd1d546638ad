//! Runs one command whose answer is a value: from its plan over the link to its output. It must not know any command by name.

use super::command::{Command, Terms};
use super::engine::{Delivery, Engine, Request};
use super::types::{Condition, Cut};
use crate::conn::link::{Inbox, Link};
use crate::error::{Error, Result};

/// The link of an IMAP session.
pub(crate) type ImapLink = Link<Engine>;
/// The inbox of one of its requests.
pub(crate) type ImapInbox = Inbox<Engine>;

/// Sends the command and reads its answer. Dropped before, the command is taken back where it was not sent, and its answer
/// thrown away where it was.
pub(crate) async fn call<C: Command>(link: &ImapLink, command: C, terms: Terms) -> Result<C::Output> {
    let inbox = link.submit(Request::Command(command.plan(terms)?));
    finish(inbox, command).await
}

/// The same for a command that its caller goes on with where the server stopped it at its limit of messages.
pub(crate) async fn call_limited<C: Command>(
    link: &ImapLink,
    command: C,
    terms: Terms,
) -> Result<(C::Output, Option<Cut>)> {
    let inbox = link.submit(Request::Command(command.plan(terms)?));
    finish_limited(inbox, command).await
}

/// Waits for the answer of a command that was submitted. An answer that was cut at the server's limit of messages is none.
pub(crate) async fn finish<C: Command>(inbox: ImapInbox, command: C) -> Result<C::Output> {
    match finish_limited(inbox, command).await? {
        (output, None) => Ok(output),
        (_, Some(cut)) => Err(cut.error("and the command cannot be gone on with")),
    }
}

async fn finish_limited<C: Command>(mut inbox: ImapInbox, command: C) -> Result<(C::Output, Option<Cut>)> {
    let mut frames = Vec::new();
    let mut limited = None;
    loop {
        match inbox.next().await? {
            Some(Delivery::Frames { batch, .. }) => frames.extend(batch.raw()),
            Some(Delivery::Cut(cut)) => limited = Some(cut),
            Some(Delivery::Done(condition)) => return Ok((command.output(frames, condition?)?, limited)),
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

/// An inbox gives nothing behind its end; to ask again is a mistake of this crate that must still not hang.
pub(crate) fn ended() -> Error {
    Error::closed("this request has had its answer")
}
