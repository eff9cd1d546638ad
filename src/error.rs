//! The one error type of the crate: opaque, cheap to clone, asked rather than matched. It must not know which protocol it
//! serves; a server's response code is kept by name, whatever the name is.

mod code;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::code::Code;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, cheap to clone and never holding a secret.
///
/// Ask it questions: [`kind`](Self::kind) for a decision in code, [`code`](Self::code) for the server's own response code,
/// [`is_retryable`](Self::is_retryable) before trying again, [`fault`](Self::fault) for whom to write to. `Display` is one
/// clear sentence about its own level; the causes below it are in [`source`](StdError::source). The wording is not stable.
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

struct Inner {
    kind: Kind,
    fault: Fault,
    text: Cow<'static, str>,
    code: Option<Code>,
    retry_after: Option<Duration>,
    words: Option<Words>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    notices: Vec<Box<str>>,
}

/// What the server's words say that its code does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Words {
    /// It has too much to do just now.
    Busy,
    /// It has as many connections, of this account or in all, as it takes.
    ConnectionLimit,
    /// The mailbox that the command names does not exist.
    MissingMailbox,
}

/// The kinds of [`Error`], for decisions in code.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// The server refused the command (`NO`, `-ERR`); the session lives on.
    Rejected,
    /// The server did not understand the command (`BAD`); the session lives on.
    Bad,
    /// The server did not send what was asked for, although nothing shows that it is gone: no text of a message, half of one, or
    /// another message's. The session lives on.
    Missing,
    /// The server refused who logs in. Never retried by itself. A server that is busy, or that has too many connections, refuses
    /// with [`Rejected`](Self::Rejected).
    Login,
    /// The network failed below the protocol.
    Io,
    /// TLS could not be established, or the certificate was not accepted.
    Tls,
    /// A deadline passed. The connection is gone.
    Timeout,
    /// The connection is closed: by the server, by an earlier error, or by this side.
    Closed,
    /// The peer broke the protocol so that the rest of its bytes have no meaning. The connection is gone.
    Protocol,
    /// A bound of [`Limits`](crate::Limits) was reached.
    Limit,
    /// The caller's argument was refused before a byte was sent.
    Input,
    /// The server, or the protocol, cannot do this; nothing was sent.
    Unsupported,
    /// The connection ended before the reply: the command may or may not have taken effect.
    Unknown,
    /// What is kept on this side failed: a disk is full, a file is damaged or of another version.
    Storage,
    /// Another run holds what is needed here, as the ledger of a collection; it can be tried again when that one has ended.
    Busy,
}

/// Who is at fault, and so to whom a report should go.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The calling program: its argument, its order of calls, its limits.
    Caller,
    /// The server, or whoever answers in its place.
    Server,
    /// The way between.
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

    /// The response code the server gave with its refusal, if it gave one.
    pub fn code(&self) -> Option<&Code> {
        self.0.code.as_ref()
    }

    /// Whether the same call on a new connection may succeed without anybody changing anything.
    ///
    /// True for failures of the network, passed deadlines, servers that say they are busy (by a code: `UNAVAILABLE`, `INUSE`,
    /// `IN-USE`, `LIMIT`, `SYS/TEMP`, `LOGIN-DELAY`; or in words), that a [limit](Self::is_connection_limit) is reached, or
    /// [how long](Self::retry_after) to wait, and for [`Kind::Busy`]. Never true for a refused login, for what the server says will
    /// last (`AUTH`, `SYS/PERM`), for [`Kind::Closed`] after a failure that would come again ([`Kind::Protocol`], [`Kind::Limit`]),
    /// nor for [`Kind::Unknown`]: there the caller has to find out first whether the command took effect.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            _ if self.code().is_some_and(Code::is_lasting) => false,
            Kind::Io | Kind::Timeout | Kind::Busy => true,
            Kind::Closed => self.own_source().is_none_or(Self::is_retryable),
            Kind::Rejected | Kind::Login => {
                self.retry_after().is_some() || self.is_passing() || self.code().is_some_and(Code::is_passing)
            }
            _ => false,
        }
    }

    /// Whether the server has as many connections as it takes, of this account or in all: it says so in words, by the code
    /// `LIMIT` at the login, or it closes a connection before its greeting, which is a hint only. Fewer sessions at once help;
    /// another password does not. Such an error [is retryable](Self::is_retryable).
    pub fn is_connection_limit(&self) -> bool {
        self.0.words == Some(Words::ConnectionLimit)
    }

    /// Whether a mailbox that the command names does not exist: by the code (`NONEXISTENT`, `TRYCREATE`), or in the words of
    /// servers that give none. A server that says it in another way, or in another language, is not recognised.
    pub fn is_missing_mailbox(&self) -> bool {
        let coded = self.code().is_some_and(|code| code.is("NONEXISTENT") || code.is("TRYCREATE"));
        self.is_refusal() && (coded || self.0.words == Some(Words::MissingMailbox))
    }

    /// How long to wait before the next attempt, if the server says so: POP3's LOGIN-DELAY (RFC 2449 §6.5), and the "Suggested Backoff
    /// Time" of Office 365, up to a day. One minute if Office 365 says "User is authenticated but not connected": it does so while it
    /// throttles a user, and for a user without a mailbox.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Alerts, warnings and the goodbye that the server sent before the session began, in its own words. RFC 9051 §7.1 requires that
    /// alerts are shown to the user. Empty once a session has begun; then [`Imap::notices`](crate::Imap::notices) has them.
    pub fn notices(&self) -> impl Iterator<Item = &str> {
        self.0.notices.iter().map(|text| &**text)
    }

    /// A failure of storage, for implementations of [`Delivery`](crate::collect::Delivery) and
    /// [`Ledger`](crate::collect::Ledger): what cannot be done, and the cause.
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

    /// Another run holds what is needed, for implementations of [`Ledger`](crate::collect::Ledger): [`Kind::Busy`].
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
            text: text.into(),
            code: None,
            retry_after: None,
            words: None,
            notices: Vec::new(),
            source: None,
        }))
    }

    pub(crate) fn input(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Input, text)
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

    /// The server's words count only if no code of it says why it refused.
    pub(crate) fn with_words(self, words: Option<Words>) -> Self {
        let judged = self.code().is_some_and(Code::judges_the_login);
        self.edit(|inner| inner.words = words.filter(|_| !judged))
    }

    pub(crate) fn with_notices(self, notices: Vec<Box<str>>) -> Self {
        if notices.is_empty() {
            return self;
        }
        // An error with clones cannot be changed, so it is wrapped.
        let own = if Arc::strong_count(&self.0) == 1 { self } else { self.clone().with_context(self.0.text.clone()) };
        own.edit(|inner| inner.notices = notices)
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.edit(|inner| inner.source = Some(source.into()))
    }

    /// Whether the server answered with a refusal.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.kind(), Kind::Rejected | Kind::Bad)
    }

    /// The same kind with a text that says more; this error becomes its source.
    pub(crate) fn with_context(self, text: impl Into<Cow<'static, str>>) -> Self {
        let kind = self.kind();
        self.reclassify(kind, text)
    }

    /// A refused login is [`Kind::Login`], unless the server gives another reason than the credentials, by its code (RFC 2449
    /// §8.1, RFC 3206 §4, RFC 5530 §3) or in words: then the user must not be asked for another password.
    pub(crate) fn into_login_error(self, way: &str) -> Self {
        if self.is_refusal() && self.code().is_some_and(|code| code.is("LIMIT")) {
            return self.edit(|inner| inner.words = Some(Words::ConnectionLimit));
        }
        let spared = self.is_passing() || self.code().is_some_and(Code::is_not_about_credentials);
        if !self.is_refusal() || self.retry_after().is_some() || spared {
            return self;
        }
        let text = format!("the login by {way} was refused ({self})");
        self.reclassify(Kind::Login, text)
    }

    /// The same failure as another kind; this error becomes its source.
    pub(crate) fn reclassify(self, kind: Kind, text: impl Into<Cow<'static, str>>) -> Self {
        let (code, wait, words) = (self.code().cloned(), self.retry_after(), self.0.words);
        Self::new(kind, text).with_code(code).with_retry_after(wait).with_words(words).with_source(self)
    }

    /// The same failure with its texts changed, in its causes too. `change` returns the new text, or `None` to keep the old one. A cause
    /// of another crate whose text would change is left out.
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
        let notices = notices.into_iter().zip(&self.0.notices).map(|(new, old)| new.unwrap_or_else(|| old.clone()));
        let own = self.own_source().cloned();
        let clean = Self(Arc::new(Inner {
            kind: self.0.kind,
            fault: self.0.fault,
            text: text.map_or_else(|| self.0.text.clone(), Cow::Owned),
            code: code.or_else(|| self.0.code.clone()),
            source: None,
            retry_after: self.0.retry_after,
            words: self.0.words,
            notices: notices.collect(),
        }));
        match own {
            Some(own) => clean.with_source(own.cleaned(change)),
            None => clean,
        }
    }

    fn own_source(&self) -> Option<&Self> {
        let mut causes = std::iter::successors(self.source(), |cause| (*cause).source());
        causes.find_map(|cause| cause.downcast_ref::<Self>())
    }

    fn is_passing(&self) -> bool {
        matches!(self.0.words, Some(Words::Busy | Words::ConnectionLimit))
    }

    /// Only for an error that was just made and has no clones.
    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("text", &self.0.text);
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

/// What reads of a [`Body`](crate::Body) fail with: this crate's error out of its wrapping; any other is a failure of the network.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return own.clone();
        }
        Self::new(Kind::Io, "the connection failed").with_source(error)
    }
}

/// For [`Body`](crate::Body) and everything else that speaks `AsyncRead`; the error itself stays inside as the cause.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_level_and_the_cause_is_the_source() {
        let error = Error::from(std::io::Error::other("cable cut"));
        assert_eq!(error.to_string(), "the connection failed");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("cable cut"));
    }

    #[test]
    fn a_refused_login_is_retryable_only_when_the_server_says_it_will_pass() {
        let wrong = Error::new(Kind::Login, "refused").with_code(Some(Code::new("authenticationfailed", "")));
        assert!(!wrong.is_retryable());
        let busy = Error::new(Kind::Login, "refused").with_code(Some(Code::new("in-use", "")));
        assert!(busy.is_retryable());
    }

    #[test]
    fn what_the_server_says_will_last_is_not_retryable_and_further_levels_mean_the_same() {
        for (kind, code, retryable, fault) in [
            (Kind::Closed, "SYS/PERM", false, Fault::Network),
            (Kind::Closed, "SYS/TEMP", true, Fault::Network),
            (Kind::Rejected, "SYS/PERM/DISK", false, Fault::Server),
            (Kind::Rejected, "SYS/TEMP/DISK", true, Fault::Server),
            (Kind::Rejected, "SYS/TEMPER", false, Fault::Server),
            (Kind::Rejected, "LOGIN-DELAY", true, Fault::Caller),
            (Kind::Rejected, "IN-USE", true, Fault::Caller),
            (Kind::Login, "AUTH", false, Fault::Caller),
        ] {
            let error = Error::new(kind, "no").with_code(Some(Code::new(code, "")));
            assert_eq!((error.is_retryable(), error.fault()), (retryable, fault), "{code}");
        }
    }

    #[test]
    fn a_closed_connection_is_retryable_as_far_as_what_closed_it() {
        let closed = |cause: Option<Kind>| match cause {
            Some(kind) => Error::closed("after a failure").with_source(Error::new(kind, "it failed")),
            None => Error::closed("by the server"),
        };
        for (cause, retryable) in [
            (None, true),
            (Some(Kind::Io), true),
            (Some(Kind::Timeout), true),
            (Some(Kind::Protocol), false),
            (Some(Kind::Limit), false),
        ] {
            assert_eq!(closed(cause).is_retryable(), retryable, "{cause:?}");
        }
        assert!(!Error::closed("again").with_source(closed(Some(Kind::Limit))).is_retryable());
    }

    #[test]
    fn words_count_as_far_as_no_code_blames_the_login() {
        for (code, kind) in
            [(None, Kind::Rejected), (Some("ALERT"), Kind::Rejected), (Some("AUTHENTICATIONFAILED"), Kind::Login)]
        {
            let error =
                Error::new(Kind::Rejected, "too many connections").with_code(code.map(|name| Code::new(name, "")));
            let error = error.with_words(Some(Words::ConnectionLimit)).into_login_error("PLAIN");
            let passing = kind == Kind::Rejected;
            assert_eq!(
                (error.kind(), error.is_retryable(), error.is_connection_limit()),
                (kind, passing, passing),
                "{code:?}"
            );
        }
        let limit = Error::new(Kind::Rejected, "no").with_code(Some(Code::new("LIMIT", "")));
        assert!(!limit.is_connection_limit() && limit.into_login_error("LOGIN").is_connection_limit());
    }

    #[test]
    fn seeing_it_as_another_kind_keeps_the_code() {
        let refused = Error::new(Kind::Rejected, "no").with_code(Some(Code::new("EXPIRED", "")));
        let login = refused.reclassify(Kind::Login, "the login was refused");
        assert!(login.code().is_some_and(|code| code.is("expired")));
        assert_eq!(login.source().map(ToString::to_string).as_deref(), Some("no"));
    }
}
