//! [`Pop3`]: a logged-in session, with one method for each command. It knows no bytes of the wire and no socket; the
//! common trait is in `as_mailbox.rs`.

mod as_mailbox;
mod call;
mod census;
mod connection;
mod language;
pub(super) mod listing;
mod login;
mod maildrop;
mod messages;
mod names;
mod notices;
mod probe;
mod reading;
mod retrieval;
mod sizes;

use std::fmt;
use std::sync::Arc;

use self::call::{Pop3Link, answer, one};
use self::maildrop::Maildrop;
pub use self::notices::Notices;
pub use self::retrieval::RetrStream;
use super::engine::{Delivery, Engine, Plan, Request, RequiredState, Series, SessionEffect, Shape};
use super::{Capabilities, Flaws, Number, Stat, Uidl, codec};
use crate::config::{Config, Protocol};
use crate::conn::connect::{Opener, Session};
use crate::conn::driver::now;
use crate::conn::layers::Layers;
use crate::conn::link::Inbox;
use crate::conn::tls::Tls;
use crate::conn::{Driver, Traffic};
use crate::error::{Error, Result};
use crate::io::{AsyncRead, AsyncWrite};
use crate::login::Login;
use crate::start_error::server;

/// An open maildrop (RFC 1939).
///
/// Messages have [`Number`]s, which are valid for this session only; [`uidl`](Self::uidl) returns their lasting names.
/// Mail that arrives during the session is visible in the next one. [`Mailbox`](crate::Mailbox) is the same maildrop
/// with the methods that IMAP's folders have, with lasting ids instead of numbers.
///
/// **Deleting.** [`dele`](Self::dele) only marks a message; [`quit`](Self::quit) deletes the marked messages and ends
/// the session. Dropping the session deletes nothing.
///
/// **Round trips.** A command is sent when its future is first polled. Calls that return a value take `&self` and can
/// run together (`join!`): if the server supports PIPELINING they share a round trip, otherwise each waits for the one
/// before. Calls that return a stream take `&mut self`. Unless a method says otherwise, it takes one round trip.
///
/// **Cancellation.** Every future and stream may be dropped at any time: a command that was not sent is withdrawn, the
/// reply to one that was sent is read and discarded, and the next call works.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::pop3::Pop3;
/// use postroom::testing::Server;
/// use postroom::{Config, Login};
///
/// let server = Server::builder().user("me", "secret").start().await?;
/// server.deliver("me", "INBOX", "Subject: hello\r\n\r\nGood morning.\r\n", &[]);
///
/// let config = Config::new("localhost").port(server.pop3s_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let pop3 = Pop3::connect(config, Login::password("me", "secret")).await?;
/// for (number, octets) in pop3.list().await? {
///     println!("{number}: {octets} octets");
///     let mail = pop3.retr(number).await?;
///     assert!(mail.defect().is_none() && mail.bytes().starts_with(b"Subject: hello"));
///     pop3.dele(number).await?;
/// }
/// pop3.quit().await?; // deletes what was marked
/// assert!(server.snapshot("me").unwrap().messages("INBOX").is_empty());
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
///
/// # Errors of every command
///
/// * [`Kind::Rejected`](crate::Kind::Rejected) if the server replies `-ERR`; the session continues.
/// * [`Kind::Missing`](crate::Kind::Missing) if the server replies `+OK` without what was asked for; the session continues.
/// * [`Kind::Limit`](crate::Kind::Limit) for a value over [`Limits`](crate::Limits); the session continues. But a line
///   or a listing over its limit, and a reply of which too much is [skipped](crate::Limits::skipped), end the session.
/// * [`Kind::Io`](crate::Kind::Io), [`Kind::Timeout`](crate::Kind::Timeout), [`Kind::Protocol`](crate::Kind::Protocol)
///   and [`Kind::Closed`](crate::Kind::Closed) end the session; every later call fails with `Kind::Closed`.
pub struct Pop3 {
    link: Pop3Link,
    /// How to reconnect; `None` over the caller's own stream.
    opener: Option<Box<Opener>>,
    maildrop: Maildrop,
    /// Over the connections before this one.
    earlier: Traffic,
}

impl Session for Pop3 {
    const PROTOCOL: Protocol = Protocol::Pop3;

    async fn begin(stream: Layers, upgrade: Option<Tls>, config: &Config, login: &Login) -> Result<(Self, Driver)> {
        let engine = Engine::new(config.limits.clone(), config.deadlines.clone(), now());
        let engine = engine.of_server(server(config, Protocol::Pop3));
        let (link, mut driver) = Driver::over(engine, stream, upgrade, config);
        driver.beside(login::log_in(&link, config, login)).await?;
        let maildrop = Maildrop::new(config, login);
        Ok((Self { link, opener: None, maildrop, earlier: Traffic::default() }, driver))
    }
}

impl Pop3 {
    /// Connects, encrypts and logs in. A task on the current tokio runtime reads and writes for the session.
    ///
    /// The login is the strongest that the server offers (see [`Login`]); it takes one to three round trips. CAPA is
    /// sent before and after STLS, and after the login: five to eight round trips in all, handshakes included. One more
    /// is UTF8, if the server supports it: then messages are sent as they are, not as ASCII surrogates (RFC 6856 §2.1).
    /// Dropping the future closes the connection.
    ///
    /// ```no_run
    /// use postroom::{Login, Pop3};
    ///
    /// # async fn connect() -> postroom::Result<()> {
    /// let pop3 = Pop3::connect("pop.example.org", Login::password("me", "secret")).await?;
    /// println!("{} messages", pop3.stat().await?.messages);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * `Kind::Input` and `Kind::Unsupported` before anything, or at least before the login, is sent.
    /// * `Kind::Io`, `Kind::Timeout` and `Kind::Tls`, also if STLS is required and the server does not offer or refuses
    ///   it, or if the login's [channel binding](Login#channel-binding) fails.
    /// * `Kind::Protocol` if the server does not speak POP3; `Kind::Closed` if it refuses the connection in its
    ///   greeting.
    /// * [`Kind::Login`](crate::Kind::Login) if it refuses the login.
    /// * [`Kind::Rejected`](crate::Kind::Rejected) if the [`code`](crate::Error::code) or text of the refused login
    ///   says that the password is not the reason (a locked maildrop, a busy server, [too many
    ///   connections](crate::Error::is_connection_limit)). `IN-USE` (another session has the maildrop) and `SYS/TEMP`
    ///   can be retried, `LOGIN-DELAY` after [`retry_after`](crate::Error::retry_after), `SYS/PERM` cannot (RFC 2449
    ///   §8, RFC 3206).
    pub async fn connect(config: impl Into<Config>, login: Login) -> Result<Self> {
        let opener = Box::new(Opener::new(config.into(), login)?);
        let session = opener.open::<Self>().await?;
        Ok(Self { opener: Some(opener), ..session })
    }

    /// Like [`connect`](Self::connect), over the caller's own stream. Nothing happens unless the returned driver is
    /// polled, in a task or beside the calls. TLS comes first or with STLS, as configured; the configuration's host is
    /// the name that the certificate must have.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use postroom::pop3::Pop3;
    /// use postroom::{Config, Login, testing::Server};
    ///
    /// let server = Server::builder().user("me", "secret").in_memory()?;
    /// let config = Config::new("localhost").dangerous_plaintext(); // nothing leaves this process
    /// let (pop3, driver) = Pop3::handshake(server.pop3_stream(), config, Login::password("me", "secret")).await?;
    /// let driver = tokio::spawn(driver);
    /// assert_eq!(pop3.stat().await?.messages, 0);
    /// pop3.quit().await?;
    /// driver.await??;
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn handshake<S>(stream: S, config: impl Into<Config>, login: Login) -> Result<(Self, Driver)>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Opener::new(config.into(), login)?.over(stream).await
    }

    /// The server's capabilities, as it reported them after the login; empty if it does not support CAPA. Never touches
    /// the wire.
    pub fn capabilities(&self) -> Arc<Capabilities> {
        self.link.state().capabilities.clone().unwrap_or_default()
    }

    /// Returns the number of messages and their total size (RFC 1939 §5).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// println!("{} messages", pop3.stat().await?.messages);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command).
    pub async fn stat(&self) -> Result<Stat> {
        let answer = answer(self.submit_stat()?).await?;
        codec::stat(&answer.rest).ok_or_else(|| Error::missing("the reply to STAT is not two numbers"))
    }

    /// Returns all messages that are not marked, with their sizes in octets as the server reports them (RFC 1939 §5);
    /// the server may send another size. A line that is unreadable is left out and counted in [`flaws`](Self::flaws).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// for (number, octets) in pop3.list().await? {
    ///     println!("{number}: {octets} octets");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command); also `Kind::Limit` for more than
    /// [`Limits::untagged`](crate::Limits::untagged) messages, which ends the session.
    pub async fn list(&self) -> Result<Vec<(Number, u64)>> {
        let listing = listing::sizes(self.submit_list()?, &self.maildrop.limits).await?;
        self.maildrop.count_unreadable(&listing);
        let rows = listing.values();
        self.maildrop.sizes.learn(rows.clone());
        Ok(rows)
    }

    /// Returns all messages that are not marked, with their lasting names (RFC 1939 §7). A line that is unreadable or
    /// has no name is left out and counted in [`flaws`](Self::flaws).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// for (number, name) in pop3.uidl().await? {
    ///     println!("{number}: {name}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command); `Kind::Rejected` also if the server does not support
    /// UIDL, `Kind::Limit` also for more than [`Limits::untagged`](crate::Limits::untagged) messages, which ends the
    /// session.
    pub async fn uidl(&self) -> Result<Vec<(Number, Uidl)>> {
        let listing = listing::unique_ids(self.submit_uidl()?, &self.maildrop.limits).await?;
        self.maildrop.count_unreadable(&listing);
        Ok(listing.values())
    }

    /// Returns the size of one message in octets, as the server reports it: LIST with a number (RFC 1939 §5).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let (number, octets) = pop3.list().await?[0];
    /// assert_eq!(pop3.list_one(number).await?, octets);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command); `Kind::Rejected` also if the message is marked or does
    /// not exist.
    pub async fn list_one(&self, number: Number) -> Result<u64> {
        let answer = one(&self.link, Plan::new("LIST", &[number.to_string().as_bytes()])?).await?;
        let size = of_one(number, codec::scan_line(&answer.rest))?;
        self.maildrop.sizes.note(number, size);
        Ok(size)
    }

    /// Returns the lasting name of one message: UIDL with a number (RFC 1939 §7).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let (number, name) = pop3.uidl().await?.remove(0);
    /// assert_eq!(pop3.uidl_one(number).await?, name);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`list_one`](Self::list_one); `Kind::Rejected` also if the server does not support UIDL.
    pub async fn uidl_one(&self, number: Number) -> Result<Uidl> {
        let answer = one(&self.link, Plan::new("UIDL", &[number.to_string().as_bytes()])?).await?;
        of_one(number, codec::uidl_line(&answer.rest))
    }

    /// What was wrong with the listings of this session so far. Never touches the wire.
    pub fn flaws(&self) -> Flaws {
        self.maildrop.flaws()
    }

    fn submit_stat(&self) -> Result<Inbox<Engine>> {
        Ok(self.link.submit(Request::Command(Plan::new("STAT", &[])?)))
    }

    fn submit_list(&self) -> Result<Inbox<Engine>> {
        Ok(self.link.submit(Request::Command(Plan::new("LIST", &[])?.shape(Shape::Listing))))
    }

    fn submit_uidl(&self) -> Result<Inbox<Engine>> {
        Ok(self.link.submit(Request::Command(Plan::new("UIDL", &[])?.shape(Shape::Listing))))
    }

    /// Marks one message, which [`quit`](Self::quit) then deletes (RFC 1939 §5). From then on it is not listed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let (number, _) = pop3.list().await?[0];
    /// pop3.dele(number).await?;
    /// pop3.quit().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command).
    pub async fn dele(&self, number: Number) -> Result<()> {
        let mut inbox = self.link.submit(Request::Series(Series::delete(vec![number])));
        while let Some(delivery) = inbox.next().await? {
            match delivery {
                Delivery::Batch { answers, .. } => {
                    for answer in answers {
                        if let super::RetrievedContent::Refused(error) = answer.content {
                            return Err(error);
                        }
                    }
                }
                Delivery::Done(end) => return end.map(drop),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes all marks (RFC 1939 §5).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let (number, _) = pop3.list().await?[0];
    /// pop3.dele(number).await?;
    /// pop3.rset().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command).
    pub async fn rset(&self) -> Result<()> {
        one(&self.link, Plan::new("RSET", &[])?.effect(SessionEffect::Reset)).await.map(drop)
    }

    /// Returns a stream of what the server reports to the session rather than to one call: why it ends the session.
    /// Each call returns a new stream, which does not borrow the session and ends with it; it does not have to be read.
    /// Never touches the wire. After [`Mailbox::changed`](crate::Mailbox::changed) has reconnected, a new stream is
    /// needed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let mut notices = pop3.notices();
    /// pop3.quit().await?;
    /// while let Some(notice) = notices.next().await {
    ///     println!("{notice:?}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn notices(&self) -> Notices {
        self.link.subscribe()
    }

    /// Keeps the session alive (RFC 1939 §5).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// pop3.noop().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command).
    pub async fn noop(&self) -> Result<()> {
        one(&self.link, Plan::new("NOOP", &[])?).await.map(drop)
    }

    /// Deletes the marked messages and ends the session (RFC 1939 §6).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// pop3.quit().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// `Kind::Rejected` if the server could not delete some or all of the marked messages;
    /// [`Kind::Unknown`](crate::Kind::Unknown) if its reply was lost: the marked messages may or may not be deleted.
    /// Otherwise those of [every command](Self#errors-of-every-command); then nothing is deleted.
    pub async fn quit(self) -> Result<()> {
        self.end(RequiredState::Connection).await
    }

    async fn end(&self, needs: RequiredState) -> Result<()> {
        one(&self.link, Plan::new("QUIT", &[])?.needs(needs).effect(SessionEffect::Quit)).await.map(drop)
    }
}

/// The value of a line, if it is about the message that was asked for.
fn of_one<T>(number: Number, line: Option<(Number, T)>) -> Result<T> {
    match line {
        Some((other, value)) if other == number => Ok(value),
        _ => Err(Error::missing("the reply is about another message than the one that was asked for")),
    }
}

impl fmt::Debug for Pop3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop3").field("phase", &self.link.state().phase).finish_non_exhaustive()
    }
}
