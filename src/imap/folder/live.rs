//! [`LiveSearch`]: the result of a search that the server keeps up to date (RFC 5267 §4.3), as a stream of changes. It must not
//! know which responses carry them.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::Search;
use crate::error::{Code, Error, Kind, Result};
use crate::imap::call::{ImapInbox, ended};
use crate::imap::codec;
use crate::imap::command::{self, Batches, Command};
use crate::imap::engine::{Delivery, Request, ResultChange};
use crate::imap::types::{Condition, SearchReturn, UidValidity, Uids};

/// The result of a search that the server keeps up to date, from [`Search::live`](super::Search::live): what was
/// [found](Self::found), and a stream of [`FoundChange`]s.
///
/// It borrows nothing, so commands run and IDLE waits beside it. The server reports changes as it reports new messages and
/// flags: with the answer of any command, while [`Folder::idle`](super::Folder::idle) runs, and at any time if it follows
/// [`Imap::notify`](super::Imap::notify). The stream itself sends nothing.
///
/// Changes that are not read are joined, so a slow reader sees the last change of each message. The stream ends with an error: with
/// [`Kind::Closed`](crate::Kind::Closed) when the mailbox is no longer selected, with [`Kind::Limit`](crate::Kind::Limit) if more
/// changes wait than [`Limits::undelivered`](crate::Limits::undelivered) allows, with [`Kind::Rejected`](crate::Kind::Rejected) (code
/// `NOUPDATE`) if the server stops, and with that of the connection.
///
/// Dropping it sends CANCELUPDATE as soon as a command may be sent; nobody waits for the answer.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::Query;
///
/// let can = imap.capabilities().context_search();
/// let inbox = imap.select("INBOX").await?;
/// if can {
///     let mut unseen = inbox.search(&Query::unseen()).live().await?;
///     println!("{} unread messages", unseen.found().len());
///     while let Some(change) = unseen.try_next().await? {
///         println!("new: {}, read or gone: {}", change.added, change.removed);
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
pub struct LiveSearch {
    inbox: ImapInbox,
    found: Uids,
    validity: Option<UidValidity>,
}

/// A change in the result of a [`LiveSearch`].
///
/// ```
/// use postroom::imap::{FoundChange, Uid};
///
/// fn concerns(change: &FoundChange, uid: Uid) -> bool {
///     change.added.contains(uid) || change.removed.contains(uid)
/// }
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct FoundChange {
    /// The messages that match now, stamped with the UIDVALIDITY. Some servers repeat messages that matched before.
    pub added: Uids,
    /// The messages that no longer match, or are gone.
    pub removed: Uids,
}

impl Search<'_> {
    /// Searches, and lets the server report every change of the result from then on (`CONTEXT=SEARCH`, RFC 5267 §4.3). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::Kind;
    /// use postroom::imap::Query;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// match inbox.search(&Query::flagged()).live().await {
    ///     Ok(flagged) => println!("{}", flagged.found()),
    ///     Err(error) if error.kind() == Kind::Unsupported => println!("search again after each event"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Folder::search`](super::Folder::search); also [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, if
    /// the server does not announce `CONTEXT=SEARCH`, and [`Kind::Rejected`](crate::Kind::Rejected) with the code `NOUPDATE` if it does
    /// not update this result; it updates at least one for each session. A server that refuses the charset, or stops at its limit of
    /// messages, is an error: what is compared or joined here cannot be kept up to date.
    pub async fn live(self) -> Result<LiveSearch> {
        let selected = self.selected;
        selected.check_query(self.query)?;
        let session = selected.session;
        session.require(session.capabilities().context_search(), "CONTEXT=SEARCH")?;
        let search = command::search::Search::new(selected.selection, self.query, Some(SearchReturn::ALL.update()));
        let mut inbox = session.link().submit(Request::Command(search.plan(session.encode_options().await?)?));
        let (frames, condition) = answer(&mut inbox).await?;
        let mut changes = ResultChange::default();
        // They may come before the tagged OK.
        for frame in frames.iter() {
            if let Ok(found) = codec::search::parse(&frame) {
                changes.apply(&found.updates);
            }
        }
        let mut result = frames;
        result.retain(|frame| codec::search::parse(frame).map_or(true, |found| found.updates.is_empty()));
        let found = search.output(result, condition)?.all.unwrap_or_default();
        let mut live = LiveSearch { inbox, found, validity: selected.info()?.uid_validity };
        live.apply(changes)?;
        Ok(live)
    }
}

impl LiveSearch {
    /// The messages that match, as of the last change that was read, stamped with the UIDVALIDITY.
    pub fn found(&self) -> &Uids {
        &self.found
    }

    /// Waits for the next change. `None` after the error that ended the stream. Dropping this future loses no change.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Query;
    ///
    /// if imap.capabilities().context_search() {
    ///     let inbox = imap.select("INBOX").await?;
    ///     let mut unseen = inbox.search(&Query::unseen()).live().await?;
    ///     let change = unseen.try_next().await?;
    ///     println!("{change:?}: {}", unseen.found());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The end of the stream, as described at [`LiveSearch`].
    pub async fn try_next(&mut self) -> Result<Option<FoundChange>> {
        poll_fn(|cx| self.poll_change(cx)).await
    }

    fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<FoundChange>>> {
        loop {
            match ready!(self.inbox.poll_next(cx))? {
                Some(Delivery::Changed(change)) => return Poll::Ready(self.apply(change).map(Some)),
                Some(Delivery::Done(Err(error))) => return Poll::Ready(Err(error)),
                Some(Delivery::Done(Ok(_))) | None => return Poll::Ready(Ok(None)),
                Some(_) => {}
            }
        }
    }

    fn apply(&mut self, change: ResultChange) -> Result<FoundChange> {
        let (added, removed) = change.into_sets();
        self.found = self.found.difference(&removed).union(&added)?.under(self.validity);
        Ok(FoundChange { added: added.under(self.validity), removed: removed.under(self.validity) })
    }
}

impl Stream for LiveSearch {
    type Item = Result<FoundChange>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_change(cx).map(Result::transpose)
    }
}

impl fmt::Debug for LiveSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveSearch").field("found", &self.found).finish_non_exhaustive()
    }
}

/// The answer to the search, if its result is updated.
async fn answer(inbox: &mut ImapInbox) -> Result<(Batches, Condition)> {
    let mut frames = Batches::default();
    loop {
        match inbox.next().await?.ok_or_else(ended)? {
            Delivery::Frames { batch, .. } => frames.push(batch),
            Delivery::LimitCut(cut) => return Err(cut.error("and a result in parts cannot be kept up to date")),
            Delivery::Live(condition) => return Ok((frames, condition)),
            Delivery::Done(condition) => {
                condition?;
                let error = Error::new(Kind::Rejected, "the server does not update the result of the search");
                return Err(error.with_code(Some(Code::new("NOUPDATE", ""))));
            }
            _ => {}
        }
    }
}
