//! Logging in, in both protocols: by every mechanism on the embedded server, and against servers that cheat.

mod apop;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod binding;
mod hostile;
mod mechanism;
mod oauth;
mod own;

use std::error::Error as _;

use postroom::imap::Imap;
use postroom::pop3::Pop3;
use postroom::testing::{Script, Server};
use postroom::{Config, Error, Kind, Login, Protocol};

use crate::session::{self, plaintext};

const BOTH: [Protocol; 2] = [Protocol::Imap, Protocol::Pop3];

/// Logs in to the embedded server, logs out, and returns the outcome.
async fn try_in(server: &Server, protocol: Protocol, login: Login) -> Result<(), Error> {
    match protocol {
        Protocol::Imap => session::imap(server.imap_stream(), plaintext(), login).await?.logout().await,
        _ => session::pop3(server.pop3_stream(), plaintext(), login).await?.quit().await,
    }
}

/// Logs in against a dialogue, which must be played to its end.
async fn played(protocol: Protocol, dialogue: &str, login: Login) -> Result<(), Error> {
    played_with(protocol, dialogue, login, plaintext()).await
}

async fn played_with(protocol: Protocol, dialogue: &str, login: Login, config: Config) -> Result<(), Error> {
    let mut script = Script::new(dialogue);
    let result = match protocol {
        Protocol::Imap => Imap::handshake(script.stream(), config, login).await.map(drop),
        _ => Pop3::handshake(script.stream(), config, login).await.map(drop),
    };
    if let Err(told) = script.finish().await {
        panic!("{told}\n{result:?}\n{dialogue}");
    }
    result
}

#[tokio::test]
async fn what_no_mechanism_can_say_is_refused_before_anybody_is_connected_to() {
    // Nothing listens there.
    let config = || plaintext().port(9);
    for login in [Login::password("a", ""), Login::oauth_token("a", "two words"), Login::anonymous("a\nb")] {
        assert_eq!(Imap::connect(config(), login.clone()).await.unwrap_err().kind(), Kind::Input);
        assert_eq!(Pop3::connect(config(), login).await.unwrap_err().kind(), Kind::Input);
    }
}

/// A dialogue about one AUTHENTICATE or AUTH, written once for both protocols: `~ text` is the command's text, `ok` and `no` are
/// the server's final reply.
fn dialogue(protocol: Protocol, mechanism: &str, steps: &str) -> String {
    let imap = matches!(protocol, Protocol::Imap);
    let mut text = match imap {
        true => format!("S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH={mechanism} LOGINDISABLED] ready\n"),
        false => format!("S: +OK ready\nC: CAPA\nS: +OK\nS: SASL {mechanism}\nS: .\n"),
    };
    for step in steps.lines().map(str::trim_start) {
        let line = match (step.split_once(' ').unwrap_or((step, "")), imap) {
            (("~", rest), true) => format!("C: {{A}} AUTHENTICATE {rest}"),
            (("~", rest), false) => format!("C: AUTH {rest}"),
            (("no", rest), true) => format!("S: {{A}} NO {rest}"),
            (("no", rest), false) => format!("S: -ERR {rest}"),
            (("bad", rest), true) => format!("S: {{A}} BAD {rest}"),
            (("bad", rest), false) => format!("S: -ERR {rest}"),
            (("ok", rest), true) => format!("S: {{A}} OK [CAPABILITY IMAP4rev1] {rest}"),
            (("ok", rest), false) => format!("S: +OK {rest}"),
            _ => step.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// After a login in POP3.
fn logged_in(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Imap => "",
        _ => "C: CAPA\nS: +OK\nS: .\n",
    }
}

/// The error and all its causes in one text, `Debug` included.
fn whole(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause} {cause:?}");
        source = cause.source();
    }
    text
}

fn base64(text: impl AsRef<[u8]>) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
