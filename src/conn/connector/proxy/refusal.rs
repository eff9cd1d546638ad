//! Why there is no tunnel. It must not know what was said.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;

use crate::error::{Error, Kind};

/// What follows "the proxy NAME" in a sentence.
pub(super) struct Refusal {
    said: Cow<'static, str>,
    kind: Kind,
    is_lasting: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Refusal {
    /// The proxy may do it another time.
    pub(super) fn passing(said: impl Into<Cow<'static, str>>) -> Self {
        Self { said: said.into(), kind: Kind::Io, is_lasting: false, source: None }
    }

    /// The proxy would do the same again.
    pub(super) fn lasting(said: impl Into<Cow<'static, str>>) -> Self {
        Self { is_lasting: true, ..Self::passing(said) }
    }

    /// The caller asks for what cannot be said.
    pub(super) fn input(said: &'static str) -> Self {
        Self { kind: Kind::Input, ..Self::passing(said) }
    }

    pub(super) fn broken(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::passing("closed the connection"),
            _ => Self::passing("lost the connection").caused_by(error),
        }
    }

    pub(super) fn caused_by(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    pub(super) fn of(self, proxy: &str) -> Error {
        let error = Error::new(self.kind, format!("the proxy {proxy} {}", self.said));
        let error = if self.is_lasting { error.lasting() } else { error };
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}
