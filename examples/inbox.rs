//! Lists the newest messages of a mailbox, the same way by IMAP and POP3: `cargo run --example inbox -- imaps://me@host/INBOX`.

#[macro_use]
mod common;

use std::process::ExitCode;

use common::{Accepts, Arguments, Outcome, fit, from_and_subject, size};
use postroom::{Flag, Part};

/// How many are listed.
const SHOWN: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let Some(arguments) = Arguments::read(&Accepts { usage: "inbox URL [OPTION...]", ..Accepts::default() })? else {
        return Ok(());
    };
    let mut mailbox = arguments.account()?.open().await?;
    let entries = mailbox.entries().await?;
    let newest = entries.get(entries.len().saturating_sub(SHOWN)..).unwrap_or(&entries);
    let ids: Vec<_> = newest.iter().map(|entry| entry.id.clone()).collect();
    let mut headers = mailbox.messages(&ids, Part::Header).await?;
    while let Some(message) = headers.try_next().await? {
        let Some(entry) = newest.iter().find(|entry| entry.id == *message.id()) else { continue };
        let (from, subject) = from_and_subject(&message);
        let unread = entry.flags.as_ref().is_some_and(|flags| !flags.contains(&Flag::SEEN));
        say!(
            "{} {} {} {:>8}",
            if unread { "●" } else { " " },
            fit(&from, 26),
            fit(&subject, 48),
            entry.size.map(size).unwrap_or_default()
        );
    }
    say!("{} messages in all", entries.len());
    Ok(())
}
