//! Prints the mailboxes of an account as a tree, with their roles, counts and sizes: `cargo run --example folders -- imaps://me@host`.

#[macro_use]
mod common;

use std::process::ExitCode;

use common::{Accepts, Arguments, Outcome, Usage, fit, size};
use postroom::Protocol;
use postroom::imap::{FolderNode, RoleSource};

/// The columns of the names.
const NAMES: usize = 40;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let usage = "folders URL [OPTION...]\n\n  --rights                also print your rights in each mailbox";
    let accepts = Accepts { usage, options: &["--rights"], ..Accepts::default() };
    let Some(arguments) = Arguments::read(&accepts)? else { return Ok(()) };
    let account = arguments.account()?;
    if account.config.protocol() == Some(Protocol::Pop3) {
        return Err(Usage("POP3 has only one mailbox: give an imaps:// URL".to_owned()).into());
    }
    let imap = account.imap().await?;
    let listing = imap.folders();
    let tree = if arguments.options.is_empty() { listing } else { listing.rights() }.await?;
    for folder in &tree {
        say!("{}", line(&folder));
        for (other, same) in folder.aliases() {
            say!("{}  = {}? {same:?}", "  ".repeat(folder.depth()), other.name());
        }
    }
    let (unread, octets) =
        (tree.iter().filter_map(|folder| folder.unseen()), tree.iter().filter_map(|folder| folder.size()));
    let unread: u64 = unread.map(u64::from).sum();
    say!("{} mailboxes, {unread} unread messages, {}", tree.len(), size(octets.sum()));
    for unreadable in tree.unreadable() {
        say!("a line of the server that could not be read: {}", unreadable.escape_ascii());
    }
    Ok(())
}

/// Name, unread and all messages, size, and what the mailbox is for.
fn line(folder: &FolderNode<'_>) -> String {
    let name = format!("{}{}", "  ".repeat(folder.depth()), folder.display_name());
    let count = |count: Option<u32>| count.map(|count| count.to_string()).unwrap_or_default();
    let mut notes = Vec::new();
    notes.extend(folder.role().map(|role| match folder.role_source() {
        Some(RoleSource::Name) => format!("{role} (by its name)"),
        _ => role.to_string(),
    }));
    notes.extend((!folder.exists()).then(|| "does not exist".to_owned()));
    notes.extend((folder.exists() && !folder.is_selectable()).then(|| "holds no messages".to_owned()));
    notes.extend((folder.is_selectable() && !folder.is_subscribed()).then(|| "not subscribed".to_owned()));
    notes.extend(folder.rights().map(|rights| format!("rights {rights}")));
    let (unread, messages) = (count(folder.unseen()), count(folder.messages()));
    let octets = folder.size().map(size).unwrap_or_default();
    format!("{} {unread:>6} {messages:>7} {octets:>8}  {}", fit(&name, NAMES), notes.join(", ")).trim_end().to_owned()
}
