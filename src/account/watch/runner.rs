//! [`Runner`]: the task of a watch: it gets sessions, goes on after each loss, and hands over what was found. What is done on a session is in
//! `round.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::event::Watched;
use super::held::{Held, Jumps};
use super::known::Known;
use super::outbox::{Batch, Moved, Outbox};
use super::schedule::{Intervals, Schedule};
use crate::account::Account;
use crate::account::back_off::{BackOff, random};
use crate::account::lane::Lane;
use crate::account::notice::{AccountNotice, AccountNotices};
use crate::account::pool::Lent;
use crate::account::service::ImapSessions;
use crate::error::{Error, Result};
use crate::imap::{MailboxName, MailboxStatus, SyncPoint};

/// A session that ends sooner than this was of no use: the next one waits.
const SHORT: Duration = Duration::from_secs(60);
const AFTER_SHORT: BackOff = BackOff { first: Duration::from_secs(1), most: Duration::from_secs(5 * 60) };
/// How often it is looked whether an account may log in again that was refused.
const REFUSED_LOOK: Duration = Duration::from_secs(5);
/// How often the clocks are compared.
pub(super) const TICK: Duration = Duration::from_secs(60);

pub(super) struct Runner {
    pub(super) account: Account,
    /// `None`: all mailboxes.
    pub(super) names: Option<Vec<MailboxName>>,
    pub(super) known: BTreeMap<MailboxName, Known>,
    pub(super) schedule: Schedule,
    /// What the last STATUS of each mailbox reported.
    pub(super) status: BTreeMap<MailboxName, MailboxStatus>,
    /// Mailboxes that were known to exist and are not listed any more.
    pub(super) unlisted: BTreeSet<MailboxName>,
    /// Mailboxes that do not exist.
    pub(super) missing: BTreeSet<MailboxName>,
    /// The mailbox in which IDLE runs.
    pub(super) kept: Option<MailboxName>,
    pub(super) is_listed: bool,
    /// Whether a full look runs.
    pub(super) is_full: bool,
    /// At which mailbox sessions have ended, and how many in a row.
    pub(super) deaths: Option<(MailboxName, u32)>,
    pub(super) at: Option<MailboxName>,
    pub(super) outbox: Outbox,
    is_offline: bool,
    jumps: Jumps,
}

/// How the work on a session ended.
pub(super) enum Ended {
    /// Nothing is to be done before this instant, and no session is needed for that.
    Until(Instant),
    /// Other work needs the session.
    Yield,
    /// The machine was asleep.
    Asleep,
    /// Nobody reads any more.
    Unread,
}

impl Runner {
    pub(super) fn new(
        account: Account,
        names: Option<Vec<MailboxName>>,
        points: BTreeMap<MailboxName, SyncPoint>,
        intervals: Intervals,
        sender: mpsc::Sender<Batch>,
    ) -> Self {
        let now = Instant::now();
        let mut schedule = Schedule::new(intervals, now);
        let mut known: BTreeMap<_, _> = points.into_iter().map(|(name, point)| (name, Known::from(point))).collect();
        match &names {
            Some(names) => {
                known.retain(|name, _| names.contains(name));
                names.iter().for_each(|name| schedule.add(name.clone(), now));
            }
            None => known.keys().for_each(|name| schedule.add(name.clone(), now)),
        }
        Self {
            account,
            names,
            known,
            schedule,
            status: BTreeMap::new(),
            unlisted: BTreeSet::new(),
            missing: BTreeSet::new(),
            kept: None,
            is_listed: false,
            is_full: false,
            deaths: None,
            at: None,
            outbox: Outbox::new(sender),
            is_offline: false,
            jumps: Jumps::new(now, SystemTime::now()),
        }
    }

    /// Runs until nobody reads any more, or the account is shut down.
    pub(super) async fn run(mut self) {
        let mut short = 0;
        while let Some(lent) = self.session().await {
            let began = Instant::now();
            let mut held = Held::new(lent);
            match self.work(&mut held).await {
                Ok(Ended::Unread) => return,
                Ok(Ended::Until(until)) => {
                    held.give_back().await;
                    short = 0;
                    self.rest(until).await;
                }
                Ok(Ended::Yield) => {
                    held.give_back().await;
                    self.schedule.yielded(Instant::now());
                }
                Ok(Ended::Asleep) => {
                    held.close();
                    self.account.network_changed();
                    self.interrupted(Instant::now());
                }
                Err(error) => {
                    short = if began.elapsed() < SHORT { short + 1 } else { 0 };
                    self.lost(held, &error);
                    if short > 1 {
                        self.rest(Instant::now() + AFTER_SHORT.wait(short, random())).await;
                    }
                }
            }
        }
    }

    pub(super) fn report(&mut self, events: impl IntoIterator<Item = Watched>, moved: impl IntoIterator<Item = Moved>) {
        let batch = Batch { events: events.into_iter().collect(), moved: moved.into_iter().collect() };
        if !batch.events.is_empty() || !batch.moved.is_empty() {
            self.outbox.push(batch);
        }
    }

    /// Hands over what was found. A slow reader slows the watch down: what happens meanwhile is found later, in one piece.
    pub(super) async fn flush(&mut self) -> Option<Ended> {
        while !self.outbox.is_empty() {
            tokio::select! {
                is_read = self.outbox.pass() => {
                    if !is_read {
                        return Some(Ended::Unread);
                    }
                }
                () = self.account.pool.pressed(Lane::Watch) => return Some(Ended::Yield),
            }
        }
        None
    }

    /// Whether the machine was asleep, in a wait that should have ended at this instant.
    pub(super) fn was_asleep(&mut self, planned: Instant) -> bool {
        self.jumps.look(planned, Instant::now(), SystemTime::now())
    }

    /// A session, whenever there is one. `None` if the account is shut down, or nobody reads any more.
    async fn session(&mut self) -> Option<Lent<ImapSessions>> {
        let account = self.account.clone();
        let mut notices = account.notices();
        if let Some(error) = account.pool.failure() {
            self.offline(error);
        }
        loop {
            let got = {
                let mut acquiring = pin!(account.acquire());
                loop {
                    tokio::select! {
                        biased;
                        got = &mut acquiring => break got,
                        error = next_failure(&mut notices), if !self.is_offline => self.offline(error),
                        is_read = self.outbox.pass() => {
                            if !is_read {
                                return None;
                            }
                        }
                    }
                }
            };
            match got {
                Ok(lent) => return Some(lent),
                Err(_) if account.pool.is_shut() => return None,
                Err(error) => {
                    self.offline(error);
                    self.rest(Instant::now() + REFUSED_LOOK).await;
                }
            }
        }
    }

    async fn work(&mut self, held: &mut Held) -> Result<Ended> {
        self.jumps.look(Instant::now(), Instant::now(), SystemTime::now());
        self.rounds(held).await
    }

    /// The session answers.
    pub(super) fn online(&mut self, held: &Held) {
        held.lent().useful();
        if std::mem::take(&mut self.is_offline) {
            self.report([Watched::Online], []);
        }
    }

    fn offline(&mut self, error: Error) {
        if !std::mem::replace(&mut self.is_offline, true) {
            self.report([Watched::Offline(error)], []);
        }
    }

    /// A session ended. If that happens again at the same mailbox, that one is left out for a while.
    fn lost(&mut self, held: Held, error: &Error) {
        tracing::debug!(%error, "a watch has lost its session");
        let is_closed = held.lent().is_closed();
        // An error that is not the end of the session may leave it in any state.
        if is_closed {
            drop(held)
        } else {
            held.close()
        }
        let now = Instant::now();
        self.interrupted(now);
        if let Some(name) = self.at.take() {
            let before = self.deaths.take().filter(|(at, _)| *at == name).map_or(0, |(_, deaths)| deaths);
            if before > 0 {
                self.schedule.set_aside(&name, now);
            }
            self.deaths = Some((name, before + 1));
        }
    }

    /// What happened meanwhile was not pushed.
    fn interrupted(&mut self, now: Instant) {
        self.schedule.restart(now);
        for (name, _) in self.known.iter().filter(|(_, known)| known.is_blind()) {
            self.schedule.owe(name);
        }
    }

    /// Waits without a session; what was found is handed over meanwhile.
    async fn rest(&mut self, until: Instant) {
        loop {
            let tick = until.min(Instant::now() + TICK);
            tokio::select! {
                () = sleep_until(tick) => {
                    if self.was_asleep(tick) {
                        self.account.network_changed();
                        self.interrupted(Instant::now());
                        return;
                    }
                    if tick >= until {
                        return;
                    }
                }
                () = self.outbox.unread() => return,
            }
        }
    }
}

/// Waits until no session can be opened.
async fn next_failure(notices: &mut AccountNotices) -> Error {
    loop {
        match notices.next().await {
            Some(AccountNotice::Offline(error) | AccountNotice::Stopped(error)) => return error,
            Some(AccountNotice::Doubted { error, .. }) => return error,
            Some(_) => {}
            None => sleep(TICK).await,
        }
    }
}
