//! Who logs in, and with which proof. Secrets are wiped when dropped and never printed. It must not know how a proof is sent.

mod bindings;
mod sasl;
mod secret;
mod token;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::bindings::Bindings;
pub use self::sasl::{SaslError, SaslExchange, SaslMechanism, SaslPeer};
pub use self::secret::Secret;
pub(crate) use self::token::Token;
pub use self::token::{TokenError, TokenFuture, TokenProvider};
use crate::error::{Error, Result};

/// Who logs in, and with which proof.
///
/// | proof | mechanisms, strongest first |
/// |---|---|
/// | [`password`](Self::password) | SCRAM-SHA-512, -384, -256, -224, -1 (RFC 5802, 7677), each first with [`-PLUS`](#channel-binding); CRAM-MD5 (RFC 2195), APOP if [allowed](Self::apop), PLAIN (RFC 4616), LOGIN, then the protocol's own LOGIN or USER and PASS |
/// | [`oauth`](Self::oauth), [`oauth_token`](Self::oauth_token) | OAUTHBEARER (RFC 7628), XOAUTH2 |
/// | [`external`](Self::external) | EXTERNAL (RFC 4422 appendix A) |
/// | [`anonymous`](Self::anonymous) | ANONYMOUS (RFC 4505) |
/// | [`sasl`](Self::sasl) | one of the caller's own |
///
/// The strongest mechanism that the server offers is used. A mechanism that shows the proof is used only over an encrypted connection,
/// unless the configuration has `dangerous_plaintext`. `Debug` prints only the user's name.
///
/// # Refused logins
///
/// A refused login is [`Kind::Login`](crate::Kind::Login). It is not tried again, neither with the same mechanism nor with another one,
/// except once with a renewed token.
///
/// If the server does not understand the command of a mechanism (`BAD` before any challenge), the command is sent again without the
/// initial response, and then the next mechanism that shows no more to the server: after PLAIN, LOGIN; after SCRAM, only SCRAM.
///
/// # Channel binding
///
/// Over TLS, the mechanisms that end in `-PLUS` prove in both directions that the TLS connection ends at the server that knows the
/// password: somebody in between with another certificate cannot relay the login, even if that certificate is trusted. They are
/// preferred to all others. The binding is `tls-exporter` (RFC 9266) over TLS 1.3, and over TLS 1.2 if the connection was made with
/// [`ClientConfig::require_ems`](crate::rustls::ClientConfig#structfield.require_ems); otherwise `tls-server-end-point` (RFC 5929 §4). If
/// the server does not support that type, the other one is tried once.
///
/// If the server and this side see two TLS connections, the login fails with [`Kind::Tls`](crate::Kind::Tls), and SCRAM is never tried
/// again without `-PLUS`. If no `-PLUS` is offered, SCRAM tells the server so; a server that did offer one then refuses the login, because
/// somebody has removed the offer. If TLS ends at a proxy of the server's own, use
/// [`without_channel_binding`](Self::without_channel_binding). On a stream of the caller's own that encrypts by itself there is no channel binding.
///
/// # Servers
///
/// - Exchange refuses PLAIN for IMAP users with `\` or `/` in the name. For them the command LOGIN is used instead, unless
///   [`only`](Self::only) names PLAIN, or the user or the password has no quoted form.
/// - Cyrus offers `-PLUS` with `tls-unique` only, which is not defined for TLS 1.3, and refuses every other type. With SCRAM, use
///   [`without_channel_binding`](Self::without_channel_binding). It is not done automatically: whoever is in between could pretend to be
///   such a server.
/// - Dovecot 2.4 has `tls-exporter` over TLS 1.3 only. Over TLS 1.2 it closes the connection.
/// - GNU Mailutils offers SCRAM and CRAM-MD5 even if it cannot serve them. The error names the mechanism;
///   [`only`](Self::only) selects another.
///
/// ```
/// use postroom::Login;
///
/// let login = Login::password("me", std::env::var("MAIL_PASSWORD").unwrap_or_else(|_| "secret".into()));
/// assert_eq!(format!("{login:?}"), r#"Login { user: "me", .. }"#);
///
/// // Never a mechanism that shows the password to the server:
/// let login = Login::password("me", "secret").only(["SCRAM-SHA-256", "SCRAM-SHA-1"]);
/// # assert_eq!(login.user(), "me");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Login {
    user: String,
    proof: Proof,
    authorization: Option<String>,
    only: Option<Vec<String>>,
    channel_binding: bool,
    apop: bool,
}

/// The proof that is sent to the server.
#[derive(Clone)]
pub(crate) enum Proof {
    Password(Secret),
    Token(Token),
    /// The client certificate of the connection.
    External,
    /// No proof; a text for the server's log instead.
    Anonymous(String),
    /// A mechanism of the caller's own.
    Own(Arc<dyn SaslMechanism>),
}

impl Login {
    /// A user and a password.
    ///
    /// Connecting fails with [`Kind::Input`](crate::Kind::Input), before anything is sent, if the user or the password is empty or
    /// contains NUL (RFC 4616 §2), or if the user contains a line break. SCRAM needs a user and a password that SASLprep (RFC 4013)
    /// accepts; if it does not, for example because of an emoji, the next mechanism is used.
    pub fn password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::new(user, Proof::Password(password.into()))
    }

    /// A user, and OAuth 2.0 access tokens from a provider.
    ///
    /// The provider is called when the connection is ready to log in, and once more if the server refuses the token as expired or
    /// invalid; then the login is tried again over the same connection. The error's text contains the reason for a refusal, from the
    /// server's JSON (RFC 7628 §3.2.2).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use postroom::{Config, Imap, Login, Secret, TokenError, testing::Server};
    ///
    /// let server = Server::builder().token("alice", "fresh").auth_mechanisms(["OAUTHBEARER"]).start().await?;
    /// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// let provider = |refused: bool| async move {
    ///     Ok::<_, TokenError>(Secret::from(if refused { "fresh" } else { "stale" }))
    /// };
    /// let imap = Imap::connect(config, Login::oauth("alice", provider)).await?;
    /// imap.logout().await?;
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn oauth(user: impl Into<String>, provider: impl TokenProvider + 'static) -> Self {
        Self::new(user, Proof::Token(Token::Provided(Arc::new(provider))))
    }

    /// A user and one OAuth 2.0 access token. A refusal is final.
    ///
    /// Connecting fails with [`Kind::Input`](crate::Kind::Input) if the token is empty or contains anything but printable ASCII without
    /// spaces.
    pub fn oauth_token(user: impl Into<String>, token: impl Into<Secret>) -> Self {
        Self::new(user, Proof::Token(Token::Fixed(token.into())))
    }

    /// The user of the client certificate in the configuration. The server takes the name from the certificate.
    ///
    /// The name given here is not sent. It identifies the account in this library, for example in message ids. To act as another user,
    /// use [`authorize_as`](Self::authorize_as).
    pub fn external(user: impl Into<String>) -> Self {
        Self::new(user, Proof::External)
    }

    /// An anonymous user (RFC 4505). The trace is an address or another text for the server's log, and may be empty. Connecting fails
    /// with [`Kind::Input`](crate::Kind::Input) if it has more than 255 characters or control characters.
    pub fn anonymous(trace: impl Into<String>) -> Self {
        Self::new("anonymous", Proof::Anonymous(trace.into()))
    }

    /// A user, and a SASL mechanism of the caller's own. If the server does not offer it, connecting fails with
    /// [`Kind::Unsupported`](crate::Kind::Unsupported). The example is at [`SaslMechanism`].
    pub fn sasl(user: impl Into<String>, mechanism: impl SaslMechanism + 'static) -> Self {
        Self::new(user, Proof::Own(Arc::new(mechanism)))
    }

    fn new(user: impl Into<String>, proof: Proof) -> Self {
        Self { user: user.into(), proof, authorization: None, only: None, channel_binding: true, apop: false }
    }

    /// Acts as this user, if the user who logs in has the right to: the authorization identity of SASL (RFC 4422 §2). LOGIN, CRAM-MD5,
    /// APOP and the protocols' own commands cannot express it, so they are not used then.
    ///
    /// ```
    /// // Read bob's mail with the master's password.
    /// let login = postroom::Login::password("master", "secret").authorize_as("bob");
    /// assert_eq!(login.user(), "master");
    /// ```
    pub fn authorize_as(mut self, user: impl Into<String>) -> Self {
        self.authorization = Some(user.into());
        self
    }

    /// Uses only these SASL mechanisms, such as `PLAIN`, in the library's order of strength. The protocol's own command is not used
    /// then; see [`protocol_command_only`](Self::protocol_command_only).
    ///
    /// ```
    /// let login = postroom::Login::password("me", "secret").only(["SCRAM-SHA-256", "PLAIN"]);
    /// # drop(login);
    /// ```
    pub fn only<I>(mut self, mechanisms: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.only = Some(mechanisms.into_iter().map(|name| name.as_ref().to_ascii_uppercase()).collect());
        self
    }

    /// Uses no mechanism with `-PLUS`: for a server whose [channel binding](#channel-binding) does not work, or whose TLS ends at a proxy.
    ///
    /// ```
    /// let login = postroom::Login::password("me", "secret").without_channel_binding();
    /// # drop(login);
    /// ```
    pub fn without_channel_binding(mut self) -> Self {
        self.channel_binding = false;
        self
    }

    /// Uses no SASL mechanism, only the protocol's own command: LOGIN in IMAP (RFC 9051 §6.2.3), USER and PASS in POP3 (RFC 1939 §7),
    /// and APOP if [allowed](Self::apop).
    ///
    /// ```
    /// let login = postroom::Login::password("me", "secret").protocol_command_only();
    /// # drop(login);
    /// ```
    pub fn protocol_command_only(mut self) -> Self {
        self.only = Some(Vec::new());
        self
    }

    /// Allows APOP (RFC 1939 §7) if a POP3 server offers it, but neither SCRAM nor CRAM-MD5.
    ///
    /// By default it is not used: its MD5 is so weak that a false server can learn the beginning of a password from many logins
    /// (CVE-2007-1558). That attack needs timestamps with bytes that a message id cannot have. So even if APOP is allowed, only a
    /// timestamp that is a valid message id is answered, and none that came before STLS.
    pub fn apop(mut self) -> Self {
        self.apop = true;
        self
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The provider of access tokens, if that is the proof.
    pub(crate) fn token_provider(&self) -> Option<Arc<dyn TokenProvider>> {
        match &self.proof {
            Proof::Token(Token::Provided(provider)) => Some(provider.clone()),
            _ => None,
        }
    }

    /// The same login with another provider.
    pub(crate) fn with_token_provider(self, provider: impl TokenProvider + 'static) -> Self {
        Self { proof: Proof::Token(Token::Provided(Arc::new(provider))), ..self }
    }

    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// The password, if that is the proof.
    pub(crate) fn own_password(&self) -> Option<&Secret> {
        match &self.proof {
            Proof::Password(password) => Some(password),
            _ => None,
        }
    }

    /// Whether this SASL mechanism may be used.
    pub(crate) fn allows(&self, mechanism: &str) -> bool {
        let listed = self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == mechanism));
        listed && (self.channel_binding || !mechanism.ends_with("-PLUS"))
    }

    /// The password for the protocol's own command, LOGIN or USER and PASS, if that may be used.
    pub(crate) fn command_password(&self) -> Option<&Secret> {
        let allowed = self.authorization.is_none() && self.only.as_ref().is_none_or(Vec::is_empty);
        self.own_password().filter(|_| allowed)
    }

    /// The password for APOP, if that may be used.
    pub(crate) fn apop_password(&self) -> Option<&Secret> {
        self.command_password().filter(|_| self.apop)
    }

    /// Refuses what no mechanism can send, before anything is sent.
    pub(crate) fn check(&self) -> Result<()> {
        for name in std::iter::once(&self.user).chain(&self.authorization) {
            if name.is_empty() || name.contains(['\0', '\r', '\n']) {
                return Err(Error::input("the user name is empty, or contains NUL or a line break"));
            }
        }
        match &self.proof {
            Proof::Password(password) if password.is_empty() || password.expose().contains(&0) => {
                Err(Error::input("the password is empty or contains NUL"))
            }
            Proof::Token(_) if self.speaker().contains('\x01') => {
                Err(Error::input("with OAuth, a user name cannot contain the character U+0001"))
            }
            Proof::Token(Token::Fixed(token)) => token::check(token),
            Proof::Own(mechanism) if !sasl::is_name(mechanism.name()) => {
                Err(Error::input("the name of the SASL mechanism is not 1 to 20 characters of A to Z, 0 to 9, - and _"))
            }
            Proof::Anonymous(trace) if trace.chars().count() > 255 || trace.contains(char::is_control) => {
                Err(Error::input("the trace has more than 255 characters, or control characters"))
            }
            _ => Ok(()),
        }
    }

    /// The user whose mailbox is opened.
    pub(crate) fn speaker(&self) -> &str {
        self.authorization().unwrap_or(&self.user)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn nothing_prints_a_secret() {
        let login = Login::password("me", "hunter2").authorize_as("you").only(["plain"]);
        let token = Login::oauth_token("me", "hunter2");
        let printed = format!("{login:?} {login:#?} {token:?} {:?}", Secret::from("hunter2"));
        assert!(!printed.contains("hunter") && !printed.contains("104"), "{printed}");
    }

    #[test]
    fn what_no_mechanism_can_say_is_refused() {
        for login in [
            Login::password("", "p"),
            Login::password("a\0b", "p"),
            Login::password("a\r\nb", "p"),
            Login::password("a", ""),
            Login::password("a", "p\0q"),
            Login::password("a", "p").authorize_as(""),
            Login::password("a", "p").authorize_as("\0"),
            Login::oauth_token("a", ""),
            Login::oauth_token("a", "two words"),
            Login::oauth_token("a\x01auth=Bearer x", "t"),
            Login::oauth_token("a", "t").authorize_as("b\x01c"),
            Login::external(""),
            Login::anonymous("a\nb"),
            Login::anonymous("x".repeat(256)),
        ] {
            assert_eq!(login.check().unwrap_err().kind(), Kind::Input);
        }
        Login::password("üser", vec![0xFF, b' ']).check().unwrap();
        Login::anonymous("").check().unwrap();
        Login::anonymous("ü".repeat(255)).check().unwrap();
        Login::external("a").check().unwrap();
    }

    #[test]
    fn a_restriction_holds_in_any_letter_case_and_excludes_the_protocols_own_command() {
        let login = Login::password("a", "p");
        assert!(login.allows("PLAIN") && login.command_password().is_some());
        let restricted = login.clone().only(["plain"]);
        assert!(restricted.allows("PLAIN") && !restricted.allows("SCRAM-SHA-256"));
        assert!(restricted.command_password().is_none());
        let unbound = login.clone().without_channel_binding();
        assert!(unbound.allows("SCRAM-SHA-1") && !unbound.allows("SCRAM-SHA-1-PLUS") && unbound.allows("PLAIN"));
        assert!(!unbound.only(["SCRAM-SHA-1-PLUS"]).allows("SCRAM-SHA-1-PLUS"));
        let command = login.clone().protocol_command_only();
        assert!(!command.allows("PLAIN") && command.command_password().is_some());
        assert!(login.clone().authorize_as("you").command_password().is_none());
        assert!(login.apop_password().is_none() && login.clone().apop().apop_password().is_some());
        assert!(login.apop().only(["PLAIN"]).apop_password().is_none());
    }
}
