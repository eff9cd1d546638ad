//! [`Imap`]: a logged-in session, from connecting to LOGOUT, and what can be done without a selected mailbox. What needs one is
//! in `folder.rs`, the login itself in `entry.rs`; what is said on the wire is the commands' business.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::appending::Append;
use super::call::{ImapLink, call, ended};
use super::command::append::Append as AppendCommand;
use super::command::list::List;
use super::command::logout::Logout;
use super::command::noop::Noop;
use super::command::select::Select;
use super::command::{Command, Terms};
use super::engine::{Delivery, Engine, Request};
use super::folder::Folder;
use super::types::{Capabilities, Listed, MailboxName, Uids};
use crate::config::{Config, Protocol};
use crate::conn::io::{AsyncRead, AsyncWrite};
use crate::conn::stream::Stream;
use crate::conn::tls::Tls;
use crate::conn::{Driver, connect, now};
use crate::error::Result;
use crate::limits::Limits;
use crate::login::Login;
use crate::message_id::account;

/// The ports whose number says nothing about which server it is.
const USUAL_PORTS: &[u16] = &[143, 993];

/// A logged-in IMAP session.
///
/// Not `Clone`: one session is one mailbox at a time. **A call that returns a value takes `&self`**, and several of them may
/// be under way at once, under `join!`; **a call that returns a stream or a folder takes `&mut self`**, so that no command can
/// wait behind a stream that nobody reads.
///
/// Every call touches the wire when its future is first polled. Any future may be dropped at any time: a command that was not
/// sent is taken back, the answer to one that was sent is read and thrown away, and the session goes on; what dropping an
/// APPEND does is said at [`append`](Self::append). When the connection is lost, every call fails at once with
/// [`Kind::Closed`]. Dropping the session closes the connection and changes nothing on the server.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # async fn example() -> postroom::Result<()> {
/// use postroom::imap::{Imap, Items, Uids};
/// use postroom::{Config, Login};
///
/// let server = postroom::testing::Server::builder().sample_mail().start().await?;
/// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
///
/// let mut imap = Imap::connect(config, Login::password("alice", "alicepw")).await?;
/// let mut inbox = imap.select("INBOX").await?;
/// let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE.flags()).await?;
/// while let Some(message) = mail.try_next().await? {
///     println!("{:?}", message.subject());
/// }
/// imap.logout().await?;
/// # Ok(())
/// # }
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
pub struct Imap {
    link: ImapLink,
    account: Arc<str>,
    limits: Limits,
    poll: Duration,
}

impl Imap {
    /// Connects, encrypts and logs in.
    ///
    /// With implicit TLS this takes the TCP and TLS handshakes and two or three flights of IMAP: the capabilities where the
    /// greeting did not bring them, the login, and the capabilities again where its answer did not bring them. The session's
    /// reading and writing is done by a task spawned on the current tokio runtime.
    ///
    /// Dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a configuration or login that cannot work, before connecting, and for a server that would have the
    /// password unencrypted; [`Kind::Io`], [`Kind::Timeout`] and [`Kind::Tls`] for the connection, `Tls` also where STARTTLS
    /// is required and not to be had; [`Kind::Protocol`] where no IMAP server answers; [`Kind::Closed`] where it closes;
    /// [`Kind::Login`] where it refuses the login; [`Kind::Unsupported`] where it offers no way to log in that this crate
    /// knows.
    pub async fn connect(config: impl Into<Config>, login: Login) -> Result<Self> {
        // The caller's task would else keep the room of the handshakes as long as it lives.
        Box::pin(Self::connect_spawned(config.into(), login)).await
    }

    async fn connect_spawned(config: Config, login: Login) -> Result<Self> {
        let (stream, upgrade) = connect::connect(&config, Protocol::Imap).await?;
        let (imap, driver) = Self::begin(stream, upgrade, &config, &login).await?;
        driver.spawn();
        Ok(imap)
    }

    /// The same over a stream of the caller's own, such as a proxied or in-memory one, with the reading and writing left to
    /// the caller: nothing moves unless the [`Driver`] is polled, in a task of its own or beside the calls. With a
    /// configuration of implicit TLS the TLS handshake comes first; the configuration's host is the name to verify, and the
    /// account's part of message ids.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn handshake<S>(stream: S, config: impl Into<Config>, login: Login) -> Result<(Self, Driver)>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let config = config.into();
        let (stream, upgrade) = connect::adopt(stream, &config, Protocol::Imap).await?;
        Self::begin(stream, upgrade, &config, &login).await
    }

    async fn begin(stream: Stream, upgrade: Option<Tls>, config: &Config, login: &Login) -> Result<(Self, Driver)> {
        let engine = Engine::new(config.limits.clone(), config.deadlines.clone(), now());
        let (link, mut driver) = Driver::over(engine, stream, upgrade, config.limits.window);
        let port = config.port_for(Protocol::Imap);
        let account = account(login.user(), config.host(), port, USUAL_PORTS).into();
        let imap = Self { link, account, limits: config.limits.clone(), poll: config.deadlines.poll };
        driver.beside(imap.log_in(config.security, login)).await?;
        Ok((imap, driver))
    }

    /// What the server can do, as it last said.
    pub fn capabilities(&self) -> Arc<Capabilities> {
        self.link.state().capabilities.clone().unwrap_or_default()
    }

    /// The mailboxes whose names match a pattern, in which `*` stands for anything and `%` for anything within one level of
    /// the hierarchy. One flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a pattern that cannot be sent, and what [every command](Self#errors-of-every-command) can end in.
    pub async fn list(&self, pattern: &str) -> Result<Vec<Listed>> {
        self.call(List { reference: "", pattern, utf8: self.terms().utf8 }).await
    }

    /// Puts a message into a mailbox, from memory or from any reader; see [`Append`] for flags and date. Returns the UID it
    /// got, stamped with the mailbox's UIDVALIDITY, where the server says so (UIDPLUS). Two flights and the message's bytes;
    /// at most 256 KiB of it are in memory at a time.
    ///
    /// Dropped midway, or when the reader fails, nothing is stored: what is missing of the announced size is filled up and the
    /// command spoilt, up to 1 MiB; where more is missing the connection is closed.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a name, flag or date that cannot be sent, and for a reader that ends too early; [`Kind::Io`] for a
    /// reader that fails; [`Kind::Rejected`] where the server refuses (code `TRYCREATE`: the mailbox does not exist;
    /// `OVERQUOTA`, `TOOBIG`: no room); [`Kind::Unknown`] where the connection ended before the answer.
    pub async fn append(&self, mailbox: &str, message: impl Into<Append<'_>>) -> Result<Option<Uids>> {
        let mailbox = MailboxName::new(mailbox)?;
        let mut message = message.into();
        let size = message.size();
        let command = AppendCommand { mailbox: &mailbox, flags: &message.flags, date: message.date, size };
        let mut inbox = self.link.submit(Request::Command(command.plan(self.terms())?));
        let mut early = None;
        loop {
            let delivery = match early.take() {
                Some(delivery) => Some(delivery),
                None => inbox.next().await?,
            };
            match delivery {
                Some(Delivery::Ready(count)) => early = message.feed(&mut inbox, count).await?,
                Some(Delivery::Done(condition)) => {
                    let command = AppendCommand { mailbox: &mailbox, flags: &[], date: None, size };
                    return command.output(Vec::new(), condition?);
                }
                Some(_) => {}
                None => return Err(ended()),
            }
        }
    }

    /// Asks for nothing: shows that the session lives, and lets the server say what happened. One flight.
    ///
    /// # Errors
    ///
    /// What [every command](Self#errors-of-every-command) can end in.
    pub async fn noop(&self) -> Result<()> {
        self.call(Noop).await
    }

    /// Opens a mailbox for reading and changing. One flight. The folder borrows the session; what was selected before no
    /// longer is.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a name that cannot be, [`Kind::Rejected`] where the server refuses: then nothing is selected.
    pub async fn select(&mut self, name: &str) -> Result<Folder<&mut Self>> {
        self.open(name, false).await?;
        Folder::new(self)
    }

    /// Opens a mailbox for reading only: nothing that happens in this session changes it. One flight.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    pub async fn examine(&mut self, name: &str) -> Result<Folder<&mut Self>> {
        self.open(name, true).await?;
        Folder::new(self)
    }

    /// [`select`](Self::select) with the session moved into the folder, which can then be stored and boxed. Where it fails the
    /// session is dropped: use `select` where failure is expected.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    pub async fn into_folder(self, name: &str) -> Result<Folder<Self>> {
        self.open(name, false).await?;
        Folder::new(self)
    }

    /// Says goodbye and waits, for at most [`Deadlines::logout`](crate::Deadlines::logout), for the server's.
    ///
    /// # Errors
    ///
    /// [`Kind::Timeout`], [`Kind::Closed`], [`Kind::Io`] where the goodbye did not come; the connection is closed all the same.
    pub async fn logout(self) -> Result<()> {
        self.call(Logout).await
    }

    pub(super) fn link(&self) -> &ImapLink {
        &self.link
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn poll_interval(&self) -> Duration {
        self.poll
    }

    pub(super) fn account(&self) -> &Arc<str> {
        &self.account
    }

    pub(super) async fn call<C: Command>(&self, command: C) -> Result<C::Output> {
        call(&self.link, command, self.terms()).await
    }

    fn terms(&self) -> Terms {
        Terms::default()
    }

    async fn open(&self, name: &str, read_only: bool) -> Result<()> {
        self.call(Select { name: MailboxName::new(name)?, read_only }).await
    }
}

impl fmt::Debug for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.link.state();
        let selected = state.selected.as_ref().map(|selected| selected.name.as_str());
        f.debug_struct("Imap").field("account", &self.account).field("selected", &selected).finish_non_exhaustive()
    }
}
