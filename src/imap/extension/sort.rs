//! Sorting (RFC 5256 §3): by the server, or else by the same rules here. It must not know the rules.

use std::borrow::Borrow;
use std::pin::Pin;

use crate::error::{Error, Result};
use crate::imap::command::Answer;
use crate::imap::command::extension::Extension;
use crate::imap::folder::{Folder, Selected};
use crate::imap::local::SortTable;
use crate::imap::session::Imap;
use crate::imap::types::{Capabilities, Criterion, Query, Response, SearchReturn, SortKey, Sorted, UidList};

impl<S: Borrow<Imap>> Folder<S> {
    /// Searches, and orders the messages that match by the first key, equal ones by the next key, and so on; messages that are equal in
    /// all of them by UID. Nothing is sent before the value is awaited.
    ///
    /// If the server has SORT, it sorts: one round trip. Display names are only sorted by a server with `SORT=DISPLAY`. Otherwise the
    /// messages are searched, and what the keys need of them is fetched: envelopes, arrival dates or sizes, for about 300 bytes per
    /// message. They are then sorted here by the rules of RFC 5256. This is also done if the server stops at its limit of messages
    /// (MESSAGELIMIT, RFC 9738). What a message lacks, or the server cannot read of it, counts as empty, and an empty text comes
    /// first. A message that is expunged meanwhile is left out.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Query, SortKey, Uids};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let newest_first = inbox.sort(&Query::unseen(), [SortKey::DATE.reversed()]).await?;
    /// let page: Uids = newest_first.list.iter().take(50).collect();
    /// println!("the newest is {:?}, the first page {page}", newest_first.list.iter().next());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) if there is no key, for a query that cannot be written and for UIDs
    /// in it that have another UIDVALIDITY, and [`Kind::Unsupported`](crate::Kind::Unsupported) for [`SortKey::RELEVANCY`] on a server
    /// without `SEARCH=FUZZY` and SORT; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses;
    /// [`Kind::Missing`](crate::Kind::Missing) if it answers OK without a result; [`Kind::Limit`](crate::Kind::Limit) for an answer, or
    /// values to be sorted here, over [`Limits::undelivered`](crate::Limits::undelivered); and the errors of [every
    /// command](Imap#errors-of-every-command).
    pub fn sort<'a>(&'a self, query: &'a Query, keys: impl IntoIterator<Item = SortKey>) -> Sort<'a> {
        Sort { selected: self.selected(), query, keys: keys.into_iter().collect() }
    }
}

/// A sorted search that is about to run: see [`Folder::sort`]. Await it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Query, SortKey};
///
/// let inbox = imap.select("INBOX").await?;
/// let query = Query::all();
/// let sort = inbox.sort(&query, [SortKey::SUBJECT, SortKey::DATE]);
/// println!("{}", sort.await?.list);
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is sent before it is awaited"]
pub struct Sort<'a> {
    selected: Selected<'a>,
    query: &'a Query,
    keys: Vec<SortKey>,
}

impl<'a> Sort<'a> {
    async fn sorted(self) -> Result<Sorted> {
        let Self { selected, query, keys } = self;
        if keys.is_empty() {
            return Err(Error::input("a sorted search needs at least one key"));
        }
        if sorts(&selected.session.capabilities(), &keys) {
            match selected.run(Extension::sort(&keys, query.clone(), None)).await {
                Err(error) if is_limit(&error) => {}
                answer => return sorted(&answer?),
            }
        }
        let mut table = SortTable::new(&keys, selected.session.limits().undelivered)?;
        let found = selected.find(query, SearchReturn::ALL).await?;
        let mut mail = selected.fetch(found.all.unwrap_or_default(), table.items())?;
        while let Some(message) = mail.try_next().await? {
            table.add(&message)?;
        }
        Ok(Sorted { list: table.sorted(), modseq: found.modseq })
    }
}

impl<'a> IntoFuture for Sort<'a> {
    type Output = Result<Sorted>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Sorted>> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.sorted())
    }
}

impl std::fmt::Debug for Sort<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sort").field("query", &self.query).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Whether the server sorts by these keys.
fn sorts(capabilities: &Capabilities, keys: &[SortKey]) -> bool {
    let has = |key: &SortKey| match key.by {
        Criterion::DisplayFrom | Criterion::DisplayTo => capabilities.sort_display(),
        Criterion::Relevancy => capabilities.has("SEARCH=FUZZY"),
        _ => true,
    };
    capabilities.sort() && keys.iter().all(has)
}

/// Whether the server stopped at its limit of messages (RFC 9738 §3), so that the answer covers only some of them.
pub(super) fn is_limit(error: &Error) -> bool {
    error.code().is_some_and(|code| code.is("MESSAGELIMIT"))
}

/// Some servers split a long answer.
fn sorted(answer: &Answer) -> Result<Sorted> {
    let mut sorted = None::<Sorted>;
    for response in answer.responses.iter() {
        let Response::Sort(more) = response else { continue };
        match &mut sorted {
            None => sorted = Some(more),
            Some(sorted) => {
                let mut list = UidList::of_text(0);
                let ranges = sorted.list.ranges().chain(more.list.ranges());
                ranges.for_each(|(first, last)| list.push(first, last));
                *sorted = Sorted { list: list.fitted(), modseq: sorted.modseq.max(more.modseq) };
            }
        }
    }
    sorted.ok_or_else(|| Error::missing("the server answered SORT without the sorted messages"))
}
