//! Prints who wrote each new message, in all mailboxes, within a second, whatever happens to the connection, until Ctrl-C:
//! `cargo run --example watch -- imaps://me@host`, or `imaps://me@host/INBOX` for one mailbox.

#[macro_use]
mod common;

use std::process::ExitCode;

use common::{Accepts, Arguments, Outcome, Usage, sentence};
use postroom::account::{Account, Watched};
use postroom::imap::{Items, MailboxName, Uids};
use postroom::{Config, Login, Protocol};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let Some(arguments) = Arguments::read(&Accepts { usage: "watch URL [OPTION...]", ..Accepts::default() })? else {
        return Ok(());
    };
    let account = arguments.account()?;
    if account.config.protocol() == Some(Protocol::Pop3) {
        return Err(Usage("POP3 has one mailbox: use the example `idle`".into()).into());
    }
    tokio::select! {
        outcome = watch(account.config.clone(), account.login.clone()) => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn watch(config: Config, login: Login) -> Outcome {
    let one = config.mailbox().map(str::to_owned);
    let account = Account::new(config, login).build()?;
    let mut changes = one.map_or_else(|| Ok(account.watch_all()), |name| account.watch([name]))?;
    while let Some(change) = changes.next().await {
        match change {
            Watched::Resync(mailbox) => say!("watching {mailbox}"),
            Watched::New { mailbox, uids } => match headers(&account, mailbox.clone(), uids).await {
                Ok(lines) => lines.iter().try_for_each(|line| -> Outcome { Ok(say!("new in {mailbox}: {line}")) })?,
                Err(error) => say!("{mailbox}: {}", sentence(&error)),
            },
            Watched::Vanished { mailbox, uids } => say!("gone from {mailbox}: {uids}"),
            Watched::Offline(error) => say!("offline: {}", sentence(&error)),
            Watched::Online => say!("online"),
            _ => {}
        }
    }
    Ok(())
}

/// A line for each of the messages. If the connection is lost, the account goes on with another one.
async fn headers(account: &Account, mailbox: MailboxName, uids: Uids) -> postroom::Result<Vec<String>> {
    let mut opened = account.examine(mailbox).await?;
    let mut mail = opened.fetch(uids, Items::ENVELOPE).await?;
    let mut lines = Vec::new();
    while let Some(message) = mail.try_next().await? {
        let sender = message.from().map(|from| from.label()).unwrap_or_default();
        lines.push(format!("{sender}: {}", message.subject().unwrap_or_default()));
    }
    Ok(lines)
}
