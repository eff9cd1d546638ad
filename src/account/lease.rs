//! [`Lease`]: one mailbox of an account, open for as long as the program holds it, whatever happens to connections. Its core keeps the
//! session between calls, gives it away while nobody uses it, and opens the mailbox again. The calls are in the files below it.

mod calls;
mod fetch;
mod following;
mod held;
mod idle;
mod messages;

mod read;
mod remaining;
mod resume;
mod seen;

use std::fmt;
use std::sync::Arc;

pub use self::fetch::{LeasedFetch, LeasedFetching};
pub use self::held::LeasedSession;
pub(super) use self::held::Taken;
use self::held::{Core, Current};
pub use self::idle::LeasedIdle;
pub use self::read::LeasedReadingPart;
pub use self::resume::LeasedResume;
use super::Account;
use super::running::Next;
use crate::error::{Error, Result};
use crate::imap::{Folder, FolderInfo, Imap, MailboxName};
use crate::mailbox::BoxFuture;

/// One mailbox of an account, from [`Account::select`] or [`Account::examine`], for as long as the program holds it: its calls survive lost
/// connections.
///
/// If a connection is lost, a call goes on over a new session, with the mailbox opened again. It never changes the mailbox, the UIDVALIDITY
/// or the meaning of UIDs under its holder: if the mailbox comes back with another UIDVALIDITY, or without one, every call fails with
/// [`Kind::Closed`](crate::Kind::Closed), code `UIDVALIDITY`.
///
/// Between two calls the account may use the session for other work; the next call opens the mailbox again: one or two round trips more.
/// Nothing is expunged when the lease is dropped, and CLOSE is never sent.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::account::Account;
/// use postroom::imap::Query;
/// use postroom::{Config, Login, testing::Server};
///
/// let server = Server::builder().sample_mail().start().await?;
/// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let account = Account::new(config, Login::password("alice", "alicepw")).build()?;
/// let inbox = account.select("INBOX").await?;
/// println!("{}", inbox.search(&Query::all()).await?);
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub struct Lease {
    core: Arc<Core>,
}

/// Mailboxes that stay open.
impl Account {
    /// Opens a mailbox for reading and writing, and keeps it open: the [`Lease`]. One or two round trips, and those of a login if no session
    /// is idle.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let inbox = account.select("INBOX").await?;
    /// println!("{} messages", inbox.info().await?.exists);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Opening`](crate::imap::Opening), and those of [`session`](Self::session).
    pub async fn select(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Lease> {
        Lease::open(self.clone(), name.try_into().map_err(Into::into)?, false).await
    }

    /// Like [`select`](Self::select), but read-only: nothing done through the lease changes the mailbox.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let archive = account.examine("Archive").await?;
    /// assert!(archive.info().await?.read_only);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`select`](Self::select).
    pub async fn examine(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Lease> {
        Lease::open(self.clone(), name.try_into().map_err(Into::into)?, true).await
    }
}

impl Lease {
    async fn open(account: Account, name: MailboxName, read_only: bool) -> Result<Self> {
        let lease = Self { core: Core::new(account, name, read_only) };
        // A mailbox that does not exist is reported at once.
        lease.core.current().await?;
        Ok(lease)
    }

    /// The mailbox.
    pub fn name(&self) -> &MailboxName {
        self.core.name()
    }

    /// The account that it belongs to.
    pub fn account(&self) -> &Account {
        self.core.account()
    }

    /// What the server has reported about the mailbox. It touches the wire only to open the mailbox again.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let inbox = account.select("INBOX").await?;
    /// println!("{} messages", inbox.info().await?.exists);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Account::select`], if the mailbox has to be opened again.
    pub async fn info(&self) -> Result<Arc<FolderInfo>> {
        self.call(|folder| Box::pin(async move { folder.info() })).await
    }

    /// Lends the folder of the current session, for what the lease does not offer itself. The folder does not survive its connection.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let mut inbox = account.select("INBOX").await?;
    /// let folder = inbox.folder().await?;
    /// println!("{:?}", folder.next_uid().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Account::select`], if the mailbox has to be opened again.
    pub async fn folder(&mut self) -> Result<Folder<LeasedSession<'_>>> {
        Folder::of(LeasedSession::new(Core::take(&self.core).await?))
    }

    /// A session with the mailbox open, for one call alone.
    pub(super) async fn alone(&self) -> Result<Taken> {
        Core::alone(&self.core).await
    }

    /// Runs a call that returns a value, again on a new session if its connection is lost. Changes are repeated if that is safe.
    pub(super) async fn call<T, F>(&self, call: F) -> Result<T>
    where
        F: for<'a> Fn(Folder<&'a Imap>) -> BoxFuture<'a, Result<T>>,
    {
        let account = self.account();
        let mut attempts = account.attempts();
        loop {
            let current = self.core.current().await?;
            match self.try_once(&current, &call, &mut attempts).await {
                Ok(value) => return Ok(value),
                Err(Next::Again) => {}
                Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
            }
        }
    }

    /// One attempt on this session.
    pub(super) async fn try_once<T, F>(
        &self,
        current: &Current,
        call: &F,
        attempts: &mut super::running::Attempts,
    ) -> Result<T, Next>
    where
        F: for<'a> Fn(Folder<&'a Imap>) -> BoxFuture<'a, Result<T>>,
    {
        let result = match Folder::of(current.lent().session()) {
            Ok(folder) => call(folder).await,
            Err(error) => Err(error),
        };
        if result.is_err() && !current.is_selected() {
            // The server deselected the mailbox: it is opened again, which shows whether its UIDs are the same.
            self.core.release();
            if let Err(error) = result {
                return Err(attempts.died(error));
            }
            return Err(Next::Again);
        }
        self.account().next(attempts, current.lent(), result).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.core.end();
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("name", &self.name().as_str()).finish_non_exhaustive()
    }
}
