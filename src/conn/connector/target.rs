//! Where a connector connects to, and within what bounds. It must not know how.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::addresses::Addresses;
use crate::config::{Config, KeepAlive, Protocol};
use crate::error::{Error, Kind};
use crate::limits::Deadlines;

/// Where to connect to: a host and a port. It carries what TCP needs to know of the [`Config`]: keep-alive, the deadline, and the
/// addresses that worked before.
///
/// ```
/// use postroom::connector::Target;
///
/// let target = Target::new("imap.example.org", 993);
/// assert_eq!((target.host(), target.port()), ("imap.example.org", 993));
/// ```
#[derive(Clone)]
pub struct Target {
    host: Arc<str>,
    port: u16,
    pub(super) options: Options,
}

/// What the way to any host has in common.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) keep_alive: Option<KeepAlive>,
    /// How long written bytes may stay unacknowledged.
    pub(super) progress: Duration,
    /// How long connecting takes in all, and when that time is over.
    deadline: (Duration, Option<Instant>),
    pub(super) addresses: Arc<Addresses>,
}

impl Target {
    /// A target with the defaults of a `Config`, for a connector that is used without one.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let deadlines = Deadlines::default();
        let options = Options {
            keep_alive: Some(KeepAlive::default()),
            progress: deadlines.progress,
            deadline: (deadlines.connect, None),
            addresses: Arc::default(),
        };
        Self { host: host.into().into(), port, options }
    }

    /// Another place with the same bounds: where a proxy is, or where the host has moved to.
    ///
    /// ```
    /// use std::io;
    ///
    /// use postroom::BoxFuture;
    /// use postroom::connector::{Connect, Stream, Target, Tcp};
    ///
    /// /// Goes to another machine, whose certificate is still that of the host.
    /// struct Tunnel;
    ///
    /// impl Connect for Tunnel {
    ///     fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
    ///         Box::pin(async { Tcp.connect(&target.elsewhere("127.0.0.1", 9930)).await })
    ///     }
    /// }
    /// # let _ = Tunnel;
    /// ```
    #[must_use]
    pub fn elsewhere(&self, host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into().into(), port, options: self.options.clone() }
    }

    /// The host: a name in ASCII form, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server of that configuration. Its time runs from now on.
    pub(in crate::conn) fn of(config: &Config, protocol: Protocol) -> Self {
        let deadline = config.deadlines.connect;
        let options = Options {
            keep_alive: config.alive().copied(),
            progress: config.deadlines.progress,
            deadline: (deadline, Instant::now().checked_add(deadline)),
            addresses: config.addresses().get_or_default(),
        };
        Self { host: config.host().into(), port: config.port_for(protocol), options }
    }

    /// When the time for connecting is over; without a configuration, it begins now.
    pub(super) fn end(&self) -> Instant {
        let (deadline, end) = self.options.deadline;
        let far = || Instant::now() + Deadlines::default().connect;
        end.or_else(|| Instant::now().checked_add(deadline)).unwrap_or_else(far)
    }

    /// The work's output; `None` if the time is over before.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.end(), work).await.ok()
    }

    /// The error for `what` that did not happen in time.
    pub(super) fn late(&self, what: &str) -> Error {
        Error::new(Kind::Timeout, format!("{what} within {:?}", self.options.deadline.0))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}
