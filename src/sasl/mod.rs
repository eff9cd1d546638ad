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

pub(crate) use choice::{Choice, Setting, Terms, choose};
pub(crate) use exchange::{Exchange, Failure, Unheard};
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

/// What a mechanism shows to whoever listens, and to a server that is not the right one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Shows {
    /// Nothing that is of use without long work for each login.
    Nothing,
    /// A digest by which guesses can be tried fast.
    Digest,
    /// The password or token itself.
    Secret,
}

/// A mechanism this crate speaks.
struct Known {
    name: &'static str,
    shows: Shows,
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
    Known { name: "SCRAM-SHA-256", shows: Shows::Nothing, serves: scram::serves, make: scram::sha256 },
    Known { name: "SCRAM-SHA-1", shows: Shows::Nothing, serves: scram::serves, make: scram::sha1 },
    Known { name: "CRAM-MD5", shows: Shows::Digest, serves: cram_md5::serves, make: cram_md5::make },
    Known { name: "OAUTHBEARER", shows: Shows::Secret, serves: bearer::serves, make: bearer::oauthbearer },
    Known { name: "XOAUTH2", shows: Shows::Secret, serves: bearer::serves, make: bearer::xoauth2 },
    Known { name: "EXTERNAL", shows: Shows::Nothing, serves: external::serves, make: external::make },
    Known { name: "PLAIN", shows: Shows::Secret, serves: plain::serves, make: plain::make },
    Known { name: "LOGIN", shows: Shows::Secret, serves: login::serves, make: login::make },
    Known { name: "ANONYMOUS", shows: Shows::Nothing, serves: anonymous::serves, make: anonymous::make },
];
