//! ESEARCH (RFC 7377): a search in several mailboxes at once.

use super::extension::Extension;
use crate::imap::types::{Query, Scope, SearchReturn};

impl Extension {
    /// ESEARCH: the messages that match in all these mailboxes, or in the selected one if `scopes` is empty. The answer is one
    /// [`Response::Esearch`](crate::imap::Response::Esearch) for each mailbox with a match.
    pub fn multi_search(scopes: &[Scope], query: Query, returns: Option<SearchReturn>) -> Self {
        let line = Self::new("ESEARCH").claim("ESEARCH");
        let line = match scopes {
            [] => line.selected(),
            scopes => line.word("IN").list(|list| list.each(scopes, Self::scope)),
        };
        let line = match returns {
            Some(returns) => line.checked(format!("RETURN ({returns})")),
            None => line,
        };
        match query.is_ascii() {
            true => line.query(query),
            false => line.word("CHARSET").word("UTF-8").query(query),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::imap::types::MailboxName;

    #[test]
    fn mailboxes_are_named_by_scopes() {
        let names = || vec![MailboxName::INBOX, MailboxName::new("a b").unwrap()];
        let scopes = [Scope::Personal, Scope::Subtree(names()), Scope::SubtreeOne(vec![MailboxName::INBOX])];
        let search = Extension::multi_search(&scopes, Query::unseen(), Some(SearchReturn::new().count()));
        assert_eq!(
            search.to_string(),
            "ESEARCH IN (personal subtree (INBOX \"a b\") subtree-one (INBOX)) RETURN (COUNT) UNSEEN"
        );
        let none = [Scope::Mailboxes(Vec::new())];
        assert!(Extension::multi_search(&none, Query::all(), None).segments(false).is_err());
        assert_eq!(Extension::multi_search(&[], Query::all(), None).to_string(), "ESEARCH ALL");
    }
}
