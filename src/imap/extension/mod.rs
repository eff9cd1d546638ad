//! The calls of extensions, one file each, on [`Imap`] and [`Folder`](super::Folder): what is checked before anything is sent, what is done
//! if the server lacks the extension, and what counts as its answer. They must not know the wire: commands and codecs do.

mod acl;
mod annotate;
mod composed;
mod conversations;
mod filters;
mod folders;
mod language;
mod list_with;
mod metadata;
mod multisearch;
mod newest;
mod notify;
mod page;
mod quota;
mod sort;
mod special_use;
#[cfg(test)]
mod table;
mod thread;
mod url_auth;

use super::call::finish;
use super::command::Command;
use super::command::extension::Extension;
use super::engine::Request;
use super::session::Imap;
use super::types::Response;
use crate::error::{Error, Result};

pub use conversations::{ThreadPart, Threading};
pub use filters::{Filter, FilterScope};
pub use folders::ListingFolders;
pub use language::ChosenLanguage;
pub use metadata::MetadataValues;
pub use notify::Notified;
pub use page::Paging;
pub use quota::MailboxQuotas;
pub use sort::{Sort, SortReturning};

/// How many commands of one call are on the wire at a time.
const AT_ONCE: usize = 64;

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

    /// Sends commands without waiting in between, and returns their results in the same order. If one fails, the others run all the same.
    async fn pipelined<C: Command>(&self, commands: Vec<C>) -> Result<Vec<Result<C::Output>>> {
        let (mut commands, mut results, options) = (commands.into_iter(), Vec::new(), self.encode_options().await?);
        loop {
            let mut running = Vec::new();
            for command in commands.by_ref().take(AT_ONCE) {
                let plan = command.plan(options)?;
                running.push((self.link().submit(Request::Command(plan)), command));
            }
            if running.is_empty() {
                return Ok(results);
            }
            for (inbox, command) in running {
                results.push(finish(inbox, command, self.limits()).await);
            }
        }
    }
}
