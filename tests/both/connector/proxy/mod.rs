//! Sessions through proxies of the tests' own, whose connections are in memory.

mod hostile;
mod url;

use std::error::Error as _;
use std::sync::Mutex;

use postroom::connector::{Connect, Proxy, Target};
use postroom::testing::Server;
use postroom::{Config, Error, Kind, Protocol};
use tokio::io::AsyncReadExt;

use super::cancelled::{Counted, Open, every_poll};
use super::{By, PROTOCOLS, embedded, nowhere, session};
use crate::proxies::{KINDS, Scripted, USER};

/// The name of every proxy here; nothing is looked up.
const PROXY: &str = "proxy.invalid:1080";

/// The client's side of a proxy that runs in this process.
fn through(scripted: &Scripted) -> Proxy {
    scripted.client("proxy.invalid", 1080).over(stream_to(scripted))
}

fn stream_to(scripted: &Scripted) -> By {
    let scripted = scripted.clone();
    By::stream(move |target| {
        assert_eq!((target.host(), target.port()), ("proxy.invalid", 1080));
        let (near, far) = tokio::io::duplex(256);
        tokio::spawn(scripted.clone().serve(far));
        near
    })
}

fn all(error: &Error) -> String {
    format!("{error} {error:#} {error:?}")
}

#[tokio::test]
async fn both_protocols_run_through_both_with_every_kind_of_tls() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    let config = nowhere(&server);
    for kind in KINDS {
        for asks in [false, true] {
            for (protocol, ports) in [
                (Protocol::Imap, [server.imaps_port(), server.imap_port()]),
                (Protocol::Pop3, [server.pop3s_port(), server.pop3_port()]),
            ] {
                for (config, port) in [
                    (config.clone(), ports[0]),
                    (config.clone().starttls(), ports[1]),
                    (Config::new("nowhere.invalid").dangerous_plaintext(), ports[1]),
                ] {
                    let scripted = Scripted::new(kind, asks, By::port(port));
                    let config = config.port(25).connect_by(through(&scripted));
                    assert!(!format!("{config:?}").contains("secret"));
                    session(protocol, config).await.unwrap();
                    assert_eq!(scripted.asked(), [("nowhere.invalid".to_owned(), 25)]);
                }
            }
        }
    }
}

#[tokio::test]
async fn one_proxy_leads_to_the_next() {
    let server = embedded();
    for kinds in [[KINDS[0], KINDS[1]], [KINDS[1], KINDS[0]]] {
        let last = Scripted::new(kinds[1], true, By::server(&server));
        let far = stream_to(&last);
        let first = Scripted::new(kinds[0], false, far);
        let outer = first.client("proxy.invalid", 1080).over(stream_to(&first));
        let chain = last.client("proxy.invalid", 1080).over(outer);
        for protocol in PROTOCOLS {
            session(protocol, nowhere(&server).starttls().connect_by(chain.clone())).await.unwrap();
        }
        assert_eq!(first.asked(), [("proxy.invalid".to_owned(), 1080), ("proxy.invalid".to_owned(), 1080)]);
        assert_eq!(last.asked(), [("nowhere.invalid".to_owned(), 143), ("nowhere.invalid".to_owned(), 110)]);
    }
}

#[tokio::test]
async fn a_refused_or_missing_login_is_not_retryable_and_says_nothing_secret() {
    for kind in KINDS {
        let scripted = Scripted::new(kind, true, By::server(&embedded()));
        let bare = Scripted { asks: false, ..scripted.clone() };
        for (proxy, expected) in [
            (bare.client("proxy.invalid", 1080), "asks for a user and a password"),
            (
                bare.client("proxy.invalid", 1080).login(USER, "wrong s3cret"),
                "does not accept the user and the password",
            ),
        ] {
            for protocol in PROTOCOLS {
                let config = Config::new("nowhere.invalid").dangerous_plaintext();
                let config = config.connect_by(proxy.clone().over(stream_to(&scripted)));
                let error = session(protocol, config).await.unwrap_err();
                assert_eq!(error.kind(), Kind::Io);
                assert!(!error.is_retryable() && error.fault() == postroom::Fault::Caller);
                let text = error.to_string();
                assert!(
                    text.contains(PROXY) && text.contains("nowhere.invalid:1") && text.contains(expected),
                    "{text}"
                );
                assert!(!all(&error).contains("s3cret"), "{}", all(&error));
            }
        }
        assert!(scripted.asked().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_the_proxy_cannot_reach_can_be_tried_again() {
    for kind in KINDS {
        let scripted = Scripted::new(kind, false, By::new(|_| async { Err(std::io::ErrorKind::Other.into()) }));
        let config = Config::new("nowhere.invalid").dangerous_plaintext().connect_by(through(&scripted));
        let error = session(Protocol::Imap, config).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.is_retryable() && error.to_string().contains("nowhere.invalid"), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for kind in KINDS {
        let scripted = Scripted::new(kind, true, By::server(&embedded()));
        let config = Config::new("nowhere.invalid").connect_by(scripted.client("127.0.0.1", closed));
        let error = session(Protocol::Pop3, config).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.is_retryable());
        assert!(error.to_string().contains(&format!("no connection to the proxy 127.0.0.1:{closed}")), "{error}");
        assert!(error.source().is_some() && format!("{error:#}").contains("refused"), "{error:#}");
    }
}

#[tokio::test]
async fn what_cannot_be_said_to_a_proxy_is_refused_before_it_is_reached() {
    let long = "a".repeat(256);
    for proxy in [
        Proxy::socks5("no host", 1080),
        Proxy::http("proxy.invalid", 0),
        Proxy::socks5("proxy.invalid", 1080).login("", "x"),
        Proxy::socks5("proxy.invalid", 1080).login("me", ""),
        Proxy::socks5("proxy.invalid", 1080).login(long.clone(), "x"),
        Proxy::socks5("proxy.invalid", 1080).login("me", long.as_str()),
        Proxy::socks5("proxy.invalid", 1080).login("me", vec![0xff]),
        Proxy::http("proxy.invalid", 1080).login("me:too", "x"),
        Proxy::http("proxy.invalid", 1080).login("me\r\nX: y", "x"),
    ] {
        let by = By::new(|_| std::future::pending());
        let config = Config::new("nowhere.invalid").connect_by(proxy.over(by.clone()));
        assert_eq!(session(Protocol::Imap, config).await.unwrap_err().kind(), Kind::Input);
        assert!(by.asked().is_empty());
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_said_is_refused_before_anything_is_sent() {
    let long = "a".repeat(256);
    for (kind, host) in [
        (KINDS[0], long.as_str()),
        (KINDS[1], ""),
        (KINDS[1], "a\r\nX-Other: header"),
        (KINDS[1], "a b"),
        (KINDS[1], "a/b"),
    ] {
        let (near, mut far) = tokio::io::duplex(256);
        let near = Mutex::new(Some(near));
        let by = By::stream(move |_| near.lock().unwrap().take().unwrap());
        let proxy = Scripted::new(kind, true, by.clone()).client("proxy.invalid", 1080).over(by);
        let error = proxy.connect(&Target::new(host, 993)).await.err().unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert_eq!(Error::from(error).kind(), Kind::Input);
        let mut sent = Vec::new();
        far.read_to_end(&mut sent).await.unwrap();
        assert!(sent.is_empty(), "{sent:?}");
    }
}

#[tokio::test]
async fn every_poll_of_connecting_through_a_proxy_can_be_the_last() {
    for kind in KINDS {
        for protocol in PROTOCOLS {
            let (server, open) = (embedded(), Open::default());
            let scripted = Scripted::new(kind, true, By::server(&server));
            let counted = open.clone();
            let (to_proxy, client) = (scripted.clone(), scripted.client("proxy.invalid", 1080));
            let proxy = client.over(By::stream(move |_| {
                let (near, far) = tokio::io::duplex(4);
                tokio::spawn(to_proxy.clone().serve(far));
                Counted { stream: near, _held: counted.hold() }
            }));
            let config = Config::new("nowhere.invalid").dangerous_plaintext().connect_by(proxy);
            every_poll(protocol, &config, &open).await;
        }
    }
}

#[test]
fn debug_has_no_password() {
    for kind in KINDS {
        let scripted = Scripted::new(kind, true, By::new(|_| std::future::pending()));
        let text = format!("{:?}", scripted.client("proxy.invalid", 1080));
        assert!(text.contains("proxy.invalid") && !text.contains("s3cret") && !text.contains(USER), "{text}");
    }
}
