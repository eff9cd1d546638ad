//! [`Pop3Account`]: one maildrop, with one session at a time, made on demand. It must not know how sessions are opened.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::back_off::BackOff;
use super::lane::Lane;
use super::limits::ConnectionLimits;
use super::notice::AccountNotices;
use super::pool::{Lent, Pool, Settings, is_connection_lost};
use super::pop3_session::Pop3Session;
use super::running::{Attempts, Next};
use super::service::Pop3Sessions;
use super::stats::Stats;
use crate::config::{Config, Protocol};
use crate::error::{Error, Kind, Result};
use crate::login::Login;
use crate::mailbox::BoxFuture;
use crate::pop3::Pop3;

/// The POP3 account of one mailbox owner. `Clone + Send + Sync`; the clones are one account.
///
/// A POP3 session locks its maildrop and shows the mail of its beginning. So the account has one session at a time, opens one for each
/// call, and ends it after that: whoever comes second waits. The next login waits for the server's LOGIN-DELAY (RFC 2449 §6.5), counted
/// from the last one.
///
/// Failures, refused logins, tokens and notices are those of an [`Account`](super::Account): the same back-off, the same table.
///
/// Nothing is deleted except by [`Pop3Session::commit`] and [`Pop3Session::quit`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::account::Pop3Account;
/// use postroom::{Config, Login, testing::Server};
///
/// let server = Server::builder().sample_mail().start().await?;
/// let config = Config::new("localhost").port(server.pop3s_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let account = Pop3Account::new(config, Login::password("alice", "alicepw")).build()?;
/// let stat = account.run(|pop3| Box::pin(async move { pop3.stat().await })).await?;
/// println!("{} messages", stat.messages);
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Pop3Account {
    pool: Pool<Pop3Sessions>,
}

/// The settings of a [`Pop3Account`], from [`Pop3Account::new`].
///
/// ```
/// use std::time::Duration;
///
/// use postroom::Login;
/// use postroom::account::Pop3Account;
///
/// let account = Pop3Account::new("pop.example.org", Login::password("me", "secret"))
///     .patience(Duration::from_secs(30))
///     .build()?;
/// # drop(account);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Pop3AccountBuilder {
    settings: Settings,
    login: Login,
}

impl Pop3AccountBuilder {
    /// How long a call waits for a session, through failures, back-off and LOGIN-DELAY, before it fails with the last error. Default:
    /// 2 min. A [`check`](Pop3Account::check) tries once, and a [`watch`](Pop3Account::watch) never gives up.
    pub fn patience(mut self, time: Duration) -> Self {
        self.settings.patience = time;
        self
    }

    /// The back-off after a failed attempt or a lost session, as [`AccountBuilder::back_off`](super::AccountBuilder::back_off).
    pub fn back_off(mut self, first: Duration, most: Duration) -> Self {
        self.settings.back_off = BackOff { first, most };
        self
    }

    /// The limits that this account shares with others, of either protocol.
    pub fn limits(mut self, limits: &ConnectionLimits) -> Self {
        self.settings.limits = Some(limits.clone());
        self
    }

    /// Makes the account. Never touches the network.
    ///
    /// ```
    /// use postroom::account::Pop3Account;
    /// use postroom::{Config, Kind, Login};
    ///
    /// let config: Config = "imaps://imap.example.org".parse()?;
    /// let wrong = Pop3Account::new(config, Login::password("me", "secret")).build();
    /// assert_eq!(wrong.unwrap_err().kind(), Kind::Input);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a configuration or login that cannot work.
    pub fn build(self) -> Result<Pop3Account> {
        self.settings.config.check(Protocol::Pop3)?;
        self.login.check()?;
        Ok(Pop3Account { pool: Pool::new(self.settings, self.login) })
    }
}

impl Pop3Account {
    /// Begins an account for this server and login. Nothing is sent before the first call.
    #[expect(clippy::new_ret_no_self, reason = "an account has settings")]
    pub fn new(config: impl Into<Config>, login: Login) -> Pop3AccountBuilder {
        let settings = Settings { connections: 1, ..Settings::new(config.into()) };
        Pop3AccountBuilder { settings, login }
    }

    /// Tries the login, once, unless a session is open already.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Pop3Account) {
    /// match account.check().await {
    ///     Ok(()) => println!("the login works"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Pop3::connect`]; if the account is waiting in its back-off, the last failure.
    pub async fn check(&self) -> Result<()> {
        self.pool.check().await
    }

    /// Lends a session, which does not survive its connection. The account's next call waits for its end: call
    /// [`commit`](Pop3Session::commit) or [`quit`](Pop3Session::quit), or drop it, which deletes nothing. Costs a login, and up to
    /// LOGIN-DELAY since the last one. Dropping the future is safe.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use postroom::account::Pop3Account;
    /// use postroom::{Config, Login, Mailbox, testing::Server};
    ///
    /// let server = Server::builder().sample_mail().start().await?;
    /// let config = Config::new("localhost").port(server.pop3s_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// let account = Pop3Account::new(config, Login::password("alice", "alicepw")).build()?;
    /// let mut session = account.session().await?;
    /// let oldest = session.entries().await?.into_iter().next().ok_or("no mail")?;
    /// session.mark_deleted(&[oldest.id]).await?;
    /// let committed = session.commit().await?;
    /// assert_eq!((committed.deleted.len(), committed.unknown.len()), (1, 0));
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Pop3::connect`] if none can be opened within the [patience](Pop3AccountBuilder::patience); [`Kind::Busy`] if another
    /// call has the session for that long.
    pub async fn session(&self) -> Result<Pop3Session> {
        let patience = Some(self.pool.settings().patience);
        Ok(Pop3Session::new(self.pool.acquire(Lane::Interactive, patience).await?))
    }

    /// Runs a call that reads, in a session of its own, and again in a new one if the connection is lost meanwhile. If two sessions end at
    /// it, it fails. What the call marks as deleted is not deleted.
    ///
    /// The round trips are those of the call and of a login. The session is ended beside everything else. Dropping the future is like
    /// dropping that of the call.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Pop3Account) -> postroom::Result<()> {
    /// use postroom::Mailbox;
    ///
    /// let entries = account.run(|pop3| pop3.entries()).await?;
    /// println!("{} messages", entries.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the call, and those of [`session`](Self::session).
    pub async fn run<T, F>(&self, call: F) -> Result<T>
    where
        F: for<'a> Fn(&'a mut Pop3) -> BoxFuture<'a, Result<T>>,
    {
        let mut attempts = Attempts::default();
        let deadline = Instant::now().checked_add(self.pool.settings().patience);
        loop {
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            let mut lent = self.pool.acquire(Lane::Interactive, left).await?;
            match self.try_once(&mut lent, &call).await {
                Ok(value) => return Ok(value),
                Err(error) if !is_lost(&error) => return Err(error),
                Err(error) => match attempts.died(error) {
                    Next::Again => {}
                    Next::Verify(error) | Next::Fail(error) => return Err(error),
                },
            }
        }
    }

    /// Like [`run`](Self::run), as often as it takes: it waits through all failures that may pass.
    pub(super) async fn run_on<T, F>(&self, call: F) -> Result<T>
    where
        F: for<'a> Fn(&'a mut Pop3) -> BoxFuture<'a, Result<T>>,
    {
        loop {
            let mut lent = self.pool.acquire(Lane::Watch, None).await?;
            match self.try_once(&mut lent, &call).await {
                Err(error) if is_lost(&error) => {}
                result => return result,
            }
        }
    }

    async fn try_once<T, F>(&self, lent: &mut Lent<Pop3Sessions>, call: &F) -> Result<T>
    where
        F: for<'a> Fn(&'a mut Pop3) -> BoxFuture<'a, Result<T>>,
    {
        let result = call(lent.session_mut()).await;
        // A refusal is an answer, too.
        if !lent.is_closed() {
            lent.useful();
        }
        result
    }

    /// What the account reports from now on, as [`Account::notices`](super::Account::notices). It never touches the wire.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Pop3Account) {
    /// let mut notices = account.notices();
    /// while let Some(notice) = notices.next().await {
    ///     println!("{notice:?}");
    /// }
    /// # }
    /// ```
    pub fn notices(&self) -> AccountNotices {
        self.pool.notices()
    }

    /// What the account has cost so far. A session in use is counted when it ends. It never touches the wire.
    pub fn stats(&self) -> Stats {
        self.pool.stats()
    }

    /// The program learnt that the network has changed: what waits in a back-off is tried now. Waits that the server asked for, such as
    /// LOGIN-DELAY, go on. It never waits.
    pub fn network_changed(&self) {
        self.pool.network_changed();
    }

    /// Replaces the login, after a new password for example. Everything is tried anew. It never waits, and does not check the login: see
    /// [`check`](Self::check).
    pub fn set_login(&self, login: Login) {
        self.pool.set_login(login);
    }

    /// Every later call fails with [`Kind::Closed`]; a session that is in use goes on.
    ///
    /// ```no_run
    /// # async fn example(account: postroom::account::Pop3Account) {
    /// account.shutdown().await;
    /// # }
    /// ```
    pub async fn shutdown(&self) {
        self.pool.shut().await;
    }

    pub(super) fn poll_interval(&self) -> Duration {
        self.pool.settings().config.deadlines.poll
    }
}

impl fmt::Debug for Pop3Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop3Account").field("host", &self.pool.settings().config.host()).finish_non_exhaustive()
    }
}

/// Whether a read that failed so may succeed in another session.
fn is_lost(error: &Error) -> bool {
    is_connection_lost(error) || error.kind() == Kind::Unknown
}
