//! [`LeasedIdle`]: what happens in a mailbox while it is watched, also while the connection is lost. It must not know how IDLE is entered.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, sleep};

use super::resume::Comparison;
use super::{Core, Lease, Taken};
use crate::account::flow::{Feed, Flow};
use crate::account::lane::Lane;
use crate::account::running::Next;
use crate::error::{Kind, Result};
use crate::imap::{Event, Folder, Query, Resumed, SyncPoint};

/// A session that is watched for this long is not ended by being watched.
const LONG: Duration = Duration::from_secs(10);
/// How long it waits before it asks for a session again, if all are in use.
const PAUSE: Duration = Duration::from_secs(1);

/// The changes in the mailbox, from [`Lease::idle`]. An `Err` is always the end of the stream. Dropping it ends IDLE.
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// use postroom::imap::Event;
///
/// let mut inbox = account.select("INBOX").await?;
/// let mut events = inbox.idle();
/// while let Some(event) = events.try_next().await? {
///     if let Event::Exists(count) = event {
///         println!("{count} messages");
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct LeasedIdle<'a> {
    flow: Flow<'a, Event>,
}

/// What feeds it.
struct Source<'a> {
    lease: &'a Lease,
    /// What the reader knows; `None` before the first IDLE.
    comparison: Option<Comparison>,
    /// The number of messages that was reported last, unless it has changed since.
    told: Option<u32>,
}

impl Lease {
    /// Watches the mailbox, as [`Folder::idle`] does. Changes since the last call come first if the session has stayed with the lease.
    /// Nothing is sent before the stream is read.
    ///
    /// If the connection is lost, the stream continues on a new session with what has changed in between, found as by
    /// [`resume`](Self::resume): expunged messages as [`Event::Expunged`], changed flags as [`Event::Fetched`], new messages as
    /// [`Event::Exists`]. A change can be reported twice; from the first search on, none is missed. Without CONDSTORE it is not known which flags have changed, so
    /// those of every message come. If the server gives UIDs a second time, [`Event::Lagged`] comes.
    ///
    /// A session that only watches is given away if somebody else waits for one: IDLE ends, and goes on in the same way when a session is
    /// free again.
    ///
    /// It costs one search for all UIDs at the beginning, then what `Folder::idle` costs, and after each interruption what `resume` costs.
    /// The set of UIDs is kept, as ranges.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let mut inbox = account.select("INBOX").await?;
    /// let mut events = inbox.idle();
    /// println!("{:?}", events.try_next().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn idle(&mut self) -> LeasedIdle<'_> {
        let source = Source { lease: self, comparison: None, told: None };
        LeasedIdle { flow: Flow::new(|feed| source.run(feed)) }
    }
}

impl LeasedIdle<'_> {
    /// Waits for the next change. Cancel-safe: dropping this future loses nothing.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let mut inbox = account.select("INBOX").await?;
    /// let mut events = inbox.idle();
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{event:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The end of the stream: those of [`Idle::try_next`](crate::imap::Idle::try_next), except for lost connections; those of
    /// [`Account::session`](crate::account::Account::session) if no new session can be opened; the error of the second of two sessions
    /// that end within ten seconds without a change; [`Kind::Closed`](crate::Kind::Closed), code `UIDVALIDITY`, if the mailbox is not that
    /// of the lease any more.
    pub async fn try_next(&mut self) -> Result<Option<Event>> {
        poll_fn(|cx| self.flow.poll_next(cx)).await
    }
}

impl Source<'_> {
    async fn run(mut self, feed: Feed<Event>) -> Result<()> {
        let account = self.lease.account();
        let mut attempts = account.attempts();
        loop {
            let mut taken = match Core::take(&self.lease.core).await {
                Ok(taken) => taken,
                // Others have all sessions.
                Err(error) if error.kind() == Kind::Busy => {
                    sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let (began, mut is_moved) = (Instant::now(), false);
            let result = self.watch(&mut taken, &feed, &mut is_moved).await;
            if is_moved || Instant::now() - began >= LONG {
                taken.lent().useful();
                attempts = account.attempts();
            }
            match taken.next(&mut attempts, result).await {
                Ok(()) | Err(Next::Again) => {}
                Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
            }
        }
    }

    /// Until somebody else needs the session, or events were lost.
    async fn watch(&mut self, taken: &mut Taken, feed: &Feed<Event>, is_moved: &mut bool) -> Result<()> {
        match &mut self.comparison {
            Some(comparison) => {
                let (point, _) = comparison
                    .run(&self.lease.core, taken, feed, |change| {
                        *is_moved = true;
                        event(change)
                    })
                    .await?;
                self.comparison = Some(Comparison::new(point));
                let exists = Folder::of(taken.imap())?.info()?.exists;
                if self.told.replace(exists) != Some(exists) {
                    feed.send(Event::Exists(exists)).await;
                }
            }
            none => *none = Some(Comparison::new(point(&Folder::of(&*taken.imap())?).await?)),
        }
        let pool = self.lease.account().pool.clone();
        let mut folder = Folder::of(taken.imap())?;
        let mut idle = folder.idle().await?;
        loop {
            let event = tokio::select! {
                biased;
                event = idle.try_next() => event?,
                () = pool.pressed(Lane::Watch) => return Ok(()),
            };
            match event {
                // What was lost is found by comparing.
                Some(Event::Lagged) | None => return Ok(()),
                Some(event) => {
                    *is_moved = true;
                    self.note(&event);
                    feed.send(event).await;
                }
            }
        }
    }

    /// The reader knows of the event.
    fn note(&mut self, event: &Event) {
        match (event, &mut self.comparison) {
            (Event::Exists(exists), _) => self.told = Some(*exists),
            (Event::Expunged { uids, .. }, Some(comparison)) => {
                self.told = None;
                comparison.forget(uids);
            }
            _ => {}
        }
    }
}

/// What the reader knows at the beginning. The modification sequence is that of the opening: changes since then can come again.
async fn point(folder: &Folder<&crate::imap::Imap>) -> Result<SyncPoint> {
    let info = folder.info()?;
    let known = folder.search(&Query::all()).await?;
    let validity = info.uid_validity.filter(|_| !info.uids_not_sticky);
    Ok(SyncPoint { validity, uid_next: info.uid_next, highest_modseq: info.highest_modseq, known })
}

/// The change as an event; new messages are counted at the end.
fn event(change: Resumed) -> Option<Event> {
    match change {
        Resumed::Vanished(uids) => Some(Event::Expunged { uids, unknown: 0 }),
        Resumed::Changed(data) => Some(Event::Fetched { uid: data.uid(), data }),
        Resumed::New(_) => None,
        Resumed::Reset => Some(Event::Lagged),
    }
}

impl Stream for LeasedIdle<'_> {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.flow.poll_next(cx).map(Result::transpose)
    }
}

impl fmt::Debug for LeasedIdle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedIdle").finish_non_exhaustive()
    }
}
