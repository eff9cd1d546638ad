//! Whether IMAP sessions are compressed. It must not know how.

use super::Config;

impl Config {
    /// IMAP: compresses everything after the login, in both directions, if the server announces it (COMPRESS=DEFLATE, RFC 4978). Texts of
    /// messages and lists become three to ten times smaller, which pays over slow networks. If the server refuses, the session goes on
    /// without.
    ///
    /// It costs one round trip more at the login, because nothing may be sent until the server has agreed, about 300 KiB of memory for each
    /// session, and the time to inflate. What the server sends is inflated in small pieces, and [`Limits`](crate::Limits) counts it as it
    /// is after that, so that small compressed data cannot become large in memory.
    ///
    /// Everything of one session is compressed together: who can put text into a mailbox and measure the sizes of encrypted packets may
    /// learn something about the other texts. Passwords are never compressed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// use postroom::{Config, Imap, Login};
    ///
    /// let server = postroom::testing::Server::builder().start().await?;
    /// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// let imap = Imap::connect(config.compress(), Login::password("alice", "alicepw")).await?;
    /// imap.noop().await?;
    /// assert!(server.commands().iter().any(|line| line.ends_with(" COMPRESS DEFLATE")));
    /// imap.logout().await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn compress(self) -> Self {
        Self { compressed: true, ..self }
    }

    pub(crate) fn compresses(&self) -> bool {
        self.compressed
    }
}
