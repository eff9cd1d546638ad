//! [`Fetching`] and [`FetchingChanges`]: a fetch that was not sent yet, with its modifiers (RFC 7162 §3.1.4.1, §3.2.6,
//! RFC 9394 §3.3). Awaiting it makes the stream. It must not know what the stream does.

use std::borrow::BorrowMut;
use std::fmt;
use std::future::IntoFuture;

use super::asked::Asked;
use super::fetch::Fetch;
use super::message_set::MessageSet;
use super::saved::Resolved;
use super::{Folder, Selected};
use crate::error::{Error, Result};
use crate::imap::command::fetch::Modifiers;
use crate::imap::session::Imap;
use crate::imap::types::{Items, PartialRange, is_modseq};
use crate::mailbox::BoxFuture;

/// A fetch that is about to be sent, from [`Folder::fetch`]. Await it to get the stream. Nothing is sent before that.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, Uids};
///
/// let mut inbox = imap.select("INBOX").await?;
/// let mut changed = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(1).await?;
/// while let Some(message) = changed.try_next().await? {
///     println!("{:?}: {:?}", message.uid(), message.modseq());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// Where a future is needed, such as in a collection of futures, [`into_future`](IntoFuture::into_future) makes one;
/// `tokio::join!` and `tokio::select!` take it as it is.
///
/// # Errors
///
/// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for UIDs of another UIDVALIDITY and a saved result that is gone, and
/// [`Kind::Unsupported`](crate::Kind::Unsupported) for items and modifiers that the server does not support. In an empty
/// mailbox, the errors of [`Folder::noop`]. The stream returns the others.
#[must_use = "nothing is fetched until it is awaited"]
pub struct Fetching<'a> {
    selected: Selected<'a>,
    messages: MessageSet,
    items: Items,
    modifiers: Modifiers,
}

/// A [`Fetching`] of messages that have changed. Await it to get the stream.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, Uids};
///
/// imap.enable(&["QRESYNC"]).await?;
/// let mut inbox = imap.select("INBOX").await?;
/// let mut changed = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(1).vanished().await?;
/// while let Some(message) = changed.try_next().await? {
///     println!("{:?}: {:?}", message.uid(), message.flags());
/// }
/// println!("expunged: {}", changed.vanished());
/// # Ok(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is fetched until it is awaited"]
pub struct FetchingChanges<'a>(Fetching<'a>);

impl<S: BorrowMut<Imap>> Folder<S> {
    /// Streams the items of these messages, which are UIDs or a [`SavedResult`](super::SavedResult): await the [`Fetching`]. One round trip; more for a very long set. The
    /// responses are parsed by the task that reads the stream. Messages that do not exist are left out; in an empty
    /// mailbox, nothing is fetched. Never marks a message as read.
    ///
    /// If whole messages are fetched, their size is fetched too: a message of another length has
    /// [`Defect::Size`](crate::Defect::Size), one without text [`Defect::Missing`](crate::Defect::Missing), among its
    /// [`defects`](crate::imap::Fetched::defects).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Uids};
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{} bytes", message.body().map_or(0, |body| body.len()));
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn fetch(&mut self, messages: impl Into<MessageSet>, items: Items) -> Fetching<'_> {
        Fetching::new(self.selected(), messages.into(), items)
    }
}

impl<'a> Fetching<'a> {
    pub(crate) fn new(selected: Selected<'a>, messages: MessageSet, items: Items) -> Self {
        Self { selected, messages, items, modifiers: Modifiers::default() }
    }

    /// Only messages whose flags or other data changed after this modification sequence (CHANGEDSINCE, RFC 7162
    /// §3.1.4.1), which includes new messages. Their [`modseq`](crate::imap::Fetched::modseq) is fetched too. As only
    /// the server knows which have changed, the stream cannot notice that one is left out.
    ///
    /// Awaiting it is refused, before anything is sent, with [`Kind::Unsupported`](crate::Kind::Unsupported) if the
    /// server does not support CONDSTORE, and with [`Kind::Input`](crate::Kind::Input) for 0 and for more than 63 bits.
    /// If the mailbox has no modification sequences (NOMODSEQ), the server refuses the fetch with
    /// [`Kind::Bad`](crate::Kind::Bad).
    pub fn changed_since(self, modseq: u64) -> FetchingChanges<'a> {
        let modifiers = Modifiers { changed_since: Some(modseq), ..self.modifiers };
        FetchingChanges(Self { items: self.items.modseq(), modifiers, ..self })
    }

    /// Only the messages at these positions of the set (PARTIAL, RFC 9394 §3.3): a page. Messages that do not exist have
    /// no position.
    ///
    /// Awaiting it is refused, before anything is sent, with [`Kind::Unsupported`](crate::Kind::Unsupported) if the
    /// server does not support PARTIAL, and with [`Kind::Input`](crate::Kind::Input) for a set that is too long for one
    /// command, since positions are counted in each command.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use std::num::NonZeroU32;
    /// use postroom::imap::{Items, PartialRange, Uids};
    ///
    /// let newest = PartialRange::last(NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(9));
    /// let pages = imap.capabilities().has("PARTIAL");
    /// let mut inbox = imap.select("INBOX").await?;
    /// if pages {
    ///     let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE).partial(newest).await?;
    ///     while let Some(message) = mail.try_next().await? {
    ///         println!("{:?}", message.subject());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn partial(self, range: PartialRange) -> Self {
        Self { modifiers: Modifiers { partial: Some(range), ..self.modifiers }, ..self }
    }

    async fn send(self) -> Result<Fetch<'a>> {
        let Self { selected, messages, items, modifiers } = self;
        let Selected { session, selection } = selected;
        let named = selected.resolve(messages)?;
        session.check_items(&items)?;
        check(session, modifiers)?;
        let asked = match named {
            Resolved::Uids(uids) => Asked::new(uids, items.judged(), session.limits().set),
            Resolved::Saved(_) if modifiers.vanished => {
                return Err(Error::input("a saved result has no expunged messages, so none can be asked for"));
            }
            Resolved::Saved(saved) if saved.count == 0 => Asked::of_saved(saved, items.judged()).nothing(),
            Resolved::Saved(saved) => Asked::of_saved(saved, items.judged()),
        };
        let asked = asked.modified(modifiers);
        if modifiers.partial.is_some() && !asked.is_short() {
            return Err(Error::input("the set is too long for one command, and positions are counted in each"));
        }
        let empty = || Ok::<_, Error>(selected.info()?.exists == 0);
        if empty()? && !modifiers.vanished {
            // The mailbox may have its first message by now. Some servers refuse a set that matches nothing.
            session.noop().await?;
        }
        match (empty()?, modifiers.vanished) {
            (true, false) => Fetch::new(session.link(), session.limits(), selection, asked.nothing()),
            (false, _) => Fetch::new(session.link(), session.limits(), selection, asked),
            // An empty mailbox can have had messages.
            (true, true) => Fetch::new(session.link(), session.limits(), selection, asked).map(Fetch::tolerant),
        }
    }
}

impl FetchingChanges<'_> {
    /// Also the UIDs of those messages of the set that were expunged after the modification sequence (RFC 7162 §3.2.6):
    /// [`Fetch::vanished`] returns them.
    ///
    /// Awaiting it is refused, before anything is sent, with [`Kind::Unsupported`](crate::Kind::Unsupported) unless
    /// QRESYNC is [enabled](Imap::enable).
    pub fn vanished(mut self) -> Self {
        self.0.modifiers.vanished = true;
        self
    }

    /// Only the messages at these positions of those that have changed, as [`Fetching::partial`].
    pub fn partial(self, range: PartialRange) -> Self {
        Self(self.0.partial(range))
    }
}

/// Fails if a modifier cannot be sent.
fn check(session: &Imap, modifiers: Modifiers) -> Result<()> {
    let capabilities = session.capabilities();
    if let Some(since) = modifiers.changed_since {
        session.require(capabilities.condstore(), "CONDSTORE")?;
        if !is_modseq(since) {
            return Err(Error::input("a modification sequence must have at most 63 bits and must not be 0"));
        }
    }
    if modifiers.vanished && !session.enabled().qresync() {
        return Err(Error::unsupported("QRESYNC is not enabled, so expunged messages cannot be asked for"));
    }
    // CONTEXT=SEARCH has a PARTIAL too, but of SEARCH only.
    session.require(modifiers.partial.is_none() || capabilities.has("PARTIAL"), "PARTIAL")
}

impl<'a> IntoFuture for Fetching<'a> {
    type Output = Result<Fetch<'a>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<'a> IntoFuture for FetchingChanges<'a> {
    type Output = Result<Fetch<'a>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.into_future()
    }
}

impl fmt::Debug for Fetching<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (messages, items, modifiers) = (&self.messages, &self.items, &self.modifiers);
        let mut out = f.debug_struct("Fetching");
        out.field("messages", messages).field("items", items).field("modifiers", modifiers).finish_non_exhaustive()
    }
}

impl fmt::Debug for FetchingChanges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
