//! Collecting from servers that send other sizes than they declare, nothing, two texts, or some text of their own for a message
//! that is gone: only the message itself is stored, and nothing is deleted that is not certainly stored.

use std::sync::{Arc, Mutex};

use postroom::collect::{Collector, Digest, Event, Ledger, Policy, Summary};
use postroom::{Mailbox, Protocol, Result};

mod cost;
mod cuts;
mod estimates;
mod post;
mod readings;

use crate::maildrop::{Notes, Shelf};
use crate::session;
use post::{Letter, Post, Shared};

const BOTH: [Protocol; 2] = [Protocol::Imap, Protocol::Pop3];

/// A user, the server, and what is stored, from one run to the next.
struct Trial {
    protocol: Protocol,
    post: Shared,
    notes: Notes,
    shelf: Shelf,
}

impl Trial {
    fn new(protocol: Protocol, letters: impl IntoIterator<Item = Letter>) -> Self {
        let post = Post { letters: letters.into_iter().collect(), ..Post::default() };
        let post = Arc::new(Mutex::new(post));
        Self { protocol, post, notes: Notes::default(), shelf: Shelf::default() }
    }

    async fn open(&self) -> Box<dyn Mailbox> {
        self.try_open().await.unwrap()
    }

    async fn try_open(&self) -> Result<Box<dyn Mailbox>> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let post = self.post.clone();
        match self.protocol {
            Protocol::Imap => drop(tokio::spawn(post::imap(theirs, post))),
            Protocol::Pop3 => drop(tokio::spawn(post::pop3(theirs, post))),
        }
        session::mailbox(self.protocol, ours).await
    }

    /// A run, and the names of its events except for those of every run.
    async fn collect(&self, policy: Policy) -> (Summary, Vec<&'static str>) {
        self.collect_with(policy, self.notes.clone()).await
    }

    async fn collect_with(&self, policy: Policy, ledger: impl Ledger) -> (Summary, Vec<&'static str>) {
        self.change(|post| (post.commands, post.sent) = (Vec::new(), 0));
        let mut mailbox = self.open().await;
        let mut collector = Collector::new("me", ledger, self.shelf.clone()).policy(policy);
        let mut run = collector.run(&mut *mailbox);
        let mut event_names = Vec::new();
        while let Some(event) = run.next().await {
            event_names.extend(match event {
                Event::Listed { .. } | Event::Deleted { .. } => None,
                Event::Collected { .. } => Some("collected"),
                Event::Recognised { .. } => Some("recognised"),
                Event::HeaderCollected { .. } => Some("header"),
                Event::ListingFlawed(_) => Some("flawed"),
                Event::Gone { .. } => Some("gone"),
                Event::Confirmed { .. } => Some("confirmed"),
                Event::Differs { first, second, .. } => {
                    assert_ne!(first, second);
                    Some("differs")
                }
                Event::SizesAreEstimates => Some("estimates"),
                Event::Failed { .. } => Some("failed"),
                other => panic!("{other:?}"),
            });
        }
        assert_eq!(self.shelf.staged(), 0, "what is not accepted is thrown away");
        (run.finish().await.unwrap(), event_names)
    }

    fn change(&self, change: impl FnOnce(&mut Post)) {
        change(&mut self.post.lock().unwrap());
    }

    /// The names of the messages that are left on the server.
    fn left(&self) -> Vec<u32> {
        self.post.lock().unwrap().letters.iter().map(|letter| letter.name).collect()
    }

    fn readings(&self) -> Vec<usize> {
        self.post.lock().unwrap().letters.iter().map(|letter| letter.readings).collect()
    }

    /// How many commands of that name the last run has sent.
    fn count(&self, command: &str) -> usize {
        self.post.lock().unwrap().commands.iter().filter(|line| line.starts_with(command)).count()
    }

    fn delivered(&self) -> Vec<String> {
        self.shelf.delivered().into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }

    /// The digests of a message in the ledger: of what is stored, and of another reading.
    fn noted(&self, name: u32) -> Vec<(Digest, Option<Digest>)> {
        let notes = self.notes.0.lock().unwrap();
        let of_it = notes.values().filter(|record| record.key.ends_with(&name.to_string()));
        of_it.map(|record| (record.digest, record.other)).collect()
    }
}
