//! The back end of a webmail, as a program that answers one request with JSON:
//! `cargo run --example webmail --features serde -- imaps://me@host/INBOX folders`, or `page [TOKEN]`, `threads`, `search WORDS [TOKEN]`,
//! `show UID`, `reply UID`, `archive UIDS`, `trash UIDS`, `move UIDS MAILBOX`, `undo TOKEN`. The tokens are in the answers.

#[macro_use]
mod common;

use std::process::ExitCode;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use common::{Accepts, Arguments, Outcome, Usage};
use postroom::imap::{Folder, PageOrder, PageRange, PageToken, Query, ReplyHeaders, Uid, Uids, Undo};
use postroom::{Imap, Protocol};
use serde_json::{Map, Value, json};

/// How many messages are on a page, and how many threads in a list.
const SHOWN: u32 = 50;

/// What a browser asks for.
enum Request {
    Folders,
    Page(Query, PageRange),
    Threads,
    Show(Uid),
    Reply(Uid),
    Archive(Uids),
    Trash(Uids),
    Move(Uids, String),
    Undo(Undo),
}

impl Request {
    fn parse(words: &[&str]) -> Outcome<Self> {
        let uid = |word: &str| -> Outcome<Uid> { Ok(Uid::new(word.parse()?)?) };
        let after = |token: PageToken| PageRange::after(token, SHOWN);
        Ok(match words {
            ["folders"] => Self::Folders,
            ["page"] => Self::Page(Query::all(), PageRange::first(SHOWN)),
            ["page", token] => Self::Page(Query::all(), after(token.parse()?)),
            ["search", text] => Self::Page(Query::text(*text), PageRange::first(SHOWN)),
            ["search", text, token] => Self::Page(Query::text(*text), after(token.parse()?)),
            ["threads"] => Self::Threads,
            ["show", word] => Self::Show(uid(word)?),
            ["reply", word] => Self::Reply(uid(word)?),
            ["archive", uids] => Self::Archive(uids.parse()?),
            ["trash", uids] => Self::Trash(uids.parse()?),
            ["move", uids, to] => Self::Move(uids.parse()?, (*to).to_owned()),
            ["undo", token] => Self::Undo(token.parse()?),
            _ => return Err("there is no such request".into()),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let usage = "webmail URL folders|page|search|threads|show|reply|archive|trash|move|undo [ARGUMENT...] [OPTION...]";
    let Some(arguments) = Arguments::read(&Accepts { usage, rest: 1, more: 2, ..Accepts::default() })? else {
        return Ok(());
    };
    let account = arguments.account()?;
    if account.config.protocol() == Some(Protocol::Pop3) {
        return Err(Usage("a webmail needs IMAP: POP3 has no folders".to_owned()).into());
    }
    let words: Vec<_> = arguments.rest.iter().map(String::as_str).collect();
    let request = Request::parse(&words).map_err(|error| Usage(format!("{}: {error}", words.join(" "))))?;
    let answer = answer(account.imap().await?, account.config.mailbox().unwrap_or("INBOX"), request).await?;
    say!("{answer:#}");
    Ok(())
}

async fn answer(mut imap: Imap, mailbox: &str, request: Request) -> Outcome<Value> {
    Ok(match request {
        Request::Folders => json!(imap.folders().await?),
        Request::Page(query, range) => json!(imap.select(mailbox).await?.page(&query, PageOrder::NEWEST, range).await?),
        Request::Threads => json!(imap.select(mailbox).await?.threads(&Query::all()).newest(SHOWN as usize).await?),
        Request::Show(uid) => show(imap.select(mailbox).await?, uid).await?,
        Request::Reply(uid) => {
            let message = imap.select(mailbox).await?.get(uid, ReplyHeaders::items()).await?;
            json!(message.ok_or("there is no such message")?.reply_all(&[]))
        }
        Request::Archive(uids) => json!(imap.select(mailbox).await?.archive(uids).await?),
        Request::Trash(uids) => json!(imap.select(mailbox).await?.trash(uids).await?),
        Request::Move(uids, to) => json!(imap.select(mailbox).await?.move_to(uids, to).await?),
        Request::Undo(undo) => json!(imap.undo(&undo).await?),
    })
}

/// The HTML or the text, and the pictures in it as URLs. The HTML is the sender's: a browser must not trust it.
async fn show(mut inbox: Folder<&mut Imap>, uid: Uid) -> Outcome<Value> {
    let contents = inbox.contents(uid).await?.ok_or("there is no such message")?;
    let body = match contents.html().or_else(|| contents.text()) {
        Some(part) => inbox.read_text(uid, part).await?,
        None => String::new(),
    };
    let mut pictures = Map::new();
    let mut parts = inbox.read_parts(contents.inlines().map(|part| (uid, part.clone())))?;
    while let Some(picture) = parts.try_next().await? {
        let url = format!("data:{};base64,{}", picture.part.media_type(), BASE64_STANDARD.encode(&picture.octets));
        pictures.insert(picture.part.content_id().unwrap_or_default().to_owned(), url.into());
    }
    Ok(json!({ "contents": contents, "is_html": contents.html().is_some(), "body": body, "pictures": pictures }))
}
