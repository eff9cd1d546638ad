//! Messages in doubt: what has another size than declared, or did not come. Is it gone? If not it is read again, and both readings are
//! compared. It speaks with the server by the common trait only.

use std::collections::{HashMap, HashSet};

use super::delivery::Extent;
use super::event::Event;
use super::job::{Came, Job, Left, came, gather};
use super::keeper::{Reading, digests, ends_all};
use crate::judge::Verdict;
use crate::{Error, Kind, Part, Result};

/// Messages in doubt that came again.
#[derive(Default)]
struct Pairs {
    /// With the same bytes.
    alike: Vec<Reading>,
    /// With others.
    differing: Vec<(Reading, Reading)>,
}

impl Job<'_> {
    /// Settles what is in doubt and what was left out. Afterwards each of these messages is delivered, gone or failed, but for those
    /// that the keeper calls crowded.
    pub(super) async fn resolve(&mut self, left: Left) -> Result<()> {
        let left = self.settle_doubts(left).await?;
        let again = self.fetch(&left.missing, Extent::Whole).await?;
        for at in again.missing {
            self.fail(at, Verdict::missing())?;
        }
        for at in left.absent.into_iter().chain(again.absent) {
            self.stream(at).await?;
        }
        // What came at the second time, with a doubtful size.
        self.settle_doubts(Left::default()).await.map(drop)
    }

    /// Asks once which of these messages are gone, and has those that are in doubt confirmed. What was left out, and is there, is
    /// returned.
    pub(super) async fn settle_doubts(&mut self, mut left: Left) -> Result<Left> {
        let doubts = self.keeper.take_doubts();
        let asked: Vec<_> = doubts.iter().map(|doubt| doubt.at).chain(left.rows()).collect();
        let gone = self.gone(&asked).await?;
        let (gone_doubts, doubts): (Vec<_>, Vec<_>) = doubts.into_iter().partition(|doubt| gone.contains(&doubt.at));
        self.discard(gone_doubts).await?;
        left.missing.retain(|at| !gone.contains(at));
        left.absent.retain(|at| !gone.contains(at));
        asked.iter().filter(|at| gone.contains(at)).for_each(|at| self.tell_gone(*at));
        self.confirm(doubts).await?;
        Ok(left)
    }

    /// Which of these rows' messages the server no longer has; none where it cannot tell.
    async fn gone(&mut self, rows: &[usize]) -> Result<HashSet<usize>> {
        let ids = self.ids(rows);
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        match self.mailbox.existing(&ids).await {
            Ok(there) => {
                let there: HashSet<_> = there.into_iter().collect();
                let gone = rows.iter().zip(&ids).filter(|(_, id)| !there.contains(id));
                Ok(gone.map(|(at, _)| *at).collect())
            }
            Err(error) if ends_all(&error) => Err(error),
            Err(_) => Ok(HashSet::new()),
        }
    }

    /// Reads them again, the smallest first, until the server's sizes count as estimates; then only those that are too short for that.
    async fn confirm(&mut self, mut doubts: Vec<Reading>) -> Result<()> {
        doubts.sort_unstable_by_key(|doubt| (doubt.octets, doubt.at));
        while !doubts.is_empty() {
            let is_doubtful = |doubt: &Reading| {
                doubt.declared.is_some_and(|declared| self.keeper.is_doubtful(declared, doubt.octets))
            };
            let (mut next, mut accepted): (Vec<_>, Vec<_>) = doubts.into_iter().partition(is_doubtful);
            let most = match self.keeper.book.wanting() {
                0 => next.len(),
                wanting => wanting.min(next.len()),
            };
            doubts = next.split_off(most);
            accepted.extend(self.read_again(next).await?);
            accepted.sort_unstable_by_key(|reading| reading.at);
            self.keeper.accept(&mut self.rows, accepted).await?;
        }
        Ok(())
    }

    /// Reads each of them once more, and returns what is to be accepted.
    async fn read_again(&mut self, doubts: Vec<Reading>) -> Result<Vec<Reading>> {
        let (large, small): (Vec<_>, Vec<_>) = doubts.into_iter().partition(|doubt| self.is_streamed(doubt));
        let mut pairs = Pairs::default();
        self.fetch_again(small, &mut pairs).await?;
        for first in large {
            match self.read(first.at).await {
                Ok(second) => self.compare_staged(first, second, &mut pairs).await?,
                Err(error) => {
                    let at = first.at;
                    self.discard(vec![first]).await?;
                    self.lost(at, error).await?;
                }
            }
        }
        self.keep_second(pairs).await
    }

    async fn compare_staged(&mut self, first: Reading, second: Reading, pairs: &mut Pairs) -> Result<()> {
        let Some(row) = self.rows.get(first.at) else { return Ok(()) };
        match self.keeper.is_alike(row, &first, &second.digests) {
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

    /// Reads those that fit in memory by one stream.
    async fn fetch_again(&mut self, doubts: Vec<Reading>, pairs: &mut Pairs) -> Result<()> {
        let rows: Vec<_> = doubts.iter().map(|doubt| doubt.at).collect();
        let ids = self.ids(&rows);
        if ids.is_empty() {
            return Ok(());
        }
        let mut open: HashMap<_, _> = ids.iter().zip(doubts).collect();
        let refused = match self.mailbox.messages(&ids, Part::Whole).await {
            Err(error) => Err(error),
            Ok(mut mail) => loop {
                let batch = gather(&mut mail).await;
                let texts = batch.messages.into_iter().filter(|message| came(message, Part::Whole) == Came::Text);
                let texts = texts.filter_map(|message| Some((open.get(message.id())?.at, message))).collect::<Vec<_>>();
                for ((at, message), digests) in texts.iter().zip(digests(&texts).await?) {
                    let (Some(row), Some(first)) = (self.rows.get(*at), open.remove(message.id())) else { continue };
                    if self.keeper.is_alike(row, &first, &digests) {
                        pairs.alike.push(first);
                        continue;
                    }
                    match self.keeper.stage_again(row, *at, message.bytes().clone(), digests).await {
                        Ok(second) => pairs.differing.push((first, second)),
                        Err(error) => {
                            self.keeper.discard(&[first.ticket]).await?;
                            self.keeper.fail(row, error)?;
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
            Err(error) if ends_all(&error) => Err(error),
            refused => self.never_again(left, refused.err()).await,
        }
    }

    /// Of messages that differ the second reading is kept, unless it is what the server says of a message that has gone meanwhile.
    async fn keep_second(&mut self, pairs: Pairs) -> Result<Vec<Reading>> {
        let Pairs { alike: mut accepted, differing } = pairs;
        let rows: Vec<_> = differing.iter().map(|(first, _)| first.at).collect();
        let gone = self.gone(&rows).await?;
        for (first, second) in differing {
            let Some(row) = self.rows.get(first.at) else { continue };
            match gone.contains(&first.at) {
                true => {
                    self.tell_gone(first.at);
                    self.discard(vec![first, second]).await?;
                }
                false => accepted.push(self.keeper.keep_second(row, first, second).await?),
            }
        }
        Ok(accepted)
    }

    /// They came with a doubtful size, and not once more.
    async fn never_again(&mut self, left: Vec<Reading>, refused: Option<Error>) -> Result<()> {
        let mut rows: Vec<_> = left.iter().map(|first| first.at).collect();
        rows.sort_unstable();
        self.discard(left).await?;
        let gone = self.gone(&rows).await?;
        let why = || Error::new(Kind::Missing, "the message came with another size than declared, and not once more");
        for at in rows {
            match gone.contains(&at) {
                true => self.tell_gone(at),
                false => self.fail(at, refused.clone().unwrap_or_else(why))?,
            }
        }
        Ok(())
    }

    /// A message could not be brought by itself: because it is gone?
    pub(super) async fn lost(&mut self, at: usize, error: Error) -> Result<()> {
        let is_of_the_server = matches!(error.kind(), Kind::Rejected | Kind::Missing);
        if is_of_the_server && self.gone(&[at]).await?.contains(&at) {
            self.tell_gone(at);
            return Ok(());
        }
        self.fail(at, error)
    }

    async fn discard(&mut self, readings: Vec<Reading>) -> Result<()> {
        let tickets: Vec<_> = readings.into_iter().map(|reading| reading.ticket).collect();
        self.keeper.discard(&tickets).await
    }

    pub(super) fn fail(&self, at: usize, error: Error) -> Result<()> {
        self.rows.get(at).map_or(Ok(()), |row| self.keeper.fail(row, error))
    }

    fn tell_gone(&self, at: usize) {
        if let Some(row) = self.rows.get(at) {
            self.keeper.log.tell(Event::Gone { id: row.entry.id.clone() });
        }
    }

    /// Whether it is too large to be read again in memory.
    fn is_streamed(&self, doubt: &Reading) -> bool {
        self.is_large(doubt.at) || doubt.octets > super::job::LARGE
    }
}
