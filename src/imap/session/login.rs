//! From the greeting to a logged-in session: STARTTLS, the capabilities, and the wire forms of the login.
//! `authentication` decides how a login proceeds; `mod.rs` has what follows it.

use std::sync::Arc;

use super::Imap;
use crate::authentication::{self, Carrier, Turn};
use crate::config::{Config, Protocol, Security};
use crate::error::{Error, Kind, Result, Step};
use crate::imap::call::{ImapLink, call, end_of};
use crate::imap::command::capability::Capability;
use crate::imap::command::login::Login as LoginCommand;
use crate::imap::command::starttls::StartTls;
use crate::imap::command::{Command, EncodeOptions, authenticate};
use crate::imap::engine::{Delivery, Engine, Phase, Request, State};
use crate::imap::types::{Capabilities, Condition};
use crate::login::{Login, Secret};
use crate::sasl::{Choice, Exchange, Offer};

/// The longest initial response in bytes: RFC 7162 §4 recommends that lines have at most 8192.
const INITIAL: usize = 8000;

impl Imap {
    pub(super) async fn log_in(&mut self, config: &Config, login: &Login) -> Result<Condition> {
        let begin = |error: Error| error.at(Step::Begin);
        let greeting = end_of(self.link().submit(Request::Greeting)).await.map_err(begin)?;
        let state = self.link().state();
        if config.security == Security::Upgrade {
            self.encrypt(&state).await.map_err(|error| error.at(Step::Tls))?;
        }
        self.know_capabilities().await.map_err(begin)?;
        if state.phase == Phase::LoggedIn {
            return Ok(greeting);
        }
        let offered = self.capabilities();
        self.before_login = Some(offered.clone());
        self.prove(config, login, offered).await?;
        self.know_capabilities().await.map_err(begin)?;
        Ok(greeting)
    }

    /// Logs in by a method that is among these capabilities.
    pub(super) async fn prove(&self, config: &Config, login: &Login, capabilities: Arc<Capabilities>) -> Result<()> {
        let carrier = ImapLogin { imap: self, capabilities, login };
        authentication::log_in(&carrier, config, login).await.map_err(|error| error.at(Step::Login))
    }

    /// Always attempted: capabilities announced before TLS are unauthenticated. A session that is already logged in
    /// cannot be encrypted and is refused (RFC 9051 §11.1).
    async fn encrypt(&self, state: &State) -> Result<()> {
        if state.phase == Phase::LoggedIn {
            return Err(Error::new(
                Kind::Tls,
                "the server logged the session in before TLS (PREAUTH), so STARTTLS is not possible",
            ));
        }
        let seen = |error: Error| match error.kind() {
            Kind::Rejected | Kind::Bad => error.reclassify(Kind::Tls, "the server does not upgrade the connection"),
            _ => error,
        };
        self.call_now(StartTls).await.map_err(seen)
    }

    /// Nothing waits for what is agreed on after the login, and no text is a mailbox name.
    async fn call_now<C: Command>(&self, command: C) -> Result<C::Output> {
        call(self.link(), command, EncodeOptions::default(), self.limits()).await
    }

    pub(super) async fn know_capabilities(&self) -> Result<()> {
        match self.link().state().capabilities {
            Some(_) => return Ok(()),
            None => self.call_now(Capability).await?,
        }
        match self.link().state().capabilities {
            Some(_) => Ok(()),
            None => Err(Error::protocol("the server answered CAPABILITY without listing its capabilities")),
        }
    }
}

/// How the login is written in IMAP (RFC 9051 §6.2.2, §6.2.3).
struct ImapLogin<'a> {
    imap: &'a Imap,
    /// As the server announced them before the login.
    capabilities: Arc<Capabilities>,
    login: &'a Login,
}

impl Carrier for ImapLogin<'_> {
    type Engine = Engine;

    const PROTOCOL: Protocol = Protocol::Imap;

    fn link(&self) -> &ImapLink {
        self.imap.link()
    }

    fn offers(&self, mechanism: &str) -> bool {
        self.capabilities.auth(mechanism)
    }

    fn takes_command(&self) -> bool {
        !self.capabilities.login_disabled()
    }

    fn prefer(&self, strongest: Result<Choice>, offer: Offer<'_>) -> Result<Choice> {
        Ok(strongest?.preferring_command(self.login, offer))
    }

    async fn command(&self) -> Result<()> {
        let password = self.login.command_password().ok_or_else(|| Error::input("this login has no password"))?;
        let command = LoginCommand { user: self.login.user(), password };
        self.imap.call_now(command).await.map_err(|error| error.into_login_error("LOGIN"))
    }

    fn room(&self, _: &str) -> Result<usize> {
        Ok(if self.capabilities.sasl_ir() { INITIAL } else { 0 })
    }

    fn opening(&self, exchange: &Exchange, initial: Option<Secret>) -> Result<Request> {
        Ok(Request::Command(authenticate::plan(exchange.name(), initial.as_ref())?))
    }

    fn answer(_: &Exchange, line: Option<Secret>) -> Request {
        Request::Answer(line)
    }

    fn turn(delivery: Delivery) -> Option<Turn> {
        match delivery {
            Delivery::Challenge(challenge) => Some(Turn::Challenge(challenge)),
            Delivery::Done(verdict) => Some(Turn::Verdict(verdict.map(drop))),
            _ => None,
        }
    }
}
