//! Converts between the [`MessageId`]s of the common trait and the UIDs of a [`Folder`]. It must not touch the wire.

use std::borrow::Borrow;

use super::Folder;
use crate::error::{Error, Result};
use crate::imap::session::Imap;
use crate::imap::types::{Uid, Uids};
use crate::message_id::{Key, MessageId, Place};

/// Ids and UIDs.
impl<S: Borrow<Imap>> Folder<S> {
    /// Returns the id of the message with this UID, for the common trait [`Mailbox`](crate::Mailbox). It does not check
    /// that the message exists. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// println!("{}", inbox.message_id(Uid::new(1)?));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn message_id(&self, uid: Uid) -> MessageId {
        MessageId::new(self.place().clone(), Key::Number(uid.as_u32()))
    }

    /// Returns the UID of the message with this id. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let id = inbox.message_id(Uid::new(1)?);
    /// assert_eq!(inbox.uid(&id)?, Uid::new(1)?);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for an id of another mailbox or of an earlier UIDVALIDITY.
    pub fn uid(&self, id: &MessageId) -> Result<Uid> {
        uid_in(self.place(), id)
    }

    /// Returns the UIDs of the messages with these ids. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let id = inbox.message_id(Uid::new(1)?);
    /// assert_eq!(inbox.uids(&[id])?.to_string(), "1");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`uid`](Self::uid).
    pub fn uids(&self, ids: &[MessageId]) -> Result<Uids> {
        uids_in(self.place(), ids)
    }
}

/// The UID of a message in this mailbox.
fn uid_in(place: &Place, id: &MessageId) -> Result<Uid> {
    let number = match id.key() {
        Key::Number(number) if **id.place() == *place => Uid::nonzero(*number),
        _ => None,
    };
    number.ok_or_else(|| Error::input(format!("{id} is not a message of this mailbox under its current UIDVALIDITY")))
}

pub(super) fn uids_in(place: &Place, ids: &[MessageId]) -> Result<Uids> {
    ids.iter().map(|id| uid_in(place, id)).collect()
}
