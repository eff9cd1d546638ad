//! [`Pop3`], the session users hold: one method for each command. It knows no bytes of the wire and no socket; the common
//! trait over it is in `mailbox.rs`.

mod as_mailbox;
mod census;
pub(super) mod listing;
mod login;
mod names;
mod notices;
mod probe;
mod reading;
mod retrieval;
mod sizes;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use self::as_mailbox::Maildrop;
pub use self::notices::Notices;
use self::reading::Text;
pub(super) use self::retrieval::Asked;
pub use self::retrieval::RetrStream;
pub(super) use self::sizes::Sizes;
use super::engine::{Answer, Delivery, Effect, Engine, Needs, Plan, Request, Series, Shape};
use super::{Capabilities, Flaws, Language, Number, Retrieved, RetrievedContent, Stat, Uidl, codec};
use crate::body::Body;
use crate::body::reader::Reader;
use crate::config::{Config, Protocol};
use crate::conn::Driver;
use crate::conn::connect::{adopt, session};
use crate::conn::driver::now;
use crate::conn::link::{Inbox, Link};
use crate::conn::stream::Stream;
use crate::conn::tls::Tls;
use crate::error::{Error, Result};
use crate::io::{AsyncRead, AsyncWrite};
use crate::judge::Verdict;
use crate::login::Login;

pub(super) type Pop3Link = Link<Engine>;

/// An open maildrop (RFC 1939).
///
/// Messages have [`Number`]s, good for this session only; [`uidl`](Self::uidl) tells their lasting names. What arrives during
/// the session is seen by the next one. [`Mailbox`](crate::Mailbox) is the same maildrop seen as IMAP's folders are, with lasting
/// ids instead of numbers.
///
/// **Deleting.** [`dele`](Self::dele) only marks; [`quit`](Self::quit) deletes what is marked and ends the session. Dropping the
/// session instead deletes nothing.
///
/// **Flights.** Every method puts its command on its way when its future is first polled. Calls that return a value take
/// `&self` and may run together (`join!`): where the server has PIPELINING they share a flight, otherwise they wait for each
/// other. Calls that return a stream take `&mut self`.
///
/// **Cancellation.** Every future and stream may be dropped at any time: a command that is not yet sent is never sent, the reply
/// to one that is gets read and thrown away, and the next call works.
///
/// **Errors.** [`Kind::Rejected`](crate::Kind::Rejected) where the server says `-ERR`: the session lives on. `Kind::Limit` for a value over
/// [`Limits`](crate::Limits), likewise; but a line or a listing that goes on beyond its limit, and a reply of which too much is
/// [skipped](crate::Limits::skipped), end the session. After `Kind::Io`, `Timeout`, `Protocol` or `Closed` the session is over, and every later call says
/// `Kind::Closed`.
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
pub struct Pop3 {
    link: Pop3Link,
    /// How to begin anew; `None` over a stream that was the caller's.
    connector: Option<Box<Connector>>,
    maildrop: Maildrop,
}

/// What a session was begun with.
pub(super) struct Connector {
    config: Config,
    login: Login,
}

impl Connector {
    /// Connects and logs in; the driver runs in a task of its own.
    async fn open(&self) -> Result<Pop3Link> {
        let begin = |stream, upgrade| begin(stream, upgrade, &self.config, &self.login);
        let (link, driver) = session(&self.config, Protocol::Pop3, begin).await?;
        driver.spawn();
        Ok(link)
    }
}

async fn begin(stream: Stream, upgrade: Option<Tls>, config: &Config, login: &Login) -> Result<(Pop3Link, Driver)> {
    let engine = Engine::new(config.limits.clone(), config.deadlines.clone(), now());
    let (link, mut driver) = Driver::over(engine, stream, upgrade, config);
    driver.beside(login::log_in(&link, config, login)).await?;
    Ok((link, driver))
}

impl Pop3 {
    /// Connects, encrypts, logs in; the session runs in a task of its own, in the tokio runtime this is called in.
    ///
    /// The login is the strongest that the server offers, see [`Login`]; it takes one to three round trips. CAPA is asked before and
    /// after TLS and after the login: five to eight round trips in all. One more is UTF8, where the server has it: messages come as they are then,
    /// and not as surrogates in ASCII (RFC 6856 §2.1). Dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// `Kind::Input` and `Kind::Unsupported` before anything is sent, or before the login is; `Kind::Io`, `Kind::Tls` (an upgrade that the server
    /// does not offer or refuses among them), `Kind::Timeout`; `Kind::Protocol` where no POP3 is spoken; `Kind::Closed` where the server turns away at the
    /// greeting; [`Kind::Login`](crate::Kind::Login) where it refuses the login, and [`Kind::Rejected`](crate::Kind::Rejected) where its [`code`](crate::Error::code)
    /// or its words say that the password is not to blame (a locked maildrop, a busy server, [too many
    /// connections](crate::Error::is_connection_limit)): `IN-USE` (another session has the maildrop) and `SYS/TEMP` can be retried as they
    /// are, `LOGIN-DELAY` after [`retry_after`](crate::Error::retry_after), `SYS/PERM` not (RFC 2449 §8, RFC 3206).
    pub async fn connect(config: impl Into<Config>, login: Login) -> Result<Self> {
        let connector = Connector { config: config.into(), login };
        connector.login.check()?;
        let link = connector.open().await?;
        let maildrop = Maildrop::new(&connector.config, &connector.login);
        Ok(Self { link, maildrop, connector: Some(Box::new(connector)) })
    }

    /// The same over the caller's own stream, with a driver for a task of the caller's own: the session makes no progress
    /// unless that is polled. TLS comes first, or by STLS, as the configuration says; its host is whose certificate is asked for.
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
        let config = config.into();
        login.check()?;
        let (stream, upgrade) = adopt(stream, &config, Protocol::Pop3).await?;
        let (link, driver) = begin(stream, upgrade, &config, &login).await?;
        Ok((Self { link, connector: None, maildrop: Maildrop::new(&config, &login) }, driver))
    }

    /// What the server can do, as it said after the login; empty where it has no CAPA. Never touches the wire.
    pub fn capabilities(&self) -> Arc<Capabilities> {
        self.link.state().capabilities.clone().unwrap_or_default()
    }

    /// How many messages there are and how large they are together (RFC 1939 §5).
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`].
    pub async fn stat(&self) -> Result<Stat> {
        let answer = answer(self.submit_stat()?).await?;
        codec::stat(&answer.rest).ok_or_else(|| Error::protocol("the reply to STAT is not two numbers"))
    }

    /// All messages that are not marked, with their sizes in octets as the server says (RFC 1939 §5); what it says is not
    /// what it sends. A line that cannot be read is left out and counted in [`flaws`](Self::flaws).
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`]; `Kind::Limit` for more than [`Limits::untagged`](crate::Limits::untagged) messages too, which ends the session.
    pub async fn list(&self) -> Result<Vec<(Number, u64)>> {
        let listing = listing::sizes(self.submit_list()?, &self.maildrop.limits).await?;
        self.maildrop.heard(&listing);
        let rows = listing.values();
        self.maildrop.sizes.learn(rows.clone());
        Ok(rows)
    }

    /// All messages that are not marked, with their lasting names (RFC 1939 §7). A line that cannot be read, or has no
    /// name, is left out and counted in [`flaws`](Self::flaws).
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`], `Kind::Rejected` where the server has no UIDL; `Kind::Limit` for more than
    /// [`Limits::untagged`](crate::Limits::untagged) messages too, which ends the session.
    pub async fn uidl(&self) -> Result<Vec<(Number, Uidl)>> {
        let listing = listing::unique_ids(self.submit_uidl()?, &self.maildrop.limits).await?;
        self.maildrop.heard(&listing);
        Ok(listing.values())
    }

    /// The size in octets of one message, as the server says: LIST with a number (RFC 1939 §5).
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`], `Kind::Rejected` where the message is marked or never was.
    pub async fn list_one(&self, number: Number) -> Result<u64> {
        let answer = one(&self.link, Plan::new("LIST", &[number.to_string().as_bytes()])?).await?;
        let size = of_one(number, codec::scan_line(&answer.rest))?;
        self.maildrop.sizes.note(number, size);
        Ok(size)
    }

    /// The lasting name of one message: UIDL with a number (RFC 1939 §7).
    ///
    /// # Errors
    ///
    /// As [`list_one`](Self::list_one), and `Kind::Rejected` where the server has no UIDL.
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

    /// One message, byte for byte (RFC 1939 §5): dots unstuffed, everything else as it came. It is [`RetrievedContent::Uncertain`] where this
    /// session has listed another size, and [`RetrievedContent::Whole`] otherwise.
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`]; [`Kind::Missing`](crate::Kind::Missing) where the server sends no text for it either; `Kind::Limit` where it is over
    /// [`Limits::literal`](crate::Limits::literal): [`read`](Self::read) takes those.
    pub async fn retr(&self, number: Number) -> Result<Retrieved> {
        let plan = Plan::new("RETR", &[number.to_string().as_bytes()])?.shape(Shape::Message);
        let whole = RetrievedContent::Whole(one(&self.link, plan).await?.body);
        match self.maildrop.sizes.judge(number, whole) {
            RetrievedContent::Missing => Err(Verdict::missing()),
            content => Ok(Retrieved { number, content }),
        }
    }

    /// The header of one message, the empty line after it, and so many lines of its text (RFC 1939 §7); no more, whatever the server
    /// sends.
    ///
    /// # Errors
    ///
    /// As [`retr`](Self::retr); `Kind::Rejected` where the server has no TOP.
    pub async fn top(&self, number: Number, lines: u32) -> Result<Bytes> {
        let arguments = [number.to_string(), lines.to_string()];
        let plan = Plan::new("TOP", &arguments.each_ref().map(String::as_bytes))?.shape(Shape::Message);
        retrieval::top(&one(&self.link, plan).await?.body, lines).ok_or_else(Verdict::missing)
    }

    /// Streams these messages in this order, each judged by the size that this session has listed, if it has: [`RetrievedContent`] says
    /// what became of it. Where the server has PIPELINING, up to 256 RETR are in flight, and undelivered bytes
    /// are bounded by [`Limits::window`](crate::Limits::window); otherwise each message is a round trip. The commands are on their way
    /// when this returns.
    pub fn fetch(&mut self, numbers: impl IntoIterator<Item = Number>) -> RetrStream<'_> {
        self.retrieve(Asked::Whole, numbers.into_iter().collect())
    }

    fn retrieve(&self, asked: Asked, numbers: Vec<Number>) -> RetrStream<'_> {
        let series = match asked {
            Asked::Whole | Asked::Beginning(_) => Series::retrieve(numbers),
            Asked::Top(lines) => Series::top(numbers, lines),
            Asked::Nothing => Series::delete(numbers),
        };
        RetrStream::new(&self.link, series, asked, &self.maildrop.sizes)
    }

    /// Reads one message of any size as it comes, in memory bounded by [`Limits::window`](crate::Limits::window).
    ///
    /// POP3 cannot stop a message that it has begun: dropped early, the rest of it is read and thrown away before the next command's
    /// reply. For a huge rest it is cheaper to drop the session.
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`], `Kind::Rejected` at once where the server refuses; what happens later is an error of the reader. So is a
    /// message of which no octet came, by [`Kind::Missing`](crate::Kind::Missing); of one that has another length than this session has listed,
    /// [`Body::defects`] says so at its end.
    pub async fn read(&mut self, number: Number) -> Result<Body<'_>> {
        self.open_body(number).await
    }

    async fn open_body<'a>(&self, number: Number) -> Result<Body<'a>> {
        let plan = Plan::new("RETR", &[number.to_string().as_bytes()])?.shape(Shape::Stream);
        let inbox = self.link.submit(Request::Command(plan));
        Ok(Body::judged(Reader::new(Text::open(inbox, self.maildrop.sizes.of(number)).await?)))
    }

    /// The languages in which the server can speak to people (RFC 6856 §3.2).
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`], `Kind::Rejected` where the server has no LANG or does not list them; `Kind::Limit` for more than
    /// [`Limits::untagged`](crate::Limits::untagged) too.
    pub async fn languages(&self) -> Result<Vec<Language>> {
        let inbox = self.link.submit(Request::Command(Plan::new("LANG", &[])?.shape(Shape::Listing)));
        listing::languages(inbox, &self.maildrop.limits).await
    }

    /// Has the server say what is meant for people, the texts of errors among it, in a language that matches this range, such as
    /// `de` or `zh-Hant`, or in the one that its administrator prefers, by `*` (RFC 6856 §3.2). Says which it is.
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`], `Kind::Rejected` where the server has no such language, or no LANG; `Kind::Input` for what is no language
    /// range (RFC 4647 §2.1).
    ///
    /// ```no_run
    /// # async fn speak(pop3: postroom::pop3::Pop3) -> Result<(), postroom::Error> {
    /// if pop3.capabilities().lang() {
    ///     let language = pop3.set_language("de").await?;
    ///     println!("{}: {}", language.tag, language.description);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn set_language(&self, range: &str) -> Result<Language> {
        if range.is_empty() || !range.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'*')) {
            return Err(Error::input("a language range is made of letters, digits and hyphens, or is `*`"));
        }
        let answer = one(&self.link, Plan::new("LANG", &[range.as_bytes()])?).await?;
        codec::language_line(&answer.rest)
            .ok_or_else(|| Error::protocol("the reply to LANG does not say which language was chosen"))
    }

    /// Marks one message, to be deleted by [`quit`](Self::quit) (RFC 1939 §5). It has no place in listings from here on.
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`].
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

    /// Takes all marks away (RFC 1939 §5).
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`].
    pub async fn rset(&self) -> Result<()> {
        one(&self.link, Plan::new("RSET", &[])?.effect(Effect::Reset)).await.map(drop)
    }

    /// What the server says to the session rather than to one call: why it ends it. Each call gives a stream of its own, which does not
    /// borrow the session and ends with it; nobody has to read it. It never touches the wire. A session that
    /// [`Mailbox::changed`](crate::Mailbox::changed) has begun anew needs a new stream.
    pub fn notices(&self) -> Notices {
        self.link.subscribe()
    }

    /// Does nothing, but for keeping the session alive (RFC 1939 §5).
    ///
    /// # Errors
    ///
    /// As said at [`Pop3`].
    pub async fn noop(&self) -> Result<()> {
        one(&self.link, Plan::new("NOOP", &[])?).await.map(drop)
    }

    /// Deletes what is marked and ends the session (RFC 1939 §6).
    ///
    /// # Errors
    ///
    /// `Kind::Rejected`: the server could not delete some or all of what was marked. [`Kind::Unknown`](crate::Kind::Unknown): the reply was lost, and what was
    /// marked may or may not be gone. Otherwise as said at [`Pop3`], and nothing is deleted.
    pub async fn quit(self) -> Result<()> {
        self.end(Needs::Connection).await
    }

    async fn end(&self, needs: Needs) -> Result<()> {
        one(&self.link, Plan::new("QUIT", &[])?.needs(needs).effect(Effect::Quit)).await.map(drop)
    }
}

/// What a line says of the one message that was asked about.
fn of_one<T>(number: Number, line: Option<(Number, T)>) -> Result<T> {
    match line {
        Some((other, value)) if other == number => Ok(value),
        _ => Err(Error::protocol("the reply is not about the message that was asked for")),
    }
}

/// One command and its answer.
async fn one(link: &Pop3Link, plan: Plan) -> Result<Answer> {
    answer(link.submit(Request::Command(plan))).await
}

async fn answer(mut inbox: Inbox<Engine>) -> Result<Answer> {
    while let Some(delivery) = inbox.next().await? {
        if let Delivery::Done(answer) = delivery {
            return answer;
        }
    }
    Err(Error::closed("the session has ended"))
}

impl fmt::Debug for Pop3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop3").field("phase", &self.link.state().phase).finish_non_exhaustive()
    }
}
