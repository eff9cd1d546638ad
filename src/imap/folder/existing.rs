//! Finds out which of some messages exist, after an answer left some out or is in doubt: NOOP, so that the server can
//! report expunged ones, and UID SEARCH, in one round trip (RFC 2180 §4.1.2). It must not know why this is asked.

use std::task::{Context, Poll, ready};

use crate::error::{Error, Kind, Result};
use crate::imap::call::{ImapInbox, ImapLink, ended};
use crate::imap::command::noop::Noop;
use crate::imap::command::search::Search;
use crate::imap::command::{Batches, Command, EncodeOptions, Frames};
use crate::imap::engine::{Delivery, Request};
use crate::imap::limited::Descent;
use crate::imap::plan::SessionEffect;
use crate::imap::types::{self, LimitCut, Query, SavedMark, SearchReturn, Uids};
use crate::limits::Limits;

/// What the server reported about the messages.
pub(super) enum Presence {
    /// Of the messages asked about, exactly these exist.
    Known(Uids),
    /// The server did not report which exist. These are gone, as an EXPUNGE showed.
    Unknown { gone: Uids, why: Error },
}

/// The two commands while they run.
pub(super) struct Existing {
    link: ImapLink,
    selection: u64,
    noop: Option<ImapInbox>,
    /// The messages known to be gone.
    gone: Uids,
    search: Option<ImapInbox>,
    frames: Batches,
    wanted: Uids,
    /// What the current search is about.
    asked: Uids,
    /// Whether it is about a saved result.
    saved: bool,
    found: Uids,
    cut: Option<LimitCut>,
    descent: Descent,
}

impl Existing {
    /// Asks which of these messages exist in the mailbox that was selected under this number.
    pub(super) fn ask(link: &ImapLink, limits: &Limits, selection: u64, wanted: Uids) -> Result<Self> {
        // A set that is too long for one line is replaced by all messages: the answer is a set in either case.
        let short = wanted.split(limits.set).nth(1).is_none();
        let asked = if short { wanted.clone() } else { Uids::ALL };
        let query = if asked == Uids::ALL { Query::all() } else { Query::uids(asked.clone()) };
        Self::begin(link, selection, &query, wanted, asked)
    }

    /// Asks which messages a saved result contains.
    pub(super) fn ask_saved(link: &ImapLink, selection: u64, mark: SavedMark) -> Result<Self> {
        Self::begin(link, selection, &Query::of_saved(mark), Uids::ALL, Uids::ALL)
    }

    fn begin(link: &ImapLink, selection: u64, query: &Query, wanted: Uids, asked: Uids) -> Result<Self> {
        let search = search(link, selection, query)?;
        let saved = query.saved_mark().is_some();
        let noop =
            Some(link.submit(Request::Command(Noop.plan(EncodeOptions::default())?.effect(SessionEffect::Look))));
        let search = Some(link.submit(search));
        let exists = link.state().selected.as_ref().map_or(0, |selected| selected.exists);
        let descent = Descent::new(exists.into());
        let (frames, found, gone) = (Batches::default(), Uids::new(), Uids::new());
        let link = link.clone();
        Ok(Self { link, selection, noop, gone, search, frames, wanted, asked, saved, found, cut: None, descent })
    }

    /// Which of them exist, if the server reports it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Presence>> {
        match ready!(self.poll_existing(cx)) {
            Err(why) if why.is_refusal() || why.kind() == Kind::Missing => {
                Poll::Ready(Ok(Presence::Unknown { gone: self.wanted.intersection(&self.gone), why }))
            }
            there => Poll::Ready(there.map(Presence::Known)),
        }
    }

    fn poll_existing(&mut self, cx: &mut Context<'_>) -> Poll<Result<Uids>> {
        while let Some(inbox) = &mut self.noop {
            match ready!(inbox.poll_next(cx))?.ok_or_else(ended)? {
                Delivery::Answered(gone) => self.gone = gone,
                // The engine has applied what came with it; that holds even if the NOOP itself was refused.
                Delivery::Done(Err(error)) if !error.is_refusal() => return Poll::Ready(Err(error)),
                Delivery::Done(_) => self.noop = None,
                _ => {}
            }
        }
        loop {
            let Some(inbox) = &mut self.search else { return Poll::Ready(Err(ended())) };
            match ready!(inbox.poll_next(cx))?.ok_or_else(ended)? {
                Delivery::Frames { batch, .. } => self.frames.push(batch),
                Delivery::LimitCut(cut) => self.cut = Some(cut),
                Delivery::Done(condition) => {
                    self.search = None;
                    let found = output(std::mem::take(&mut self.frames), condition?)?;
                    self.take_found(&found.all.unwrap_or_default())?;
                    if !self.search_below()? {
                        return Poll::Ready(Ok(self.wanted.intersection(&self.found)));
                    }
                }
                _ => {}
            }
        }
    }

    /// An answer that names messages outside the set asked about shows nothing about the set. A set that ends in `*`
    /// always includes the last message (RFC 9051 §6.4.9).
    fn take_found(&mut self, found: &Uids) -> Result<()> {
        if self.asked.open_from().is_none() && !found.difference(&self.asked).is_empty() {
            return Err(Error::new(
                Kind::Missing,
                "the server's search returned messages outside the set that was searched",
            ));
        }
        self.found = self.found.union(found)?;
        Ok(())
    }

    /// Searches what is left below the server's limit; `false` if nothing is.
    fn search_below(&mut self) -> Result<bool> {
        let Some(cut) = self.cut.take() else { return Ok(false) };
        if self.saved {
            return Err(cut.error("and the rest of a saved result cannot be asked for"));
        }
        let below = self.descent.below(&Uids::ALL, cut)?;
        if self.wanted.intersection(&below).is_empty() {
            return Ok(false);
        }
        self.search = Some(self.link.submit(search(&self.link, self.selection, &Query::uids(below.clone()))?));
        self.asked = below;
        Ok(true)
    }
}

fn search(link: &ImapLink, selection: u64, query: &Query) -> Result<Request> {
    let state = link.state();
    let compact = state.capabilities.as_ref().is_some_and(|capabilities| capabilities.esearch());
    let search = Search::new(selection, query, compact.then_some(SearchReturn::ALL));
    Ok(Request::Command(search.plan(EncodeOptions { utf8: state.utf8(), no_charset: true })?))
}

fn output(frames: impl Frames, condition: types::Condition) -> Result<types::SearchResult> {
    Search::new(0, &Query::all(), Some(SearchReturn::ALL)).output(frames, condition)
}
