//! [`Proxy`]: the way through a SOCKS5 or an HTTP proxy. What is said to the proxy is in `socks5.rs` and `http.rs`. It must not know
//! what is sent through the tunnel.

mod credentials;
mod environment;
mod http;
mod refusal;
mod socks5;
mod url;

use std::fmt;
use std::io;
use std::sync::Arc;

use self::credentials::Credentials;
use super::{Connect, Stream, Target, Way, dial};
use crate::config::normal_host;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::io::BoxFuture;
use crate::login::Secret;

/// A proxy: SOCKS5 (RFC 1928), with user and password (RFC 1929) if it asks for them, or HTTP with CONNECT (RFC 9110 §9.3.6), with Basic
/// authentication (RFC 7617).
///
/// **The proxy looks up the host's name**, never this side: no name leaves this machine but to the proxy. TLS runs through the tunnel and
/// ends at the server, so that the proxy sees only which server it is, and how much is sent. The proxy's own name is looked up here, and its
/// user and password are sent to it unencrypted.
///
/// It takes the proxy's TCP handshake and one round trip for HTTP, two for SOCKS5, or three with a password, before TLS begins, all within
/// [`Deadlines::connect`](crate::Deadlines::connect). It does not touch the wire until a session is connected.
///
/// ```no_run
/// use postroom::connector::Proxy;
/// use postroom::{Config, Imap, Login};
///
/// # async fn connect() -> postroom::Result<()> {
/// let proxy = Proxy::socks5("127.0.0.1", 9050).login("me", "proxy secret");
/// let config = Config::new("imap.example.org").connect_by(proxy);
/// let imap = Imap::connect(config, Login::password("me", "secret")).await?;
/// # drop(imap);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// They name the proxy, and the causes are the sources. [`Kind::Io`] if the proxy is not reached, does not do what it is asked for, or does
/// not speak its protocol; it is not [retryable](Error::is_retryable) if the proxy refuses the password, or the server by its rules.
/// [`Kind::Timeout`] if it does not answer. [`Kind::Input`], before anything is sent, for a host, user or password that cannot be sent to
/// the proxy: in SOCKS5 each has at most 255 bytes, and user and password at least one; in HTTP the user has no `:`. What an HTTP proxy
/// writes beside the status is never repeated, and neither `Debug` nor any error has the password.
#[derive(Clone)]
#[must_use]
pub struct Proxy {
    protocol: Spoken,
    host: String,
    port: u16,
    login: Option<Credentials>,
    /// The way to the proxy; `None` for TCP.
    way: Option<Way>,
}

/// What is spoken with the proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Spoken {
    Socks5,
    Http,
}

impl Proxy {
    /// A SOCKS5 proxy, such as OpenSSH's with `-D`, or Tor. The usual port is 1080.
    pub fn socks5(host: impl Into<String>, port: u16) -> Self {
        Self { protocol: Spoken::Socks5, host: host.into(), port, login: None, way: None }
    }

    /// An HTTP proxy that allows CONNECT to ports of mail; many allow only port 443. Usual ports are 3128 and 8080.
    pub fn http(host: impl Into<String>, port: u16) -> Self {
        Self { protocol: Spoken::Http, ..Self::socks5(host, port) }
    }

    /// Sets the user and the password for the proxy. A SOCKS5 proxy is still free not to ask for them.
    pub fn login(self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { login: Some(Credentials { user: user.into(), password: password.into() }), ..self }
    }

    /// Reaches the proxy in that way instead of by TCP: through another proxy, over a Unix socket, or by TLS of the program's own.
    ///
    /// ```
    /// use postroom::connector::Proxy;
    ///
    /// let inner = Proxy::http("proxy.intranet.example", 3128);
    /// let chain = Proxy::socks5("gate.example.org", 1080).over(inner);
    /// # drop(chain);
    /// ```
    pub fn over(self, connect: impl Connect + 'static) -> Self {
        Self { way: Some(Way(Arc::new(connect))), ..self }
    }

    /// Refuses what cannot be said to the proxy, before anything is looked up or sent.
    fn check(&self) -> Result<()> {
        if normal_host(&self.host).is_none() {
            return Err(Error::input("the proxy's host is neither a name nor an IP address"));
        }
        if self.port == 0 {
            return Err(Error::input("no proxy listens on port 0"));
        }
        let Some(Credentials { user, password }) = &self.login else { return Ok(()) };
        let text = match self.protocol {
            Spoken::Socks5 if !(1..=255).contains(&user.len()) || !(1..=255).contains(&password.expose().len()) => {
                "a SOCKS5 proxy takes a user and a password of 1 to 255 bytes each"
            }
            Spoken::Socks5 if std::str::from_utf8(password.expose()).is_err() => {
                "the password for the proxy is not UTF-8"
            }
            Spoken::Http if user.contains(':') => "a user with a colon cannot be sent to an HTTP proxy",
            Spoken::Http if user.chars().any(char::is_control) => "the user for the proxy has a control character",
            _ => return Ok(()),
        };
        Err(Error::input(text))
    }

    /// As errors name it.
    fn name(&self) -> String {
        match self.host.contains(':') && !self.host.starts_with('[') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    async fn tunnel(&self, target: &Target) -> Result<Box<dyn Stream>> {
        self.check()?;
        let stream = self.reach(target).await;
        let stream =
            stream.map_err(|error| error.with_context(format!("no connection to the proxy {}", self.name())))?;
        let login = self.login.as_ref();
        let dialogue = async {
            match self.protocol {
                Spoken::Socks5 => socks5::tunnel(stream, target, login).await,
                Spoken::Http => http::tunnel(stream, target, login).await,
            }
        };
        let end = target.within(dialogue).await;
        let end = end.ok_or_else(|| target.late(&format!("no tunnel by the proxy {}", self.name())))?;
        end.map_err(|refusal| refusal.of(&self.name()))
    }

    async fn reach(&self, target: &Target) -> Result<Box<dyn Stream>> {
        let place = target.elsewhere(normal_host(&self.host).unwrap_or_default(), self.port);
        match &self.way {
            Some(way) => way.connect(&place).await,
            None => Ok(Box::new(dial(&place).await?)),
        }
    }
}

impl Connect for Proxy {
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async { Ok(self.tunnel(target).await?) })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("protocol", &self.protocol)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("login", &self.login.is_some())
            .field("own_connector", &self.way.is_some())
            .finish()
    }
}
