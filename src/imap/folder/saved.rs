//! [`SavedResult`]: the result of a search that the server keeps (`$`, RFC 5182). A plain value; it must not know whether the result is
//! still there.

use crate::imap::types::{Query, SavedMark, Uids};

/// The messages that a search found: kept by the server for one selection of the mailbox, or their UIDs. Calls that take a
/// [`MessageSet`](super::MessageSet) accept it; [`query`](Self::query) makes a search key of it.
///
/// If the server keeps it, a call fails with [`Kind::Input`](crate::Kind::Input) before anything is sent once another search was
/// saved or the mailbox was left, even if it was selected again: then `$` means other messages, or none.
///
/// Only the server knows which messages it has. A fetch takes at most as many messages as the search found. If fewer come, and they were
/// not expunged, the server is asked which they are, and what is missing is fetched again. A program that must know the UIDs uses
/// [`Folder::search`](super::Folder::search) without `save`.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::Query;
///
/// let inbox = imap.select("INBOX").await?;
/// let unseen = inbox.search(&Query::unseen()).save().await?;
/// let flagged = inbox.search(&unseen.query().and(Query::flagged())).await?;
/// println!("{} unseen, {flagged} of them flagged", unseen.len());
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct SavedResult {
    pub(super) named: Resolved,
}

/// The messages of a call.
#[derive(Clone, Debug)]
pub(super) enum Resolved {
    Uids(Uids),
    Saved(SavedSet),
}

/// A result that the server keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct SavedSet {
    pub(super) mark: SavedMark,
    /// How many messages it had at first.
    pub(super) count: u64,
    /// How many messages had been expunged in the session when it was asked for.
    pub(super) expunged: u64,
}

impl SavedSet {
    /// How many messages it has at least, now that `expunged` messages were expunged in the session.
    pub(super) fn left(self, expunged: u64) -> u64 {
        self.count.saturating_sub(expunged.saturating_sub(self.expunged))
    }
}

impl SavedResult {
    /// How many messages the search found. Some may be expunged since.
    pub fn len(&self) -> u64 {
        match &self.named {
            Resolved::Uids(uids) => uids.len(),
            Resolved::Saved(saved) => saved.count,
        }
    }

    /// Whether the search found nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The search key for its messages.
    pub fn query(&self) -> Query {
        match &self.named {
            Resolved::Uids(uids) => Query::uids(uids.clone()),
            Resolved::Saved(saved) => Query::of_saved(saved.mark),
        }
    }

    /// The messages, if they are known here: those of a result that the server does not keep.
    pub fn uids(&self) -> Option<&Uids> {
        match &self.named {
            Resolved::Uids(uids) => Some(uids),
            Resolved::Saved(_) => None,
        }
    }
}
