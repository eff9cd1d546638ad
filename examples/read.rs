//! Reads mail in a terminal: `cargo run --example read -- imaps://me@host/INBOX` shows the newest message, `read URL NUMBER` that one,
//! counted from the newest, by IMAP or POP3. A message that has only HTML is shown without its tags.

#[macro_use]
mod common;

use std::process::ExitCode;

use common::{Accepts, Arguments, Outcome, Usage, from_and_subject, size};
use postroom::{Contents, Mailbox, Message, MessageId, MimePart, Part};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let usage = "read URL [NUMBER] [OPTION...]";
    let Some(arguments) = Arguments::read(&Accepts { usage, more: 1, ..Accepts::default() })? else { return Ok(()) };
    let number = arguments.rest.first().map_or("1", String::as_str);
    let wrong = || Usage(format!("{number} is no number from 1 on"));
    let number = number.parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    let mut mailbox = arguments.account()?.open().await?;
    let mut entries = mailbox.entries().await?;
    let entry = entries.drain(..).rev().nth(number - 1).ok_or("there are fewer messages")?;
    show(&mut *mailbox, &entry.id).await
}

async fn show(mailbox: &mut dyn Mailbox, id: &MessageId) -> Outcome {
    let header = header(mailbox, id).await?;
    let (from, subject) = from_and_subject(&header);
    say!("From:    {}\nSubject: {}\n", clean(&from), clean(&subject));
    let contents: Contents = mailbox.contents(id).await?;
    for part in contents.text_body() {
        match part.media_type() {
            "text/html" => say!("{}", clean(&without_tags(&mailbox.read_text(id, part).await?))),
            text if text.starts_with("text/") => say!("{}", clean(&mailbox.read_text(id, part).await?)),
            _ => say!("[{}]", description(part)),
        }
    }
    for part in contents.attachments() {
        say!("+ {}", description(part));
    }
    if let Some(uri) = contents.list_unsubscribe().and_then(|list| list.uris().next()) {
        say!("To unsubscribe: {}", clean(uri));
    }
    for defect in contents.defects() {
        eprintln!("the message is damaged: {defect:?}");
    }
    Ok(())
}

async fn header(mailbox: &mut dyn Mailbox, id: &MessageId) -> Outcome<Message> {
    let mut found = mailbox.messages(std::slice::from_ref(id), Part::Header).await?;
    Ok(found.try_next().await?.ok_or("the message is gone")?)
}

fn description(part: &MimePart) -> String {
    format!("{} ({}, {})", part.safe_file_name(), part.media_type(), size(part.size().map_or(0, |size| size.octets())))
}

/// Without the control characters that a terminal would obey.
fn clean(text: &str) -> String {
    text.chars().filter(|char| matches!(char, '\n' | '\t') || !char.is_control()).collect()
}

fn without_tags(html: &str) -> String {
    postroom::mail_parser::decoders::html::html_to_text(html)
}
