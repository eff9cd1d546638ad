//! The back end of a webmail, as a program that answers one request with JSON:
//! `cargo run --example webmail -- imaps://me@host/INBOX folders`, or `page [TOKEN]`, `threads`, `search WORDS`, `show UID`, `reply UID`,
//! `archive UIDS`, `trash UIDS`, `move UIDS MAILBOX`, `undo TOKEN`. The tokens are in the answers.

#[macro_use]
mod common;

use std::process::ExitCode;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use common::{Accepts, Arguments, Outcome, Usage};
use postroom::imap::{
    Conversation, Fetched, Folder, FolderNode, PageOrder, PageRange, PageToken, Query, ReplyHeaders, Transferred, Uid,
    Uids, Undo,
};
use postroom::{Flag, Imap, Protocol};
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
    match request {
        Request::Folders => return Ok(imap.folders().await?.iter().map(folder).collect()),
        Request::Undo(undo) => return Ok(json!({ "missing": imap.undo(&undo).await?.missing.to_string() })),
        _ => {}
    }
    let mut inbox = imap.select(mailbox).await?;
    Ok(match request {
        Request::Page(query, range) => {
            let page = inbox.page(&query, PageOrder::NEWEST, range).await?;
            let messages: Vec<_> = page.messages.iter().map(line).collect();
            json!({ "messages": messages, "next": page.next.map(|token| token.to_string()) })
        }
        Request::Threads => inbox.threads(&Query::all()).newest(SHOWN as usize).await?.iter().map(thread).collect(),
        Request::Show(uid) => show(&mut inbox, uid).await?,
        Request::Reply(uid) => reply(&inbox, uid).await?,
        Request::Archive(uids) => moved(inbox.archive(uids).await?),
        Request::Trash(uids) => moved(inbox.trash(uids).await?),
        Request::Move(uids, to) => moved(inbox.move_to(uids, to).await?),
        Request::Folders | Request::Undo(_) => Value::Null,
    })
}

fn folder(folder: FolderNode<'_>) -> Value {
    json!({
        "name": folder.name().as_str(), "shown": folder.display_name(), "depth": folder.depth(),
        "role": folder.role().map(|role| format!("{role:?}")),
        "messages": folder.messages(), "unread": folder.unseen(),
    })
}

fn line(message: &Fetched) -> Value {
    let date = message.envelope().and_then(|envelope| envelope.date());
    json!({
        "uid": message.uid().map(Uid::as_u32), "from": message.from().map(|from| from.label()),
        "subject": message.subject(), "date": date.map(|date| date.to_string()),
        "unread": message.flags().is_some_and(|flags| !flags.contains(&Flag::SEEN)),
    })
}

fn thread(thread: &Conversation) -> Value {
    let messages: Vec<_> = thread.messages.iter().map(|one| line(&one.message)).collect();
    json!({ "subject": thread.subject, "unread": thread.unread, "messages": messages })
}

/// The HTML or the text, and the pictures in it as URLs. The HTML is the sender's: a browser must not trust it.
async fn show(inbox: &mut Folder<&mut Imap>, uid: Uid) -> Outcome<Value> {
    let contents = inbox.contents(uid).await?.ok_or("there is no such message")?;
    let body = match contents.html().or_else(|| contents.text()) {
        Some(part) => inbox.read_text(uid, part).await?,
        None => String::new(),
    };
    let mut pictures = Map::new();
    let inlines = contents.inlines().map(|part| (uid, part.clone()));
    let mut parts = inbox.read_parts(inlines)?;
    while let Some(picture) = parts.try_next().await? {
        let octets = BASE64_STANDARD.encode(&picture.octets);
        let url = format!("data:{};base64,{octets}", picture.part.media_type());
        pictures.insert(picture.part.content_id().unwrap_or_default().to_owned(), url.into());
    }
    let attachments: Vec<_> = contents.attachments().map(|part| part.safe_file_name()).collect();
    Ok(json!({
        "html": contents.html().is_some(), "body": body, "pictures": pictures, "attachments": attachments,
    }))
}

async fn reply(inbox: &Folder<&mut Imap>, uid: Uid) -> Outcome<Value> {
    let message = inbox.get(uid, ReplyHeaders::items()).await?.ok_or("there is no such message")?;
    let reply = message.reply_all(&[]).ok_or("the server sent no envelope")?;
    let to: Vec<_> = reply.to.iter().map(ToString::to_string).collect();
    let cc: Vec<_> = reply.cc.iter().map(ToString::to_string).collect();
    Ok(json!({
        "to": to, "cc": cc, "subject": reply.subject, "in_reply_to": reply.in_reply_to,
        "references": reply.references,
    }))
}

fn moved(moved: Transferred) -> Value {
    json!({ "undo": moved.undo.map(|undo| undo.to_string()) })
}
