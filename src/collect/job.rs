//! One run, from the ledger's records to QUIT: RETR, durable delivery, ledger, DELE, QUIT, in this order. It speaks with the server
//! by the common trait only, and stores through the [`Keeper`].

use std::collections::HashMap;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::book::{Standing, lasting};
use super::delivery::Extent;
use super::digest::Digests;
use super::event::Event;
use super::keeper::{Keeper, ends_all};
use super::plan::{Plan, Step};
use super::policy::Policy;
use super::row::{self, Row};
use crate::{Defect, Error, Mailbox, Message, MessageId, Messages, Part, Result};

/// Messages above this size, in octets, are streamed one by one.
const LARGE: u64 = 1 << 20;
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
struct Batch {
    messages: Vec<Message>,
    /// How the stream has ended, where it has.
    end: Option<Result<()>>,
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

    fn ids(&self, rows: &[usize]) -> Vec<MessageId> {
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
            let mut mail = self.mailbox.fetch(&ids, Part::Header).await?;
            while let Some(message) = mail.try_next().await? {
                if let Some(at) = places.get(message.id()).filter(|_| is_complete(&message)) {
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
        let mut left = Vec::new();
        for group in self.groups(&of(&[Step::Collect, Step::Examine])) {
            match group.as_slice() {
                [at] if self.is_large(*at) => self.stream(*at).await?,
                group => left.extend(self.fetch(group, Extent::Whole).await?),
            }
        }
        // Left out since they were refused, are larger than was said, or gone: each alone tells which.
        for at in left {
            self.stream(at).await?;
        }
        for at in self.fetch(&of(&[Step::CollectHeader]), Extent::Header).await? {
            self.missing(at)?;
        }
        if !steps.contains(&Step::Wait) && self.keeper.log.summary().failed == 0 {
            self.keeper.book.nameless_gone(self.keeper.now);
        }
        Ok(())
    }

    fn tell(&self, steps: &[Step]) {
        let plan = row::plan(&self.rows, self.policy, self.keeper.now);
        let wanted = plan.count(Step::Collect) + plan.count(Step::Examine) + plan.count(Step::CollectHeader);
        self.keeper.log.waiting(steps.iter().filter(|step| **step == Step::Wait).count());
        self.keeper.log.tell(Event::Listed { messages: self.rows.len(), wanted, octets: plan.octets() });
    }

    /// Small messages that stand together, and large ones alone, in order.
    fn groups(&self, rows: &[usize]) -> Vec<Vec<usize>> {
        let alike = rows.chunk_by(|one, other| !self.is_large(*one) && !self.is_large(*other));
        alike.flat_map(|group| group.chunks(STREAM)).map(<[_]>::to_vec).collect()
    }

    fn is_large(&self, at: usize) -> bool {
        self.rows.get(at).and_then(|row| row.entry.size).is_some_and(|size| size > LARGE)
    }

    /// Brings these messages by one stream; those that it left out are returned. While a batch is delivered the next one comes.
    async fn fetch(&mut self, wanted: &[usize], extent: Extent) -> Result<Vec<usize>> {
        let ids = self.ids(wanted);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut places: HashMap<_, _> = ids.iter().cloned().zip(wanted.iter().copied()).collect();
        let part = match extent {
            Extent::Whole => Part::Whole,
            Extent::Header => Part::Header,
        };
        let mut mail = match self.mailbox.fetch(&ids, part).await {
            Ok(mail) => mail,
            Err(error) if ends_all(&error) => return Err(error),
            Err(_) => return Ok(wanted.to_vec()),
        };
        let mut batch = gather(&mut mail).await;
        loop {
            // What has a flaw is not stored as it is: the message alone may come without.
            batch.messages.retain(is_complete);
            let arrived = batch.messages.into_iter();
            let arrived = arrived.filter_map(|message| places.remove(message.id()).map(|at| (at, message))).collect();
            let settled = self.keeper.settle(&mut self.rows, arrived, extent);
            if let Some(end) = batch.end {
                settled.await?;
                return match end {
                    Err(error) if ends_all(&error) => Err(error),
                    _ => {
                        let mut left: Vec<_> = places.into_values().collect();
                        left.sort_unstable();
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
    async fn stream(&mut self, at: usize) -> Result<()> {
        let Some(row) = self.rows.get_mut(at) else { return Ok(()) };
        let id = row.entry.id.clone();
        match self.mailbox.read(&id).await {
            Ok(body) => self.keeper.settle_stream(row, body).await,
            Err(error) => self.keeper.fail(row, error),
        }
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
        match self.mailbox.delete(ids).await {
            Err(error) if !ends_all(&error) => {
                self.keeper.log.tell(Event::Failed { id: None, error });
                Ok(())
            }
            other => other,
        }
    }
}

/// Whether all of the message came, as far as it says itself. Servers err about sizes.
fn is_complete(message: &Message) -> bool {
    message.defects().iter().all(|defect| matches!(defect, Defect::Size { .. }))
}

/// The next messages of the stream, or its end.
async fn gather(mail: &mut Messages<'_>) -> Batch {
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
