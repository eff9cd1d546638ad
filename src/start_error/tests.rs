//! How errors read, from the lookup of the host to a command: one sentence with the step and the server, and no cause twice.

use std::error::Error as _;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::testing::{Fault, Script, Server, Trouble};
use crate::{Config, Deadlines, Error, Imap, Kind, Login, Pop3, Protocol};

const BOTH: [Protocol; 2] = [Protocol::Imap, Protocol::Pop3];

fn alice() -> Login {
    Login::password("alice", "alicepw")
}

/// What holds for every error: `{}` is one sentence without a URL or JSON, `{:#}` goes on after it, and no cause is repeated.
fn checked(error: Error) -> Error {
    let (sentence, chain) = (error.to_string(), format!("{error:#}"));
    assert!(chain.starts_with(&sentence) && !chain.contains(['\n', '{']) && !chain.contains("://"), "{chain}");
    assert!(!sentence.ends_with('.') && !sentence.contains("; ;"), "{sentence}");
    for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
        let text = cause.to_string();
        assert!(cause.downcast_ref::<Error>().is_none_or(|own| own.server().is_none()), "{chain}");
        assert!(chain.matches(&*text).count() <= 1, "{text:?} is repeated in {chain:?}");
    }
    error
}

/// `{:#}`, with the number of the port left out.
fn words(error: Error, port: u16) -> String {
    format!("{:#}", checked(error)).replace(&format!(":{port}"), "")
}

async fn connected(protocol: Protocol, config: Config, login: Login) -> Result<(), Error> {
    match protocol {
        Protocol::Imap => Imap::connect(config, login).await.map(drop),
        Protocol::Pop3 => Pop3::connect(config, login).await.map(drop),
    }
}

/// Connects and fails.
async fn failed(protocol: Protocol, config: Config, port: u16, login: Login) -> String {
    words(connected(protocol, config.port(port), login).await.unwrap_err(), port)
}

/// Begins a session with a peer that plays this dialogue, and fails.
async fn played(dialogue: &str, config: Config) -> String {
    let mut script = Script::new(dialogue);
    let error = match dialogue.trim_start().starts_with("S: *") || !dialogue.contains("S: +OK") {
        true => Imap::handshake(script.stream(), config, alice()).await.map(drop),
        false => Pop3::handshake(script.stream(), config, alice()).await.map(drop),
    };
    format!("{:#}", checked(error.unwrap_err()))
}

fn plaintext() -> Config {
    Config::new("mail.example.org").dangerous_plaintext()
}

fn trusting(server: &Server) -> Config {
    Config::new("localhost").add_root_pem(server.ca_pem().as_bytes()).unwrap()
}

fn ports(server: &Server, protocol: Protocol) -> (u16, u16) {
    match protocol {
        Protocol::Imap => (server.imap_port(), server.imaps_port()),
        Protocol::Pop3 => (server.pop3_port(), server.pop3s_port()),
    }
}

#[tokio::test]
async fn a_failed_connection_names_host_and_port_and_the_causes_follow() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for protocol in BOTH {
        let refused = failed(protocol, Config::new("127.0.0.1"), closed, alice()).await;
        assert!(
            refused.starts_with("cannot connect to 127.0.0.1: the connection was refused: 127.0.0.1: "),
            "{refused}"
        );
        let error = connected(protocol, Config::new("nowhere.invalid"), alice()).await.unwrap_err();
        let port = if protocol == Protocol::Imap { 993 } else { 995 };
        let sentence = format!("cannot connect to nowhere.invalid:{port}: the host name could not be looked up");
        assert_eq!(checked(error).to_string(), sentence);
        let v6 = connected(protocol, Config::new("::1").port(closed), alice()).await.unwrap_err();
        assert!(v6.to_string().starts_with(&format!("cannot connect to [::1]:{closed}: ")), "{v6}");
    }
}

#[tokio::test]
async fn tls_failures_say_what_is_wrong_and_what_helps() {
    let server = Server::builder().start().await.unwrap();
    for protocol in BOTH {
        let (clear, tls) = ports(&server, protocol);
        let mode = failed(protocol, trusting(&server), clear, alice()).await;
        let expected = "cannot set up TLS with localhost: the server does not speak TLS on this port; ";
        assert!(mode.starts_with(expected) && mode.contains("`Config::starttls`"), "{mode}");
        let unknown = failed(protocol, Config::new("localhost"), tls, alice()).await;
        assert!(unknown.starts_with("cannot set up TLS with localhost: the server's certificate is not signed by"));
        assert!(unknown.contains("`Config::add_root_pem`") && unknown.contains("`platform-roots`"), "{unknown}");
        let name = failed(protocol, trusting(&server).server_name("other.example"), tls, alice()).await;
        assert!(
            name.starts_with("cannot set up TLS with localhost: the server's certificate is not for other.example")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_expects_tls_first_is_named_if_it_stays_silent_or_closes() {
    for config in [plaintext(), Config::new("mail.example.org").starttls()] {
        for (protocol, port) in [(Protocol::Imap, 993), (Protocol::Pop3, 995)] {
            for closes in [false, true] {
                let (ours, theirs) = tokio::io::duplex(64);
                let theirs = (!closes).then_some(theirs);
                let config = config.clone().port(port);
                let error = match protocol {
                    Protocol::Imap => Imap::handshake(ours, config, alice()).await.map(drop),
                    Protocol::Pop3 => Pop3::handshake(ours, config, alice()).await.map(drop),
                };
                let error = checked(error.unwrap_err());
                assert_eq!(error.kind(), if closes { Kind::Closed } else { Kind::Timeout });
                let expected = format!("port {port} usually expects TLS from the first byte");
                assert!(error.to_string().contains(&expected), "{error}");
                drop(theirs);
            }
        }
    }
    for protocol in BOTH {
        let (ours, mut theirs) = tokio::io::duplex(64);
        // An alert: unexpected_message.
        theirs.write_all(b"\x15\x03\x01\x00\x02\x02\x0A").await.unwrap();
        let error = match protocol {
            Protocol::Imap => Imap::handshake(ours, plaintext(), alice()).await.map(drop),
            Protocol::Pop3 => Pop3::handshake(ours, plaintext(), alice()).await.map(drop),
        };
        let error = checked(error.unwrap_err());
        assert_eq!(error.kind(), Kind::Protocol);
        assert!(error.to_string().contains("the server expects TLS from the first byte on this port"), "{error}");
    }
    let deadlines = Deadlines::default().greeting(Duration::from_secs(1));
    let (ours, _theirs) = tokio::io::duplex(64);
    let error = Imap::handshake(ours, plaintext().deadlines(deadlines), alice()).await.unwrap_err();
    let sentence = "cannot begin a session with mail.example.org:143: the server did not answer in time";
    assert_eq!(checked(error).to_string(), sentence);
}

#[tokio::test]
async fn each_step_of_a_session_s_beginning_is_named() {
    let begin = "cannot begin a session with mail.example.org:143: ";
    let tls = "cannot set up TLS with mail.example.org:143: ";
    let login = "cannot log in to mail.example.org:143: ";
    let starttls = || Config::new("mail.example.org").starttls();
    let capable = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\n";
    for (dialogue, config, step, what) in [
        ("S: * BYE too busy\n", plaintext(), begin, "the server refused the connection: too busy"),
        ("S: SSH-2.0\n", plaintext(), begin, "the server does not speak IMAP: it begins with \"SSH-2.0\""),
        (
            &format!("{capable}C: {{A}} STARTTLS\nS: {{A}} NO no\n"),
            starttls(),
            tls,
            "the server does not upgrade the connection: the server refused STARTTLS: no",
        ),
        (
            &format!("{capable}C: {{A}} LOGIN \"alice\" \"alicepw\"\nS: {{A}} NO [UNAVAILABLE] later\n"),
            plaintext(),
            login,
            "the server refused LOGIN: later",
        ),
        (
            &format!("{capable}C: {{A}} LOGIN \"alice\" \"alicepw\"\nclose\n"),
            plaintext(),
            login,
            "the server closed the connection",
        ),
        (
            "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\n",
            plaintext(),
            login,
            "the server offers no login method that this login can use",
        ),
    ] {
        assert_eq!(played(dialogue, config).await, format!("{step}{what}"), "{dialogue}");
    }
    let stls = played("S: +OK\nC: CAPA\nS: -ERR\nC: STLS\nS: -ERR no\n", starttls()).await;
    assert!(
        stls.starts_with("cannot set up TLS with mail.example.org:110: the server does not upgrade the connection")
    );
}

#[tokio::test]
async fn a_refused_login_speaks_of_user_name_and_password_or_of_the_token() {
    let server = Server::builder().start().await.unwrap();
    let wrong = || Login::password("alice", "wrong");
    for protocol in BOTH {
        let (_, tls) = ports(&server, protocol);
        let start = "cannot log in to localhost: the server does not accept the user name or password";
        let plain = failed(protocol, trusting(&server), tls, wrong()).await;
        assert_eq!(plain, format!("{start} (PLAIN): Wrong user or password"));
        let command = if protocol == Protocol::Imap { "LOGIN" } else { "USER and PASS" };
        let own = failed(protocol, trusting(&server), tls, wrong().protocol_command_only()).await;
        assert_eq!(own, format!("{start} ({command}): Wrong user or password"));
    }
    let server = Server::builder().token("alice", "fresh").auth_mechanisms(["OAUTHBEARER"]).start().await.unwrap();
    for protocol in BOTH {
        let (_, tls) = ports(&server, protocol);
        let error = connected(protocol, trusting(&server).port(tls), Login::oauth_token("alice", "stale")).await;
        let words = words(error.unwrap_err(), tls);
        let start = "cannot log in to localhost: the server does not accept the access token (OAUTHBEARER): \
                     the token is not valid or has expired (status invalid_token";
        assert!(words.starts_with(start), "{words}");
    }
}

#[tokio::test]
async fn a_command_that_fails_is_named_with_the_server() {
    let server = Server::builder().start().await.unwrap();
    for protocol in BOTH {
        let (_, port) = ports(&server, protocol);
        for trouble in [Trouble::No, Trouble::LoseReply] {
            server.fault(Fault::at("NOOP", trouble));
            let config = trusting(&server).port(port);
            let (first, later) = match protocol {
                Protocol::Imap => {
                    let imap = Imap::connect(config, alice()).await.unwrap();
                    (imap.noop().await.unwrap_err(), imap.noop().await.err())
                }
                Protocol::Pop3 => {
                    let pop3 = Pop3::connect(config, alice()).await.unwrap();
                    (pop3.noop().await.unwrap_err(), pop3.noop().await.err())
                }
            };
            let (kind, first) = (first.kind(), words(first, port));
            match trouble {
                Trouble::No => {
                    assert!(kind == Kind::Rejected && first.starts_with("localhost: the server refused NOOP"))
                }
                _ => assert!(
                    kind == Kind::Closed && first.starts_with("NOOP on localhost: the server closed"),
                    "{first}"
                ),
            }
            assert_eq!(later.is_some(), matches!(trouble, Trouble::LoseReply));
            let later = later.map(|error| words(error, port)).unwrap_or_default();
            assert!(later.is_empty() || later.starts_with("localhost: the server closed the connection"), "{later}");
        }
    }
    server.fault(Fault::at("CREATE", Trouble::LoseReply));
    let port = server.imaps_port();
    let imap = Imap::connect(trusting(&server).port(port), alice()).await.unwrap();
    let error = imap.create_mailbox("new").await.map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    let words = words(error, port);
    assert!(words.starts_with("localhost: the connection ended before the reply to CREATE, which may"), "{words}");
    assert!(words.contains("effect: the server closed the connection"), "{words}");
}
