//! Where and how to connect: host, port, security, trust, limits. Plain values that are checked before a byte is sent. It opens no
//! socket, and must not look into what `conn` keeps in its slots. URLs are read in `config/url.rs`.

mod alerts;
mod capabilities;
mod compression;
mod host;
mod initial_response;
mod keep_alive;
mod kept;
mod slot;
mod trust;
mod uid_only;
mod url;

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "proxy")]
pub(crate) use self::host::normal as normal_host;
pub use self::keep_alive::KeepAlive;
pub(crate) use self::slot::Slot;
use crate::error::{Error, Result};
use crate::limits::{Deadlines, Limits};
use crate::recorder::Recorder;
use crate::rustls::pki_types::pem::PemObject;
use crate::rustls::pki_types::{CertificateDer, ServerName};
use crate::rustls::{ClientConfig, RootCertStore};

/// Where the server is and how to connect to it: host, port, security, trusted roots, limits and deadlines.
///
/// A host name alone means TLS from the first byte on the protocol's usual port (993 for IMAP, 995 for POP3; RFC 8314 §3.2
/// and §3.3), and the certificate is checked for that name against the roots of `webpki-roots`. Names of methods that
/// weaken this contain `dangerous`. Building a `Config` does no I/O; connecting with a wrong one fails with
/// [`Kind::Input`](crate::Kind::Input) before the host is looked up. Cheap to clone.
///
/// TLS sessions are resumed (RFC 8446 §2.2, RFC 5077), which saves a signature and, in TLS 1.2, a round trip. The clones of one `Config`
/// share their sessions, and so do all configurations that trust only the public roots and have no client certificate. No early data is
/// sent. Some servers that ask for client certificates break off resumed handshakes: then the same call connects once more without
/// resumption, and later calls do not resume with that server. On a stream of the caller's own nothing is resumed.
///
/// The host is reached by TCP, or as [`connect_by`](Self::connect_by) says. Over TCP all addresses of the host are tried, staggered (RFC
/// 8305). The clones of one `Config` remember which worked: its family is tried first the next time, and if the name cannot be looked up,
/// its earlier addresses are tried.
///
/// ```
/// use postroom::Config;
///
/// let plain_name = Config::new("imap.example.org");
/// let upgraded = Config::new("mail.example.org").starttls().port(1143);
/// let from_url: Config = "imaps://me@mail.example.org/INBOX".parse()?;
/// assert_eq!(from_url.user(), Some("me"));
/// assert_eq!(from_url.mailbox(), Some("INBOX"));
/// # assert_eq!((plain_name.host(), upgraded.host()), ("imap.example.org", "mail.example.org"));
/// # Ok::<(), postroom::Error>(())
/// ```
///
/// # URLs
///
/// | scheme | means |
/// |---|---|
/// | `imaps://`, `pops://` | TLS from the first byte |
/// | `imap+starttls://`, `pop+stls://` | a required upgrade to TLS |
/// | `imap://`, `pop://` | plaintext: refused, except by [`dangerous_plaintext_url`](Self::dangerous_plaintext_url) |
///
/// Each may contain a user and a port, for IMAP also a mailbox (all percent-decoded; RFC 5092, RFC 2384). A password is refused,
/// because URLs end up in command lines, histories and logs. Parsing fails with `Kind::Input`.
#[derive(Clone)]
#[must_use]
pub struct Config {
    host: String,
    port: Option<u16>,
    pub(crate) security: Security,
    pub(crate) unprotected_alerts: bool,
    protocol: Option<Protocol>,
    user: Option<String>,
    mailbox: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) deadlines: Deadlines,
    keep_alive: Option<KeepAlive>,
    recorder: Option<Recorder>,
    server_name: Option<String>,
    roots: Vec<CertificateDer<'static>>,
    trust: Trust,
    tls_config: Option<Arc<ClientConfig>>,
    pub(crate) id: Option<Vec<(String, String)>>,
    pub(crate) imap4rev1_only: bool,
    uid_only: Option<bool>,
    initial_response: bool,
    assumed: Vec<(String, bool)>,
    compressed: bool,
    /// The client's certificate and key, if there are any.
    identity: Slot,
    /// What `conn::tls` keeps for these roots and this identity. A change of either replaces the slot: nothing is shared with other trust.
    tls_state: Slot,
    /// The way to the server, if it is not TCP.
    connector: Slot,
    /// What `conn::connector` keeps of earlier connections.
    addresses: Slot,
}

/// The two protocols of this crate.
///
/// ```
/// use postroom::{Config, Protocol};
///
/// let config: Config = "pops://mail.example.org".parse()?;
/// assert_eq!(config.protocol(), Some(Protocol::Pop3));
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the protocols of this crate")]
pub enum Protocol {
    /// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051).
    Imap,
    /// POP3 (RFC 1939).
    Pop3,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Security {
    /// TLS from the first byte.
    Implicit,
    /// A required STARTTLS or STLS.
    Upgrade,
    /// Nothing is encrypted; the caller wrote `dangerous`.
    Plaintext,
}

/// The authorities that are trusted beside the added roots.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trust {
    /// The public ones of `webpki-roots`.
    Public,
    /// None.
    AddedRoots,
    /// Those of the operating system.
    #[cfg(feature = "platform-roots")]
    Platform,
}

impl Config {
    /// Connects to that host, with TLS from the first byte on the protocol's usual port.
    ///
    /// `host` is a name (an internationalised one is turned into its ASCII form), or an IP address; an IPv6 address may be
    /// in brackets. It is neither a URL nor `host:port`.
    pub fn new(host: impl Into<String>) -> Self {
        let host = host.into();
        Self {
            host: host::normal(&host).unwrap_or(host),
            port: None,
            security: Security::Implicit,
            unprotected_alerts: false,
            protocol: None,
            user: None,
            mailbox: None,
            limits: Limits::default(),
            deadlines: Deadlines::default(),
            keep_alive: Some(KeepAlive::default()),
            recorder: None,
            server_name: None,
            roots: Vec::new(),
            trust: Trust::Public,
            identity: Slot::default(),
            tls_config: None,
            id: Some(vec![
                ("name".to_owned(), env!("CARGO_PKG_NAME").to_owned()),
                ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ]),
            imap4rev1_only: false,
            uid_only: None,
            initial_response: true,
            assumed: Vec::new(),
            compressed: false,
            tls_state: Slot::default(),
            connector: Slot::default(),
            addresses: Slot::default(),
        }
    }

    /// IMAP: uses IMAP4rev1 (RFC 3501) with servers that have both revisions; without this, IMAP4rev2 is used. For a server whose IMAP4rev2
    /// does not work. It has no effect on a server that has only IMAP4rev2.
    pub fn imap4rev1_only(self) -> Self {
        Self { imap4rev1_only: true, ..self }
    }

    /// IMAP: the fields of the ID command (RFC 2971), which is sent after the login to servers that have it, such as `name`, `version` and
    /// `support-url`. Without any field it sends `ID NIL`. The default is the name and version of this crate, because some servers open no
    /// mailbox before ID. It is sent with the first command.
    ///
    /// At most 30 fields of printable ASCII, with names of up to 30 bytes and values of up to 1024; with others, connecting fails
    /// with [`Kind::Input`](crate::Kind::Input).
    pub fn id<K: Into<String>, V: Into<String>>(self, fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let fields = fields.into_iter().map(|(field, value)| (field.into(), value.into()));
        Self { id: Some(fields.collect()), ..self }
    }

    /// IMAP: sends no ID.
    pub fn without_id(self) -> Self {
        Self { id: None, ..self }
    }

    /// Sets the port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Begins without TLS and upgrades before anything else: STARTTLS (RFC 9051 §6.2.1) or STLS (RFC 2595 §4), on port 143 or 110. If
    /// the server does not upgrade, connecting fails with [`Kind::Tls`](crate::Kind::Tls), and no login is sent.
    pub fn starttls(mut self) -> Self {
        self.security = Security::Upgrade;
        self
    }

    /// Uses no TLS, on port 143 or 110: everybody on the way can read and change mail and the login. For a server on the same machine.
    pub fn dangerous_plaintext(mut self) -> Self {
        self.security = Security::Plaintext;
        self
    }

    /// Sets the bounds on what the server may send.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the bounds on how long the server may take.
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Sets when the operating system probes a silent connection; `None` for never. It has no effect on a stream that the caller
    /// or a connector of the program's own makes.
    pub fn keep_alive(mut self, keep_alive: impl Into<Option<KeepAlive>>) -> Self {
        self.keep_alive = keep_alive.into();
        self
    }

    /// Keeps a transcript of every connection made with this configuration, without secrets.
    pub fn record(mut self, recorder: &Recorder) -> Self {
        self.recorder = Some(recorder.clone());
        self
    }

    /// Trusts the certificates in this PEM text, in addition to the public authorities: those of a private authority, or of one self-signed
    /// server.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// let server = postroom::testing::Server::builder().start().await?;
    /// let config = postroom::Config::new("localhost").add_root_pem(server.ca_pem().as_bytes())?;
    /// # drop(config);
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the text contains no certificate, or one that cannot be read.
    pub fn add_root_pem(mut self, pem: &[u8]) -> Result<Self> {
        let before = self.roots.len();
        for root in CertificateDer::pem_slice_iter(pem) {
            let root = root.map_err(|error| Error::input("the PEM text cannot be read").with_source(error))?;
            self = self.add_root_der(root.as_ref())?;
        }
        match self.roots.len() > before {
            true => Ok(self),
            false => Err(Error::input("the PEM text holds no certificate")),
        }
    }

    /// Trusts this DER certificate in addition to the public authorities.
    ///
    /// ```
    /// let config = postroom::Config::new("localhost").add_root_der(b"not a certificate");
    /// assert_eq!(config.unwrap_err().kind(), postroom::Kind::Input);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if it cannot be read.
    pub fn add_root_der(mut self, der: &[u8]) -> Result<Self> {
        let root = CertificateDer::from(der).into_owned();
        RootCertStore::empty()
            .add(root.clone())
            .map_err(|error| Error::input("the root certificate cannot be read").with_source(error))?;
        self.roots.push(root);
        self.tls_state = Slot::default();
        Ok(self)
    }

    /// Uses this configuration of [`rustls`](crate::rustls) unchanged, for a custom verifier, client certificate or provider. Connecting
    /// with it and added roots or a client certificate fails, because those would have no effect.
    pub fn tls_config(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls_config = Some(config);
        self
    }

    /// Sets the name for which the certificate must be valid, if it is not the host: for a tunnel, or for a host given by its address.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// The host: a name in ASCII form, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The user in the URL, percent-decoded.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The mailbox in the URL, percent-decoded.
    pub fn mailbox(&self) -> Option<&str> {
        self.mailbox.as_deref()
    }

    /// The protocol in the URL; `None` for a `Config` made from a host name, which serves both.
    pub fn protocol(&self) -> Option<Protocol> {
        self.protocol
    }

    pub(crate) fn own_tls_config(&self) -> Option<&Arc<ClientConfig>> {
        self.tls_config.as_ref()
    }

    pub(crate) fn roots(&self) -> &[CertificateDer<'static>] {
        &self.roots
    }

    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    pub(crate) fn alive(&self) -> Option<&KeepAlive> {
        self.keep_alive.as_ref()
    }

    /// The port to use for that protocol.
    pub(crate) fn port_for(&self, protocol: Protocol) -> u16 {
        let usual = match (protocol, self.security) {
            (Protocol::Imap, Security::Implicit) => 993,
            (Protocol::Pop3, Security::Implicit) => 995,
            (Protocol::Imap, _) => 143,
            (Protocol::Pop3, _) => 110,
        };
        self.port.unwrap_or(usual)
    }

    /// The name for which the certificate must be valid.
    pub(crate) fn tls_name(&self) -> Result<ServerName<'static>> {
        let name = match &self.server_name {
            Some(name) => host::normal(name),
            None => Some(self.host.clone()),
        };
        name.and_then(|name| ServerName::try_from(name).ok())
            .ok_or_else(|| Error::input("the server name is neither a host name nor an IP address"))
    }

    /// Refuses a configuration that cannot work, before anything is looked up or sent.
    pub(crate) fn check(&self, protocol: Protocol) -> Result<()> {
        match self.protocol {
            Some(Protocol::Imap) if protocol == Protocol::Pop3 => {
                return Err(Error::input("the URL is for IMAP, this is POP3"));
            }
            Some(Protocol::Pop3) if protocol == Protocol::Imap => {
                return Err(Error::input("the URL is for POP3, this is IMAP"));
            }
            _ => {}
        }
        if host::normal(&self.host).is_none() {
            return Err(Error::input(match self.host.contains("://") {
                true => "the host is a URL; parse it into a Config",
                false => "the host is neither a name nor an IP address (a port is set by Config::port)",
            }));
        }
        if self.port == Some(0) {
            return Err(Error::input("no server listens on port 0"));
        }
        if self.tls_config.is_some() && (self.trust != Trust::Public || !self.roots.is_empty()) {
            return Err(Error::input("added roots have no effect together with a rustls configuration"));
        }
        if !self.identity.is_empty() && (self.tls_config.is_some() || self.security == Security::Plaintext) {
            return Err(Error::input(
                "a client certificate has no effect without TLS or together with a rustls configuration",
            ));
        }
        if self.trust == Trust::AddedRoots && self.roots.is_empty() {
            return Err(Error::input("only added roots are trusted, but none was added"));
        }
        self.tls_name().map(drop)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("protocol", &self.protocol)
            .field("user", &self.user)
            .field("mailbox", &self.mailbox)
            .field("server_name", &self.server_name)
            .field("added_roots", &self.roots.len())
            .field("trust", &self.trust)
            .field("client_certificate", &!self.identity.is_empty())
            .field("own_tls_config", &self.tls_config.is_some())
            .field("limits", &self.limits)
            .field("deadlines", &self.deadlines)
            .field("keep_alive", &self.keep_alive)
            .field("own_connector", &!self.connector.is_empty())
            .field("compressed", &self.compressed)
            .field("recorder", &self.recorder)
            .finish()
    }
}

impl From<&str> for Config {
    /// [`Config::new`]: a host name, not a URL.
    fn from(host: &str) -> Self {
        Self::new(host)
    }
}

impl From<String> for Config {
    /// [`Config::new`]: a host name, not a URL.
    fn from(host: String) -> Self {
        Self::new(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn refusal(config: &Config) -> String {
        let error = config.check(Protocol::Imap).unwrap_err();
        assert_eq!(error.kind(), Kind::Input);
        error.to_string()
    }

    #[test]
    fn a_host_name_means_implicit_tls_on_the_usual_port() {
        let config = Config::from("imap.example.org");
        assert_eq!(config.security, Security::Implicit);
        assert_eq!((config.port_for(Protocol::Imap), config.port_for(Protocol::Pop3)), (993, 995));
        assert_eq!(config.clone().starttls().port_for(Protocol::Pop3), 110);
        assert_eq!(config.clone().dangerous_plaintext().port_for(Protocol::Imap), 143);
        assert_eq!(config.port(7).port_for(Protocol::Imap), 7);
    }

    #[test]
    fn what_is_no_host_is_refused_before_connecting() {
        assert!(refusal(&Config::new("imaps://example.org")).contains("URL"));
        for host in ["", "example.org:993", "a b", "a..b", "a/b", "me@example.org", "a\r\nb", &"a".repeat(64)] {
            assert!(refusal(&Config::new(host)).contains("host"), "{host:?}");
        }
        refusal(&Config::new("example.org").port(0));
        refusal(&Config::new("example.org").server_name("a:1"));
    }

    #[test]
    fn the_url_of_one_protocol_is_refused_by_the_other() {
        let config: Config = "pops://example.org".parse().unwrap();
        assert!(refusal(&config).contains("POP3"));
        config.check(Protocol::Pop3).unwrap();
    }

    #[test]
    fn trust_must_make_sense() {
        let config = Config::new("example.org");
        assert!(refusal(&config.clone().only_added_roots()).contains("none was added"));
        for pem in [
            &b""[..],
            b"hello",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\n",
        ] {
            assert_eq!(config.clone().add_root_pem(pem).unwrap_err().kind(), Kind::Input);
        }
    }
}
