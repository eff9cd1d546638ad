//! The way into a session: the greeting, STARTTLS, the choice of a login and the login itself. What a mechanism says is `sasl`'s
//! business, what can be done once logged in that of `session.rs`.

use super::call::{end_of, ended};
use super::command::authenticate;
use super::command::capability::Capability;
use super::command::login::Login as LoginCommand;
use super::command::starttls::StartTls;
use super::engine::{Delivery, Phase, Request, State};
use super::session::Imap;
use crate::config::Security;
use crate::error::{Error, Kind, Result};
use crate::login::Login;
use crate::sasl::{self, Choice, Exchange, Terms};

/// The longest initial response: RFC 7162 §4 advises lines of 8192 bytes.
const INITIAL: usize = 8000;

impl Imap {
    pub(super) async fn log_in(&self, security: Security, login: &Login) -> Result<()> {
        end_of(self.link().submit(Request::Greeting)).await?;
        let state = self.link().state();
        if security == Security::Upgrade {
            self.encrypt(&state).await?;
        }
        if state.phase == Phase::LoggedIn {
            return self.know_capabilities().await;
        }
        self.know_capabilities().await?;
        let capabilities = self.capabilities();
        let terms = Terms { may_show_secret: true, command_offered: !capabilities.login_disabled() };
        match sasl::choose(login, |mechanism| capabilities.auth(mechanism), terms)? {
            Choice::Sasl(exchange) => self.authenticate(exchange, capabilities.sasl_ir()).await,
            Choice::Command => self.login_command(login).await,
        }
        .map_err(refused_login)?;
        self.know_capabilities().await
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
            Some(_) => Ok(()),
            None => self.call(Capability).await,
        }
    }

    async fn login_command(&self, login: &Login) -> Result<()> {
        let password = login.command_password().ok_or_else(|| Error::input("this login has no password"))?;
        self.call(LoginCommand { user: login.user(), password }).await
    }

    async fn authenticate(&self, mut exchange: Exchange, takes_initial: bool) -> Result<()> {
        let initial = exchange.initial(if takes_initial { INITIAL } else { 0 })?;
        let plan = authenticate::plan(exchange.name(), initial.as_ref())?;
        let mut inbox = self.link().submit(Request::Command(plan));
        let mut challenges = 0;
        loop {
            match inbox.next().await? {
                Some(Delivery::Challenge(challenge)) => {
                    challenges += 1;
                    if challenges > self.limits().challenges {
                        return Err(Error::limit("the server asks for too much during the login"));
                    }
                    inbox.add(Request::Answer(Some(exchange.respond(&challenge)?)));
                }
                Some(Delivery::Done(condition)) => return condition.and_then(|_| exchange.finish()),
                Some(_) => {}
                None => return Err(ended()),
            }
        }
    }
}

fn refused_login(error: Error) -> Error {
    match error.kind() {
        Kind::Rejected | Kind::Bad => error.seen_as(Kind::Login, "the server refused the login"),
        _ => error,
    }
}
