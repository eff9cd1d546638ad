//! Channel binding: -PLUS mechanisms over TLS, their two types of binding, and somebody in between who has a trusted certificate.

use std::sync::Arc;

use postroom::rustls::ClientConfig;
use postroom::testing::{Builder, Server};
use postroom::{Config, Error, Imap, Kind, Login, Pop3, Protocol};

use super::mechanism::tried;
use super::{BOTH, base64, whole};
use crate::relay::{Relay, provider, roots};
use crate::session::alice;

const PLUS: [&str; 5] =
    ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-384-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-224-PLUS", "SCRAM-SHA-1-PLUS"];
const BOUND_AND_BARE: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"];

async fn serving(mechanisms: &[&'static str], change: impl FnOnce(Builder) -> Builder) -> Server {
    change(Server::builder().auth_mechanisms(mechanisms.iter().copied())).start().await.unwrap()
}

/// TLS from the first byte.
fn tls(server: &Server, protocol: Protocol) -> Config {
    let port = if protocol == Protocol::Imap { server.imaps_port() } else { server.pop3s_port() };
    Config::new("localhost").port(port).add_root_pem(server.ca_pem().as_bytes()).unwrap()
}

/// TLS begins after STARTTLS or STLS.
fn upgrading(server: &Server, protocol: Protocol) -> Config {
    let port = if protocol == Protocol::Imap { server.imap_port() } else { server.pop3_port() };
    tls(server, protocol).port(port).starttls()
}

async fn log_in(config: Config, protocol: Protocol, login: Login) -> Result<(), Error> {
    match protocol {
        Protocol::Imap => Imap::connect(config, login).await?.logout().await,
        Protocol::Pop3 => Pop3::connect(config, login).await?.quit().await,
    }
}

/// What the client's first SCRAM message began with, for each attempt.
fn headers(server: &Server) -> Vec<String> {
    let flags = ["n,,", "y,,", "p=tls-exporter,,", "p=tls-server-end-point,,"];
    let commands = server.commands();
    let shown = |line: &&String| line.contains("AUTH");
    let header = |line: &String| {
        // The header's last bytes share their base64 with what follows.
        let begins = |flag: &str| line.contains(&format!(" {}", &base64(flag)[..flag.len() / 3 * 4]));
        flags.iter().find(|flag| begins(flag)).unwrap_or(&"none").trim_end_matches(',').to_owned()
    };
    commands.iter().filter(shown).map(header).collect()
}

#[tokio::test]
async fn each_binds_the_login_and_is_preferred_to_all_others() {
    for protocol in BOTH {
        for plus in PLUS {
            let server = serving(&["PLAIN", "SCRAM-SHA-512", plus], |server| server).await;
            for config in [tls(&server, protocol), upgrading(&server, protocol)] {
                server.clear_commands();
                log_in(config, protocol, alice()).await.unwrap();
                assert_eq!(
                    (tried(&server), headers(&server)),
                    (vec![plus.to_owned()], vec!["p=tls-exporter".to_owned()])
                );
            }
            let error = log_in(tls(&server, protocol), protocol, Login::password("alice", "wrong")).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Login);
            assert!(error.to_string().contains(plus), "{error}");
        }
    }
}

#[tokio::test]
async fn without_an_initial_response_it_is_the_same() {
    for protocol in BOTH {
        let server = serving(&BOUND_AND_BARE, |server| server).await;
        log_in(tls(&server, protocol).without_initial_response(), protocol, alice()).await.unwrap();
        assert!(server.commands().iter().any(|line| line.ends_with(" SCRAM-SHA-256-PLUS")), "{:?}", server.commands());
        assert_eq!(tried(&server), ["SCRAM-SHA-256-PLUS"]);
    }
}

#[tokio::test]
async fn a_type_that_the_server_does_not_support_is_followed_by_the_other_once() {
    for protocol in BOTH {
        let server = serving(&BOUND_AND_BARE, |server| server.channel_bindings(["tls-server-end-point"])).await;
        log_in(tls(&server, protocol), protocol, alice()).await.unwrap();
        assert_eq!(headers(&server), ["p=tls-exporter", "p=tls-server-end-point"]);
        // TLS 1.2 without an extended master secret that the client insists on has only the second.
        server.clear_commands();
        let older = older_tls(&server);
        let port = if protocol == Protocol::Imap { server.imaps_port() } else { server.pop3s_port() };
        let config = Config::new("localhost").port(port).tls_config(older);
        log_in(config, protocol, alice()).await.unwrap();
        assert_eq!(headers(&server), ["p=tls-server-end-point"]);
        // A server that has only the exporter offers no -PLUS over TLS 1.2.
        let server = serving(&BOUND_AND_BARE, |server| server.channel_bindings(["tls-exporter"])).await;
        let port = if protocol == Protocol::Imap { server.imaps_port() } else { server.pop3s_port() };
        let config = Config::new("localhost").port(port).tls_config(older_tls(&server));
        log_in(config, protocol, alice()).await.unwrap();
        assert_eq!((tried(&server), headers(&server)), (vec!["SCRAM-SHA-256".to_owned()], vec!["y".to_owned()]));
    }
}

#[tokio::test]
async fn what_was_not_offered_is_said_only_over_tls_and_if_it_was_allowed() {
    for protocol in BOTH {
        let server = serving(&["SCRAM-SHA-256"], |server| server).await;
        log_in(tls(&server, protocol), protocol, alice()).await.unwrap();
        log_in(tls(&server, protocol), protocol, alice().only(["SCRAM-SHA-256"])).await.unwrap();
        log_in(upgrading(&server, protocol).dangerous_plaintext(), protocol, alice()).await.unwrap();
        assert_eq!(headers(&server), ["y", "n", "n"]);
        // In clear, -PLUS is not offered, and a caller may do without it over TLS.
        let server = serving(&BOUND_AND_BARE, |server| server).await;
        log_in(upgrading(&server, protocol).dangerous_plaintext(), protocol, alice()).await.unwrap();
        log_in(tls(&server, protocol), protocol, alice().only(["SCRAM-SHA-256"])).await.unwrap();
        assert_eq!(headers(&server), ["n", "n"]);
    }
}

#[tokio::test]
async fn somebody_in_between_with_a_trusted_certificate_cannot_relay_a_bound_login() {
    for protocol in BOTH {
        for binding in ["tls-exporter", "tls-server-end-point"] {
            let server = serving(&BOUND_AND_BARE, |server| server.channel_bindings([binding])).await;
            let relay = relay(&server, protocol, str::to_owned).await;
            let error = log_in(relay.config(server.ca_pem()), protocol, alice()).await.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (Kind::Tls, false), "{}", whole(&error));
            assert!(error.to_string().contains("somebody is in between"), "{error}");
            assert!(tried(&server).iter().all(|mechanism| mechanism == "SCRAM-SHA-256-PLUS"), "{:?}", tried(&server));
            // It does relay what is not bound.
            log_in(relay.config(server.ca_pem()), protocol, alice().only(["SCRAM-SHA-256"])).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_offer_of_binding_that_somebody_removes_is_missed() {
    for protocol in BOTH {
        let server = serving(&BOUND_AND_BARE, |server| server).await;
        let relay = relay(&server, protocol, strip).await;
        let error = log_in(relay.config(server.ca_pem()), protocol, alice()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Tls, false), "{}", whole(&error));
        assert!(error.to_string().contains("somebody has removed it"), "{error}");
        assert_eq!((tried(&server), headers(&server)), (vec!["SCRAM-SHA-256".to_owned()], vec!["y".to_owned()]));
    }
}

/// A client that speaks TLS 1.2 at most, and does not insist on an extended master secret.
fn older_tls(server: &Server) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_protocol_versions(&[&postroom::rustls::version::TLS12]).unwrap();
    let mut config = builder.with_root_certificates(roots(server.ca_pem())).with_no_client_auth();
    config.require_ems = false;
    Arc::new(config)
}

async fn relay(server: &Server, protocol: Protocol, change: fn(&str) -> String) -> Relay {
    let port = if protocol == Protocol::Imap { server.imaps_port() } else { server.pop3s_port() };
    Relay::start(server.ca_pem(), port, change).await
}

/// Removes -PLUS from a list of mechanisms.
fn strip(line: &str) -> String {
    line.replace(" AUTH=SCRAM-SHA-256-PLUS", "").replace(" SCRAM-SHA-256-PLUS", "")
}
