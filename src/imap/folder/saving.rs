//! [`Saving`]: a search whose result the server keeps (`$`, RFC 5182), or else this crate. It must not know what is done with the messages.

use std::fmt;

use super::saved::{Resolved, SavedResult, SavedSet};
use super::search::{is_charset, is_limit};
use super::{Search, Selected};
use crate::BoxFuture;
use crate::error::{Error, Result};
use crate::imap::command;
use crate::imap::types::{Query, SearchReturn};

/// A search that is about to run and whose result the server keeps, from [`Search::save`](super::Search::save). Await it.
///
/// One round trip. The server keeps one result for each session. A new one replaces it, and it ends with the selection of the
/// mailbox. Expunged messages leave it.
///
/// If the server lacks SEARCHRES, refuses to keep the result (code `NOTSAVED`) or the charset, or announces a limit of messages
/// (MESSAGELIMIT, RFC 9738), the UIDs are returned and kept in the [`SavedResult`]. It is used in the same way.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::Query;
///
/// let inbox = imap.select("INBOX").await?;
/// let large = inbox.search(&Query::larger(1_000_000)).save().await?;
/// if !large.is_empty() {
///     inbox.copy(&large, "Archive").await?;
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As [`Folder::search`](super::Folder::search).
#[must_use = "nothing is sent before it is awaited"]
#[derive(Clone, Copy)]
pub struct Saving<'a> {
    selected: Selected<'a>,
    query: &'a Query,
}

impl<'a> Search<'a> {
    /// Lets the server keep the result (`$`, SEARCHRES, RFC 5182) and returns its name, with which other calls refer to the messages.
    /// Their UIDs are not transferred, in neither direction. Await the [`Saving`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Query};
    /// use postroom::{Flag, FlagChange};
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// let unseen = inbox.search(&Query::unseen()).save().await?;
    /// println!("{} new messages", unseen.len());
    /// let mut mail = inbox.fetch(&unseen, Items::ENVELOPE).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{:?}", message.subject());
    /// }
    /// inbox.store(&unseen, &FlagChange::add([Flag::SEEN])).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn save(self) -> Saving<'a> {
        Saving { selected: self.selected, query: self.query }
    }
}

impl Saving<'_> {
    async fn send(self) -> Result<SavedResult> {
        let Self { selected, query } = self;
        selected.check_query(query)?;
        if let Some(saved) = selected.save(query).await? {
            return Ok(SavedResult { named: Resolved::Saved(saved) });
        }
        let found = selected.find(query, SearchReturn::ALL).await?;
        Ok(SavedResult { named: Resolved::Uids(found.all.unwrap_or_default()) })
    }
}

impl Selected<'_> {
    /// Lets the server keep the result; `None` if it does not.
    async fn save(self, query: &Query) -> Result<Option<SavedSet>> {
        let capabilities = self.session.capabilities();
        // What the server does with a part of a result cannot be continued with the rest.
        if !capabilities.searchres() || !capabilities.esearch() || capabilities.message_limit().is_some() {
            return Ok(None);
        }
        // Counted before: a message that is expunged while the server searches may be in the result.
        let expunged = self.session.link().state().expunged;
        let search = command::search::Search::new(self.selection, query, Some(SearchReturn::new().save().count()));
        let Some(mark) = search.saves else { return Ok(None) };
        match self.session.call(search).await {
            Ok(found) => {
                let count = found.count.ok_or_else(|| {
                    Error::missing("the server kept the result of the search, and did not send how many it found")
                })?;
                Ok(Some(SavedSet { mark, count, expunged }))
            }
            Err(error) if is_limit(&error) || is_charset(&error, query) || is_unsaved(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether the server refuses to keep the result (RFC 5182 §3).
fn is_unsaved(error: &Error) -> bool {
    error.code().is_some_and(|code| code.is("NOTSAVED"))
}

impl<'a> IntoFuture for Saving<'a> {
    type Output = Result<SavedResult>;
    type IntoFuture = BoxFuture<'a, Result<SavedResult>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for Saving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saving").field("query", &self.query).finish_non_exhaustive()
    }
}
