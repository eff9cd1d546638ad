//! A tour of both protocols, in a minute: `cargo run --example tour --features testing` starts an IMAP and POP3 server inside
//! the program and shows everything on it; with a URL after `--` it lists and reads a real account, and changes nothing there.

#[macro_use]
mod common;

use std::process::ExitCode;

use common::{Accepts, Account, Arguments, Outcome, fit, size};
use postroom::imap::{Append, Event, Folder, Items, Query, Uid, Uids};
use postroom::testing::Server;
use postroom::{
    Changes, Config, Contents, Entry, Flag, FlagChange, Imap, Login, Mailbox, Message, MessageId, Part, Pop3,
};

/// How many messages of a list are shown.
const SHOWN: usize = 8;
/// A message with a boundary that never comes again, a charset that does not exist, and base64 that is cut off.
const BROKEN: &str = "From: broken@example.org\r\nSubject: =?utf-8?Q?Caf=C3?= broken\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=nonsense\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nSXQgaXMgcmVhZCBhbnl3Y!XkuC";

#[tokio::main]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let accepts = Accepts { usage: "tour [URL [OPTION...]]", url_optional: true, ..Accepts::default() };
    let Some(arguments) = Arguments::read(&accepts)? else { return Ok(()) };
    match arguments.accounts.first() {
        Some(account) => visit(account).await,
        None => tour().await,
    }
}

/// Everything, on a server of our own.
async fn tour() -> Outcome {
    let server = Server::builder().sample_mail().start().await?;
    heading("A server of our own")?;
    say!(
        "IMAP on port {} (TLS {}), POP3 on {} (TLS {}),",
        server.imap_port(),
        server.imaps_port(),
        server.pop3_port(),
        server.pop3s_port()
    );
    say!("with a certificate made a moment ago, and alice's mail.");

    let local = |port| Config::new("localhost").port(port).add_root_pem(server.ca_pem().as_bytes());
    let alice = || Login::password("alice", "alicepw");
    imap(local(server.imaps_port())?, local(server.imap_port())?.starttls(), alice()).await?;
    pop3(local(server.pop3s_port())?, local(server.pop3_port())?.starttls(), alice()).await?;

    heading("One function, both protocols")?;
    let folder = Imap::connect(local(server.imaps_port())?, alice()).await?.into_folder("INBOX").await?;
    let maildrop = Pop3::connect(local(server.pop3s_port())?, alice()).await?;
    let mailboxes: [(&str, Box<dyn Mailbox>); 2] = [("IMAP", Box::new(folder)), ("POP3", Box::new(maildrop))];
    for (protocol, mut mailbox) in mailboxes {
        say!("{protocol}: {}", summary(mailbox.as_mut()).await?);
    }
    Ok(())
}

/// What a real account gets: a list and a message. Nothing is flagged, appended or deleted.
async fn visit(account: &Account) -> Outcome {
    let mut mailbox = account.open().await?;
    heading("The newest messages")?;
    say!("{}\n", summary(mailbox.as_mut()).await?);
    let entries = mailbox.entries().await?;
    list(mailbox.as_mut(), &entries).await?;
    if let Some(newest) = entries.last() {
        heading("The newest one")?;
        show(mailbox.as_mut(), &newest.id).await?;
    }
    Ok(())
}

async fn imap(implicit: Config, upgrade: Config, login: Login) -> Outcome {
    heading("IMAP: the mail stays on the server")?;
    let mut session = Imap::connect(implicit.clone(), login.clone()).await?;
    say!("Connected by TLS from the first byte; {} capabilities.", session.capabilities().iter().count());
    let folders = session.folders().await?;
    for folder in folders.iter() {
        let indent = "  ".repeat(folder.depth());
        let role = folder.role().map(|role| format!("  {role:?}")).unwrap_or_default();
        say!("{indent}{} {:>3}{role}", fit(folder.display_name(), 20), folder.messages().unwrap_or_default());
    }
    say!("");

    let mut inbox = session.select("INBOX").await?;
    envelopes(&mut inbox).await?;

    heading("IMAP: search, read, save an attachment")?;
    let found = inbox.search(&Query::larger(2000)).await?;
    say!("Larger than 2000 octets: {}", found.to_string());
    let uid = with_attachment(&mut inbox).await?.ok_or("no message has an attachment")?;
    save_attachments(&mut inbox, uid).await?;
    let first = inbox.entries().await?.into_iter().next().ok_or("the mailbox is empty")?;
    inbox.flag(&[first.id], &FlagChange::add([Flag::FLAGGED])).await?;
    say!("Flagged the first message; every other device sees that.");

    heading("IMAP: archive, and undo")?;
    let moved = inbox.archive(uid).await?;
    if let Some(undo) = moved.undo {
        say!("Moved to {}: {} messages are left here.", undo.to(), inbox.info()?.exists);
        let undone = session.undo(&undo).await?;
        say!("Moved back; {} are missing.", undone.missing.len());
    }
    let mut inbox = session.select("INBOX").await?;

    heading("IMAP: new mail, seen by a second session")?;
    let sender = Imap::connect(upgrade, login).await?;
    say!("A second session, by STARTTLS, appends a message while the first one watches by IDLE.");
    let mut watch = inbox.idle().await?;
    let message =
        Append::from("From: tour@example.org\r\nSubject: Sent a moment ago\r\n\r\nHello!\r\n").flags([Flag::SEEN]);
    let appended = sender.append("INBOX", message).await?;
    while let Some(event) = watch.try_next().await? {
        if let Event::Exists(count) = event {
            say!(
                "IDLE says: {count} messages now. The new one has UID {}.",
                appended.map(Uids::from).unwrap_or_default()
            );
            break;
        }
    }
    drop(watch);

    heading("IMAP: a broken message is read anyway")?;
    let broken = sender.append("INBOX", BROKEN).await?.ok_or("the server gives no UID")?;
    sender.logout().await?;
    let contents = inbox.contents(broken.uid).await?.ok_or("the broken message is gone")?;
    let text = contents.text().ok_or("the broken message has no text")?;
    say!("  | {}", inbox.read_text(broken.uid, text).await?.trim());
    inbox.delete(broken.uid).await?;

    heading("IMAP: delete, by marking and committing")?;
    let newest = inbox.entries().await?.pop().ok_or("the new message is gone")?;
    Mailbox::mark_deleted(&mut inbox, &[newest.id]).await?;
    say!("Marked one message: dropping the session now would delete nothing.");
    let committed = inbox.commit().await?;
    say!("Committed: {} deleted for certain, {} unknown.", committed.deleted.len(), committed.unknown.len());
    Ok(session.logout().await?)
}

async fn pop3(implicit: Config, upgrade: Config, login: Login) -> Outcome {
    heading("POP3: collect the mail, then decide what happens to it")?;
    let maildrop = Pop3::connect(upgrade, login.clone()).await?;
    let stat = maildrop.stat().await?;
    say!("Connected by STLS: {} messages, {}.", stat.messages, size(stat.octets));
    maildrop.quit().await?;

    let mut maildrop = Pop3::connect(implicit, login).await?;
    say!("Connected by TLS from the first byte.\n");
    let entries = maildrop.entries().await?;
    list(&mut maildrop, &entries).await?;
    let last = entries.last().ok_or("the maildrop is empty")?;
    heading("POP3: read one, delete it")?;
    show(&mut maildrop, &last.id).await?;
    Mailbox::mark_deleted(&mut maildrop, std::slice::from_ref(&last.id)).await?;
    say!("Marked one message: dropping the session now would delete nothing.");
    let committed = maildrop.commit().await?;
    say!("Committed by QUIT: {} deleted for certain, {} unknown.", committed.deleted.len(), committed.unknown.len());
    Ok(())
}

/// A list as only IMAP gives it: the server reads the headers, and nothing but the answers is transferred.
async fn envelopes(inbox: &mut Folder<&mut Imap>) -> Outcome {
    let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE.flags().internal_date().size()).await?;
    let mut count = 0_usize;
    say!("{} {} {} {:>8}  Flags", fit("From", 24), fit("Subject", 36), fit("Date", 16), "Size");
    while let Some(message) = mail.try_next().await? {
        count += 1;
        if count > SHOWN {
            continue;
        }
        let from = message.from().map(|from| from.label()).unwrap_or_default();
        let subject = message.subject().unwrap_or_default();
        let date =
            message.internal_date().map(|date| format!("{} {:02}:{:02}", date.date(), date.hour(), date.minute()));
        let flags: Vec<_> = message
            .flags()
            .into_iter()
            .flat_map(|flags| flags.iter().map(|flag| flag.into_owned()).collect::<Vec<_>>())
            .collect();
        say!(
            "{} {} {} {:>8}  {}",
            fit(&from, 24),
            fit(&subject, 36),
            fit(&date.unwrap_or_default(), 16),
            size(message.size().unwrap_or_default()),
            flags.join(" ")
        );
    }
    say!("... {count} in all.");
    Ok(())
}

/// The first message that has an attachment, found in the server's own description of the messages.
async fn with_attachment(inbox: &mut Folder<&mut Imap>) -> Outcome<Option<Uid>> {
    let mut found = None;
    let mut mail = inbox.fetch(Uids::ALL, Items::new().contents()).await?;
    while let Some(message) = mail.try_next().await? {
        let attached = message.contents().is_some_and(|contents| contents.attachments().next().is_some());
        found = found.or_else(|| message.uid().filter(|_| attached));
    }
    Ok(found)
}

/// Saves the attachments of a message in a folder for temporary files. Only they are transferred.
async fn save_attachments(inbox: &mut Folder<&mut Imap>, uid: Uid) -> Outcome {
    let contents = inbox.contents(uid).await?.ok_or("the message is gone")?;
    let folder = std::env::temp_dir().join(format!("postroom-tour-{}", std::process::id()));
    tokio::fs::create_dir_all(&folder).await?;
    for part in contents.attachments() {
        let file = folder.join(part.safe_file_name());
        let octets =
            tokio::io::copy(&mut inbox.read_part(uid, part).await?, &mut tokio::fs::File::create(&file).await?).await?;
        say!("Saved {} ({}), and removed it again.", file.display(), size(octets));
    }
    Ok(tokio::fs::remove_dir_all(&folder).await?)
}

/// The newest messages of any mailbox, by their headers.
async fn list(mailbox: &mut dyn Mailbox, entries: &[Entry]) -> Outcome {
    let newest = entries.get(entries.len().saturating_sub(SHOWN)..).unwrap_or(entries);
    let ids: Vec<_> = newest.iter().map(|entry| entry.id.clone()).collect();
    say!("{} {} {} {:>8}", fit("From", 24), fit("Subject", 36), fit("Date", 16), "Size");
    let mut headers = mailbox.messages(&ids, Part::Header).await?;
    while let Some(message) = headers.try_next().await? {
        let entry = newest.iter().find(|entry| entry.id == *message.id());
        say!("{}", line(&message, entry.and_then(|entry| entry.size)));
    }
    Ok(())
}

fn line(message: &Message, octets: Option<u64>) -> String {
    let Some(mail) = message.parse() else { return "(a message without a header)".into() };
    let from = mail.from().and_then(|from| from.first());
    let from = from.and_then(|from| from.name().or_else(|| from.address())).unwrap_or_default();
    let date = mail
        .date()
        .map(|date| format!("{:04}-{:02}-{:02} {:02}:{:02}", date.year, date.month, date.day, date.hour, date.minute));
    format!(
        "{} {} {} {:>8}",
        fit(from, 24),
        fit(mail.subject().unwrap_or_default(), 36),
        fit(&date.unwrap_or_default(), 16),
        octets.map(size).unwrap_or_default()
    )
}

/// The text of a message of either protocol, and the names of its attachments. IMAP transfers the text only.
async fn show(mailbox: &mut dyn Mailbox, id: &MessageId) -> Outcome {
    let contents: Contents = mailbox.contents(id).await?;
    if let Some(part) = contents.text().or_else(|| contents.html()) {
        for line in mailbox.read_text(id, part).await?.lines().take(6) {
            say!("  | {}", fit(line, 76).trim_end());
        }
    }
    for part in contents.attachments() {
        let octets = part.size().map(|size| size.octets()).unwrap_or_default();
        say!("  + {} ({})", part.safe_file_name(), size(octets));
    }
    Ok(())
}

/// A summary of any mailbox.
async fn summary(mailbox: &mut dyn Mailbox) -> Outcome<String> {
    let features = mailbox.features();
    let entries = mailbox.entries().await?;
    let total: u64 = entries.iter().filter_map(|entry| entry.size).sum();
    let unread = entries.iter().filter(|entry| entry.flags.as_ref().is_some_and(|flags| !flags.contains(&Flag::SEEN)));
    let flags = if features.flags { format!("{} unread", unread.count()) } else { "no read marks".into() };
    let news = match features.changes {
        Changes::Push => "the server says at once when mail arrives".into(),
        Changes::Poll(interval) => format!("new mail is looked for every {} s", interval.as_secs()),
        _ => "new mail shows in the next session".into(),
    };
    Ok(format!("{} messages, {}, {flags}; {news}", entries.len(), size(total)))
}

fn heading(text: &str) -> Outcome {
    say!("\n{text}\n{}", "─".repeat(text.chars().count()));
    Ok(())
}
