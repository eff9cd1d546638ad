//! Pages of a mailbox: by PARTIAL (RFC 9394, RFC 5267 §4.4) in a FETCH, a search or a sorted search, or else by windows of UIDs or
//! of days, or else from all messages in their order. It must not know how messages are sorted.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::pin::pin;
use std::task::Poll;

use time::Date;

use super::newest::{is_worthwhile, newest};
use super::sort::{Sort, sorts};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::imap::folder::{Fetch, Fetching, Folder, Selected, is_limit};
use crate::imap::local::SortTable;
use crate::imap::session::Imap;
use crate::imap::types::{
    Fetched, Items, Page, PageOrder, PageOrdering, PagePlace, PageRange, PageToken, PartialRange, Query, SearchReturn,
    SortKey, SortedPlace, Uid, UidList, Uids,
};

/// How much larger each window of UIDs is than the one before, so that there are few of them.
const GROWTH: u64 = 8;

impl<S: Borrow<Imap>> Folder<S> {
    /// A part of the messages that match, in an order, with their envelopes and flags or [other items](Paging::items): what a mail program
    /// shows at a time. Nothing is sent before the value is awaited.
    ///
    /// What arrives or is expunged between two pages changes nothing for the others: each message that is there all the time, and matches
    /// all the time, is on one page.
    ///
    /// | order | server | round trips | bytes depend on |
    /// |---|---|---|---|
    /// | [`NEWEST`](PageOrder::NEWEST), [`OLDEST`](PageOrder::OLDEST) | PARTIAL | 1 for all messages, 2 for a query | the page |
    /// | | others | 2; more if few messages match, at most 12 | the page, and how densely messages match |
    /// | keys | `CONTEXT=SORT` | 2 | the page |
    /// | | SORT | 2 | the number of messages that match |
    /// | | others | 3 | as [`Folder::sort`] |
    /// | [`DATE`](SortKey::DATE) or [`ARRIVAL`](SortKey::ARRIVAL), reversed | without SORT, 500 messages or more | 4; more if few messages match, at most 11 | the messages of the last days |
    ///
    /// `CONTEXT=SEARCH` counts for [`OLDEST`](PageOrder::OLDEST) as PARTIAL does. If all messages of many pages are expunged, or the order is
    /// by keys and messages are expunged, finding the place again costs one or two more.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{PageOrder, PageRange, Query};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let (query, mut range) = (Query::unseen(), PageRange::first(50));
    /// loop {
    ///     let page = inbox.page(&query, PageOrder::NEWEST, range).await?;
    ///     for message in &page.messages {
    ///         println!("{:?}", message.subject());
    ///     }
    ///     let Some(next) = page.next else { break };
    ///     range = PageRange::after(next, 50);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for a page of no messages, no key, a token of another order or another
    /// UIDVALIDITY, and as [`Folder::search`] and [`Folder::sort`]; [`Kind::Unsupported`](crate::Kind::Unsupported) for items that the
    /// server does not have; [`Kind::Limit`](crate::Kind::Limit) for messages over [`Limits::undelivered`](crate::Limits::undelivered); and
    /// those of these two calls and of [`Fetch::try_next`].
    pub fn page<'a>(
        &'a self,
        query: &'a Query,
        order: impl Into<PageOrder>,
        range: impl Into<PageRange>,
    ) -> Paging<'a> {
        let items = Items::ENVELOPE.flags();
        Paging { selected: self.selected(), query, order: order.into(), range: range.into(), items }
    }
}

/// A page that is about to be fetched: see [`Folder::page`]. Await it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, PageRange, Query, SortKey};
///
/// let inbox = imap.select("INBOX").await?;
/// let query = Query::all();
/// let largest = inbox.page(&query, SortKey::SIZE.reversed(), PageRange::first(10)).items(Items::ENVELOPE.size()).await?;
/// println!("{:?}", largest.messages.first().and_then(|message| message.size()));
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is sent before it is awaited"]
pub struct Paging<'a> {
    selected: Selected<'a>,
    query: &'a Query,
    order: PageOrder,
    range: PageRange,
    items: Items,
}

/// The UIDs of a page in their order, and whether there are more.
struct Chosen {
    uids: Vec<Uid>,
    more: bool,
}

impl Paging<'_> {
    /// Fetches these items of each message, instead of the envelope and the flags.
    pub fn items(self, items: Items) -> Self {
        Self { items, ..self }
    }

    async fn page(self) -> Result<Page> {
        let Self { selected, query, order, range, items } = self;
        let (session, info) = (selected.session, selected.info()?);
        selected.check_query(query)?;
        session.check_items(&items)?;
        let count = NonZeroU32::new(range.count).ok_or_else(|| Error::input("a page has at least one message"))?;
        if let Some(PageToken { validity: Some(validity), .. }) = range.after
            && info.uid_validity != Some(validity)
        {
            return Err(Error::input(
                "this page has another UIDVALIDITY: its UIDs mean other messages in this mailbox",
            ));
        }
        let place = range.after.map(|token| token.place);
        let paging = Pager { selected, query, items, count };
        match (order.0, place) {
            (PageOrdering::Mailbox { newest_first }, None) => paging.by_uid(newest_first, None).await,
            (PageOrdering::Mailbox { newest_first }, Some(PagePlace::Uid(uid))) => {
                paging.by_uid(newest_first, Some(uid)).await
            }
            (PageOrdering::Keys(keys), None) => paging.by_keys(&keys, None).await,
            (PageOrdering::Keys(keys), Some(PagePlace::Sorted(place))) => paging.by_keys(&keys, Some(place)).await,
            _ => Err(Error::input("this page belongs to another order")),
        }
    }
}

/// What each way to make a page needs.
struct Pager<'a> {
    selected: Selected<'a>,
    query: &'a Query,
    items: Items,
    count: NonZeroU32,
}

impl Pager<'_> {
    async fn by_uid(self, newest_first: bool, after: Option<Uid>) -> Result<Page> {
        let Some(reach) = reach(newest_first, after) else { return Ok(Page::default()) };
        let capabilities = self.selected.session.capabilities();
        if capabilities.has("PARTIAL") && *self.query == Query::all() {
            match self.fetched_by_position(newest_first, &reach).await {
                Err(error) if is_limit(&error) => {}
                page => return page,
            }
        }
        if self.is_empty().await? {
            return Ok(Page::default());
        }
        let counts = capabilities.has("PARTIAL") || capabilities.context_search() && !newest_first;
        let found = match counts && capabilities.esearch() {
            true => {
                let range = positions(newest_first, 1, self.count.saturating_add(1));
                let query = Query::uids(reach.clone()).and(self.query.clone());
                let found = self.selected.find(&query, SearchReturn::new().partial(range)).await?;
                found.partial.map(|partial| partial.found.to_set()).unwrap_or_default()
            }
            false => self.by_windows(newest_first, &reach).await?,
        };
        let chosen = self.chosen(newest_first, &found.intersection(&reach));
        let next = chosen.uids.last().copied().filter(|_| chosen.more).map(PagePlace::Uid);
        self.page(chosen.uids, next).await
    }

    /// One round trip: the server counts, and sends the messages at once.
    async fn fetched_by_position(&self, newest_first: bool, reach: &Uids) -> Result<Page> {
        let range = positions(newest_first, 1, self.count);
        let fetch = Fetching::new(self.selected, reach.clone().into(), self.items.clone()).partial(range).await?;
        let mut messages = collected(fetch, self.selected.session.limits().undelivered).await?;
        // `n:*` includes the last message even if its UID is below n (RFC 9051 §9).
        messages.retain(|message| message.uid().is_some_and(|uid| reach.contains(uid)));
        messages.sort_by_key(Fetched::uid);
        if newest_first {
            messages.reverse();
        }
        let full = messages.len() as u64 >= u64::from(self.count.get());
        let rest =
            messages.last().and_then(Fetched::uid).filter(|&last| full && self.reaches_beyond(newest_first, last));
        Ok(Page { messages, next: self.token(rest.map(PagePlace::Uid))? })
    }

    /// Whether there may be messages after this one.
    fn reaches_beyond(&self, newest_first: bool, last: Uid) -> bool {
        let exists = self.selected.info().map_or(0, |info| info.exists);
        exists > self.count.get() && !(newest_first && last == Uid::MIN)
    }

    /// The first messages that match, and perhaps more, found in windows of UIDs. The first window is as large as a page needs if UIDs are
    /// spread evenly and every fourth message matches.
    async fn by_windows(&self, newest_first: bool, reach: &Uids) -> Result<Uids> {
        let info = self.selected.info()?;
        let highest = info.uid_next.map_or(u32::MAX, |next| next.as_u32() - 1).max(1);
        let spread = u64::from(highest).div_ceil(u64::from(info.exists.max(1)));
        let mut width = (u64::from(self.count.get()) * 4).saturating_mul(spread.min(1 << 16));
        let number = |uid: Uid| u64::from(uid.as_u32());
        // The highest UID that the server reported may be old: without a top, what arrived since is included.
        let (mut low, high, mut top) = match reach.ranges().next() {
            Some(range) => (number(*range.start()), number(*range.end()), Some(*range.end())),
            None => (reach.open_from().map_or(1, number), u64::from(highest), None),
        };
        let (mut edge, mut found) = (high + 1, Uids::new());
        loop {
            let (from, to) = match (newest_first, low.saturating_add(width) > high) {
                (true, _) => (edge.saturating_sub(width).max(low), top),
                (false, true) => (low, top),
                (false, false) => (low, Some(bound(low + width - 1))),
            };
            let ends = if newest_first { from <= low } else { to == top };
            let set = to.map_or_else(|| Uids::from_uid(bound(from)), |to| Uids::range(bound(from), to));
            let query = Query::uids(set).and(self.query.clone());
            let part = self.selected.find(&query, SearchReturn::ALL).await?.all.unwrap_or_default();
            let doubtful = to.is_none() && part.is_empty();
            found = found.union(&part)?;
            if found.len() > u64::from(self.count.get()) || ends && !doubtful {
                return Ok(found);
            }
            if doubtful {
                // GNU Mailutils 3.15 finds nothing by a set that ends in `*`: what it may have hidden is in the next window too.
                top = Some(Uid::MAX);
            } else if newest_first {
                top = Uid::nonzero(bound(from).as_u32() - 1);
            }
            match (newest_first, ends) {
                (_, true) => continue,
                (true, false) => edge = from,
                (false, false) => low += width,
            }
            width = width.saturating_mul(GROWTH).min(u32::MAX.into());
        }
    }

    fn chosen(&self, newest_first: bool, found: &Uids) -> Chosen {
        let part = positions(newest_first, 1, self.count).of(found);
        let mut uids: Vec<Uid> = part.iter().collect();
        if newest_first {
            uids.reverse();
        }
        Chosen { more: found.len() > uids.len() as u64, uids }
    }

    async fn by_keys(self, keys: &[SortKey], place: Option<SortedPlace>) -> Result<Page> {
        if keys.is_empty() {
            return Err(Error::input("a sorted page needs at least one key"));
        }
        if !sorts(&self.selected.session.capabilities(), keys) {
            // Fails for keys that only a server knows.
            SortTable::new(keys, 0)?;
        }
        if self.is_empty().await? {
            return Ok(Page::default());
        }
        let query = match &place {
            None => self.query.clone(),
            Some(place) => Query::uids(Uids::range(Uid::MIN, place.ceiling)).and(self.query.clone()),
        };
        let (highest, chosen) = match (self.newest(keys, &query, place.as_ref()).await?, &place) {
            (Some((highest, chosen)), _) => (highest, chosen),
            (None, Some(_)) => (None, self.sorted(keys, &query, place.as_ref()).await?),
            (None, None) => {
                let (last, chosen) = both(self.last(Items::new()), self.sorted(keys, &query, None)).await;
                (last?.0, chosen?)
            }
        };
        let highest = highest.max(chosen.uids.iter().max().copied());
        let ceiling = place.as_ref().map(|place| place.ceiling).or(highest).unwrap_or(Uid::MAX);
        let next = chosen.more.then(|| PagePlace::Sorted(SortedPlace::after(place, ceiling, &chosen.uids)));
        self.page(chosen.uids, next).await
    }

    /// The highest UID, since the one that the server reported may be old; and the day on which the last message arrived, if that is among
    /// the items.
    async fn last(&self, items: Items) -> Result<(Option<Uid>, Option<Date>)> {
        // RFC 9051 §6.4.9: `n:*` includes the last message even if its UID is below `n`. A search would have to wait for the sorted one.
        let mut last = self.selected.fetch(Uids::from_uid(Uid::MAX), items)?;
        let mut highest = self.selected.info()?.uid_next.and_then(|next| Uid::nonzero(next.as_u32() - 1));
        let mut day = None;
        while let Some(message) = last.try_next().await? {
            highest = highest.max(message.uid());
            day = day.max(message.internal_date().map(|arrived| arrived.date()));
        }
        Ok((highest, day))
    }

    /// The page after the last delivered message in the sorted list. Its position is not above the number of messages delivered, and lower
    /// only if messages are gone.
    async fn sorted(&self, keys: &[SortKey], query: &Query, place: Option<&SortedPlace>) -> Result<Chosen> {
        let capabilities = self.selected.session.capabilities();
        let counts = capabilities.esort() && capabilities.context_sort() && sorts(&capabilities, keys);
        let (position, count) = (place.map_or(0, |place| place.position), self.count.get());
        let mut slack = u64::from(count);
        loop {
            let sort = Sort::new(self.selected, query, keys.to_vec());
            let first = u64::from(position).saturating_sub(slack);
            let (list, from) = match counts {
                true => {
                    let bound = |number: u64| {
                        NonZeroU32::new(u32::try_from(number).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MAX)
                    };
                    let end = u64::from(position) + u64::from(count) + 1;
                    let range = PartialRange::first(bound(first + 1), bound(end));
                    let found = sort.returning(SearchReturn::new().partial(range)).await?;
                    (found.partial.map(|partial| partial.found).unwrap_or_default(), first)
                }
                false => (sort.await?.list, 0),
            };
            match start(&list, from, place) {
                Some(start) => return Ok(cut(&list, start, count)),
                None => slack = slack.saturating_mul(GROWTH),
            }
        }
    }

    /// The page after the last delivered message, and the highest UID, if the beginning of the list can be had without the rest.
    async fn newest(
        &self,
        keys: &[SortKey],
        query: &Query,
        place: Option<&SortedPlace>,
    ) -> Result<Option<(Option<Uid>, Chosen)>> {
        let (exists, count) = (self.selected.info()?.exists, self.count.get());
        let needed = place.map_or(0, |place| u64::from(place.position)) + u64::from(count) + 1;
        if sorts(&self.selected.session.capabilities(), keys) || !is_worthwhile(exists, keys, needed) {
            return Ok(None);
        }
        let (highest, Some(day)) = self.last(Items::INTERNAL_DATE).await? else { return Ok(None) };
        let Some(list) = newest(self.selected, keys, query, needed, day).await? else { return Ok(None) };
        let chosen = cut(&list, start(&list, 0, place).unwrap_or(0), count);
        // If there are no more, more messages match before the page than when it was asked for the last one.
        Ok(chosen.more.then_some((highest, chosen)))
    }

    /// Fetches the messages of the page.
    async fn page(self, uids: Vec<Uid>, next: Option<PagePlace>) -> Result<Page> {
        let next = self.token(next)?;
        if uids.is_empty() {
            return Ok(Page { messages: Vec::new(), next });
        }
        let fetch = self.selected.fetch(uids.iter().copied().collect(), self.items.clone())?;
        let order: HashMap<Uid, usize> = uids.into_iter().enumerate().map(|(at, uid)| (uid, at)).collect();
        let mut messages = collected(fetch, self.selected.session.limits().undelivered).await?;
        messages.sort_by_key(|message| message.uid().and_then(|uid| order.get(&uid)).copied());
        Ok(Page { messages, next })
    }

    fn token(&self, place: Option<PagePlace>) -> Result<Option<PageToken>> {
        let validity = self.selected.info()?.uid_validity;
        Ok(place.map(|place| PageToken { validity, place }))
    }

    /// Asks once more if the mailbox seems to be empty: the first message may have arrived.
    async fn is_empty(&self) -> Result<bool> {
        if self.selected.info()?.exists == 0 {
            self.selected.session.noop().await?;
        }
        Ok(self.selected.info()?.exists == 0)
    }
}

/// The messages of a fetch, at most this number of bytes.
pub(super) async fn collected(mut fetch: Fetch<'_>, most: usize) -> Result<Vec<Fetched>> {
    let (mut messages, mut left) = (Vec::new(), most);
    while let Some(message) = fetch.try_next().await? {
        // A message keeps the block alive in which it arrived.
        let message = message.detach();
        let bytes = message.raw().len();
        left = left
            .checked_sub(bytes)
            .ok_or_else(|| Error::new(Kind::Limit, "the messages take more memory than the limit `undelivered`"))?;
        messages.push(message);
    }
    Ok(messages)
}

/// The results of two calls that do not wait for each other.
async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(result) = one.as_mut().poll(cx)
        {
            first = Some(result);
        }
        if second.is_none()
            && let Poll::Ready(result) = other.as_mut().poll(cx)
        {
            second = Some(result);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

/// The UIDs that come after this one; `None` if there are none.
fn reach(newest_first: bool, after: Option<Uid>) -> Option<Uids> {
    match (after, newest_first) {
        (None, _) => Some(Uids::ALL),
        (Some(after), true) => Some(Uids::range(Uid::MIN, Uid::nonzero(after.as_u32() - 1)?)),
        (Some(after), false) => Some(Uids::from_uid(Uid::nonzero(after.as_u32().checked_add(1)?)?)),
    }
}

/// The UID with this number, or the highest.
fn bound(number: u64) -> Uid {
    u32::try_from(number).ok().and_then(Uid::nonzero).unwrap_or(Uid::MAX)
}

fn positions(newest_first: bool, first: u32, last: NonZeroU32) -> PartialRange {
    let first = NonZeroU32::new(first).unwrap_or(NonZeroU32::MIN);
    if newest_first { PartialRange::last(first, last) } else { PartialRange::first(first, last) }
}

/// Where the next page begins in the part of the list from this position on; `None` if that is before it.
fn start(list: &UidList, from: u64, place: Option<&SortedPlace>) -> Option<usize> {
    let Some(place) = place else { return Some(0) };
    let delivered = list.iter().enumerate().filter(|(_, uid)| place.delivered.contains(*uid));
    match delivered.last() {
        Some((at, _)) => Some(at + 1),
        // None of the last ones is left. What was delivered before them still is.
        None if from == 0 => usize::try_from(u64::from(place.position).saturating_sub(place.delivered.len())).ok(),
        None => None,
    }
}

fn cut(list: &UidList, start: usize, count: u32) -> Chosen {
    let mut rest = list.iter().skip(start);
    let uids = rest.by_ref().take(count as usize).collect();
    Chosen { uids, more: rest.next().is_some() }
}

impl<'a> IntoFuture for Paging<'a> {
    type Output = Result<Page>;
    type IntoFuture = BoxFuture<'a, Result<Page>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.page())
    }
}

impl fmt::Debug for Paging<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Paging");
        out.field("query", &self.query).field("order", &self.order).field("range", &self.range).finish_non_exhaustive()
    }
}
