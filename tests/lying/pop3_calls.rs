//! The calls of a POP3 session, each over a connection of its own.

use postroom::pop3::{Flaws, Number, Pop3, Retrieved, RetrievedContent};
use postroom::testing::Server;
use postroom::{Error, Login, Mailbox, Part};
use tokio::task::JoinHandle;

use crate::call::{Call, Seen, Task, What, uid_of};
use crate::imap_calls::{config, drain_messages, entries, text};
use crate::layer::{Layer, Liar};
use crate::lie::{Lie, Lies, Log};
use crate::mail::{PASSWORD, USER};
use crate::pop3;

pub(crate) struct Session {
    layer: Layer<pop3::Pop3>,
    pub(crate) pop3: Pop3,
    driver: JoinHandle<Result<(), Error>>,
}

impl Session {
    /// A session that has received only the truth so far.
    pub(crate) async fn begin(server: &Server, task: &Task<'_>) -> Self {
        let (layer, stream) = Layer::over(server.pop3_stream(), pop3::Pop3::new(task.world.clone()));
        let (pop3, driver) = Pop3::handshake(stream, config(), Login::password(USER, PASSWORD)).await.unwrap();
        Self { layer, pop3, driver: tokio::spawn(driver) }
    }

    pub(crate) fn lie(&self, lies: &[Lie], told: &Log) {
        *self.layer.liar().lies() = Lies::new(lies, told.clone());
    }

    pub(crate) async fn end(self, seen: &mut Seen) {
        drop(self.pop3);
        crate::round::ended(self.driver, seen).await;
    }
}

/// The two listings come first in every call, so that the server's declarations are known.
pub(crate) async fn make(task: &mut Task<'_>, pop3: &mut Pop3, seen: &mut Seen) -> Result<(), Error> {
    match task.call {
        Call::PopMailboxFetch => return messages(task, pop3, Part::Whole, What::Whole, seen).await,
        Call::PopMailboxHeader => return messages(task, pop3, Part::Header, What::Header, seen).await,
        Call::PopMailboxRead => {
            let ids: Vec<_> = pop3.entries().await?.into_iter().map(|entry| entry.id).collect();
            let Some(id) = ids.get(task.rng.below(ids.len().max(1))) else { return Ok(()) };
            let body = Mailbox::open(pop3, id).await?;
            return text(body, uid_of(id), What::Whole, seen).await;
        }
        Call::PopEntries => {
            entries(task, pop3, seen).await?;
            seen.complete = pop3.flaws() == Flaws::default();
            return Ok(());
        }
        _ => {}
    }
    pop3.stat().await?;
    seen.lines = pop3.list().await?.len() + pop3.uidl().await?.len();
    let numbers: Vec<_> = task.world.mail.iter().map(|mail| (Number::new(mail.number).unwrap(), mail.uid)).collect();
    let some = numbers.iter().copied().filter(|(_, uid)| task.some().contains(uid));
    match task.call {
        Call::PopFetch => {
            seen.wanted = task.some();
            let (numbers, uids): (Vec<_>, Vec<_>) = some.unzip();
            let mut mail = pop3.fetch(numbers.clone());
            while let Some(retrieved) = mail.try_next().await? {
                let at = numbers.iter().position(|number| *number == retrieved.number).unwrap();
                seen.delivered.push(Some(uids[at]));
                whole(&retrieved, uids[at], seen);
            }
            seen.complete = true;
        }
        Call::PopRetr => {
            for (number, uid) in some {
                match pop3.retr(number).await {
                    Ok(retrieved) => whole(&retrieved, uid, seen),
                    Err(error) => seen.failed(error),
                }
            }
        }
        Call::PopTop => {
            for (number, uid) in some {
                match pop3.top(number, 0).await {
                    Ok(bytes) => seen.text(Some(uid), What::Header, bytes.to_vec()),
                    Err(error) => seen.failed(error),
                }
            }
        }
        Call::PopRead => {
            for (number, uid) in some {
                match pop3.read(number).await {
                    Ok(body) => text(body, Some(uid), What::Whole, seen).await?,
                    Err(error) => seen.failed(error),
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Only what comes without a doubt is a text.
fn whole(retrieved: &Retrieved, uid: u32, seen: &mut Seen) {
    if let RetrievedContent::Whole(bytes) = &retrieved.content {
        seen.text(Some(uid), What::Whole, bytes.to_vec());
    }
}

async fn messages(task: &Task<'_>, pop3: &mut Pop3, part: Part, what: What, seen: &mut Seen) -> Result<(), Error> {
    let ids: Vec<_> = pop3.entries().await?.into_iter().map(|entry| entry.id).collect();
    seen.wanted = ids.iter().filter_map(uid_of).filter(|uid| task.all().contains(uid)).collect();
    let mut mail = Mailbox::messages(pop3, &ids, part).await?;
    drain_messages(&mut mail, what, seen).await
}
