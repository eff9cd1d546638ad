//! NAMESPACE (RFC 9051 §6.3.10, RFC 2342): asks for the prefixes of the user's, other users' and shared mailboxes.

use super::{Command, EncodeOptions, Frames};
use crate::error::{Error, Result};
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Order, Plan};
use crate::imap::types::{Condition, Namespaces};

pub(crate) struct Namespace {
    pub(crate) utf8: bool,
}

impl Command for Namespace {
    type Output = Namespaces;

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        Ok(Plan::new("NAMESPACE", Line::new("NAMESPACE").finish()).order(Order::claiming(Claims::NAMESPACE)))
    }

    fn output(self, frames: impl Frames, _: Condition) -> Result<Namespaces> {
        let frame = frames.into_iter().last().ok_or_else(|| Error::missing("the server did not answer NAMESPACE"))?;
        codec::namespace::parse(&frame, self.utf8)
            .map_err(|error| Error::missing("the answer to NAMESPACE cannot be read").with_source(error))
    }
}
