//! What a [`Folder`] can do to find messages. How a query is written is the codec's business.

use std::borrow::Borrow;

use super::Folder;
use crate::error::{Error, Result};
use crate::imap::command::Answer;
use crate::imap::command::extension::Extension;
use crate::imap::command::search::Search;
use crate::imap::limited::Descent;
use crate::imap::session::Imap;
use crate::imap::types::{Query, SearchResult, SearchReturn, Uids};

/// Finding messages.
impl<S: Borrow<Imap>> Folder<S> {
    /// The messages that match, as a set that carries the mailbox's UIDVALIDITY. One flight; in ranges, and so short, where the
    /// server has ESEARCH; one flight more each time the server stops at its limit of messages (MESSAGELIMIT, RFC 9738).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// # use postroom::imap::{Imap, Query};
    /// # use postroom::{Config, Login};
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let mut imap = Imap::connect(config, Login::password("alice", "alicepw")).await?;
    /// let inbox = imap.select("INBOX").await?;
    /// let new = inbox.search(&Query::unseen().and(!Query::deleted())).await?;
    /// println!("{} new messages: {new}", new.len());
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input), before anything is sent, for a query that cannot be written and for UIDs in it of
    /// another UIDVALIDITY; [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses (code `BADCHARSET`: it does not
    /// take texts in UTF-8), or stops at its limit of messages and gets no further (code `MESSAGELIMIT`);
    /// [`Kind::Missing`](crate::Kind::Missing) where it says OK without what it found, or names messages that are not among those in
    /// which to look; [`Kind::Limit`](crate::Kind::Limit) for an answer over the limits; and what
    /// [every command](Imap#errors-of-every-command) can end in.
    pub async fn search(&self, query: &Query) -> Result<Uids> {
        Ok(self.find(query, SearchReturn::ALL).await?.all.unwrap_or_default())
    }

    /// What the messages that match have in numbers: how many, the lowest and the highest, and which ones, as far as asked for.
    /// One flight. Without ESEARCH the server tells which ones all the same, and the rest is counted here.
    ///
    /// # Errors
    ///
    /// As [`search`](Self::search), and, before anything is sent, [`Kind::Input`](crate::Kind::Input) where nothing is asked for and
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) where the server lacks what is asked for beyond ESEARCH. What was saved, how
    /// well each matches, and a stretch are never of a part of the messages: where the server stops at its limit, asking for these
    /// ends with [`Kind::Rejected`](crate::Kind::Rejected) and the code `MESSAGELIMIT`.
    pub async fn find(&self, query: &Query, returns: SearchReturn) -> Result<SearchResult> {
        if returns.is_empty() {
            return Err(Error::input("a search has to return something"));
        }
        for uids in query.sets() {
            self.check(uids)?;
        }
        let capabilities = self.session().capabilities();
        if let Some(names) = returns.demands().find(|names| !names.iter().any(|name| capabilities.has(name))) {
            return Err(Error::unsupported(match names {
                [] => "a session does not follow searches that are kept up to date (CONTEXT=SEARCH)".to_owned(),
                names => format!("this search needs {} of the server", names.join(" or ")),
            }));
        }
        let short = capabilities.esearch();
        let found = returns.complete(self.find_all(query, returns, short.then_some(returns)).await?);
        let validity = self.info()?.uid_validity;
        Ok(SearchResult { all: found.all.map(|all| all.under(validity)), ..found })
    }

    /// Each time the server stops at its limit, what it has not looked at is searched too.
    async fn find_all(
        &self,
        query: &Query,
        wanted: SearchReturn,
        returns: Option<SearchReturn>,
    ) -> Result<SearchResult> {
        let session = self.session();
        let search = Search { selection: self.selection, query, returns };
        let mut descent = Descent::new(self.info()?.exists.into());
        let (mut found, mut limited) = session.call_limited(search).await?;
        while let Some(cut) = limited.take() {
            if !wanted.can_be_joined() {
                return Err(cut.error("and what was asked for cannot be put together from parts"));
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

    /// Runs a command that is a value in this mailbox, such as [`Extension::sort`], and returns the untagged data it claims. One
    /// flight, more where an argument needs a literal.
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for an argument that cannot be sent and for UIDs of another
    /// UIDVALIDITY, [`Kind::Unsupported`](crate::Kind::Unsupported) for a command that would change the session;
    /// [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses, or stops at its limit of messages (code `MESSAGELIMIT`):
    /// what it did before stays done; [`Kind::Limit`](crate::Kind::Limit) for an answer over the limits; and what
    /// [every command](Imap#errors-of-every-command) can end in.
    pub async fn run(&self, extension: Extension) -> Result<Answer> {
        for uids in extension.sets() {
            self.check(uids)?;
        }
        self.session().run_in(extension, Some(self.selection)).await
    }
}
