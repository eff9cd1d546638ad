//! Every mechanism on the embedded server, the choice among them, and the cost of a wrong password.

use postroom::testing::{Builder, Server};
use postroom::{Config, Kind, Login, Protocol};

use super::{BOTH, base64, try_in};

/// Those that need no channel binding.
const ALL: &[&str] = &[
    "LOGIN",
    "PLAIN",
    "ANONYMOUS",
    "EXTERNAL",
    "XOAUTH2",
    "OAUTHBEARER",
    "CRAM-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-224",
    "SCRAM-SHA-256",
    "SCRAM-SHA-384",
    "SCRAM-SHA-512",
];
/// The strongest first.
const PASSWORDS: [&str; 8] =
    ["SCRAM-SHA-512", "SCRAM-SHA-384", "SCRAM-SHA-256", "SCRAM-SHA-224", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];

fn offering(mechanisms: &[&'static str]) -> Server {
    server(Server::builder().auth_mechanisms(mechanisms.iter().copied()))
}

fn server(builder: Builder) -> Server {
    builder.user("alice", "pässwörd, =1").user("anonymous", "nobody's").token("alice", "t0ken").in_memory().unwrap()
}

fn alice() -> Login {
    Login::password("alice", "pässwörd, =1")
}

/// How often each mechanism was tried.
pub(super) fn tried(server: &Server) -> Vec<String> {
    let ways = ["LOGIN", "AUTHENTICATE", "AUTH", "USER", "PASS", "APOP"];
    let commands = server.commands();
    let words = commands.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    let mut tried = Vec::new();
    for words in words {
        match words.as_slice() {
            [_, "AUTHENTICATE", mechanism, ..] | ["AUTH", mechanism, ..] => tried.push((*mechanism).to_owned()),
            [_, way, ..] | [way, ..] if ways.contains(way) => tried.push(format!("{way} command")),
            _ => {}
        }
    }
    tried
}

#[tokio::test]
async fn each_mechanism_logs_in_in_both_protocols() {
    for &mechanism in ALL {
        let login = match mechanism {
            "ANONYMOUS" => Login::anonymous("tests@example.org"),
            "XOAUTH2" | "OAUTHBEARER" => Login::oauth_token("alice", "t0ken"),
            "EXTERNAL" => continue,
            _ => alice(),
        };
        for protocol in BOTH {
            let server = offering(&[mechanism]);
            try_in(&server, protocol, login.clone()).await.unwrap();
            assert_eq!(tried(&server), [mechanism], "{protocol:?}");
            // The same if the server accepts no initial response.
            let server = self::server(Server::builder().auth_mechanisms([mechanism]).without("SASL-IR"));
            try_in(&server, protocol, login.clone()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_strongest_offered_is_chosen_and_a_wrong_password_is_tried_once_and_no_other_way() {
    for protocol in BOTH {
        let mut offered = ALL.to_vec();
        for strongest in PASSWORDS {
            let server = offering(&offered);
            let error = try_in(&server, protocol, Login::password("alice", "wrong")).await.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (Kind::Login, false), "{protocol:?} {strongest}");
            assert!(error.to_string().contains(strongest), "{error}");
            assert!(error.code().is_some_and(|code| code.is("AUTHENTICATIONFAILED") || code.is("AUTH")), "{error:?}");
            assert_eq!(tried(&server), [strongest], "{protocol:?}");
            offered.retain(|name| *name != strongest);
        }
        let server = offering(&[]);
        let error = try_in(&server, protocol, Login::password("alice", "wrong")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Login);
        let expected: &[&str] = match protocol {
            Protocol::Imap => &["LOGIN command"],
            _ => &["USER command", "PASS command"],
        };
        assert_eq!(tried(&server), expected);
    }
}

#[tokio::test]
async fn scram_and_cram_md5_show_nothing_of_the_password() {
    for mechanism in PASSWORDS.into_iter().filter(|name| !["PLAIN", "LOGIN"].contains(name)) {
        for protocol in BOTH {
            let server = offering(&[mechanism]);
            try_in(&server, protocol, alice()).await.unwrap();
            let wire = server.commands().join("\n");
            assert!(!wire.contains("pässwörd") && !wire.contains(&base64("pässwörd, =1")[..8]), "{wire}");
        }
    }
}

#[tokio::test]
async fn an_unknown_user_is_refused_like_a_wrong_password() {
    for &mechanism in ["SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"].iter() {
        for protocol in BOTH {
            let error = try_in(&offering(&[mechanism]), protocol, Login::password("nobody", "x")).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Login);
        }
    }
}

#[tokio::test]
async fn what_the_login_cannot_serve_is_not_tried() {
    for protocol in BOTH {
        for login in [Login::oauth_token("alice", "t0ken"), Login::external("alice"), Login::anonymous("")] {
            let server = offering(&["PLAIN", "SCRAM-SHA-256"]);
            let error = try_in(&server, protocol, login).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unsupported);
            assert!(tried(&server).is_empty());
        }
        let server = offering(&["PLAIN"]);
        let error = try_in(&server, protocol, alice().only(["SCRAM-SHA-256"])).await.unwrap_err();
        assert_eq!((error.kind(), tried(&server).len()), (Kind::Unsupported, 0));
    }
}

#[tokio::test]
async fn a_client_certificate_is_a_login_where_it_was_shown() {
    let server = Server::builder().user("alice", "x").user("bob", "x").auth_mechanisms(["EXTERNAL"]);
    let server = server.ask_client_certificate().start().await.unwrap();
    let (certificate, key) = server.client_certificate("alice").unwrap();
    for protocol in BOTH {
        let port = if protocol == Protocol::Imap { server.imaps_port() } else { server.pop3s_port() };
        let config = Config::new("localhost").port(port).add_root_pem(server.ca_pem().as_bytes()).unwrap();
        let shown = config.clone().client_certificate_pem(certificate.as_ref(), key.as_ref()).unwrap();
        for (config, login, admitted) in [
            (shown.clone(), Login::external("alice"), true),
            (shown.clone(), Login::external("alice").authorize_as("alice"), true),
            (shown, Login::external("alice").authorize_as("bob"), false),
            (config, Login::external("alice"), false),
        ] {
            let result = match protocol {
                Protocol::Imap => postroom::Imap::connect(config, login).await.map(drop),
                _ => postroom::Pop3::connect(config, login).await.map(drop),
            };
            assert_eq!(result.map_err(|error| error.kind()), if admitted { Ok(()) } else { Err(Kind::Login) });
        }
    }
}
