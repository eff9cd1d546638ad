//! [`Pipeline`]: takes messages that have arrived through the delivery and the ledger, in the order that makes an abort harmless: staged,
//! in the ledger, visible. It must not know the server.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use time::OffsetDateTime;

use super::digesting_reader::DigestingReader;
use crate::collect::delivery::{Delivery, Extent, Letter, Recovered, Ticket};
use crate::collect::digest::{Digest, Digests};
use crate::collect::event::{Event, EventQueue};
use crate::collect::ledger::Ledger;
use crate::collect::listing::{Listing, Row};
use crate::collect::records::{DigestMatch, NameMatch, Records};
use crate::judge::Verdict;
use crate::{Body, Entry, Error, Kind, Message, Result};

/// The delivery and the ledger of a run, and the records between them. An `Err` of its methods ends the run.
pub(crate) struct Pipeline<'a> {
    account: &'a str,
    ledger: &'a mut dyn Ledger,
    delivery: &'a mut dyn Delivery,
    records: Records,
    now: OffsetDateTime,
    events: EventQueue,
    /// Messages that are staged and have to be read again.
    unconfirmed: Vec<Reading>,
    /// The octets of those.
    unconfirmed_octets: u64,
    /// The rows of messages in doubt that were not staged for lack of space.
    postponed: Vec<usize>,
}

/// A message that is staged, and neither in the ledger nor visible.
pub(super) struct Reading {
    /// The number of its row.
    pub(super) at: usize,
    pub(super) ticket: Ticket,
    pub(super) digests: Digests,
    pub(super) octets: u64,
    /// The size that the server declares, if it is another one.
    pub(super) declared: Option<u64>,
    /// The digest of an earlier reading that had other bytes.
    pub(super) other: Option<Digest>,
}

/// A message that is staged and in the ledger, and not yet visible.
struct Staged {
    at: usize,
    key: Arc<str>,
    ticket: Ticket,
    octets: u64,
    certain: bool,
}

/// How many octets the messages that wait to be confirmed may have together.
pub(super) const MOST_UNCONFIRMED: u64 = 64 << 20;

impl<'a> Pipeline<'a> {
    pub(crate) fn new(
        account: &'a str,
        ledger: &'a mut dyn Ledger,
        delivery: &'a mut dyn Delivery,
        records: Records,
        now: OffsetDateTime,
        events: EventQueue,
    ) -> Self {
        let (unconfirmed, unconfirmed_octets, postponed) = (Vec::new(), 0, Vec::new());
        Self { account, ledger, delivery, records, now, events, unconfirmed, unconfirmed_octets, postponed }
    }
}

impl Pipeline<'_> {
    /// The time of the run.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.now
    }

    pub(super) fn events(&self) -> &EventQueue {
        &self.events
    }

    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    /// Compares the records with the listing; see [`Records::reconcile`].
    pub(super) fn reconcile(&mut self, entries: &[Entry]) -> Vec<NameMatch> {
        self.records.reconcile(entries, self.now)
    }

    /// The message of that key was certainly deleted from the server.
    pub(super) fn mark_deleted(&mut self, key: &str) {
        self.records.mark_deleted(key, self.now);
    }

    /// The run has seen every message; see [`Records::mark_unnamed_gone`].
    pub(super) fn mark_unnamed_gone(&mut self) {
        self.records.mark_unnamed_gone(self.now);
    }

    /// Whether nothing waits to be confirmed.
    pub(super) fn is_confirmed(&self) -> bool {
        self.unconfirmed.is_empty()
    }

    /// The rows of the messages that were not staged for lack of space, to be transferred once more.
    pub(super) fn take_postponed(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.postponed)
    }

    /// Finishes what an aborted run has begun.
    pub(super) async fn recover(&mut self) -> Result<()> {
        let (keys, tickets): (Vec<_>, Vec<_>) = self.records.staged_tickets().into_iter().unzip();
        let answers = self.delivery.recover(&tickets).await?;
        for (key, recovered) in keys.iter().zip(answers) {
            self.records.recover(key, recovered);
            if recovered == Recovered::Delivered {
                self.events.push(Event::Recovered(key.to_string()));
            }
        }
        self.save_records().await
    }

    /// Writes the changes of the records into the ledger.
    pub(super) async fn save_records(&mut self) -> Result<()> {
        let changes = self.records.take_changes();
        if changes.is_empty() {
            return Ok(());
        }
        self.ledger.apply(self.account, &changes).await
    }

    /// Delivers those of the messages that are new; each comes with the number of its row. Those whose size is in doubt are staged and
    /// wait to be confirmed, or are postponed if there is no space for them.
    pub(super) async fn deliver_batch(
        &mut self,
        listing: &mut Listing,
        batch: Vec<(usize, Message)>,
        extent: Extent,
    ) -> Result<()> {
        let digests = digests(&batch).await?;
        let mut letters = Vec::new();
        let mut new = Vec::new();
        for ((at, message), digests) in batch.into_iter().zip(digests) {
            let Some(row) = listing.get_mut(at) else { continue };
            let octets = message.bytes().len() as u64;
            let declared = row.declared(extent, octets, message.defects());
            let doubtful = declared.is_some_and(|declared| self.is_doubtful(declared, octets));
            if doubtful {
                if !self.has_room(octets) {
                    self.postponed.push(at);
                    continue;
                }
            } else if self.is_known(row, extent, &digests, octets, declared.is_none()) {
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
            let Some(row) = listing.get(at) else { continue };
            match ticket {
                Ok(ticket) => {
                    let reading = Reading { at, ticket, digests, octets, declared, other: None };
                    if doubtful { &mut self.unconfirmed } else { &mut sure }.push(reading);
                }
                Err(error) => end = end.and_then(|()| self.fail(row, error)),
            }
        }
        self.deliver(listing, sure, extent).await.and(end)
    }

    /// Stages one message of any size.
    pub(super) async fn stage_stream(&mut self, row: &Row, at: usize, body: Body<'_>) -> Result<Reading> {
        let mut reader = DigestingReader::new(body);
        let ticket = self.delivery.stage_stream(&row.head(Extent::Whole), &mut reader).await?;
        let error = match reader.finish() {
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

    /// Delivers a staged message if it is new. If its size is in doubt, it waits to be confirmed.
    pub(super) async fn deliver_streamed(&mut self, listing: &mut Listing, reading: Reading) -> Result<()> {
        if reading.declared.is_some_and(|declared| self.is_doubtful(declared, reading.octets)) {
            self.unconfirmed_octets += reading.octets;
            self.unconfirmed.push(reading);
            return Ok(());
        }
        self.accept(listing, vec![reading]).await
    }

    /// Delivers those of these staged messages that are new.
    pub(super) async fn accept(&mut self, listing: &mut Listing, readings: Vec<Reading>) -> Result<()> {
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for reading in readings {
            let Some(row) = listing.get_mut(reading.at) else { continue };
            let Reading { digests, octets, declared, .. } = &reading;
            match self.is_known(row, Extent::Whole, digests, *octets, declared.is_none()) {
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
        self.deliver(listing, new, Extent::Whole).await
    }

    /// The message is known, and another reading of it had other bytes.
    fn differs(&mut self, row: &mut Row, other: Digest) {
        if let Some(key) = row.key() {
            self.records.note_other_reading(&key, other);
        }
        row.differs();
    }

    pub(super) async fn discard(&mut self, tickets: &[Ticket]) -> Result<()> {
        if tickets.is_empty() { Ok(()) } else { self.delivery.discard(tickets).await }
    }

    /// Whether a message of another size than declared has to be read again. Once the server's sizes count as estimates, only one of
    /// less than half of the declared size has.
    pub(super) fn is_doubtful(&self, declared: u64, octets: u64) -> bool {
        let is_estimate = self.records.confirmations_needed() == 0 && octets >= declared.div_ceil(2);
        if is_estimate {
            self.events.sizes_are_estimates();
        }
        !is_estimate
    }

    /// Whether one more message of this number of octets may wait to be confirmed; counts it if so.
    fn has_room(&mut self, octets: u64) -> bool {
        let fits = self.unconfirmed_octets == 0 || self.unconfirmed_octets.saturating_add(octets) <= MOST_UNCONFIRMED;
        if fits {
            self.unconfirmed_octets += octets;
        }
        fits
    }

    /// Whether the messages that wait must be confirmed before more are transferred.
    pub(super) fn must_confirm_now(&self) -> bool {
        self.unconfirmed_octets >= MOST_UNCONFIRMED
            || self.unconfirmed.len() >= self.records.confirmations_needed().max(1)
    }

    /// Takes the messages that wait to be confirmed.
    pub(super) fn take_unconfirmed(&mut self) -> Vec<Reading> {
        self.unconfirmed_octets = 0;
        std::mem::take(&mut self.unconfirmed)
    }

    /// Stages the second reading of a message, which is in memory.
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

    /// A message in doubt came again with these digests: whether it has the same bytes.
    pub(super) fn is_alike(&mut self, row: &Row, first: &Reading, again: &Digests) -> bool {
        let alike = first.digests.whole == again.whole;
        self.records.count_comparison(alike, self.now);
        if alike {
            let (id, declared, received) = (row.id().clone(), first.declared.unwrap_or_default(), first.octets);
            self.events.push(Event::Confirmed { id, declared, received });
            if self.records.confirmations_needed() == 0 {
                self.events.sizes_are_estimates();
            }
        }
        alike
    }

    /// Reports that both readings differ, and keeps the second one.
    pub(super) async fn keep_second(&mut self, row: &Row, first: Reading, second: Reading) -> Result<Reading> {
        let (id, other, digest) = (row.id().clone(), first.digests.whole, second.digests.whole);
        tracing::warn!(message = %id, "a message came twice with different bytes");
        self.events.push(Event::Differs { id, first: other, second: digest });
        self.discard(&[first.ticket]).await?;
        Ok(Reading { other: Some(other), ..second })
    }

    /// Whether the message was collected before. `sized` is whether it has the size that the server declares.
    fn is_known(&mut self, row: &mut Row, extent: Extent, digests: &Digests, octets: u64, sized: bool) -> bool {
        let DigestMatch::Known { key, at, certain } = self.records.match_by_digest(row.entry(), extent, digests, sized)
        else {
            return false;
        };
        row.collected(key, extent, at, certain);
        self.events.push(Event::Recognised { id: row.id().clone(), octets });
        true
    }

    /// Adds staged messages to the records, and makes them visible.
    async fn deliver(&mut self, listing: &mut Listing, readings: Vec<Reading>, extent: Extent) -> Result<()> {
        let mut staged = Vec::with_capacity(readings.len());
        for Reading { at, ticket, digests, octets, other, .. } in readings {
            let Some(row) = listing.get(at) else { continue };
            let key = self.records.stage(row.entry(), extent, &digests, other, ticket.clone(), self.now);
            staged.push(Staged { at, key, ticket, octets, certain: other.is_none() });
        }
        self.publish(listing, staged, extent).await
    }

    async fn publish(&mut self, listing: &mut Listing, staged: Vec<Staged>, extent: Extent) -> Result<()> {
        let tickets: Vec<_> = staged.iter().map(|staged| staged.ticket.clone()).collect();
        // If this fails, the ledger may have them or not. They stay staged, and the next run recovers them.
        self.save_records().await?;
        if tickets.is_empty() {
            return Ok(());
        }
        let mut end = Ok(());
        for (staged, answer) in staged.into_iter().zip(self.delivery.publish(&tickets).await) {
            let Staged { at, key, octets, certain, .. } = staged;
            let Some(row) = listing.get_mut(at) else { continue };
            if let Err(error) = answer {
                end = end.and_then(|()| self.fail(row, error));
                continue;
            }
            self.records.mark_collected(&key);
            row.collected(key, extent, self.now, certain);
            let id = row.id().clone();
            self.events.push(match extent {
                Extent::Whole => Event::Collected { id, octets },
                Extent::Header => Event::HeaderCollected { id },
            });
        }
        end
    }

    /// One message cannot be transferred or stored; `Err` if the error concerns all others too.
    pub(super) fn fail(&self, row: &Row, error: Error) -> Result<()> {
        self.events.failed(row.id(), error.clone());
        if is_fatal(&error) { Err(error) } else { Ok(()) }
    }
}

/// Whether every other message would fail in the same way.
pub(super) fn is_fatal(error: &Error) -> bool {
    match error.kind() {
        Kind::Io | Kind::Tls | Kind::Timeout | Kind::Closed | Kind::Protocol | Kind::Unknown => true,
        Kind::Storage => std::error::Error::source(error)
            .and_then(|cause| cause.downcast_ref::<io::Error>())
            .is_some_and(|cause| concerns_all(cause.kind())),
        _ => false,
    }
}

fn concerns_all(kind: io::ErrorKind) -> bool {
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

/// On a thread for blocking work, because digests would delay other tasks for too long.
pub(super) async fn digests(batch: &[(usize, Message)]) -> Result<Vec<Digests>> {
    let bytes: Vec<_> = batch.iter().map(|(_, message)| message.bytes().clone()).collect();
    let digests = tokio::task::spawn_blocking(move || bytes.iter().map(|bytes| Digests::of(bytes)).collect());
    digests.await.map_err(|stopped| Error::storage("the runtime is shutting down", stopped.into()))
}
