//! Watches a mailbox and prints its changes, and who wrote the new messages, until Ctrl-C:
//! `cargo run --example idle -- imaps://me@host/INBOX`. POP3 does not push changes, so it looks again at intervals.

#[macro_use]
mod common;

use std::process::ExitCode;

use common::{Accepts, Account, Arguments, Outcome, from_and_subject};
use postroom::imap::{Event, Fetched, Folder, Imap, Items, Uid, Uids};
use postroom::{Changes, MessageId, Part, Protocol};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let Some(arguments) = Arguments::read(&Accepts { usage: "idle URL [OPTION...]", ..Accepts::default() })? else {
        return Ok(());
    };
    tokio::select! {
        outcome = watch(arguments.account()?) => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn watch(account: &Account) -> Outcome {
    if account.config.protocol() == Some(Protocol::Pop3) {
        return look_again(account).await;
    }
    let mut imap = account.imap().await?;
    let mut folder = imap.examine(account.config.mailbox().unwrap_or("INBOX")).await?;
    // The messages from this UID on are new.
    let mut next = folder.next_uid().await?.map_or_else(|| Uid::new(1), Ok)?;
    say!("watching {} messages", folder.info()?.exists);
    loop {
        let mut events = folder.idle().await?;
        let Some(event) = events.try_next().await? else { return Ok(()) };
        // The folder is free for other commands only while nothing watches it. No event is lost meanwhile.
        drop(events);
        match event {
            Event::Exists(count) => {
                say!("{count} messages now");
                next = announce(&mut folder, next).await?;
            }
            Event::Expunged { uids, unknown: 0 } => say!("gone: {uids}"),
            Event::Expunged { uids, unknown } => say!("gone: {uids} and {unknown} that came and went"),
            Event::Fetched { uid, data } => marked(uid, &data)?,
            Event::Lagged => say!("too many changes at once: list the mailbox again"),
            _ => {}
        }
    }
}

/// Prints who wrote each message from this UID on, and returns the UID after the last.
async fn announce(folder: &mut Folder<&mut Imap>, from: Uid) -> Outcome<Uid> {
    let mut next = from;
    let mut mail = folder.fetch(format!("{from}:*").parse::<Uids>()?, Items::ENVELOPE).await?;
    while let Some(message) = mail.try_next().await? {
        // `n:*` includes the last message even if its UID is below n (RFC 9051 §9).
        let Some(uid) = message.uid().filter(|uid| *uid >= from) else { continue };
        let sender = message.from().map(|from| from.label()).unwrap_or_default();
        say!("new: {sender}: {}", message.subject().unwrap_or_default());
        next = next.max(Uid::new(uid.as_u32().saturating_add(1)).unwrap_or(Uid::MAX));
    }
    Ok(next)
}

/// Prints the flags that a message has now.
fn marked(uid: Option<Uid>, message: &Fetched) -> Outcome {
    let uid = uid.map_or_else(|| "a new message".into(), |uid| format!("message {uid}"));
    let flags =
        message.flags().into_iter().flat_map(|flags| flags.iter().map(|flag| flag.into_owned()).collect::<Vec<_>>());
    say!("{uid} is now marked: {}", flags.collect::<Vec<_>>().join(" "));
    Ok(())
}

async fn look_again(account: &Account) -> Outcome {
    let mut mailbox = account.open().await?;
    if let Changes::Poll(interval) = mailbox.features().changes {
        say!("POP3 pushes nothing: looking every {} s", interval.as_secs());
    }
    let mut known: Option<Vec<MessageId>> = None;
    loop {
        let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
        say!("{} messages", ids.len());
        let new: Vec<_> = match &known {
            Some(known) => ids.iter().filter(|id| !known.contains(id)).cloned().collect(),
            None => Vec::new(),
        };
        let mut headers = mailbox.messages(&new, Part::Header).await?;
        while let Some(message) = headers.try_next().await? {
            let (sender, subject) = from_and_subject(&message);
            say!("new: {sender}: {subject}");
        }
        drop(headers);
        known = Some(ids);
        mailbox.changed().await?;
    }
}
