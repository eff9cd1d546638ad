//! The server's side of SASL, for both protocols, written from the RFCs and independently of the client's. It must not know the
//! commands around an exchange.

mod proof;
mod scram;
mod step;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::options::Options;
use super::shared::Shared;
use super::wire::Wire;
pub(super) use proof::{apop_digest, message_id};
use proof::{bearer_name, keyed_md5, plain, user_and_digest};
use scram::Scram;
use step::Step;

/// The mechanisms that are supported.
pub(super) const MECHANISMS: &[&str] = &[
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-384-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-224-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-384",
    "SCRAM-SHA-256",
    "SCRAM-SHA-224",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "OAUTHBEARER",
    "XOAUTH2",
    "EXTERNAL",
    "PLAIN",
    "LOGIN",
    "ANONYMOUS",
];

/// The error challenge for an unknown token (RFC 7628 §3.2.2).
const INVALID_TOKEN: &str = r#"{"status":"invalid_token","schemes":"bearer","scope":"mail"}"#;

/// How an exchange ended.
pub(super) enum Verdict {
    /// Logged in as this user.
    Admitted(String),
    Refused,
    /// Cancelled by `*`, or by a line that is not base64.
    Broken(&'static str),
}

/// What an exchange waits for.
enum Stage {
    Plain,
    LoginUser,
    LoginPassword(String),
    CramMd5(String),
    Scram(Scram),
    Bearer(&'static str),
    /// The client's answer to the error challenge.
    Refused,
    External,
    Anonymous,
}

/// The mechanisms that are offered on this connection: those with channel binding only if it has one.
pub(super) fn offered<'a>(options: &'a Options, wire: &Wire) -> impl Iterator<Item = &'a str> {
    let binds = wire.bindings.iter().any(|(name, _)| options.binds_by(name));
    options.mechanisms.iter().map(String::as_str).filter(move |name| binds || !name.ends_with("-PLUS"))
}

/// Runs the exchange until its verdict. `initial` is the initial response, in base64.
pub(super) async fn converse(
    wire: &mut Wire,
    shared: &Shared,
    mechanism: &str,
    initial: Option<&[u8]>,
) -> io::Result<Verdict> {
    let mut stage = Stage::new(mechanism, shared, wire)?;
    let mut response = initial.map(|text| if text == b"=" { Vec::new() } else { text.to_vec() });
    if response.is_none() {
        response = ask(wire, &stage.opening()).await?;
    }
    loop {
        let Some(line) = response else {
            return Ok(Verdict::Broken("Cancelled"));
        };
        let Ok(decoded) = STANDARD.decode(line) else {
            return Ok(Verdict::Broken("Not base64"));
        };
        let step = stage.step(shared, wire.client.as_deref(), &decoded);
        response = match step {
            Step::Admitted(user) => return Ok(Verdict::Admitted(user)),
            Step::Refused => return Ok(Verdict::Refused),
            Step::Challenge(challenge) => ask(wire, &challenge).await?,
        };
    }
}

/// `None` if the client cancels.
async fn ask(wire: &mut Wire, challenge: &[u8]) -> io::Result<Option<Vec<u8>>> {
    wire.push(format!("+ {}\r\n", STANDARD.encode(challenge)));
    wire.flush().await?;
    let line = wire.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((&line[..] != b"*").then(|| line.to_vec()))
}

impl Stage {
    fn new(mechanism: &str, shared: &Shared, wire: &Wire) -> io::Result<Self> {
        if let Some(hash) = mechanism.strip_prefix("SCRAM-") {
            let mut bindings = wire.bindings.clone();
            bindings.retain(|(name, _)| shared.options.binds_by(name));
            let offers_plus = offered(&shared.options, wire).any(|name| name.ends_with("-PLUS"));
            let scram = Scram::new(hash, bindings, offers_plus);
            return scram.map(Self::Scram).ok_or_else(|| io::Error::other("no such hash"));
        }
        Ok(match mechanism {
            "CRAM-MD5" => Self::CramMd5(message_id()),
            "OAUTHBEARER" => Self::Bearer("n,a="),
            "XOAUTH2" => Self::Bearer("user="),
            "EXTERNAL" => Self::External,
            "PLAIN" => Self::Plain,
            "LOGIN" => Self::LoginUser,
            "ANONYMOUS" => Self::Anonymous,
            _ => return Err(io::Error::other("no such mechanism")),
        })
    }

    /// The first challenge, for a client without an initial response.
    fn opening(&self) -> Vec<u8> {
        match self {
            Self::LoginUser => b"Username:".to_vec(),
            Self::CramMd5(id) => id.clone().into_bytes(),
            _ => Vec::new(),
        }
    }

    fn step(&mut self, shared: &Shared, certificate: Option<&str>, response: &[u8]) -> Step {
        let store = &shared.store;
        let admitted = |user: Option<&str>| match user {
            Some(user) => Step::Admitted(user.to_owned()),
            None => Step::Refused,
        };
        let Ok(text) = std::str::from_utf8(response) else {
            return Step::Refused;
        };
        match self {
            Self::Plain => match plain(text) {
                Some((user, password)) => admitted(Some(user).filter(|user| store.admits(user, password))),
                None => Step::Refused,
            },
            Self::LoginUser => {
                *self = Self::LoginPassword(text.to_owned());
                Step::Challenge(b"Password:".to_vec())
            }
            Self::LoginPassword(user) => admitted(Some(&**user).filter(|user| store.admits(user, text))),
            Self::CramMd5(id) => match user_and_digest(text) {
                Some((user, digest)) => {
                    let proves = |password: String| keyed_md5(&password, id) == digest;
                    admitted(Some(user).filter(|user| store.password(user).is_some_and(proves)))
                }
                None => Step::Refused,
            },
            Self::Scram(scram) => scram.step(store, text),
            Self::Bearer(prefix) => match bearer_name(prefix, text) {
                Some((user, token)) if shared.options.has_token(&user, token) => Step::Admitted(user),
                Some(_) => {
                    *self = Self::Refused;
                    Step::Challenge(INVALID_TOKEN.into())
                }
                None => Step::Refused,
            },
            Self::Refused => Step::Refused,
            Self::External => admitted(certificate.filter(|user| text.is_empty() || text == *user)),
            Self::Anonymous => admitted(Some("anonymous").filter(|user| store.password(user).is_some())),
        }
    }
}
