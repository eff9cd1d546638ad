//! AUTHENTICATE (RFC 9051 §6.2.2, RFC 4959): begins a SASL exchange. The challenges and responses that follow pass between the engine and
//! the session. It must not know what is in them.

use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Order, Plan, RequiredState, SessionEffect};
use crate::login::Secret;

/// The command that begins the exchange, with the initial response if the server accepts one.
pub(crate) fn plan(mechanism: &str, initial: Option<&Secret>) -> Result<Plan> {
    let line = Line::new("AUTHENTICATE").atom(mechanism)?;
    let line = match initial {
        Some(response) => line.secret_atom(&String::from_utf8_lossy(response.expose()))?,
        None => line,
    };
    let plan = Plan::new("AUTHENTICATE", line.finish());
    Ok(plan.order(Order::LOGIN).needs(RequiredState::BeforeLogin).effect(SessionEffect::Authenticate))
}
