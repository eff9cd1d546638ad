//! Runs one command whose answer is a value: from its plan over the link to its output. It must not know any command by name.

use super::command::{Batches, Command, Terms};
use super::engine::{Delivery, Engine, Request};
use super::types::{Condition, Cut};
use crate::conn::link::{Inbox, Link};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The link of an IMAP session.
pub(crate) type ImapLink = Link<Engine>;
/// The inbox of one of its requests.
pub(crate) type ImapInbox = Inbox<Engine>;

/// Sends the command and reads its answer. Dropped before, the command is taken back where it was not sent, and its answer
/// thrown away where it was.
pub(crate) async fn call<C: Command>(link: &ImapLink, command: C, terms: Terms, limits: &Limits) -> Result<C::Output> {
    let inbox = link.submit(Request::Command(command.plan(terms)?));
    finish(inbox, command, limits).await
}

/// The same for a command that its caller goes on with where the server stopped it at its limit of messages.
pub(crate) async fn call_limited<C: Command>(
    link: &ImapLink,
    command: C,
    terms: Terms,
    limits: &Limits,
) -> Result<(C::Output, Option<Cut>)> {
    let inbox = link.submit(Request::Command(command.plan(terms)?));
    finish_limited(inbox, command, limits).await
}

/// Waits for the answer of a command that was submitted. An answer that was cut at the server's limit of messages is none.
pub(crate) async fn finish<C: Command>(inbox: ImapInbox, command: C, limits: &Limits) -> Result<C::Output> {
    match finish_limited(inbox, command, limits).await? {
        (output, None) => Ok(output),
        (_, Some(cut)) => Err(cut.error("and the command cannot be gone on with")),
    }
}

async fn finish_limited<C: Command>(
    mut inbox: ImapInbox,
    command: C,
    limits: &Limits,
) -> Result<(C::Output, Option<Cut>)> {
    let mut batches = Batches::default();
    let mut limited = None;
    loop {
        match inbox.next().await? {
            Some(Delivery::Frames { batch, .. }) => batches.push(batch),
            Some(Delivery::Cut(cut)) => limited = Some(cut),
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

/// An inbox gives nothing behind its end; to ask again is a mistake of this crate that must still not hang.
pub(crate) fn ended() -> Error {
    Error::closed("this request has had its answer")
}
