//! [`Idle`]: what happens in the selected mailbox while it is watched. The engine decides when IDLE is entered and
//! left.

use std::borrow::{Borrow, BorrowMut};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::Folder;
use crate::error::Result;
use crate::imap::call::ImapInbox;
use crate::imap::command::number::Number;
use crate::imap::engine::{Delivery, Request};
use crate::imap::session::Imap;
use crate::imap::types::{Event, SeqNum};

/// Without ESEARCH a search returns every UID. It is not worth it for more unknown messages than this.
const MOST_LISTED: u32 = 50_000;
/// The most searches for UIDs that are sent to a server with a limit of messages (RFC 9738).
const MOST_SEARCHES: u64 = 50;

/// The changes in the selected mailbox, from [`Folder::idle`]. Dropping it ends IDLE; events that were not taken come
/// first the next time.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::Event;
///
/// let mut inbox = imap.select("INBOX").await?;
/// let mut events = inbox.idle().await?;
/// # let wait = std::time::Duration::from_millis(1);
/// while let Ok(Ok(Some(event))) = tokio::time::timeout(wait, events.try_next()).await {
///     if let Event::Exists(count) = event {
///         println!("{count} messages");
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
pub struct Idle<'a> {
    inbox: Option<ImapInbox>,
    events: VecDeque<Event>,
    /// Borrows the folder.
    _folder: std::marker::PhantomData<&'a mut ()>,
}

/// Watching the mailbox.
impl<S: Borrow<Imap>> Folder<S> {
    /// Asks for the UIDs of messages whose UID the engine does not know, so that it can report which messages are
    /// expunged.
    async fn number(&self) -> Result<()> {
        // VANISHED names UIDs; but a mailbox without modification sequences has EXPUNGE (RFC 7162 §3.2.10.2).
        // With UIDONLY there is no EXPUNGE (RFC 9586 §3), nor may a message number be sent.
        let state = self.link().state();
        if state.confirmed.qresync() && self.info()?.highest_modseq.is_some() || state.enabled.uidonly() {
            return Ok(());
        }
        let compact = self.session().capabilities().esearch();
        let most = self.session().capabilities().message_limit().unwrap_or(u64::MAX).max(1);
        loop {
            let (exists, known) = (self.info()?.exists, self.link().state().numbered);
            let Some(from) = SeqNum::nonzero(known.saturating_add(1)).filter(|from| from.as_u32() <= exists) else {
                return Ok(());
            };
            let unknown = exists - known;
            if (!compact && unknown > MOST_LISTED) || u64::from(unknown).div_ceil(most) > MOST_SEARCHES {
                return Ok(());
            }
            let part = u32::try_from(most).ok().filter(|&most| most < unknown);
            let to = part.and_then(|most| SeqNum::nonzero(known.saturating_add(most)));
            self.session().call(Number { selection: self.selection, from, to, compact }).await?;
            let now = self.link().state().numbered;
            // The UIDs known from FETCH responses contradict the search, and the engine dropped them: ask for all,
            // once.
            let anew = now == 0 && known > 0;
            if !anew && (to.is_none() || now <= known) {
                return Ok(());
            }
        }
    }
}

impl<S: BorrowMut<Imap>> Folder<S> {
    /// Watches the mailbox. Changes since the last call come first, then new ones: pushed by IDLE, or, if the server
    /// does not support or refuses IDLE, polled every [`Deadlines::poll`](crate::Deadlines::poll). IDLE is renewed
    /// before 29 minutes and ends when the stream is dropped; the next command waits for that.
    ///
    /// Before the first call and after new mail, one more round trip asks for the UIDs of the messages, so that
    /// expunged ones can be named; up to 50 on a server that announces a limit of messages; none if QRESYNC is enabled.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut events = inbox.idle().await?;
    /// let next = tokio::time::timeout(std::time::Duration::from_millis(1), events.try_next()).await;
    /// println!("{next:?}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed) if the mailbox is no longer selected, and the errors of [every
    /// command](Imap#errors-of-every-command).
    pub async fn idle(&mut self) -> Result<Idle<'_>> {
        self.number().await?;
        let inbox = self.link().submit(Request::Idle { selection: self.selection });
        Ok(Idle::new(inbox))
    }
}

impl Idle<'_> {
    pub(super) fn new(inbox: ImapInbox) -> Self {
        Self { inbox: Some(inbox), events: VecDeque::new(), _folder: std::marker::PhantomData }
    }

    /// Waits for the next event; `None` only after an error. Cancel-safe: dropping this future loses no event.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut events = inbox.idle().await?;
    /// # let wait = std::time::Duration::from_millis(1);
    /// let event = tokio::time::timeout(wait, events.try_next()).await;
    /// println!("{event:?}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed), [`Kind::Io`](crate::Kind::Io) and [`Kind::Timeout`](crate::Kind::Timeout)
    /// if the connection ended; [`Kind::Rejected`](crate::Kind::Rejected) and [`Kind::Bad`](crate::Kind::Bad) if the
    /// server refuses IDLE and also the NOOP that replaces it.
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

/// Returns events that were not taken to the journal, where the next [`Folder::idle`] finds them.
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
