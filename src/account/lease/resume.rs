//! [`LeasedResume`]: what happened in a mailbox since a point, as a stream that survives lost connections. It must not know how changes
//! are found.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::seen::Seen;
use super::{Core, Lease, Taken};
use crate::account::flow::{Feed, Flow};
use crate::account::running::Next;
use crate::error::{Error, Result};
use crate::imap::{Resumed, SyncPoint, Uids};

/// What happened in the mailbox since a [`SyncPoint`], from [`Lease::resume`]: a stream of [`Resumed`]. At its end,
/// [`finish`](Self::finish) returns the new point. An `Err` is always the end of the stream.
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// use postroom::imap::SyncPoint;
///
/// let mut inbox = account.select("INBOX").await?;
/// let mut changes = inbox.resume(&SyncPoint::default()).await?;
/// while let Some(change) = changes.try_next().await? {
///     println!("{change:?}");
/// }
/// println!("store with the changes: {}", changes.finish()?);
/// # Ok(())
/// # }
/// ```
///
/// If it is dropped before its end, there is no new point, and the next resumption from the old one delivers the same again.
pub struct LeasedResume<'a> {
    flow: Flow<'a, Fed>,
    end: Option<(SyncPoint, bool)>,
}

/// What the source hands over.
enum Fed {
    Change(Resumed),
    End(SyncPoint, bool),
}

/// A comparison that is repeated until it comes to its end.
pub(super) struct Comparison {
    from: SyncPoint,
    seen: Seen,
}

impl Lease {
    /// Streams what happened in the mailbox since the point, as [`Opening::resume`](crate::imap::Opening::resume) does, with the same
    /// round trips: the mailbox is opened once more for it.
    ///
    /// If the connection is lost, the comparison begins again from the same point, and delivers only what was not delivered: a message
    /// that came as new and has changed meanwhile comes as [`Resumed::Changed`], and one that is gone meanwhile comes in
    /// [`Resumed::Vanished`]. For that, about 16 octets are kept for each delivered message until the stream is dropped.
    ///
    /// Nothing is sent before the stream is read.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::{Resumed, SyncPoint};
    ///
    /// let stored: SyncPoint = "1/3857529045/550/90060128194045007/1:40,42".parse()?;
    /// let mut inbox = account.select("INBOX").await?;
    /// let mut changes = inbox.resume(&stored).await?;
    /// while let Some(change) = changes.try_next().await? {
    ///     if let Resumed::New(message) = change {
    ///         println!("new: {:?}", message.uid());
    ///     }
    /// }
    /// let point = changes.finish()?;
    /// # drop(point);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a point whose known messages end in `*`. The stream returns the others.
    pub async fn resume(&mut self, point: &SyncPoint) -> Result<LeasedResume<'_>> {
        if point.known.open_from().is_some() {
            return Err(Error::input("the known messages of a SyncPoint must not end in `*`"));
        }
        let (lease, comparison) = (&*self, Comparison::new(point.clone()));
        Ok(LeasedResume { flow: Flow::new(|feed| run(lease, comparison, feed)), end: None })
    }
}

impl LeasedResume<'_> {
    /// Waits for the next change; `None` at the end. Cancel-safe: dropping this future loses nothing.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::SyncPoint;
    ///
    /// let mut inbox = account.select("INBOX").await?;
    /// let mut changes = inbox.resume(&SyncPoint::default()).await?;
    /// while let Some(change) = changes.try_next().await? {
    ///     println!("{change:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The end of the stream: those of [`Resume::try_next`](crate::imap::Resume::try_next), and those of
    /// [`Account::run`](crate::account::Account::run); [`Kind::Closed`](crate::Kind::Closed), code `UIDVALIDITY`, if the mailbox is not
    /// that of the lease any more.
    pub async fn try_next(&mut self) -> Result<Option<Resumed>> {
        poll_fn(|cx| self.poll_resumed(cx)).await
    }

    /// Whether [`Resumed::Changed`] names exactly the messages that have changed, as
    /// [`Resume::exact_changes`](crate::imap::Resume::exact_changes). Known at the end; `false` before.
    pub fn exact_changes(&self) -> bool {
        self.end.as_ref().is_some_and(|(_, is_exact)| *is_exact)
    }

    /// The new point, after the end of the stream. Never touches the wire.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::SyncPoint;
    ///
    /// let mut inbox = account.select("INBOX").await?;
    /// let mut changes = inbox.resume(&SyncPoint::default()).await?;
    /// while changes.try_next().await?.is_some() {}
    /// println!("{}", changes.finish()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) before the end of the stream, and if it ended with an error.
    pub fn finish(self) -> Result<SyncPoint> {
        let end = self.end.map(|(point, _)| point);
        end.ok_or_else(|| Error::input("not all changes were read, so there is no new point"))
    }

    fn poll_resumed(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Resumed>>> {
        loop {
            match ready!(self.flow.poll_next(cx))? {
                Some(Fed::Change(change)) => return Poll::Ready(Ok(Some(change))),
                Some(Fed::End(point, is_exact)) => self.end = Some((point, is_exact)),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }
}

impl Comparison {
    pub(super) fn new(from: SyncPoint) -> Self {
        Self { from, seen: Seen::default() }
    }

    /// It is known already that these messages are gone.
    pub(super) fn forget(&mut self, uids: &Uids) {
        self.from.known = self.from.known.difference(uids);
    }

    /// Runs it in this session. Returns the new point, and whether the changes are exact. `deliver` gets each change once.
    pub(super) async fn run<T: Send + 'static>(
        &mut self,
        core: &Core,
        taken: &mut Taken,
        feed: &Feed<T>,
        mut deliver: impl FnMut(Resumed) -> Option<T>,
    ) -> Result<(SyncPoint, bool)> {
        taken.begin();
        let nothing = SyncPoint::default();
        let start = self.seen.start(&self.from, &nothing);
        let mut resume = core.opening(taken.imap()).resume(start).await?;
        let seen = &mut self.seen;
        feed.send_all(|cx| {
            loop {
                match ready!(Pin::new(&mut resume).poll_next(cx)).transpose()? {
                    Some(change) => {
                        if let Some(item) = seen.take(change)?.and_then(&mut deliver) {
                            return Poll::Ready(Ok::<_, Error>(Some(item)));
                        }
                    }
                    None => return Poll::Ready(Ok(None)),
                }
            }
        })
        .await?;
        let is_exact = resume.exact_changes();
        let (folder, point) = resume.finish().await?;
        core.check(folder.session(), &*folder.info()?)?;
        taken.finish();
        let gone = self.seen.gone(&point);
        if !gone.is_empty()
            && let Some(item) = deliver(Resumed::Vanished(gone))
        {
            feed.send(item).await;
        }
        Ok((point, is_exact))
    }
}

async fn run(lease: &Lease, mut comparison: Comparison, feed: Feed<Fed>) -> Result<()> {
    let account = lease.account();
    let mut attempts = account.attempts();
    loop {
        let mut taken = Core::take(&lease.core).await?;
        let mut count = 0u64;
        let deliver = |change| {
            count += 1;
            Some(Fed::Change(change))
        };
        let result = comparison.run(&lease.core, &mut taken, &feed, deliver).await;
        if count > 0 {
            taken.lent().useful();
            attempts = account.attempts();
        }
        match taken.next(&mut attempts, result).await {
            Ok((point, is_exact)) => {
                drop(taken);
                feed.send(Fed::End(point, is_exact)).await;
                return Ok(());
            }
            Err(Next::Again) => {}
            Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
        }
    }
}

impl Stream for LeasedResume<'_> {
    type Item = Result<Resumed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_resumed(cx).map(Result::transpose)
    }
}

impl fmt::Debug for LeasedResume<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedResume").field("is_at_end", &self.end.is_some()).finish_non_exhaustive()
    }
}
