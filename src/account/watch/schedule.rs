//! [`Schedule`]: which mailboxes are to be polled or compared, when to look next, and whether what the server pushes can be relied on: a
//! pure state machine. It must not know a session, nor read a clock: instants come in.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::event::WatchMethod;
use crate::imap::MailboxName;

/// How many full looks back an unpushed change counts.
const REMEMBERED_LOOKS: u32 = 4;
/// So many changes that were not pushed lower the method. One may have happened just before the look, before the server pushed it.
const MOST_UNPUSHED: usize = 2;
/// A server that has pushed something of a mailbox this short a time ago does push: a change that a full look finds may be on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(5);
/// How long polling alone goes on after a session was given up for other work.
const CALM: Duration = Duration::from_secs(30);

/// The intervals of a watch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intervals {
    /// How often everything is compared, whatever the server pushes.
    pub(super) full_look: Duration,
    /// How often a mailbox is polled after a change.
    pub(super) shortest: Duration,
    /// How often a mailbox is polled that does not change.
    pub(super) longest: Duration,
}

#[derive(Debug)]
pub(super) struct Schedule {
    intervals: Intervals,
    mailboxes: BTreeMap<MailboxName, Mailbox>,
    next_full: Instant,
    /// When full looks found what had not been pushed.
    unpushed: VecDeque<Instant>,
    method: WatchMethod,
    /// Until then a session is not kept.
    calm: Option<Instant>,
}

#[derive(Debug)]
struct Mailbox {
    due: Option<Why>,
    poll_at: Instant,
    interval: Duration,
    pushed: Option<Instant>,
    /// Counts polls and comparisons that found something: busy mailboxes are served better.
    changes: u32,
    /// A comparison has begun and not ended.
    is_owed: bool,
}

/// Why a mailbox is compared.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Why {
    /// A full look.
    Full,
    /// The server pushed something, a poll found something, or it is the first time on this session.
    Signal,
}

impl Schedule {
    pub(super) fn new(intervals: Intervals, now: Instant) -> Self {
        let next_full = now + intervals.full_look;
        let (mailboxes, unpushed) = (BTreeMap::new(), VecDeque::new());
        Self { intervals, mailboxes, next_full, unpushed, method: WatchMethod::Notify, calm: None }
    }

    pub(super) fn add(&mut self, name: MailboxName, now: Instant) {
        let interval = self.intervals.shortest;
        let mailbox = Mailbox { due: None, poll_at: now, interval, pushed: None, changes: 0, is_owed: false };
        self.mailboxes.entry(name).or_insert(mailbox);
    }

    pub(super) fn remove(&mut self, name: &MailboxName) {
        self.mailboxes.remove(name);
    }

    pub(super) fn rename(&mut self, from: &MailboxName, to: MailboxName) {
        if let Some(mailbox) = self.mailboxes.remove(from) {
            self.mailboxes.insert(to, mailbox);
        }
    }

    /// The best method that is still relied on.
    pub(super) fn method(&self) -> WatchMethod {
        self.method
    }

    /// The server refuses this method.
    pub(super) fn refused(&mut self, method: WatchMethod) {
        self.method = self.method.max(method.lower());
    }

    /// A session was given up for other work.
    pub(super) fn yielded(&mut self, now: Instant) {
        self.calm = Some(now + CALM);
        // What was pushed so far is polled now.
        let soon = now + self.intervals.shortest;
        self.mailboxes.values_mut().for_each(|mailbox| mailbox.poll_at = mailbox.poll_at.min(soon));
    }

    /// Whether a session may be kept.
    pub(super) fn may_keep(&self, now: Instant) -> bool {
        self.calm.is_none_or(|until| until <= now)
    }

    /// On a new session nothing is known to be pushed so far: everything is polled.
    pub(super) fn restart(&mut self, now: Instant) {
        self.mailboxes.values_mut().for_each(|mailbox| mailbox.poll_at = now);
    }

    /// The server reports a change in this mailbox.
    pub(super) fn pushed(&mut self, name: &MailboxName, now: Instant) {
        if let Some(mailbox) = self.mailboxes.get_mut(name) {
            mailbox.pushed = Some(now);
            mailbox.signal();
        }
    }

    /// It must be compared, for whatever reason.
    pub(super) fn signal(&mut self, name: &MailboxName) {
        self.mailboxes.get_mut(name).into_iter().for_each(Mailbox::signal);
    }

    /// It is polled at the next round.
    pub(super) fn poll_now(&mut self, name: &MailboxName, now: Instant) {
        self.mailboxes.get_mut(name).into_iter().for_each(|mailbox| mailbox.poll_at = now);
    }

    /// Whether a full look is due. If so, it begins: all mailboxes are polled.
    pub(super) fn begin_full_look(&mut self, now: Instant) -> bool {
        if now < self.next_full {
            return false;
        }
        self.next_full = now + self.intervals.full_look;
        self.restart(now);
        true
    }

    /// Mailboxes to be polled now, and those that would be soon anyway: they share a round trip.
    pub(super) fn to_poll(&self, now: Instant, is_pushed: impl Fn(&MailboxName) -> bool) -> Vec<MailboxName> {
        let until = now + self.intervals.shortest / 4;
        let pollable = self.pollable(&is_pushed).filter(|(_, mailbox)| mailbox.poll_at <= until);
        let names: Vec<_> = pollable.map(|(name, _)| name.clone()).collect();
        let is_due = |name: &MailboxName| self.mailboxes.get(name).is_some_and(|mailbox| mailbox.poll_at <= now);
        if names.iter().any(is_due) { names } else { Vec::new() }
    }

    /// A mailbox was polled. `why`: it must be compared. `is_pushed`: the server pushes its changes.
    pub(super) fn polled(&mut self, name: &MailboxName, why: Option<Why>, is_pushed: bool, now: Instant) {
        let Intervals { shortest, longest, full_look } = self.intervals;
        let Some(mailbox) = self.mailboxes.get_mut(name) else { return };
        if why == Some(Why::Signal) {
            mailbox.interval = shortest;
            mailbox.changes = mailbox.changes.saturating_add(1);
        } else {
            mailbox.interval = (mailbox.interval * 3 / 2).min(longest);
        }
        mailbox.due = mailbox.due.max(why).max(mailbox.is_owed.then_some(Why::Signal));
        mailbox.poll_at = now + if is_pushed { full_look } else { mailbox.interval };
    }

    /// What is to be compared now. What was signalled comes first, except that `kept` comes last.
    pub(super) fn due(&self, kept: Option<&MailboxName>) -> Option<(MailboxName, Why)> {
        let due = self.mailboxes.iter().filter_map(|(name, mailbox)| Some((name, mailbox.due?)));
        let first = due.max_by_key(|(name, why)| (Some(*name) != kept, *why));
        first.map(|(name, why)| (name.clone(), why))
    }

    /// A comparison begins: what is signalled from now on needs another one.
    pub(super) fn comparing(&mut self, name: &MailboxName) {
        self.mailboxes.get_mut(name).into_iter().for_each(|mailbox| {
            mailbox.due = None;
            mailbox.is_owed = true;
        });
    }

    /// It is compared after the next poll, whatever that shows.
    pub(super) fn owe(&mut self, name: &MailboxName) {
        self.mailboxes.get_mut(name).into_iter().for_each(|mailbox| mailbox.is_owed = true);
    }

    /// A mailbox cannot be polled or compared: it is tried again later, and then compared in any case.
    pub(super) fn set_aside(&mut self, name: &MailboxName, now: Instant) {
        let longest = self.intervals.longest;
        if let Some(mailbox) = self.mailboxes.get_mut(name) {
            (mailbox.due, mailbox.is_owed) = (None, true);
            mailbox.interval = (mailbox.interval * 2).min(longest);
            mailbox.poll_at = now + mailbox.interval;
        }
    }

    /// A comparison has ended. If a full look found what this method did not push, and that was not the first time, the method is lowered:
    /// the new one is returned. `pushing`: the method by which the server should have pushed it.
    pub(super) fn compared(
        &mut self,
        name: &MailboxName,
        why: Why,
        found: bool,
        pushing: Option<WatchMethod>,
        now: Instant,
    ) -> Option<WatchMethod> {
        let mailbox = self.mailboxes.get_mut(name)?;
        mailbox.is_owed = false;
        if found {
            mailbox.interval = self.intervals.shortest;
            mailbox.poll_at = mailbox.poll_at.min(now + mailbox.interval);
            mailbox.changes = mailbox.changes.saturating_add(1);
        }
        let is_on_its_way = mailbox.due.is_some() || mailbox.pushed.is_some_and(|pushed| now - pushed < ON_ITS_WAY);
        let pushing = pushing.filter(|_| found && why == Why::Full && !is_on_its_way)?;
        let remembered = self.intervals.full_look * REMEMBERED_LOOKS;
        self.unpushed.retain(|at| now - *at < remembered);
        self.unpushed.push_back(now);
        if self.unpushed.len() < MOST_UNPUSHED {
            return None;
        }
        self.unpushed.clear();
        self.method = self.method.max(pushing.lower());
        Some(self.method)
    }

    /// When there is something to do without a signal.
    pub(super) fn next(&self, now: Instant, is_pushed: impl Fn(&MailboxName) -> bool) -> Instant {
        let due = self.mailboxes.values().any(|mailbox| mailbox.due.is_some()).then_some(now);
        let poll = self.pollable(&is_pushed).map(|(_, mailbox)| mailbox.poll_at).min();
        let calm = self.calm.filter(|until| *until > now);
        [due, poll, calm].into_iter().flatten().fold(self.next_full, Instant::min)
    }

    /// The mailboxes, the busiest first; of equally busy ones in the order of their names, INBOX first.
    pub(super) fn busiest(&self) -> Vec<MailboxName> {
        let mut all: Vec<_> = self.mailboxes.iter().collect();
        all.sort_by_key(|(name, mailbox)| (std::cmp::Reverse(mailbox.changes), !name.is_inbox(), *name));
        all.into_iter().map(|(name, _)| name.clone()).collect()
    }

    fn pollable<'a>(
        &'a self,
        is_pushed: &'a impl Fn(&MailboxName) -> bool,
    ) -> impl Iterator<Item = (&'a MailboxName, &'a Mailbox)> {
        self.mailboxes.iter().filter(move |(name, _)| !is_pushed(name))
    }
}

impl Mailbox {
    fn signal(&mut self) {
        self.due = Some(Why::Signal);
    }
}
