//! The streams of a selected mailbox: [`Fetch`], the messages of one fetch, and [`Idle`], what happens while one watches. They
//! parse on the consumer's task what the engine hands over unparsed; nothing here touches a socket.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::call::{ImapInbox, ImapLink};
use super::codec::{Batch, FetchedBatch, UnreadableFetch};
use super::command::fetch;
use super::engine::{Delivery, Event, Moment, Request};
use super::types::{Fetched, Items, Uids};
use crate::error::Result;
use crate::limits::Limits;

/// How many unreadable responses are kept for [`Fetch::unreadable`].
const MOST_UNREADABLE: usize = 1000;

/// The messages of one fetch, in whatever order the server sends them.
///
/// An `Err` is always the end of the stream. A message with an attribute that cannot be read is delivered with
/// [`defects`](Fetched::defects); a response that cannot be read at all is left out and kept in
/// [`unreadable`](Self::unreadable). A message that went meanwhile is not delivered.
///
/// At most [`Limits::window`](crate::Limits::window) bytes wait for a slow reader; then the connection is not read, and the
/// server waits. Dropping the stream early is safe: the rest is still transferred, and thrown away; for a huge rest it is
/// cheaper to drop the session.
pub struct Fetch<'a> {
    link: &'a ImapLink,
    selection: u64,
    /// Parts of a long set that were not asked for yet.
    rest: VecDeque<Uids>,
    /// The mailbox is empty.
    of_nothing: bool,
    intake: Intake,
    unreadable: Vec<UnreadableFetch>,
}

/// What has come and was not taken. It has no lifetime, and so a `Fetch` is over where it is last used, although this has
/// something to do when it is dropped.
struct Intake {
    limits: Limits,
    items: Items,
    uids: Uids,
    inbox: Option<ImapInbox>,
    batch: FetchedBatch,
    /// When that came.
    moment: Moment,
}

/// What happens in the selected mailbox, until dropped: what was not taken then is there the next time. See
/// [`Folder::idle`](super::Folder::idle).
pub struct Idle<'a> {
    inbox: Option<ImapInbox>,
    events: VecDeque<Event>,
    /// The folder is busy as long as this lives.
    _folder: std::marker::PhantomData<&'a mut ()>,
}

impl<'a> Fetch<'a> {
    /// `parts` are of one set, each short enough for one line.
    pub(super) fn new(
        link: &'a ImapLink,
        limits: &'a Limits,
        selection: u64,
        uids: Uids,
        parts: VecDeque<Uids>,
        items: Items,
    ) -> Result<Self> {
        let intake = Intake::new(limits, items, uids, None);
        let mut fetch = Self { link, selection, rest: parts, of_nothing: false, intake, unreadable: Vec::new() };
        fetch.ask_on()?;
        Ok(fetch)
    }

    /// A fetch whose first part was asked for already.
    pub(super) fn begun(
        link: &'a ImapLink,
        limits: &'a Limits,
        selection: u64,
        uids: Uids,
        rest: VecDeque<Uids>,
        items: Items,
        inbox: ImapInbox,
    ) -> Self {
        let intake = Intake::new(limits, items, uids, Some(inbox));
        Self { link, selection, rest, of_nothing: false, intake, unreadable: Vec::new() }
    }

    /// The same of a mailbox that turned out to be empty: some servers refuse a set that matches nothing.
    pub(super) fn of_nothing(self) -> Self {
        Self { of_nothing: true, rest: VecDeque::new(), ..self }
    }

    /// The next message; `None` at the end. Cancel-safe: no message is lost by dropping this future.
    pub async fn try_next(&mut self) -> Result<Option<Fetched>> {
        poll_fn(|cx| self.poll_fetched(cx)).await
    }

    /// The responses so far that could not be read at all, at most 1,000 of them.
    pub fn unreadable(&self) -> &[UnreadableFetch] {
        &self.unreadable
    }

    #[inline]
    pub(super) fn poll_fetched(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Fetched>>> {
        loop {
            match self.intake.batch.next() {
                Some(Ok(fetched)) if self.intake.is_meant(&fetched) => return Poll::Ready(Ok(Some(fetched))),
                Some(Ok(fetched)) => self.link.hand_back(Request::Stray(fetched.raw(), self.intake.moment)),
                Some(Err(unreadable)) => self.keep_unreadable(unreadable),
                None => match ready!(self.poll_batch(cx)) {
                    Ok(true) => {}
                    Ok(false) => return Poll::Ready(Ok(None)),
                    Err(error) => return Poll::Ready(Err(error)),
                },
            }
        }
    }

    /// How many messages can be had without waiting.
    pub(super) fn waiting(&self) -> usize {
        self.intake.batch.len()
    }

    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let Some(inbox) = &mut self.intake.inbox else { return Poll::Ready(Ok(false)) };
        let delivery = match ready!(inbox.poll_next(cx)) {
            Ok(delivery) => delivery,
            Err(error) => return Poll::Ready(self.over(Err(error))),
        };
        match delivery {
            Some(Delivery::Frames { batch, moment, .. }) => {
                self.intake.read(&batch, moment);
                Poll::Ready(Ok(true))
            }
            Some(Delivery::Done(Ok(_))) | None => {
                let asked = self.ask_on();
                Poll::Ready(asked)
            }
            Some(Delivery::Done(Err(error))) if self.of_nothing && error.is_refusal() => {
                Poll::Ready(self.over(Ok(false)))
            }
            Some(Delivery::Done(Err(error))) => Poll::Ready(self.over(Err(error))),
            Some(_) => Poll::Ready(Ok(true)),
        }
    }

    /// Asks for the next part of the set. `false` where there is none.
    fn ask_on(&mut self) -> Result<bool> {
        let Some(uids) = self.rest.pop_front() else { return self.over(Ok(false)) };
        let plan = fetch::plan(self.selection, &uids, &self.intake.items)?;
        self.intake.inbox = Some(self.link.submit(Request::Command(plan)));
        Ok(true)
    }

    fn over(&mut self, result: Result<bool>) -> Result<bool> {
        self.intake.inbox = None;
        self.rest.clear();
        result
    }

    fn keep_unreadable(&mut self, unreadable: UnreadableFetch) {
        tracing::warn!(%unreadable, "a FETCH response that cannot be read");
        if self.unreadable.len() < MOST_UNREADABLE {
            self.unreadable.push(unreadable);
        }
    }
}

impl Intake {
    fn new(limits: &Limits, items: Items, uids: Uids, inbox: Option<ImapInbox>) -> Self {
        Self { limits: limits.clone(), items, uids, inbox, batch: FetchedBatch::default(), moment: Moment::default() }
    }

    fn read(&mut self, batch: &Batch, moment: Moment) {
        self.moment = moment;
        self.batch = FetchedBatch::parse(batch, &self.limits, Some(std::mem::take(&mut self.batch)));
    }

    /// Servers send FETCH of their own accord too; such data belong to the mailbox, not to this fetch.
    #[inline]
    fn is_meant(&self, fetched: &Fetched) -> bool {
        fetched.uid().is_some_and(|uid| self.uids.contains(uid)) && self.items.are_answered_by(fetched)
    }

    fn hand_strays_back(&mut self, inbox: &ImapInbox) {
        while let Some(fetched) = self.batch.next() {
            if let Some(stray) = fetched.ok().filter(|fetched| !self.is_meant(fetched)) {
                inbox.add(Request::Stray(stray.raw(), self.moment));
            }
        }
    }
}

/// What is dropped unread may hold flags that the server told of its own accord: those belong to the mailbox.
impl Drop for Intake {
    fn drop(&mut self) {
        let Some(mut inbox) = self.inbox.take() else { return };
        self.hand_strays_back(&inbox);
        for delivery in inbox.abandon() {
            if let Delivery::Frames { batch, moment, .. } = delivery {
                self.read(&batch, moment);
                self.hand_strays_back(&inbox);
            }
        }
    }
}

impl Idle<'_> {
    pub(super) fn new(inbox: ImapInbox) -> Self {
        Self { inbox: Some(inbox), events: VecDeque::new(), _folder: std::marker::PhantomData }
    }

    /// The next event. It never comes to a clean end by itself: `None` only follows an error. Cancel-safe: no event is lost by
    /// dropping this future.
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed), [`Kind::Io`](crate::Kind::Io), [`Kind::Timeout`](crate::Kind::Timeout) where
    /// the connection ended; [`Kind::Rejected`](crate::Kind::Rejected) and [`Kind::Bad`](crate::Kind::Bad) where the server
    /// refuses IDLE and the NOOP that replaces it.
    pub async fn try_next(&mut self) -> Result<Option<Event>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Ok(Some(event)));
            }
            let Some(inbox) = &mut self.inbox else { return Poll::Ready(Ok(None)) };
            let error = match ready!(inbox.poll_next(cx)) {
                Ok(Some(Delivery::Events(events))) => {
                    self.events.extend(events);
                    continue;
                }
                Ok(Some(Delivery::Done(Ok(_)))) | Ok(None) => None,
                Ok(Some(Delivery::Done(Err(error)))) | Err(error) => Some(error),
                Ok(Some(_)) => continue,
            };
            self.inbox = None;
            return Poll::Ready(error.map_or(Ok(None), Err));
        }
    }
}

/// Events that were not taken go back to the mailbox, where the next look finds them.
impl Drop for Idle<'_> {
    fn drop(&mut self) {
        let Some(inbox) = &mut self.inbox else { return };
        for delivery in inbox.abandon() {
            if let Delivery::Events(events) = delivery {
                self.events.extend(events);
            }
        }
        if !self.events.is_empty() {
            inbox.add(Request::Untaken(std::mem::take(&mut self.events).into()));
        }
    }
}

impl Stream for Fetch<'_> {
    type Item = Result<Fetched>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_fetched(cx).map(Result::transpose)
    }
}

impl Stream for Idle<'_> {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Fetch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch")
            .field("uids", &self.intake.uids)
            .field("items", &self.intake.items)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Idle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").field("events", &self.events.len()).finish_non_exhaustive()
    }
}
