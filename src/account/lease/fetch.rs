//! [`LeasedFetch`]: the messages of a fetch as a stream that survives lost connections. It must not know which message is to blame for
//! them, nor how sessions are lent.

use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, sleep_until};

use super::remaining::{Blame, Remaining};
use super::{Core, Lease, Taken};
use crate::account::flow::{Feed, Flow};
use crate::account::lane::Lane;
use crate::account::notice::AccountNotice;
use crate::account::running::{Attempts, Next};
use crate::error::{Error, Result};
use crate::imap::codec::UnreadableFetch;
use crate::imap::{Fetched, Folder, Items, MessageSet, Query, Uid, Uids};
use crate::mailbox::BoxFuture;

/// The messages of the first piece of bulk work, and the most of any.
const FIRST_PIECE: u64 = 100;
const MOST_PIECE: u64 = 10_000;
/// How long one piece should take.
const PIECE_TIME: Duration = Duration::from_secs(1);
/// The most unreadable responses that are kept.
const MOST_UNREADABLE: usize = 1000;
/// How often bulk work that gets no further begins again after the server has reported that a quota is exceeded.
const MOST_QUOTA_PAUSES: u32 = 48;

/// A fetch that is about to begin, from [`Lease::fetch`]. Await it to get the [`LeasedFetch`].
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// use postroom::imap::{Items, Uids};
///
/// let mut inbox = account.select("INBOX").await?;
/// let mut changed = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(7).await?;
/// while let Some(message) = changed.try_next().await? {
///     println!("{:?}: {:?}", message.uid(), message.flags());
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Kind::Input`](crate::Kind::Input) for UIDs of another UIDVALIDITY and ids of another mailbox;
/// [`Kind::Unsupported`](crate::Kind::Unsupported) for a [`SavedResult`](crate::imap::SavedResult) that the server keeps, since it belongs
/// to one session; and those of [`Account::select`](crate::account::Account::select), if the mailbox has to be opened again.
#[must_use = "nothing is fetched until it is awaited"]
pub struct LeasedFetching<'a> {
    lease: &'a Lease,
    messages: MessageSet,
    items: Items,
    changed_since: Option<u64>,
}

/// The messages of one fetch, from [`Lease::fetch`]. An `Err` is always the end of the stream.
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// use postroom::imap::{Items, Uids};
///
/// let mut inbox = account.select("INBOX").await?;
/// let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE).await?;
/// while let Some(message) = mail.try_next().await? {
///     println!("{:?}", message.subject());
/// }
/// assert!(mail.set_aside().is_empty());
/// # Ok(())
/// # }
/// ```
///
/// If it is dropped before its end and at most 256 KiB of the answer are missing, they are read and the session is kept. If there is more,
/// the session is closed.
pub struct LeasedFetch<'a> {
    flow: Flow<'a, Fed>,
    unreadable: Vec<UnreadableFetch>,
    set_aside: Uids,
}

/// What the source hands over.
enum Fed {
    Message(Fetched),
    Unreadable(UnreadableFetch),
    SetAside(Uid),
}

/// The source of the stream.
struct Source<'a> {
    lease: &'a Lease,
    taken: Option<Taken>,
    items: Items,
    changed_since: Option<u64>,
    remaining: Remaining,
    /// The UID of the next message at the beginning, if it was known.
    next_uid: Option<Uid>,
    /// The messages of a piece of bulk work.
    piece: u64,
    attempts: Attempts,
    quota_pauses: u32,
}

impl Lease {
    /// Streams the items of these messages, as [`Folder::fetch`] does: await the [`LeasedFetching`]. Reading the stream touches the wire:
    /// one round trip; more for a very long set.
    ///
    /// If the connection is lost, the stream continues on a new session with what was not delivered; a message that was cut is fetched
    /// again in full. Nothing is delivered twice. After the first loss a search asks which messages exist: one round trip. So `*` ends
    /// there, at the messages that the mailbox had at the beginning, if their UIDs are known, or at the search.
    ///
    /// If two sessions end at the same message, which is fetched alone the second time, it is left out, and reported by
    /// [`AccountNotice::SetAside`] and [`LeasedFetch::set_aside`]. If that happens to more than three messages in a row, the stream ends
    /// with the error of the last session.
    ///
    /// A fetch in the [bulk lane](Lane::Bulk) is cut into pieces that take about a second each, of 100 messages at first; for more than 100
    /// messages a search asks before which exist: one round trip. Between two pieces the session is lent to more urgent work, and the
    /// stream waits if the [daily limit](crate::account::AccountBuilder::daily_download) is reached. It also waits, for an hour each time,
    /// if the server reports OVERQUOTA.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::{Items, Uids};
    ///
    /// let mut archive = account.bulk().examine("Archive").await?;
    /// let mut mail = archive.fetch(Uids::ALL, Items::MESSAGE).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{} octets", message.body().map_or(0, |body| body.len()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch(&mut self, messages: impl Into<MessageSet>, items: Items) -> LeasedFetching<'_> {
        LeasedFetching { lease: self, messages: messages.into(), items, changed_since: None }
    }
}

impl<'a> LeasedFetching<'a> {
    /// Only messages that changed after this modification sequence, as
    /// [`Fetching::changed_since`](crate::imap::Fetching::changed_since). The value stays the same after a lost connection.
    pub fn changed_since(self, modseq: u64) -> Self {
        Self { changed_since: Some(modseq), ..self }
    }

    async fn begin(self) -> Result<LeasedFetch<'a>> {
        let Self { lease, messages, items, changed_since } = self;
        let resolve =
            |folder: Folder<&_>| -> Result<_> { Ok((folder.named(&messages)?, lease.core.next_uid(&folder))) };
        let (uids, next_uid) = lease
            .call(|folder| {
                let resolved = resolve(folder);
                Box::pin(async move { resolved })
            })
            .await?;
        let source = Source {
            lease,
            taken: None,
            items,
            changed_since,
            remaining: Remaining::new(uids),
            next_uid,
            piece: FIRST_PIECE,
            attempts: lease.account().attempts(),
            quota_pauses: 0,
        };
        Ok(LeasedFetch { flow: Flow::new(|feed| source.run(feed)), unreadable: Vec::new(), set_aside: Uids::new() })
    }
}

impl LeasedFetch<'_> {
    /// Waits for the next message; `None` at the end. Cancel-safe: dropping this future loses no message.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::{Items, Uids};
    ///
    /// let mut inbox = account.select("INBOX").await?;
    /// let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{:?}: {:?}", message.uid(), message.flags());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The end of the stream: those of [`Fetch`](crate::imap::Fetch::try_next); [`Kind::Unsupported`](crate::Kind::Unsupported) and
    /// [`Kind::Input`](crate::Kind::Input), before anything is sent, as [`Fetching`](crate::imap::Fetching); those of
    /// [`Account::session`](crate::account::Account::session) if no new session can be opened; [`Kind::Closed`](crate::Kind::Closed), code
    /// `UIDVALIDITY`, if the mailbox came back with another UIDVALIDITY.
    pub async fn try_next(&mut self) -> Result<Option<Fetched>> {
        poll_fn(|cx| self.poll_fetched(cx)).await
    }

    /// The responses so far that were unreadable as a whole or named no valid UID, at most 1,000 of them; known after each piece.
    pub fn unreadable(&self) -> &[UnreadableFetch] {
        &self.unreadable
    }

    /// The messages so far at which two sessions have ended: they are left out.
    pub fn set_aside(&self) -> &Uids {
        &self.set_aside
    }

    fn poll_fetched(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Fetched>>> {
        loop {
            match ready!(self.flow.poll_next(cx))? {
                Some(Fed::Message(message)) => return Poll::Ready(Ok(Some(message))),
                Some(Fed::Unreadable(unreadable)) if self.unreadable.len() < MOST_UNREADABLE => {
                    self.unreadable.push(unreadable);
                }
                Some(Fed::Unreadable(_)) => {}
                Some(Fed::SetAside(uid)) => self.set_aside.insert(uid),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }
}

impl Source<'_> {
    async fn run(mut self, feed: Feed<Fed>) -> Result<()> {
        if self.is_bulk() && self.remaining.is_more_than(FIRST_PIECE) {
            self.list().await?;
        }
        let most = self.is_bulk();
        while let Some(piece) = self.remaining.next(most.then_some(self.piece)) {
            let (began, asked) = (Instant::now(), piece.len());
            let mut taken = self.take().await?;
            let result = self.answer(&mut taken, piece, &feed).await;
            if self.remaining.has_come() {
                taken.lent().useful();
                (self.attempts, self.quota_pauses) = (self.lease.account().attempts(), 0);
            }
            match result {
                Ok(()) => self.answered(taken, &feed, asked, began).await,
                Err(error) if taken.is_over() => {
                    drop(taken);
                    self.lost(error, &feed).await?;
                }
                Err(error) => self.refused(taken, error).await?,
            }
        }
        Ok(())
    }

    /// The session, after a pause of bulk work if there has to be one.
    async fn take(&mut self) -> Result<Taken> {
        if self.is_bulk() {
            self.pause().await;
        }
        match self.taken.take() {
            Some(taken) => Ok(taken),
            None => Core::take(&self.lease.core).await,
        }
    }

    /// One piece.
    async fn answer(&mut self, taken: &mut Taken, piece: Uids, feed: &Feed<Fed>) -> Result<()> {
        taken.begin();
        let mut folder = Folder::of(taken.imap())?;
        let fetching = folder.fetch(piece, self.items.clone());
        let mut fetch = match self.changed_since {
            Some(modseq) => fetching.changed_since(modseq).await?,
            None => fetching.await?,
        };
        let remaining = &mut self.remaining;
        let result = feed
            .send_all(|cx| {
                loop {
                    let message = match ready!(Pin::new(&mut fetch).poll_next(cx)).transpose()? {
                        Some(message) => message,
                        None => return Poll::Ready(Ok::<_, Error>(None)),
                    };
                    if message.uid().is_none_or(|uid| remaining.deliver(uid)) {
                        return Poll::Ready(Ok(Some(Fed::Message(message))));
                    }
                }
            })
            .await;
        for unreadable in fetch.unreadable() {
            feed.send(Fed::Unreadable(unreadable.clone())).await;
        }
        result
    }

    /// The piece was answered. Between two pieces of bulk work, whoever waits for the session gets it.
    async fn answered(&mut self, mut taken: Taken, feed: &Feed<Fed>, asked: u64, began: Instant) {
        taken.finish();
        self.remaining.answered();
        if !self.is_bulk() {
            self.taken = Some(taken);
            return;
        }
        taken.count();
        drop(taken);
        // A slow reader does not keep the session.
        feed.room().await;
        let took = Instant::now() - began;
        if asked >= self.piece || took > PIECE_TIME {
            self.piece = next_piece(asked, took);
        }
    }

    /// The session has ended.
    async fn lost(&mut self, error: Error, feed: &Feed<Fed>) -> Result<()> {
        self.list_once().await?;
        match self.remaining.died() {
            Blame::Nobody => Ok(()),
            Blame::Everything => Err(error),
            Blame::Message(uid) => {
                let mailbox = self.lease.name().clone();
                let notice = AccountNotice::SetAside { mailbox, uids: uid.into(), error };
                self.lease.account().pool.announce(notice);
                feed.send(Fed::SetAside(uid)).await;
                Ok(())
            }
        }
    }

    /// The fetch has failed, and the session goes on.
    async fn refused(&mut self, mut taken: Taken, error: Error) -> Result<()> {
        if error.is_refusal() {
            taken.finish();
        }
        match self.lease.account().next::<()>(&mut self.attempts, taken.lent(), Err(error)).await {
            Ok(()) | Err(Next::Again) => {}
            Err(Next::Verify(error) | Next::Fail(error)) => {
                let is_pause = self.is_bulk() && error.code().is_some_and(|code| code.is("OVERQUOTA"));
                if !is_pause || self.quota_pauses >= MOST_QUOTA_PAUSES {
                    return Err(error);
                }
                self.quota_pauses += 1;
            }
        }
        drop(taken);
        self.list_once().await?;
        self.remaining.interrupted();
        Ok(())
    }

    /// What is left is what exists, so that a message can be blamed, and that `*` has an end.
    async fn list_once(&mut self) -> Result<()> {
        if self.remaining.is_exact() {
            return Ok(());
        }
        if self.is_bulk() {
            self.pause().await;
        }
        self.list().await
    }

    async fn list(&mut self) -> Result<()> {
        // A set with `*` names the last message in any case.
        let existing = self.lease.search(&Query::uids(self.remaining.rest().clone())).await?;
        self.remaining.narrow(&match self.next_uid.filter(|_| self.remaining.rest().open_from().is_some()) {
            Some(next) => {
                let arrived = existing.intersection(&Uids::from_uid(next));
                existing.difference(&arrived)
            }
            None => existing,
        });
        Ok(())
    }

    /// Waits while bulk work has to wait. Somebody else may have the session meanwhile.
    async fn pause(&mut self) {
        let pool = &self.lease.account().pool;
        let mut is_reported = false;
        while let Some(until) = pool.bulk_pause() {
            self.taken = None;
            self.lease.core.release();
            if !std::mem::replace(&mut is_reported, true) {
                pool.announce(AccountNotice::BulkPaused { time: until.saturating_duration_since(Instant::now()) });
            }
            sleep_until(until).await;
        }
    }

    fn is_bulk(&self) -> bool {
        self.lease.account().lane == Lane::Bulk
    }
}

/// The number of messages in the next piece, from how long the last one took.
fn next_piece(asked: u64, took: Duration) -> u64 {
    let fitting = asked as f64 * PIECE_TIME.as_secs_f64() / took.as_secs_f64().max(0.001);
    (fitting as u64).clamp(asked / 4, asked.saturating_mul(4)).clamp(1, MOST_PIECE)
}

impl<'a> IntoFuture for LeasedFetching<'a> {
    type Output = Result<LeasedFetch<'a>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.begin())
    }
}

impl Stream for LeasedFetch<'_> {
    type Item = Result<Fetched>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_fetched(cx).map(Result::transpose)
    }
}

impl fmt::Debug for LeasedFetching<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (messages, items, since) = (&self.messages, &self.items, &self.changed_since);
        let mut out = f.debug_struct("LeasedFetching");
        out.field("messages", messages).field("items", items).field("changed_since", since).finish_non_exhaustive()
    }
}

impl fmt::Debug for LeasedFetch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedFetch").field("set_aside", &self.set_aside).finish_non_exhaustive()
    }
}
