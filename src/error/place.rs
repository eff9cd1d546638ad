//! Where an error happened, and how an error is printed: one sentence by `{}`, the chain of causes by `{:#}`. It must not know a
//! protocol.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::Error;

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
    step: Option<Step>,
    /// `host:port`.
    server: Option<Arc<str>>,
}

impl Error {
    /// The step that failed, unless one is named already. A step of the login names more than its command.
    pub(crate) fn at(self, step: Step) -> Self {
        match self.0.place.step {
            None | Some(Step::Command(_)) => self.edit(|inner| inner.place.step = Some(step)),
            Some(_) => self,
        }
    }

    /// The server, as `host:port`.
    pub(crate) fn on(self, server: Option<&Arc<str>>) -> Self {
        match server {
            Some(server) if self.0.place.server.is_none() => {
                self.edit(|inner| inner.place.server = Some(server.clone()))
            }
            _ => self,
        }
    }

    /// The place of another error, as far as this one has none.
    pub(crate) fn at_place_of(self, other: &Self) -> Self {
        let Place { step, server } = other.0.place.clone();
        let placed = self.on(server.as_ref());
        match step {
            Some(step) => placed.at(step),
            None => placed,
        }
    }

    /// The same failure without its place, to be the cause of one that has the place.
    pub(crate) fn without_place(self) -> Self {
        self.edit(|inner| inner.place = Place::default())
    }

    pub(crate) fn step(&self) -> Option<Step> {
        self.0.place.step
    }

    /// The server, as `host:port`.
    pub(crate) fn server(&self) -> Option<&Arc<str>> {
        self.0.place.server.as_ref()
    }

    /// The server's own words in an error of a refusal: they follow the name of the command.
    pub(crate) fn server_words(&self) -> Option<&str> {
        self.0.text.split_once(": ").map(|(_, words)| words)
    }

    /// The same failure with advice after its text.
    pub(crate) fn with_hint(self, hint: &str) -> Self {
        self.edit(|inner| inner.text = format!("{}; {hint}", inner.text).into())
    }
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

/// `{}` is one sentence. `{:#}` adds the causes, each with what the sentence does not say yet.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = format!("{}{}", self.0.place, self.0.text);
        if f.alternate() {
            for cause in std::iter::successors(self.source(), |cause| (*cause).source()) {
                let text = cause.to_string();
                if !said.contains(&text) {
                    said = format!("{said}: {text}");
                }
            }
        }
        f.write_str(&said)
    }
}
