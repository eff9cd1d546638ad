//! Ways to the server: what gives a session the stream to its host. TLS comes above them. A way knows no protocol of mail.
//!
//! [`Config::connect_by`] sets the way. There are ready ones: [`Tcp`], which is used if none is set, on Unix `UnixSocket`, and with
//! the feature `proxy` also `Proxy`, for SOCKS5 and HTTP proxies.
//! A program can have its own, which implements [`Connect`]:
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::io;
//!
//! use postroom::connector::{Connect, Stream, Target};
//! use postroom::testing::Server;
//! use postroom::{BoxFuture, Config, Imap, Login, Pop3};
//!
//! /// A server in this process.
//! struct InMemory(Server);
//!
//! impl Connect for InMemory {
//!     fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
//!         Box::pin(async {
//!             let stream: Box<dyn Stream> = match target.port() {
//!                 143 => Box::new(self.0.imap_stream()),
//!                 _ => Box::new(self.0.pop3_stream()),
//!             };
//!             Ok(stream)
//!         })
//!     }
//! }
//!
//! let way = InMemory(Server::builder().user("me", "secret").in_memory()?);
//! let config = Config::new("localhost").dangerous_plaintext().connect_by(way); // nothing leaves this process
//! Imap::connect(config.clone(), Login::password("me", "secret")).await?.logout().await?;
//! Pop3::connect(config, Login::password("me", "secret")).await?.quit().await?;
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```

mod addresses;
#[cfg(feature = "proxy")]
mod proxy;
mod target;
mod tcp;
#[cfg(unix)]
mod unix;

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

#[cfg(feature = "proxy")]
pub use self::proxy::Proxy;
pub use self::target::Target;
pub use self::tcp::Tcp;
pub(super) use self::tcp::dial;
#[cfg(unix)]
pub use self::unix::UnixSocket;
use crate::config::{Config, Slot};
use crate::error::{Error, Kind};
use crate::io::BoxFuture;

/// A way to a server: makes a stream to a target for each connection of a session. It is used by any number of sessions, also at the
/// same time.
///
/// The stream carries the bytes that TCP would: if the configuration has TLS, TLS comes above it, for the name of the host or
/// [`Config::server_name`]. The whole call has [`Deadlines::connect`](crate::Deadlines::connect). If the session's future is dropped, so
/// is the future of the call, and with it what it has opened.
///
/// An error of the kind [`TimedOut`](io::ErrorKind::TimedOut) becomes [`Kind::Timeout`]. An [`Error`] of this crate, as the inner error,
/// stays what it is. Any other becomes [`Kind::Io`]; in each case the caller gets the error as the source. It must not contain a secret.
///
/// ```no_run
/// use std::io;
/// use std::process::Stdio;
///
/// use postroom::connector::{Connect, Stream, Target};
/// use postroom::{BoxFuture, Config};
/// use tokio::process::Command;
///
/// /// Speaks through a program, here OpenSSH, that connects from another machine.
/// struct Jump(&'static str);
///
/// impl Connect for Jump {
///     fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
///         Box::pin(async {
///             let place = format!("{}:{}", target.host(), target.port());
///             let mut command = Command::new("ssh");
///             command.args(["-W", &place, self.0]).stdin(Stdio::piped()).stdout(Stdio::piped());
///             let mut child = command.spawn()?; // it ends when its input does
///             let (Some(output), Some(input)) = (child.stdout.take(), child.stdin.take()) else {
///                 return Err(io::ErrorKind::BrokenPipe.into());
///             };
///             Ok(Box::new(tokio::io::join(output, input)) as Box<dyn Stream>)
///         })
///     }
/// }
///
/// let config = Config::new("imap.intranet.example").connect_by(Jump("me@gate.example.org"));
/// # drop(config);
/// ```
pub trait Connect: Send + Sync {
    /// Connects to the target.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> std::io::Result<()> {
    /// use postroom::connector::{Connect, Target, Tcp};
    ///
    /// let server = postroom::testing::Server::builder().start().await?;
    /// let stream = Tcp.connect(&Target::new("localhost", server.pop3_port())).await?;
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no connection. What a session makes of an error is above.
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>>;
}

/// A stream of bytes in both directions. Every type that can be one is one: the streams of tokio, `tokio::io::DuplexStream`, a child
/// process's input and output by `tokio::io::join`.
///
/// ```
/// use postroom::connector::Stream;
///
/// fn boxed(stream: tokio::net::TcpStream) -> Box<dyn Stream> {
///     Box::new(stream)
/// }
/// # let _ = boxed;
/// ```
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + ?Sized> Stream for S {}

/// What [`Config::connect_by`] stores.
#[derive(Clone)]
pub(super) struct Way(Arc<dyn Connect>);

impl Config {
    /// Connects in that way instead of by TCP: through a proxy, over a Unix socket, or by a [`Connect`] of the program's own. The
    /// last call counts. The host remains the name for which the server's certificate must be valid, and it is what errors and message
    /// ids name.
    ///
    /// TLS, its resumption, and all deadlines are as over TCP. [`keep_alive`](Self::keep_alive) concerns the TCP connections that
    /// this crate makes, also those to a proxy. `Debug` only says that there is such a way.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn example() {
    /// use postroom::Config;
    /// use postroom::connector::UnixSocket;
    ///
    /// let config = Config::new("localhost").dangerous_plaintext().connect_by(UnixSocket::new("/run/dovecot/imap"));
    /// assert!(format!("{config:?}").contains("own_connector: true"));
    /// # }
    /// # #[cfg(unix)]
    /// # example();
    /// ```
    pub fn connect_by(self, connect: impl Connect + 'static) -> Self {
        self.with_connector(Slot::of(Way(Arc::new(connect))))
    }
}

impl Way {
    /// The way of that configuration; `None` for TCP.
    pub(super) fn of(config: &Config) -> Option<Arc<Self>> {
        config.connector().get()
    }

    pub(super) async fn connect(&self, target: &Target) -> Result<Box<dyn Stream>, Error> {
        let connected = target.within(self.0.connect(target)).await;
        let stream = connected.ok_or_else(|| target.late("no connection"))?;
        stream.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(own) => own.clone(),
            None if error.kind() == io::ErrorKind::TimedOut => {
                Error::new(Kind::Timeout, "no connection in time").with_source(error)
            }
            None => Error::new(Kind::Io, "no connection by the program's own connector").with_source(error),
        })
    }
}

impl<C: Connect + ?Sized> Connect for Arc<C> {
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        (**self).connect(target)
    }
}
