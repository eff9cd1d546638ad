//! Lists the newest messages of a mailbox, the same way by IMAP and POP3: `cargo run --example inbox -- imaps://me@host/INBOX`.

mod common;

use std::process::ExitCode;

use common::{Arguments, Outcome, fit, size};
use postroom::{Flag, Part};

/// How many are listed.
const SHOWN: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let Arguments { account: Some(account), .. } = Arguments::read()? else {
        println!("usage: inbox URL [--ca FILE]\n\n{}", common::COMMON);
        return Ok(());
    };
    let mut mailbox = account.open().await?;
    let entries = mailbox.entries().await?;
    let newest = entries.get(entries.len().saturating_sub(SHOWN)..).unwrap_or(&entries);
    let ids: Vec<_> = newest.iter().map(|entry| entry.id.clone()).collect();
    let mut headers = mailbox.messages(&ids, Part::Header).await?;
    while let Some(message) = headers.try_next().await? {
        let Some(entry) = newest.iter().find(|entry| entry.id == *message.id()) else { continue };
        let Some(mail) = message.parse() else { continue };
        let from = mail.from().and_then(|from| from.first());
        let from = from.and_then(|from| from.name().or_else(|| from.address())).unwrap_or_default();
        let unread = entry.flags.as_ref().is_some_and(|flags| !flags.contains(&Flag::SEEN));
        println!(
            "{} {} {} {:>8}",
            if unread { "●" } else { " " },
            fit(from, 26),
            fit(mail.subject().unwrap_or_default(), 48),
            entry.size.map(size).unwrap_or_default()
        );
    }
    println!("{} messages in all", entries.len());
    Ok(())
}
