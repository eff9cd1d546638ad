//! The way into a session: the greeting, STARTTLS, the choice of a login and the login itself. What a mechanism says is `sasl`'s
//! business, what can be done once logged in that of `session.rs`.

use super::call::{end_of, ended};
use super::command::authenticate;
use super::command::capability::Capability;
use super::command::login::Login as LoginCommand;
use super::command::starttls::StartTls;
use super::engine::{Delivery, Phase, Request, State};
use super::session::Imap;
use super::types::{Capabilities, Condition};
use crate::config::{Config, Protocol, Security};
use crate::conn::aside;
use crate::error::{Error, Kind, Result};
use crate::login::Login;
use crate::sasl::{Choice, Exchange, Failure, Setting, Terms, choose};

/// The longest initial response: RFC 7162 §4 advises lines of 8192 bytes.
const INITIAL: usize = 8000;

impl Imap {
    pub(super) async fn log_in(&self, config: &Config, login: &Login) -> Result<Condition> {
        let greeting = end_of(self.link().submit(Request::Greeting)).await?;
        let state = self.link().state();
        if config.security == Security::Upgrade {
            self.encrypt(&state).await?;
        }
        if state.phase == Phase::LoggedIn {
            self.know_capabilities().await?;
            return Ok(greeting);
        }
        self.know_capabilities().await?;
        let capabilities = self.capabilities();
        let terms = Terms { may_show_secret: true, command_offered: !capabilities.login_disabled() };
        let offered = |mechanism: &str| capabilities.auth(mechanism);
        let mut choice = choose(login, offered, terms)?.preferring_command(login, terms);
        while let Err(failure) = self.prove(&choice, config, login, &capabilities).await {
            let next = choice.next(login, offered, terms).filter(|_| failure.unheard.is_some());
            choice = next.ok_or(failure.error)?;
        }
        self.know_capabilities().await?;
        Ok(greeting)
    }

    async fn prove(&self, choice: &Choice, config: &Config, login: &Login, can: &Capabilities) -> Result<(), Failure> {
        let Choice::Sasl(chosen) = choice else {
            return self.login_command(login).await.map_err(|error| error.of_login("LOGIN").into());
        };
        let longest = |allowed: bool| if allowed && can.sasl_ir() { INITIAL } else { 0 };
        chosen.log_in(login, setting(config), |exchange, initial| self.authenticate(exchange, longest(initial))).await
    }

    /// Required, whatever the server announces: what it announced so far nobody vouches for. A session that is logged in
    /// already cannot be encrypted, and is refused (RFC 9051 §11.1).
    async fn encrypt(&self, state: &State) -> Result<()> {
        if state.phase == Phase::LoggedIn {
            return Err(Error::new(Kind::Tls, "the server logged the session in before TLS, which prevents it"));
        }
        let seen = |error: Error| match error.kind() {
            Kind::Rejected | Kind::Bad => error.seen_as(Kind::Tls, "the server does not encrypt the connection"),
            _ => error,
        };
        self.call(StartTls).await.map_err(seen)
    }

    async fn know_capabilities(&self) -> Result<()> {
        match self.link().state().capabilities {
            Some(_) => return Ok(()),
            None => self.call(Capability).await?,
        }
        match self.link().state().capabilities {
            Some(_) => Ok(()),
            None => Err(Error::protocol("the server answers CAPABILITY and does not say what it can do")),
        }
    }

    async fn login_command(&self, login: &Login) -> Result<()> {
        let password = login.command_password().ok_or_else(|| Error::input("this login has no password"))?;
        self.call(LoginCommand { user: login.user(), password }).await
    }

    /// One exchange, to its end on the wire: where it cannot go on it is cancelled, and the server's answer to that waited for,
    /// so that the session can be logged in another time.
    async fn authenticate(&self, mut exchange: Exchange, longest: usize) -> Result<(), Failure> {
        let initial = exchange.initial(longest)?;
        let plan = authenticate::plan(exchange.name(), initial.as_ref())?;
        let mut inbox = self.link().submit(Request::Command(plan));
        loop {
            match inbox.next().await {
                Ok(Some(Delivery::Challenge(challenge))) if !exchange.is_cancelled() => {
                    let answer;
                    (exchange, answer) = aside(exchange.is_slow(), move || {
                        let answer = exchange.answer(&challenge);
                        (exchange, answer)
                    })
                    .await?;
                    inbox.add(Request::Answer(answer));
                }
                Ok(Some(Delivery::Done(verdict))) => return exchange.outcome(verdict.map(drop)),
                Ok(Some(Delivery::Challenge(_)) | None) => return exchange.outcome(Err(ended())),
                Ok(Some(_)) => {}
                Err(error) => return exchange.outcome(Err(error)),
            }
        }
    }
}

/// How long a set may be on a server that takes lines of 1000 bytes and no longer: UW's and Yahoo's.
pub(super) fn longest_set(greeting: &str, capabilities: &Capabilities) -> usize {
    let uw = |text: &str| (text.starts_with("20") || text.starts_with("v1")) && text.contains(" at ");
    let version = greeting.split_once("IMAP4rev1 ").map(|(_, version)| version);
    let short =
        capabilities.has("XYMHIGHESTMODSEQ") || version.is_some_and(|text| text.starts_with("imapgate-") || uw(text));
    if short { 800 } else { usize::MAX }
}

fn setting(config: &Config) -> Setting<'_> {
    Setting {
        host: config.host(),
        port: config.port_for(Protocol::Imap),
        challenges: config.limits.challenges,
        iterations: config.limits.scram_iterations,
        token: None,
    }
}
