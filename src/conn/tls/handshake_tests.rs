//! TLS against real handshakes: certificates that are good, expired, for another host or from nobody, and peers that are
//! silent or speak something else. Loopback and in-memory pipes only.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::super::connect::adopt;
use super::super::layers::{Layers, read_failure};
use super::{TlsState, provider};
use crate::config::{Config, Protocol};
use crate::error::{Error, Kind};

const HOST: &str = "mail.example.org";

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, HOST);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { pem, issuer: Issuer::new(params, key) }
}

fn server(authority: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    acceptor(certificate.der().clone(), &key)
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider().unwrap())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn trusting(authority: &Authority, host: &str) -> Config {
    Config::new(host).add_root_pem(authority.pem.as_bytes()).unwrap()
}

/// A server that greets within TLS, echoes one line, and closes as the test asks.
async fn serve(acceptor: TlsAcceptor, end: DuplexStream, says_goodbye: bool) {
    let Ok(mut stream) = acceptor.accept(end).await else {
        return;
    };
    let mut line = [0; 5];
    if stream.read_exact(&mut line).await.is_ok() {
        stream.write_all(&line).await.unwrap();
        stream.flush().await.unwrap();
        if says_goodbye {
            stream.shutdown().await.unwrap();
        }
    }
}

async fn handshake(config: &Config, acceptor: TlsAcceptor) -> Result<Layers, Error> {
    let (ours, theirs) = duplex(4096);
    tokio::spawn(serve(acceptor, theirs, true));
    let (stream, upgrade) = adopt(Box::new(ours), config, Protocol::Imap).await?;
    assert!(upgrade.is_none());
    Ok(stream)
}

async fn refusal(config: &Config, acceptor: TlsAcceptor) -> String {
    let error = handshake(config, acceptor).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls, "{error:?}");
    assert!(!error.is_retryable());
    assert!(error.source().unwrap().is::<crate::rustls::Error>());
    error.to_string()
}

#[tokio::test]
async fn an_added_root_is_trusted_and_bytes_pass_both_ways() {
    let authority = authority();
    for config in [trusting(&authority, HOST), trusting(&authority, HOST).only_added_roots()] {
        let mut stream = handshake(&config, server(&authority, HOST, |_| {})).await.unwrap();
        assert!(stream.is_encrypted());
        stream.write_all(b"hello").await.unwrap();
        stream.flush().await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        assert_eq!(back, b"hello");
    }
}

#[tokio::test]
async fn a_host_given_by_its_address_is_checked_by_its_address() {
    let authority = authority();
    handshake(&trusting(&authority, "127.0.0.1"), server(&authority, "127.0.0.1", |_| {})).await.unwrap();
    handshake(&trusting(&authority, "::1"), server(&authority, "::1", |_| {})).await.unwrap();
    let named = trusting(&authority, "127.0.0.1").server_name(HOST);
    handshake(&named, server(&authority, HOST, |_| {})).await.unwrap();
    assert!(refusal(&trusting(&authority, "127.0.0.1"), server(&authority, HOST, |_| {})).await.contains("127.0.0.1"));
}

#[tokio::test]
async fn a_self_signed_server_is_trusted_by_its_own_certificate() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    let config = Config::new(HOST).add_root_der(certificate.der()).unwrap();
    handshake(&config, acceptor(certificate.der().clone(), &key)).await.unwrap();
}

#[tokio::test]
async fn each_bad_certificate_has_its_sentence() {
    let authority = authority();
    let config = trusting(&authority, HOST);
    let expired = server(&authority, HOST, |params| params.not_after = date_time_ymd(2001, 1, 1));
    assert!(refusal(&config, expired).await.contains("expired"));
    let early = server(&authority, HOST, |params| params.not_before = date_time_ymd(4000, 1, 1));
    assert!(refusal(&config, early).await.contains("not valid yet"));
    let other = server(&authority, "other.example.org", |_| {});
    assert!(refusal(&config, other).await.contains("not for mail.example.org"));
    let unknown = server(&self::authority(), HOST, |_| {});
    assert!(refusal(&config, unknown).await.contains("trusted authority"));
    assert!(refusal(&Config::new(HOST), server(&authority, HOST, |_| {})).await.contains("trusted authority"));
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_named_so() {
    for greeting in [
        &b"* OK IMAP4rev1 ready\r\n"[..],
        b"+OK POP3 ready\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"220 smtp\r\n",
        &[0xFF; 64],
    ] {
        let (ours, mut theirs) = duplex(4096);
        theirs.write_all(greeting).await.unwrap();
        let error = adopt(Box::new(ours), &Config::new(HOST), Protocol::Imap).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Tls, "{error:?}");
        assert!(error.to_string().contains("does not speak TLS"), "{error:?}");
    }
}

#[tokio::test]
async fn an_end_during_the_handshake_is_a_failure_of_the_network() {
    let (ours, theirs) = duplex(4096);
    drop(theirs);
    let error = adopt(Box::new(ours), &Config::new(HOST), Protocol::Imap).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
    assert!(error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn silence_during_the_handshake_ends_at_the_deadline() {
    let (ours, _silent) = duplex(4096);
    let deadlines = crate::Deadlines { tls: Duration::from_secs(7), ..Default::default() };
    let start = tokio::time::Instant::now();
    let error = adopt(Box::new(ours), &Config::new(HOST).deadlines(deadlines), Protocol::Imap).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn a_stream_is_upgraded_where_it_stands() {
    let authority = authority();
    let config = trusting(&authority, HOST).starttls();
    let (ours, mut theirs) = duplex(4096);
    let acceptor = server(&authority, HOST, |_| {});
    tokio::spawn(async move {
        theirs.write_all(b"go").await.unwrap();
        serve(acceptor, theirs, true).await;
    });
    let (mut stream, upgrade) = adopt(Box::new(ours), &config, Protocol::Imap).await.unwrap();
    let tls = upgrade.unwrap();
    assert!(!stream.is_encrypted());
    let mut go = [0; 2];
    stream.read_exact(&mut go).await.unwrap();
    let stream = stream.encrypt(&tls).await.unwrap();
    assert!(stream.is_encrypted());
    assert_eq!(stream.encrypt(&tls).await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn an_end_without_tls_goodbye_is_told_from_one_with_it() {
    let authority = authority();
    for says_goodbye in [true, false] {
        let (ours, theirs) = duplex(4096);
        tokio::spawn(serve(server(&authority, HOST, |_| {}), theirs, says_goodbye));
        let (mut stream, _) = adopt(Box::new(ours), &trusting(&authority, HOST), Protocol::Imap).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.flush().await.unwrap();
        let mut back = Vec::new();
        match stream.read_to_end(&mut back).await {
            Ok(_) => assert!(says_goodbye),
            Err(error) => assert!(!says_goodbye && read_failure(error).kind() == Kind::Closed),
        }
        assert_eq!(back, b"hello");
    }
}

#[tokio::test]
async fn clones_share_what_was_built_and_a_changed_trust_does_not() {
    let authority = authority();
    let config = trusting(&authority, HOST);
    handshake(&config.clone(), server(&authority, HOST, |_| {})).await.unwrap();
    let built = |config: &Config| config.tls_state().get::<TlsState>().is_some_and(|state| state.built.get().is_some());
    assert!(built(&config) && built(&config.clone()));
    assert!(!built(&config.only_added_roots()));
}

#[test]
fn a_pem_text_may_hold_several_roots() {
    let both = format!("{}# and\n{}", authority().pem, authority().pem);
    assert_eq!(Config::new(HOST).add_root_pem(both.as_bytes()).unwrap().roots().len(), 2);
}

/// The types of channel binding that a login over the stream can use.
fn bound_by(stream: &Layers) -> Vec<&'static str> {
    stream.bindings().iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn tls_1_2_is_accepted_and_its_exporter_binds_only_with_an_extended_master_secret() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    let config = Config::new(HOST).add_root_der(certificate.der()).unwrap();
    let old = ServerConfig::builder_with_provider(provider().unwrap())
        .with_protocol_versions(&[&crate::rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let old = TlsAcceptor::from(Arc::new(old));
    let stream = handshake(&config, old.clone()).await.unwrap();
    assert_eq!(stream.tls_version(), Some(crate::rustls::ProtocolVersion::TLSv1_2));
    assert_eq!(bound_by(&stream), ["tls-server-end-point"]);

    let mut strict = super::build(&config).unwrap();
    strict.require_ems = true;
    let strict = Config::new(HOST).tls_config(Arc::new(strict));
    let stream = handshake(&strict, old).await.unwrap();
    assert_eq!(bound_by(&stream), ["tls-exporter", "tls-server-end-point"]);
}

#[tokio::test]
async fn a_login_is_bound_by_the_exporter_first_and_by_no_certificate_without_a_hash() {
    let authority = authority();
    let stream = handshake(&trusting(&authority, HOST), server(&authority, HOST, |_| {})).await.unwrap();
    assert_eq!(bound_by(&stream), ["tls-exporter", "tls-server-end-point"]);
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    let config = Config::new(HOST).add_root_der(certificate.der()).unwrap();
    let stream = handshake(&config, acceptor(certificate.der().clone(), &key)).await.unwrap();
    assert_eq!(bound_by(&stream), ["tls-exporter"]);
    assert!(bound_by(&Layers::own(Box::new(tokio::io::empty()))).is_empty());
}
