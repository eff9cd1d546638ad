//! [`Imap`]: a logged-in session, from connecting to LOGOUT, and what concerns no particular mailbox. Whole mailboxes
//! are in `mailboxes.rs`, the selected one is in `folder`, the login in `login.rs`, what follows it in `negotiation.rs`. Commands
//! know the wire.

mod append;
mod append_all;
mod connection;
mod login;
mod mailboxes;
mod negotiation;
mod notices;
mod reauthenticate;
mod set_limit;
mod special_names;
mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use self::notices::Notices;
use self::special_names::SpecialNames;
pub use self::upload::Append;
use super::call::{ImapLink, call, call_limited, ended};
use super::command::Answer;
use super::command::extension::{Extension, Run};
use super::command::list::Options;
use super::command::logout::Logout;
use super::command::noop::Noop;
use super::command::{Command, EncodeOptions};
use super::engine::Engine;
use super::types::{Capabilities, Condition, LimitCut, MailboxName, Notice};
use super::unfinished::Unfinished;
use crate::config::{Config, Protocol};
use crate::conn::connect::{Opener, Session};
use crate::conn::layers::Layers;
use crate::conn::tls::Tls;
use crate::conn::{Driver, Redaction, now};
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result, Step};
use crate::io::{AsyncRead, AsyncWrite};
use crate::limits::Limits;
use crate::login::Login;
use crate::message_id::account;
use crate::start_error::server;

/// The usual ports, which do not distinguish one server from another.
const USUAL_PORTS: &[u16] = &[143, 993];

/// The largest message that each mailbox accepts, in octets (RFC 7889 §4), as far as STATUS reported it.
pub(super) type AppendLimits = BTreeMap<MailboxName, u64>;

/// A logged-in IMAP session.
///
/// Not `Clone`: a session has one selected mailbox. **A call that returns a value takes `&self`**, and several can run
/// at once under `join!`; **a call that returns a stream or a folder takes `&mut self`**, so that no command waits for
/// a stream that is not read.
///
/// A command is sent when the call's future is first polled. Any future may be dropped at any time: a command that was
/// not sent is withdrawn, the answer to one that was sent is read and discarded, and the session continues.
/// [`append`](Self::append) describes what dropping an APPEND does. If the connection is lost, every call fails at once
/// with [`Kind::Closed`]. Dropping the session closes the connection and changes nothing on the server.
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
///
/// # Errors of every command
///
/// In addition to the errors that each call lists:
///
/// * [`Kind::Rejected`] if the server refuses a command, and [`Kind::Bad`] if it does not understand one.
/// * [`Kind::Missing`] if it replies OK without what was asked for, or with data that cannot be read; the session continues.
/// * [`Kind::Timeout`], [`Kind::Io`], [`Kind::Protocol`] and [`Kind::Limit`] if the connection stalls, fails, stops
///   being IMAP or floods; every later call fails with [`Kind::Closed`], and so
///   does the first one if the server closes the connection.
/// * [`Kind::Limit`] also for an answer that is too large for a value; then the connection continues.
/// * [`Kind::Unknown`] for a command that makes a lasting change, if the connection ended between the command and its
///   answer.
pub struct Imap {
    link: ImapLink,
    account: Arc<str>,
    limits: Limits,
    poll: Duration,
    /// The most LIST options that may be sent, after the server refused some that it announces.
    list_options: Mutex<Options>,
    /// The largest message that each mailbox accepts, as STATUS reported it.
    append_limits: Mutex<AppendLimits>,
    config: Arc<Config>,
    /// What a later login needs of the secrets that it sends.
    redaction: Redaction,
    /// What the server announced before the login; `None` if the session began logged in.
    before_login: Option<Arc<Capabilities>>,
    /// The extensions that ENABLE asked for at the login.
    asked: Vec<&'static str>,
    pub(super) special_names: SpecialNames,
}

impl Imap {
    /// Connects, encrypts and logs in.
    ///
    /// This takes the TCP and TLS handshakes and one to three round trips of IMAP: CAPABILITY if the greeting does not
    /// include the capabilities, the login, and CAPABILITY again if the login's answer does not include them. A login
    /// by challenges and responses, such as SCRAM, takes one or two more (see [`Login`]), and [COMPRESS](Config::compress) one.
    ///
    /// ID and ENABLE (IMAP4rev2, CONDSTORE, QRESYNC and UTF8=ACCEPT), if the server supports them, are sent with the first command and cost no
    /// round trip if that opens a mailbox. Any other first call waits for their answers, because they decide how its texts are written:
    /// one round trip more. So does opening a mailbox whose name is not plain ASCII or contains `&`, if IMAP4rev2 or UTF8=ACCEPT was
    /// asked for. If the server refuses ENABLE, or answers OK without saying what is enabled, the session goes on without.
    ///
    /// A task on the current tokio runtime reads and writes for the session.
    ///
    /// Dropping the future closes the connection.
    ///
    /// ```no_run
    /// use postroom::{Config, Imap, Login};
    ///
    /// # async fn connect() -> postroom::Result<()> {
    /// let config = Config::new("imap.example.org").starttls();
    /// let imap = Imap::connect(config, Login::password("me", "secret")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a configuration or login that cannot work, before connecting, and if the server
    /// accepts the password only unencrypted; [`Kind::Io`], [`Kind::Timeout`] and [`Kind::Tls`] for the connection, `Tls` also if
    /// STARTTLS is required and fails, or if the login's [channel binding](Login#channel-binding) does; [`Kind::Protocol`] if the server does not speak IMAP; [`Kind::Closed`] if it
    /// closes the connection; [`Kind::Login`] if it refuses the login; [`Kind::Unsupported`] if it offers no login that
    /// this crate supports.
    pub async fn connect(config: impl Into<Config>, login: Login) -> Result<Self> {
        Opener::new(config.into(), login)?.open().await
    }

    /// Like [`connect`](Self::connect), over the caller's own stream, such as an in-memory one. The caller
    /// does the reading and writing: nothing happens unless the [`Driver`] is polled, in its own task or beside the
    /// calls. If the configuration has implicit TLS, the TLS handshake comes first. The configuration's host is the
    /// name that the certificate must have; it is also part of message ids.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// use postroom::testing::Server;
    /// use postroom::{Config, Imap, Login};
    ///
    /// let server = Server::builder().user("me", "secret").in_memory()?;
    /// let config = Config::new("localhost").dangerous_plaintext(); // nothing leaves this process
    /// let (imap, driver) = Imap::handshake(server.imap_stream(), config, Login::password("me", "secret")).await?;
    /// tokio::spawn(driver);
    /// imap.logout().await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn handshake<S>(stream: S, config: impl Into<Config>, login: Login) -> Result<(Self, Driver)>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Opener::new(config.into(), login)?.over(stream).await
    }

    async fn enter(&mut self, config: &Config, login: &Login) -> Result<Condition> {
        let greeting = self.log_in(config, login).await?;
        self.introduce(config).await.map_err(|error| error.at(Step::Begin))?;
        Ok(greeting)
    }

    /// Runs a command that is a value, such as [`Extension::get_acl`] or a vendor's, and returns the untagged data that
    /// it claims. One round trip; more if an argument needs a literal, or if [messages](Extension::append) must be sent
    /// in parts.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::{Extension, MailboxName};
    ///
    /// if imap.capabilities().has("ACL") {
    ///     println!("{:?}", imap.run(Extension::my_rights(&MailboxName::INBOX)).await?.responses);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`] for an argument that cannot be sent and for a command about the
    /// selected mailbox, [`Kind::Unsupported`] for one that would change the session; [`Kind::Rejected`] if the server
    /// refuses; [`Kind::Limit`] for an answer over the limits; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn run(&self, extension: Extension) -> Result<Answer> {
        self.run_in(extension, None).await
    }

    /// Sends the messages for one mailbox in as many commands as the server requires (RFC 9738).
    pub(super) async fn run_in(&self, extension: Extension, selection: Option<u64>) -> Result<Answer> {
        let most = self.capabilities().most_saved().unwrap_or(u64::MAX);
        let mut done: Option<Answer> = None;
        for extension in extension.portions(most) {
            let answer = self.call(Run { extension, selection, limits: self.limits().clone() }).await;
            done = Some(match (done, answer) {
                (None, answer) => answer?,
                (Some(done), Ok(more)) => done.joined(more),
                (Some(done), Err(error)) => {
                    return Err(Unfinished::after(error, "only some of the messages are stored", done));
                }
            });
        }
        done.ok_or_else(ended)
    }

    /// Returns a stream of what the server reports to the session rather than to one call: alerts, which must be shown
    /// to the user (RFC 9051 §7.1), warnings, BYE, progress, and unsolicited data of other mailboxes. Each call returns
    /// a new stream. A stream does not borrow the session, keeps at most 256 notices and 256 KiB, and ends with the
    /// session; it does not have to be read. The first stream begins with what the server reported since the greeting.
    /// Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::Notice;
    ///
    /// let mut notices = imap.notices();
    /// let listener = tokio::spawn(async move {
    ///     while let Some(notice) = notices.next().await {
    ///         if let Notice::Alert { text, .. } = notice {
    ///             println!("the server says: {text}");
    ///         }
    ///     }
    /// });
    /// imap.logout().await?;
    /// listener.await.ok();
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn notices(&self) -> Notices {
        self.link.subscribe()
    }

    /// Sends NOOP: checks that the session is alive and lets the server report changes. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.noop().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [every command](Self#errors-of-every-command).
    pub async fn noop(&self) -> Result<()> {
        self.call(Noop).await
    }

    /// Ends the session: sends LOGOUT and waits for the answer, for at most
    /// [`Deadlines::logout`](crate::Deadlines::logout). A server that closes the connection without an answer counts as
    /// having answered. Nothing is expunged.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.logout().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Timeout`] if no answer came, and [`Kind::Closed`] if the connection had ended before. The connection is
    /// closed in any case.
    pub async fn logout(self) -> Result<()> {
        // It must not wait for anything, and has no texts.
        call(&self.link, Logout, EncodeOptions::default(), &self.limits).await
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

    pub(super) fn append_limits(&self) -> MutexGuard<'_, AppendLimits> {
        self.append_limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn list_options(&self) -> Options {
        *self.list_options.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn limit_list_options(&self, most: Options) {
        let mut options = self.list_options.lock().unwrap_or_else(PoisonError::into_inner);
        *options = most.min(*options);
    }

    pub(super) async fn call<C: Command>(&self, command: C) -> Result<C::Output> {
        call(&self.link, command, self.encode_options().await?, &self.limits).await
    }

    /// Like [`call`](Self::call), and returns where the server stopped at its limit of messages.
    pub(super) async fn call_limited<C: Command>(&self, command: C) -> Result<(C::Output, Option<LimitCut>)> {
        call_limited(&self.link, command, self.encode_options().await?, &self.limits).await
    }
}

/// The owner of messages in their ids.
fn account_of(config: &Config, login: &Login) -> Arc<str> {
    account(login.user(), config.host(), config.port_for(Protocol::Imap), USUAL_PORTS).into()
}

/// What the server reported before the session could begin.
fn unheard(link: &ImapLink) -> Vec<Box<str>> {
    link.unread().iter().filter_map(Notice::text).map(Box::from).collect()
}

/// Converts a caller's argument to a mailbox name.
pub(super) fn mailbox_name(name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<MailboxName> {
    name.try_into().map_err(Into::into)
}

impl Session for Imap {
    const PROTOCOL: Protocol = Protocol::Imap;

    async fn begin(stream: Layers, upgrade: Option<Tls>, config: &Config, login: &Login) -> Result<(Self, Driver)> {
        let protected = upgrade.is_none() && config.is_protected();
        let engine = Engine::new(config.limits.clone(), config.deadlines.clone(), now());
        let engine = engine.with_notice_policy(protected, config.unprotected_alerts);
        let engine = engine.of_server(server(config, Protocol::Imap)).assuming(config.assumed());
        let (link, mut driver) = Driver::over(engine, stream, upgrade, config);
        let account = account_of(config, login);
        let (limits, poll) = (config.limits.clone(), config.deadlines.poll);
        let (append_limits, special_names) = Default::default();
        let list_options = Mutex::new(Options::Data);
        let mut imap = Self {
            link,
            account,
            limits,
            poll,
            list_options,
            append_limits,
            config: Arc::new(config.clone()),
            redaction: driver.redaction(),
            before_login: None,
            asked: Vec::new(),
            special_names,
        };
        let entered = async {
            let entered = imap.enter(config, login).await;
            entered.map_err(|error| error.with_notices(unheard(&imap.link)))
        };
        let greeting = driver.beside(entered).await?;
        imap.limits.set = imap.limits.set.min(set_limit::longest_set(&greeting.text, &imap.capabilities()));
        Ok((imap, driver))
    }
}

impl fmt::Debug for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.link.state();
        let selected = state.selected.as_ref().map(|selected| selected.name.as_str());
        f.debug_struct("Imap").field("account", &self.account).field("selected", &selected).finish_non_exhaustive()
    }
}
