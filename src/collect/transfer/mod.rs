//! [`Transfer`]: one run, in this order: recover, list, download through the [`Pipeline`], delete, commit. It uses the server only by the
//! common trait.

mod digesting_reader;
mod pipeline;
mod recheck;

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

pub(super) use self::pipeline::Pipeline;
use self::pipeline::{MOST_UNCONFIRMED, Reading, is_fatal};
use super::delivery::Extent;
use super::digest::Digests;
use super::event::Event;
use super::listing::Listing;
use super::plan::{Plan, Step};
use super::policy::Policy;
use crate::judge::Verdict;
use crate::{Defect, Error, Mailbox, Message, MessageId, Messages, Part, Result};

/// Larger messages, in octets, are streamed one by one.
const LARGE: u64 = 1 << 20;
/// A batch is delivered when it has this number of messages,
const BATCH_MESSAGES: usize = 256;
/// or this number of octets,
const BATCH_OCTETS: usize = 2 << 20;
/// or has waited for this time.
const BATCH_TIME: Duration = Duration::from_secs(2);
/// How many messages one stream asks for: what is kept in memory for each of them ends with the stream.
const STREAM: usize = 4096;

pub(super) struct Transfer<'a> {
    mailbox: &'a mut dyn Mailbox,
    pipeline: Pipeline<'a>,
    policy: &'a Policy,
    listing: Listing,
}

/// Messages that arrived together.
struct Download {
    messages: Vec<Message>,
    /// How the stream ended, if it has.
    end: Option<Result<()>>,
}

/// What arrived of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Arrival {
    /// Its text, which may have another size than declared.
    Text,
    /// The message without text.
    Nothing,
    /// It was refused, too large or unreadable; read alone, the message may come without a flaw.
    Flawed,
}

/// The rows of messages that did not arrive.
#[derive(Debug, Default)]
struct Left {
    /// Those that came without text.
    missing: Vec<usize>,
    /// Those that came with a flaw, or not at all.
    absent: Vec<usize>,
}

impl Left {
    fn rows(&self) -> impl Iterator<Item = usize> {
        self.missing.iter().chain(&self.absent).copied()
    }
}

impl<'a> Transfer<'a> {
    pub(super) fn new(mailbox: &'a mut dyn Mailbox, pipeline: Pipeline<'a>, policy: &'a Policy) -> Self {
        Self { mailbox, pipeline, policy, listing: Listing::default() }
    }
}

impl Transfer<'_> {
    pub(super) async fn run(mut self) -> Result<()> {
        self.pipeline.recover().await?;
        self.list().await?;
        self.warn_of_expiry();
        let downloaded = self.download().await;
        // What was delivered is saved even if the rest failed.
        let saved = self.pipeline.save_records().await;
        downloaded.and(saved)?;
        self.delete().await
    }

    /// The server may remove by itself what the policy leaves there.
    fn warn_of_expiry(&self) {
        let features = self.mailbox.features();
        let kept_for = features.may_hide_downloaded.then_some(Duration::ZERO).or(features.kept_for);
        if let Some(kept_for) = kept_for.filter(|kept_for| self.policy.leaves_longer_than(*kept_for)) {
            self.pipeline.events().push(Event::MayExpire { kept_for });
        }
    }

    /// What a run would do. Nothing is stored.
    pub(super) async fn plan(mut self) -> Result<Plan> {
        self.list().await?;
        Ok(self.listing.plan(self.policy, self.pipeline.now()))
    }

    async fn list(&mut self) -> Result<()> {
        let entries = self.mailbox.entries().await?;
        let matches = self.pipeline.reconcile(&entries);
        self.listing = Listing::new(entries, matches);
        if self.policy.has_budget() {
            self.demote_seen().await?;
        }
        Ok(())
    }

    /// Messages without a stable id look new in every run. If their header is known, they come last: a budget must not be spent on the same
    /// messages again and again.
    async fn demote_seen(&mut self) -> Result<()> {
        let known = self.pipeline.records().claimable_headers();
        if known.is_empty() {
            return Ok(());
        }
        let unnamed = self.listing.unnamed();
        for (at, header) in self.header_digests(&unnamed).await? {
            if let Some(row) = self.listing.get_mut(at) {
                row.demote_if(known.contains(&header.header));
            }
        }
        Ok(())
    }

    /// A name may have come to mean another message. So a message that an earlier run collected is deleted only if its header is still
    /// the same; otherwise it is downloaded like a new one.
    async fn verify_before_delete(&mut self) -> Result<()> {
        let known = self.listing.known_to_delete(self.policy, self.pipeline.now());
        let mut headers = self.header_digests(&known).await?;
        for at in known {
            let Some(row) = self.listing.get_mut(at) else { continue };
            match headers.remove(&at) {
                Some(header) if self.pipeline.records().has_header(row.entry(), header.header) => row.verify(),
                _ => row.doubt(),
            }
        }
        Ok(())
    }

    /// The digests of the headers of these messages, as far as the server sends them.
    async fn header_digests(&mut self, rows: &[usize]) -> Result<HashMap<usize, Digests>> {
        let ids = self.listing.ids(rows);
        let places: HashMap<_, _> = ids.iter().zip(rows).collect();
        let mut digests = HashMap::new();
        if ids.is_empty() {
            return Ok(digests);
        }
        let read = async {
            let mut mail = self.mailbox.messages(&ids, Part::Header).await?;
            while let Some(message) = mail.try_next().await? {
                if let Some(at) =
                    places.get(message.id()).filter(|_| arrival_of(&message, Part::Header) == Arrival::Text)
                {
                    digests.insert(**at, Digests::of(message.bytes()));
                }
            }
            Ok(())
        };
        match read.await {
            Err(error) if is_fatal(&error) => Err(error),
            _ => Ok(digests),
        }
    }

    async fn download(&mut self) -> Result<()> {
        self.verify_before_delete().await?;
        let steps = self.listing.steps(self.policy);
        self.announce(&steps);
        let of = |wanted: &[Step]| -> Vec<usize> {
            (0..).zip(&steps).filter_map(|(at, step)| wanted.contains(step).then_some(at)).collect()
        };
        let mut wanted = VecDeque::from(of(&[Step::Collect, Step::Examine]));
        // Until one group has come without a doubt, a group is no larger than what may wait to be confirmed.
        let mut most = if self.pipeline.records().confirmations_needed() == 0 { u64::MAX } else { MOST_UNCONFIRMED };
        while let Some(group) = self.next_group(&mut wanted, most) {
            let is_large = group.len() == 1 && group.iter().all(|at| self.is_large(*at));
            let left = match group.as_slice() {
                [at] if is_large => {
                    self.download_one(*at).await?;
                    Left::default()
                }
                group => self.fetch(group, Extent::Whole).await?,
            };
            if self.pipeline.is_confirmed() {
                most = u64::MAX;
            }
            if !is_large || self.pipeline.must_confirm_now() {
                self.recheck(left).await?;
            }
            self.pipeline.take_postponed().into_iter().rev().for_each(|at| wanted.push_front(at));
        }
        self.recheck(Left::default()).await?;
        self.download_headers(&of(&[Step::CollectHeader])).await?;
        if !steps.contains(&Step::Wait) && self.pipeline.events().summary().failed == 0 {
            self.pipeline.mark_unnamed_gone();
        }
        Ok(())
    }

    /// A header that does not come is requested once more, unless its message is gone.
    async fn download_headers(&mut self, wanted: &[usize]) -> Result<()> {
        let left = self.fetch(wanted, Extent::Header).await?;
        let mut there: Vec<usize> = self.confirm_doubts(left).await?.rows().collect();
        there.sort_unstable();
        let left = self.fetch(&there, Extent::Header).await?;
        left.missing.iter().try_for_each(|at| self.fail(*at, Verdict::missing()))?;
        left.absent.iter().try_for_each(|at| self.fail_header(*at))
    }

    fn announce(&self, steps: &[Step]) {
        let plan = self.listing.plan(self.policy, self.pipeline.now());
        let wanted = plan.count(Step::Collect) + plan.count(Step::Examine) + plan.count(Step::CollectHeader);
        self.pipeline.events().waiting(steps.iter().filter(|step| **step == Step::Wait).count());
        self.pipeline.events().push(Event::Listed { messages: self.listing.len(), wanted, octets: plan.octets() });
        match self.mailbox.listing_flaws() {
            0 => {}
            flaws => self.pipeline.events().push(Event::ListingFlawed(flaws)),
        }
    }

    /// The next small messages up to a large one, or the next large one alone, in order.
    fn next_group(&self, wanted: &mut VecDeque<usize>, most: u64) -> Option<Vec<usize>> {
        let first = wanted.pop_front()?;
        let (mut group, mut octets) = (vec![first], self.listing.size(first));
        while let Some(&next) = wanted.front()
            && !self.is_large(first)
            && !self.is_large(next)
            && group.len() < STREAM
            && octets.saturating_add(self.listing.size(next)) <= most
        {
            octets += self.listing.size(next);
            group.push(next);
            wanted.pop_front();
        }
        Some(group)
    }

    fn is_large(&self, at: usize) -> bool {
        self.listing.size(at) > LARGE
    }

    /// Downloads these messages by one stream, and returns those that did not arrive completely. The next batch arrives while one is
    /// delivered.
    async fn fetch(&mut self, wanted: &[usize], extent: Extent) -> Result<Left> {
        let ids = self.listing.ids(wanted);
        let mut left = Left::default();
        if ids.is_empty() {
            return Ok(left);
        }
        let mut places: HashMap<_, _> = ids.iter().cloned().zip(wanted.iter().copied()).collect();
        let part = match extent {
            Extent::Whole => Part::Whole,
            Extent::Header => Part::Header,
        };
        let mut mail = match self.mailbox.messages(&ids, part).await {
            Ok(mail) => mail,
            Err(error) if is_fatal(&error) => return Err(error),
            Err(_) => return Ok(Left { absent: wanted.to_vec(), ..left }),
        };
        let mut batch = gather(&mut mail).await;
        loop {
            let mut arrived = Vec::with_capacity(batch.messages.len());
            for message in batch.messages {
                let Some(at) = places.remove(message.id()) else { continue };
                match arrival_of(&message, part) {
                    Arrival::Text => arrived.push((at, message)),
                    Arrival::Nothing => left.missing.push(at),
                    Arrival::Flawed => left.absent.push(at),
                }
            }
            let delivered = self.pipeline.deliver_batch(&mut self.listing, arrived, extent);
            if let Some(end) = batch.end {
                delivered.await?;
                return match end {
                    Err(error) if is_fatal(&error) => Err(error),
                    _ => {
                        left.absent.extend(places.into_values());
                        left.missing.sort_unstable();
                        left.absent.sort_unstable();
                        Ok(left)
                    }
                };
            }
            let next = both(gather(&mut mail), delivered).await;
            next.1?;
            batch = next.0;
        }
    }

    /// Downloads one message alone.
    async fn download_one(&mut self, at: usize) -> Result<()> {
        match self.stage_one(at).await {
            Ok(reading) => self.pipeline.deliver_streamed(&mut self.listing, reading).await,
            Err(error) => self.failed_alone(at, error).await,
        }
    }

    /// Stages one message alone.
    async fn stage_one(&mut self, at: usize) -> Result<Reading> {
        let row = self.listing.get(at).ok_or_else(Verdict::missing)?;
        let body = self.mailbox.open(row.id()).await?;
        self.pipeline.stage_stream(row, at, body).await
    }

    fn fail_header(&self, at: usize) -> Result<()> {
        let why = || Error::new(crate::Kind::Rejected, "the server did not send the header");
        self.listing.get(at).map_or(Ok(()), |row| self.pipeline.fail(row, why()))
    }

    /// Deletes what the policy says, and commits. If that is nothing, nothing is committed: a POP3 session stays open.
    async fn delete(&mut self) -> Result<()> {
        let rows = self.listing.to_delete(self.policy, self.pipeline.now());
        let ids = self.listing.ids(&rows);
        if ids.is_empty() {
            return self.pipeline.save_records().await;
        }
        // RFC 2449 §6.7: the QUIT would delete everything that was downloaded.
        let failed = self.pipeline.events().summary().failed > 0;
        if failed && self.mailbox.features().may_hide_downloaded {
            let text =
                "nothing is deleted now, since the server may then also delete what was downloaded and not stored";
            self.pipeline.events().push(Event::Failed { id: None, error: Error::unsupported(text) });
            return self.pipeline.save_records().await;
        }
        self.mark_deleted(&ids).await?;
        let committed = match self.mailbox.commit().await {
            Ok(committed) => committed,
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) => {
                self.pipeline.events().push(Event::Failed { id: None, error });
                return self.pipeline.save_records().await;
            }
        };
        let places: HashMap<_, _> = ids.iter().zip(rows).collect();
        for id in &committed.deleted {
            if let Some(row) = places.get(id).and_then(|at| self.listing.get(*at)) {
                row.key().iter().for_each(|key| self.pipeline.mark_deleted(key));
            }
            self.pipeline.events().push(Event::Deleted { id: id.clone() });
        }
        for id in committed.unknown {
            self.pipeline.events().push(Event::DeletionUnknown { id });
        }
        self.pipeline.save_records().await
    }

    /// Marks them. A refusal is reported, and does not stop the run.
    async fn mark_deleted(&mut self, ids: &[MessageId]) -> Result<()> {
        match self.mailbox.mark_deleted(ids).await {
            Err(error) if !is_fatal(&error) => {
                self.pipeline.events().push(Event::Failed { id: None, error });
                Ok(())
            }
            other => other,
        }
    }
}

/// What arrived, judged by the message alone. A header may be empty.
fn arrival_of(message: &Message, part: Part) -> Arrival {
    let mut defects = message.defects().iter().filter(|defect| !matches!(defect, Defect::Size { .. })).peekable();
    let is_flawed = defects.peek().is_some();
    let is_missing = defects.any(|defect| *defect == Defect::Missing);
    match (is_missing, is_flawed, part) {
        (true, ..) => Arrival::Nothing,
        (_, true, _) => Arrival::Flawed,
        (.., Part::Whole) if message.bytes().is_empty() => Arrival::Nothing,
        _ => Arrival::Text,
    }
}

/// The next batch of the stream, or its end.
async fn gather(mail: &mut Messages<'_>) -> Download {
    let mut batch = Download { messages: Vec::new(), end: None };
    let mut octets = 0;
    let mut until = None;
    while batch.messages.len() < BATCH_MESSAGES && octets < BATCH_OCTETS {
        let next = match until {
            None => mail.try_next().await,
            Some(until) => match timeout_at(until, mail.try_next()).await {
                Ok(next) => next,
                Err(_) => return batch,
            },
        };
        match next {
            Ok(Some(message)) => {
                octets += message.bytes().len();
                until.get_or_insert_with(|| Instant::now() + BATCH_TIME);
                batch.messages.push(message);
            }
            Ok(None) => {
                batch.end = Some(Ok(()));
                return batch;
            }
            Err(error) => {
                batch.end = Some(Err(error));
                return batch;
            }
        }
    }
    batch
}

/// Waits for both; each makes progress while the other waits.
async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|cx: &mut Context<'_>| {
        if first.is_none()
            && let Poll::Ready(value) = one.as_mut().poll(cx)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = other.as_mut().poll(cx)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            unfinished => {
                (first, second) = unfinished;
                Poll::Pending
            }
        }
    })
    .await
}
