//! [`Pop3Session`]: the session of a POP3 account, while somebody uses it. It must not know how it was opened.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::pool::Lent;
use super::service::Pop3Sessions;
use crate::error::{Error, Result};
use crate::mailbox::{Committed, Mailbox};
use crate::pop3::Pop3;

/// A session of a POP3 account, from [`Pop3Account::session`](super::Pop3Account::session): a [`Pop3`], and so a
/// [`Mailbox`](crate::Mailbox). It does not survive its connection: if that is lost, every call fails with
/// [`Kind::Closed`](crate::Kind::Closed).
///
/// **Its end.** [`commit`](Self::commit) and [`quit`](Self::quit) delete what is marked, and report if that is in doubt. Dropping it
/// deletes nothing: RSET takes the marks away, then QUIT ends the session, beside everything else and within 10 s; if RSET is not
/// answered, the connection is closed without QUIT. The account's next session waits for that.
///
/// [`Mailbox::changed`](crate::Mailbox::changed) connects again by itself, without the account's back-off:
/// [`Pop3Account::watch`](super::Pop3Account::watch) is meant for that.
///
/// A [`Collector`](crate::collect::Collector) runs on it, as on every `Mailbox`; it commits by itself:
///
/// ```
/// # #[cfg(all(feature = "testing", feature = "collect"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::account::Pop3Account;
/// use postroom::collect::{Collector, Maildir, MemoryLedger};
/// use postroom::{Config, Login, testing::Server};
///
/// # let scratch = std::env::temp_dir().join(format!("postroom-account-{}", std::process::id()));
/// # std::fs::create_dir_all(&scratch)?;
/// let server = Server::builder().sample_mail().start().await?;
/// let config = Config::new("localhost").port(server.pop3s_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let account = Pop3Account::new(config, Login::password("alice", "alicepw")).build()?;
/// let mut collector = Collector::new("alice", MemoryLedger::default(), Maildir::open(&scratch).await?);
/// let mut session = account.session().await?;
/// let summary = collector.run(&mut *session).finish().await?;
/// println!("{summary:?}");
/// # std::fs::remove_dir_all(&scratch)?;
/// # Ok(()) }
/// # #[cfg(not(all(feature = "testing", feature = "collect")))]
/// # fn main() {}
/// ```
pub struct Pop3Session {
    lent: Lent<Pop3Sessions>,
}

impl Pop3Session {
    pub(super) fn new(lent: Lent<Pop3Sessions>) -> Self {
        Self { lent }
    }

    /// Deletes the marked messages, ends the session with QUIT, and returns which deletions are certain: [`Mailbox::commit`]. One round
    /// trip. If the future is dropped, the deletions are unknown.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Pop3Account) -> postroom::Result<()> {
    /// let committed = account.session().await?.commit().await?;
    /// if !committed.unknown.is_empty() {
    ///     println!("nobody knows whether {} messages are deleted", committed.unknown.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Mailbox::commit`]: QUIT was not sent, and nothing is deleted.
    pub async fn commit(self) -> Result<Committed> {
        let (mut pop3, leaving) = self.lent.leave().ok_or_else(gone)?;
        let committed = pop3.commit().await;
        drop(leaving);
        committed
    }

    /// Deletes the marked messages and ends the session: [`Pop3::quit`]. One round trip. If the future is dropped, the deletions are
    /// unknown.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Pop3Account) -> postroom::Result<()> {
    /// account.session().await?.quit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Pop3::quit`]: [`Kind::Unknown`](crate::Kind::Unknown) if its reply was lost.
    pub async fn quit(self) -> Result<()> {
        let (pop3, leaving) = self.lent.leave().ok_or_else(gone)?;
        let ended = pop3.quit().await;
        drop(leaving);
        ended
    }
}

impl Deref for Pop3Session {
    type Target = Pop3;

    fn deref(&self) -> &Pop3 {
        self.lent.session()
    }
}

impl DerefMut for Pop3Session {
    fn deref_mut(&mut self) -> &mut Pop3 {
        self.lent.session_mut()
    }
}

impl fmt::Debug for Pop3Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pop3Session").field(&**self).finish()
    }
}

fn gone() -> Error {
    Error::closed("the session has ended")
}
