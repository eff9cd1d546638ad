//! A mailbox, a ledger and a delivery in memory, for tests of collecting: each records its calls, and each can
//! be set to fail. No network, no disk.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::collect::{Change, Delivery, Head, Ledger, Letter, Record, Recovered, Ticket};
use postroom::{
    Body, BoxFuture, Committed, Entry, Error, Features, FlagChange, Mailbox, Message, MessageId, Messages, Part, Result,
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// One message of a [`Maildrop`].
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// The server's name for it; a key that begins with a line feed does not last.
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
    /// The listed size; the true one if `None`.
    pub(crate) size: Option<u64>,
    /// Whether RETR is refused.
    pub(crate) refused: bool,
}

/// How the session ends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Quit {
    #[default]
    Answered,
    /// The deletions are made, and the reply is lost.
    Lost,
    /// The deletions are not made, and the reply is lost.
    Broken,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Maildrop {
    pub(crate) mail: Vec<Mail>,
    pub(crate) quit: Quit,
    /// Keys of messages that were read whole.
    pub(crate) brought: Vec<String>,
    /// Keys of messages whose header was read.
    pub(crate) looked_at: Vec<String>,
    /// How long the server keeps messages.
    pub(crate) kept_for: Option<Duration>,
    marked: Vec<MessageId>,
}

pub(crate) fn mail(key: &str, text: &str) -> Mail {
    let bytes = format!("Subject: {text}\r\n\r\n{text}\r\n").into_bytes();
    Mail { key: key.to_owned(), bytes, size: None, refused: false }
}

impl Mail {
    fn id(&self) -> MessageId {
        MessageId::other("maildrop", &self.key)
    }
}

impl Maildrop {
    pub(crate) fn new(mail: impl IntoIterator<Item = Mail>) -> Self {
        Self { mail: mail.into_iter().collect(), ..Self::default() }
    }

    pub(crate) fn keys(&self) -> Vec<&str> {
        self.mail.iter().map(|mail| &*mail.key).collect()
    }

    fn stored(&self, id: &MessageId) -> Option<&Mail> {
        self.mail.iter().find(|mail| mail.id() == *id && !mail.refused)
    }
}

impl Mailbox for Maildrop {
    fn features(&self) -> Features {
        let mut features = Features::none();
        features.kept_for = self.kept_for;
        features.may_hide_downloaded = self.kept_for == Some(Duration::ZERO);
        features
    }

    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>> {
        let entry = |mail: &Mail| {
            let mut entry = Entry::new(mail.id());
            entry.size = Some(mail.size.unwrap_or(mail.bytes.len() as u64));
            entry
        };
        let entries = self.mail.iter().map(entry).collect();
        Box::pin(async { Ok(entries) })
    }

    fn messages<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>> {
        let there: HashMap<_, _> =
            self.mail.iter().filter(|mail| !mail.refused).map(|mail| (mail.id(), mail)).collect();
        let found: Vec<_> = ids.iter().filter_map(|id| there.get(id)).map(|mail| Mail::clone(mail)).collect();
        let keys = found.iter().map(|mail| mail.key.clone());
        match part {
            Part::Whole => self.brought.extend(keys),
            _ => self.looked_at.extend(keys),
        }
        let message = move |mail: Mail| {
            let header =
                mail.bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(mail.bytes.len(), |at| at + 4);
            let end = if part == Part::Whole { mail.bytes.len() } else { header };
            Message::new(mail.id(), mail.bytes[..end].to_vec())
        };
        Box::pin(async move { Ok(Messages::from_messages(found.into_iter().map(message).collect::<Vec<_>>())) })
    }

    fn open<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>> {
        Box::pin(async move {
            let found = self.stored(id).cloned().ok_or_else(|| Error::busy("-ERR the message is locked"))?;
            self.brought.push(found.key);
            Ok(Body::new(io::Cursor::new(found.bytes)))
        })
    }

    fn flag<'a>(&'a mut self, _: &'a [MessageId], _: &'a FlagChange) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { panic!("nothing is flagged by collecting") })
    }

    fn mark_deleted<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>> {
        self.marked.extend_from_slice(ids);
        Box::pin(async { Ok(()) })
    }

    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { panic!("collecting does not wait") })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>> {
        let marked = std::mem::take(&mut self.marked);
        if self.quit != Quit::Broken {
            let marked: HashSet<_> = marked.iter().collect();
            self.mail.retain(|mail| !marked.contains(&mail.id()));
        }
        let mut committed = Committed::default();
        match self.quit {
            Quit::Answered => committed.deleted = marked,
            Quit::Lost | Quit::Broken => committed.unknown = marked,
        }
        Box::pin(async { Ok(committed) })
    }
}

/// The content of a ledger, shared by its clones: an aborted run leaves it to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(pub(crate) Arc<Mutex<BTreeMap<(String, String), Record>>>);

impl Ledger for Notes {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        let notes = self.0.lock().unwrap();
        let records = notes.iter().filter(|((of, _), _)| of == account).map(|(_, record)| record.clone()).collect();
        Box::pin(async { Ok(records) })
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        let mut notes = self.0.lock().unwrap();
        for change in changes {
            match change {
                Change::Put(record) => notes.insert((account.to_owned(), record.key.clone()), record.clone()),
                Change::Remove(key) => notes.remove(&(account.to_owned(), key.clone())),
            };
        }
        Box::pin(async { Ok(()) })
    }
}

/// What was delivered, shared by its clones, and what is to fail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    staged: HashMap<String, Vec<u8>>,
    delivered: Vec<Vec<u8>>,
    tickets: usize,
    /// The most octets that were staged at a time.
    most: usize,
    /// How the next stagings fail.
    failures: VecDeque<Option<io::ErrorKind>>,
}

impl Shelf {
    pub(crate) fn delivered(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().delivered.clone()
    }

    pub(crate) fn staged(&self) -> usize {
        self.0.lock().unwrap().staged.len()
    }

    /// The most octets that were staged at a time.
    #[allow(dead_code, reason = "only one of the tests asks")]
    pub(crate) fn most_staged(&self) -> usize {
        self.0.lock().unwrap().most
    }

    pub(crate) fn fail(&self, failures: impl IntoIterator<Item = Option<io::ErrorKind>>) {
        self.0.lock().unwrap().failures.extend(failures);
    }
}

impl Inner {
    fn stage(&mut self, bytes: &[u8]) -> Result<Ticket> {
        if let Some(kind) = self.failures.pop_front().flatten() {
            return Err(Error::storage("the shelf is broken", kind.into()));
        }
        self.tickets += 1;
        let ticket = Ticket::new(self.tickets.to_string())?;
        self.staged.insert(ticket.to_string(), bytes.to_vec());
        self.most = self.most.max(self.staged.values().map(Vec::len).sum());
        Ok(ticket)
    }
}

impl Delivery for Shelf {
    fn recover<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<Vec<Recovered>>> {
        let mut shelf = self.0.lock().unwrap();
        for ticket in tickets {
            if let Some(bytes) = shelf.staged.remove(ticket.as_str()) {
                shelf.delivered.push(bytes);
            }
        }
        shelf.staged.clear();
        Box::pin(async { Ok(vec![Recovered::Delivered; tickets.len()]) })
    }

    fn stage<'a>(&'a mut self, letters: &'a [Letter]) -> BoxFuture<'a, Vec<Result<Ticket>>> {
        let mut shelf = self.0.lock().unwrap();
        let tickets = letters.iter().map(|letter| shelf.stage(&letter.bytes)).collect();
        Box::pin(async { tickets })
    }

    fn stage_stream<'a>(
        &'a mut self,
        _: &'a Head,
        body: &'a mut (dyn AsyncRead + Send + Unpin),
    ) -> BoxFuture<'a, Result<Ticket>> {
        Box::pin(async move {
            let mut bytes = Vec::new();
            body.read_to_end(&mut bytes).await?;
            self.0.lock().unwrap().stage(&bytes)
        })
    }

    fn publish<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Result<()>>> {
        let mut shelf = self.0.lock().unwrap();
        for ticket in tickets {
            let bytes = shelf.staged.remove(ticket.as_str()).expect("it is staged");
            shelf.delivered.push(bytes);
        }
        Box::pin(async { tickets.iter().map(|_| Ok(())).collect() })
    }

    fn discard<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<()>> {
        let mut shelf = self.0.lock().unwrap();
        tickets.iter().for_each(|ticket| drop(shelf.staged.remove(ticket.as_str())));
        Box::pin(async { Ok(()) })
    }
}
