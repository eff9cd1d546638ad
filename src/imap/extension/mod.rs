//! The calls of extensions, one file each, on [`Imap`] and [`Folder`](super::Folder): what is checked before anything is sent, what is done
//! if the server lacks the extension, and what counts as its answer. They must not know the wire: commands and codecs do.

mod acl;
mod annotate;
mod language;
mod metadata;
mod notify;
mod quota;
mod special_use;
mod url_auth;

use super::command::extension::Extension;
use super::session::Imap;
use super::types::Response;
use crate::error::{Error, Result};

pub use language::ChosenLanguage;
pub use metadata::MetadataValues;
pub use notify::Notified;
pub use quota::MailboxQuotas;

impl Imap {
    /// Fails, before anything is sent, unless the server has this extension.
    pub(super) fn require(&self, has: bool, name: &str) -> Result<()> {
        match has {
            true => Ok(()),
            false => Err(Error::unsupported(format!("the server does not support {name}"))),
        }
    }

    /// Runs a command and returns what `pick` makes of the responses that it claims, in their order.
    async fn ask<T>(&self, command: Extension, pick: impl FnMut(Response) -> Option<T>) -> Result<Vec<T>> {
        Ok(self.run(command).await?.responses.iter().filter_map(pick).collect())
    }

    /// Like [`ask`](Self::ask), for a command that is answered by exactly one response.
    async fn ask_one<T>(&self, command: Extension, pick: impl FnMut(Response) -> Option<T>) -> Result<T> {
        let verb = command.verb();
        let found = self.ask(command, pick).await?.pop();
        found.ok_or_else(|| Error::missing(format!("the server answered {verb} without what was asked for")))
    }
}
