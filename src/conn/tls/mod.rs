//! TLS by rustls: whom to trust, the handshake within its deadline, and one sentence for each way it fails. It does not know why a
//! connection is encrypted, nor when.

mod binding;
#[cfg(test)]
#[cfg(all(feature = "testing", any(feature = "ring", feature = "aws-lc-rs")))]
mod handshake_tests;
#[cfg(test)]
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod hello_tests;
mod identity;
mod sessions;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

#[cfg(feature = "platform-roots")]
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{ServerName, TrustAnchor};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error as Rustls, RootCertStore,
};

use self::identity::Identity;
use self::sessions::SessionStore;
use crate::config::{Config, Security, Trust};
use crate::error::{Error, Kind, Result};
use crate::login::Bindings;

/// What a handshake needs, made before the first byte is sent.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    deadline: Duration,
    /// Whether the session begins without TLS.
    upgrades: bool,
    /// Where sessions are kept; `None` if none may be resumed.
    sessions: Option<Arc<SessionStore>>,
    /// Shared by the clones: a failed attempt says so to the next one.
    refused: Arc<AtomicBool>,
}

/// What TLS keeps from one connection to the next. The clones of a `Config` share it; other trust or another identity has its own.
#[derive(Debug, Default)]
struct TlsState {
    sessions: Arc<SessionStore>,
    built: OnceLock<Built>,
}

/// One configuration in two forms.
#[derive(Debug)]
struct Built {
    resuming: Arc<ClientConfig>,
    fresh: Arc<ClientConfig>,
}

impl Tls {
    /// # Errors
    ///
    /// `Kind::Input` for an invalid server name, and for a client certificate that cannot be used; `Kind::Tls` if no cryptography is
    /// compiled in.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let (name, deadline, refused) = (config.tls_name()?, config.deadlines.tls, Arc::default());
        let upgrades = config.security == Security::Upgrade;
        if let Some(own) = config.own_tls_config() {
            return Ok(Self { config: own.clone(), name, deadline, upgrades, sessions: None, refused });
        }
        let state = state(config);
        let sessions = Some(state.sessions.clone());
        Ok(Self { config: built(&state, config)?.resuming.clone(), name, deadline, upgrades, sessions, refused })
    }

    /// The same, without resuming an earlier session.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn fresh(config: &Config) -> Result<Self> {
        let tls = Self::new(config)?;
        Ok(match tls.sessions {
            Some(_) => Self { config: built(&state(config), config)?.fresh.clone(), sessions: None, ..tls },
            None => tls,
        })
    }

    /// Puts TLS over the stream and checks the server's certificate.
    ///
    /// # Errors
    ///
    /// `Kind::Tls` if the peer, its certificate or its TLS is not acceptable; `Kind::Timeout` if it does not answer in time; `Kind::Io`
    /// if the connection ends.
    pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Result<TlsStream<S>> {
        let resumes = self.sessions.as_ref().is_some_and(|sessions| sessions.holds(&self.name));
        let handshake = TlsConnector::from(self.config.clone()).connect(self.name.clone(), stream);
        match tokio::time::timeout(self.deadline, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => {
                if resumes && matches!(cause(&error), None | Some(Rustls::AlertReceived(_))) {
                    self.refuse();
                }
                Err(self.explain(error))
            }
            Err(_) => Err(Error::new(Kind::Timeout, format!("the handshake took longer than {:?}", self.deadline))),
        }
    }

    /// What a login over this connection can be bound to, once its handshake is complete.
    pub(crate) fn bindings(&self, connection: &ClientConnection) -> Bindings {
        binding::bindings(connection, self.config.require_ems)
    }

    /// The server rejected a resumed session: its tickets are dropped.
    pub(crate) fn refuse(&self) {
        if let Some(sessions) = &self.sessions {
            sessions.refused(&self.name);
            self.refused.store(true, Ordering::Relaxed);
        }
    }

    /// Whether that happened: the next handshake will not resume.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn explain(&self, error: io::Error) -> Error {
        let Some(cause) = cause(&error) else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => Error::new(Kind::Io, "the server closed the connection"),
                _ => Error::new(Kind::Io, "the connection failed").with_source(error),
            };
        };
        let text = match cause {
            Rustls::InvalidCertificate(reason) => self.blame(reason),
            Rustls::NoCertificatesPresented => "the server sends no certificate".into(),
            Rustls::InvalidMessage(_) if self.upgrades => "the server does not speak TLS".into(),
            Rustls::InvalidMessage(_) => {
                "the server does not speak TLS on this port; if it begins without and upgrades, use `Config::starttls`"
                    .into()
            }
            Rustls::PeerIncompatible(_) => "the server supports no version or cipher of TLS that is safe enough".into(),
            Rustls::AlertReceived(alert) => broken_off(*alert).into(),
            _ => "the handshake failed".into(),
        };
        Error::new(Kind::Tls, text).with_source(cause.clone())
    }

    fn blame(&self, reason: &CertificateError) -> String {
        use CertificateError as Reason;
        match reason {
            Reason::Expired | Reason::ExpiredContext { .. } => "the server's certificate has expired".into(),
            Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet".into()
            }
            Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
                format!("the server's certificate is not for {}", self.name.to_str())
            }
            // Another authority with the same name: the signature does not fit the key of the trusted one.
            Reason::UnknownIssuer | Reason::BadSignature => {
                "the server's certificate is not signed by a trusted authority; trust a private authority or a self-signed \
                 certificate with `Config::add_root_pem`, and the authorities of the system with `Config::platform_roots` \
                 (feature `platform-roots`)"
                    .into()
            }
            Reason::Revoked => "the server's certificate was revoked".into(),
            _ => "the server's certificate is not acceptable".into(),
        }
    }
}

/// The error of rustls in an error of the stream.
pub(crate) fn cause(error: &io::Error) -> Option<&Rustls> {
    error.get_ref()?.downcast_ref()
}

/// What an alert of the server means. In TLS 1.3 it may come after the handshake, because the server checks the client's certificate
/// only then.
pub(crate) fn broken_off(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => "the server asks for a client certificate",
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => "the server does not accept the client's certificate, or asks for one",
        _ => "the server broke off TLS",
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// One state for all configurations that trust only the public roots and show no certificate, which saves their memory; otherwise one for
/// each `Config` and its clones.
fn state(config: &Config) -> Arc<TlsState> {
    static PUBLIC: LazyLock<Arc<TlsState>> = LazyLock::new(Arc::default);
    let only_public = config.roots().is_empty() && config.trust() == Trust::Public && config.identity().is_empty();
    if only_public { PUBLIC.clone() } else { config.tls_state().get_or_default() }
}

fn built<'a>(state: &'a TlsState, config: &Config) -> Result<&'a Built> {
    if let Some(built) = state.built.get() {
        return Ok(built);
    }
    let mut resuming = build(config)?;
    let mut fresh = resuming.clone();
    fresh.resumption = Resumption::disabled();
    resuming.resumption = Resumption::store(state.sessions.clone());
    let built = Built { resuming: Arc::new(resuming), fresh: Arc::new(fresh) };
    Ok(state.built.get_or_init(|| built))
}

fn build(config: &Config) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(Kind::Tls, "the TLS provider supports no version of TLS").with_source(error))?;
    let builder = match config.trust() {
        Trust::Public => builder.with_root_certificates(roots(webpki_roots::TLS_SERVER_ROOTS, config)?),
        Trust::AddedRoots => builder.with_root_certificates(roots(&[], config)?),
        #[cfg(feature = "platform-roots")]
        Trust::Platform => {
            let verifier =
                Verifier::new_with_extra_roots(config.roots().iter().cloned(), provider()?).map_err(|error| {
                    Error::new(Kind::Tls, "the system has no usable root certificates").with_source(error)
                })?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    Ok(match config.identity().get::<Identity>() {
        Some(identity) => {
            builder.with_client_auth_cert(identity.chain(), identity.key()).map_err(|error| misfit(&error))?
        }
        None => builder.with_no_client_auth(),
    })
}

fn roots(public: &[TrustAnchor<'static>], config: &Config) -> Result<RootCertStore> {
    let mut roots = RootCertStore { roots: public.to_vec() };
    for root in config.roots() {
        roots
            .add(root.clone())
            .map_err(|error| Error::input("the root certificate cannot be read").with_source(error))?;
    }
    Ok(roots)
}

fn misfit(error: &Rustls) -> Error {
    let text = match error {
        Rustls::InconsistentKeys(_) => "the private key belongs to another certificate than the client's",
        _ => "the client certificate or its private key cannot be used",
    };
    Error::input(text).with_source(error.clone())
}

/// Named explicitly: rustls's own choice panics if two providers are compiled in.
///
/// X25519MLKEM768 comes first, and so with a key share: a recorded session stays secret even if X25519 is broken later.
#[cfg(feature = "aws-lc-rs")]
pub(crate) fn provider() -> Result<Arc<CryptoProvider>> {
    use tokio_rustls::rustls::crypto::aws_lc_rs::{default_provider, kx_group::X25519MLKEM768};
    let mut provider = default_provider();
    provider.kx_groups.retain(|group| group.name() != X25519MLKEM768.name());
    provider.kx_groups.insert(0, X25519MLKEM768);
    Ok(Arc::new(provider))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
pub(crate) fn provider() -> Result<Arc<CryptoProvider>> {
    Ok(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
pub(crate) fn provider() -> Result<Arc<CryptoProvider>> {
    CryptoProvider::get_default().cloned().ok_or_else(|| {
        Error::new(
            Kind::Tls,
            "no cryptography for TLS: enable the feature aws-lc-rs or ring, or install a rustls provider",
        )
    })
}

#[cfg(test)]
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod tests {
    use super::*;

    #[test]
    fn all_that_trust_the_public_roots_share_one_configuration() {
        let one = Tls::new(&Config::new("a.example")).unwrap().config;
        let other = Tls::new(&Config::new("b.example")).unwrap().config;
        assert!(Arc::ptr_eq(&one, &other));
        assert!(one.alpn_protocols.is_empty());
    }

    #[test]
    fn an_own_configuration_is_taken_as_it_is() {
        let own = Arc::new(build(&Config::new("h")).unwrap());
        let taken = Tls::fresh(&Config::new("h").tls_config(own.clone())).unwrap().config;
        assert!(Arc::ptr_eq(&own, &taken));
    }

    #[test]
    fn an_address_is_a_server_name() {
        for host in ["127.0.0.1", "::1", "[::1]"] {
            assert!(matches!(Tls::new(&Config::new(host)).unwrap().name, ServerName::IpAddress(_)), "{host}");
        }
        let named = Tls::new(&Config::new("127.0.0.1").server_name("Mail.Example.org")).unwrap();
        assert_eq!(named.name.to_str(), "mail.example.org");
    }
}

#[cfg(test)]
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
mod tests {
    use super::*;

    #[test]
    fn without_cryptography_the_error_says_what_to_enable() {
        let error = Tls::new(&Config::new("h")).unwrap_err();
        assert_eq!(error.kind(), Kind::Tls);
        assert!(error.to_string().contains("aws-lc-rs"));
    }
}
