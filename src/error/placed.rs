//! Gives an error its place and a hint, and prints it: one sentence by `{}`, the chain of causes by `{:#}`. It must not know a protocol.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::Error;
use super::place::{Place, Step};

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
