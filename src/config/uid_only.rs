//! Whether IMAP sessions use no message numbers. It must not know what a capability means.

use super::Config;

impl Config {
    /// IMAP: enables UIDONLY (RFC 9586) at the login if the server announces it (`true`), or never (`false`). By default it is enabled if the
    /// server announces MESSAGELIMIT too: such a server has mailboxes in which numbering all messages is expensive.
    ///
    /// The server then keeps no message numbers for the session: it names each message by its UID, as all calls of this crate do, and
    /// [`Fetched::seq`](crate::imap::Fetched::seq) is always `None`. A command of the program's own with message numbers, by
    /// [`Imap::run`](crate::imap::Imap::run), is refused with the code
    /// [`UIDREQUIRED`](crate::imap::ResponseCode::UidRequired). It costs no round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// use postroom::imap::{Items, Uids};
    /// use postroom::{Config, Imap, Login};
    ///
    /// let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// let mut imap = Imap::connect(config.uid_only(true), Login::password("alice", "alicepw")).await?;
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     assert!(message.uid().is_some() && message.seq().is_none());
    /// }
    /// drop(mail);
    /// assert!(imap.enabled().uidonly());
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn uid_only(self, on: bool) -> Self {
        Self { uid_only: Some(on), ..self }
    }

    /// What the program decided.
    pub(crate) fn wants_uid_only(&self) -> Option<bool> {
        self.uid_only
    }
}
