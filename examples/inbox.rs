//! Lists the newest messages of a mailbox, the same way by IMAP and POP3: `cargo run --example inbox -- imaps://me@host/INBOX`.

mod common;

use std::process::ExitCode;

use common::{Arguments, Outcome, fit, size};
use postroom::{Flag, Message, Part};

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
        let (from, subject) = from_and_subject(&message);
        let unread = entry.flags.as_ref().is_some_and(|flags| !flags.contains(&Flag::SEEN));
        println!(
            "{} {} {} {:>8}",
            if unread { "●" } else { " " },
            fit(&from, 26),
            fit(&subject, 48),
            entry.size.map(size).unwrap_or_default()
        );
    }
    println!("{} messages in all", entries.len());
    Ok(())
}

#[cfg(feature = "mail-parser")]
fn from_and_subject(message: &Message) -> (String, String) {
    let Some(mail) = message.parse() else { return Default::default() };
    let from = mail.from().and_then(|from| from.first());
    let from = from.and_then(|from| from.name().or_else(|| from.address())).unwrap_or_default();
    (from.to_owned(), mail.subject().unwrap_or_default().to_owned())
}

/// As the fields are in the message: nothing decodes them.
#[cfg(not(feature = "mail-parser"))]
fn from_and_subject(message: &Message) -> (String, String) {
    let header = String::from_utf8_lossy(message.bytes());
    let field = |name: &str| {
        let value = header.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        value.unwrap_or_default()
    };
    (field("From"), field("Subject"))
}
