//! What the parts of the pool share: the [`Service`] that opens sessions, the pool's state, and what changes it without waiting. It must
//! not know how a session is claimed, opened or returned.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::account::back_off::BackOff;
use crate::account::gate::{Gate, Start};
use crate::account::lane::Lane;
use crate::account::limits::{ConnectionLimits, HasIdle, HostLimits, Place};
use crate::account::notice::{AccountNotice, AccountNotices, Announcer};
use crate::account::stats::{Day, Stats};
use crate::account::token::Renewals;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::login::Login;
use crate::mailbox::BoxFuture;
use crate::{Notices, Traffic};

/// The longest that a server can have the account wait for the next login.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What opens sessions, and what a pool has to know of one.
pub(in crate::account) trait Service: Send + Sync + 'static {
    /// Whether a session can be used for another call. Otherwise its place is free when it has [ended](Self::end).
    const IS_KEPT: bool = true;

    type Session: Send + Sync + 'static;
    type Notice: Send + 'static;

    fn open(config: Config, login: Login) -> BoxFuture<'static, Result<Self::Session>>;

    fn is_closed(session: &Self::Session) -> bool;

    fn traffic(session: &Self::Session) -> Traffic;

    fn notices(session: &Self::Session) -> Notices<Self::Notice>;

    fn report(lane: Lane, session: u64, notice: Self::Notice) -> AccountNotice;

    /// How long the server asks to wait before the next login, if it does.
    fn login_delay(session: &Self::Session) -> Option<Duration> {
        let _ = session;
        None
    }

    /// Ends a session that nobody uses.
    fn end(session: Self::Session) -> BoxFuture<'static, ()>;
}

/// The sessions of one account. Cheap to clone.
pub(in crate::account) struct Pool<S: Service>(pub(super) Arc<Shared<S>>);

/// What does not change.
#[derive(Clone, Debug)]
pub(in crate::account) struct Settings {
    pub(in crate::account) config: Config,
    pub(in crate::account) connections: usize,
    pub(in crate::account) patience: Duration,
    pub(in crate::account) back_off: BackOff,
    pub(in crate::account) idle_after: Duration,
    pub(in crate::account) daily_download: u64,
    pub(in crate::account) limits: Option<ConnectionLimits>,
}

/// Who holds a session between two calls and can do without it.
pub(in crate::account) trait Parked<S: Service>: Send + Sync {
    /// The session and the lane that counts it, unless a call is using it. It is called while the pool is locked, and must not call the pool.
    fn give(&self) -> Option<(Parts<S>, Lane)>;
}

pub(super) struct Shared<S: Service> {
    pub(super) settings: Settings,
    pub(super) limits: Option<HostLimits>,
    state: Mutex<State<S>>,
    /// Whoever waits should look at the clock at another time.
    pub(super) changed: Notify,
    /// Somebody waits for a session.
    pub(super) pressure: Notify,
    announcer: Announcer,
}

pub(super) struct State<S: Service> {
    pub(super) login: Login,
    pub(super) renewals: Option<Arc<Renewals>>,
    /// Counts the logins: a session of another one is not used again.
    pub(super) login_number: u64,
    /// The number of the last session, or attempt to open one.
    pub(super) last_session: u64,
    pub(super) gate: Gate,
    pub(super) idle: Vec<Idle<S>>,
    /// Lent, idle and being opened.
    pub(super) open: usize,
    /// Being opened.
    pub(super) opening: usize,
    /// Lent and being opened, by lane.
    pub(super) used: [usize; 3],
    pub(super) most: usize,
    pub(super) fewer: Option<Fewer>,
    /// The server accepts no more sessions. How many it accepts is known when no attempt runs any more.
    pub(super) is_limit_reached: bool,
    pub(super) queue: [VecDeque<Waiter<S>>; 3],
    pub(super) next_waiter: u64,
    /// When those who wait look again although nothing has happened.
    pub(super) look: Option<Instant>,
    pub(super) parked: Vec<Weak<dyn Parked<S>>>,
    pub(super) last_failure: Option<Error>,
    pub(super) is_offline: bool,
    pub(super) is_shut: bool,
    pub(super) stats: Stats,
    pub(super) day: Day,
    pub(super) bulk_paused: Option<Instant>,
    /// Whether the octets of a day were reported as reached.
    pub(super) is_day_full: bool,
}

pub(super) struct Idle<S: Service> {
    pub(super) parts: Parts<S>,
    pub(super) since: Instant,
}

/// The server accepts fewer sessions than the account may have.
pub(super) struct Fewer {
    pub(super) until: Instant,
    pub(super) most: usize,
    /// How long the next time.
    pub(super) next: Duration,
}

/// A session and what is known about it.
pub(in crate::account) struct Parts<S: Service> {
    pub(super) session: S::Session,
    pub(super) place: Option<Place>,
    pub(super) id: u64,
    /// The number of its login.
    pub(super) login: u64,
    /// What is counted already.
    pub(super) counted: Traffic,
}

/// What somebody who waits gets.
pub(super) enum Granted<S: Service> {
    /// A session that is counted for their lane.
    Session(Parts<S>),
    /// The place of a session, which they may open with the login of this number.
    Slot(u64),
}

/// Somebody who waits.
pub(super) struct Waiter<S: Service> {
    pub(super) number: u64,
    pub(super) sender: oneshot::Sender<Result<Granted<S>>>,
}

impl<S: Service> Pool<S> {
    pub(in crate::account) fn new(settings: Settings, login: Login) -> Self {
        let (renewals, login) = Renewals::of(login);
        let state = State {
            login,
            renewals,
            login_number: 0,
            last_session: 0,
            gate: Gate::new(settings.back_off),
            idle: Vec::new(),
            open: 0,
            opening: 0,
            used: [0; 3],
            most: settings.connections,
            fewer: None,
            is_limit_reached: false,
            queue: Default::default(),
            next_waiter: 0,
            look: None,
            parked: Vec::new(),
            last_failure: None,
            is_offline: false,
            is_shut: false,
            stats: Stats::default(),
            day: Day::default(),
            bulk_paused: None,
            is_day_full: false,
        };
        let limits = settings.limits.as_ref().map(|limits| limits.of_host(settings.config.host()));
        let shared = Arc::new(Shared {
            settings,
            limits,
            state: Mutex::new(state),
            changed: Notify::new(),
            pressure: Notify::new(),
            announcer: Announcer::default(),
        });
        if let Some(limits) = &shared.limits {
            let pool: Weak<Shared<S>> = Arc::downgrade(&shared);
            limits.register(pool);
        }
        Self(shared)
    }

    pub(in crate::account) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Another login, or new settings of the same: everything is tried again.
    pub(in crate::account) fn set_login(&self, login: Login) {
        let (renewals, login) = Renewals::of(login);
        let idle = {
            let mut state = self.lock();
            (state.renewals, state.login) = (renewals, login);
            state.login_number += 1;
            state.gate.new_login();
            state.last_failure = None;
            state.accept_all(self.settings().connections);
            state.take_idle()
        };
        end_all(idle);
        self.dispatch();
    }

    pub(in crate::account) fn network_changed(&self) {
        let idle = {
            let mut state = self.lock();
            state.gate.network_changed();
            state.take_idle()
        };
        // Their connections may be dead without anybody having noticed; LOGOUT closes them on the server if they are not.
        end_all(idle);
        self.dispatch();
    }

    /// Nothing is opened any more; idle sessions are ended.
    pub(in crate::account) async fn shut(&self) {
        let idle = {
            let mut state = self.lock();
            state.is_shut = true;
            state.take_idle()
        };
        self.dispatch();
        let ending: Vec<_> = idle.into_iter().map(|parts| tokio::spawn(S::end(parts.into_session()))).collect();
        for ended in ending {
            // Whatever becomes of a LOGOUT, the session is over.
            drop(ended.await);
        }
    }

    /// A call had its answer: the session does useful work.
    pub(in crate::account) fn useful(&self) {
        let was_awaited = self.lock().gate.useful();
        if was_awaited {
            self.dispatch();
        }
    }

    /// The server asks to wait before the next login.
    pub(in crate::account) fn not_before(&self, wait: Duration) {
        self.lock().gate.not_before(Instant::now() + wait.min(LONGEST_WAIT));
    }

    /// Bulk work continues after this time.
    pub(in crate::account) fn pause_bulk(&self, time: Duration) {
        let until = Instant::now() + time;
        let was_paused = {
            let mut state = self.lock();
            let before = state.bulk_paused.replace(until);
            before.is_some_and(|before| before > Instant::now())
        };
        if !was_paused {
            self.announce(AccountNotice::BulkPaused { time });
        }
    }

    /// Whether somebody waits for a session with more urgent work, or with bulk work as urgent as this, and may have it.
    pub(in crate::account) fn is_pressed(&self, lane: Lane) -> bool {
        let mut state = self.lock();
        let is_paused = state.bulk_wait(Instant::now(), self.settings().daily_download).is_some();
        let state = &*state;
        let waits = |other: &Lane| *other < lane || (*other == lane && lane == Lane::Bulk);
        let may_have_it =
            |other: &Lane| other.may_have_one_more(state.used, state.most) && !(is_paused && *other == Lane::Bulk);
        Lane::ALL.iter().filter(|other| waits(other) && may_have_it(other)).any(|other| state.waiters(*other) > 0)
    }

    /// Waits until somebody waits for a session with more urgent work.
    pub(in crate::account) async fn pressed(&self, lane: Lane) {
        loop {
            let notified = self.0.pressure.notified();
            if self.is_pressed(lane) {
                return;
            }
            notified.await;
        }
    }

    /// Until when bulk work has to wait.
    pub(in crate::account) fn bulk_pause(&self) -> Option<Instant> {
        self.lock().bulk_wait(Instant::now(), self.settings().daily_download)
    }

    pub(in crate::account) fn park(&self, parked: Weak<dyn Parked<S>>) {
        let mut state = self.lock();
        if state.parked.len() == state.parked.capacity() {
            state.parked.retain(|parked| parked.strong_count() > 0);
        }
        state.parked.push(parked);
    }

    pub(in crate::account) fn stats(&self) -> Stats {
        self.lock().stats
    }

    pub(in crate::account) fn is_shut(&self) -> bool {
        self.lock().is_shut
    }

    /// Why no session can be opened at the moment.
    pub(in crate::account) fn failure(&self) -> Option<Error> {
        let state = self.lock();
        state.last_failure.clone().filter(|_| state.is_offline)
    }

    pub(in crate::account) fn notices(&self) -> AccountNotices {
        self.0.announcer.subscribe()
    }

    pub(in crate::account) fn announce(&self, notice: AccountNotice) {
        self.0.announcer.announce(notice);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.0.lock()
    }
}

impl<S: Service> Parts<S> {
    pub(super) fn is_closed(&self) -> bool {
        S::is_closed(&self.session)
    }

    /// Whether it may be used for another call.
    pub(super) fn is_fit(&self, login_number: u64) -> bool {
        self.login == login_number && !self.is_closed()
    }

    pub(super) fn into_session(self) -> S::Session {
        self.session
    }

    pub(super) fn into_session_and_place(self) -> (S::Session, Option<Place>) {
        (self.session, self.place)
    }

    pub(super) fn count(&mut self, pool: &Pool<S>) {
        let (traffic, now) = (S::traffic(&self.session), Instant::now());
        let full = {
            let mut state = pool.lock();
            state.count_traffic(self.counted, traffic, now);
            state.day_is_full(pool.settings().daily_download, now)
        };
        self.counted = traffic;
        if let Some(time) = full {
            pool.announce(AccountNotice::BulkPaused { time });
        }
    }
}

impl<S: Service> Waiter<S> {
    pub(super) fn is_waiting(&self) -> bool {
        !self.sender.is_closed()
    }
}

impl<S: Service> Shared<S> {
    pub(super) fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Service> State<S> {
    pub(super) fn take_idle(&mut self) -> Vec<Parts<S>> {
        let idle: Vec<_> = self.idle.drain(..).map(|idle| idle.parts).collect();
        self.open = self.open.saturating_sub(idle.len());
        idle
    }

    /// A session that somebody holds without using it. It is not counted any more.
    fn take_parked(&mut self) -> Option<Parts<S>> {
        let (parts, lane) = self.parked.iter().filter_map(Weak::upgrade).find_map(|parked| parked.give())?;
        self.count_unused(lane);
        self.open = self.open.saturating_sub(1);
        Some(parts)
    }

    /// A session that somebody holds without using it, or that nobody uses. It is counted as open, and for no lane.
    pub(super) fn take_unused(&mut self) -> Option<Parts<S>> {
        let parts = self.idle.pop().map(|idle| idle.parts);
        parts.or_else(|| {
            let parts = self.take_parked()?;
            self.open += 1;
            Some(parts)
        })
    }

    /// The sessions that are open, without those that are being opened.
    pub(super) fn established(&self) -> usize {
        self.open.saturating_sub(self.opening)
    }

    /// The last failure, if the account waits before it tries again.
    pub(super) fn waiting_for(&self) -> Option<Error> {
        let waits = matches!(self.gate.start(Instant::now()), Start::At(_)) && self.open == 0;
        self.last_failure.clone().filter(|_| waits)
    }

    pub(super) fn waiters(&self, lane: Lane) -> usize {
        self.queue.get(lane.index()).map_or(0, |queue| queue.iter().filter(|waiter| waiter.is_waiting()).count())
    }

    fn used_mut(&mut self, lane: Lane) -> Option<&mut usize> {
        self.used.get_mut(lane.index())
    }

    pub(super) fn count_used(&mut self, lane: Lane) {
        self.used_mut(lane).into_iter().for_each(|used| *used += 1);
    }

    pub(super) fn count_unused(&mut self, lane: Lane) {
        self.used_mut(lane).into_iter().for_each(|used| *used = used.saturating_sub(1));
    }

    /// Counts octets that are not counted yet.
    pub(super) fn count_traffic(&mut self, since: Traffic, now: Traffic, at: Instant) {
        let received = now.received.saturating_sub(since.received);
        self.stats.received += received;
        self.stats.sent += now.sent.saturating_sub(since.sent);
        self.stats.commands += now.commands.saturating_sub(since.commands);
        self.day.add(received, at);
    }

    /// Until when bulk work has to wait.
    pub(super) fn bulk_wait(&mut self, now: Instant, daily: u64) -> Option<Instant> {
        let paused = self.bulk_paused.filter(|&until| until > now);
        paused.max(self.day.below(daily, now))
    }

    /// How long bulk work has to wait because of the octets of this day, if that is new.
    fn day_is_full(&mut self, daily: u64, now: Instant) -> Option<Duration> {
        let until = self.day.below(daily, now);
        let was_full = std::mem::replace(&mut self.is_day_full, until.is_some());
        until.filter(|_| !was_full).map(|until| until - now)
    }
}

impl<S: Service> HasIdle for Shared<S> {
    fn host(&self) -> &str {
        self.settings.config.host()
    }

    fn end_idle(&self) -> bool {
        let oldest = {
            let mut state = self.lock();
            let oldest = (!state.idle.is_empty()).then(|| state.idle.remove(0));
            state.open = state.open.saturating_sub(usize::from(oldest.is_some()));
            oldest
        };
        oldest.map(|idle| end(idle.parts)).is_some()
    }

    fn end_parked(&self) -> bool {
        let parked = self.lock().take_parked();
        parked.map(end).is_some()
    }
}

impl<S: Service> Clone for Pool<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Ends sessions that nobody uses, without waiting for it.
pub(super) fn end_all<S: Service>(sessions: Vec<Parts<S>>) {
    sessions.into_iter().for_each(end);
}

/// Ends a session beside everything else. Without a runtime its connection is closed.
pub(super) fn end<S: Service>(parts: Parts<S>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let (session, place) = parts.into_session_and_place();
    drop(runtime.spawn(async move {
        S::end(session).await;
        drop(place);
    }));
}

pub(super) fn shut() -> Error {
    Error::closed("the account is shut down")
}
