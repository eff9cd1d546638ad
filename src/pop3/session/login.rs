//! From the greeting to a maildrop that is open: capabilities, the upgrade to TLS, the login. Whatever goes wrong here ends the
//! session, and no login is ever tried twice.

use bytes::Bytes;

use super::{Pop3Link, answer, one};
use crate::config::{Config, Security};
use crate::error::{Error, Kind, Result};
use crate::login::Login;
use crate::pop3::codec::{LONGEST_COMMAND, command};
use crate::pop3::engine::{Delivery, Effect, Needs, Plan, Request, Shape};
use crate::sasl::{Choice, Exchange, Terms, choose};

/// Opens the maildrop.
pub(super) async fn log_in(link: &Pop3Link, config: &Config, login: &Login) -> Result<()> {
    answer(link.submit(Request::Greeting)).await?;
    ask_capabilities(link).await?;
    if config.security == Security::Upgrade {
        encrypt(link).await?;
        ask_capabilities(link).await?;
    }
    match choice(link, config, login)? {
        Choice::Sasl(exchange) => authenticate(link, exchange, config.limits.challenges).await?,
        Choice::Command => user_and_password(link, login).await?,
    }
    // Values may differ after the login (RFC 2449 §5).
    ask_capabilities(link).await
}

/// `-ERR` says that there is no CAPA, which is no failure.
async fn ask_capabilities(link: &Pop3Link) -> Result<()> {
    let plan = Plan::new("CAPA", &[])?;
    let plan = plan.shape(Shape::Listing).needs(Needs::Connection).effect(Effect::Capabilities);
    match one(link, plan).await {
        Err(error) if error.kind() != Kind::Rejected => Err(error),
        _ => Ok(()),
    }
}

/// RFC 2595 §4: required, or no session at all.
async fn encrypt(link: &Pop3Link) -> Result<()> {
    if link.state().capabilities.as_ref().is_some_and(|capabilities| !capabilities.stls()) {
        return Err(Error::new(Kind::Tls, "the server does not offer STLS"));
    }
    let plan = Plan::new("STLS", &[])?.needs(Needs::BeforeLogin).effect(Effect::StartTls);
    match one(link, plan).await {
        Err(error) if error.kind() == Kind::Rejected => Err(error.seen_as(Kind::Tls, "the server refused STLS")),
        other => other.map(drop),
    }
}

fn choice(link: &Pop3Link, config: &Config, login: &Login) -> Result<Choice> {
    let state = link.state();
    let encrypted = config.security != Security::Plaintext;
    let command_offered = state.capabilities.as_ref().is_none_or(|capabilities| {
        // Some servers name neither, and take USER all the same; in clear, naming neither means that none is wanted.
        capabilities.user() || (encrypted && !capabilities.has("SASL"))
    });
    // The configuration has seen to it that the connection is encrypted, or the caller wrote `dangerous`.
    let terms = Terms { may_show_secret: true, command_offered };
    choose(login, |name| state.capabilities.as_ref().is_some_and(|capabilities| capabilities.sasl(name)), terms)
}

async fn user_and_password(link: &Pop3Link, login: &Login) -> Result<()> {
    let password = login.command_password().ok_or_else(|| Error::unsupported("USER needs a password"))?;
    // Both are checked before either is sent.
    let user = Plan::new("USER", &[login.user().as_bytes()])?.needs(Needs::BeforeLogin);
    let pass = Plan::new("PASS", &[password.expose()])?.secret().needs(Needs::BeforeLogin).effect(Effect::Login);
    one(link, user).await.map_err(as_login)?;
    one(link, pass).await.map_err(as_login)?;
    Ok(())
}

/// RFC 5034 §4.
async fn authenticate(link: &Pop3Link, mut exchange: Exchange, challenges: usize) -> Result<()> {
    let name = exchange.name();
    let longest = LONGEST_COMMAND - command("AUTH", &[name.as_bytes(), b""])?.len();
    let plan = match exchange.initial(longest)? {
        Some(initial) => Plan::new("AUTH", &[name.as_bytes(), initial.expose()])?.secret(),
        None => Plan::new("AUTH", &[name.as_bytes()])?,
    };
    let plan = plan.needs(Needs::BeforeLogin).effect(Effect::Authenticate);
    let mut inbox = link.submit(Request::Command(plan));
    let mut failure = None;
    let mut seen = 0;
    loop {
        match inbox.next().await? {
            Some(Delivery::Challenge(challenge)) => {
                seen += 1;
                let response = respond(&mut exchange, &challenge, seen > challenges);
                inbox.add(Request::Answer(response.as_ref().ok().cloned()));
                failure = failure.or_else(|| response.err());
                if seen > challenges.saturating_add(1) {
                    break;
                }
            }
            Some(Delivery::Done(Ok(_))) if failure.is_none() => return exchange.finish(),
            Some(Delivery::Done(Err(error))) if failure.is_none() => return Err(as_login(error)),
            _ => break,
        }
    }
    Err(failure.unwrap_or_else(|| Error::protocol("the authentication came to no end")))
}

fn respond(exchange: &mut Exchange, challenge: &Bytes, too_many: bool) -> Result<crate::login::Secret> {
    match too_many {
        true => Err(Error::limit("the server sent too many challenges")),
        false => exchange.respond(challenge),
    }
}

/// What the server says to have another reason than the credentials stays a refusal (RFC 2449 §8.1, RFC 3206 §4): nobody is to
/// be asked for another password then.
fn as_login(error: Error) -> Error {
    let other =
        ["IN-USE", "LOGIN-DELAY", "SYS"].iter().any(|name| error.code().is_some_and(|code| code.is_within(name)));
    match error.kind() {
        Kind::Rejected if !other => {
            let text = format!("the login was refused ({error})");
            error.seen_as(Kind::Login, text)
        }
        _ => error,
    }
}
