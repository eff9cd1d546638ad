//! [`Fetch`]: the messages of one fetch, as a stream. It parses responses on the task that reads the stream and checks
//! at the end that everything arrived. The engine decides which responses are answers; nothing here touches a socket.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::asked::Asked;
use super::existing::{Existing, Presence};
use super::joining::{PartialMessages, join, without_text};
use super::saved::SavedSet;
use crate::defect::Reason;
use crate::error::{Error, Kind, Result};
use crate::imap::call::{ImapInbox, ImapLink};
use crate::imap::codec::{self, FetchedBatch, UnreadableFetch};
use crate::imap::command::fetch::{Modifiers, plan_answered_by, plan_saved};
use crate::imap::engine::{Coverage, Delivery, Request};
use crate::imap::limited::Descent;
use crate::imap::types::{Fetched, Items, LimitCut, Progress, Ranges, Uid, Uids};
use crate::limits::Limits;

/// The most unreadable responses that are kept for [`Fetch::unreadable`].
const MOST_UNREADABLE: usize = 1000;
/// The most missing messages that are delivered as such. If there are more, the stream ends with an error.
const MOST_MISSING: u64 = 1000;

/// The messages of one fetch, in the order in which the server sends them.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, Uids};
///
/// let mut inbox = imap.select("INBOX").await?;
/// let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await?;
/// while let Some(message) = mail.try_next().await? {
///     println!("{:?}", message.flags());
/// }
/// assert!(mail.unreadable().is_empty());
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// An `Err` is always the end of the stream. A message with an unreadable attribute is delivered with
/// [`defects`](Fetched::defects); a response that is unreadable as a whole is kept in [`unreadable`](Self::unreadable).
/// A message that was expunged meanwhile is not delivered.
///
/// If the server sends fewer messages than it has, NOOP and UID SEARCH ask in one round trip which of the missing ones
/// exist, and those are fetched once more. A message that is still not sent is delivered with its UID only and
/// [`Defect::Missing`](crate::Defect::Missing). If there are more than 1,000 of them, the stream ends with
/// [`Kind::Missing`](crate::Kind::Missing); also if the server refuses that search: then the refusal is the error's
/// source.
///
/// If the server stops at its limit of messages (MESSAGELIMIT, RFC 9738), the rest is fetched, with one round trip each
/// time; if it makes no progress, the stream ends with an error of that code.
///
/// At most [`Limits::window`](crate::Limits::window) bytes wait for a slow reader; then the connection is not read, and
/// the server waits. The stream may be dropped early: the rest is still transferred and discarded. For a huge rest it
/// is cheaper to drop the session.
pub struct Fetch<'a> {
    link: ImapLink,
    limits: Limits,
    selection: u64,
    items: Items,
    uids: Uids,
    /// The saved result that is fetched; then the set is all messages.
    saved: Option<SavedSet>,
    modifiers: Modifiers,
    /// The part of the set that was fetched last.
    asked: SetPart,
    /// Parts of a long set that are still to be fetched.
    rest: VecDeque<SetPart>,
    /// Where the server stopped at its limit of messages.
    cut: Option<LimitCut>,
    /// Whether the mailbox is empty.
    of_empty_mailbox: bool,
    inbox: Option<ImapInbox>,
    batch: FetchedBatch,
    coverage: Coverage,
    partial: PartialMessages,
    ready: VecDeque<Fetched>,
    stage: FetchStage,
    before: Option<Count>,
    answered: Uids,
    vanished: Ranges,
    unreadable: Vec<UnreadableFetch>,
    progress: Option<Progress>,
    /// Borrows the folder.
    _folder: PhantomData<&'a ()>,
}

/// How far the stream has come.
enum FetchStage {
    Fetching,
    /// Fewer messages arrived than seem to exist.
    Checking(Box<Existing>),
    /// These messages were fetched once more.
    Refetching(Uids),
    Ended,
}

/// A set that is short enough for one line, and how far the server has come with it.
#[derive(Debug)]
struct SetPart {
    uids: Uids,
    descent: Descent,
}

/// The number of messages in the mailbox, and of those expunged in this session.
#[derive(Clone, Copy, Debug)]
struct Count {
    exists: u64,
    expunged: u64,
}

impl Fetch<'_> {
    pub(super) fn new(link: &ImapLink, limits: &Limits, selection: u64, asked: Asked) -> Result<Self> {
        let mut fetch = Self::begin(link, limits, selection, asked);
        fetch.fetch_next()?;
        Ok(fetch)
    }

    /// A fetch whose first part was submitted already.
    pub(super) fn begun(link: &ImapLink, limits: &Limits, selection: u64, asked: Asked, inbox: ImapInbox) -> Self {
        let mut fetch = Self { inbox: Some(inbox), ..Self::begin(link, limits, selection, asked) };
        if let Some(first) = fetch.rest.pop_front() {
            fetch.asked = first;
        }
        fetch
    }

    fn begin(link: &ImapLink, limits: &Limits, selection: u64, asked: Asked) -> Self {
        let before = Count::of(link, selection);
        let mut fetch = Self {
            link: link.clone(),
            limits: limits.clone(),
            selection,
            items: asked.items,
            uids: asked.uids,
            saved: asked.saved,
            modifiers: asked.modifiers,
            asked: SetPart { uids: Uids::new(), descent: Descent::new(0) },
            rest: VecDeque::new(),
            cut: None,
            of_empty_mailbox: false,
            inbox: None,
            batch: FetchedBatch::default(),
            coverage: Coverage::Whole,
            partial: PartialMessages::default(),
            ready: VecDeque::new(),
            stage: FetchStage::Fetching,
            before,
            answered: Uids::default(),
            vanished: Ranges::default(),
            unreadable: Vec::new(),
            progress: None,
            _folder: PhantomData,
        };
        fetch.queue_parts(asked.parts);
        fetch
    }

    /// For a mailbox that turned out to be empty: some servers refuse a set that matches nothing.
    pub(super) fn of_empty_mailbox(self) -> Self {
        Self { rest: VecDeque::new(), ..self.tolerant() }
    }

    /// For a mailbox that is empty: a server may refuse the set.
    pub(super) fn tolerant(self) -> Self {
        Self { of_empty_mailbox: true, ..self }
    }

    /// Waits for the next message; `None` at the end. Cancel-safe: dropping this future loses no message.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Uids};
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{:?}", message.subject());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The end of the stream: [`Kind::Missing`](crate::Kind::Missing), [`Kind::Closed`](crate::Kind::Closed) if the
    /// mailbox is no longer selected, [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses, and the errors
    /// of [every command](super::Imap#errors-of-every-command).
    pub async fn try_next(&mut self) -> Result<Option<Fetched>> {
        poll_fn(|cx| self.poll_fetched(cx)).await
    }

    /// The responses so far that were unreadable as a whole or named no valid UID, at most 1,000 of them.
    pub fn unreadable(&self) -> &[UnreadableFetch] {
        &self.unreadable
    }

    /// The UIDs of messages that were expunged since, of a fetch that asks for them with
    /// [`vanished`](super::FetchingChanges::vanished): those that the server has reported so far; all of them once the
    /// stream has ended. They are in the set that was asked for; UIDs that never named a message can be among them
    /// (RFC 7162 §5.1). Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Uids};
    ///
    /// imap.enable(&["QRESYNC"]).await?;
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(1).vanished().await?;
    /// while mail.try_next().await?.is_some() {}
    /// println!("{}", mail.vanished());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn vanished(&self) -> Uids {
        let validity = self.link.state().selected.as_ref().and_then(|selected| selected.uid_validity);
        self.uids.intersection(&Uids::from(self.vanished.clone())).under(validity)
    }

    /// How far the server has come with its answer, as it reports itself (`INPROGRESS`, RFC 9585); `None` if it
    /// reported nothing. As of the last [`try_next`](Self::try_next), finished or dropped. Never touches the wire.
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    #[inline]
    pub(super) fn poll_fetched(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Fetched>>> {
        loop {
            match self.batch.next() {
                Some(Ok(fetched)) if self.coverage == Coverage::Whole && fetched.uid().is_some() => {
                    return Poll::Ready(Ok(Some(fetched)));
                }
                Some(Ok(fetched)) => self.take_partial(fetched),
                Some(Err(unreadable)) => self.keep_unreadable(unreadable),
                None => {
                    if let Some(fetched) = self.ready.pop_front() {
                        return Poll::Ready(Ok(Some(fetched)));
                    }
                    if !ready!(self.poll_batch(cx))? {
                        return Poll::Ready(Ok(None));
                    }
                }
            }
        }
    }

    /// The number of messages that are ready without waiting.
    pub(super) fn waiting(&self) -> usize {
        self.batch.len() + self.ready.len()
    }

    /// `false` at the end.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        if let FetchStage::Checking(existing) = &mut self.stage {
            let found = ready!(existing.poll(cx));
            return Poll::Ready(
                found.and_then(|found| self.continue_after_check(found)).or_else(|error| self.fail(error)),
            );
        }
        let Some(inbox) = &mut self.inbox else { return Poll::Ready(Ok(false)) };
        let delivery = match ready!(inbox.poll_next(cx)) {
            Ok(delivery) => delivery,
            Err(error) => return Poll::Ready(self.fail(error)),
        };
        Poll::Ready(match delivery {
            Some(Delivery::Frames { batch, coverage, .. }) => {
                self.coverage = coverage;
                self.batch = FetchedBatch::parse(&batch, &self.limits, Some(std::mem::take(&mut self.batch)));
                Ok(true)
            }
            Some(Delivery::Answered(uids)) => self.answered.union(&uids).map(|all| {
                self.answered = all;
                true
            }),
            Some(Delivery::Vanished(uids)) => self.take_vanished(&uids).or_else(|error| self.fail(error)),
            Some(Delivery::LimitCut(cut)) => {
                self.cut = Some(cut);
                Ok(true)
            }
            Some(Delivery::Progress(progress)) => {
                self.progress = Some(progress);
                Ok(true)
            }
            Some(Delivery::Done(Ok(_))) | None => {
                self.queue_below().and_then(|()| self.fetch_next()).or_else(|error| self.fail(error))
            }
            Some(Delivery::Done(Err(error))) if self.of_empty_mailbox && error.is_refusal() => Ok(self.finish()),
            Some(Delivery::Done(Err(error))) => self.fail(error),
            Some(_) => Ok(true),
        })
    }

    fn take_vanished(&mut self, uids: &Uids) -> Result<bool> {
        uids.ranges().for_each(|range| self.vanished.push(*range.start(), *range.end()));
        if self.vanished.len() > self.limits.undelivered / size_of::<(Uid, Uid)>() {
            return Err(Error::limit("the server names too many expunged messages"));
        }
        Ok(true)
    }

    /// Adds parts to fetch after the others.
    fn queue_parts(&mut self, parts: impl IntoIterator<Item = Uids>) {
        let descent = Descent::new(Count::of(&self.link, self.selection).map_or(0, |count| count.exists));
        self.rest.extend(parts.into_iter().map(|uids| SetPart { uids, descent }));
    }

    /// Fetches the rest of the part next, if the server stopped at its limit of messages.
    fn queue_below(&mut self) -> Result<()> {
        let Some(cut) = self.cut.take() else { return Ok(()) };
        if self.saved.is_some() {
            return Err(cut.error("and the rest of a saved result cannot be asked for"));
        }
        if self.modifiers.partial.is_some() {
            // What is left of the set has other positions.
            return Err(cut.error("and the rest of a range of positions cannot be asked for"));
        }
        let SetPart { uids, descent } = &mut self.asked;
        // The untagged code may have been about another command.
        let left = descent.below(uids, cut)?.difference(&self.answered);
        let parts: Vec<Uids> = left.split(self.limits.set).collect();
        for uids in parts.into_iter().rev() {
            self.rest.push_front(SetPart { uids, descent: *descent });
        }
        Ok(())
    }

    /// Fetches the next part of the set. `false` at the end.
    fn fetch_next(&mut self) -> Result<bool> {
        (self.inbox, self.progress) = (None, None);
        match self.rest.pop_front() {
            Some(part) => {
                let uids = &part.uids;
                // RFC 9051 §6.4.9: `n:*` includes the last message even if its UID is below `n`.
                let meant = if uids.open_from() == Some(Uid::MAX) { Uids::ALL } else { uids.clone() };
                let plan = match self.saved.filter(|_| matches!(self.stage, FetchStage::Fetching)) {
                    Some(saved) => plan_saved(saved.mark, saved.count, self.selection, &self.items, self.modifiers)?,
                    None => plan_answered_by(meant, self.selection, uids, &self.items, self.modifiers)?,
                };
                self.asked = part;
                self.inbox = Some(self.link.submit(Request::Command(plan)));
                Ok(true)
            }
            None => self.finish_parts(),
        }
    }

    /// Every part was answered. Checks whether everything arrived.
    fn finish_parts(&mut self) -> Result<bool> {
        let partial = std::mem::take(&mut self.partial);
        let items = &self.items;
        self.ready.extend(partial.messages.into_values().map(|fetched| without_text(fetched, items)));
        match std::mem::replace(&mut self.stage, FetchStage::Ended) {
            FetchStage::Fetching if !self.is_complete() => {
                let existing = match self.saved {
                    Some(saved) => Existing::ask_saved(&self.link, self.selection, saved.mark)?,
                    None => Existing::ask(&self.link, &self.limits, self.selection, self.uids.clone())?,
                };
                self.stage = FetchStage::Checking(Box::new(existing));
                Ok(true)
            }
            FetchStage::Refetching(missing) => self.deliver_missing(&missing.difference(&self.answered)),
            _ => Ok(self.finish()),
        }
    }

    /// Whether as many messages arrived as the server has, or as were asked for.
    fn is_complete(&self) -> bool {
        // Nobody but the server knows how many have changed.
        if self.modifiers.changed_since.is_some() {
            return true;
        }
        let now = Count::of(&self.link, self.selection);
        let (Some(before), Some(now)) = (self.before.filter(|_| !self.of_empty_mailbox), now) else { return true };
        let there = before.exists.saturating_sub(now.expunged.saturating_sub(before.expunged));
        let wanted = match (self.saved, self.uids.open_from()) {
            (Some(saved), _) => saved.left(now.expunged).min(there),
            (None, None) => self.uids.len().min(there),
            (None, Some(from)) if from.as_u32() == 1 => there,
            // The number of messages with such UIDs is not known, so few or none prove nothing.
            (None, Some(_)) => 0,
        };
        let wanted = self.modifiers.partial.map_or(wanted, |range| range.within(wanted).1);
        self.answered.len() >= wanted
    }

    /// Continues after the search for missing messages. If the server did not report which exist, and seems to have
    /// more than it sent, the stream ends with an error.
    fn continue_after_check(&mut self, found: Presence) -> Result<bool> {
        match found {
            Presence::Known(there) => self.refetch(there),
            Presence::Unknown { .. } if self.is_complete() => Ok(self.finish()),
            Presence::Unknown { gone, why } => {
                // For a set without an end, only the number of messages shows what it contains, and too few arrived.
                let named = self.uids.open_from().is_none();
                if named && self.uids.difference(&self.answered).difference(&gone).is_empty() {
                    return Ok(self.finish());
                }
                let text = "the server left out some messages and does not report whether they exist";
                Err(Error::new(Kind::Missing, text).with_source(why))
            }
        }
    }

    /// Fetches what exists and did not arrive once more.
    fn refetch(&mut self, found: Uids) -> Result<bool> {
        let found = self.modifiers.partial.take().map_or_else(|| found.clone(), |range| range.of(&found));
        let missing = found.difference(&self.answered);
        if missing.is_empty() {
            return Ok(self.finish());
        }
        let parts: Vec<Uids> = missing.split(self.limits.set).collect();
        self.queue_parts(parts);
        self.stage = FetchStage::Refetching(missing);
        self.fetch_next()
    }

    /// Delivers the messages that the server did not send even when asked twice.
    fn deliver_missing(&mut self, missing: &Uids) -> Result<bool> {
        if missing.len() > MOST_MISSING {
            let text = format!("the server has {} messages that it does not send", missing.len());
            return Err(Error::new(Kind::Missing, text));
        }
        self.ready.extend(missing.iter().map(codec::missing));
        self.stage = FetchStage::Ended;
        Ok(!missing.is_empty())
    }

    fn finish(&mut self) -> bool {
        self.stage = FetchStage::Ended;
        self.inbox = None;
        self.rest.clear();
        !self.ready.is_empty()
    }

    fn fail(&mut self, error: Error) -> Result<bool> {
        self.finish();
        self.ready.clear();
        Err(error)
    }

    /// Takes a response that does not hold one whole message.
    #[inline(never)]
    fn take_partial(&mut self, fetched: Fetched) {
        let Some(uid) = fetched.uid() else {
            return self.keep_unreadable(UnreadableFetch::new(Reason::Number, fetched.raw()));
        };
        let joined =
            self.partial.take(uid).map_or_else(|| fetched.clone(), |before| join(before, &fetched, &self.limits));
        match self.coverage {
            Coverage::Part => self.partial.keep(uid, joined),
            Coverage::Whole | Coverage::Rest => self.ready.push_back(joined),
        }
        // Bounds the memory if a server never completes a message.
        while self.partial.bytes > self.limits.undelivered {
            self.ready.extend(self.partial.messages.keys().next().copied().and_then(|uid| self.partial.take(uid)));
        }
    }

    fn keep_unreadable(&mut self, unreadable: UnreadableFetch) {
        tracing::warn!(%unreadable, "a FETCH response is unreadable");
        if self.unreadable.len() < MOST_UNREADABLE {
            self.unreadable.push(unreadable);
        }
    }
}

impl Count {
    fn of(link: &ImapLink, selection: u64) -> Option<Self> {
        let state = link.state();
        let selected = state.selected.as_ref().filter(|selected| selected.selection == selection)?;
        Some(Self { exists: selected.exists.into(), expunged: state.expunged })
    }
}

impl Stream for Fetch<'_> {
    type Item = Result<Fetched>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_fetched(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Fetch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("uids", &self.uids).field("items", &self.items).finish_non_exhaustive()
    }
}
