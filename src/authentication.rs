//! The login of both protocols: the choice of a method, the SASL exchange over the connection, and the next method if the server
//! does not understand one. A [`Carrier`] supplies the wire forms. It must not know a mechanism.

use bytes::Bytes;

use crate::config::{Config, Protocol};
use crate::conn::link::Link;
use crate::conn::run_blocking_if;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::login::{Bindings, Login, Secret};
use crate::sasl::{BindingFlag, Choice, Context, Exchange, Failure, Offer, choose};

/// What one protocol supplies to its login.
pub(crate) trait Carrier: Sync {
    type Engine: Engine;

    const PROTOCOL: Protocol;

    fn link(&self) -> &Link<Self::Engine>;
    /// Whether the server offers the mechanism.
    fn offers(&self, mechanism: &str) -> bool;
    /// Whether the server takes the protocol's own command.
    fn takes_command(&self) -> bool;
    /// The first method to try. `strongest` is the strongest that the server offers, or the reason why there is none.
    fn prefer(&self, strongest: Result<Choice>, offer: Offer<'_>) -> Result<Choice>;
    /// Logs in by the protocol's own command. The error names the command.
    fn command(&self) -> impl Future<Output = Result<()>> + Send;
    /// The most bytes of an initial response that fit after the mechanism's name; 0 if the server takes none.
    fn room(&self, mechanism: &str) -> Result<usize>;
    /// The request that opens an exchange.
    fn opening(&self, exchange: &Exchange, initial: Option<Secret>) -> Result<<Self::Engine as Engine>::Request>;
    /// The request that answers a challenge. Without a line it cancels the exchange.
    fn answer(exchange: &Exchange, line: Option<Secret>) -> <Self::Engine as Engine>::Request;
    /// What a delivery means for the exchange; `None` if it means nothing.
    fn turn(delivery: <Self::Engine as Engine>::Delivery) -> Option<Turn>;
}

/// What the server sends in an exchange.
pub(crate) enum Turn {
    /// In base64.
    Challenge(Bytes),
    Verdict(Result<()>),
}

/// Logs in by the method that the carrier prefers. If the server does not understand it, by the next that shows no more.
pub(crate) async fn log_in<C: Carrier>(carrier: &C, config: &Config, login: &Login) -> Result<()> {
    let offered = |mechanism: &str| carrier.offers(mechanism);
    // Invariant: the connection is encrypted here, or the caller wrote `dangerous`.
    let bindings = &*carrier.link().bindings();
    let (encrypted, command_offered) = (config.is_protected(), carrier.takes_command());
    let offer = Offer { may_show_secret: true, encrypted, command_offered, bindings };
    let mut choice = carrier.prefer(choose(login, offered, offer), offer)?;
    while let Err(failure) = prove(carrier, &choice, config, login, bindings).await {
        let next = choice.next(login, offered, offer).filter(|_| failure.unheard.is_some());
        choice = next.ok_or(failure.error)?;
    }
    Ok(())
}

async fn prove<C: Carrier>(
    carrier: &C,
    choice: &Choice,
    config: &Config,
    login: &Login,
    bindings: &Bindings,
) -> Result<(), Failure> {
    let Choice::Sasl(chosen) = choice else { return Ok(carrier.command().await?) };
    let context = context(config, C::PROTOCOL, bindings);
    let run = |exchange, initial| converse(carrier, exchange, initial && config.initial_response());
    chosen.log_in(login, context, run).await
}

fn context<'a>(config: &'a Config, protocol: Protocol, bindings: &'a Bindings) -> Context<'a> {
    Context {
        // RFC 9051 §6.2.2, RFC 5034 §4.
        service: if protocol == Protocol::Imap { "imap" } else { "pop" },
        host: config.host(),
        port: config.port_for(protocol),
        challenges: config.limits.challenges,
        iterations: config.limits.scram_iterations,
        token: None,
        bindings,
        flag: BindingFlag::Unsupported,
    }
}

/// One exchange, to its end on the wire. If it cannot continue it is cancelled, and the server's answer is awaited, so that the
/// session can try another login.
async fn converse<C: Carrier>(carrier: &C, mut exchange: Exchange, initial: bool) -> Result<(), Failure> {
    let room = if initial { carrier.room(exchange.name())? } else { 0 };
    let initial;
    (exchange, initial) = run_blocking_if(exchange.is_slow(), move || {
        let initial = exchange.initial(room);
        (exchange, initial)
    })
    .await?;
    let initial = initial?;
    let mut inbox = carrier.link().submit(carrier.opening(&exchange, initial)?);
    loop {
        match inbox.next().await.map(|delivery| delivery.map(C::turn)) {
            Ok(Some(Some(Turn::Challenge(challenge)))) if !exchange.is_cancelled() => {
                let line;
                (exchange, line) = run_blocking_if(exchange.is_slow(), move || {
                    let line = exchange.answer(&challenge);
                    (exchange, line)
                })
                .await?;
                inbox.add(C::answer(&exchange, line));
            }
            Ok(Some(Some(Turn::Verdict(verdict)))) => return exchange.outcome(verdict),
            Ok(Some(Some(Turn::Challenge(_))) | None) => return exchange.outcome(Err(endless())),
            Ok(Some(None)) => {}
            Err(error) => return exchange.outcome(Err(error)),
        }
    }
}

fn endless() -> Error {
    Error::protocol("the authentication did not end")
}
