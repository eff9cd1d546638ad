//! [`Keeper`]: brings messages from memory into the delivery and the ledger, in the order that makes an abort harmless. It must not
//! know the server.

use std::io;
use std::sync::Arc;

use time::OffsetDateTime;

use super::book::{Book, Verdict};
use super::delivery::{Delivery, Extent, Head, Letter, Recovered, Ticket};
use super::digest::Digests;
use super::event::{Event, Log};
use super::ledger::Ledger;
use super::row::Row;
use super::tap::Tap;
use crate::{Body, Error, Kind, Message, Result};

/// The two storages of a run, and the book between them. An `Err` of its methods is one that ends the run.
pub(super) struct Keeper<'a> {
    pub(super) account: &'a str,
    pub(super) ledger: &'a mut dyn Ledger,
    pub(super) delivery: &'a mut dyn Delivery,
    pub(super) book: Book,
    pub(super) now: OffsetDateTime,
    pub(super) log: Log,
}

/// A message that is stored, and not yet visible.
struct Staged {
    at: usize,
    key: Arc<str>,
    ticket: Ticket,
    octets: u64,
}

impl Keeper<'_> {
    /// Finishes what an aborted run has left behind.
    pub(super) async fn recover(&mut self) -> Result<()> {
        let (keys, tickets): (Vec<_>, Vec<_>) = self.book.staged().into_iter().unzip();
        let answers = self.delivery.recover(&tickets).await?;
        for (key, recovered) in keys.iter().zip(answers) {
            self.book.recover(key, recovered);
            if recovered == Recovered::Delivered {
                self.log.tell(Event::Recovered(key.to_string()));
            }
        }
        self.note().await
    }

    /// Tells the ledger what it does not know yet.
    pub(super) async fn note(&mut self) -> Result<()> {
        let changes = self.book.changes();
        if changes.is_empty() {
            return Ok(());
        }
        self.ledger.apply(self.account, &changes).await
    }

    /// Delivers those of the messages that are new; each comes with the number of its row.
    pub(super) async fn settle(
        &mut self,
        rows: &mut [Row],
        batch: Vec<(usize, Message)>,
        extent: Extent,
    ) -> Result<()> {
        let digests = digests(&batch).await?;
        let mut letters = Vec::new();
        let mut new = Vec::new();
        for ((at, message), digests) in batch.into_iter().zip(digests) {
            let octets = message.bytes().len() as u64;
            if let Some(row) = rows.get_mut(at)
                && !self.knows(row, extent, &digests, octets)
            {
                letters.push(Letter { head: row.head(extent), bytes: message.into_bytes() });
                new.push((at, digests, octets));
            }
        }
        if letters.is_empty() {
            return Ok(());
        }
        let tickets = self.delivery.stage(&letters).await;
        drop(letters);
        let mut staged = Vec::new();
        let mut end = Ok(());
        for ((at, digests, octets), ticket) in new.into_iter().zip(tickets) {
            let Some(row) = rows.get(at) else { continue };
            match ticket {
                Ok(ticket) => {
                    let key = self.book.stage(&row.entry, extent, &digests, ticket.clone(), self.now);
                    staged.push(Staged { at, key, ticket, octets });
                }
                Err(error) => end = end.and_then(|()| self.fail(row, error)),
            }
        }
        self.publish(rows, staged, extent).await.and(end)
    }

    /// Delivers one message of any size.
    pub(super) async fn settle_stream(&mut self, row: &mut Row, body: Body<'_>) -> Result<()> {
        let extent = Extent::Whole;
        let mut tap = Tap::new(body);
        let ticket = match self.delivery.stage_stream(&row.head(extent), &mut tap).await {
            Ok(ticket) => ticket,
            Err(error) => return self.fail(row, error),
        };
        let Some((digests, octets)) = tap.finish() else {
            self.delivery.discard(&[ticket]).await?;
            return self.fail(row, Error::input("the delivery did not read the message to its end"));
        };
        if self.knows(row, extent, &digests, octets) {
            return self.delivery.discard(&[ticket]).await;
        }
        let key = self.book.stage(&row.entry, extent, &digests, ticket.clone(), self.now);
        self.publish(std::slice::from_mut(row), vec![Staged { at: 0, key, ticket, octets }], extent).await
    }

    /// Whether the message was collected before.
    fn knows(&mut self, row: &mut Row, extent: Extent, digests: &Digests, octets: u64) -> bool {
        let Verdict::Known { key, at } = self.book.recognise(&row.entry, extent, digests) else { return false };
        row.met(key, extent, at);
        self.log.tell(Event::Recognised { id: row.entry.id.clone(), octets });
        true
    }

    async fn publish(&mut self, rows: &mut [Row], staged: Vec<Staged>, extent: Extent) -> Result<()> {
        let tickets: Vec<_> = staged.iter().map(|staged| staged.ticket.clone()).collect();
        // Where this fails, the ledger may have them or not; so they stay as they are, for the next run to find out.
        self.note().await?;
        let mut end = Ok(());
        for (staged, answer) in staged.into_iter().zip(self.delivery.publish(&tickets).await) {
            let Staged { at, key, octets, .. } = staged;
            let Some(row) = rows.get_mut(at) else { continue };
            if let Err(error) = answer {
                end = end.and_then(|()| self.fail(row, error));
                continue;
            }
            self.book.collected(&key);
            row.met(key, extent, self.now);
            let id = row.entry.id.clone();
            self.log.tell(match extent {
                Extent::Whole => Event::Collected { id, octets },
                Extent::Header => Event::HeaderCollected { id },
            });
        }
        end
    }

    /// One message could not be brought or stored; `Err` where the others could not be either.
    pub(super) fn fail(&self, row: &Row, error: Error) -> Result<()> {
        self.log.failed(&row.entry.id, error.clone());
        if ends_all(&error) { Err(error) } else { Ok(()) }
    }
}

/// Whether no other message would fare better.
pub(super) fn ends_all(error: &Error) -> bool {
    match error.kind() {
        Kind::Io | Kind::Tls | Kind::Timeout | Kind::Closed | Kind::Protocol | Kind::Unknown => true,
        Kind::Storage => std::error::Error::source(error)
            .and_then(|cause| cause.downcast_ref::<io::Error>())
            .is_some_and(|cause| lasts(cause.kind())),
        _ => false,
    }
}

fn lasts(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        NotADirectory, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StaleNetworkFileHandle,
        StorageFull,
    };
    matches!(
        kind,
        StorageFull
            | QuotaExceeded
            | ReadOnlyFilesystem
            | PermissionDenied
            | NotFound
            | NotADirectory
            | StaleNetworkFileHandle
    )
}

/// Digests take longer than one task may hold up the others.
async fn digests(batch: &[(usize, Message)]) -> Result<Vec<Digests>> {
    let bytes: Vec<_> = batch.iter().map(|(_, message)| message.bytes().clone()).collect();
    let digests = tokio::task::spawn_blocking(move || bytes.iter().map(|bytes| Digests::of(bytes)).collect());
    digests.await.map_err(|stopped| Error::storage("the runtime is shutting down", stopped.into()))
}

impl Row {
    fn head(&self, extent: Extent) -> Head {
        Head { id: self.entry.id.clone(), extent, size: self.entry.size, received: self.entry.received }
    }

    /// The message was brought, and is at home.
    fn met(&mut self, key: Arc<str>, extent: Extent, since: OffsetDateTime) {
        if !self.entry.id.is_lasting() {
            self.nameless = Some(key);
        }
        if extent == Extent::Whole {
            (self.safe, self.seen) = (Some(since), true);
        }
    }
}
