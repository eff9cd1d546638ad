//! Runs one command whose answer is a value: from its plan over the link to its output. It must not know any command by name.

use super::command::{Command, Terms};
use super::engine::{Delivery, Engine, Request};
use super::types::Condition;
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

/// Waits for the answer of a command that was submitted.
pub(crate) async fn finish<C: Command>(mut inbox: ImapInbox, command: C) -> Result<C::Output> {
    let mut frames = Vec::new();
    loop {
        match inbox.next().await? {
            Some(Delivery::Frames { batch, .. }) => frames.extend(batch.raw()),
            Some(Delivery::Done(condition)) => return command.output(frames, condition?),
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
