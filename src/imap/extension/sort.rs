//! Sorting (RFC 5256 §3): by the server, or else by the same rules here. It must not know the rules.

use std::borrow::Borrow;

use crate::BoxFuture;
use crate::error::{Error, Result};
use crate::imap::command::Answer;
use crate::imap::command::extension::Extension;
use crate::imap::folder::{Folder, Selected, is_charset, is_limit};
use crate::imap::local::SortTable;
use crate::imap::session::Imap;
use crate::imap::types::{
    Capabilities, Criterion, PartialRange, Query, Response, SearchResult, SearchReturn, SortKey, Sorted, UidList,
};

impl<S: Borrow<Imap>> Folder<S> {
    /// Searches, and orders the messages that match by the first key, equal ones by the next key, and so on; messages that are equal in
    /// all of them by UID. Nothing is sent before the value is awaited.
    ///
    /// If the server has SORT, it sorts: one round trip. Display names are only sorted by a server with `SORT=DISPLAY`. Otherwise the
    /// messages are searched, and what the keys need of them is fetched: envelopes, arrival dates or sizes, for about 300 bytes per
    /// message. They are then sorted here by the rules of RFC 5256. This is also done if the server stops at its limit of messages
    /// (MESSAGELIMIT, RFC 9738), does not accept texts in UTF-8, or names a message twice. What a message lacks, or the server cannot read of it, counts as empty, and an empty text comes
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
    /// in it that have another UIDVALIDITY, [`Kind::Unsupported`](crate::Kind::Unsupported) for [`SortKey::RELEVANCY`] on a server
    /// without `SEARCH=FUZZY` and SORT, and for a search key of an extension that the server does not have; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses;
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

/// A sorted search that is about to run and returns something else than its messages: see [`Sort::returning`]. Await it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Query, SearchReturn, SortKey};
///
/// let inbox = imap.select("INBOX").await?;
/// let query = Query::all();
/// let largest = inbox.sort(&query, [SortKey::SIZE]).returning(SearchReturn::new().max());
/// println!("{:?}", largest.await?.max);
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is sent before it is awaited"]
#[derive(Debug)]
pub struct SortReturning<'a> {
    sort: Sort<'a>,
    returns: SearchReturn,
}

impl<'a> Sort<'a> {
    pub(super) fn new(selected: Selected<'a>, query: &'a Query, keys: Vec<SortKey>) -> Self {
        Self { selected, query, keys }
    }

    /// Returns what is asked for about the sorted messages (RFC 5267 §3): their number, the first (`min`) and the last one (`max`),
    /// those at some positions, or all of them, in [`order`](SearchResult::order). Without ESORT, the server returns all messages, and
    /// the rest is computed here; so are positions that the server cannot count (`CONTEXT=SORT`), and the first and the last message,
    /// since servers differ in what these are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use std::num::NonZeroU32;
    /// use postroom::imap::{PartialRange, Query, SearchReturn, SortKey};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let page = PartialRange::first(NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(49));
    /// let wanted = SearchReturn::new().count().partial(page);
    /// let found = inbox.sort(&Query::all(), [SortKey::DATE.reversed()]).returning(wanted).await?;
    /// println!("the first of {:?}: {}", found.count, found.partial.unwrap().found);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// When it is awaited, as [`Folder::sort`]; also, before anything is sent, [`Kind::Input`](crate::Kind::Input) if nothing is asked
    /// for and [`Kind::Unsupported`](crate::Kind::Unsupported) for a saved result without SEARCHRES and ESORT, and for relevancy scores
    /// without `SEARCH=FUZZY` and ESORT.
    pub fn returning(self, returns: SearchReturn) -> SortReturning<'a> {
        SortReturning { sort: self, returns }
    }

    async fn sorted(self) -> Result<Sorted> {
        let Self { selected, query, keys } = self;
        if keys.is_empty() {
            return Err(Error::input("a sorted search needs at least one key"));
        }
        selected.check_query(query)?;
        if sorts(&selected.session.capabilities(), &keys) {
            match selected.run(Extension::sort(&keys, query.clone(), None)).await {
                Err(error) if is_limit(&error) || is_charset(&error, query) => {}
                answer => match sorted(&answer?)? {
                    // An order in which a message has two places is none.
                    sorted if has_twice(&sorted.list) => {}
                    sorted => return Ok(sorted),
                },
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

impl SortReturning<'_> {
    async fn found(self) -> Result<SearchResult> {
        let Self { sort, returns } = self;
        let Sort { selected, query, keys } = &sort;
        if returns.is_empty() {
            return Err(Error::input("a sorted search must return something"));
        }
        selected.check_query(query)?;
        let capabilities = selected.session.capabilities();
        let beyond = returns.demands().find(|names| !names.iter().any(|name| capabilities.has(name)));
        let extended = !keys.is_empty() && capabilities.esort() && sorts(&capabilities, keys);
        let found = if extended && beyond.is_none() {
            let counts = !returns.has_all() && capabilities.context_sort();
            let positions = |range: PartialRange| counts && !range.is_backwards();
            let asked = if returns.range().is_none_or(positions) { returns } else { returns.whole() };
            // RFC 5267 §3.1: these are the first and the last one in the order. Cyrus 3.10 returns the lowest and the highest UID.
            let asked = asked.without_ends();
            match selected.run(Extension::sort(keys, (*query).clone(), Some(asked))).await {
                Err(error) if (is_limit(&error) || is_charset(&error, query)) && returns.can_be_computed() => None,
                answer => match esorted(&answer?, asked)? {
                    found if returns.can_be_computed() && found.order.as_ref().is_some_and(has_twice) => None,
                    found => Some(found),
                },
            }
        } else if returns.can_be_computed() {
            None
        } else {
            return Err(Error::unsupported("the server does not support ESORT, or not what this search is to return"));
        };
        let validity = selected.info()?.uid_validity;
        let found = match found {
            Some(found) => found,
            None => {
                let Sorted { list, modseq } = sort.sorted().await?;
                SearchResult { all: Some(list.to_set()), order: Some(list), modseq, ..SearchResult::default() }
            }
        };
        let found = returns.complete(found);
        let order = found.order.or_else(|| found.all.as_ref().map(UidList::from));
        Ok(SearchResult { all: found.all.map(|all| all.under(validity)), order, ..found })
    }
}

impl<'a> IntoFuture for Sort<'a> {
    type Output = Result<Sorted>;
    type IntoFuture = BoxFuture<'a, Result<Sorted>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.sorted())
    }
}

impl<'a> IntoFuture for SortReturning<'a> {
    type Output = Result<SearchResult>;
    type IntoFuture = BoxFuture<'a, Result<SearchResult>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.found())
    }
}

impl std::fmt::Debug for Sort<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sort").field("query", &self.query).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Whether the server sorts by these keys.
pub(super) fn sorts(capabilities: &Capabilities, keys: &[SortKey]) -> bool {
    let has = |key: &SortKey| match key.by {
        Criterion::DisplayFrom | Criterion::DisplayTo => capabilities.sort_display(),
        Criterion::Relevancy => capabilities.has("SEARCH=FUZZY"),
        _ => true,
    };
    capabilities.sort() && keys.iter().all(has)
}

fn has_twice(list: &UidList) -> bool {
    list.len() != list.to_set().len()
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

fn esorted(answer: &Answer, asked: SearchReturn) -> Result<SearchResult> {
    let found = answer.responses.iter().find_map(|response| match response {
        Response::Esearch(found) => Some(found),
        _ => None,
    });
    // RFC 4731 §3.1: without a match, only COUNT is returned.
    let mut found = match found {
        Some(found) => found,
        None if asked.is_silent() => SearchResult::default(),
        None => return Err(Error::missing("the server answered SORT without the result")),
    };
    if asked.has_all() {
        found.all.get_or_insert_default();
    }
    Ok(found)
}
