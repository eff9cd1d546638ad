//! Which of some messages the server has, found out when an answer has left some of them out: NOOP, so that it can say what went, and
//! UID SEARCH in the same flight (RFC 2180 §4.1.2). It must not know what was asked for.

use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::call::{ImapInbox, ImapLink, ended};
use super::command::noop::Noop;
use super::command::search::Search;
use super::command::{Command, Terms};
use super::engine::{Delivery, Request};
use super::types::{Found, Query, Returns, Uids};
use crate::error::Result;
use crate::limits::Limits;

/// Both commands on their way.
pub(super) struct Existing {
    noop: Option<ImapInbox>,
    search: Option<ImapInbox>,
    frames: Vec<Bytes>,
    wanted: Uids,
}

impl Existing {
    /// Asks which of these messages are in the mailbox that was selected under this number.
    pub(super) fn ask(link: &ImapLink, limits: &Limits, selection: u64, wanted: Uids) -> Result<Self> {
        // Of a set too long for one line all are looked for: numbers come back either way.
        let short = wanted.split(limits.set).nth(1).is_none();
        let query = if short { Query::uids(wanted.clone()) } else { Query::all() };
        let state = link.state();
        let compact = state.capabilities.as_ref().is_some_and(|capabilities| capabilities.esearch());
        let search = Search { selection, query: &query, returns: compact.then_some(Returns::ALL) };
        let terms = Terms { utf8: state.utf8(), no_charset: true };
        let plan = search.plan(terms)?;
        let noop = link.submit(Request::Command(Noop.plan(terms)?));
        let search = link.submit(Request::Command(plan));
        Ok(Self { noop: Some(noop), search: Some(search), frames: Vec::new(), wanted })
    }

    /// Those of them that are there.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Uids>> {
        while let Some(inbox) = &mut self.noop {
            match ready!(inbox.poll_next(cx))?.ok_or_else(ended)? {
                // What it says of the mailbox is in the engine; a server that refuses it has said it all the same.
                Delivery::Done(Err(error)) if !error.is_refusal() => return Poll::Ready(Err(error)),
                Delivery::Done(_) => self.noop = None,
                _ => {}
            }
        }
        loop {
            let Some(inbox) = &mut self.search else { return Poll::Ready(Err(ended())) };
            match ready!(inbox.poll_next(cx))?.ok_or_else(ended)? {
                Delivery::Frames { batch, .. } => self.frames.extend(batch.raw()),
                Delivery::Done(condition) => {
                    self.search = None;
                    let found = output(std::mem::take(&mut self.frames), condition?)?;
                    let found = found.all.unwrap_or_default();
                    return Poll::Ready(Ok(self.wanted.intersection(&found)));
                }
                _ => {}
            }
        }
    }
}

fn output(frames: Vec<Bytes>, condition: super::types::Condition) -> Result<Found> {
    Search { selection: 0, query: &Query::all(), returns: Some(Returns::ALL) }.output(frames, condition)
}
