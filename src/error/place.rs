//! [`Place`]: the step and the server of an error, as the beginning of its sentence. It must not know a protocol.

use std::fmt;
use std::sync::Arc;

/// What was under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// The lookup of the host's name and the TCP connection.
    Connect,
    /// The change to TLS, and its handshake.
    Tls,
    /// The greeting, and what is agreed on before and after the login.
    Begin,
    Login,
    /// A command of the session, by its name.
    Command(&'static str),
}

/// The step and the server, as far as they are known.
#[derive(Clone, Default)]
pub(super) struct Place {
    pub(super) step: Option<Step>,
    /// `host:port`.
    pub(super) server: Option<Arc<str>>,
}

/// What the server judges in a login by this mechanism or command.
pub(super) fn credentials(method: &str) -> &'static str {
    match method {
        "OAUTHBEARER" | "XOAUTH2" => "user name or access token",
        "EXTERNAL" => "user name or client certificate",
        "ANONYMOUS" => "anonymous login",
        _ => "user name or password",
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.server.as_deref().unwrap_or("the server");
        match self.step {
            Some(Step::Connect) => write!(f, "cannot connect to {server}: "),
            Some(Step::Tls) => write!(f, "cannot set up TLS with {server}: "),
            Some(Step::Begin) => write!(f, "cannot begin a session with {server}: "),
            Some(Step::Login) => write!(f, "cannot log in to {server}: "),
            Some(Step::Command(command)) => match &self.server {
                Some(server) => write!(f, "{command} on {server}: "),
                None => write!(f, "{command}: "),
            },
            None => match &self.server {
                Some(server) => write!(f, "{server}: "),
                None => Ok(()),
            },
        }
    }
}
