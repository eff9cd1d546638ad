//! [`Storing`]: a change of flags that was not sent yet, with its condition (RFC 7162 §3.1.3), and [`Stored`], its
//! result. It must not know what else is done in the mailbox.

use std::borrow::Borrow;
use std::fmt;
use std::future::IntoFuture;

use super::message_set::MessageSet;
use super::saved::Resolved;
use super::{Folder, Selected};
use crate::FlagChange;
use crate::error::{Error, Replay, Result};
use crate::imap::command::Target;
use crate::imap::command::store::Store;
use crate::imap::limited::Descent;
use crate::imap::session::Imap;
use crate::imap::types::{Uids, is_modseq};
use crate::mailbox::BoxFuture;

/// A change of flags that is about to be sent, from [`Folder::store`]. Await it. Nothing is sent before that.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Uid, Uids};
/// use postroom::{Flag, FlagChange};
///
/// let inbox = imap.select("INBOX").await?;
/// let change = FlagChange::add([Flag::FLAGGED]);
/// let stored = inbox.store(Uid::new(1)?, &change).unchanged_since(1).await?;
/// if !stored.modified.is_empty() {
///     println!("changed meanwhile, and left as it is: {}", stored.modified);
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
/// [`Kind::Unsupported`](crate::Kind::Unsupported) in a mailbox that is open read-only, or for a condition that the
/// server does not support; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses, or stops and makes no
/// progress (code `MESSAGELIMIT`); [`Kind::Unknown`](crate::Kind::Unknown) if the connection ended before the answer; and
/// the errors of [every command](Imap#errors-of-every-command). If one of several commands fails, those before it were
/// carried out.
#[must_use = "nothing is stored until it is awaited"]
pub struct Storing<'a> {
    selected: Selected<'a>,
    messages: MessageSet,
    change: &'a FlagChange,
    unchanged_since: Option<u64>,
}

/// The result of [`Folder::store`].
///
/// ```
/// use postroom::imap::Stored;
///
/// fn is_complete(stored: &Stored) -> bool {
///     stored.modified.is_empty()
/// }
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// The messages that did not meet [`unchanged_since`](Storing::unchanged_since) and were not changed (code
    /// `MODIFIED`), stamped with the UIDVALIDITY. Some servers name messages whose other flags have changed: fetch
    /// their flags and decide again.
    pub modified: Uids,
}

impl<S: Borrow<Imap>> Folder<S> {
    /// Changes the flags of these messages, which are UIDs or a [`SavedResult`](super::SavedResult): await the [`Storing`]. One round trip; more for a very long set, and one
    /// more each time the server stops at its limit of messages (MESSAGELIMIT, RFC 9738). Messages that no longer exist
    /// are skipped.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uids;
    /// use postroom::{Flag, FlagChange};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let uids: Uids = "1:3".parse()?;
    /// inbox.store(uids, &FlagChange::add([Flag::FLAGGED])).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn store<'a>(&'a self, messages: impl Into<MessageSet>, change: &'a FlagChange) -> Storing<'a> {
        Storing { selected: self.selected(), messages: messages.into(), change, unchanged_since: None }
    }
}

impl<'a> Storing<'a> {
    /// Changes only messages that did not change after this modification sequence (UNCHANGEDSINCE, RFC 7162 §3.1.3);
    /// [`Stored::modified`] has the others. With 0, only messages that never had any of the flags.
    ///
    /// Awaiting it is refused, before anything is sent, with [`Kind::Unsupported`](crate::Kind::Unsupported) if the
    /// server does not support CONDSTORE, and with [`Kind::Input`](crate::Kind::Input) for more than 63 bits.
    pub fn unchanged_since(self, modseq: u64) -> Self {
        Self { unchanged_since: Some(modseq), ..self }
    }

    async fn send(self) -> Result<Stored> {
        let Selected { session, .. } = self.selected;
        let named = self.selected.resolve(self.messages.clone())?;
        self.selected.check_writable()?;
        if let Some(since) = self.unchanged_since {
            session.require(session.capabilities().condstore(), "CONDSTORE")?;
            if since != 0 && !is_modseq(since) {
                return Err(Error::input("a modification sequence must have at most 63 bits"));
            }
        }
        // Before the commands: the session may have ended after them.
        let validity = self.selected.info()?.uid_validity;
        let mut modified = Uids::new();
        match named {
            Resolved::Uids(uids) => {
                let mut done = None;
                for part in uids.split(session.limits().set) {
                    let part = self.send_part(part, &mut done).await.map_err(|error| error.after_change(done))?;
                    modified = modified.union(&part)?;
                }
            }
            Resolved::Saved(saved) if saved.count == 0 => {}
            Resolved::Saved(saved) => {
                let target = Target::Saved(saved.mark);
                modified = session.call(self.command(target)).await.or_else(|error| self.refused(error, &Uids::ALL))?;
            }
        }
        Ok(Stored { modified: modified.under(validity) })
    }

    /// Returns the messages that were not changed. `done` is what was changed before an error.
    async fn send_part(&self, mut uids: Uids, done: &mut Option<Replay>) -> Result<Uids> {
        let mut descent = Descent::new(self.selected.info()?.exists.into());
        let mut modified = Uids::new();
        while !uids.is_empty() {
            let command = self.command((&uids).into());
            let replay = command.replay();
            let stored = self.selected.session.call_limited(command).await;
            let (more, cut) = match stored {
                Ok(stored) => stored,
                Err(error) => (self.refused(error, &uids)?, None),
            };
            *done = Some(replay);
            modified = modified.union(&more)?;
            let Some(cut) = cut else { break };
            uids = descent.below(&uids, cut)?;
        }
        Ok(modified)
    }

    fn command<'b>(&'b self, messages: Target<'b>) -> Store<'b> {
        let Self { selected: Selected { selection, .. }, change, unchanged_since, .. } = *self;
        Store { selection, messages, change, unchanged_since }
    }

    /// RFC 7162 §3.1.3: MODIFIED can come in a NO, if some of the messages no longer exist.
    fn refused(&self, error: Error, uids: &Uids) -> Result<Uids> {
        let modified = error.code().filter(|code| error.is_refusal() && code.is("MODIFIED"));
        match modified.and_then(|code| code.data().parse::<Uids>().ok()).filter(|_| self.unchanged_since.is_some()) {
            Some(modified) => Ok(modified.intersection(uids)),
            None => Err(error),
        }
    }
}

impl<'a> IntoFuture for Storing<'a> {
    type Output = Result<Stored>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for Storing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (messages, change, since) = (&self.messages, &self.change, &self.unchanged_since);
        let mut out = f.debug_struct("Storing");
        out.field("messages", messages).field("change", change).field("unchanged_since", since).finish_non_exhaustive()
    }
}
