//! TLS, ports and faults of input.

use std::sync::Arc;

use postroom::testing::{Fault, Script, Server};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::line::Lines;

fn provider() -> CryptoProvider {
    #[cfg(feature = "aws-lc-rs")]
    return tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    return tokio_rustls::rustls::crypto::ring::default_provider();
}

async fn secured<S: AsyncRead + AsyncWrite + Unpin>(authority: &[u8], name: &'static str, stream: S) -> TlsStream<S> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.to_vec().into()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(name.try_into().unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn implicit_tls_is_served_under_every_name() {
    let server = Server::builder().start().await.unwrap();
    for (name, port, greeting) in [
        ("localhost", server.imaps_port(), "* OK "),
        ("127.0.0.1", server.pop3s_port(), "+OK "),
        ("::1", server.imaps_port(), "* OK "),
    ] {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let line = Lines::new(secured(server.ca_der(), name, stream).await).line().await;
        assert!(line.starts_with(greeting) && !line.contains("STARTTLS"), "{line}");
    }
}

#[tokio::test]
async fn an_upgrade_forgets_what_came_behind_the_command() {
    let server = Server::builder().logindisabled_before_tls(true).in_memory().unwrap();
    let mut client = Lines::new(server.imap_stream());
    assert!(client.line().await.contains(" STARTTLS LOGINDISABLED]"));
    client.send("s STARTTLS\r\nx NOOP\r\n").await;
    assert!(client.line().await.starts_with("s OK"));
    let mut client = Lines::new(secured(server.ca_der(), "localhost", client.into_inner()).await);
    assert!(client.imap("LOGIN alice alicepw").await[0].starts_with("t OK"));
    assert!(client.imap("STARTTLS").await[0].starts_with("t BAD"));
    assert!(!server.commands().contains(&"x NOOP".to_owned()));

    let mut client = Lines::new(server.pop3_stream());
    client.line().await;
    assert!(client.pop3("USER alice").await.starts_with("-ERR"));
    assert!(client.pop3("STLS").await.starts_with("+OK"));
    let mut client = Lines::new(secured(server.ca_der(), "localhost", client.into_inner()).await);
    assert!(client.pop3("AUTH PLAIN AGFsaWNlAGFsaWNlcHc=").await.starts_with("+OK"));
}

#[tokio::test]
async fn a_dropped_server_ends_its_connections_and_ports() {
    let server = Server::builder().start().await.unwrap();
    let (port, address) = (server.imap_port(), ("127.0.0.1", server.imap_port()));
    let mut client = Lines::new(TcpStream::connect(address).await.unwrap());
    client.line().await;
    drop(server);
    assert_eq!(client.next().await, None);
    while tokio::net::TcpListener::bind(("127.0.0.1", port)).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn input_can_stall_and_be_cut() {
    let server = Server::builder().duplex_buffer(8).in_memory().unwrap();
    let command = "t LOGIN alice alicepw\r\n";
    server.fault(Fault::StallInputAfter(5));
    let mut client = Lines::new(server.imap_stream());
    client.line().await;
    let mut stream = client.into_inner();
    let mut left = command.as_bytes();
    let held = tokio::time::timeout(std::time::Duration::from_millis(20), stream.write_all_buf(&mut left)).await;
    assert!(held.is_err() && server.commands().is_empty());
    assert_eq!(left.len(), command.len() - 5 - 8);
    server.resume();
    stream.write_all_buf(&mut left).await.unwrap();
    assert!(Lines::new(stream).line().await.starts_with("t OK"));

    server.fault(Fault::CutInputAfter(command.len() as u64 - 1));
    let mut client = Lines::new(server.imap_stream());
    client.line().await;
    server.clear_commands();
    let mut stream = client.into_inner();
    // The last byte may find the connection closed.
    let _ = stream.write_all(command.as_bytes()).await;
    assert_eq!(Lines::new(stream).next().await, None);
    assert!(server.commands().is_empty());
}

#[tokio::test]
async fn a_script_can_go_on_under_tls() {
    let mut script = Script::new("S: * OK\nC: {A} STARTTLS\nS: {A} OK\ntls\nC: {B} NOOP\nS: {B} OK after {A}");
    let mut client = Lines::new(script.stream());
    client.line().await;
    assert_eq!(client.imap("STARTTLS").await, ["t OK"]);
    let stream = secured(Script::ca_der().unwrap(), "localhost", client.into_inner()).await;
    let mut client = Lines::new(stream);
    assert_eq!(client.imap("NOOP").await, ["t OK after t"]);
    assert_eq!(script.finish().await, Ok(()));
}
