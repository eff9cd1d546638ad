//! Searching in a [`Folder`], and running commands that are values. The codec writes queries.

use std::borrow::Borrow;
use std::fmt;

use super::{Folder, Selected};
use crate::BoxFuture;
use crate::error::{Error, Result};
use crate::imap::command::Answer;
use crate::imap::command::extension::Extension;
use crate::imap::command::search;
use crate::imap::limited::Descent;
use crate::imap::session::Imap;
use crate::imap::types::{Capabilities, Demand, PartialRange, Query, SearchCharset, SearchResult, SearchReturn, Uids};

/// Searching.
impl<S: Borrow<Imap>> Folder<S> {
    /// Returns the messages that match, as a set that carries the mailbox's UIDVALIDITY; with
    /// [`returning`](Search::returning), something else about them. Nothing is sent before the value is awaited. One
    /// round trip, and one more each time the server stops at its limit of messages (MESSAGELIMIT, RFC 9738). The answer
    /// is short if the server has ESEARCH.
    ///
    /// A server that refuses texts in UTF-8 and names other charsets (code `BADCHARSET`) is asked again in the first of them
    /// that has all characters: one more round trip. Otherwise it searches for the keys in ASCII. Of the messages
    /// that it finds, what the other keys need is fetched and compared here: flags, dates, sizes, envelopes and header
    /// fields; and whole messages, if the query [allows it](Query::client_side). A message of which the server does not
    /// send this is not found.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Query;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let new = inbox.search(&Query::unseen().and(!Query::deleted())).await?;
    /// println!("{} new messages: {new}", new.len());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for a query that cannot be written and for UIDs in it
    /// that have another UIDVALIDITY, [`Kind::Unsupported`](crate::Kind::Unsupported) for a key of an extension that the
    /// server does not have, and after such a refusal, which is its source, for a text in the body that is not ASCII, unless
    /// the query [allows](Query::client_side) to download it; [`Kind::Limit`](crate::Kind::Limit) if that takes more octets than
    /// it allows;
    /// [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses, or stops at its limit of messages and makes no progress (code
    /// `MESSAGELIMIT`); [`Kind::Missing`](crate::Kind::Missing) if it answers OK without a result, or names messages
    /// outside the set that was searched; [`Kind::Limit`](crate::Kind::Limit) for an answer over the limits; and the
    /// errors of [every command](Imap#errors-of-every-command).
    pub fn search<'a>(&'a self, query: &'a Query) -> Search<'a> {
        Search { selected: self.selected(), query }
    }

    /// Runs a command that is a value in this mailbox, such as [`Extension::sort`], and returns the untagged data that
    /// it claims. One round trip; more if an argument needs a literal.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Extension, Query, SortKey};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// if inbox.session().capabilities().has("SORT") {
    ///     println!("{:?}", inbox.run(Extension::sort(&[SortKey::ARRIVAL], Query::all(), None)).await?);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for an argument that cannot be sent and for UIDs of
    /// another UIDVALIDITY, [`Kind::Unsupported`](crate::Kind::Unsupported) for a command that would change the
    /// session; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses, or stops at its limit of messages
    /// (code `MESSAGELIMIT`): what it did before that is not undone; [`Kind::Limit`](crate::Kind::Limit) for an answer
    /// over the limits; and the errors of [every command](Imap#errors-of-every-command).
    pub async fn run(&self, extension: Extension) -> Result<Answer> {
        self.selected().run(extension).await
    }
}

/// A search that is about to run: see [`Folder::search`]. Await it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::Query;
///
/// let inbox = imap.select("INBOX").await?;
/// let (seen, draft) = (Query::seen(), Query::draft());
/// let (seen, draft) = tokio::join!(inbox.search(&seen), inbox.search(&draft));
/// println!("{} seen, {} drafts", seen?.len(), draft?.len());
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is sent before it is awaited"]
#[derive(Clone, Copy)]
pub struct Search<'a> {
    pub(super) selected: Selected<'a>,
    pub(super) query: &'a Query,
}

/// A search that is about to run and returns something else than its messages: see [`Search::returning`]. Await it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Query, SearchReturn};
///
/// let inbox = imap.select("INBOX").await?;
/// let flagged = Query::flagged();
/// let search = inbox.search(&flagged).returning(SearchReturn::new().count());
/// assert!(search.await?.count.is_some());
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is sent before it is awaited"]
#[derive(Clone, Copy)]
pub struct SearchReturning<'a> {
    search: Search<'a>,
    returns: SearchReturn,
}

impl<'a> Search<'a> {
    /// Returns what is asked for about the messages that match, such as their number, the lowest and the highest UID, a
    /// part of them by position, or all UIDs. Without ESEARCH, the server returns all UIDs, and the rest is computed here;
    /// so are positions that the server cannot count (PARTIAL, RFC 9394).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Query, SearchReturn};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let found = inbox.search(&Query::flagged()).returning(SearchReturn::new().count().max()).await?;
    /// println!("{:?} flagged, the newest is {:?}", found.count, found.max);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// When it is awaited, as [`Folder::search`]; also, before anything is sent, [`Kind::Input`](crate::Kind::Input) if
    /// nothing is asked for and [`Kind::Unsupported`](crate::Kind::Unsupported) for a saved result without SEARCHRES and
    /// relevancy scores without `SEARCH=FUZZY`. These two cannot be joined from several answers: if the server stops at
    /// its limit of messages, they fail with [`Kind::Rejected`](crate::Kind::Rejected) and the code `MESSAGELIMIT`.
    pub fn returning(self, returns: SearchReturn) -> SearchReturning<'a> {
        SearchReturning { search: self, returns }
    }
}

impl<'a> IntoFuture for Search<'a> {
    type Output = Result<Uids>;
    type IntoFuture = BoxFuture<'a, Result<Uids>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.selected.find(self.query, SearchReturn::ALL).await?.all.unwrap_or_default()) })
    }
}

impl<'a> IntoFuture for SearchReturning<'a> {
    type Output = Result<SearchResult>;
    type IntoFuture = BoxFuture<'a, Result<SearchResult>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { search: Search { selected, query }, returns } = self;
        Box::pin(async move { selected.find(query, returns).await })
    }
}

impl fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search").field("query", &self.query).finish_non_exhaustive()
    }
}

impl fmt::Debug for SearchReturning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchReturning")
            .field("query", &self.search.query)
            .field("returns", &self.returns)
            .finish_non_exhaustive()
    }
}

impl Selected<'_> {
    /// Searches, and returns what is asked for.
    pub(crate) async fn find(self, query: &Query, returns: SearchReturn) -> Result<SearchResult> {
        if returns.is_empty() {
            return Err(Error::input("a search must return something"));
        }
        self.check_query(query)?;
        let asked = asked(returns, &self.session.capabilities())?;
        let found = match self.find_all(query, asked.unwrap_or(returns), asked, None).await {
            // The positions that the server counted end at its limit.
            Err(error) if is_limit(&error) && asked.is_some_and(|asked| asked.range().is_some()) => {
                let whole = returns.whole();
                self.find_all(query, whole, Some(whole), None).await?
            }
            Err(error) if is_charset(&error, query) && returns.can_be_computed() => {
                self.find_in_other_charset(query, asked, error).await?
            }
            found => found?,
        };
        let found = returns.complete(found);
        let validity = self.info()?.uid_validity;
        Ok(SearchResult { all: found.all.map(|all| all.under(validity)), ..found })
    }

    /// Fails for sets that carry another UIDVALIDITY, and for keys that the server does not know.
    pub(crate) fn check_query(self, query: &Query) -> Result<()> {
        for uids in query.sets() {
            self.check(uids)?;
        }
        check_keys(self.session, query)?;
        self.check_saved(query)
    }

    /// Each time the server stops at its limit of messages, the messages that it did not search are searched too.
    pub(super) async fn find_all(
        self,
        query: &Query,
        wanted: SearchReturn,
        returns: Option<SearchReturn>,
        charset: Option<&SearchCharset>,
    ) -> Result<SearchResult> {
        let session = self.session;
        let search = search::Search { charset, ..search::Search::new(self.selection, query, returns) };
        let mut descent = Descent::new(self.info()?.exists.into());
        let (mut found, mut limited) = session.call_limited(search).await?;
        while let Some(cut) = limited.take() {
            if !wanted.can_be_joined() {
                return Err(cut.error("and this result cannot be joined from parts"));
            }
            let below = descent.below(&Uids::ALL, cut)?;
            if !below.is_empty() {
                let query = Query::uids(below).and(query.clone());
                let search = search::Search { charset, ..search::Search::new(self.selection, &query, returns) };
                let (lower, cut) = session.call_limited(search).await?;
                found = found.joined(lower)?;
                limited = cut;
            }
        }
        Ok(found)
    }

    /// See [`Folder::run`].
    pub(crate) async fn run(self, extension: Extension) -> Result<Answer> {
        for uids in extension.sets() {
            self.check(uids)?;
        }
        self.session.run_in(extension, Some(self.selection)).await
    }
}

/// Fails for keys of extensions that the server does not announce.
pub(crate) fn check_keys(session: &Imap, query: &Query) -> Result<()> {
    let capabilities = session.capabilities();
    let lacks = |demand: &Demand| !demand.capabilities.iter().any(|name| capabilities.has(name));
    match query.demands().into_iter().find(lacks) {
        None => Ok(()),
        Some(Demand { key, capabilities }) => {
            let names = capabilities.join(" or ");
            Err(Error::unsupported(format!("the server does not support {names}, which the search key {key} needs")))
        }
    }
}

/// What the server is asked to return; `None` if it can only list the messages.
fn asked(returns: SearchReturn, capabilities: &Capabilities) -> Result<Option<SearchReturn>> {
    if let Some(names) = returns.demands().find(|names| !names.iter().any(|name| capabilities.has(name))) {
        return Err(Error::unsupported(match names {
            [] => "this session does not support searches with updates (CONTEXT=SEARCH)".to_owned(),
            names => format!("the server does not support {}, which this search needs", names.join(" or ")),
        }));
    }
    // CONTEXT=SEARCH alone counts positions from the beginning only (RFC 5267 §4.4).
    let counts = |range: PartialRange| {
        !returns.has_all() && (capabilities.has("PARTIAL") || capabilities.context_search() && !range.is_backwards())
    };
    Ok(capabilities.esearch().then(|| match returns.range() {
        Some(range) if !counts(range) => returns.whole(),
        _ => returns,
    }))
}

/// Whether the server stopped at its limit of messages (RFC 9738 §3), so that the answer covers only some of them.
pub(crate) fn is_limit(error: &Error) -> bool {
    error.code().is_some_and(|code| code.is("MESSAGELIMIT"))
}

/// Whether the server seems not to accept the charset of a search (code `BADCHARSET`, RFC 9051 §7.1). Cyrus 3.10 answers BAD without a
/// code, and GNU Mailutils has the code in the middle of the text.
pub(crate) fn is_charset(error: &Error, query: &Query) -> bool {
    let coded = error.code().is_none_or(|code| code.is("BADCHARSET"));
    coded && !query.is_ascii() && error.is_refusal() && !error.is_retryable()
}
