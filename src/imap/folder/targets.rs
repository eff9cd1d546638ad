//! [`Targets`]: the messages that a call is about, by UID or by id. It must not know the call.

use std::borrow::Borrow;

use super::Folder;
use crate::error::Result;
use crate::imap::session::Imap;
use crate::imap::types::{Appended, Uid, Uids};
use crate::message_id::MessageId;

/// Messages of one mailbox, by UID or by [`MessageId`]: what calls such as [`Folder::archive`] accept. It is made from a [`Uid`], [`Uids`] or
/// an [`Appended`], and from one id, a slice, an array or a vector of ids. Ids of another mailbox are refused when the call is made.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::Mailbox;
/// use postroom::imap::Uid;
///
/// let mut inbox = imap.select("INBOX").await?;
/// inbox.mark_read(Uid::new(1)?).await?;
/// let entries = inbox.entries().await?;
/// inbox.mark_read(&entries[0].id).await?;
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Targets(Given);

#[derive(Clone, Debug)]
enum Given {
    Uids(Uids),
    Ids(Vec<MessageId>),
}

impl<S: Borrow<Imap>> Folder<S> {
    /// The UIDs of these messages, if they are of this mailbox.
    pub(super) fn targets(&self, targets: impl Into<Targets>) -> Result<Uids> {
        match targets.into().0 {
            Given::Uids(uids) => self.selected().check(&uids).map(|()| uids),
            Given::Ids(ids) => self.uids(&ids),
        }
    }
}

macro_rules! from_uids {
    ($($from:ty)*) => {
        $(impl From<$from> for Targets {
            fn from(uids: $from) -> Self {
                Self(Given::Uids(uids.into()))
            }
        })*
    };
}

from_uids!(Uid Uids Appended);

impl From<&Uids> for Targets {
    fn from(uids: &Uids) -> Self {
        uids.clone().into()
    }
}

impl From<MessageId> for Targets {
    fn from(id: MessageId) -> Self {
        vec![id].into()
    }
}

impl From<&MessageId> for Targets {
    fn from(id: &MessageId) -> Self {
        id.clone().into()
    }
}

impl From<Vec<MessageId>> for Targets {
    fn from(ids: Vec<MessageId>) -> Self {
        Self(Given::Ids(ids))
    }
}

impl From<&Vec<MessageId>> for Targets {
    fn from(ids: &Vec<MessageId>) -> Self {
        ids.as_slice().into()
    }
}

impl From<&[MessageId]> for Targets {
    fn from(ids: &[MessageId]) -> Self {
        ids.to_vec().into()
    }
}

impl<const N: usize> From<[MessageId; N]> for Targets {
    fn from(ids: [MessageId; N]) -> Self {
        Vec::from(ids).into()
    }
}

impl<const N: usize> From<&[MessageId; N]> for Targets {
    fn from(ids: &[MessageId; N]) -> Self {
        ids.as_slice().into()
    }
}
