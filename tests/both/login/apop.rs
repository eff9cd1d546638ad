//! APOP (RFC 1939 §7): only if allowed, and never with anything but a strict message id (CVE-2007-1558).

use postroom::testing::Server;
use postroom::{Kind, Login, Protocol};

use super::{played, try_in};

const STAMP: &str = "<1896.697170952@dbc.mtview.ca.us>";

fn mrose() -> Login {
    Login::password("mrose", "tanstaaf")
}

#[tokio::test(start_paused = true)]
async fn the_example_of_the_rfc_where_it_is_allowed() {
    let dialogue = format!(
        "
        S: +OK POP3 server ready {STAMP}
        C: CAPA
        S: -ERR no
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: +OK maildrop has 1 message (369 octets)
        C: CAPA
        S: -ERR no
        "
    );
    played(Protocol::Pop3, &dialogue, mrose().apop()).await.unwrap();
    played(Protocol::Pop3, &dialogue, mrose().apop().protocol_command_only()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_is_not_used_unless_allowed() {
    let dialogue = format!(
        "
        S: +OK POP3 server ready {STAMP}
        C: CAPA
        S: -ERR no
        C: USER mrose
        S: +OK
        C: PASS tanstaaf
        S: +OK
        C: CAPA
        S: -ERR no
        "
    );
    played(Protocol::Pop3, &dialogue, mrose()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stamp_that_allows_the_attack_gets_no_digest_even_where_it_is_allowed() {
    for stamp in [r"<\x80\x81\xFE\xFF@x>", r"<a\x01b@x>", "<a b@x>", "<ab>", "<a@b@c>", "<a@x", r"<\xC3\xBC@x>"] {
        let dialogue = format!(
            "
            S-raw: +OK ready {stamp}\\r\\n
            C: CAPA
            S: +OK
            S: SASL GSSAPI
            S: .
            eof
            "
        );
        let error = played(Protocol::Pop3, &dialogue, mrose().apop()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported, "{stamp}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_digest_is_a_refused_login_and_the_password_is_not_sent_instead() {
    let dialogue = format!(
        "
        S: +OK ready {STAMP}
        C: CAPA
        S: +OK
        S: USER
        S: SASL PLAIN
        S: .
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: -ERR [AUTH] permission denied
        eof
        "
    );
    let error = played(Protocol::Pop3, &dialogue, mrose().apop()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Login);
}

#[tokio::test]
async fn the_embedded_server_takes_it_after_what_is_stronger_and_before_what_shows_the_password() {
    for (mechanisms, way) in [
        (&["PLAIN", "LOGIN"][..], "APOP alice "),
        (&[], "APOP alice "),
        (&["PLAIN", "CRAM-MD5"], "AUTH CRAM-MD5"),
        (&["SCRAM-SHA-256"], "AUTH SCRAM-SHA-256"),
    ] {
        let server = Server::builder().user("alice", "pw").apop().auth_mechanisms(mechanisms.iter().copied());
        let server = server.in_memory().unwrap();
        try_in(&server, Protocol::Pop3, Login::password("alice", "pw").apop()).await.unwrap();
        assert!(server.commands().iter().any(|line| line.starts_with(way)), "{:?}", server.commands());
        let error = try_in(&server, Protocol::Pop3, Login::password("alice", "no").apop()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Login);
    }
}

#[tokio::test]
async fn a_stamp_that_came_before_stls_is_forgotten() {
    let server = Server::builder().user("alice", "pw").apop().start().await.unwrap();
    let config = postroom::Config::new("localhost").port(server.pop3_port()).starttls();
    let config = config.add_root_pem(server.ca_pem().as_bytes()).unwrap();
    postroom::Pop3::connect(config, Login::password("alice", "pw").apop()).await.unwrap().quit().await.unwrap();
    assert!(!server.commands().iter().any(|line| line.starts_with("APOP")));
}
