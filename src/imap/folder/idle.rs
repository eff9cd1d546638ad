//! [`Idle`]: what happens in the selected mailbox while one watches. When IDLE is entered and left is the engine's business.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::Result;
use crate::imap::call::ImapInbox;
use crate::imap::engine::{Delivery, Request};
use crate::imap::types::Event;

/// What happens in the selected mailbox, until dropped: what was not taken then is there the next time. See
/// [`Folder::idle`](super::Folder::idle).
pub struct Idle<'a> {
    inbox: Option<ImapInbox>,
    events: VecDeque<Event>,
    /// The folder is busy as long as this lives.
    _folder: std::marker::PhantomData<&'a mut ()>,
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

impl Stream for Idle<'_> {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Idle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").field("events", &self.events.len()).finish_non_exhaustive()
    }
}
