//! AUTHENTICATE (RFC 9051 §6.2.2, RFC 4959): opens a SASL exchange. The challenges and answers that follow pass between the
//! engine and the session; what is in them is the mechanism's business.

use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Effect, Needs, Order, Plan};
use crate::login::Secret;

/// The command that opens the exchange, with the initial response where the server takes one.
pub(crate) fn plan(mechanism: &str, initial: Option<&Secret>) -> Result<Plan> {
    let line = Line::new("AUTHENTICATE").atom(mechanism)?;
    let line = match initial {
        Some(response) => line.secret_atom(&String::from_utf8_lossy(response.expose()))?,
        None => line,
    };
    let plan = Plan::new("AUTHENTICATE", line.finish());
    Ok(plan.order(Order::ALONE).needs(Needs::BeforeLogin).effect(Effect::Authenticate))
}
