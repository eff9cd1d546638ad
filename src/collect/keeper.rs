//! [`Keeper`]: brings messages from memory into the delivery and the ledger, in the order that makes an abort harmless. It must not
//! know the server.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use time::OffsetDateTime;

use super::book::{self, Book, lasting};
use super::delivery::{Delivery, Extent, Head, Letter, Recovered, Ticket};
use super::digest::{Digest, Digests};
use super::event::{Event, Log};
use super::ledger::Ledger;
use super::row::Row;
use super::tap::Tap;
use crate::judge::Verdict;
use crate::{Body, Defect, Error, Kind, Message, Result};

/// The two storages of a run, and the book between them. An `Err` of its methods is one that ends the run.
pub(super) struct Keeper<'a> {
    pub(super) account: &'a str,
    pub(super) ledger: &'a mut dyn Ledger,
    pub(super) delivery: &'a mut dyn Delivery,
    pub(super) book: Book,
    pub(super) now: OffsetDateTime,
    pub(super) log: Log,
    /// What is staged and has to be read again.
    pub(super) doubts: Vec<Reading>,
    /// The octets of it.
    pub(super) doubted: u64,
    /// The rows of messages in doubt that were not staged, for want of room: to be brought once more.
    pub(super) crowded: Vec<usize>,
}

/// A message that is stored, and neither noted nor visible.
pub(super) struct Reading {
    /// The number of its row.
    pub(super) at: usize,
    pub(super) ticket: Ticket,
    pub(super) digests: Digests,
    pub(super) octets: u64,
    /// The size that the server declares, where that is another one.
    pub(super) declared: Option<u64>,
    /// Of a reading before this one, with other bytes.
    pub(super) other: Option<Digest>,
}

/// A message that is stored and noted, and not yet visible.
struct Staged {
    at: usize,
    key: Arc<str>,
    ticket: Ticket,
    octets: u64,
    certain: bool,
}

/// What is staged and in doubt may have so many octets together.
pub(super) const MOST_DOUBTED: u64 = 64 << 20;

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

    /// Delivers those of the messages that are new; each comes with the number of its row. Those whose size is in doubt are staged,
    /// to be [`doubts`](Self::doubts); what there is no room for is named in `crowded`.
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
            let Some(row) = rows.get_mut(at) else { continue };
            let octets = message.bytes().len() as u64;
            let declared = row.declared(extent, octets, message.defects());
            let doubtful = declared.is_some_and(|declared| self.is_doubtful(declared, octets));
            if doubtful {
                if !self.has_room(octets) {
                    self.crowded.push(at);
                    continue;
                }
            } else if self.knows(row, extent, &digests, octets, declared.is_none()) {
                continue;
            }
            letters.push(Letter { head: row.head(extent), bytes: message.into_bytes() });
            new.push((at, digests, octets, declared, doubtful));
        }
        if letters.is_empty() {
            return Ok(());
        }
        let tickets = self.delivery.stage(&letters).await;
        drop(letters);
        let (mut sure, mut end) = (Vec::new(), Ok(()));
        for ((at, digests, octets, declared, doubtful), ticket) in new.into_iter().zip(tickets) {
            let Some(row) = rows.get(at) else { continue };
            match ticket {
                Ok(ticket) => {
                    let reading = Reading { at, ticket, digests, octets, declared, other: None };
                    if doubtful { &mut self.doubts } else { &mut sure }.push(reading);
                }
                Err(error) => end = end.and_then(|()| self.fail(row, error)),
            }
        }
        self.deliver(rows, sure, extent).await.and(end)
    }

    /// Stages one message of any size.
    pub(super) async fn stage_stream(&mut self, row: &Row, at: usize, body: Body<'_>) -> Result<Reading> {
        let mut tap = Tap::new(body);
        let ticket = self.delivery.stage_stream(&row.head(Extent::Whole), &mut tap).await?;
        let error = match tap.finish() {
            Some((_, 0, _)) => Verdict::missing(),
            Some((digests, octets, defects)) => {
                let declared = row.declared(Extent::Whole, octets, &defects);
                return Ok(Reading { at, ticket, digests, octets, declared, other: None });
            }
            None => Error::input("the delivery did not read the message to its end"),
        };
        self.delivery.discard(&[ticket]).await?;
        Err(error)
    }

    /// Delivers a staged message where it is new, unless its size is in doubt.
    pub(super) async fn settle_stream(&mut self, rows: &mut [Row], reading: Reading) -> Result<()> {
        if reading.declared.is_some_and(|declared| self.is_doubtful(declared, reading.octets)) {
            self.doubted += reading.octets;
            self.doubts.push(reading);
            return Ok(());
        }
        self.accept(rows, vec![reading]).await
    }

    /// Delivers those of these staged messages that are new.
    pub(super) async fn accept(&mut self, rows: &mut [Row], readings: Vec<Reading>) -> Result<()> {
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for reading in readings {
            let Some(row) = rows.get_mut(reading.at) else { continue };
            let Reading { digests, octets, declared, .. } = &reading;
            match self.knows(row, Extent::Whole, digests, *octets, declared.is_none()) {
                false => new.push(reading),
                true => {
                    if let Some(other) = reading.other {
                        self.differs(row, other);
                    }
                    known.push(reading.ticket);
                }
            }
        }
        self.discard(&known).await?;
        self.deliver(rows, new, Extent::Whole).await
    }

    /// The message is known, and another reading of it had other bytes.
    fn differs(&mut self, row: &mut Row, other: Digest) {
        if let Some(key) = row.nameless.as_deref().map(str::to_owned).or_else(|| lasting(&row.entry)) {
            self.book.differs(&key, other);
        }
        (row.safe, row.seen) = (None, false);
    }

    pub(super) async fn discard(&mut self, tickets: &[Ticket]) -> Result<()> {
        if tickets.is_empty() { Ok(()) } else { self.delivery.discard(tickets).await }
    }

    /// Whether a message of another size than declared has to be read again.
    pub(super) fn is_doubtful(&self, declared: u64, octets: u64) -> bool {
        let is_estimate = self.book.wanting() == 0 && octets >= declared.div_ceil(2);
        if is_estimate {
            self.log.sizes_are_estimates();
        }
        !is_estimate
    }

    /// Whether one more message of so many octets may wait for its confirmation.
    fn has_room(&mut self, octets: u64) -> bool {
        let fits = self.doubted == 0 || self.doubted.saturating_add(octets) <= MOST_DOUBTED;
        if fits {
            self.doubted += octets;
        }
        fits
    }

    /// Whether so much waits for its confirmation that it should be had before more is brought.
    pub(super) fn is_crowded(&self) -> bool {
        self.doubted >= MOST_DOUBTED || self.doubts.len() >= self.book.wanting().max(1)
    }

    /// What is in doubt, for good.
    pub(super) fn take_doubts(&mut self) -> Vec<Reading> {
        self.doubted = 0;
        std::mem::take(&mut self.doubts)
    }

    /// Stages a message in memory that came again.
    pub(super) async fn stage_again(
        &mut self,
        row: &Row,
        at: usize,
        bytes: Bytes,
        digests: Digests,
    ) -> Result<Reading> {
        let octets = bytes.len() as u64;
        let letter = Letter { head: row.head(Extent::Whole), bytes };
        let ticket = self.delivery.stage(std::slice::from_ref(&letter)).await.pop();
        let ticket = ticket.unwrap_or_else(|| Err(Error::input("the delivery gave no ticket")))?;
        Ok(Reading { at, ticket, digests, octets, declared: row.declared(Extent::Whole, octets, &[]), other: None })
    }

    /// A message in doubt came again, with these digests: whether it is the same.
    pub(super) fn is_alike(&mut self, row: &Row, first: &Reading, again: &Digests) -> bool {
        let alike = first.digests.whole == again.whole;
        self.book.compared(alike, self.now);
        if alike {
            let (id, declared, received) = (row.entry.id.clone(), first.declared.unwrap_or_default(), first.octets);
            self.log.tell(Event::Confirmed { id, declared, received });
            if self.book.wanting() == 0 {
                self.log.sizes_are_estimates();
            }
        }
        alike
    }

    /// Tells that both readings differ, and keeps the second one.
    pub(super) async fn keep_second(&mut self, row: &Row, first: Reading, second: Reading) -> Result<Reading> {
        let (id, other, digest) = (row.entry.id.clone(), first.digests.whole, second.digests.whole);
        tracing::warn!(message = %id, "a message came twice with different bytes");
        self.log.tell(Event::Differs { id, first: other, second: digest });
        self.discard(&[first.ticket]).await?;
        Ok(Reading { other: Some(other), ..second })
    }

    /// Whether the message was collected before. `sized` is whether it has the size that the server declares.
    fn knows(&mut self, row: &mut Row, extent: Extent, digests: &Digests, octets: u64, sized: bool) -> bool {
        let book::Verdict::Known { key, at, certain } = self.book.recognise(&row.entry, extent, digests, sized) else {
            return false;
        };
        row.met(key, extent, at, certain);
        self.log.tell(Event::Recognised { id: row.entry.id.clone(), octets });
        true
    }

    /// Notes staged messages, and makes them visible.
    async fn deliver(&mut self, rows: &mut [Row], readings: Vec<Reading>, extent: Extent) -> Result<()> {
        let mut staged = Vec::with_capacity(readings.len());
        for Reading { at, ticket, digests, octets, other, .. } in readings {
            let Some(row) = rows.get(at) else { continue };
            let key = self.book.stage(&row.entry, extent, &digests, other, ticket.clone(), self.now);
            staged.push(Staged { at, key, ticket, octets, certain: other.is_none() });
        }
        self.publish(rows, staged, extent).await
    }

    async fn publish(&mut self, rows: &mut [Row], staged: Vec<Staged>, extent: Extent) -> Result<()> {
        let tickets: Vec<_> = staged.iter().map(|staged| staged.ticket.clone()).collect();
        // Where this fails, the ledger may have them or not; so they stay as they are, for the next run to find out.
        self.note().await?;
        if tickets.is_empty() {
            return Ok(());
        }
        let mut end = Ok(());
        for (staged, answer) in staged.into_iter().zip(self.delivery.publish(&tickets).await) {
            let Staged { at, key, octets, certain, .. } = staged;
            let Some(row) = rows.get_mut(at) else { continue };
            if let Err(error) = answer {
                end = end.and_then(|()| self.fail(row, error));
                continue;
            }
            self.book.collected(&key);
            row.met(key, extent, self.now, certain);
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
pub(super) async fn digests(batch: &[(usize, Message)]) -> Result<Vec<Digests>> {
    let bytes: Vec<_> = batch.iter().map(|(_, message)| message.bytes().clone()).collect();
    let digests = tokio::task::spawn_blocking(move || bytes.iter().map(|bytes| Digests::of(bytes)).collect());
    digests.await.map_err(|stopped| Error::storage("the runtime is shutting down", stopped.into()))
}

impl Row {
    fn head(&self, extent: Extent) -> Head {
        Head { id: self.entry.id.clone(), extent, size: self.entry.size, received: self.entry.received }
    }

    /// The size that the server declares, in its listing or with the message, where another one came; the largest of them.
    fn declared(&self, extent: Extent, octets: u64, defects: &[Defect]) -> Option<u64> {
        let with_it = defects.iter().filter_map(|defect| match defect {
            Defect::Size { declared, .. } => Some(*declared),
            _ => None,
        });
        let declared = with_it.chain(self.entry.size).filter(|declared| *declared != octets);
        declared.max().filter(|_| extent == Extent::Whole)
    }

    /// The message was brought, and is at home; whether that is certain.
    fn met(&mut self, key: Arc<str>, extent: Extent, since: OffsetDateTime, certain: bool) {
        if !self.entry.id.is_lasting() {
            self.nameless = Some(key);
        }
        if extent == Extent::Whole && certain {
            (self.safe, self.seen) = (Some(since), true);
        }
    }
}
