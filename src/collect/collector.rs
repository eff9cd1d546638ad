//! [`Collector`] and [`Run`]: what the user holds. They begin, watch and await the work, which is in [`Transfer`].

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use time::OffsetDateTime;

use super::delivery::Delivery;
use super::event::{Event, EventQueue, Summary};
use super::ledger::Ledger;
use super::plan::Plan;
use super::policy::Policy;
use super::records::Records;
use super::transfer::{Pipeline, Transfer};
use crate::{BoxFuture, Error, Mailbox, Result};

/// How long the ledger remembers messages that are gone from the server.
const REMEMBER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Downloads the mail of one mailbox into a [`Delivery`], remembers it in a [`Ledger`], and keeps or deletes the server's copy by a
/// [`Policy`].
///
/// The caller chooses the account's name, under which the ledger keeps its records. So one ledger can serve many mailboxes, and a mailbox
/// stays the same if its host or protocol changes: messages that then have other ids are recognised by their
/// [`Digest`](super::Digest).
///
/// ```
/// use postroom::Mailbox;
/// use postroom::collect::{Collector, Delivery, Ledger, Policy};
///
/// async fn collect(mailbox: &mut dyn Mailbox, ledger: impl Ledger, delivery: impl Delivery) -> postroom::Result<()> {
///     let mut collector = Collector::new("me@example.org", ledger, delivery).policy(Policy::keep().days(30));
///     println!("{}", collector.run(mailbox).await?);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Collector<L, D> {
    account: String,
    ledger: L,
    delivery: D,
    policy: Policy,
    remember: Duration,
    now: Option<OffsetDateTime>,
}

/// A run in progress: a stream of [`Event`]s. It makes progress only while it is polled, by [`next`](Self::next),
/// [`finish`](Self::finish) or as a [`Stream`].
///
/// Dropping it ends the run like a power failure: nothing is lost, no message is deleted that is not durably stored, and the next run
/// continues from there. A POP3 session that is dropped with it deletes nothing; an IMAP folder can be used again.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::pop3(async |mut pop3| {
/// use postroom::collect::{Callback, Collector, MemoryLedger, Policy};
///
/// let delivery = Callback::new(async |letter: postroom::collect::Letter| {
///     println!("{} bytes", letter.bytes.len());
///     Ok(())
/// });
/// let mut collector = Collector::new("alice@localhost", MemoryLedger::default(), delivery).policy(Policy::delete());
/// let mut run = collector.run(&mut pop3);
/// while let Some(event) = run.next().await {
///     println!("{event:?}");
/// }
/// println!("{}", run.finish().await?);
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "a run makes no progress unless it is polled"]
pub struct Run<'a> {
    work: Option<BoxFuture<'a, Result<()>>>,
    end: Result<()>,
    events: EventQueue,
}

impl<L: Ledger, D: Delivery> Collector<L, D> {
    /// A collector that leaves everything on the server.
    pub fn new(account: impl Into<String>, ledger: L, delivery: D) -> Self {
        let (policy, remember) = (Policy::keep(), REMEMBER);
        Self { account: account.into(), ledger, delivery, policy, remember, now: None }
    }

    /// Sets the policy.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how long the ledger remembers messages after they are gone from the server, in whole seconds. The default is a year. A message
    /// that comes back later is collected again.
    pub fn remember(mut self, time: Duration) -> Self {
        self.remember = time;
        self
    }

    /// Sets the time of all following runs, instead of the system's clock; for tests of a policy.
    pub fn now(mut self, now: OffsetDateTime) -> Self {
        self.now = Some(now);
        self
    }

    /// What a run would do. It lists the messages (and, with a budget, reads the headers of those without a stable id), and stores
    /// nothing. A message with a new id counts as new here; a run may recognise it by its digest, and delete it sooner.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |mut pop3| {
    /// use postroom::collect::{Callback, Collector, MemoryLedger, Policy};
    ///
    /// let delivery = Callback::new(async |letter: postroom::collect::Letter| {
    ///     println!("{} bytes", letter.bytes.len());
    ///     Ok(())
    /// });
    /// let mut collector = Collector::new("alice@localhost", MemoryLedger::default(), delivery).policy(Policy::delete());
    /// let plan = collector.plan(&mut pop3).await?;
    /// println!("{} octets to download", plan.octets());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Mailbox::entries`] and of the ledger.
    pub async fn plan(&mut self, mailbox: &mut dyn Mailbox) -> Result<Plan> {
        self.transfer(mailbox, EventQueue::default()).await?.plan().await
    }

    /// Begins a run. It lists the messages, downloads and delivers those that the ledger does not know, adds them to the ledger, deletes
    /// what the policy says, and ends with [`Mailbox::commit`], which closes a POP3 session. If nothing is to be deleted, nothing is
    /// committed: the session stays open, and the caller ends it.
    ///
    /// Messages over 1 MiB are streamed one by one, smaller ones downloaded by one pipelined stream and delivered in batches. Memory:
    /// about two batches of 2 MiB, the session's window, and some hundred bytes for each message on the server or in the ledger.
    ///
    /// A message of another size than declared, or without text, is read again before it is accepted ([what is a
    /// message](super#what-is-a-message)). If the server's sizes are right that costs nothing, except that the first stream of a run
    /// downloads at most 64 MiB by those sizes. Each stream with doubtful messages costs one round trip to ask which of them are gone
    /// (IMAP), and their bytes once more, the smallest first, until eight in a row came twice with the same bytes. Doubtful messages of
    /// together at most 64 MiB are staged while they wait.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |mut pop3| {
    /// use postroom::collect::{Callback, Collector, MemoryLedger, Policy};
    ///
    /// let delivery = Callback::new(async |letter: postroom::collect::Letter| {
    ///     println!("{} bytes", letter.bytes.len());
    ///     Ok(())
    /// });
    /// let mut collector = Collector::new("alice@localhost", MemoryLedger::default(), delivery).policy(Policy::delete());
    /// let summary = collector.run(&mut pop3).await?;
    /// assert_eq!(summary.collected, summary.listed);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// A message that cannot be downloaded or stored is an [`Event::Failed`], and the run continues, as it does after an [`Event::Gone`] or
    /// [`Event::Differs`]. The run itself fails if the ledger or the connection does, or if storage fails for all messages (a full disk):
    /// what was delivered by then is in the ledger, and nothing more is deleted.
    pub fn run<'a>(&'a mut self, mailbox: &'a mut dyn Mailbox) -> Run<'a> {
        let events = EventQueue::default();
        let written = events.clone();
        let work = Box::pin(async move { self.transfer(mailbox, written).await?.run().await });
        Run { work: Some(work), end: Ok(()), events }
    }

    /// Gives back the ledger and the delivery.
    pub fn into_parts(self) -> (L, D) {
        (self.ledger, self.delivery)
    }

    async fn transfer<'a>(&'a mut self, mailbox: &'a mut dyn Mailbox, events: EventQueue) -> Result<Transfer<'a>> {
        let now = self.now.unwrap_or_else(OffsetDateTime::now_utc);
        let now = now.replace_nanosecond(0).unwrap_or(now);
        let mut records = Records::new(self.ledger.load(&self.account).await?);
        let remember = time::Duration::try_from(self.remember).unwrap_or(time::Duration::MAX);
        if let Some(before) = now.checked_sub(remember) {
            records.forget(before);
        }
        let pipeline = Pipeline::new(&self.account, &mut self.ledger, &mut self.delivery, records, now, events);
        Ok(Transfer::new(mailbox, pipeline, &self.policy))
    }
}

impl Run<'_> {
    /// The next event; `None` at the end. [`finish`](Self::finish) returns whether the run succeeded. Cancel-safe.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |mut pop3| {
    /// use postroom::collect::{Callback, Collector, MemoryLedger, Policy};
    ///
    /// let delivery = Callback::new(async |letter: postroom::collect::Letter| {
    ///     println!("{} bytes", letter.bytes.len());
    ///     Ok(())
    /// });
    /// let mut collector = Collector::new("alice@localhost", MemoryLedger::default(), delivery).policy(Policy::delete());
    /// let mut run = collector.run(&mut pop3);
    /// while let Some(event) = run.next().await {
    ///     println!("{event:?}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    /// What the run has done so far.
    pub fn summary(&self) -> Summary {
        self.events.summary()
    }

    /// Runs to the end and returns what was done. Events that were not taken are dropped.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |mut pop3| {
    /// use postroom::collect::{Callback, Collector, MemoryLedger, Policy};
    ///
    /// let delivery = Callback::new(async |letter: postroom::collect::Letter| {
    ///     println!("{} bytes", letter.bytes.len());
    ///     Ok(())
    /// });
    /// let mut collector = Collector::new("alice@localhost", MemoryLedger::default(), delivery).policy(Policy::delete());
    /// let summary = collector.run(&mut pop3).finish().await?;
    /// println!("{summary}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Collector::run`]. Call [`summary`](Self::summary) before to learn what was done until then.
    pub async fn finish(mut self) -> Result<Summary> {
        while self.next().await.is_some() {}
        std::mem::replace(&mut self.end, Ok(()))?;
        Ok(self.summary())
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some(event) = self.events.take() {
            return Poll::Ready(Some(event));
        }
        let Some(work) = &mut self.work else { return Poll::Ready(None) };
        if let Poll::Ready(end) = work.as_mut().poll(cx) {
            (self.work, self.end) = (None, end);
        }
        match (self.events.take(), &self.work) {
            (None, Some(_)) => Poll::Pending,
            (event, _) => Poll::Ready(event),
        }
    }

    /// The error of a run that has failed; for callers that use it as a [`Stream`].
    pub fn error(&self) -> Option<&Error> {
        self.end.as_ref().err()
    }
}

impl Stream for Run<'_> {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(cx)
    }
}

/// The same as [`Run::finish`].
impl<'a> IntoFuture for Run<'a> {
    type Output = Result<Summary>;
    type IntoFuture = BoxFuture<'a, Result<Summary>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.finish())
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("summary", &self.summary()).finish_non_exhaustive()
    }
}
