//! Searching in a [`Folder`], and running commands that are values. The codec writes queries.

use std::borrow::Borrow;

use super::{Folder, Selected};
use crate::error::{Error, Result};
use crate::imap::command::Answer;
use crate::imap::command::extension::Extension;
use crate::imap::command::search::Search;
use crate::imap::limited::Descent;
use crate::imap::session::Imap;
use crate::imap::types::{Query, SearchResult, SearchReturn, Uids};

/// Searching.
impl<S: Borrow<Imap>> Folder<S> {
    /// Returns the messages that match, as a set that carries the mailbox's UIDVALIDITY. One round trip, and one more
    /// each time the server stops at its limit of messages (MESSAGELIMIT, RFC 9738). The answer is short if the server
    /// has ESEARCH.
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
    /// [`Kind::Input`](crate::Kind::Input), before anything is sent, for a query that cannot be written and for UIDs in
    /// it that have another UIDVALIDITY; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses (code
    /// `BADCHARSET`: it does not accept texts in UTF-8), or stops at its limit of messages and makes no progress (code
    /// `MESSAGELIMIT`); [`Kind::Missing`](crate::Kind::Missing) if it answers OK without a result, or names messages
    /// outside the set that was searched; [`Kind::Limit`](crate::Kind::Limit) for an answer over the limits; and the
    /// errors of [every command](Imap#errors-of-every-command).
    pub async fn search(&self, query: &Query) -> Result<Uids> {
        Ok(self.find(query, SearchReturn::ALL).await?.all.unwrap_or_default())
    }

    /// Returns what was asked for about the messages that match, such as their number, the lowest and the highest UID,
    /// or all UIDs. One round trip, and one more each time the server stops at its limit of messages. Without ESEARCH,
    /// the server returns all UIDs, and the rest is computed here.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Query, SearchReturn};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let found = inbox.find(&Query::flagged(), SearchReturn::new().count().max()).await?;
    /// println!("{:?} flagged, the newest is {:?}", found.count, found.max);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`search`](Self::search); also, before anything is sent, [`Kind::Input`](crate::Kind::Input) if nothing is
    /// asked for and [`Kind::Unsupported`](crate::Kind::Unsupported) if the server does not support what is asked for
    /// beyond ESEARCH. A saved result, relevancy scores and a partial range cannot be joined from several answers: if
    /// the server stops at its limit of messages, these fail with [`Kind::Rejected`](crate::Kind::Rejected) and the
    /// code `MESSAGELIMIT`.
    pub async fn find(&self, query: &Query, returns: SearchReturn) -> Result<SearchResult> {
        self.selected().find(query, returns).await
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

impl Selected<'_> {
    /// See [`Folder::find`].
    pub(crate) async fn find(self, query: &Query, returns: SearchReturn) -> Result<SearchResult> {
        if returns.is_empty() {
            return Err(Error::input("a search must return something"));
        }
        for uids in query.sets() {
            self.check(uids)?;
        }
        let capabilities = self.session.capabilities();
        if let Some(names) = returns.demands().find(|names| !names.iter().any(|name| capabilities.has(name))) {
            return Err(Error::unsupported(match names {
                [] => "this session does not support searches with updates (CONTEXT=SEARCH)".to_owned(),
                names => format!("the server does not support {}, which this search needs", names.join(" or ")),
            }));
        }
        let short = capabilities.esearch();
        let found = returns.complete(self.find_all(query, returns, short.then_some(returns)).await?);
        let validity = self.info()?.uid_validity;
        Ok(SearchResult { all: found.all.map(|all| all.under(validity)), ..found })
    }

    /// Each time the server stops at its limit of messages, the messages that it did not search are searched too.
    async fn find_all(
        self,
        query: &Query,
        wanted: SearchReturn,
        returns: Option<SearchReturn>,
    ) -> Result<SearchResult> {
        let session = self.session;
        let search = Search { selection: self.selection, query, returns };
        let mut descent = Descent::new(self.info()?.exists.into());
        let (mut found, mut limited) = session.call_limited(search).await?;
        while let Some(cut) = limited.take() {
            if !wanted.can_be_joined() {
                return Err(cut.error("and this result cannot be joined from parts"));
            }
            let below = descent.below(&Uids::ALL, cut)?;
            if !below.is_empty() {
                let query = Query::uids(below).and(query.clone());
                let search = Search { selection: self.selection, query: &query, returns };
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
