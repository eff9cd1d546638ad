//! From the greeting to an open maildrop: capabilities, STLS, the wire forms of the login. Any error here ends the
//! session; `authentication` decides what is tried again.

use std::sync::Arc;

use super::call::{Pop3Link, answer, one};
use crate::authentication::{self, Carrier, Turn};
use crate::config::{Config, Protocol, Security};
use crate::error::{Error, Kind, Result, Step};
use crate::login::{Login, Secret};
use crate::pop3::codec::{LONGEST_COMMAND, command, stamp};
use crate::pop3::engine::{Delivery, Engine, Plan, Request, RequiredState, SessionEffect, Shape, State};
use crate::sasl::digest::md5;
use crate::sasl::{Choice, Exchange, Offer, prepared};

/// Opens the maildrop.
pub(super) async fn log_in(link: &Pop3Link, config: &Config, login: &Login) -> Result<()> {
    let begin = |error: Error| error.at(Step::Begin);
    answer(link.submit(Request::Greeting)).await.map_err(begin)?;
    ask_capabilities(link).await.map_err(begin)?;
    if config.security == Security::Upgrade {
        encrypt(link).await.map_err(|error| error.at(Step::Tls))?;
        ask_capabilities(link).await.map_err(begin)?;
    }
    speak_utf8(link).await.map_err(begin)?;
    let logged_in = authentication::log_in(&Pop3Login::new(link, config, login), config, login).await;
    logged_in.map_err(|error| error.at(Step::Login))?;
    // Values may differ after the login (RFC 2449 §5).
    ask_capabilities(link).await.map_err(begin)
}

/// `-ERR` means that the server does not support CAPA, which is not an error.
async fn ask_capabilities(link: &Pop3Link) -> Result<()> {
    let plan = Plan::new("CAPA", &[])?;
    let plan = plan.shape(Shape::Listing).needs(RequiredState::Connection).effect(SessionEffect::Capabilities);
    match one(link, plan).await {
        Err(error) if error.kind() != Kind::Rejected => Err(error),
        _ => Ok(()),
    }
}

/// Always attempted, even if CAPA is not supported; without TLS there is no session (RFC 2595 §4).
async fn encrypt(link: &Pop3Link) -> Result<()> {
    if link.state().capabilities.as_ref().is_some_and(|capabilities| !capabilities.stls()) {
        return Err(Error::new(Kind::Tls, "the server does not offer STLS"));
    }
    let plan = Plan::new("STLS", &[])?.needs(RequiredState::BeforeLogin).effect(SessionEffect::StartTls);
    match one(link, plan).await {
        Err(error) if error.kind() == Kind::Rejected => {
            Err(error.reclassify(Kind::Tls, "the server does not upgrade the connection"))
        }
        other => other.map(drop),
    }
}

/// RFC 6856 §2.1: messages are sent as they are, not as ASCII surrogates. UTF8 is only allowed before the login, and
/// STLS must not follow it. `-ERR` changes nothing.
async fn speak_utf8(link: &Pop3Link) -> Result<()> {
    if link.state().capabilities.as_ref().is_none_or(|capabilities| !capabilities.utf8()) {
        return Ok(());
    }
    match one(link, Plan::new("UTF8", &[])?.needs(RequiredState::BeforeLogin)).await {
        Err(error) if error.kind() != Kind::Rejected => Err(error),
        _ => Ok(()),
    }
}

/// How the login is written in POP3 (RFC 5034 §4, RFC 1939 §7).
struct Pop3Login<'a> {
    link: &'a Pop3Link,
    login: &'a Login,
    encrypted: bool,
    state: Arc<State>,
}

impl<'a> Pop3Login<'a> {
    fn new(link: &'a Pop3Link, config: &Config, login: &'a Login) -> Self {
        Self { link, login, encrypted: config.security != Security::Plaintext, state: link.state() }
    }

    /// The timestamp for APOP, if the login has a password. A timestamp that was received before STLS was dropped with
    /// the greeting.
    fn stamp(&self) -> Option<&[u8]> {
        self.login.apop_password().and_then(|_| stamp(self.state.greeting.as_bytes()))
    }
}

impl Carrier for Pop3Login<'_> {
    type Engine = Engine;

    const PROTOCOL: Protocol = Protocol::Pop3;

    fn link(&self) -> &Pop3Link {
        self.link
    }

    fn offers(&self, mechanism: &str) -> bool {
        self.state.capabilities.as_ref().is_some_and(|capabilities| capabilities.sasl(mechanism))
    }

    fn takes_command(&self) -> bool {
        self.state.capabilities.as_ref().is_none_or(|capabilities| {
            // Some servers announce neither USER nor SASL and accept USER. Without TLS, that means that they accept no
            // login.
            capabilities.user() || (self.encrypted && !capabilities.has("SASL"))
        })
    }

    /// APOP is preferred to mechanisms that reveal the password, but not to the others.
    fn prefer(&self, strongest: Result<Choice>, _: Offer<'_>) -> Result<Choice> {
        match strongest {
            Ok(Choice::Sasl(chosen)) if !chosen.shows_secret() => Ok(Choice::Sasl(chosen)),
            _ if self.stamp().is_some() => Ok(Choice::Command),
            strongest => strongest,
        }
    }

    async fn command(&self) -> Result<()> {
        match self.stamp() {
            Some(stamp) => apop(self.link, self.login, stamp).await.map_err(|error| error.into_login_error("APOP")),
            None => {
                user_and_password(self.link, self.login).await.map_err(|error| error.into_login_error("USER and PASS"))
            }
        }
    }

    fn room(&self, mechanism: &str) -> Result<usize> {
        Ok(LONGEST_COMMAND - command("AUTH", &[mechanism.as_bytes(), b""])?.len())
    }

    fn opening(&self, exchange: &Exchange, initial: Option<Secret>) -> Result<Request> {
        let name = exchange.name().as_bytes();
        let plan = match initial {
            Some(initial) => Plan::new("AUTH", &[name, initial.expose()])?.secret(),
            None => Plan::new("AUTH", &[name])?,
        };
        let effect = SessionEffect::Authenticate { proof_pending: exchange.proof_pending() };
        Ok(Request::Command(plan.needs(RequiredState::BeforeLogin).effect(effect)))
    }

    fn answer(exchange: &Exchange, line: Option<Secret>) -> Request {
        Request::Answer { line, proof_pending: exchange.proof_pending() }
    }

    fn turn(delivery: Delivery) -> Option<Turn> {
        match delivery {
            Delivery::Challenge(challenge) => Some(Turn::Challenge(challenge)),
            Delivery::Done(verdict) => Some(Turn::Verdict(verdict.map(drop))),
            _ => None,
        }
    }
}

/// Logs in with APOP (RFC 1939 §7; for UTF-8, RFC 6856 §2.2).
async fn apop(link: &Pop3Link, login: &Login, stamp: &[u8]) -> Result<()> {
    let password = login.apop_password().ok_or_else(|| Error::unsupported("APOP needs a password"))?;
    let plain = login.user().is_ascii() && password.expose().is_ascii();
    let plan = if plain || !takes_utf8(link) {
        Plan::new("APOP", &[login.user().as_bytes(), md5(stamp, password.expose()).as_bytes()])?
    } else {
        let (user, password) =
            prepared(login).ok_or_else(|| Error::input("SASLprep does not take the user or the password"))?;
        Plan::utf8("APOP", &[user.as_bytes(), md5(stamp, password.expose()).as_bytes()])?
    };
    one(link, plan.secret().needs(RequiredState::BeforeLogin).effect(SessionEffect::Login)).await.map(drop)
}

async fn user_and_password(link: &Pop3Link, login: &Login) -> Result<()> {
    let password = login.command_password().ok_or_else(|| Error::unsupported("USER needs a password"))?;
    let plan = if takes_utf8(link) { Plan::utf8 } else { Plan::new };
    // Both are checked before either is sent.
    let user = plan("USER", &[login.user().as_bytes()])?.needs(RequiredState::BeforeLogin);
    let pass =
        plan("PASS", &[password.expose()])?.secret().needs(RequiredState::BeforeLogin).effect(SessionEffect::Login);
    one(link, user).await?;
    one(link, pass).await?;
    Ok(())
}

/// RFC 6856 §2.2: UTF-8 must not be sent to a server that does not announce it.
fn takes_utf8(link: &Pop3Link) -> bool {
    link.state().capabilities.as_ref().is_some_and(|capabilities| capabilities.utf8_user())
}
