//! [`Account`]: what a program holds for one mailbox owner. It makes, keeps, renews and limits sessions, repeats what may be repeated
//! after a lost connection, and finds out what happened to the rest. It uses only the public API of sessions.
//!
//! ```no_run
//! use postroom::account::Account;
//! use postroom::{Config, Login};
//!
//! # async fn example() -> postroom::Result<()> {
//! let account = Account::new(Config::new("imap.example.org"), Login::password("me", "secret")).connections(3).build()?;
//! for mailbox in account.run(|imap| Box::pin(imap.list("*"))).await? {
//!     println!("{}", mailbox.name);
//! }
//! # Ok(())
//! # }
//! ```

mod back_off;
mod builder;
mod flags_digest;
mod flow;
mod gate;
mod lane;
mod lease;
mod limits;
mod notice;
mod once;
mod pool;
mod pop3_account;
mod pop3_session;
mod pop3_watch;
mod running;
mod service;
mod session;
mod stats;
mod token;
mod watch;

use std::fmt;

pub use self::builder::AccountBuilder;
pub use self::lane::Lane;
pub use self::lease::{Lease, LeasedFetch, LeasedFetching, LeasedIdle, LeasedReadingPart, LeasedResume, LeasedSession};
pub use self::limits::ConnectionLimits;
pub use self::notice::{AccountNotice, AccountNotices};
pub use self::once::LeaseStoring;
use self::pool::Pool;
pub use self::pop3_account::{Pop3Account, Pop3AccountBuilder};
pub use self::pop3_session::Pop3Session;
pub use self::pop3_watch::{MaildropChange, MaildropWatch};
use self::service::ImapSessions;
pub use self::session::Session;
pub use self::stats::Stats;
pub use self::watch::{Watch, WatchMethod, WatchPosition, Watched};
#[cfg(doc)]
use crate::error::Kind;
use crate::error::Result;
use crate::login::Login;

/// The account of one mailbox owner, whose sessions come back after a lost connection. `Clone + Send + Sync`; the clones are one account.
///
/// # Sessions
///
/// They are opened on demand, at most [`connections`](AccountBuilder::connections) at a time, and go back to the account when a call ends
/// or what was lent is dropped. Calls wait in [lanes](Lane): interactive work comes first. After
/// [`idle_after`](AccountBuilder::idle_after) without a call, a session is logged out. When the last clone is dropped, the connections
/// close.
///
/// # Reconnecting
///
/// After a failure the account waits a random time before the next attempt, whose bound doubles with each failure in a row; an answered
/// call sets it back. It waits as long as the server asks. The first login, and the first after any failure, runs alone. If the server
/// accepts no more connections while the account has some, it makes do with those for ten minutes, or longer if that repeats.
///
/// | what fails | what happens |
/// |---|---|
/// | the network, a deadline, a busy server | back-off; a call gives up after its [patience](AccountBuilder::patience) |
/// | a login that has never worked | nothing is tried until [`set_login`](Self::set_login): one attempt in all |
/// | a login that has worked | it is tried again, alone, after 1, 10 and 60 minutes; then nothing until `set_login` |
/// | the certificate, or a required STARTTLS | nothing is tried until `set_login` or [`network_changed`](Self::network_changed) |
///
/// Each change of state is one [notice](AccountNotice).
///
/// # Tokens
///
/// A [`TokenProvider`](crate::TokenProvider) is called by one session at a time; the others wait for its result. A token whose
/// [end](crate::TokenProvider::expires_at) is known is kept until a minute before it. A provider that shares its refresh token with other
/// processes takes their lock inside the call.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::account::Account;
/// use postroom::imap::StatusItems;
/// use postroom::{Config, Login, testing::Server};
///
/// let server = Server::builder().sample_mail().start().await?;
/// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let account = Account::new(config, Login::password("alice", "alicepw")).build()?;
/// let status = account.run(|imap| Box::pin(imap.status("INBOX", StatusItems::MESSAGES))).await?;
/// println!("{:?} messages", status.messages);
/// account.shutdown().await;
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Account {
    pool: Pool<ImapSessions>,
    lane: Lane,
}

impl Account {
    /// Tries the login, once, unless a session is open already. The session is kept for the next call.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) {
    /// match account.check().await {
    ///     Ok(()) => println!("the login works"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Imap::connect`](crate::Imap::connect); if the account is waiting in its back-off, the last failure.
    pub async fn check(&self) -> Result<()> {
        self.pool.check().await
    }

    /// The same account, whose calls are [bulk work](Lane::Bulk).
    #[must_use]
    pub fn bulk(&self) -> Self {
        self.in_lane(Lane::Bulk)
    }

    pub(super) fn in_lane(&self, lane: Lane) -> Self {
        Self { pool: self.pool.clone(), lane }
    }

    /// What the account reports from now on: the notices of all its sessions, and its own. The stream does not have to be read. It never
    /// touches the wire.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) {
    /// let mut notices = account.notices();
    /// while let Some(notice) = notices.next().await {
    ///     println!("{notice:?}");
    /// }
    /// # }
    /// ```
    pub fn notices(&self) -> AccountNotices {
        self.pool.notices()
    }

    /// What the account has cost so far. Sessions in use are counted when they are returned. It never touches the wire.
    pub fn stats(&self) -> Stats {
        self.pool.stats()
    }

    /// The program learnt that the network has changed, or that the machine was asleep: idle sessions are ended, and what waits in a
    /// back-off is tried now. Waits that the server asked for go on. It never waits.
    pub fn network_changed(&self) {
        self.pool.network_changed();
    }

    /// Replaces the login, after a new password for example. Everything is tried anew; idle sessions of the old login are ended. It never
    /// waits, and does not check the login: see [`check`](Self::check).
    pub fn set_login(&self, login: Login) {
        self.pool.set_login(login);
    }

    /// Logs idle sessions out. Every later call fails with [`Kind::Closed`]; those that run go on.
    ///
    /// ```no_run
    /// # async fn example(account: postroom::account::Account) {
    /// account.shutdown().await;
    /// # }
    /// ```
    pub async fn shutdown(&self) {
        self.pool.shut().await;
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.pool.settings().config;
        f.debug_struct("Account").field("host", &config.host()).field("lane", &self.lane).finish_non_exhaustive()
    }
}
