//! [`Fetch`]: the messages of one fetch, as a stream. It parses on the consumer's task what the engine hands over unparsed, and looks
//! at the end whether everything came. Which responses are its answers the engine knows; nothing here touches a socket.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::existing::{Existing, Presence};
use crate::defect::{Defect, Reason};
use crate::error::{Error, Kind, Result};
use crate::imap::call::{ImapInbox, ImapLink};
use crate::imap::codec::{self, FetchedBatch, UnreadableFetch};
use crate::imap::command::fetch;
use crate::imap::engine::{Delivery, Piece, Request};
use crate::imap::limited::Descent;
use crate::imap::types::{Cut, Fetched, Items, Progress, Uid, Uids};
use crate::limits::Limits;

/// How many unreadable responses are kept for [`Fetch::unreadable`].
const MOST_UNREADABLE: usize = 1000;
/// How many messages of which nothing came are delivered as such. If there are more, the stream ends with an error.
const MOST_MISSING: u64 = 1000;

/// The messages of one fetch, in whatever order the server sends them.
///
/// An `Err` is always the end of the stream. A message with an attribute that cannot be read is delivered with
/// [`defects`](Fetched::defects); a response that cannot be read at all is kept in [`unreadable`](Self::unreadable). A message that
/// went meanwhile is not delivered.
///
/// If the server sends less than it has, it is asked which of the missing messages exist, by NOOP and UID SEARCH in one round trip, and
/// for those once more. A message that still does not come is delivered with its UID, nothing else, and
/// [`Defect::Missing`](crate::Defect::Missing); if there are more than 1,000 of them, the stream ends with
/// [`Kind::Missing`](crate::Kind::Missing), and so it does if the server refuses that search: then the refusal is its source.
///
/// Where the server stops at its limit of messages (MESSAGELIMIT, RFC 9738) it is asked for the rest, one flight each time; if it gets
/// no further, the stream ends with an error of that code.
///
/// At most [`Limits::window`](crate::Limits::window) bytes wait for a slow reader; then the connection is not read, and the
/// server waits. Dropping the stream early is safe: the rest is still transferred, and thrown away; for a huge rest it is
/// cheaper to drop the session.
pub struct Fetch<'a> {
    link: &'a ImapLink,
    limits: Limits,
    selection: u64,
    items: Items,
    uids: Uids,
    /// What was asked for last.
    asked: Part,
    /// Parts of a long set that were not asked for yet.
    rest: VecDeque<Part>,
    /// Where the server stopped.
    cut: Option<Cut>,
    /// The mailbox is empty.
    of_nothing: bool,
    inbox: Option<ImapInbox>,
    batch: FetchedBatch,
    piece: Piece,
    partial: Partial,
    ready: VecDeque<Fetched>,
    stage: Stage<'a>,
    before: Option<Count>,
    answered: Uids,
    unreadable: Vec<UnreadableFetch>,
    progress: Option<Progress>,
}

/// How far the stream is.
enum Stage<'a> {
    Asking,
    /// Less came than there seems to be.
    Looking(Box<Existing<'a>>),
    /// These were asked for once more.
    AskingAgain(Uids),
    Over,
}

/// A set that is short enough for one line, and how far the server has come with it.
#[derive(Debug)]
struct Part {
    uids: Uids,
    descent: Descent,
}

/// How many messages the mailbox has, and how many have gone from it in this session.
#[derive(Clone, Copy, Debug)]
struct Count {
    exists: u64,
    expunged: u64,
}

/// Messages of which only some items have come.
#[derive(Default)]
struct Partial {
    messages: BTreeMap<Uid, Fetched>,
    bytes: usize,
}

impl<'a> Fetch<'a> {
    /// `parts` are of one set, each short enough for one line.
    pub(super) fn new(
        link: &'a ImapLink,
        limits: &Limits,
        selection: u64,
        uids: Uids,
        parts: VecDeque<Uids>,
        items: Items,
    ) -> Result<Self> {
        let mut fetch = Self::begin(link, limits, selection, uids, items);
        fetch.ask_for(parts);
        fetch.ask_on()?;
        Ok(fetch)
    }

    /// A fetch whose first part was asked for already.
    pub(super) fn begun(
        link: &'a ImapLink,
        limits: &Limits,
        selection: u64,
        uids: Uids,
        parts: VecDeque<Uids>,
        items: Items,
        inbox: ImapInbox,
    ) -> Self {
        let mut fetch = Self { inbox: Some(inbox), ..Self::begin(link, limits, selection, uids, items) };
        fetch.ask_for(parts);
        if let Some(first) = fetch.rest.pop_front() {
            fetch.asked = first;
        }
        fetch
    }

    fn begin(link: &'a ImapLink, limits: &Limits, selection: u64, uids: Uids, items: Items) -> Self {
        let before = Count::of(link, selection);
        Self {
            link,
            limits: limits.clone(),
            selection,
            items,
            uids,
            asked: Part { uids: Uids::new(), descent: Descent::new(0) },
            rest: VecDeque::new(),
            cut: None,
            of_nothing: false,
            inbox: None,
            batch: FetchedBatch::default(),
            piece: Piece::Whole,
            partial: Partial::default(),
            ready: VecDeque::new(),
            stage: Stage::Asking,
            before,
            answered: Uids::default(),
            unreadable: Vec::new(),
            progress: None,
        }
    }

    /// The same of a mailbox that turned out to be empty: some servers refuse a set that matches nothing.
    pub(super) fn of_nothing(self) -> Self {
        Self { of_nothing: true, rest: VecDeque::new(), ..self }
    }

    /// The next message; `None` at the end. Cancel-safe: no message is lost by dropping this future.
    pub async fn try_next(&mut self) -> Result<Option<Fetched>> {
        poll_fn(|cx| self.poll_fetched(cx)).await
    }

    /// The responses so far that could not be read at all or name no valid UID, at most 1,000 of them.
    pub fn unreadable(&self) -> &[UnreadableFetch] {
        &self.unreadable
    }

    /// How far the server is with what was asked for last, by its own word (`INPROGRESS`, RFC 9585); `None` if it has not reported it.
    /// It is up to date as of the last [`try_next`](Self::try_next), finished or dropped. Never touches the wire.
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    #[inline]
    pub(super) fn poll_fetched(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Fetched>>> {
        loop {
            match self.batch.next() {
                Some(Ok(fetched)) if self.piece == Piece::Whole && fetched.uid().is_some() => {
                    return Poll::Ready(Ok(Some(fetched)));
                }
                Some(Ok(fetched)) => self.take_odd(fetched),
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

    /// How many messages can be had without waiting.
    pub(super) fn waiting(&self) -> usize {
        self.batch.len() + self.ready.len()
    }

    /// `false` at the end.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        if let Stage::Looking(existing) = &mut self.stage {
            let found = ready!(existing.poll(cx));
            return Poll::Ready(found.and_then(|found| self.go_on(found)).or_else(|error| self.fail(error)));
        }
        let Some(inbox) = &mut self.inbox else { return Poll::Ready(Ok(false)) };
        let delivery = match ready!(inbox.poll_next(cx)) {
            Ok(delivery) => delivery,
            Err(error) => return Poll::Ready(self.fail(error)),
        };
        Poll::Ready(match delivery {
            Some(Delivery::Frames { batch, piece, .. }) => {
                self.piece = piece;
                self.batch = FetchedBatch::parse(&batch, &self.limits, Some(std::mem::take(&mut self.batch)));
                Ok(true)
            }
            Some(Delivery::Answered(uids)) => self.answered.union(&uids).map(|all| {
                self.answered = all;
                true
            }),
            Some(Delivery::Cut(cut)) => {
                self.cut = Some(cut);
                Ok(true)
            }
            Some(Delivery::Progress(progress)) => {
                self.progress = Some(progress);
                Ok(true)
            }
            Some(Delivery::Done(Ok(_))) | None => {
                self.go_below().and_then(|()| self.ask_on()).or_else(|error| self.fail(error))
            }
            Some(Delivery::Done(Err(error))) if self.of_nothing && error.is_refusal() => Ok(self.over()),
            Some(Delivery::Done(Err(error))) => self.fail(error),
            Some(_) => Ok(true),
        })
    }

    /// These are to be asked for, after what is still to be.
    fn ask_for(&mut self, parts: impl IntoIterator<Item = Uids>) {
        let descent = Descent::new(Count::of(self.link, self.selection).map_or(0, |count| count.exists));
        self.rest.extend(parts.into_iter().map(|uids| Part { uids, descent }));
    }

    /// The server stopped at its limit of messages: what is left of the part is asked for next.
    fn go_below(&mut self) -> Result<()> {
        let Some(cut) = self.cut.take() else { return Ok(()) };
        let Part { uids, descent } = &mut self.asked;
        // It may have been another command that was stopped.
        let left = descent.below(uids, cut)?.difference(&self.answered);
        let parts: Vec<Uids> = left.split(self.limits.set).collect();
        for uids in parts.into_iter().rev() {
            self.rest.push_front(Part { uids, descent: *descent });
        }
        Ok(())
    }

    /// Asks for the next part of the set. `false` at the end.
    fn ask_on(&mut self) -> Result<bool> {
        (self.inbox, self.progress) = (None, None);
        match self.rest.pop_front() {
            Some(part) => {
                let uids = &part.uids;
                // Of a set that ends in `*` every server names the last message, whatever its UID.
                let meant = if uids.open_from() == Some(Uid::MAX) { Uids::ALL } else { uids.clone() };
                let plan = fetch::plan_answered_by(meant, self.selection, uids, &self.items)?;
                self.asked = part;
                self.inbox = Some(self.link.submit(Request::Command(plan)));
                Ok(true)
            }
            None => self.asked_for_all(),
        }
    }

    /// Every part was answered: is everything there?
    fn asked_for_all(&mut self) -> Result<bool> {
        let partial = std::mem::take(&mut self.partial);
        let items = &self.items;
        self.ready.extend(partial.messages.into_values().map(|fetched| without_text(fetched, items)));
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Asking if !self.is_complete() => {
                let wanted = self.uids.clone();
                let existing = Existing::ask(self.link, &self.limits, self.selection, wanted)?;
                self.stage = Stage::Looking(Box::new(existing));
                Ok(true)
            }
            Stage::AskingAgain(missing) => self.report(&missing.difference(&self.answered)),
            _ => Ok(self.over()),
        }
    }

    /// Whether as many messages came as the server says there are, or as were asked for.
    fn is_complete(&self) -> bool {
        let now = Count::of(self.link, self.selection);
        let (Some(before), Some(now)) = (self.before.filter(|_| !self.of_nothing), now) else { return true };
        let there = before.exists.saturating_sub(now.expunged.saturating_sub(before.expunged));
        let wanted = match self.uids.open_from() {
            None => self.uids.len().min(there),
            Some(from) if from.as_u32() == 1 => there,
            // How many messages have such UIDs is not known, and that few or none came means nothing.
            Some(_) => 0,
        };
        self.answered.len() >= wanted
    }

    /// If the server does not say what there is, and seems to have more than came, that is what ends the stream.
    fn go_on(&mut self, found: Presence) -> Result<bool> {
        match found {
            Presence::There(there) => self.ask_again(there),
            Presence::Unsaid { .. } if self.is_complete() => Ok(self.over()),
            Presence::Unsaid { gone, why } => {
                // Of a set without an end only the number of messages tells what it leaves, and that was not reached.
                let named = self.uids.open_from().is_none();
                if named && self.uids.difference(&self.answered).difference(&gone).is_empty() {
                    return Ok(self.over());
                }
                let text = "the server sends nothing of some messages, and does not say whether it has them";
                Err(Error::new(Kind::Missing, text).with_source(why))
            }
        }
    }

    /// Asks once more for what exists and did not come.
    fn ask_again(&mut self, found: Uids) -> Result<bool> {
        let missing = found.difference(&self.answered);
        if missing.is_empty() {
            return Ok(self.over());
        }
        let parts: Vec<Uids> = missing.split(self.limits.set).collect();
        self.ask_for(parts);
        self.stage = Stage::AskingAgain(missing);
        self.ask_on()
    }

    /// What the server has and did not send, though asked twice.
    fn report(&mut self, missing: &Uids) -> Result<bool> {
        if missing.len() > MOST_MISSING {
            let text = format!("the server has {} messages of which it sends nothing", missing.len());
            return Err(Error::new(Kind::Missing, text));
        }
        self.ready.extend(missing.iter().map(codec::missing));
        self.stage = Stage::Over;
        Ok(!missing.is_empty())
    }

    fn over(&mut self) -> bool {
        self.stage = Stage::Over;
        self.inbox = None;
        self.rest.clear();
        !self.ready.is_empty()
    }

    fn fail(&mut self, error: Error) -> Result<bool> {
        self.over();
        self.ready.clear();
        Err(error)
    }

    /// A response that does not hold one whole message.
    #[inline(never)]
    fn take_odd(&mut self, fetched: Fetched) {
        let Some(uid) = fetched.uid() else {
            return self.keep_unreadable(UnreadableFetch::new(Reason::Number, fetched.raw()));
        };
        let joined =
            self.partial.take(uid).map_or_else(|| fetched.clone(), |before| join(before, &fetched, &self.limits));
        match self.piece {
            Piece::Part => self.partial.keep(uid, joined),
            Piece::Whole | Piece::Rest => self.ready.push_back(joined),
        }
        // A server that sends no message whole must not have them all kept.
        while self.partial.bytes > self.limits.undelivered {
            self.ready.extend(self.partial.messages.keys().next().copied().and_then(|uid| self.partial.take(uid)));
        }
    }

    fn keep_unreadable(&mut self, unreadable: UnreadableFetch) {
        tracing::warn!(%unreadable, "a FETCH response that cannot be read");
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

impl Partial {
    fn keep(&mut self, uid: Uid, fetched: Fetched) {
        self.bytes += fetched.weight();
        self.messages.insert(uid, fetched);
    }

    fn take(&mut self, uid: Uid) -> Option<Fetched> {
        let fetched = self.messages.remove(&uid)?;
        self.bytes -= fetched.weight();
        Some(fetched)
    }
}

/// A message that came without the text that was asked for.
fn without_text(fetched: Fetched, items: &Items) -> Fetched {
    let has_text = fetched.body().is_some() || fetched.defects().next().is_some();
    if !has_text && items.has_whole() { codec::lacking(&fetched) } else { fetched }
}

/// Both responses about one message as one. If a literal was left out of either, what came first is all there is.
fn join(first: Fetched, second: &Fetched, limits: &Limits) -> Fetched {
    let too_large = |fetched: &Fetched| fetched.defects().any(|defect| matches!(defect, Defect::TooLarge { .. }));
    if too_large(&first) || too_large(second) {
        return first;
    }
    let joined: Bytes = codec::joined(&first.raw(), &second.raw());
    codec::fetched(joined, limits).unwrap_or(first)
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
