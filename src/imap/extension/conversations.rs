//! Threads as a mail program shows them: the tree from THREAD, the newest of it fetched; and one thread in several mailboxes by the
//! identifiers that OBJECTID (RFC 8474) and Gmail give to threads. It must not know how threads are made.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;

use super::page::collected;
use super::thread::threaded;
use crate::BoxFuture;
use crate::error::{Error, Result};
#[cfg(doc)]
use crate::imap::folder::Fetch;
use crate::imap::folder::{Folder, Selected};
use crate::imap::session::Imap;
use crate::imap::types::{
    Conversation, Fetched, Items, MailboxName, Query, Scope, SearchReturn, ThreadAlgorithm, ThreadSelection, Uid, Uids,
};

impl<S: Borrow<Imap>> Folder<S> {
    /// The threads of the messages that match, ready to be shown: the thread with the newest message first, each as a tree with its
    /// subject, who wrote it, and how many messages are unread. The newest message is the one that was added to the mailbox last. Nothing
    /// is sent before the value is awaited.
    ///
    /// Two round trips if the server has THREAD: it names all messages that match, in about 7 bytes each, and those of the
    /// [newest](Threading::newest) threads are fetched. Otherwise three, and the threads are made here, as by
    /// [`thread`](Folder::thread): about 500 bytes for each message that matches. A query such as
    /// [`Query::since`] bounds both.
    ///
    /// Only messages of this mailbox are shown, so an answer that was filed elsewhere is not among them:
    /// [`Imap::thread_across`] finds it if the server gives identifiers to threads.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Query;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// for thread in inbox.threads(&Query::all()).newest(20).await? {
    ///     println!("{} ({} unread)", thread.subject, thread.unread);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Folder::thread`]; before anything is sent, [`Kind::Unsupported`](crate::Kind::Unsupported) for items that the server does not
    /// have; [`Kind::Limit`](crate::Kind::Limit) for messages over [`Limits::undelivered`](crate::Limits::undelivered); and the errors of
    /// [`Fetch::try_next`].
    pub fn threads<'a>(&'a self, query: &'a Query) -> Threading<'a> {
        let items = Items::new();
        Threading {
            selected: self.selected(),
            query,
            algorithm: ThreadAlgorithm::References,
            most: None,
            below: None,
            items,
        }
    }
}

/// Threads that are about to be fetched: see [`Folder::threads`]. Await it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, Query, ThreadAlgorithm};
///
/// let inbox = imap.select("INBOX").await?;
/// let query = Query::all();
/// let first = inbox.threads(&query).newest(10).algorithm(ThreadAlgorithm::OrderedSubject).items(Items::SIZE).await?;
/// if let Some(last) = first.last().and_then(|thread| thread.newest()) {
///     println!("{} more", inbox.threads(&query).older_than(last).await?.len());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is sent before it is awaited"]
pub struct Threading<'a> {
    selected: Selected<'a>,
    query: &'a Query,
    algorithm: ThreadAlgorithm,
    most: Option<usize>,
    below: Option<Uid>,
    items: Items,
}

impl Threading<'_> {
    /// Fetches at most this number of threads. Otherwise all are fetched.
    pub fn newest(self, most: usize) -> Self {
        Self { most: Some(most), ..self }
    }

    /// Only threads whose newest message has a lower UID than this: those after a thread whose [`newest`](Conversation::newest) message
    /// it is. A thread that gets a message meanwhile is no longer among them.
    pub fn older_than(self, uid: Uid) -> Self {
        Self { below: Some(uid), ..self }
    }

    /// How messages become threads. Otherwise by [`ThreadAlgorithm::References`].
    pub fn algorithm(self, algorithm: ThreadAlgorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// Also fetches these items of each message, beside envelope, flags and arrival date.
    pub fn items(self, items: Items) -> Self {
        Self { items, ..self }
    }

    async fn fetched(self) -> Result<Vec<Conversation>> {
        let Self { selected, query, algorithm, most, below, items } = self;
        let (session, items) = (selected.session, Items::ENVELOPE.flags().internal_date() | items);
        session.check_items(&items)?;
        let threads = threaded(selected, query, algorithm).await?;
        let selection = ThreadSelection::of(&threads, below, most);
        drop(threads);
        let uids: Uids = selection.threads.iter().flatten().map(|(_, uid)| *uid).collect();
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let messages = collected(selected.fetch(uids, items)?, session.limits().undelivered).await?;
        let mut messages: HashMap<Uid, Fetched> =
            messages.into_iter().filter_map(|message| Some((message.uid()?, message))).collect();
        Ok(selection.threads.into_iter().filter_map(|thread| Conversation::of(thread, &mut messages)).collect())
    }
}

/// The messages of a thread that are in one mailbox, from [`Imap::thread_across`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, ThreadPart};
///
/// if imap.capabilities().objectid() {
///     let parts: Vec<ThreadPart> = imap.thread_across("T64b478a75b7ea9", &["INBOX", "Sent"], Items::ENVELOPE).await?;
///     println!("{}", parts.iter().map(|part| part.messages.len()).sum::<usize>());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ThreadPart {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// Its messages of the thread, in the order of the mailbox.
    pub messages: Vec<Fetched>,
}

impl Imap {
    /// The messages of one thread in several mailboxes, such as a mail in INBOX and the answer in Sent: by the identifier that the server
    /// gives to the thread, which [`Fetched::thread_id`] returns (OBJECTID, RFC 8474), or [`Fetched::gmail_thread_id`] as text on Gmail.
    ///
    /// It leaves the selected mailbox: afterwards one of these mailboxes may be selected, read-only. With MULTISEARCH (RFC 7377), one round
    /// trip finds the mailboxes that have such messages; otherwise each is opened and searched, in two or three. A mailbox
    /// with messages costs one more.
    ///
    /// Without OBJECTID it is not possible: identifiers of messages would have to be searched in every mailbox, one by one.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Uid};
    ///
    /// let has_threads = imap.capabilities().objectid();
    /// let inbox = imap.select("INBOX").await?;
    /// if has_threads {
    ///     let message = inbox.get(Uid::new(1)?, Items::THREAD_ID).await?;
    ///     if let Some(thread) = message.as_ref().and_then(|message| message.thread_id()) {
    ///         let thread = thread.to_string();
    ///         let parts = imap.thread_across(&thread, &["INBOX", "Sent"], Items::ENVELOPE).await?;
    ///         println!("it is in {} mailboxes", parts.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`](crate::Kind::Unsupported) if the server has neither OBJECTID nor Gmail's extension, or
    /// not one of the items, and [`Kind::Input`](crate::Kind::Input) for an invalid name or identifier; those of [`Imap::examine`],
    /// [`Folder::search`] and [`Fetch::try_next`]; and [`Kind::Limit`](crate::Kind::Limit) for messages over
    /// [`Limits::undelivered`](crate::Limits::undelivered).
    pub async fn thread_across(&mut self, thread: &str, mailboxes: &[&str], items: Items) -> Result<Vec<ThreadPart>> {
        let capabilities = self.capabilities();
        let query = match capabilities.objectid() {
            true => Query::thread_id(thread),
            false => {
                self.require(capabilities.gmail(), "OBJECTID, which gives identifiers to threads")?;
                Query::gmail_thread_id(thread.parse().map_err(|_| Error::input("Gmail's threads have numbers"))?)
            }
        };
        self.check_items(&items)?;
        let names = mailboxes.iter().map(|name| MailboxName::new(name)).collect::<Result<Vec<_>>>()?;
        let names = self.mailboxes_with(&query, names).await?;
        let (mut parts, mut left) = (Vec::new(), self.limits().undelivered);
        for mailbox in names {
            let folder = self.examine(mailbox.clone()).await?;
            let uids = folder.search(&query).await?;
            if uids.is_empty() {
                continue;
            }
            let messages = collected(folder.selected().fetch(uids, items.clone())?, left).await?;
            left = left.saturating_sub(messages.iter().map(|message| message.raw().len()).sum());
            if !messages.is_empty() {
                parts.push(ThreadPart { mailbox, messages });
            }
        }
        Ok(parts)
    }

    /// Those of the mailboxes that have a match, in their order, as far as the server can say that at once.
    async fn mailboxes_with(&self, query: &Query, mut names: Vec<MailboxName>) -> Result<Vec<MailboxName>> {
        if self.capabilities().multisearch() && names.len() > 1 {
            let scope = Scope::Mailboxes(names.clone());
            let found = self.search_in(&[scope], query, SearchReturn::new().count()).await?;
            names.retain(|name| found.iter().any(|found| found.mailbox.as_ref() == Some(name)));
        }
        Ok(names)
    }
}

impl<'a> IntoFuture for Threading<'a> {
    type Output = Result<Vec<Conversation>>;
    type IntoFuture = BoxFuture<'a, Result<Vec<Conversation>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.fetched())
    }
}

impl fmt::Debug for Threading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Threading");
        out.field("query", &self.query).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
