//! Somebody in between: ends TLS with a certificate of its own, which the client may trust, and passes everything on to the server over
//! another TLS connection.

use std::sync::Arc;

use postroom::Config;
use postroom::rustls::client::Resumption;
use postroom::rustls::crypto::CryptoProvider;
use postroom::rustls::pki_types::pem::PemObject;
use postroom::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use postroom::rustls::{ClientConfig, RootCertStore, ServerConfig};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What the relay does to each line of the server.
pub(crate) type Change = fn(&str) -> String;

pub(crate) struct Relay {
    port: u16,
    certificate: Vec<u8>,
}

impl Relay {
    /// In front of a server with TLS from the first byte.
    pub(crate) async fn start(ca_pem: &str, port: u16, change: Change) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots(ca_pem)).with_no_client_auth();
        // Some servers break resumed handshakes off.
        config.resumption = Resumption::disabled();
        let connector = TlsConnector::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let near = acceptor.accept(near).await.unwrap();
                let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let far = connector.connect("localhost".try_into().unwrap(), far).await.unwrap();
                relay(near, far, change).await;
            }
        });
        Self { port: own, certificate: certificate.der().to_vec() }
    }

    /// A configuration that trusts both the server's authority and the relay's certificate.
    pub(crate) fn config(&self, ca_pem: &str) -> Config {
        let config = Config::new("localhost").port(self.port).add_root_pem(ca_pem.as_bytes()).unwrap();
        config.add_root_der(&self.certificate).unwrap()
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    return Arc::new(postroom::rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(feature = "aws-lc-rs"))]
    return Arc::new(postroom::rustls::crypto::ring::default_provider());
}

pub(crate) fn roots(ca_pem: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    roots
}

/// Until one side closes.
async fn relay(near: impl AsyncRead + AsyncWrite, far: impl AsyncRead + AsyncWrite, change: Change) {
    let (near_in, near_out) = tokio::io::split(near);
    let (far_in, far_out) = tokio::io::split(far);
    tokio::select! {
        () = pass(near_in, far_out, str::to_owned) => {}
        () = pass(far_in, near_out, change) => {}
    }
}

async fn pass(from: impl AsyncRead, to: impl AsyncWrite, change: Change) {
    let (mut from, mut to) = (std::pin::pin!(BufReader::new(from)), std::pin::pin!(to));
    let mut line = String::new();
    while from.read_line(&mut line).await.is_ok_and(|count| count > 0) {
        let changed = change(&std::mem::take(&mut line));
        if to.write_all(changed.as_bytes()).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}
