//! [`MessageSet`]: the messages that a call is about, by UID, by id, or as a saved result. It must not know the call.

use super::saved::{Resolved, SavedResult};
use crate::imap::types::Uids;
use crate::message_id::MessageId;

/// Messages of one mailbox: what calls such as [`Folder::fetch`](super::Folder::fetch) and [`Folder::archive`](super::Folder::archive)
/// accept. It is made from a [`Uid`](crate::imap::Uid), [`Uids`] or an [`Appended`](crate::imap::Appended); from one [`MessageId`], a
/// slice, an array or a vector of ids; and from a [`SavedResult`]. Ids of another mailbox are refused when the call is made, and so are
/// UIDs that carry another UIDVALIDITY, and a result that is gone.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::Mailbox;
/// use postroom::imap::{MessageSet, Uid};
///
/// let mut inbox = imap.select("INBOX").await?;
/// inbox.mark_read(Uid::new(1)?).await?;
/// let entries = inbox.entries().await?;
/// inbox.mark_read(&entries[0].id).await?;
/// let newest = MessageSet::from(Uid::new(30)?);
/// inbox.archive(newest).await?;
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct MessageSet(pub(super) Given);

/// What the caller gave.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Resolved(Resolved),
    Ids(Vec<MessageId>),
}

impl<T: Into<Uids>> From<T> for MessageSet {
    fn from(uids: T) -> Self {
        Self(Given::Resolved(Resolved::Uids(uids.into())))
    }
}

impl From<&SavedResult> for MessageSet {
    fn from(result: &SavedResult) -> Self {
        Self(Given::Resolved(result.named.clone()))
    }
}

impl From<MessageId> for MessageSet {
    fn from(id: MessageId) -> Self {
        vec![id].into()
    }
}

impl From<&MessageId> for MessageSet {
    fn from(id: &MessageId) -> Self {
        id.clone().into()
    }
}

impl From<Vec<MessageId>> for MessageSet {
    fn from(ids: Vec<MessageId>) -> Self {
        Self(Given::Ids(ids))
    }
}

impl From<&Vec<MessageId>> for MessageSet {
    fn from(ids: &Vec<MessageId>) -> Self {
        ids.as_slice().into()
    }
}

impl From<&[MessageId]> for MessageSet {
    fn from(ids: &[MessageId]) -> Self {
        ids.to_vec().into()
    }
}

impl<const N: usize> From<[MessageId; N]> for MessageSet {
    fn from(ids: [MessageId; N]) -> Self {
        Vec::from(ids).into()
    }
}

impl<const N: usize> From<&[MessageId; N]> for MessageSet {
    fn from(ids: &[MessageId; N]) -> Self {
        ids.as_slice().into()
    }
}
