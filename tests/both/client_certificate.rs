//! Client certificates through the public API, against the embedded server: sent on request, in both protocols and both kinds
//! of TLS; refused before connecting if they cannot work.

use postroom::imap::Imap;
use postroom::pop3::Pop3;
use postroom::testing::{Builder, Server};
use postroom::{Config, Error, Kind, Login};

fn login() -> Login {
    Login::password("alice", "alicepw")
}

fn trusting(server: &Server, port: u16) -> Config {
    Config::new("localhost").port(port).add_root_pem(server.ca_pem().as_bytes()).unwrap()
}

fn shown(config: Config, (chain, key): &(String, String)) -> Config {
    config.client_certificate_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

/// Both kinds of TLS.
fn configurations(server: &Server, implicit: u16, upgraded: u16) -> [Config; 2] {
    [trusting(server, implicit), trusting(server, upgraded).starttls()]
}

async fn imap(config: Config) -> Result<(), Error> {
    Imap::connect(config, login()).await?.logout().await
}

async fn pop3(config: Config) -> Result<(), Error> {
    Pop3::connect(config, login()).await?.quit().await
}

async fn server(change: impl FnOnce(Builder) -> Builder) -> Server {
    change(Server::builder()).start().await.unwrap()
}

#[tokio::test]
async fn a_certificate_is_shown_to_a_server_that_asks() {
    let server = server(Builder::require_client_certificate).await;
    let certificate = server.client_certificate("alice").unwrap();
    for config in configurations(&server, server.imaps_port(), server.imap_port()) {
        imap(shown(config, &certificate)).await.unwrap();
    }
    for config in configurations(&server, server.pop3s_port(), server.pop3_port()) {
        pop3(shown(config, &certificate)).await.unwrap();
    }
    assert_eq!(server.shown_certificates(), ["alice"; 4]);
}

#[tokio::test]
async fn a_server_that_does_not_insist_serves_both_kinds_of_clients() {
    let server = server(Builder::ask_client_certificate).await;
    let config = trusting(&server, server.imaps_port());
    imap(config.clone()).await.unwrap();
    assert!(server.shown_certificates().is_empty());
    imap(shown(config.clone(), &server.client_certificate("bob").unwrap())).await.unwrap();
    assert_eq!(server.shown_certificates(), ["bob"]);
    // The session with a certificate changed nothing for the one without.
    imap(config).await.unwrap();
    assert_eq!(server.shown_certificates(), ["bob"]);
}

#[tokio::test]
async fn a_missing_certificate_is_an_error_of_tls_that_says_so() {
    let server = server(Builder::require_client_certificate).await;
    let configs = configurations(&server, server.imaps_port(), server.imap_port());
    for config in configs {
        let error = imap(config).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Tls, "{error:?}");
        assert!(error.to_string().contains("asks for a client certificate"), "{error:?}");
        assert!(!error.is_retryable());
    }
    for config in configurations(&server, server.pop3s_port(), server.pop3_port()) {
        assert_eq!(pop3(config).await.unwrap_err().kind(), Kind::Tls);
    }
    assert!(server.commands().iter().all(|line| !line.contains("LOGIN") && !line.contains("AUTH")));
}

#[tokio::test]
async fn a_certificate_of_nobody_is_an_error_of_tls() {
    let server = server(Builder::require_client_certificate).await;
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let own = (certificate.pem(), key.serialize_pem());
    let error = imap(shown(trusting(&server, server.imaps_port()), &own)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls, "{error:?}");
    assert!(error.to_string().contains("certificate"), "{error:?}");
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_the_host_is_looked_up() {
    let server = Server::builder().in_memory().unwrap();
    let (chain, key) = server.client_certificate("alice").unwrap();
    let (other_chain, _) = server.client_certificate("bob").unwrap();
    // Looking this name up would be an `Io` error.
    let config = Config::new("no-such-host.invalid");
    let mismatched = shown(config.clone(), &(other_chain, key.clone()));
    let error = imap(mismatched).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Input, "{error:?}");
    assert!(error.to_string().contains("another certificate"), "{error:?}");
    let useless = shown(config.clone(), &(chain.clone(), key.clone())).dangerous_plaintext();
    assert_eq!(imap(useless).await.unwrap_err().kind(), Kind::Input);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    assert_eq!(imap(shown(config, &(broken, key))).await.unwrap_err().kind(), Kind::Input);
}

#[test]
fn what_is_no_certificate_or_no_key_is_refused_at_once() {
    let server = Server::builder().in_memory().unwrap();
    let (chain, key) = server.client_certificate("alice").unwrap();
    let config = Config::new("localhost");
    let refused = |chain: &str, key: &str| {
        let error = config.clone().client_certificate_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), Kind::Input);
        assert!(std::error::Error::source(&error).is_none_or(|source| !source.to_string().contains(key)));
        error.to_string()
    };
    for (chain, key) in
        [("", &*key), ("hello", &key), (&*key, &key), (&*chain, ""), (&chain, "hello"), (&chain, &chain)]
    {
        refused(chain, key);
    }
    let pkcs8 = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    assert!(refused(&chain, &pkcs8).contains("encrypted"));
    let traditional = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n";
    assert!(refused(&chain, traditional).contains("encrypted"));
}

#[test]
fn chain_and_key_may_stand_in_one_text() {
    let server = Server::builder().in_memory().unwrap();
    let (chain, key) = server.client_certificate("alice").unwrap();
    let both = format!("{key}{chain}{}", server.ca_pem());
    let config = Config::new("localhost").client_certificate_pem(both.as_bytes(), both.as_bytes());
    drop(config.unwrap());
}

#[test]
fn nothing_of_the_key_is_printed() {
    let server = Server::builder().in_memory().unwrap();
    let (chain, key) = server.client_certificate("alice").unwrap();
    let config = shown(Config::new("localhost"), &(chain, key.clone()));
    let printed = format!("{config:?} {config:#?}");
    assert!(printed.contains("client_certificate: true"), "{printed}");
    for line in key.lines().filter(|line| !line.starts_with('-')) {
        assert!(!printed.contains(line) && !printed.contains(&line[..20.min(line.len())]), "{printed}");
    }
}
