//! Watches a mailbox and prints what happens in it, until Ctrl-C: `cargo run --example idle -- imaps://me@host/INBOX`. By POP3,
//! which pushes nothing, it looks again from time to time.

mod common;

use std::process::ExitCode;

use common::{Account, Arguments, Outcome};
use postroom::imap::Event;
use postroom::{Changes, Protocol};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let Arguments { account: Some(account), .. } = Arguments::read()? else {
        println!("usage: idle URL [--ca FILE]\n\n{}", common::COMMON);
        return Ok(());
    };
    tokio::select! {
        outcome = watch(&account) => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn watch(account: &Account) -> Outcome {
    if account.config.protocol() == Some(Protocol::Pop3) {
        return look_again(account).await;
    }
    let mut imap = account.imap().await?;
    let mut folder = imap.examine(account.config.mailbox().unwrap_or("INBOX")).await?;
    println!("watching {} messages", folder.info()?.exists);
    let mut events = folder.idle().await?;
    while let Some(event) = events.try_next().await? {
        match event {
            Event::Exists(count) => println!("{count} messages now"),
            Event::Expunged { uids, unknown: 0 } => println!("gone: {uids}"),
            Event::Expunged { uids, unknown } => println!("gone: {uids} and {unknown} that came and went"),
            Event::Fetched { uid, data } => {
                let uid = uid.map_or_else(|| "a new message".into(), |uid| format!("message {uid}"));
                let flags: Vec<_> =
                    data.flags().map(|flags| flags.iter().map(|flag| flag.into_owned()).collect()).unwrap_or_default();
                println!("{uid} is now marked: {}", flags.join(" "));
            }
            Event::Lagged => println!("too much happened: synchronise anew"),
            _ => {}
        }
    }
    Ok(())
}

async fn look_again(account: &Account) -> Outcome {
    let mut mailbox = account.open().await?;
    if let Changes::Poll(interval) = mailbox.features().changes {
        println!("POP3 pushes nothing: looking every {} s", interval.as_secs());
    }
    loop {
        println!("{} messages", mailbox.entries().await?.len());
        mailbox.changed().await?;
    }
}
