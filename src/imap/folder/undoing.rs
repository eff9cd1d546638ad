//! [`Imap::undo`]: moves messages back to where they were. It must not know why they were moved.

use super::Folder;
use crate::FlagChange;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Replay, Result};
use crate::imap::session::Imap;
use crate::imap::types::{CopyUid, Items, Transferred, Uids, Undo};

/// The result of [`Imap::undo`].
///
/// ```
/// use postroom::imap::Undone;
///
/// fn is_complete(undone: &Undone) -> bool {
///     undone.missing.is_empty()
/// }
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Undone {
    /// The messages that were moved back: their UIDs before and after that, if the server reports them. Its
    /// [`undo`](Transferred::undo) makes the first move again.
    pub moved: Transferred,
    /// The messages that are no longer where the first move put them, and stay away: by the UIDs that they had before it, stamped with that
    /// UIDVALIDITY.
    pub missing: Uids,
}

impl Imap {
    /// Moves messages back to the mailbox where they were before a move, as far as they are still where the move put them. They get new
    /// UIDs. Selects the mailbox where they are now, which stays selected. Three round trips: SELECT, a search, and the move; see
    /// [`Folder::move_to`](super::Folder::move_to) for the move, and for what dropping it does. If the server has not reported where the
    /// messages went, the identifiers (EMAILID) of all messages that came into that mailbox since are fetched in place of the search.
    ///
    /// A keyword that [`mark_junk`](super::Folder::mark_junk) or [`mark_not_junk`](super::Folder::mark_not_junk) gave is taken away again,
    /// in one more round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let moved = imap.select("INBOX").await?.trash(Uid::new(1)?).await?;
    /// let Some(undo) = moved.undo else { return Ok(()) };
    /// let undone = imap.undo(&undo).await?;
    /// assert!(undone.missing.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a move in another account, before anything is sent, and if the mailbox with the messages has another UIDVALIDITY
    /// now: then they cannot be found; [`Kind::Rejected`] if one of the two mailboxes no longer exists; and those of
    /// [`Folder::move_to`](super::Folder::move_to).
    pub async fn undo(&mut self, undo: &Undo) -> Result<Undone> {
        if undo.account() != &**self.account() {
            return Err(Error::input("the messages were moved in another account"));
        }
        let folder = self.select(undo.to()).await?;
        folder.selected().check(&Uids::ALL.stamped(undo.validity()))?;
        folder.check_movable()?;
        let (here, back) = folder.still_here(undo).await?;
        if here.is_empty() {
            return Ok(Undone { moved: Transferred::default(), missing: undo.originals() });
        }
        let mut marked = None;
        if let Some(keyword) = undo.keyword() {
            folder.store(here.clone(), &FlagChange::remove([keyword.clone()])).await?;
            marked = Some(Replay::Safe);
        }
        let moved = folder.move_to(here.clone(), undo.from()).await.map_err(|error| error.after_change(marked))?;
        let back_again = match &moved.missing {
            Some(missing) => here.difference(missing),
            None => here,
        };
        let originals = back.within(&back_again).map(|part| part.to().clone()).unwrap_or_default();
        Ok(Undone { missing: undo.originals().difference(&originals), moved })
    }
}

impl Folder<&mut Imap> {
    /// The moved messages that are still in this mailbox, and the way back.
    async fn still_here(&self, undo: &Undo) -> Result<(Uids, CopyUid)> {
        let Some(traced) = undo.traces() else {
            let back = undo.back([]);
            let here = self.here(back.from()).await?.intersection(back.from());
            return Ok((here, back));
        };
        let mut mail = self.selected().fetch(Uids::from_uid(traced.since()), Items::EMAIL_ID)?;
        let (ids, mut found) = (traced.ids(), Vec::new());
        while let Some(message) = mail.try_next().await? {
            let id = message.email_id().map(|id| id.to_str_lossy().into_owned());
            found.extend(message.uid().zip(id).filter(|(_, id)| ids.contains(id.as_str())));
        }
        let back = undo.back(found.iter().map(|(uid, id)| (*uid, id.as_str())));
        Ok((back.from().clone(), back))
    }
}
