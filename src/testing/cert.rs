//! The certificate authority of the embedded server: made once per process, on first need. It knows nothing of mail.

use std::io;
use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub(super) struct Authority {
    pub(super) pem: String,
    pub(super) der: Vec<u8>,
    pub(super) acceptor: TlsAcceptor,
}

/// The authority of this process. Making it costs two ECDSA P-256 keys; asking again costs nothing.
pub(super) fn authority() -> io::Result<&'static Authority> {
    static AUTHORITY: OnceLock<Result<Authority, String>> = OnceLock::new();
    AUTHORITY
        .get_or_init(make)
        .as_ref()
        .map_err(|error| io::Error::other(error.clone()))
}

fn make() -> Result<Authority, String> {
    let text = |error: rcgen::Error| error.to_string();

    let mut ca = CertificateParams::new(Vec::new()).map_err(text)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name
        .push(DnType::CommonName, "postroom testing authority");
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_key = KeyPair::generate().map_err(text)?;
    let ca_cert = ca.self_signed(&ca_key).map_err(text)?;
    let issuer = Issuer::new(ca, ca_key);

    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let mut leaf = CertificateParams::new(names).map_err(text)?;
    leaf.distinguished_name
        .push(DnType::CommonName, "localhost");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let leaf_key = KeyPair::generate().map_err(text)?;
    let leaf_cert = leaf.signed_by(&leaf_key, &issuer).map_err(text)?;

    Ok(Authority {
        pem: ca_cert.pem(),
        der: ca_cert.der().to_vec(),
        acceptor: acceptor(leaf_cert.der().clone(), leaf_key.serialize_der())?,
    })
}

fn acceptor(cert: CertificateDer<'static>, key: Vec<u8>) -> Result<TlsAcceptor, String> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
    let config = ServerConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![cert], key)
        })
        .map_err(|error| error.to_string())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The provider is named, never the process default: two features may both be compiled in.
#[cfg(feature = "aws-lc-rs")]
fn provider() -> Result<Arc<CryptoProvider>, String> {
    Ok(Arc::new(
        tokio_rustls::rustls::crypto::aws_lc_rs::default_provider(),
    ))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn provider() -> Result<Arc<CryptoProvider>, String> {
    Ok(Arc::new(
        tokio_rustls::rustls::crypto::ring::default_provider(),
    ))
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
fn provider() -> Result<Arc<CryptoProvider>, String> {
    CryptoProvider::get_default()
        .cloned()
        .ok_or_else(|| "no TLS provider is compiled in".to_owned())
}
