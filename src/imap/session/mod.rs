//! [`Imap`]: a logged-in session, from connecting to LOGOUT, and what concerns no mailbox in particular. Mailboxes as wholes are
//! in `mailboxes.rs`, the selected one is in `folder.rs`, the login itself in `entry.rs`; what is said on the wire is the
//! commands' business.

mod append;
mod login;
mod mailboxes;
mod notices;
mod set_limit;
mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use self::mailboxes::SameMailbox;
pub use self::notices::Notices;
pub use self::upload::Append;
use super::call::{ImapInbox, ImapLink, call, call_limited, ended, finish};
use super::command::Answer;
use super::command::enable::Enable;
use super::command::extension::{Extension, Run};
use super::command::id::{Fields, Id};
use super::command::list::Options;
use super::command::logout::Logout;
use super::command::noop::Noop;
use super::command::{Command, Terms};
use super::engine::{Engine, Request};
use super::types::{Capabilities, Condition, Cut, Items, MailboxName, Notice};
use super::unfinished::Unfinished;
use crate::config::{Config, Protocol};
use crate::conn::stream::Stream;
use crate::conn::tls::Tls;
use crate::conn::{Driver, connect, now};
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::io::{AsyncRead, AsyncWrite};
use crate::limits::Limits;
use crate::login::Login;
use crate::message_id::account;

/// The ports whose number says nothing about which server it is.
const USUAL_PORTS: &[u16] = &[143, 993];

/// The largest message that each mailbox takes, in octets (RFC 7889 §4), as far as STATUS reported it.
pub(super) type AppendLimits = BTreeMap<MailboxName, u64>;

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
/// # Errors of every command
///
/// Beside what each call names: [`Kind::Bad`] where the server does not understand a command; [`Kind::Timeout`], [`Kind::Io`],
/// [`Kind::Protocol`] and [`Kind::Limit`] where the connection fails, stalls, stops being IMAP or floods, and [`Kind::Closed`]
/// ever after; [`Kind::Limit`] also for an answer that is too much for a value, with the connection living on; and for a command
/// that changes something that lasts, [`Kind::Unknown`] where the connection ended between the command and its answer.
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
    server: Fields,
    /// The most that LIST may be asked for, where the server refused what it had announced.
    list_options: Mutex<Options>,
    /// The largest message that each mailbox takes, as STATUS told it.
    append_limits: Mutex<AppendLimits>,
}

impl Imap {
    /// Connects, encrypts and logs in.
    ///
    /// With implicit TLS this takes the TCP and TLS handshakes and two or three flights of IMAP: the capabilities where the
    /// greeting did not bring them, the login, and the capabilities again where its answer did not bring them; one or two more
    /// where the login is of challenges and responses, as SCRAM is (see [`Login`]). The session's reading and writing is done by a task spawned on the current tokio runtime.
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
        login.check()?;
        let begin = |stream, upgrade| Self::begin(stream, upgrade, &config, &login);
        let (imap, driver) = connect::session(&config, Protocol::Imap, begin).await?;
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
        login.check()?;
        let config = config.into();
        let (stream, upgrade) = connect::adopt(stream, &config, Protocol::Imap).await?;
        Self::begin(stream, upgrade, &config, &login).await
    }

    async fn begin(stream: Stream, upgrade: Option<Tls>, config: &Config, login: &Login) -> Result<(Self, Driver)> {
        let protected = upgrade.is_none() && config.is_protected();
        let engine = Engine::new(config.limits.clone(), config.deadlines.clone(), now());
        let engine = engine.hear(protected, config.unprotected_alerts);
        let (link, mut driver) = Driver::over(engine, stream, upgrade, config);
        let port = config.port_for(Protocol::Imap);
        let account = account(login.user(), config.host(), port, USUAL_PORTS).into();
        let (limits, poll) = (config.limits.clone(), config.deadlines.poll);
        let list_options = Mutex::new(Options::SpecialUse);
        let (server, append_limits) = (Fields::new(), Mutex::default());
        let mut imap = Self { link, account, limits, poll, server, list_options, append_limits };
        let entered = async {
            let entered = imap.enter(config, login).await;
            entered.map_err(|error| error.with_notices(unheard(&imap.link)))
        };
        let (greeting, server) = driver.beside(entered).await?;
        imap.server = server;
        imap.limits.set = imap.limits.set.min(set_limit::longest_set(&greeting.text, &imap.capabilities()));
        Ok((imap, driver))
    }

    async fn enter(&self, config: &Config, login: &Login) -> Result<(Condition, Fields)> {
        let greeting = self.log_in(config, login).await?;
        Ok((greeting, self.introduce(config).await?))
    }

    /// Says who we are, and agrees on IMAP4rev2 where the server speaks an older IMAP unless asked; in one flight. NetEase's
    /// servers open no mailbox before they have had an ID. That a server wants neither does not matter.
    async fn introduce(&self, config: &Config) -> Result<Fields> {
        let capabilities = self.capabilities();
        let id = config.id.as_deref().filter(|_| capabilities.id()).map(|fields| Id { fields });
        let revision = capabilities.imap4rev2() && capabilities.imap4rev1() && !config.imap4rev1_only;
        let enable = Some(Enable { names: &["IMAP4rev2"] }).filter(|_| revision && capabilities.enable());
        let (id, enable) = (self.begin_call(id)?, self.begin_call(enable)?);
        let server = forgiven(finish_call(id, &self.limits).await)?;
        forgiven(finish_call(enable, &self.limits).await)?;
        Ok(server.flatten().unwrap_or_default())
    }

    fn begin_call<C: Command>(&self, command: Option<C>) -> Result<Option<(ImapInbox, C)>> {
        let Some(command) = command else { return Ok(None) };
        let inbox = self.link.submit(Request::Command(command.plan(self.terms())?));
        Ok(Some((inbox, command)))
    }

    /// What the server can do, as it last said.
    pub fn capabilities(&self) -> Arc<Capabilities> {
        self.link.state().capabilities.clone().unwrap_or_default()
    }

    /// Who the server says it is, by its answer to the ID that was sent after the login: names with values, such as `name` and
    /// `version`; empty where it said nothing. For people and reports. Never touches the wire.
    pub fn server(&self) -> &[(String, Option<String>)] {
        &self.server
    }

    /// Says who the client is, beyond what was said [at the login](Config::id), and asks who the server is (RFC 2971). One
    /// flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for more than 30 fields, one longer than 30 bytes, a value longer than 1024 bytes, or either not
    /// printable ASCII; [`Kind::Unsupported`], before anything is sent, where the server has no ID; and what
    /// [every command](Self#errors-of-every-command) can end in.
    pub async fn id(&self, fields: &[(&str, &str)]) -> Result<Vec<(String, Option<String>)>> {
        if !self.capabilities().id() {
            return Err(Error::unsupported("the server has no ID"));
        }
        let owned = |&(field, value): &(&str, &str)| (field.to_owned(), value.to_owned());
        let fields: Vec<_> = fields.iter().map(owned).collect();
        self.call(Id { fields: &fields }).await
    }

    /// The extensions that are enabled. Never touches the wire.
    pub fn enabled(&self) -> Arc<Capabilities> {
        self.link.state().enabled.clone()
    }

    /// Agrees on extensions that change what the server says (RFC 5161), beyond IMAP4rev2, which is agreed on at the login where
    /// it is offered. Returns all that are enabled now: of those asked for, what the server says it has enabled. Where it says no
    /// more than OK, as iCloud does, CONDSTORE is taken to be enabled if it is announced, and nothing else. One flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, where the server has no ENABLE, and for `QRESYNC` and `UIDONLY`, whose
    /// answers a session does not follow yet; [`Kind::Input`] for what is no name of an extension, and after a mailbox was
    /// selected; and what [every command](Self#errors-of-every-command) can end in.
    pub async fn enable(&mut self, names: &[&str]) -> Result<Arc<Capabilities>> {
        let beyond = |name: &&&str| ["QRESYNC", "UIDONLY"].iter().any(|far| name.eq_ignore_ascii_case(far));
        if let Some(name) = names.iter().find(beyond) {
            return Err(Error::unsupported(format!("{name} cannot be enabled in this session")));
        }
        if !self.capabilities().enable() {
            return Err(Error::unsupported("the server has no ENABLE"));
        }
        if !names.is_empty() {
            self.call(Enable { names }).await?;
        }
        Ok(self.enabled())
    }

    /// Runs a command that is a value, such as [`Extension::get_acl`] or a vendor's, and returns the untagged data it claims.
    /// One flight, more where an argument needs a literal, and where [messages](Extension::append) have to go in parts.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// # use postroom::imap::{Extension, Imap, MailboxName};
    /// # use postroom::{Config, Login};
    /// # let server = postroom::testing::Server::builder().start().await?;
    /// # let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let imap = Imap::connect(config, Login::password("alice", "alicepw")).await?;
    /// if imap.capabilities().has("ACL") {
    ///     println!("{:?}", imap.run(Extension::my_rights(&MailboxName::INBOX)).await?.responses);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`] for an argument that cannot be sent and for a command that speaks of the
    /// selected mailbox, [`Kind::Unsupported`] for one that would change the session; [`Kind::Rejected`] where the server
    /// refuses; [`Kind::Limit`] for an answer over the limits; and what [every command](Self#errors-of-every-command) can end in.
    pub async fn run(&self, extension: Extension) -> Result<Answer> {
        self.run_in(extension, None).await
    }

    /// Messages for a mailbox go in as many commands as the server wants (RFC 9738).
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

    /// What the server says to the session rather than to one call: alerts, which must be shown to the user (RFC 9051 §7.1), warnings,
    /// goodbyes, progress, and data of other mailboxes that nobody asked for. Each call gives a stream of its own, which does not borrow
    /// the session, keeps at most 256 notices and 256 KiB, and ends with the session; nobody has to read it. The first stream begins
    /// with what was said since the greeting. It never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// # use postroom::imap::{Imap, Notice};
    /// # use postroom::{Config, Login};
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// let imap = Imap::connect(config, Login::password("alice", "alicepw")).await?;
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
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn notices(&self) -> Notices {
        self.link.subscribe()
    }

    /// Asks for nothing: shows that the session lives, and lets the server say what happened. One flight.
    ///
    /// # Errors
    ///
    /// What [every command](Self#errors-of-every-command) can end in.
    pub async fn noop(&self) -> Result<()> {
        self.call(Noop).await
    }

    /// Says goodbye and waits, for at most [`Deadlines::logout`](crate::Deadlines::logout), for the server's. A server that just closes
    /// has said enough.
    ///
    /// # Errors
    ///
    /// [`Kind::Timeout`] where the goodbye did not come, and [`Kind::Closed`] where the connection had ended before; it is closed all
    /// the same.
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

    /// An item that the server does not announce would be answered by BAD, or not at all.
    pub(super) fn check_items(&self, items: &Items) -> Result<()> {
        match items.missing(&self.capabilities(), self.link.state().rev2()) {
            Some(name) => Err(Error::unsupported(format!("the server has no {name} of messages"))),
            None => Ok(()),
        }
    }

    pub(super) async fn call<C: Command>(&self, command: C) -> Result<C::Output> {
        call(&self.link, command, self.terms(), &self.limits).await
    }

    /// The same, with where the server stopped at its limit of messages.
    pub(super) async fn call_limited<C: Command>(&self, command: C) -> Result<(C::Output, Option<Cut>)> {
        call_limited(&self.link, command, self.terms(), &self.limits).await
    }

    pub(super) fn terms(&self) -> Terms {
        let state = self.link.state();
        Terms { utf8: state.utf8(), no_charset: state.enabled.utf8_accept() }
    }
}

/// What the server said before the session could begin.
fn unheard(link: &ImapLink) -> Vec<Box<str>> {
    link.unread().iter().filter_map(Notice::text).map(Box::from).collect()
}

/// A name from whatever can be one.
pub(super) fn named(name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<MailboxName> {
    name.try_into().map_err(Into::into)
}

async fn finish_call<C: Command>(begun: Option<(ImapInbox, C)>, limits: &Limits) -> Result<Option<C::Output>> {
    match begun {
        Some((inbox, command)) => finish(inbox, command, limits).await.map(Some),
        None => Ok(None),
    }
}

/// The answer to what the server may refuse.
fn forgiven<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.is_refusal() && !error.is_retryable() => {
            tracing::debug!(%error, "refused, which does not matter");
            Ok(None)
        }
        answer => answer.map(Some),
    }
}

impl fmt::Debug for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.link.state();
        let selected = state.selected.as_ref().map(|selected| selected.name.as_str());
        f.debug_struct("Imap").field("account", &self.account).field("selected", &selected).finish_non_exhaustive()
    }
}
