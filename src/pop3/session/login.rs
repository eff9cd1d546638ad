//! From the greeting to a maildrop that is open: capabilities, the upgrade to TLS, the login. Whatever goes wrong here ends the
//! session; what is tried twice is `sasl`'s to say.

use super::{Pop3Link, answer, one};
use crate::config::{Config, Protocol, Security};
use crate::conn::aside;
use crate::error::{Error, Kind, Result};
use crate::login::Login;
use crate::pop3::codec::{LONGEST_COMMAND, command, stamp};
use crate::pop3::engine::{Delivery, Effect, Needs, Plan, Request, Shape, State};
use crate::sasl::digest::md5;
use crate::sasl::{Choice, Chosen, Exchange, Failure, Setting, Terms, choose, prepared};

/// Opens the maildrop.
pub(super) async fn log_in(link: &Pop3Link, config: &Config, login: &Login) -> Result<()> {
    answer(link.submit(Request::Greeting)).await?;
    ask_capabilities(link).await?;
    if config.security == Security::Upgrade {
        encrypt(link).await?;
        ask_capabilities(link).await?;
    }
    speak_utf8(link).await?;
    let mut way = way(link, config, login)?;
    while let Err(failure) = prove(link, config, login, &way).await {
        let next = match way {
            Way::Sasl(chosen) if failure.unheard.is_some() => next(&link.state(), config, login, chosen),
            _ => None,
        };
        way = next.ok_or(failure.error)?;
    }
    // Values may differ after the login (RFC 2449 §5).
    ask_capabilities(link).await
}

/// How to log in.
enum Way {
    Sasl(Chosen),
    /// With this timestamp.
    Apop(Vec<u8>),
    /// By USER and PASS.
    Command,
}

async fn prove(link: &Pop3Link, config: &Config, login: &Login, way: &Way) -> Result<(), Failure> {
    match way {
        Way::Sasl(chosen) => {
            let run = |exchange, initial| authenticate(link, exchange, initial);
            chosen.log_in(login, setting(config), run).await
        }
        Way::Apop(stamp) => apop(link, login, stamp).await.map_err(|error| error.of_login("APOP").into()),
        Way::Command => user_and_password(link, login).await.map_err(|error| error.of_login("USER and PASS").into()),
    }
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

/// RFC 6856 §2.1: messages come as they are, and not as surrogates in ASCII. The only time for it is between STLS, which must not
/// follow, and the login. `-ERR` leaves the session as it was.
async fn speak_utf8(link: &Pop3Link) -> Result<()> {
    if link.state().capabilities.as_ref().is_none_or(|capabilities| !capabilities.utf8()) {
        return Ok(());
    }
    match one(link, Plan::new("UTF8", &[])?.needs(Needs::BeforeLogin)).await {
        Err(error) if error.kind() != Kind::Rejected => Err(error),
        _ => Ok(()),
    }
}

/// APOP stands behind whatever else keeps the password, and before all that shows it.
fn way(link: &Pop3Link, config: &Config, login: &Login) -> Result<Way> {
    let state = link.state();
    let choice = choice(&state, config, login);
    // What came in clear before STLS was forgotten with it.
    let stamp = login.apop_password().and_then(|_| stamp(state.greeting.as_bytes()));
    match (choice, stamp) {
        (Ok(Choice::Sasl(chosen)), Some(_)) if !chosen.shows_secret() => Ok(Way::Sasl(chosen)),
        (_, Some(stamp)) => Ok(Way::Apop(stamp.to_vec())),
        (Ok(Choice::Sasl(chosen)), None) => Ok(Way::Sasl(chosen)),
        (Ok(Choice::Command), None) => Ok(Way::Command),
        (Err(error), None) => Err(error),
    }
}

fn choice(state: &State, config: &Config, login: &Login) -> Result<Choice> {
    choose(login, |name| offers(state, name), terms(state, config))
}

/// What to try where the server does not understand AUTH with that mechanism.
fn next(state: &State, config: &Config, login: &Login, unheard: Chosen) -> Option<Way> {
    let next = Choice::Sasl(unheard).next(login, |name| offers(state, name), terms(state, config))?;
    Some(match next {
        Choice::Sasl(chosen) => Way::Sasl(chosen),
        Choice::Command => Way::Command,
    })
}

fn offers(state: &State, mechanism: &str) -> bool {
    state.capabilities.as_ref().is_some_and(|capabilities| capabilities.sasl(mechanism))
}

fn terms(state: &State, config: &Config) -> Terms {
    let encrypted = config.security != Security::Plaintext;
    let command_offered = state.capabilities.as_ref().is_none_or(|capabilities| {
        // Some servers name neither, and take USER all the same; in clear, naming neither means that none is wanted.
        capabilities.user() || (encrypted && !capabilities.has("SASL"))
    });
    // The configuration has seen to it that the connection is encrypted, or the caller wrote `dangerous`.
    Terms { may_show_secret: true, command_offered }
}

fn setting(config: &Config) -> Setting<'_> {
    Setting {
        host: config.host(),
        port: config.port_for(Protocol::Pop3),
        challenges: config.limits.challenges,
        iterations: config.limits.scram_iterations,
        token: None,
    }
}

/// RFC 1939 §7; for UTF-8, RFC 6856 §2.2.
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
    one(link, plan.secret().needs(Needs::BeforeLogin).effect(Effect::Login)).await.map(drop)
}

async fn user_and_password(link: &Pop3Link, login: &Login) -> Result<()> {
    let password = login.command_password().ok_or_else(|| Error::unsupported("USER needs a password"))?;
    let plan = if takes_utf8(link) { Plan::utf8 } else { Plan::new };
    // Both are checked before either is sent.
    let user = plan("USER", &[login.user().as_bytes()])?.needs(Needs::BeforeLogin);
    let pass = plan("PASS", &[password.expose()])?.secret().needs(Needs::BeforeLogin).effect(Effect::Login);
    one(link, user).await?;
    one(link, pass).await?;
    Ok(())
}

/// RFC 6856 §2.2: must not be sent to a server that does not say so.
fn takes_utf8(link: &Pop3Link) -> bool {
    link.state().capabilities.as_ref().is_some_and(|capabilities| capabilities.utf8_user())
}

/// RFC 5034 §4, one exchange to its end on the wire.
async fn authenticate(link: &Pop3Link, mut exchange: Exchange, initial: bool) -> Result<(), Failure> {
    let name = exchange.name();
    let room = LONGEST_COMMAND - command("AUTH", &[name.as_bytes(), b""])?.len();
    let longest = if initial { room } else { 0 };
    let plan = match exchange.initial(longest)? {
        Some(initial) => Plan::new("AUTH", &[name.as_bytes(), initial.expose()])?.secret(),
        None => Plan::new("AUTH", &[name.as_bytes()])?,
    };
    let plan = plan.needs(Needs::BeforeLogin).effect(Effect::Authenticate { owing: exchange.is_owing() });
    let mut inbox = link.submit(Request::Command(plan));
    loop {
        match inbox.next().await {
            Ok(Some(Delivery::Challenge(challenge))) if !exchange.is_cancelled() => {
                let line;
                (exchange, line) = aside(exchange.is_slow(), move || {
                    let line = exchange.answer(&challenge);
                    (exchange, line)
                })
                .await?;
                inbox.add(Request::Answer { line, owing: exchange.is_owing() });
            }
            Ok(Some(Delivery::Done(verdict))) => return exchange.outcome(verdict.map(drop)),
            Ok(_) => return exchange.outcome(Err(Error::protocol("the authentication came to no end"))),
            Err(error) => return exchange.outcome(Err(error)),
        }
    }
}
