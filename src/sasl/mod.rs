//! SASL (RFC 4422) without a socket: the mechanisms, the choice among them, and the exchange in base64 lines that both
//! protocols share (RFC 9051 §6.2.2, RFC 5034). It knows neither's commands.

mod anonymous;
mod bearer;
mod choice;
mod cram_md5;
pub(crate) mod digest;
mod exchange;
mod external;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod login;
mod plain;
mod scram;
mod single;
#[cfg(test)]
mod vectors;

pub(crate) use choice::{Choice, Chosen, Setting, Terms, choose};
pub(crate) use exchange::{Exchange, Failure};
pub(crate) use scram::prepared;

use crate::error::{Error, Result};
use crate::login::{Login, Secret};

/// One mechanism in the middle of one authentication.
pub(crate) trait Mechanism: Send {
    /// The initial response, where the client speaks first.
    fn start(&mut self) -> Result<Option<Secret>>;

    /// The response to a challenge.
    fn step(&mut self, challenge: &[u8]) -> Result<Secret>;

    /// Whether all that the client has to prove is said: before, the server cannot mean it when it reports success.
    fn is_said(&self) -> bool;

    /// Whether the server has proved what the mechanism asks of it; called when it reports success. Unless told, all it has to do
    /// is to have let the client say everything.
    fn finish(&self) -> Result<()> {
        match self.is_said() {
            true => Ok(()),
            false => Err(Error::protocol("the server reports a login before it asked for all of the proof")),
        }
    }

    /// Whether the next step is long work for a processor.
    fn is_slow(&self) -> bool {
        false
    }

    /// What the server said about a refusal before it refused.
    fn complaint(&self) -> Option<&Complaint> {
        None
    }
}

/// What a server said about its refusal.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) text: String,
    /// Whether another token may do better.
    pub(crate) stale: bool,
}

/// A mechanism this crate speaks.
struct Known {
    name: &'static str,
    /// Whether it shows the password or token to whoever listens.
    shows_secret: bool,
    /// Whether the login has what it needs.
    serves: fn(&Login) -> bool,
    make: fn(&Login, &Setting<'_>) -> Result<Box<dyn Mechanism>>,
}

/// The strongest first: those that keep the password from the server too and make it prove that it knows it, those that keep
/// it from a listener only, those that show it.
///
/// Within TLS one may argue for PLAIN before CRAM-MD5, since it lets the server keep a salted hash where CRAM-MD5 makes it keep
/// the password. But the client cannot know what the server keeps, and what is never sent cannot be logged or stolen there.
const KNOWN: &[Known] = &[
    Known { name: "SCRAM-SHA-256", shows_secret: false, serves: scram::serves, make: scram::sha256 },
    Known { name: "SCRAM-SHA-1", shows_secret: false, serves: scram::serves, make: scram::sha1 },
    Known { name: "CRAM-MD5", shows_secret: false, serves: cram_md5::serves, make: cram_md5::make },
    Known { name: "OAUTHBEARER", shows_secret: true, serves: bearer::serves, make: bearer::oauthbearer },
    Known { name: "XOAUTH2", shows_secret: true, serves: bearer::serves, make: bearer::xoauth2 },
    Known { name: "EXTERNAL", shows_secret: false, serves: external::serves, make: external::make },
    Known { name: "PLAIN", shows_secret: true, serves: plain::serves, make: plain::make },
    Known { name: "LOGIN", shows_secret: true, serves: login::serves, make: login::make },
    Known { name: "ANONYMOUS", shows_secret: false, serves: anonymous::serves, make: anonymous::make },
];
