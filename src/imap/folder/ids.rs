//! Between the [`MessageId`]s of the common trait and the UIDs of a [`Folder`], in both directions. Nothing here touches the wire.

use std::borrow::Borrow;

use super::Folder;
use crate::error::{Error, Result};
use crate::imap::session::Imap;
use crate::imap::types::{Uid, Uids};
use crate::message_id::{Key, MessageId};

/// Ids and UIDs.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # async fn example() -> postroom::Result<()> {
/// # use postroom::imap::{Imap, Uid};
/// # use postroom::{Config, Login};
/// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
/// # let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// # let mut imap = Imap::connect(config, Login::password("alice", "alicepw")).await?;
/// let inbox = imap.select("INBOX").await?;
/// let id = inbox.message_id(Uid::new(1)?);
/// assert_eq!(inbox.uid(&id)?, Uid::new(1)?);
/// assert_eq!(inbox.uids(&[id])?.to_string(), "1");
/// # Ok(())
/// # }
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
impl<S: Borrow<Imap>> Folder<S> {
    /// The id of the message with this UID, for the common trait [`Mailbox`](crate::Mailbox). Whether there is such a message is not
    /// asked. Never touches the wire.
    pub fn message_id(&self, uid: Uid) -> MessageId {
        MessageId::new(self.place().clone(), Key::Number(uid.as_u32()))
    }

    /// The UID of the message with this id. Never touches the wire.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for an id of another mailbox, or from before another UIDVALIDITY.
    pub fn uid(&self, id: &MessageId) -> Result<Uid> {
        let number = match id.key() {
            Key::Number(number) if id.place() == self.place() => Uid::nonzero(*number),
            _ => None,
        };
        number.ok_or_else(|| Error::input(format!("{id} is not a message of this mailbox as it is now")))
    }

    /// The UIDs of the messages with these ids. Never touches the wire.
    ///
    /// # Errors
    ///
    /// As [`uid`](Self::uid).
    pub fn uids(&self, ids: &[MessageId]) -> Result<Uids> {
        ids.iter().map(|id| self.uid(id)).collect()
    }
}
