//! [`Resume`]: what happened in a mailbox since a [`SyncPoint`], as a stream, by the best means that the server has. The
//! point moves only at its end, and only to what was delivered. It must not know where the program keeps its copy.

mod resumed;
mod selecting;

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

pub use self::resumed::Resumed;
use self::selecting::{Reported, Selecting};
use super::asked::Asked;
use super::existing::{Existing, Presence};
use super::{Fetch, Folder, Selected, counting};
use crate::error::{Error, Kind, Result};
use crate::imap::call::ended;
use crate::imap::command::fetch::Modifiers;
use crate::imap::command::select::{Select, SelectParameter};
use crate::imap::session::Imap;
use crate::imap::types::{
    Fetched, FolderInfo, Items, MailboxName, Spans, SyncPoint, Uid, UidValidity, Uids, is_modseq,
};

/// What happened in a mailbox since a [`SyncPoint`], from [`Opening::resume`](super::Opening::resume): a stream of
/// [`Resumed`]. At its end, [`finish`](Self::finish) returns the folder and the new point.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Resumed, SyncPoint};
///
/// let stored = SyncPoint::default(); // or from the text that was stored the last time
/// let mut changes = imap.open("INBOX").resume(&stored).await?;
/// while let Some(change) = changes.try_next().await? {
///     match change {
///         Resumed::Reset => println!("forget everything"),
///         Resumed::Vanished(uids) => println!("gone: {uids}"),
///         Resumed::Changed(message) => println!("changed: {:?}", message.uid()),
///         Resumed::New(message) => println!("new: {:?}", message.uid()),
///         _ => {}
///     }
/// }
/// let (inbox, point) = changes.finish().await?;
/// assert_eq!(point.known.len(), u64::from(inbox.info()?.exists));
/// let text = point.to_string(); // store it with the changes, in one transaction
/// # drop(text);
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// **If it is dropped before its end, there is no new point**, and the next resumption from the old one delivers the same
/// again. The mailbox stays selected, and the session usable.
///
/// What the messages of the point, less those that vanished, and the new ones make up must be as many as the mailbox has.
/// If not, NOOP and UID SEARCH ask which exist (one round trip), and what is missing is fetched (one more): a message
/// counts as gone only if the numbers agree or that search does not have it. So [`Resumed::Vanished`] is the last item.
///
/// An `Err` is always the end of the stream. At most [`Limits::window`](crate::Limits::window) bytes wait for a slow
/// reader.
pub struct Resume<'a> {
    session: &'a mut Imap,
    selection: u64,
    /// From where it continues.
    point: SyncPoint,
    parameter: SelectParameter,
    /// The mailbox at the tagged answer of SELECT.
    info: Option<Arc<FolderInfo>>,
    known: Uids,
    new: Spans,
    /// The messages that exist.
    there: Uids,
    /// Up to which modification sequence everything was delivered.
    modseq: Option<u64>,
    is_exact: bool,
    ready: VecDeque<Resumed>,
    stage: Stage<'a>,
}

enum Stage<'a> {
    Selecting(Box<Selecting>),
    /// The messages that have changed come; the search for those that exist runs too.
    Changing(Box<Fetch<'a>>, Box<Existing>),
    /// Which messages exist is asked for.
    Counting(Box<Existing>),
    /// Messages come that exist and were not reported.
    Completing(Box<Fetch<'a>>),
    /// All messages come.
    Listing(Box<Fetch<'a>>, Spans),
    Ended,
    Failed,
}

/// What a stage comes to.
enum Step {
    Message(Fetched),
    Selected,
    /// What has changed is known; now the search counts.
    CountChanged,
    /// These messages exist.
    Settle(Uids),
    /// Everything must be compared.
    List,
    Conclude,
}

impl<'a> Resume<'a> {
    pub(super) async fn open(
        session: &'a mut Imap,
        name: MailboxName,
        read_only: bool,
        point: &SyncPoint,
    ) -> Result<Self> {
        if point.known.open_from().is_some() {
            return Err(Error::input("the known messages of a SyncPoint must not end in `*`"));
        }
        let options = session.options_to_open(&name).await?;
        for parameter in parameters(session, point) {
            let select = Select { name: name.clone(), read_only, parameter };
            let mut selecting = Selecting::submit(session, &select, options)?;
            match poll_fn(|cx| selecting.poll_next(cx)).await {
                // iCloud answers ENABLE by OK alone, and proxies announce what the server behind them does not know.
                Err(error) if error.kind() == Kind::Bad && parameter != SelectParameter::None => {
                    tracing::debug!(%error, ?parameter, "a parameter of SELECT was refused");
                }
                first => return Self::begin(session, point, parameter, selecting, first?),
            }
        }
        // The last attempt has no parameter, and returns.
        Err(Error::protocol("the mailbox could not be opened"))
    }

    fn begin(
        session: &'a mut Imap,
        point: &SyncPoint,
        parameter: SelectParameter,
        selecting: Selecting,
        first: Option<Fetched>,
    ) -> Result<Self> {
        let mut resume = Self {
            session,
            selection: selecting.selection(),
            known: point.known.clone(),
            point: point.clone(),
            parameter,
            info: None,
            new: Spans::default(),
            there: Uids::new(),
            modseq: None,
            is_exact: true,
            ready: VecDeque::new(),
            stage: Stage::Selecting(Box::new(selecting)),
        };
        match first {
            Some(message) => resume.take(message),
            None => resume.selected()?,
        }
        Ok(resume)
    }

    /// Waits for the next change; `None` at the end. Cancel-safe: dropping this future loses nothing.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::SyncPoint;
    ///
    /// let mut changes = imap.open("INBOX").resume(&SyncPoint::default()).await?;
    /// while let Some(change) = changes.try_next().await? {
    ///     println!("{change:?}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The end of the stream: [`Kind::Closed`](crate::Kind::Closed) if the mailbox is no longer selected;
    /// [`Kind::Missing`](crate::Kind::Missing) if the server does not report which messages exist, in any way;
    /// [`Kind::Rejected`](crate::Kind::Rejected) if it refuses; and the errors of [every
    /// command](Imap#errors-of-every-command).
    pub async fn try_next(&mut self) -> Result<Option<Resumed>> {
        poll_fn(|cx| self.poll_resumed(cx)).await
    }

    /// Whether [`Resumed::Changed`] names exactly the messages whose flags or other data have changed. Otherwise it comes
    /// for every known message, and the program compares: the point has no flags. That is so without CONDSTORE, and if
    /// what the server reported was not usable. Known once the stream has ended; never touches the wire.
    pub fn exact_changes(&self) -> bool {
        self.is_exact
    }

    /// Returns the folder and the new point, after the end of the stream. Does not touch the wire, except if the server
    /// opened the mailbox without reporting how many messages there are: then one round trip asks.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::SyncPoint;
    ///
    /// let mut changes = imap.open("INBOX").resume(&SyncPoint::default()).await?;
    /// while changes.try_next().await?.is_some() {}
    /// let (_, point) = changes.finish().await?;
    ///
    /// let mut changes = imap.open("INBOX").resume(&point).await?;
    /// assert!(changes.try_next().await?.is_none());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) before the end of the stream, and if it ended with an error;
    /// [`Kind::Closed`](crate::Kind::Closed) if the mailbox is no longer selected.
    pub async fn finish(self) -> Result<(Folder<&'a mut Imap>, SyncPoint)> {
        if !matches!(self.stage, Stage::Ended) || !self.ready.is_empty() {
            return Err(Error::input("not all changes were read, so there is no new point"));
        }
        counting::count(self.session.link(), self.session.limits()).await?;
        let point = self.next_point();
        Selected { session: self.session, selection: self.selection }.info()?;
        Ok((Folder::new(self.session)?, point))
    }

    fn next_point(&self) -> SyncPoint {
        let after = self.there.ranges().next_back().and_then(|last| last.end().as_u32().checked_add(1));
        let told = self.info.as_ref().and_then(|info| info.uid_next);
        let validity = self.validity();
        SyncPoint {
            validity,
            uid_next: told.max(after.and_then(Uid::nonzero)),
            highest_modseq: self.modseq,
            known: self.there.clone(),
        }
    }

    /// The UIDVALIDITY, if the UIDs last.
    fn validity(&self) -> Option<UidValidity> {
        self.info.as_ref().filter(|info| !info.uids_not_sticky).and_then(|info| info.uid_validity)
    }

    fn poll_resumed(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Resumed>>> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(change)));
            }
            if matches!(self.stage, Stage::Ended | Stage::Failed) {
                return Poll::Ready(Ok(None));
            }
            if let Err(error) = ready!(self.poll_stage(cx)) {
                self.stage = Stage::Failed;
                self.ready.clear();
                return Poll::Ready(Err(error));
            }
        }
    }

    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match ready!(self.poll_step(cx))? {
            Step::Message(message) => self.take(message),
            Step::Selected => self.selected()?,
            Step::CountChanged => self.count_changed(),
            Step::Settle(there) => self.settle(there)?,
            Step::List => self.list()?,
            Step::Conclude => self.conclude(),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step>> {
        Poll::Ready(Ok(match &mut self.stage {
            Stage::Selecting(selecting) => ready!(selecting.poll_next(cx))?.map_or(Step::Selected, Step::Message),
            Stage::Changing(fetch, _) => match ready!(fetch.poll_fetched(cx)) {
                Ok(Some(message)) => Step::Message(message),
                Ok(None) if fetch.unreadable().is_empty() => Step::CountChanged,
                Ok(None) => Step::List,
                // A proxy announces CONDSTORE, or the mailbox lacks it.
                Err(error) if error.is_refusal() => Step::List,
                Err(error) => return Poll::Ready(Err(error)),
            },
            Stage::Counting(existing) => match ready!(existing.poll(cx))? {
                Presence::Known(there) => Step::Settle(there),
                Presence::Unknown { .. } => Step::List,
            },
            Stage::Completing(fetch) => ready!(fetch.poll_fetched(cx))?.map_or(Step::Conclude, Step::Message),
            Stage::Listing(fetch, listed) => match ready!(fetch.poll_fetched(cx))? {
                Some(message) => {
                    message.uid().into_iter().for_each(|uid| {
                        listed.insert(uid);
                    });
                    Step::Message(message)
                }
                None => {
                    self.there = listed.to_uids();
                    Step::Conclude
                }
            },
            Stage::Ended | Stage::Failed => return Poll::Ready(Err(ended())),
        }))
    }

    fn take(&mut self, message: Fetched) {
        let Some(uid) = message.uid() else { return };
        if !self.known.contains(uid) && self.new.insert(uid) {
            self.ready.push_back(Resumed::New(message));
        } else if message.flags().is_some() {
            self.ready.push_back(Resumed::Changed(message));
        }
    }

    /// The SELECT was answered: decides what can be built on.
    fn selected(&mut self) -> Result<()> {
        let Stage::Selecting(selecting) = &mut self.stage else { return Ok(()) };
        let reported = selecting.take_reported();
        let info = reported.info.clone().ok_or_else(|| self.session.link().state().unselected())?;
        let told = info.highest_modseq.filter(|&modseq| is_modseq(modseq));
        self.info = Some(info.clone());
        self.modseq = told.filter(|_| self.parameter != SelectParameter::None);
        if !self.is_same(&info) {
            return self.reset();
        }
        // Lower than before: the mailbox was restored, and changes up to the old value would not be reported.
        let fell = told.zip(self.point.modseq()).is_some_and(|(now, before)| now < before);
        match (self.parameter, self.point.modseq()) {
            (SelectParameter::Resync { .. }, Some(before)) if !fell => self.verify(&reported, &info, before),
            (SelectParameter::Condstore, Some(before)) if told.is_some() && !fell => self.ask_for_changes(before),
            _ => self.list(),
        }
    }

    /// Whether the point's UIDs name the same messages. A lower UIDNEXT means that UIDs are given a second time.
    fn is_same(&self, info: &FolderInfo) -> bool {
        let reused = info.uid_next.zip(self.point.uid_next).is_some_and(|(now, before)| now < before);
        self.point.validity.is_some() && self.validity() == self.point.validity && !reused
    }

    fn reset(&mut self) -> Result<()> {
        if self.point != SyncPoint::default() {
            self.ready.push_back(Resumed::Reset);
        }
        (self.known, self.new) = (Uids::new(), Spans::default());
        self.list()
    }

    /// QRESYNC: checks what was reported against the number of messages.
    fn verify(&mut self, reported: &Reported, info: &FolderInfo, before: u64) -> Result<()> {
        // RFC 7162 §6: at the tagged reply, HIGHESTMODSEQ counts even if a message had a higher one; without it, the
        // highest one does.
        self.modseq = self.modseq.or_else(|| reported.highest.map(|highest| highest.max(before)));
        // NOMODSEQ (RFC 7162 §3.2.5.1): the server has reported nothing.
        if reported.is_doubtful || self.modseq.is_none() {
            return self.list();
        }
        let vanished = reported.vanished();
        let contradicted = !reported.came.to_uids().intersection(&vanished).is_empty();
        self.there = self.all()?.difference(&vanished);
        if contradicted || !info.counted || self.there.len() != u64::from(info.exists) {
            let existing = self.ask_which_exist()?;
            self.stage = Stage::Counting(Box::new(existing));
            return Ok(());
        }
        self.conclude();
        Ok(())
    }

    /// CONDSTORE: what has changed and which messages exist, in one round trip. In this order, the search has what the
    /// other has, if the server takes them in turn.
    fn ask_for_changes(&mut self, since: u64) -> Result<()> {
        let modifiers = Modifiers { changed_since: Some(since), ..Modifiers::default() };
        let fetch = self.fetch(Asked::new(Uids::ALL, Items::FLAGS.modseq(), usize::MAX).modified(modifiers))?;
        let existing = self.ask_which_exist()?;
        self.stage = Stage::Changing(Box::new(fetch), Box::new(existing));
        Ok(())
    }

    /// Every message with its flags, which also shows which exist.
    fn list(&mut self) -> Result<()> {
        self.is_exact &= self.known.is_empty();
        let asked = Asked::new(Uids::ALL, self.items(), usize::MAX);
        let is_empty = self.info.as_ref().is_some_and(|info| info.counted && info.exists == 0);
        let fetch = self.fetch(if is_empty { asked.nothing() } else { asked })?;
        self.stage = Stage::Listing(Box::new(fetch), Spans::default());
        Ok(())
    }

    fn count_changed(&mut self) {
        if let Stage::Changing(_, existing) = std::mem::replace(&mut self.stage, Stage::Failed) {
            self.stage = Stage::Counting(existing);
        }
    }

    /// These messages exist.
    fn settle(&mut self, there: Uids) -> Result<()> {
        let new = self.new.to_uids();
        // Mail that arrived after the mailbox was opened may have come after the search.
        let next = self.info.as_ref().and_then(|info| info.uid_next);
        let arrived = next.map_or_else(Uids::new, |next| new.intersection(&Uids::range(next, Uid::MAX)));
        let unreported = there.difference(&self.known).difference(&new);
        self.there = there.union(&arrived)?;
        if unreported.is_empty() {
            self.conclude();
            return Ok(());
        }
        let fetch = self.fetch(Asked::new(unreported, self.items(), self.session.limits().set))?;
        self.stage = Stage::Completing(Box::new(fetch));
        Ok(())
    }

    /// It is known which messages exist: what the program knows and is not among them is gone.
    fn conclude(&mut self) {
        let validity = self.validity();
        let bare = |uids: &Uids| Uids::new().union(uids).unwrap_or_default();
        let all = self.all().unwrap_or_default();
        self.there = bare(&self.there).intersection(&all).under(validity);
        let vanished = all.difference(&self.there).under(validity);
        if !vanished.is_empty() {
            self.ready.push_back(Resumed::Vanished(vanished));
        }
        self.stage = Stage::Ended;
    }

    /// All messages that the program knows by now.
    fn all(&self) -> Result<Uids> {
        self.known.union(&self.new.to_uids())
    }

    fn items(&self) -> Items {
        // A mailbox without modification sequences refuses MODSEQ.
        if self.modseq.is_some() { Items::FLAGS.modseq() } else { Items::FLAGS }
    }

    fn fetch(&self, asked: Asked) -> Result<Fetch<'a>> {
        Fetch::new(self.session.link(), self.session.limits(), self.selection, asked)
    }

    fn ask_which_exist(&self) -> Result<Existing> {
        Existing::ask(self.session.link(), self.session.limits(), self.selection, Uids::ALL)
    }
}

/// The parameters of SELECT to try, from the best one down.
fn parameters(session: &Imap, point: &SyncPoint) -> impl Iterator<Item = SelectParameter> + use<> {
    let resync = point.validity.zip(point.modseq()).filter(|_| session.may_resync());
    let resync = resync.map(|(validity, modseq)| SelectParameter::Resync { validity, modseq });
    let condstore = session.capabilities().condstore().then_some(SelectParameter::Condstore);
    [resync, condstore, Some(SelectParameter::None)].into_iter().flatten()
}

impl Stream for Resume<'_> {
    type Item = Result<Resumed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_resumed(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Resume<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume").field("point", &self.point).field("exact", &self.is_exact).finish_non_exhaustive()
    }
}
