//! A SASL mechanism of the caller's own, as traits. It must not know the mechanisms of this crate, nor how an exchange is carried.

use std::error::Error as StdError;

use super::bindings::Bindings;
use super::secret::Secret;

/// RFC 4422 §3.1.
const LONGEST_NAME: usize = 20;

/// The error of a [`SaslMechanism`]: any error. The exchange is cancelled, and the login fails with
/// [`Kind::Login`](crate::Kind::Login), with this error as its source.
///
/// ```
/// use postroom::SaslError;
///
/// let error = SaslError::from("there is no ticket");
/// assert_eq!(error.to_string(), "there is no ticket");
/// ```
pub type SaslError = Box<dyn StdError + Send + Sync>;

/// A SASL mechanism (RFC 4422) that this crate does not have, such as GSSAPI, for
/// [`Login::sasl`](crate::Login::sasl).
///
/// It is used only if the server offers it by its name. Unless [`shows_nothing`](Self::shows_nothing) is `true`, it is used only over
/// TLS, even if the configuration has `dangerous_plaintext`.
///
/// ```
/// use postroom::{Login, SaslError, SaslExchange, SaslMechanism, SaslPeer, Secret};
///
/// /// A one-time code in one message.
/// struct OneTime(Secret);
///
/// struct Sent(Option<Secret>);
///
/// impl SaslMechanism for OneTime {
///     fn name(&self) -> &str {
///         "X-ONE-TIME"
///     }
///
///     fn begin(&self, _: &SaslPeer<'_>) -> Result<Box<dyn SaslExchange>, SaslError> {
///         Ok(Box::new(Sent(Some(self.0.clone()))))
///     }
/// }
///
/// impl SaslExchange for Sent {
///     fn initial(&mut self) -> Result<Option<Secret>, SaslError> {
///         Ok(self.0.take())
///     }
///
///     fn answer(&mut self, _: &[u8]) -> Result<Secret, SaslError> {
///         Err("there is nothing more to say".into())
///     }
///
///     fn finish(&self) -> Result<(), SaslError> {
///         Ok(()) // the server proves nothing in this mechanism
///     }
/// }
///
/// # #[cfg(feature = "testing")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::{Config, Imap, Kind, testing::Server};
///
/// let server = Server::builder().start().await?;
/// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let login = Login::sasl("alice", OneTime(Secret::from("123456")));
/// // This server does not have it.
/// assert_eq!(Imap::connect(config, login).await.unwrap_err().kind(), Kind::Unsupported);
/// # Ok(())
/// # }
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
pub trait SaslMechanism: Send + Sync {
    /// Its registered name: 1 to 20 of the characters `A` to `Z`, `0` to `9`, `-` and `_`. With another one, connecting fails with
    /// [`Kind::Input`](crate::Kind::Input).
    fn name(&self) -> &str;

    /// Whether somebody who sees the whole exchange can neither log in with it nor guess a secret from it. Only then the mechanism may
    /// be used without TLS. Default: `false`.
    fn shows_nothing(&self) -> bool {
        false
    }

    /// Begins one authentication; it must not block. It is called for each attempt, at most twice for one login: a server that does not understand the
    /// command with an initial response gets it again without.
    ///
    /// # Errors
    ///
    /// Any error: the login fails before anything is sent.
    ///
    /// ```
    /// use postroom::{SaslError, SaslExchange, SaslMechanism, SaslPeer};
    ///
    /// struct Kerberos;
    ///
    /// impl SaslMechanism for Kerberos {
    ///     fn name(&self) -> &str {
    ///         "GSSAPI"
    ///     }
    ///
    ///     fn begin(&self, peer: &SaslPeer<'_>) -> Result<Box<dyn SaslExchange>, SaslError> {
    ///         Err(format!("there is no ticket for {}@{}", peer.service(), peer.host()).into())
    ///     }
    /// }
    /// # drop(postroom::Login::sasl("me", Kerberos));
    /// ```
    fn begin(&self, peer: &SaslPeer<'_>) -> Result<Box<dyn SaslExchange>, SaslError>;
}

/// One authentication by a [`SaslMechanism`], which has the example. [`initial`](Self::initial) and [`answer`](Self::answer) may block:
/// they run on tokio's threads for blocking work. What they return is wiped from memory after it was sent, and shown in no log.
///
/// ```
/// use postroom::{SaslError, SaslExchange, Secret};
///
/// /// Answers the server's question with a code.
/// struct Code(Option<Secret>);
///
/// impl SaslExchange for Code {
///     fn initial(&mut self) -> Result<Option<Secret>, SaslError> {
///         Ok(None)
///     }
///
///     fn answer(&mut self, _: &[u8]) -> Result<Secret, SaslError> {
///         self.0.take().ok_or_else(|| "the code was asked for twice".into())
///     }
///
///     fn finish(&self) -> Result<(), SaslError> {
///         if self.0.is_none() { Ok(()) } else { Err("the code was not asked for".into()) }
///     }
/// }
/// # assert!(Code(None).answer(b"").is_err());
/// ```
pub trait SaslExchange: Send {
    /// The client's first message, if the client speaks first. It is called once, before anything else.
    ///
    /// # Errors
    ///
    /// Any error: the login fails before anything is sent.
    ///
    /// ```
    /// use postroom::{SaslError, SaslExchange, Secret};
    ///
    /// struct ServerFirst;
    ///
    /// impl SaslExchange for ServerFirst {
    ///     fn initial(&mut self) -> Result<Option<Secret>, SaslError> {
    ///         Ok(None)
    ///     }
    /// #   fn answer(&mut self, _: &[u8]) -> Result<Secret, SaslError> { Ok(Secret::from("")) }
    /// #   fn finish(&self) -> Result<(), SaslError> { Ok(()) }
    /// }
    /// # assert!(ServerFirst.initial().unwrap().is_none());
    /// ```
    fn initial(&mut self) -> Result<Option<Secret>, SaslError>;

    /// The answer to a challenge of the server, which is untrusted. At most
    /// [`Limits::challenges`](crate::Limits#structfield.challenges) come.
    ///
    /// # Errors
    ///
    /// Any error: the exchange is cancelled, and the login fails.
    ///
    /// ```
    /// use postroom::{SaslError, SaslExchange, Secret};
    ///
    /// struct Echo;
    ///
    /// impl SaslExchange for Echo {
    ///     fn answer(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
    ///         Ok(Secret::from(challenge.to_vec()))
    ///     }
    /// #   fn initial(&mut self) -> Result<Option<Secret>, SaslError> { Ok(None) }
    /// #   fn finish(&self) -> Result<(), SaslError> { Ok(()) }
    /// }
    /// # assert!(Echo.answer(b"hello").is_ok());
    /// ```
    fn answer(&mut self, challenge: &[u8]) -> Result<Secret, SaslError>;

    /// The server reports success: `Ok` if the client has sent its whole proof, and the server has proved what the mechanism requires.
    ///
    /// # Errors
    ///
    /// Any error: the login fails, and the connection is closed.
    ///
    /// ```
    /// use postroom::{SaslError, SaslExchange, Secret};
    ///
    /// struct Mutual {
    ///     proved: bool,
    /// }
    ///
    /// impl SaslExchange for Mutual {
    ///     fn finish(&self) -> Result<(), SaslError> {
    ///         if self.proved { Ok(()) } else { Err("the server has proved nothing".into()) }
    ///     }
    /// #   fn initial(&mut self) -> Result<Option<Secret>, SaslError> { Ok(None) }
    /// #   fn answer(&mut self, _: &[u8]) -> Result<Secret, SaslError> { Ok(Secret::from("")) }
    /// }
    /// # assert!(Mutual { proved: false }.finish().is_err());
    /// ```
    fn finish(&self) -> Result<(), SaslError>;
}

/// Who logs in and where, for [`SaslMechanism::begin`].
///
/// ```
/// use postroom::SaslPeer;
///
/// fn principal(peer: &SaslPeer<'_>) -> String {
///     format!("{}@{}", peer.service(), peer.host()) // imap@mail.example.org
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SaslPeer<'a> {
    pub(crate) service: &'static str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) bindings: &'a Bindings,
}

impl<'a> SaslPeer<'a> {
    /// The protocol's registered service: `imap`, or `pop` for POP3.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The host of the configuration.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The port that the configuration connects to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user of the login.
    pub fn user(&self) -> &'a str {
        self.user
    }

    /// The user of [`Login::authorize_as`](crate::Login::authorize_as).
    pub fn authorize_as(&self) -> Option<&'a str> {
        self.authorization
    }

    /// The connection's channel binding of this type: `tls-exporter` (RFC 9266) or `tls-server-end-point` (RFC 5929 §4). `None` without
    /// TLS, and for a type that the connection does not have. It must not be logged.
    ///
    /// ```
    /// use postroom::SaslPeer;
    ///
    /// fn bound(peer: &SaslPeer<'_>) -> bool {
    ///     peer.channel_binding("tls-exporter").is_some()
    /// }
    /// ```
    pub fn channel_binding(&self, name: &str) -> Option<&'a [u8]> {
        self.bindings.iter().find(|(own, _)| *own == name).map(|(_, data)| data.expose())
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_part)
}
