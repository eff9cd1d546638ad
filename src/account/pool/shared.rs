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
use crate::account::limits::{ConnectionLimits, HasIdle, Place};
use crate::account::notice::{AccountNotice, AccountNotices, Announcer};
use crate::account::stats::{Day, Stats};
use crate::account::token::Renewals;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::login::Login;
use crate::mailbox::BoxFuture;
use crate::{Notices, Traffic};

/// How long an account has fewer sessions after the server accepted no more; doubled each time in a row, up to [`LONGEST_FEWER`].
const FEWER: Duration = Duration::from_secs(10 * 60);
const LONGEST_FEWER: Duration = Duration::from_secs(4 * 60 * 60);

/// What opens sessions, and what a pool has to know of one.
pub(in crate::account) trait Service: Send + Sync + 'static {
    type Session: Send + Sync + 'static;
    type Notice: Send + 'static;

    fn open(config: Config, login: Login) -> BoxFuture<'static, Result<Self::Session>>;

    fn is_closed(session: &Self::Session) -> bool;

    fn traffic(session: &Self::Session) -> Traffic;

    fn notices(session: &Self::Session) -> Notices<Self::Notice>;

    fn report(lane: Lane, session: u64, notice: Self::Notice) -> AccountNotice;

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
    state: Mutex<State<S>>,
    /// A waiter should look again.
    pub(super) changed: Notify,
    /// Somebody waits for a session.
    pub(super) pressure: Notify,
    announcer: Announcer,
}

pub(super) struct State<S: Service> {
    pub(super) login: Login,
    pub(super) renewals: Option<Arc<Renewals>>,
    pub(super) gate: Gate,
    pub(super) idle: Vec<Idle<S>>,
    /// Lent, idle and being opened.
    pub(super) open: usize,
    /// Lent and being opened, by lane.
    pub(super) used: [usize; 3],
    pub(super) most: usize,
    pub(super) fewer: Option<Fewer>,
    pub(super) queue: [VecDeque<Waiter<S>>; 3],
    pub(super) next_waiter: u64,
    pub(super) parked: Vec<Weak<dyn Parked<S>>>,
    pub(super) last_failure: Option<Error>,
    pub(super) is_offline: bool,
    pub(super) is_shut: bool,
    pub(super) stats: Stats,
    pub(super) day: Day,
    pub(super) bulk_paused: Option<Instant>,
}

pub(super) struct Idle<S: Service> {
    pub(super) parts: Parts<S>,
    pub(super) since: Instant,
}

/// The server accepts fewer sessions than the account may have.
pub(super) struct Fewer {
    pub(super) until: Instant,
    /// How long the next time.
    next: Duration,
}

/// A session and what is known about it.
pub(in crate::account) struct Parts<S: Service> {
    pub(super) session: S::Session,
    pub(super) place: Option<Place>,
    pub(super) id: u64,
    /// What is counted already.
    pub(super) counted: Traffic,
}

/// What somebody who waits gets.
pub(super) enum Granted<S: Service> {
    /// A session that is counted for their lane.
    Session(Parts<S>),
    /// The place of a session, which they may open.
    Slot,
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
            gate: Gate::new(settings.back_off),
            idle: Vec::new(),
            open: 0,
            used: [0; 3],
            most: settings.connections,
            fewer: None,
            queue: Default::default(),
            next_waiter: 0,
            parked: Vec::new(),
            last_failure: None,
            is_offline: false,
            is_shut: false,
            stats: Stats::default(),
            day: Day::default(),
            bulk_paused: None,
        };
        let limits = settings.limits.clone();
        let shared = Arc::new(Shared {
            settings,
            state: Mutex::new(state),
            changed: Notify::new(),
            pressure: Notify::new(),
            announcer: Announcer::default(),
        });
        if let Some(limits) = limits {
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
            state.gate.new_login();
            state.last_failure = None;
            state.take_idle()
        };
        self.end_all(idle);
        self.dispatch();
    }

    pub(in crate::account) fn network_changed(&self) {
        let idle = {
            let mut state = self.lock();
            state.gate.network_changed();
            state.take_idle()
        };
        // Their connections may be dead without anybody having noticed; LOGOUT closes them on the server if they are not.
        self.end_all(idle);
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
        for parts in idle {
            S::end(parts.into_session()).await;
        }
    }

    /// A call had its answer: the session does useful work.
    pub(in crate::account) fn useful(&self) {
        self.lock().gate.useful();
    }

    /// The server asks to wait before the next login.
    pub(in crate::account) fn not_before(&self, wait: Duration) {
        self.lock().gate.not_before(Instant::now() + wait);
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

    /// Whether somebody waits for a session with more urgent work, or with bulk work as urgent as this.
    pub(in crate::account) fn is_pressed(&self, lane: Lane) -> bool {
        let state = self.lock();
        let waits = |other: &Lane| *other < lane || (*other == lane && lane == Lane::Bulk);
        Lane::ALL.iter().filter(|other| waits(other)).any(|other| state.waiters(*other) > 0)
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

    pub(in crate::account) fn notices(&self) -> AccountNotices {
        self.0.announcer.subscribe()
    }

    pub(in crate::account) fn announce(&self, notice: AccountNotice) {
        self.0.announcer.announce(notice);
    }

    /// Ends sessions that nobody uses, without waiting for it.
    fn end_all(&self, idle: Vec<Parts<S>>) {
        for parts in idle {
            end(parts);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.0.lock()
    }
}

impl<S: Service> Parts<S> {
    pub(super) fn is_closed(&self) -> bool {
        S::is_closed(&self.session)
    }

    pub(super) fn into_session(self) -> S::Session {
        self.session
    }

    pub(super) fn into_session_and_place(self) -> (S::Session, Option<Place>) {
        (self.session, self.place)
    }

    pub(super) fn count(&mut self, pool: &Pool<S>) {
        let traffic = S::traffic(&self.session);
        pool.lock().count_traffic(self.counted, traffic, Instant::now());
        self.counted = traffic;
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

    /// If the server accepts no more sessions, and the account has some: it makes do with those for a while.
    pub(super) fn accept_fewer(&mut self, error: &Error, now: Instant) -> Option<AccountNotice> {
        let others = self.open.saturating_sub(1);
        if !error.is_connection_limit() || others == 0 {
            return None;
        }
        let time = self.fewer.as_ref().map_or(FEWER, |fewer| fewer.next);
        self.fewer = Some(Fewer { until: now + time, next: (time * 2).min(LONGEST_FEWER) });
        self.most = others;
        Some(AccountNotice::FewerConnections { most: others, time })
    }

    /// The account may have all its sessions again.
    pub(super) fn end_fewer(&mut self, now: Instant, connections: usize) {
        if self.fewer.as_ref().is_some_and(|fewer| fewer.until <= now) {
            self.most = connections;
        }
    }
}

impl<S: Service> HasIdle for Shared<S> {
    fn close_idle(&self) -> bool {
        let closed = {
            let mut state = self.lock();
            let oldest = (!state.idle.is_empty()).then(|| state.idle.remove(0));
            state.open = state.open.saturating_sub(usize::from(oldest.is_some()));
            oldest
        };
        match closed {
            Some(idle) => {
                end(idle.parts);
                true
            }
            None => false,
        }
    }
}

impl<S: Service> Clone for Pool<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Ends a session beside everything else. Without a runtime its connection is closed.
pub(super) fn end<S: Service>(parts: Parts<S>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        let (session, place) = parts.into_session_and_place();
        drop(runtime.spawn(async move {
            S::end(session).await;
            drop(place);
        }));
    }
}

pub(super) fn shut() -> Error {
    Error::closed("the account is shut down")
}
