//! The certificate authority of the embedded server, made once for each process when it is first needed. It issues the certificates of
//! the server and of clients. It must not know mail.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

pub(super) struct Authority {
    pub(super) pem: String,
    pub(super) der: Vec<u8>,
    /// The hash of the server's certificate, with the hash of its signature (RFC 5929 §4).
    pub(super) end_point: Vec<u8>,
    acceptors: [TlsAcceptor; 3],
    issuer: Issuer<'static, KeyPair>,
    /// The certificates of clients in DER, with their users.
    clients: Mutex<HashMap<Vec<u8>, String>>,
}

/// Whether the server asks clients for a certificate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Asking {
    #[default]
    Nothing,
    Whatever,
    Certificate,
}

/// The authority of this process. The first call makes two ECDSA P-256 keys.
pub(super) fn authority() -> io::Result<&'static Authority> {
    static AUTHORITY: OnceLock<Result<Authority, String>> = OnceLock::new();
    let made = AUTHORITY.get_or_init(|| make().map_err(|error| error.to_string()));
    made.as_ref().map_err(|error| io::Error::other(error.clone()))
}

impl Authority {
    pub(super) fn acceptor(&self, asking: Asking) -> &TlsAcceptor {
        let [nothing, whatever, certificate] = &self.acceptors;
        match asking {
            Asking::Nothing => nothing,
            Asking::Whatever => whatever,
            Asking::Certificate => certificate,
        }
    }

    /// A new certificate for this client, and its key, both in PEM.
    pub(super) fn issue(&self, client: &str) -> Result<(String, String), rcgen::Error> {
        let mut leaf = CertificateParams::new(Vec::new())?;
        leaf.distinguished_name.push(DnType::CommonName, client);
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &self.issuer)?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.insert(certificate.der().to_vec(), client.to_owned());
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// The user of a certificate.
    pub(super) fn client(&self, certificate: &[u8]) -> Option<String> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(certificate).cloned()
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn make() -> Result<Authority, Failure> {
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, "postroom testing authority");
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_key = KeyPair::generate()?;
    let ca_cert = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);

    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let leaf_key = KeyPair::generate()?;
    let leaf_cert = leaf.signed_by(&leaf_key, &issuer)?;
    let acceptor = |asking| acceptor(asking, ca_cert.der(), leaf_cert.der().clone(), leaf_key.serialize_der());

    Ok(Authority {
        pem: ca_cert.pem(),
        der: ca_cert.der().to_vec(),
        end_point: Sha256::digest(leaf_cert.der()).to_vec(),
        acceptors: [acceptor(Asking::Nothing)?, acceptor(Asking::Whatever)?, acceptor(Asking::Certificate)?],
        issuer,
        clients: Mutex::default(),
    })
}

fn acceptor(
    asking: Asking,
    authority: &CertificateDer<'static>,
    cert: CertificateDer<'static>,
    key: Vec<u8>,
) -> Result<TlsAcceptor, Failure> {
    let provider = provider()?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone())?;
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let clients = match asking {
        Asking::Nothing => WebPkiClientVerifier::no_client_auth(),
        Asking::Whatever => clients.allow_unauthenticated().build()?,
        Asking::Certificate => clients.build()?,
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![cert], PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key)))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The provider is named, and not the process default: rustls panics on the default if two providers are compiled in.
#[cfg(feature = "aws-lc-rs")]
fn provider() -> Result<Arc<CryptoProvider>, String> {
    Ok(Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn provider() -> Result<Arc<CryptoProvider>, String> {
    Ok(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
fn provider() -> Result<Arc<CryptoProvider>, String> {
    CryptoProvider::get_default().cloned().ok_or_else(|| "no TLS provider is compiled in".to_owned())
}
