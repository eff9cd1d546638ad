//! SASL (RFC 4422) without a socket: the mechanisms, the choice among them, and the exchange in base64 lines that both
//! protocols share (RFC 9051 §6.2.2, RFC 5034). It must not know the commands of either.

mod anonymous;
mod bearer;
mod choice;
mod cram_md5;
pub(crate) mod digest;
mod exchange;
mod external;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod known;
mod login;
mod mechanism;
mod own;
mod plain;
mod scram;
mod single;
#[cfg(test)]
mod vectors;

pub(crate) use choice::{Choice, Offer, choose};
pub(crate) use exchange::{Exchange, Failure};
pub(crate) use mechanism::{BindingFlag, Context};
pub(crate) use scram::prepared;
