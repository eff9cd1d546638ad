//! A mechanism of the caller's own as one of this crate. It must not know what its messages mean.

use super::mechanism::{Context, Mechanism};
use crate::error::{Error, Kind, Result};
use crate::login::{Login, SaslError, SaslExchange, SaslMechanism, SaslPeer, Secret};

pub(super) fn make(own: &dyn SaslMechanism, login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    let peer = SaslPeer {
        service: context.service,
        host: context.host,
        port: context.port,
        user: login.user(),
        authorization: login.authorization(),
        bindings: context.bindings,
    };
    let exchange = own.begin(&peer).map_err(|error| failed(own.name(), error))?;
    Ok(Box::new(Own { name: own.name().to_owned(), exchange }))
}

struct Own {
    name: String,
    exchange: Box<dyn SaslExchange>,
}

impl Mechanism for Own {
    fn start(&mut self) -> Result<Option<Secret>> {
        self.exchange.initial().map_err(|error| failed(&self.name, error))
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
        self.exchange.answer(challenge).map_err(|error| failed(&self.name, error))
    }

    /// Only `finish` can tell.
    fn proof_sent(&self) -> bool {
        true
    }

    fn finish(&self) -> Result<()> {
        self.exchange.finish().map_err(|error| failed(&self.name, error))
    }

    /// It may ask a ticket server.
    fn starts_slowly(&self) -> bool {
        true
    }

    fn is_slow(&self) -> bool {
        true
    }
}

fn failed(name: &str, error: SaslError) -> Error {
    Error::new(Kind::Login, format!("the mechanism {name} cannot continue")).with_source(error)
}
