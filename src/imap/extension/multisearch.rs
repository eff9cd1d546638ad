//! Searching several mailboxes at once (RFC 7377). It must not know how a server finds the mailboxes.

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::Extension;
use crate::imap::folder::check_keys;
use crate::imap::types::{Query, Response, Scope, SearchResult, SearchReturn};

impl Imap {
    /// Searches several mailboxes without selecting them (ESEARCH, RFC 7377), and returns one result for each mailbox that has a match:
    /// with its name, its UIDVALIDITY, and what is asked for. If nothing matches anywhere, there is no result. Mailboxes that the user
    /// may not read are left out. One round trip. There is no fallback: a server without MULTISEARCH has to be searched mailbox by
    /// mailbox, by [`Folder::search`](crate::imap::Folder::search).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::{Query, Scope, SearchReturn};
    ///
    /// if imap.capabilities().multisearch() {
    ///     for found in imap.search_in(&[Scope::Personal], &Query::flagged(), SearchReturn::ALL).await? {
    ///         println!("{:?}: {:?}", found.mailbox, found.all);
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support MULTISEARCH, the search key of an extension, or
    /// what is asked for, and [`Kind::Input`] if no scope is given, for the selected mailbox, which has a search of its own, if nothing
    /// is asked for, and for UIDs that carry a UIDVALIDITY, since they belong to one mailbox; [`Kind::Rejected`] if the server refuses;
    /// [`Kind::Missing`] if a result does not say of which mailbox it is; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn search_in(&self, scopes: &[Scope], query: &Query, returns: SearchReturn) -> Result<Vec<SearchResult>> {
        let capabilities = self.capabilities();
        self.require(capabilities.multisearch(), "MULTISEARCH")?;
        check_keys(self, query)?;
        if query.sets().iter().any(|uids| uids.validity().is_some()) {
            return Err(Error::input("these UIDs belong to one mailbox: they mean nothing in others"));
        }
        if returns.is_empty() || scopes.is_empty() || scopes.iter().any(is_selected) {
            return Err(Error::input("a search of mailboxes needs their names or kinds, and something to return"));
        }
        // RFC 7377 §2.2: SAVE is only about the selected mailbox.
        if !returns.can_be_computed() || returns.demands().any(|names| !names.iter().any(|name| capabilities.has(name)))
        {
            return Err(Error::unsupported("the server cannot return this about several mailboxes"));
        }
        let asked = if returns.range().is_some() { returns.whole() } else { returns };
        let command = Extension::multi_search(scopes, query.clone(), Some(asked));
        let found = self.ask(command, |response| match response {
            Response::Esearch(found) => Some(found),
            _ => None,
        });
        found.await?.into_iter().map(|found| named(returns.complete(found))).collect()
    }
}

fn is_selected(scope: &Scope) -> bool {
    matches!(scope, Scope::Selected | Scope::SelectedDelayed)
}

/// The result with the UIDVALIDITY of its mailbox on its UIDs.
fn named(found: SearchResult) -> Result<SearchResult> {
    match (&found.mailbox, found.uid_validity) {
        (Some(_), Some(validity)) => Ok(SearchResult { all: found.all.map(|all| all.stamped(validity)), ..found }),
        _ => Err(Error::missing("a result of a search in several mailboxes does not say which mailbox it is about")),
    }
}
