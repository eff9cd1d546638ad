//! Messages in doubt: those of another size than declared, and those that did not come. If a message is not gone, it is read again, and
//! both readings are compared. It uses the server only by the common trait.

use std::collections::{HashMap, HashSet};

use super::pipeline::{Reading, digests, is_fatal};
use super::{Arrival, LARGE, Left, Transfer, arrival_of, gather};
use crate::collect::delivery::Extent;
use crate::collect::event::Event;
use crate::judge::Verdict;
use crate::{Error, Kind, Part, Result};

/// Messages in doubt that came again.
#[derive(Default)]
struct Pairs {
    /// Whose first reading is kept: the second has the same bytes.
    alike: Vec<Reading>,
    /// The first and the second reading, with different bytes.
    differing: Vec<(Reading, Reading)>,
}

impl Transfer<'_> {
    /// Decides about the messages that wait to be confirmed and those that did not come. Afterwards each is delivered, gone, failed or
    /// postponed.
    pub(super) async fn recheck(&mut self, left: Left) -> Result<()> {
        let left = self.confirm_doubts(left).await?;
        let again = self.fetch(&left.missing, Extent::Whole).await?;
        for at in again.missing {
            self.fail(at, Verdict::missing())?;
        }
        for at in left.absent.into_iter().chain(again.absent) {
            self.download_one(at).await?;
        }
        // Messages that came the second time, with a doubtful size.
        self.confirm_doubts(Left::default()).await.map(drop)
    }

    /// Asks once which of these messages are gone, and confirms those that wait. Returns the messages that did not come and are there.
    pub(super) async fn confirm_doubts(&mut self, mut left: Left) -> Result<Left> {
        let doubts = self.pipeline.take_unconfirmed();
        let asked: Vec<_> = doubts.iter().map(|doubt| doubt.at).chain(left.rows()).collect();
        let gone = self.gone(&asked).await?;
        let (gone_doubts, doubts): (Vec<_>, Vec<_>) = doubts.into_iter().partition(|doubt| gone.contains(&doubt.at));
        self.discard(gone_doubts).await?;
        left.missing.retain(|at| !gone.contains(at));
        left.absent.retain(|at| !gone.contains(at));
        asked.iter().filter(|at| gone.contains(at)).for_each(|at| self.report_gone(*at));
        self.confirm(doubts).await?;
        Ok(left)
    }

    /// The rows whose messages the server no longer has; none if it cannot say.
    async fn gone(&mut self, rows: &[usize]) -> Result<HashSet<usize>> {
        let ids = self.listing.ids(rows);
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        match self.mailbox.existing(&ids).await {
            Ok(there) => {
                let there: HashSet<_> = there.into_iter().collect();
                let gone = rows.iter().zip(&ids).filter(|(_, id)| !there.contains(id));
                Ok(gone.map(|(at, _)| *at).collect())
            }
            Err(error) if is_fatal(&error) => Err(error),
            Err(_) => Ok(HashSet::new()),
        }
    }

    /// Reads them again, the smallest first, until the server's sizes count as estimates; then only those that are too short for an
    /// estimate.
    async fn confirm(&mut self, mut doubts: Vec<Reading>) -> Result<()> {
        doubts.sort_unstable_by_key(|doubt| (doubt.octets, doubt.at));
        while !doubts.is_empty() {
            let is_doubtful = |doubt: &Reading| {
                doubt.declared.is_some_and(|declared| self.pipeline.is_doubtful(declared, doubt.octets))
            };
            let (mut next, mut accepted): (Vec<_>, Vec<_>) = doubts.into_iter().partition(is_doubtful);
            let most = match self.pipeline.records().confirmations_needed() {
                0 => next.len(),
                wanting => wanting.min(next.len()),
            };
            doubts = next.split_off(most);
            accepted.extend(self.read_again(next).await?);
            accepted.sort_unstable_by_key(|reading| reading.at);
            self.pipeline.accept(&mut self.listing, accepted).await?;
        }
        Ok(())
    }

    /// Reads each of them once more, and returns the readings to accept.
    async fn read_again(&mut self, doubts: Vec<Reading>) -> Result<Vec<Reading>> {
        let (large, small): (Vec<_>, Vec<_>) = doubts.into_iter().partition(|doubt| self.is_streamed(doubt));
        let mut pairs = Pairs::default();
        self.fetch_again(small, &mut pairs).await?;
        for first in large {
            match self.stage_one(first.at).await {
                Ok(second) => self.compare_staged(first, second, &mut pairs).await?,
                Err(error) => {
                    let at = first.at;
                    self.discard(vec![first]).await?;
                    self.failed_alone(at, error).await?;
                }
            }
        }
        self.keep_second(pairs).await
    }

    async fn compare_staged(&mut self, first: Reading, second: Reading, pairs: &mut Pairs) -> Result<()> {
        let Some(row) = self.listing.get(first.at) else { return Ok(()) };
        match self.pipeline.is_alike(row, &first, &second.digests) {
            true => {
                pairs.alike.push(first);
                self.discard(vec![second]).await
            }
            false => {
                pairs.differing.push((first, second));
                Ok(())
            }
        }
    }

    /// Reads those that fit in memory, by one stream.
    async fn fetch_again(&mut self, doubts: Vec<Reading>, pairs: &mut Pairs) -> Result<()> {
        let rows: Vec<_> = doubts.iter().map(|doubt| doubt.at).collect();
        let ids = self.listing.ids(&rows);
        if ids.is_empty() {
            return Ok(());
        }
        let mut open: HashMap<_, _> = ids.iter().zip(doubts).collect();
        let refused = match self.mailbox.messages(&ids, Part::Whole).await {
            Err(error) => Err(error),
            Ok(mut mail) => loop {
                let batch = gather(&mut mail).await;
                let texts =
                    batch.messages.into_iter().filter(|message| arrival_of(message, Part::Whole) == Arrival::Text);
                let texts = texts.filter_map(|message| Some((open.get(message.id())?.at, message))).collect::<Vec<_>>();
                for ((at, message), digests) in texts.iter().zip(digests(&texts).await?) {
                    let (Some(row), Some(first)) = (self.listing.get(*at), open.remove(message.id())) else { continue };
                    if self.pipeline.is_alike(row, &first, &digests) {
                        pairs.alike.push(first);
                        continue;
                    }
                    match self.pipeline.stage_again(row, *at, message.bytes().clone(), digests).await {
                        Ok(second) => pairs.differing.push((first, second)),
                        Err(error) => {
                            self.pipeline.discard(&[first.ticket]).await?;
                            self.pipeline.fail(row, error)?;
                        }
                    }
                }
                if let Some(end) = batch.end {
                    break end;
                }
            },
        };
        let left: Vec<_> = open.into_values().collect();
        match refused {
            Err(error) if is_fatal(&error) => Err(error),
            refused => self.fail_unrepeated(left, refused.err()).await,
        }
    }

    /// Keeps the second reading of messages that differ, unless the message is gone: then the second text may be the server's notice of
    /// that.
    async fn keep_second(&mut self, pairs: Pairs) -> Result<Vec<Reading>> {
        let Pairs { alike: mut accepted, differing } = pairs;
        let rows: Vec<_> = differing.iter().map(|(first, _)| first.at).collect();
        let gone = self.gone(&rows).await?;
        for (first, second) in differing {
            let Some(row) = self.listing.get(first.at) else { continue };
            match gone.contains(&first.at) {
                true => {
                    self.report_gone(first.at);
                    self.discard(vec![first, second]).await?;
                }
                false => accepted.push(self.pipeline.keep_second(row, first, second).await?),
            }
        }
        Ok(accepted)
    }

    /// They came with a doubtful size, and did not come again.
    async fn fail_unrepeated(&mut self, left: Vec<Reading>, refused: Option<Error>) -> Result<()> {
        let mut rows: Vec<_> = left.iter().map(|first| first.at).collect();
        rows.sort_unstable();
        self.discard(left).await?;
        let gone = self.gone(&rows).await?;
        let why =
            || Error::new(Kind::Missing, "the message has another size than declared, and did not come a second time");
        for at in rows {
            match gone.contains(&at) {
                true => self.report_gone(at),
                false => self.fail(at, refused.clone().unwrap_or_else(why))?,
            }
        }
        Ok(())
    }

    /// A message that was read alone failed: it may be gone.
    pub(super) async fn failed_alone(&mut self, at: usize, error: Error) -> Result<()> {
        let is_of_server = matches!(error.kind(), Kind::Rejected | Kind::Missing);
        if is_of_server && self.gone(&[at]).await?.contains(&at) {
            self.report_gone(at);
            return Ok(());
        }
        self.fail(at, error)
    }

    async fn discard(&mut self, readings: Vec<Reading>) -> Result<()> {
        let tickets: Vec<_> = readings.into_iter().map(|reading| reading.ticket).collect();
        self.pipeline.discard(&tickets).await
    }

    pub(super) fn fail(&self, at: usize, error: Error) -> Result<()> {
        self.listing.get(at).map_or(Ok(()), |row| self.pipeline.fail(row, error))
    }

    fn report_gone(&self, at: usize) {
        if let Some(row) = self.listing.get(at) {
            self.pipeline.events().push(Event::Gone { id: row.id().clone() });
        }
    }

    /// Whether it is too large to be read again into memory.
    fn is_streamed(&self, doubt: &Reading) -> bool {
        self.is_large(doubt.at) || doubt.octets > LARGE
    }
}
