//! Which of some messages the server has, found out when an answer has left some of them out or is in doubt: NOOP, so that it can say
//! what went, and UID SEARCH in the same flight (RFC 2180 §4.1.2). It must not know what was asked for.

use std::task::{Context, Poll, ready};

use crate::error::{Error, Kind, Result};
use crate::imap::call::{ImapInbox, ImapLink, ended};
use crate::imap::command::noop::Noop;
use crate::imap::command::search::Search;
use crate::imap::command::{Batches, Command, Frames, Terms};
use crate::imap::engine::{Delivery, Request};
use crate::imap::limited::Descent;
use crate::imap::plan::Effect;
use crate::imap::types::{self, Cut, Query, SearchReturn, Uids};
use crate::limits::Limits;

/// What the server shows of the messages that were asked about.
pub(super) enum Presence {
    /// These are there, and no others of those that were asked about.
    There(Uids),
    /// The server does not say what is there. These have gone, as an EXPUNGE showed.
    Unsaid { gone: Uids, why: Error },
}

/// Both commands on their way.
pub(super) struct Existing<'a> {
    link: &'a ImapLink,
    selection: u64,
    noop: Option<ImapInbox>,
    /// Those that are known to have gone.
    gone: Uids,
    search: Option<ImapInbox>,
    frames: Batches,
    wanted: Uids,
    /// What the search on its way is about.
    asked: Uids,
    found: Uids,
    cut: Option<Cut>,
    descent: Descent,
}

impl<'a> Existing<'a> {
    /// Asks which of these messages are in the mailbox that was selected under this number.
    pub(super) fn ask(link: &'a ImapLink, limits: &Limits, selection: u64, wanted: Uids) -> Result<Self> {
        // Of a set too long for one line all are looked for: numbers come back either way.
        let short = wanted.split(limits.set).nth(1).is_none();
        let asked = if short { wanted.clone() } else { Uids::ALL };
        let query = if asked == Uids::ALL { Query::all() } else { Query::uids(asked.clone()) };
        let search = search(link, selection, &query)?;
        let noop = Some(link.submit(Request::Command(Noop.plan(Terms::default())?.effect(Effect::Look))));
        let search = Some(link.submit(search));
        let exists = link.state().selected.as_ref().map_or(0, |selected| selected.exists);
        let descent = Descent::new(exists.into());
        let (frames, found, gone) = (Batches::default(), Uids::new(), Uids::new());
        Ok(Self { link, selection, noop, gone, search, frames, wanted, asked, found, cut: None, descent })
    }

    /// Which of them are there, if the server says it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Presence>> {
        match ready!(self.poll_there(cx)) {
            Err(why) if why.is_refusal() || why.kind() == Kind::Missing => {
                Poll::Ready(Ok(Presence::Unsaid { gone: self.wanted.intersection(&self.gone), why }))
            }
            there => Poll::Ready(there.map(Presence::There)),
        }
    }

    fn poll_there(&mut self, cx: &mut Context<'_>) -> Poll<Result<Uids>> {
        while let Some(inbox) = &mut self.noop {
            match ready!(inbox.poll_next(cx))?.ok_or_else(ended)? {
                Delivery::Answered(gone) => self.gone = gone,
                // What it says of the mailbox is in the engine; a server that refuses it has said it all the same.
                Delivery::Done(Err(error)) if !error.is_refusal() => return Poll::Ready(Err(error)),
                Delivery::Done(_) => self.noop = None,
                _ => {}
            }
        }
        loop {
            let Some(inbox) = &mut self.search else { return Poll::Ready(Err(ended())) };
            match ready!(inbox.poll_next(cx))?.ok_or_else(ended)? {
                Delivery::Frames { batch, .. } => self.frames.push(batch),
                Delivery::Cut(cut) => self.cut = Some(cut),
                Delivery::Done(condition) => {
                    self.search = None;
                    let found = output(std::mem::take(&mut self.frames), condition?)?;
                    self.take_found(&found.all.unwrap_or_default())?;
                    if !self.look_below()? {
                        return Poll::Ready(Ok(self.wanted.intersection(&self.found)));
                    }
                }
                _ => {}
            }
        }
    }

    /// An answer that names other messages than those that were asked about shows nothing of these. A set that ends in `*` always has the
    /// last message in it.
    fn take_found(&mut self, found: &Uids) -> Result<()> {
        if self.asked.open_from().is_none() && !found.difference(&self.asked).is_empty() {
            return Err(Error::new(Kind::Missing, "the server has found messages that it was not asked about"));
        }
        self.found = self.found.union(found)?;
        Ok(())
    }

    /// Whether there is more to look for than the server takes at once.
    fn look_below(&mut self) -> Result<bool> {
        let Some(cut) = self.cut.take() else { return Ok(false) };
        let below = self.descent.below(&Uids::ALL, cut)?;
        if self.wanted.intersection(&below).is_empty() {
            return Ok(false);
        }
        self.search = Some(self.link.submit(search(self.link, self.selection, &Query::uids(below.clone()))?));
        self.asked = below;
        Ok(true)
    }
}

fn search(link: &ImapLink, selection: u64, query: &Query) -> Result<Request> {
    let state = link.state();
    let compact = state.capabilities.as_ref().is_some_and(|capabilities| capabilities.esearch());
    let search = Search { selection, query, returns: compact.then_some(SearchReturn::ALL) };
    Ok(Request::Command(search.plan(Terms { utf8: state.utf8(), no_charset: true })?))
}

fn output(frames: impl Frames, condition: types::Condition) -> Result<types::SearchResult> {
    Search { selection: 0, query: &Query::all(), returns: Some(SearchReturn::ALL) }.output(frames, condition)
}
