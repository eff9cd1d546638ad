//! The calls of an IMAP session, each over a connection of its own.

use postroom::imap::{Fetch, Fetched, Folder, Imap, Items, Query, Section, Transferred, Uid, Uids};
use postroom::testing::Server;
use postroom::{Body, Config, Defect, Error, Flag, FlagChange, Login, Mailbox, MessageId, Messages, Part};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use crate::call::{Call, Seen, Task, What, uid_of};
use crate::imap;
use crate::layer::{Layer, Liar};
use crate::lie::{Lie, Lies, Log};
use crate::mail::{PASSWORD, USER};

pub(crate) struct Session {
    pub(crate) layer: Layer<imap::Imap>,
    pub(crate) imap: Imap,
    pub(crate) driver: JoinHandle<Result<(), Error>>,
}

pub(crate) fn config() -> Config {
    Config::new("localhost").dangerous_plaintext().without_id()
}

impl Session {
    /// A session that has received only the truth so far.
    pub(crate) async fn begin(server: &Server, task: &Task<'_>) -> Self {
        let (layer, stream) = Layer::over(server.imap_stream(), imap::Imap::new(task.world.clone()));
        let (imap, driver) = Imap::handshake(stream, config(), Login::password(USER, PASSWORD)).await.unwrap();
        Self { layer, imap, driver: tokio::spawn(driver) }
    }

    pub(crate) fn lie(&self, lies: &[Lie], told: &Log) {
        *self.layer.liar().lies() = Lies::new(lies, told.clone());
    }

    pub(crate) async fn end(self, seen: &mut Seen) {
        drop(self.imap);
        crate::round::ended(self.driver, seen).await;
        let mut liar = self.layer.liar();
        seen.stale.append(&mut liar.after);
        seen.overtaken = liar.overtaken.take();
        seen.intact.extend(liar.untouched());
    }
}

pub(crate) fn uids(numbers: &[u32]) -> Uids {
    numbers.iter().flat_map(|number| Uid::new(*number)).collect()
}

/// Makes the call in a mailbox that is opened after the lies have begun.
pub(crate) async fn make(task: &mut Task<'_>, imap: &mut Imap, seen: &mut Seen) -> Result<(), Error> {
    let mut inbox = imap.select("INBOX").await?;
    // Ids belong to the mailbox that was opened, whatever it becomes.
    let some = task.some().into_iter().map(|uid| id_of(&inbox, uid)).collect::<Result<Vec<_>, _>>()?;
    if task.asks_first {
        inbox.noop().await?;
    }
    match task.call {
        Call::Read => read(task, &mut inbox, Section::WHOLE, What::Whole, seen).await,
        Call::ReadHeader => read(task, &mut inbox, Section::HEADER, What::Header, seen).await,
        Call::ReadPart => read(task, &mut inbox, Section::part(&[1])?, What::Part, seen).await,
        Call::Fetch => fetch(task, &mut inbox, Items::MESSAGE.flags(), Some((Section::WHOLE, What::Whole)), seen).await,
        Call::FetchHeader => fetch(task, &mut inbox, Items::HEADER, Some((Section::HEADER, What::Header)), seen).await,
        Call::FetchPart => {
            let part = Section::part(&[1])?;
            let items = Items::FLAGS.section(part.clone());
            fetch(task, &mut inbox, items, Some((part, What::Part)), seen).await
        }
        Call::FetchModSeq => fetch(task, &mut inbox, Items::FLAGS.modseq(), None, seen).await,
        Call::Get => get(task, &inbox, seen).await,
        Call::MailboxFetch => messages(task, &mut inbox, &some, Part::Whole, What::Whole, seen).await,
        Call::MailboxHeader => messages(task, &mut inbox, &some, Part::Header, What::Header, seen).await,
        Call::MailboxPreview => messages(task, &mut inbox, &some, Part::Preview(1000), What::Preview, seen).await,
        Call::MailboxRead => {
            let id = &some[task.rng.below(some.len())];
            let body = Mailbox::open(&mut inbox, id).await?;
            text(body, uid_of(id), What::Whole, seen).await
        }
        Call::Entries => entries(task, &mut inbox, seen).await,
        Call::Search => search(task, &inbox, seen).await,
        Call::Store => {
            seen.scope = task.some();
            inbox.store(uids(&task.some()), &FlagChange::add([Flag::FLAGGED])).await.map(drop)
        }
        Call::Flag => {
            seen.scope = task.some();
            inbox.flag(&some, &FlagChange::add([Flag::FLAGGED])).await
        }
        Call::Copy => {
            seen.scope = task.some();
            took(&inbox.copy(uids(&task.some()), "Archive").await?, seen);
            Ok(())
        }
        _ => {
            seen.scope = task.some();
            took(&inbox.move_to(uids(&task.some()), "Archive").await?, seen);
            Ok(())
        }
    }
}

/// The id of a message that was never listed.
fn id_of(inbox: &Folder<&mut Imap>, uid: u32) -> Result<MessageId, Error> {
    let validity = inbox.info()?.uid_validity.map_or(0, u32::from);
    format!("postroom1:imap:{USER}%40localhost/INBOX/{validity}/{uid}").parse()
}

async fn read(
    task: &mut Task<'_>,
    inbox: &mut Folder<&mut Imap>,
    section: Section,
    what: What,
    seen: &mut Seen,
) -> Result<(), Error> {
    let uid = task.one();
    let body = inbox.read(Uid::new(uid).unwrap(), section).await?;
    text(body, Some(uid), what, seen).await
}

/// Reads to the end; only a text that was read whole counts.
pub(crate) async fn text(mut body: Body<'_>, uid: Option<u32>, what: What, seen: &mut Seen) -> Result<(), Error> {
    let mut bytes = Vec::new();
    match body.read_to_end(&mut bytes).await {
        // A message without text is an error of the read.
        Ok(0) if what == What::Whole => seen.text(uid, what, bytes),
        Ok(_) if !body.defects().is_empty() => {}
        Ok(_) => seen.text(uid, what, bytes),
        Err(error) => seen.errors.push(format!("{error:#}")),
    }
    Ok(())
}

/// Which messages became others, and which are reported as gone.
pub(crate) fn took(transferred: &Transferred, seen: &mut Seen) {
    let numbers = |set: &Uids| set.iter().map(Uid::as_u32).collect::<Vec<_>>();
    seen.copied = transferred.mapping.as_ref().map(|mapping| numbers(mapping.from()));
    seen.gone = transferred.missing.as_ref().map(numbers).unwrap_or_default();
}

async fn fetch(
    task: &Task<'_>,
    inbox: &mut Folder<&mut Imap>,
    items: Items,
    wanted: Option<(Section, What)>,
    seen: &mut Seen,
) -> Result<(), Error> {
    seen.wanted = task.some();
    let mut mail = inbox.fetch(uids(&task.some()), items).await?;
    drain(&mut mail, wanted.as_ref(), seen).await
}

pub(crate) async fn drain(
    mail: &mut Fetch<'_>,
    wanted: Option<&(Section, What)>,
    seen: &mut Seen,
) -> Result<(), Error> {
    while let Some(fetched) = mail.try_next().await? {
        take(&fetched, wanted, seen);
    }
    seen.complete = mail.unreadable().is_empty();
    Ok(())
}

fn take(fetched: &Fetched, wanted: Option<&(Section, What)>, seen: &mut Seen) {
    let uid = fetched.uid().map(Uid::as_u32);
    seen.delivered.push(uid);
    if fetched.defects().any(|defect| defect == Defect::Missing) {
        seen.lacking.extend(uid);
    }
    let Some((section, what)) = wanted.filter(|_| fetched.defects().next().is_none()) else { return };
    let bytes = fetched.section(section).and_then(|section| section.bytes()).unwrap_or_default();
    seen.text(uid, *what, bytes.to_vec());
}

async fn get(task: &mut Task<'_>, inbox: &Folder<&mut Imap>, seen: &mut Seen) -> Result<(), Error> {
    let uid = task.one();
    seen.wanted = vec![uid];
    if let Some(fetched) = inbox.get(Uid::new(uid).unwrap(), Items::MESSAGE.size()).await? {
        take(&fetched, Some(&(Section::WHOLE, What::Whole)), seen);
    }
    seen.complete = true;
    Ok(())
}

async fn messages(
    task: &Task<'_>,
    inbox: &mut Folder<&mut Imap>,
    ids: &[MessageId],
    part: Part,
    what: What,
    seen: &mut Seen,
) -> Result<(), Error> {
    seen.wanted = task.some();
    let mut mail = Mailbox::messages(inbox, ids, part).await?;
    drain_messages(&mut mail, what, seen).await
}

pub(crate) async fn drain_messages(mail: &mut Messages<'_>, what: What, seen: &mut Seen) -> Result<(), Error> {
    while let Some(message) = mail.try_next().await? {
        seen.message(&message, what);
    }
    seen.complete = true;
    Ok(())
}

pub(crate) async fn entries(task: &Task<'_>, mailbox: &mut dyn Mailbox, seen: &mut Seen) -> Result<(), Error> {
    seen.wanted = task.all();
    for entry in mailbox.entries().await? {
        seen.delivered.push(uid_of(&entry.id));
    }
    seen.complete = true;
    Ok(())
}

/// By a flag, or by several flags.
async fn search(task: &mut Task<'_>, inbox: &Folder<&mut Imap>, seen: &mut Seen) -> Result<(), Error> {
    let query = match task.rng.below(2) {
        0 => Query::uids(uids(&task.some())).and(Query::unseen()),
        _ => Query::unseen(),
    };
    let among = if query == Query::unseen() { task.all() } else { task.some() };
    let found = inbox.search(&query).await?;
    let unseen = task.world.mail.iter().filter(|mail| !mail.seen && among.contains(&mail.uid)).map(|mail| mail.uid);
    seen.wanted = unseen.collect();
    seen.found = Some(found.iter().map(Uid::as_u32).collect());
    Ok(())
}
