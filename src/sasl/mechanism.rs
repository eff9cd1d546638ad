//! [`Mechanism`]: what every mechanism does. It must not know one of them.

use crate::error::{Error, Result};
use crate::login::Secret;

/// What mechanisms need to know besides the login.
#[derive(Clone, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// How many challenges are answered.
    pub(crate) challenges: usize,
    /// How many iterations a server may ask for.
    pub(crate) iterations: u32,
    /// The token, where that is the proof.
    pub(crate) token: Option<Secret>,
}

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
