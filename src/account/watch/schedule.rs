//! [`Schedule`]: which mailboxes are to be polled or compared, when to look next, and whether what the server pushes can be relied on: a
//! pure state machine. It must not know a session, nor read a clock: instants come in.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::event::WatchMethod;
use crate::imap::MailboxName;

/// How many full looks back an unpushed change counts.
const REMEMBERED_LOOKS: u32 = 4;
/// The number of changes that were not pushed after which the method is lowered. One may have happened just before the look, before the server pushed it.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INTERVALS: Intervals = Intervals {
        full_look: Duration::from_secs(600),
        shortest: Duration::from_secs(15),
        longest: Duration::from_secs(300),
    };

    fn name(number: usize) -> MailboxName {
        MailboxName::new(&format!("Box{number}")).unwrap()
    }

    fn schedule(mailboxes: usize, now: Instant) -> Schedule {
        let mut schedule = Schedule::new(INTERVALS, now);
        (0..mailboxes).for_each(|number| schedule.add(name(number), now));
        schedule
    }

    /// Polls and compares everything that is due.
    fn settle(schedule: &mut Schedule, now: Instant) -> Vec<MailboxName> {
        let polled = schedule.to_poll(now, |_| false);
        polled.iter().for_each(|name| schedule.polled(name, None, false, now));
        while let Some((name, why)) = schedule.due(None) {
            schedule.comparing(&name);
            schedule.compared(&name, why, why == Why::Signal, None, now);
        }
        polled
    }

    proptest! {
        /// The oracle remembers when each mailbox was last polled, and whether it was signalled and not compared since.
        #[test]
        fn every_mailbox_is_polled_in_time_and_no_signal_is_lost(
            steps in prop::collection::vec((0u64..40, 0usize..4, prop::bool::ANY, prop::bool::ANY), 1..200),
        ) {
            let start = Instant::now();
            let (mut schedule, mut now) = (schedule(4, start), start);
            let (mut polled, mut full) = ([start; 4], start);
            for (seconds, number, is_signalled, is_during) in steps {
                now += Duration::from_secs(seconds);
                if is_signalled {
                    schedule.pushed(&name(number), now);
                    let (due, why) = schedule.due(None).unwrap();
                    prop_assert_eq!((due.clone(), why), (name(number), Why::Signal));
                    schedule.comparing(&due);
                    if is_during {
                        schedule.pushed(&due, now);
                    }
                    schedule.compared(&due, why, true, None, now);
                    prop_assert_eq!(schedule.due(None).is_some(), is_during);
                }
                if schedule.begin_full_look(now) {
                    prop_assert!(now - full >= INTERVALS.full_look);
                    full = now;
                }
                prop_assert!(now - full < INTERVALS.full_look);
                let is_full = full == now;
                for name in settle(&mut schedule, now) {
                    let number: usize = name.as_str()[3..].parse().unwrap();
                    let early = now - polled[number] >= INTERVALS.shortest * 3 / 4;
                    prop_assert!(early || is_full || polled[number] == start, "polled after {:?}", now - polled[number]);
                    polled[number] = now;
                }
                for (number, polled) in polled.iter().enumerate() {
                    prop_assert!(now - *polled < INTERVALS.longest, "Box{} is late by {:?}", number, now - *polled);
                }
                prop_assert!(schedule.due(None).is_none());
                prop_assert!(schedule.next(now, |_| false) > now);
            }
        }
    }

    #[test]
    fn quiet_mailboxes_are_polled_less_and_less() {
        let start = Instant::now();
        let (mut schedule, mut now) = (schedule(1, start), start);
        let mut waits = Vec::new();
        while waits.len() < 10 {
            settle(&mut schedule, now);
            let next = schedule.next(now, |_| false);
            waits.push((next - now).as_secs());
            now = next;
            if schedule.begin_full_look(now) {
                waits.pop();
            }
        }
        assert!(waits.is_sorted() && waits[0] < 30, "{waits:?}");
        schedule.pushed(&name(0), now);
        settle(&mut schedule, now);
        assert!(schedule.next(now, |_| false) <= now + INTERVALS.shortest);
    }

    #[test]
    fn two_of_four_looks_that_find_what_was_not_pushed_lower_the_method() {
        let start = Instant::now();
        let look = |found: &[bool]| {
            let mut schedule = schedule(1, start);
            let mut lowered = Vec::new();
            for (number, found) in (1..).zip(found) {
                let now = start + INTERVALS.full_look * number;
                schedule.comparing(&name(0));
                lowered.extend(schedule.compared(&name(0), Why::Full, *found, Some(schedule.method()), now));
            }
            lowered
        };
        assert_eq!(look(&[true]), []);
        assert_eq!(look(&[true, false, false, true]), [WatchMethod::Idle]);
        assert_eq!(look(&[true, false, false, false, true]), [], "too long ago");
        assert_eq!(look(&[true, true, true, true]), [WatchMethod::Idle, WatchMethod::Status]);
    }

    #[test]
    fn what_is_pushed_just_now_or_found_by_a_signal_does_not_lower_it() {
        let now = Instant::now();
        let mut schedule = schedule(1, now);
        for _ in 0..5 {
            schedule.pushed(&name(0), now);
            schedule.comparing(&name(0));
            assert_eq!(schedule.compared(&name(0), Why::Full, true, Some(WatchMethod::Notify), now), None);
            let later = now + ON_ITS_WAY * 2;
            assert_eq!(schedule.compared(&name(0), Why::Signal, true, Some(WatchMethod::Notify), later), None);
        }
        assert_eq!(schedule.method(), WatchMethod::Notify);
    }

    #[test]
    fn a_comparison_that_fails_is_owed() {
        let now = Instant::now();
        let mut schedule = schedule(1, now);
        schedule.signal(&name(0));
        schedule.comparing(&name(0));
        schedule.set_aside(&name(0), now);
        assert_eq!(schedule.due(None), None);
        let later = schedule.next(now, |_| false);
        assert!(later > now && later <= now + INTERVALS.longest);
        schedule.polled(&name(0), None, false, later);
        assert_eq!(schedule.due(None), Some((name(0), Why::Signal)));
    }
}
