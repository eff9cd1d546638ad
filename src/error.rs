//! The one error type of the crate: opaque, cheap to clone, with methods for the decisions that a caller makes. It must not know
//! which protocol it serves; it keeps a server's response code by name, whatever the name is.

mod code;
mod place;
mod placed;
mod replay;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::code::Code;
use self::place::Place;
pub(crate) use self::place::Step;
pub use self::replay::Replay;

/// The result of every operation in this crate that can fail.
///
/// ```
/// fn account(url: &str) -> postroom::Result<postroom::Config> {
///     url.parse()
/// }
/// # assert!(account("imaps://me@example.org").is_ok());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. It is cheap to clone and never holds a secret.
///
/// Its methods answer what a program has to decide: [`kind`](Self::kind) classifies the failure, [`code`](Self::code) is the
/// server's own response code, [`is_retryable`](Self::is_retryable) says whether trying again may help, and
/// [`fault`](Self::fault) says who should get a report.
///
/// `{}` prints one sentence for a user: the step that failed, the server's host and port, and what happened. `{:#}` prints the
/// chain of causes after it, on the same line, for a log; the same causes are in [`source`](StdError::source). The wording may
/// change in any version.
///
/// ```
/// use postroom::{Config, Kind};
///
/// let error = "imap://example.org".parse::<Config>().unwrap_err();
/// assert_eq!(error.kind(), Kind::Input);
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    fault: Fault,
    /// Where it happened. `Display` puts it before the text.
    place: Place,
    text: Cow<'static, str>,
    code: Option<Code>,
    retry_after: Option<Duration>,
    words: Option<Words>,
    /// What the call has changed, or may have.
    replay: Option<Replay>,
    /// Whether it would happen again although its kind usually passes.
    is_lasting: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    notices: Vec<Box<str>>,
}

/// What the text of the server's answer says beyond its response code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Words {
    /// The server is too busy at the moment.
    Busy,
    /// The server has reached its limit of connections, of this account or in all.
    ConnectionLimit,
    /// The account has used up its space, or what it may download or do in a day.
    OverQuota,
    /// The mailbox that the command names does not exist.
    MissingMailbox,
}

/// The kinds of [`Error`], for decisions in code.
///
/// ```
/// use postroom::{Error, Kind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         Kind::Login => "ask the user for another password",
///         Kind::Unknown => "find out whether the command took effect",
///         _ if error.is_retryable() => "try again on a new connection",
///         _ => "report it",
///     }
/// }
/// # assert_eq!(advice(&Error::busy("another run has the ledger")), "try again on a new connection");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// The server refused the command (`NO`, `-ERR`). The session continues.
    Rejected,
    /// The server did not understand the command (`BAD`). The session continues.
    Bad,
    /// The server did not send the requested data, although nothing shows that the message is gone: it sent no text, half of it,
    /// or the text of another message, or an answer that cannot be read. The session continues.
    Missing,
    /// The server does not accept the credentials. The crate never retries by itself. If a server refuses a login because it is
    /// busy, or has too many connections, the kind is [`Rejected`](Self::Rejected).
    Login,
    /// The network failed: the name lookup, the connection, or a read or write.
    Io,
    /// TLS could not be set up, or the server's certificate was not accepted; or the login shows that TLS does not end at the server
    /// ([channel binding](crate::Login#channel-binding)).
    Tls,
    /// A deadline passed. The connection is gone.
    Timeout,
    /// The connection is closed: the server closed it, an earlier error ended it, or this side closed it.
    Closed,
    /// The server broke the protocol, and the rest of its bytes cannot be interpreted. The connection is gone.
    Protocol,
    /// A bound of [`Limits`](crate::Limits) was reached.
    Limit,
    /// The caller's argument is not valid. Nothing was sent.
    Input,
    /// The server, or the protocol, cannot do this. Nothing was sent.
    Unsupported,
    /// The connection ended after the command was sent and before its reply: it may or may not have taken effect.
    /// [`Error::replay`] says what to do before it is sent again.
    Unknown,
    /// Local storage failed: a disk is full, or a file is damaged or has another version.
    Storage,
    /// Another run holds a resource that is needed here, such as the ledger of a collection. Try again when that run has ended.
    Busy,
}

/// Who is at fault, and so who should get a report.
///
/// ```
/// use postroom::{Config, Fault};
///
/// let error = "imaps://".parse::<Config>().unwrap_err();
/// assert_eq!(error.fault(), Fault::Caller);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The calling program: its argument, its order of calls, its limits.
    Caller,
    /// The server, or the machine that answers in its place.
    Server,
    /// The network between the two.
    Network,
}

impl Error {
    /// Which kind of failure this is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Who is at fault.
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// The response code that the server sent with its refusal or its goodbye, if it sent one.
    pub fn code(&self) -> Option<&Code> {
        self.0.code.as_ref()
    }

    /// Whether the same call on a new connection may succeed although nobody changes anything.
    ///
    /// It is `true` for failures of the network, for deadlines that passed, for [`Kind::Busy`], and if the server reports that it
    /// is busy (by one of the codes `UNAVAILABLE`, `INUSE`, `IN-USE`, `LIMIT`, `SYS/TEMP` and `LOGIN-DELAY`, or in its text), that a
    /// [limit of connections](Self::is_connection_limit) is reached, or [how long](Self::retry_after) to wait.
    ///
    /// It is `false` for a refused login, also one at a proxy, for a condition that the server reports as permanent (`AUTH`, `SYS/PERM`), for
    /// [`Kind::Closed`] after a failure that would happen again ([`Kind::Protocol`], [`Kind::Limit`]), for a
    /// [quota](Self::is_over_quota) that is used up, for [`Kind::Unknown`], and if a call of several commands has done something that
    /// must not be done twice: [`replay`](Self::replay) says what to do then.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            _ if self.0.is_lasting || self.code().is_some_and(Code::is_lasting) => false,
            _ if self.replay() > Some(Replay::Safe) || self.is_over_quota() => false,
            Kind::Io | Kind::Timeout | Kind::Busy => true,
            Kind::Closed => self.own_source().is_none_or(Self::is_retryable),
            Kind::Rejected | Kind::Login => {
                self.retry_after().is_some() || self.is_passing() || self.code().is_some_and(Code::is_passing)
            }
            _ => false,
        }
    }

    /// Whether the server accepts no more connections, of this account or in all.
    ///
    /// The server reports it in its text, or by the code `LIMIT` at the login. A connection that closes before the greeting counts
    /// too, but is only a hint. Fewer sessions at the same time help; another password does not. Such an error
    /// [is retryable](Self::is_retryable).
    pub fn is_connection_limit(&self) -> bool {
        self.0.words == Some(Words::ConnectionLimit)
    }

    /// Whether the account has used up a quota: its space for messages, or what it may download or do in a day.
    ///
    /// The server reports it by the code `OVERQUOTA`, in the refusal of a command or of the login, or in its goodbye. If it sends no
    /// code, the texts of known servers are recognised. It is never [retryable](Self::is_retryable): for space, messages must be deleted,
    /// and a limit of a day (Gmail: "Account exceeded command or bandwidth limits") takes hours to pass.
    pub fn is_over_quota(&self) -> bool {
        self.code().is_some_and(|code| code.is("OVERQUOTA")) || self.0.words == Some(Words::OverQuota)
    }

    /// Whether a mailbox that the command names does not exist.
    ///
    /// The server reports it by a code (`NONEXISTENT`, `TRYCREATE`). If it sends none, the texts of known servers are recognised;
    /// other texts, and other languages, are not.
    pub fn is_missing_mailbox(&self) -> bool {
        let coded = self.code().is_some_and(|code| code.is("NONEXISTENT") || code.is("TRYCREATE"));
        self.is_refusal() && (coded || self.0.words == Some(Words::MissingMailbox))
    }

    /// What to do about the change that the call may have made; `None` if it made none.
    ///
    /// It is `Some` for [`Kind::Unknown`]: the reply was lost after the last byte of the command was given to the network. It is also
    /// `Some`, with any kind, if a call of several commands fails after one of them has changed something, such as a move by COPY, STORE
    /// and EXPUNGE: the strictest of what the commands before the failure and the failed one say. In both cases it is about the same call
    /// with the same arguments. Without a reply, but before the last byte was sent, the command was not carried out: then it is `None`.
    pub fn replay(&self) -> Option<Replay> {
        self.0.replay
    }

    /// How long to wait before trying again, if the server reports it.
    ///
    /// It comes from POP3's LOGIN-DELAY (RFC 2449 §6.5) and from the "Suggested Backoff Time" of Office 365, and is at most one
    /// day. It is one minute if Office 365 reports "User is authenticated but not connected", which it sends to a user whom it
    /// throttles, for some minutes, and to a user without a mailbox.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The server's messages to the user from before the session began: alerts, warnings and its goodbye, in its own words. RFC
    /// 9051 §7.1 requires a client to show alerts. It is empty if the session had begun; then use
    /// [`Imap::notices`](crate::Imap::notices).
    pub fn notices(&self) -> impl Iterator<Item = &str> {
        self.0.notices.iter().map(|text| &**text)
    }

    /// A failure of storage: what cannot be done, and the cause. For implementations of
    /// [`Delivery`](crate::collect::Delivery) and [`Ledger`](crate::collect::Ledger).
    ///
    /// ```
    /// use std::error::Error as _;
    /// use std::io;
    ///
    /// use postroom::{Error, Kind};
    ///
    /// let error = Error::storage("the message cannot be written", io::Error::from(io::ErrorKind::StorageFull));
    /// assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Storage, "the message cannot be written"));
    /// assert!(error.source().is_some());
    /// ```
    pub fn storage(text: impl Into<Cow<'static, str>>, cause: std::io::Error) -> Self {
        Self::new(Kind::Storage, text).with_source(cause)
    }

    /// Another run holds the resource: [`Kind::Busy`]. For implementations of [`Ledger`](crate::collect::Ledger).
    pub fn busy(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Busy, text)
    }

    pub(crate) fn new(kind: Kind, text: impl Into<Cow<'static, str>>) -> Self {
        let fault = match kind {
            Kind::Input | Kind::Bad | Kind::Limit | Kind::Login | Kind::Unsupported => Fault::Caller,
            Kind::Storage | Kind::Busy => Fault::Caller,
            Kind::Rejected | Kind::Missing | Kind::Protocol => Fault::Server,
            Kind::Io | Kind::Tls | Kind::Timeout | Kind::Closed | Kind::Unknown => Fault::Network,
        };
        Self(Arc::new(Inner {
            kind,
            fault,
            place: Place::default(),
            text: text.into(),
            code: None,
            retry_after: None,
            words: None,
            replay: None,
            is_lasting: false,
            notices: Vec::new(),
            source: None,
        }))
    }

    pub(crate) fn input(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Input, text)
    }

    /// An answer that does not have what was asked for, or cannot be read; the session continues.
    pub(crate) fn missing(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Missing, text)
    }

    pub(crate) fn protocol(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Protocol, text)
    }

    pub(crate) fn closed(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Closed, text)
    }

    pub(crate) fn limit(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Limit, text)
    }

    pub(crate) fn unsupported(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unsupported, text)
    }

    pub(crate) fn with_code(self, code: Option<Code>) -> Self {
        self.edit(|inner| {
            if code.as_ref().is_some_and(Code::blames_caller) {
                inner.fault = Fault::Caller;
            }
            inner.code = code;
        })
    }

    pub(crate) fn with_retry_after(self, wait: Option<Duration>) -> Self {
        self.edit(|inner| inner.retry_after = wait)
    }

    /// What failed is on the caller's side, whatever the kind: a file of the caller's that cannot be read, for example.
    pub(crate) fn by_caller(self) -> Self {
        self.edit(|inner| inner.fault = Fault::Caller)
    }

    /// The call has changed something before this error, or may have. What is known already stays if it is stricter.
    pub(crate) fn after_change(self, change: Option<Replay>) -> Self {
        match change > self.0.replay {
            true => self.edit(|inner| inner.replay = change),
            false => self,
        }
    }

    /// What the text says is ignored if the server's code judges the credentials.
    pub(crate) fn with_words(self, words: Option<Words>) -> Self {
        let judged = self.code().is_some_and(Code::judges_the_login);
        self.edit(|inner| inner.words = words.filter(|_| !judged))
    }

    /// The same call would fail again, and somebody has to change something on this side.
    #[cfg(feature = "proxy")]
    pub(crate) fn lasting(self) -> Self {
        self.edit(|inner| (inner.is_lasting, inner.fault) = (true, Fault::Caller))
    }

    pub(crate) fn with_notices(self, notices: Vec<Box<str>>) -> Self {
        self.edit(|inner| inner.notices = notices)
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.edit(|inner| inner.source = Some(Arc::from(source.into())))
    }

    /// Whether the server answered, and refused.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.kind(), Kind::Rejected | Kind::Bad)
    }

    /// An error of the same kind with another text. This one becomes its source.
    pub(crate) fn with_context(self, text: impl Into<Cow<'static, str>>) -> Self {
        let kind = self.kind();
        self.reclassify(kind, text)
    }

    /// A refused login is [`Kind::Login`], unless the server gives another reason than the credentials, by its code (RFC 2449
    /// §8.1, RFC 3206 §4, RFC 5530 §3) or in its text: another password would not help then.
    pub(crate) fn into_login_error(self, method: &str) -> Self {
        if self.is_refusal() && self.code().is_some_and(|code| code.is("LIMIT")) {
            return self.edit(|inner| inner.words = Some(Words::ConnectionLimit));
        }
        let other_reason =
            self.is_passing() || self.is_over_quota() || self.code().is_some_and(Code::is_not_about_credentials);
        if !self.is_refusal() || self.retry_after().is_some() || other_reason {
            return self;
        }
        let said = self.server_words().map(|words| format!(": {words}")).unwrap_or_default();
        let text = format!("the server does not accept the {} ({method}){said}", place::credentials(method));
        self.edit(|inner| (inner.kind, inner.fault, inner.text) = (Kind::Login, Fault::Caller, text.into()))
    }

    /// The same failure as another kind, for a caller whose decision depends on the kind. This one becomes its source.
    pub(crate) fn reclassify(self, kind: Kind, text: impl Into<Cow<'static, str>>) -> Self {
        let (code, wait, words, replay) = (self.code().cloned(), self.retry_after(), self.0.words, self.replay());
        let (place, is_lasting) = (self.0.place.clone(), self.0.is_lasting);
        let fault = (kind == self.kind()).then_some(self.fault());
        let outer = Self::new(kind, text).with_code(code).with_retry_after(wait).with_words(words).after_change(replay);
        let outer = outer.edit(|inner| {
            (inner.place, inner.is_lasting, inner.fault) = (place, is_lasting, fault.unwrap_or(inner.fault));
        });
        outer.with_source(self.without_place())
    }

    /// The same failure with its texts changed, and those of its causes. `change` returns the new text, or `None` if it stays. A
    /// cause of another crate is left out if its text would change.
    pub(crate) fn cleaned(self, change: &dyn Fn(&str) -> Option<String>) -> Self {
        let text = change(&self.0.text);
        let code = self.0.code.as_ref().and_then(|code| {
            let (name, data) = (change(&code.name), change(&code.data));
            (name.is_some() || data.is_some()).then(|| {
                Code::new(name.unwrap_or_else(|| code.name.to_string()), data.unwrap_or_else(|| code.data.to_string()))
            })
        });
        let dirty = std::iter::successors(self.source(), |cause| (*cause).source())
            .any(|cause| change(&cause.to_string()).is_some() || change(&format!("{cause:?}")).is_some());
        let notices: Vec<_> = self.0.notices.iter().map(|text| change(text).map(Box::from)).collect();
        if text.is_none() && code.is_none() && !dirty && notices.iter().all(Option::is_none) {
            return self;
        }
        let own = self.own_source().map(|own| own.clone().cleaned(change));
        self.edit(|inner| {
            inner.text = text.map_or_else(|| inner.text.clone(), Cow::Owned);
            inner.code = code.or_else(|| inner.code.take());
            let notices = notices.into_iter().zip(&inner.notices).map(|(new, old)| new.unwrap_or_else(|| old.clone()));
            inner.notices = notices.collect();
            inner.source = own.map(|own| Arc::new(own) as Arc<dyn StdError + Send + Sync>);
        })
    }

    fn own_source(&self) -> Option<&Self> {
        let mut causes = std::iter::successors(self.source(), |cause| (*cause).source());
        causes.find_map(|cause| cause.downcast_ref::<Self>())
    }

    fn is_passing(&self) -> bool {
        matches!(self.0.words, Some(Words::Busy | Words::ConnectionLimit))
    }

    /// Changes this error and none of its clones.
    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("text", &self.to_string());
        if let Some(code) = &self.0.code {
            out.field("code", code);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// Unwraps this crate's error from the `io::Error` that a read of a [`Body`](crate::Body) fails with. Any other error is a failure
/// of the network.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return own.clone();
        }
        Self::new(Kind::Io, "the connection failed").with_source(error)
    }
}

/// For [`Body`](crate::Body) and other implementations of `AsyncRead`. The error is the inner error of the `io::Error`.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            Kind::Timeout => std::io::ErrorKind::TimedOut,
            Kind::Closed => std::io::ErrorKind::ConnectionAborted,
            Kind::Unsupported => std::io::ErrorKind::Unsupported,
            Kind::Input => std::io::ErrorKind::InvalidInput,
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
