//! One run, from the ledger's records to QUIT: RETR, durable delivery, ledger, DELE, QUIT, in this order. It speaks with the server
//! by the common trait only, and stores through the [`Keeper`].

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::book::{Standing, lasting};
use super::delivery::Extent;
use super::digest::Digests;
use super::event::Event;
use super::keeper::{Keeper, MOST_DOUBTED, Reading, ends_all};
use super::plan::{Plan, Step};
use super::policy::Policy;
use super::row::{self, Row};
use crate::judge::Verdict;
use crate::{Defect, Error, Mailbox, Message, MessageId, Messages, Part, Result};

/// Messages above this size, in octets, are streamed one by one.
pub(super) const LARGE: u64 = 1 << 20;
/// A batch is delivered when it has so many messages,
const BATCH_MESSAGES: usize = 256;
/// or so many octets,
const BATCH_OCTETS: usize = 2 << 20;
/// or has waited so long.
const BATCH_TIME: Duration = Duration::from_secs(2);
/// So many messages are asked for at once: what is kept for each of them ends with their stream.
const STREAM: usize = 4096;

pub(super) struct Job<'a> {
    pub(super) mailbox: &'a mut dyn Mailbox,
    pub(super) keeper: Keeper<'a>,
    pub(super) policy: &'a Policy,
    pub(super) rows: Vec<Row>,
}

/// Messages that came together.
pub(super) struct Batch {
    pub(super) messages: Vec<Message>,
    /// How the stream has ended, where it has.
    pub(super) end: Option<Result<()>>,
}

/// What a stream brought of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Came {
    /// All of it, or so it seems: its size may be another than declared.
    Text,
    /// The message without text.
    Nothing,
    /// Refused, too large, or not to be read: the message alone may come without a flaw.
    Flawed,
}

/// The rows of messages that a stream did not bring.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Which came without text.
    pub(super) missing: Vec<usize>,
    /// Which came with a flaw, or not at all.
    pub(super) absent: Vec<usize>,
}

impl Left {
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        self.missing.iter().chain(&self.absent).copied()
    }
}

impl Job<'_> {
    pub(super) async fn run(mut self) -> Result<()> {
        self.keeper.recover().await?;
        self.list().await?;
        let brought = self.bring().await;
        // What was delivered is noted, however the rest went.
        let noted = self.keeper.note().await;
        brought.and(noted)?;
        self.delete().await
    }

    /// What would happen; nothing is stored.
    pub(super) async fn plan(mut self) -> Result<Plan> {
        self.list().await?;
        Ok(row::plan(&self.rows, self.policy, self.keeper.now))
    }

    async fn list(&mut self) -> Result<()> {
        let entries = self.mailbox.entries().await?;
        let standings = self.keeper.book.meet(&entries, self.keeper.now);
        self.rows = entries.into_iter().zip(standings).map(|(entry, standing)| Row::new(entry, standing)).collect();
        if self.policy.has_budget() {
            self.presume().await?;
        }
        Ok(())
    }

    /// With a budget, messages whose names do not last must not be brought again and again before those that are new.
    async fn presume(&mut self) -> Result<()> {
        let known = self.keeper.book.free_headers();
        if known.is_empty() {
            return Ok(());
        }
        let unnamed = self.those(|row| !row.entry.id.is_lasting());
        for (at, header) in self.headers(&unnamed).await? {
            if let Some(row) = self.rows.get_mut(at) {
                row.presumed = known.contains(&header.header);
            }
        }
        Ok(())
    }

    /// A name may have come to mean another message since. So a message that an earlier run collected is deleted only where its
    /// header is still the same; where it is not, the message is brought like a new one.
    async fn check(&mut self) -> Result<()> {
        let steps = row::steps(&self.rows, self.policy);
        let mut goes = row::would_go(&self.rows, &steps, self.policy, self.keeper.now).into_iter();
        let leaving = self.those(|row| goes.next() == Some(true) && matches!(row.standing, Standing::Known(_)));
        let mut headers = self.headers(&leaving).await?;
        for at in leaving {
            let Some(row) = self.rows.get_mut(at) else { continue };
            match headers.remove(&at) {
                Some(header) if self.keeper.book.has_header(&row.entry, header.header) => row.seen = true,
                _ => (row.standing, row.safe) = (Standing::Doubtful, None),
            }
        }
        Ok(())
    }

    /// The numbers of such rows.
    fn those(&self, mut which: impl FnMut(&Row) -> bool) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(at, row)| which(row).then_some(at)).collect()
    }

    pub(super) fn ids(&self, rows: &[usize]) -> Vec<MessageId> {
        rows.iter().filter_map(|at| self.rows.get(*at)).map(|row| row.entry.id.clone()).collect()
    }

    /// The digests of the headers of these messages, as far as the server gives them.
    async fn headers(&mut self, rows: &[usize]) -> Result<HashMap<usize, Digests>> {
        let ids = self.ids(rows);
        let places: HashMap<_, _> = ids.iter().zip(rows).collect();
        let mut digests = HashMap::new();
        if ids.is_empty() {
            return Ok(digests);
        }
        let read = async {
            let mut mail = self.mailbox.messages(&ids, Part::Header).await?;
            while let Some(message) = mail.try_next().await? {
                if let Some(at) = places.get(message.id()).filter(|_| came(&message, Part::Header) == Came::Text) {
                    digests.insert(**at, Digests::of(message.bytes()));
                }
            }
            Ok(())
        };
        match read.await {
            Err(error) if ends_all(&error) => Err(error),
            _ => Ok(digests),
        }
    }

    async fn bring(&mut self) -> Result<()> {
        self.check().await?;
        let steps = row::steps(&self.rows, self.policy);
        self.tell(&steps);
        let of = |wanted: &[Step]| -> Vec<usize> {
            (0..).zip(&steps).filter_map(|(at, step)| wanted.contains(step).then_some(at)).collect()
        };
        let mut wanted = VecDeque::from(of(&[Step::Collect, Step::Examine]));
        // Until a group has come without a doubt, no more is brought at once than can wait for its confirmation.
        let mut most = if self.keeper.book.wanting() == 0 { u64::MAX } else { MOST_DOUBTED };
        while let Some(group) = self.next_group(&mut wanted, most) {
            let is_large = group.len() == 1 && group.iter().all(|at| self.is_large(*at));
            let left = match group.as_slice() {
                [at] if is_large => {
                    self.stream(*at).await?;
                    Left::default()
                }
                group => self.fetch(group, Extent::Whole).await?,
            };
            if self.keeper.doubts.is_empty() {
                most = u64::MAX;
            }
            if !is_large || self.keeper.is_crowded() {
                self.resolve(left).await?;
            }
            std::mem::take(&mut self.keeper.crowded).into_iter().rev().for_each(|at| wanted.push_front(at));
        }
        self.resolve(Left::default()).await?;
        self.bring_headers(&of(&[Step::CollectHeader])).await?;
        if !steps.contains(&Step::Wait) && self.keeper.log.summary().failed == 0 {
            self.keeper.book.nameless_gone(self.keeper.now);
        }
        Ok(())
    }

    /// A header that does not come is asked for once more, unless its message is gone.
    async fn bring_headers(&mut self, wanted: &[usize]) -> Result<()> {
        let left = self.fetch(wanted, Extent::Header).await?;
        let mut there: Vec<usize> = self.settle_doubts(left).await?.rows().collect();
        there.sort_unstable();
        let left = self.fetch(&there, Extent::Header).await?;
        left.missing.iter().try_for_each(|at| self.fail(*at, Verdict::missing()))?;
        left.absent.iter().try_for_each(|at| self.missing(*at))
    }

    fn tell(&self, steps: &[Step]) {
        let plan = row::plan(&self.rows, self.policy, self.keeper.now);
        let wanted = plan.count(Step::Collect) + plan.count(Step::Examine) + plan.count(Step::CollectHeader);
        self.keeper.log.waiting(steps.iter().filter(|step| **step == Step::Wait).count());
        self.keeper.log.tell(Event::Listed { messages: self.rows.len(), wanted, octets: plan.octets() });
        match self.mailbox.listing_flaws() {
            0 => {}
            flaws => self.keeper.log.tell(Event::ListingFlawed(flaws)),
        }
    }

    /// The next small messages that stand together, or the next large one alone, in order.
    fn next_group(&self, wanted: &mut VecDeque<usize>, most: u64) -> Option<Vec<usize>> {
        let first = wanted.pop_front()?;
        let size = |at: usize| self.rows.get(at).and_then(|row| row.entry.size).unwrap_or_default();
        let (mut group, mut octets) = (vec![first], size(first));
        while let Some(&next) = wanted.front()
            && !self.is_large(first)
            && !self.is_large(next)
            && group.len() < STREAM
            && octets.saturating_add(size(next)) <= most
        {
            octets += size(next);
            group.push(next);
            wanted.pop_front();
        }
        Some(group)
    }

    pub(super) fn is_large(&self, at: usize) -> bool {
        self.rows.get(at).and_then(|row| row.entry.size).is_some_and(|size| size > LARGE)
    }

    /// Brings these messages by one stream; those that did not come, or not whole, are returned. While a batch is delivered the next
    /// one comes.
    pub(super) async fn fetch(&mut self, wanted: &[usize], extent: Extent) -> Result<Left> {
        let ids = self.ids(wanted);
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
            Err(error) if ends_all(&error) => return Err(error),
            Err(_) => return Ok(Left { absent: wanted.to_vec(), ..left }),
        };
        let mut batch = gather(&mut mail).await;
        loop {
            let mut arrived = Vec::with_capacity(batch.messages.len());
            for message in batch.messages {
                let Some(at) = places.remove(message.id()) else { continue };
                match came(&message, part) {
                    Came::Text => arrived.push((at, message)),
                    Came::Nothing => left.missing.push(at),
                    Came::Flawed => left.absent.push(at),
                }
            }
            let settled = self.keeper.settle(&mut self.rows, arrived, extent);
            if let Some(end) = batch.end {
                settled.await?;
                return match end {
                    Err(error) if ends_all(&error) => Err(error),
                    _ => {
                        left.absent.extend(places.into_values());
                        left.missing.sort_unstable();
                        left.absent.sort_unstable();
                        Ok(left)
                    }
                };
            }
            let next = both(gather(&mut mail), settled).await;
            next.1?;
            batch = next.0;
        }
    }

    /// Brings one message by itself.
    pub(super) async fn stream(&mut self, at: usize) -> Result<()> {
        match self.read(at).await {
            Ok(reading) => self.keeper.settle_stream(&mut self.rows, reading).await,
            Err(error) => self.lost(at, error).await,
        }
    }

    /// Stages one message by itself.
    pub(super) async fn read(&mut self, at: usize) -> Result<Reading> {
        let row = self.rows.get(at).ok_or_else(Verdict::missing)?;
        let body = self.mailbox.open(&row.entry.id).await?;
        self.keeper.stage_stream(row, at, body).await
    }

    fn missing(&self, at: usize) -> Result<()> {
        let why = || Error::new(crate::Kind::Rejected, "the server did not give the header");
        self.rows.get(at).map_or(Ok(()), |row| self.keeper.fail(row, why()))
    }

    /// Deletes what the policy lets go, and makes it certain. Where that is nothing, the mailbox stays as it is: a POP3 session goes on.
    async fn delete(&mut self) -> Result<()> {
        let mut goes = row::goes(&self.rows, self.policy, self.keeper.now).into_iter();
        let going = self.those(|_| goes.next() == Some(true));
        let ids = self.ids(&going);
        if ids.is_empty() {
            return self.keeper.note().await;
        }
        self.ask(&ids).await?;
        let committed = match self.mailbox.commit().await {
            Ok(committed) => committed,
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) => {
                self.keeper.log.tell(Event::Failed { id: None, error });
                return self.keeper.note().await;
            }
        };
        let places: HashMap<_, _> = ids.iter().zip(going).collect();
        for id in &committed.deleted {
            if let Some(row) = places.get(id).and_then(|at| self.rows.get(*at)) {
                let key = row.nameless.as_deref().map(str::to_owned).or_else(|| lasting(&row.entry));
                key.iter().for_each(|key| self.keeper.book.deleted(key, self.keeper.now));
            }
            self.keeper.log.tell(Event::Deleted { id: id.clone() });
        }
        for id in committed.unknown {
            self.keeper.log.tell(Event::DeletionUnknown { id });
        }
        self.keeper.note().await
    }

    /// Marks them. What the server will not mark is told, and is no hindrance for the others.
    async fn ask(&mut self, ids: &[MessageId]) -> Result<()> {
        match self.mailbox.mark_deleted(ids).await {
            Err(error) if !ends_all(&error) => {
                self.keeper.log.tell(Event::Failed { id: None, error });
                Ok(())
            }
            other => other,
        }
    }
}

/// What came, as far as it says itself. A header may be empty.
pub(super) fn came(message: &Message, part: Part) -> Came {
    let mut defects = message.defects().iter().filter(|defect| !matches!(defect, Defect::Size { .. })).peekable();
    let is_flawed = defects.peek().is_some();
    let is_missing = defects.any(|defect| *defect == Defect::Missing);
    match (is_missing, is_flawed, part) {
        (true, ..) => Came::Nothing,
        (_, true, _) => Came::Flawed,
        (.., Part::Whole) if message.bytes().is_empty() => Came::Nothing,
        _ => Came::Text,
    }
}

/// The next messages of the stream, or its end.
pub(super) async fn gather(mail: &mut Messages<'_>) -> Batch {
    let mut batch = Batch { messages: Vec::new(), end: None };
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

/// Waits for both, each going on while the other waits.
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
