//! Threading (RFC 5256 §3): by the server, or else by the same algorithms here. It must not know the algorithms.

use std::borrow::Borrow;

use crate::error::{Error, Result};
use crate::imap::command::extension::Extension;
use crate::imap::folder::{Folder, Selected, is_charset, is_limit};
use crate::imap::local::ThreadTable;
use crate::imap::session::Imap;
use crate::imap::types::{Query, Response, SearchReturn, ThreadAlgorithm, Threads};

impl<S: Borrow<Imap>> Folder<S> {
    /// Searches, and joins the messages that match to threads.
    ///
    /// If the server has THREAD with this algorithm, it threads: one round trip. Otherwise the messages are searched, and their
    /// envelopes, arrival dates and References fields are fetched, for about 500 bytes per message. They are then threaded here by the
    /// rules of RFC 5256. This is also done if the server stops at its limit of messages (MESSAGELIMIT, RFC 9738), or does not
    /// accept texts in UTF-8. What a message lacks,
    /// or the server cannot read of it, counts as empty. A message that is expunged meanwhile is left out.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Query, ThreadAlgorithm};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let threads = inbox.thread(&Query::all(), ThreadAlgorithm::References).await?;
    /// for (depth, message) in threads.walk() {
    ///     println!("{:depth$}{:?}", "", message.number());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for a query that cannot be written and for UIDs in it that have
    /// another UIDVALIDITY, and [`Kind::Unsupported`](crate::Kind::Unsupported) for a search key of an extension that the server does not
    /// have; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses; [`Kind::Missing`](crate::Kind::Missing) if
    /// it answers OK without a result; [`Kind::Limit`](crate::Kind::Limit) for an answer, or values to be threaded here, over
    /// [`Limits::undelivered`](crate::Limits::undelivered); and the errors of [every command](Imap#errors-of-every-command).
    pub async fn thread(&self, query: &Query, algorithm: ThreadAlgorithm) -> Result<Threads> {
        threaded(self.selected(), query, algorithm).await
    }
}

/// See [`Folder::thread`].
pub(super) async fn threaded(selected: Selected<'_>, query: &Query, algorithm: ThreadAlgorithm) -> Result<Threads> {
    selected.check_query(query)?;
    if selected.session.capabilities().has(&format!("THREAD={algorithm}")) {
        match selected.run(Extension::thread(&algorithm.to_string(), query.clone())).await {
            Err(error) if is_limit(&error) || is_charset(&error, query) => {}
            answer => {
                let threads = answer?.responses.iter().find_map(|response| match response {
                    Response::Thread(threads) => Some(threads),
                    _ => None,
                });
                return threads.ok_or_else(|| Error::missing("the server answered THREAD without the threads"));
            }
        }
    }
    let mut table = ThreadTable::new(algorithm, selected.session.limits().undelivered)?;
    let found = selected.find(query, SearchReturn::ALL).await?.all.unwrap_or_default();
    let mut mail = selected.fetch(found, table.items())?;
    while let Some(message) = mail.try_next().await? {
        table.add(&message)?;
    }
    Ok(table.threads())
}
