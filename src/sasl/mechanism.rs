//! [`Mechanism`]: what every mechanism does. It must not know one of them.

use crate::error::{Error, Result};
use crate::login::{Bindings, Secret};

/// What mechanisms need to know besides the login.
#[derive(Clone, Debug)]
pub(crate) struct Context<'a> {
    /// The protocol's name among SASL's services.
    pub(crate) service: &'static str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// The most challenges that are answered.
    pub(crate) challenges: usize,
    /// The most iterations that a server may ask for.
    pub(crate) iterations: u32,
    /// The access token, if that is the proof.
    pub(crate) token: Option<Secret>,
    /// What the connection can be bound to.
    pub(crate) bindings: &'a Bindings,
    /// What SCRAM says about it.
    pub(crate) flag: BindingFlag,
}

/// `gs2-cbind-flag` (RFC 5802 §6).
#[derive(Clone, Debug)]
pub(crate) enum BindingFlag {
    /// `n`: the client does not support channel binding, or must not use it.
    Unsupported,
    /// `y`: the client supports it and did not see that the server does.
    NotOffered,
    /// `p`: this type, with this data.
    Bound(&'static str, Secret),
}

/// One mechanism during one authentication.
pub(crate) trait Mechanism: Send {
    /// The initial response, if the client sends the first message.
    fn start(&mut self) -> Result<Option<Secret>>;

    /// The response to a challenge.
    fn step(&mut self, challenge: &[u8]) -> Result<Secret>;

    /// Whether the client's proof was sent completely. A success that the server reports earlier is a protocol error.
    fn proof_sent(&self) -> bool;

    /// Whether the server has proved what the mechanism requires of it. Called when it reports success. By default the client's
    /// proof must have been sent.
    fn finish(&self) -> Result<()> {
        match self.proof_sent() {
            true => Ok(()),
            false => Err(Error::protocol("the server reports success before it asked for the whole proof")),
        }
    }

    /// Whether `start` may block.
    fn starts_slowly(&self) -> bool {
        false
    }

    /// Whether the next step takes long computations.
    fn is_slow(&self) -> bool {
        false
    }

    /// Whether the server does not support the type of channel binding, so that another one is worth a try.
    fn lacks_binding_type(&self) -> bool {
        false
    }

    /// The server's explanation of a refusal, which it sends before the refusal.
    fn server_error(&self) -> Option<&ServerError> {
        None
    }
}

/// A server's explanation of its refusal.
#[derive(Debug)]
pub(crate) struct ServerError {
    pub(crate) text: String,
    /// Whether another token may be accepted.
    pub(crate) stale: bool,
}
