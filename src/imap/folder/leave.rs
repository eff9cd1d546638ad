//! Leaving a mailbox: CLOSE and UNSELECT, and what replaces a missing UNSELECT. It must not know how a mailbox is opened.

use std::borrow::Borrow;
use std::fmt;

use super::Folder;
use crate::error::{Error, Result};
use crate::imap::command::close::{Close, Leave};
use crate::imap::command::select::Select;
use crate::imap::session::Imap;

/// The error of a mailbox that could not be left, with the folder, which still has the session. `?` converts it to the
/// [`Error`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// let folder = imap.into_folder("INBOX").await?;
/// let imap = match folder.close().await {
///     Ok(imap) => imap,
///     Err(not_left) => {
///         println!("{}", not_left.error);
///         not_left.folder.into_session()
///     }
/// };
/// imap.logout().await?;
/// # Ok(())
/// # }).unwrap();
/// ```
#[non_exhaustive]
pub struct NotLeft<S = Imap> {
    /// The error.
    pub error: Error,
    /// The folder. Its next call shows whether its mailbox is still selected.
    pub folder: Folder<S>,
}

/// Leaving the mailbox.
impl<S: Borrow<Imap>> Folder<S> {
    /// Closes the mailbox and **expunges every message in it that is marked `\Deleted`, no matter by which client**,
    /// unless it is open read-only. Returns the session. One round trip for any number of messages; the server does not
    /// report which ones are gone. To expunge only some messages, see [`expunge`](Self::expunge); to expunge nothing,
    /// [`unselect`](Self::unselect).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let inbox = imap.select("INBOX").await?;
    /// inbox.close().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The folder is returned with the error: [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses,
    /// [`Kind::Unknown`](crate::Kind::Unknown) if the connection ended before the answer, and the errors of [every
    /// command](Imap#errors-of-every-command).
    pub async fn close(self) -> Result<S, NotLeft<S>> {
        let left = self.session().call(Close { selection: self.selection, how: Leave::Expunge }).await;
        self.return_session(left)
    }

    /// Closes the mailbox and expunges nothing. Returns the session. One round trip; two if the server has no UNSELECT:
    /// then the mailbox is opened again, read-only, and closed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let inbox = imap.select("INBOX").await?;
    /// let imap = inbox.unselect().await?;
    /// assert!(imap.selected_folder().is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The folder is returned with the error, one of those of [every command](Imap#errors-of-every-command).
    pub async fn unselect(self) -> Result<S, NotLeft<S>> {
        let left = self.leave().await;
        self.return_session(left)
    }

    async fn leave(&self) -> Result<()> {
        let (info, session) = (self.info()?, self.session());
        if session.capabilities().unselect() {
            return session.call(Close { selection: self.selection, how: Leave::Unselect }).await;
        }
        // RFC 3501 §6.4.2: CLOSE expunges nothing in a mailbox that EXAMINE opened.
        if !info.read_only {
            session.call(Select::plain(info.name.clone(), true)).await?;
        }
        let state = self.link().state();
        let selected =
            state.selected.clone().filter(|selected| selected.read_only).ok_or_else(|| state.unselected())?;
        session.call(Close { selection: selected.selection, how: Leave::Examined }).await
    }

    fn return_session(self, left: Result<()>) -> Result<S, NotLeft<S>> {
        match left {
            Ok(()) => Ok(self.session),
            Err(error) => Err(NotLeft { error, folder: self }),
        }
    }
}

impl<S> From<NotLeft<S>> for Error {
    fn from(not: NotLeft<S>) -> Self {
        not.error
    }
}

impl<S> fmt::Display for NotLeft<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<S> fmt::Debug for NotLeft<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotLeft").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<S> std::error::Error for NotLeft<S> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
