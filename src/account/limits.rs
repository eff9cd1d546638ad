//! [`ConnectionLimits`]: how many sessions many accounts may have together, in all and for each host. It must not know what a session is.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most sessions that several accounts have open together. Cheap to clone; the clones share the limits.
///
/// An account that needs a session waits for a free place. Idle sessions of other accounts are closed for it.
///
/// ```
/// use postroom::account::{Account, ConnectionLimits};
/// use postroom::Login;
///
/// let limits = ConnectionLimits::new(1000).per_host(50);
/// let accounts: Vec<Account> = ["ann", "bob"]
///     .into_iter()
///     .map(|user| Account::new("imap.example.org", Login::password(user, "secret")).limits(&limits).build())
///     .collect::<postroom::Result<_>>()?;
/// # assert_eq!(accounts.len(), 2);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ConnectionLimits {
    shared: Arc<Shared>,
    per_host: usize,
}

/// The limits of all hosts.
struct Shared {
    total: Places,
    hosts: Mutex<HashMap<String, Arc<Places>>>,
    pools: Mutex<Pools>,
}

/// The pools that may have idle sessions.
#[derive(Default)]
struct Pools {
    all: Vec<Weak<dyn HasIdle>>,
    /// Where the next search begins, so that not the same pool loses its sessions each time.
    next: usize,
}

/// What one limit has.
struct Places {
    free: Arc<Semaphore>,
    /// The number of sessions that wait for one.
    waiting: AtomicUsize,
}

/// The limits as an account sees them.
pub(super) struct HostLimits {
    shared: Arc<Shared>,
    name: String,
    host: Arc<Places>,
}

/// Who may have sessions that nobody uses.
pub(super) trait HasIdle: Send + Sync {
    fn host(&self) -> &str;

    /// Ends one session that nobody uses, if there is one. Its place becomes free when its LOGOUT is answered.
    fn end_idle(&self) -> bool;

    /// Ends one session that somebody holds without using it, if there is one.
    fn end_parked(&self) -> bool;
}

/// The place of one session. Dropping it frees the place.
pub(super) struct Place {
    _total: OwnedSemaphorePermit,
    _host: OwnedSemaphorePermit,
}

/// Counts one session that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl ConnectionLimits {
    /// At most this number of sessions in all, at least one.
    pub fn new(total: usize) -> Self {
        let shared = Shared { total: Places::new(permits(total)), hosts: Mutex::default(), pools: Mutex::default() };
        Self { shared: Arc::new(shared), per_host: Semaphore::MAX_PERMITS }
    }

    /// At most this number of sessions for each host, at least one. Call it before the limits are shared: a host keeps the value that its
    /// first account was made with.
    pub fn per_host(mut self, most: usize) -> Self {
        self.per_host = permits(most);
        self
    }

    pub(super) fn of_host(&self, name: &str) -> HostLimits {
        let mut hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = match hosts.get(name) {
            Some(places) => places.clone(),
            None => {
                let places = Arc::new(Places::new(self.per_host));
                hosts.insert(name.to_owned(), places.clone());
                places
            }
        };
        HostLimits { shared: self.shared.clone(), name: name.to_owned(), host }
    }
}

impl HostLimits {
    pub(super) fn register(&self, pool: Weak<dyn HasIdle>) {
        self.shared.pools().add(pool);
    }

    /// Waits for a place. Cancel-safe.
    pub(super) async fn place(&self) -> Option<Place> {
        let host = self.host.take(|| self.shared.pools().end_one(Some(&self.name))).await?;
        let total = self.shared.total.take(|| self.shared.pools().end_one(None)).await?;
        Some(Place { _total: total, _host: host })
    }

    /// Whether a session waits for a place that this host's sessions have, so that none should be kept idle.
    pub(super) fn is_contended(&self) -> bool {
        self.host.is_contended() || self.shared.total.is_contended()
    }
}

impl Places {
    fn new(most: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), waiting: AtomicUsize::new(0) }
    }

    /// Waits for a place. If none is free, `end_one` ends an idle session that has one; whoever returns a session later sees that somebody
    /// waits.
    async fn take(&self, end_one: impl FnOnce()) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            return Some(permit);
        }
        let _waiting = Waiting::new(&self.waiting);
        end_one();
        self.free.clone().acquire_owned().await.ok()
    }

    fn is_contended(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

impl Pools {
    fn add(&mut self, pool: Weak<dyn HasIdle>) {
        // Dead ones are forgotten when the list would grow.
        if self.all.len() == self.all.capacity() {
            self.all.retain(|pool| pool.strong_count() > 0);
        }
        self.all.push(pool);
    }

    /// Ends one session of this host, or of any: an idle one if there is one.
    fn end_one(&mut self, host: Option<&str>) {
        for end in [|pool: &dyn HasIdle| pool.end_idle(), |pool: &dyn HasIdle| pool.end_parked()] {
            let (before, after) = self.all.split_at(self.next.min(self.all.len()));
            let mut places = after.iter().chain(before).enumerate();
            let found = places.find_map(|(at, pool)| {
                let pool = pool.upgrade()?;
                (host.is_none_or(|host| host == pool.host()) && end(&*pool)).then_some(at)
            });
            if let Some(found) = found {
                self.next = (self.next + found + 1) % self.all.len().max(1);
                return;
            }
        }
    }
}

impl Shared {
    fn pools(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for ConnectionLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionLimits")
            .field("free", &self.shared.total.free.available_permits())
            .finish_non_exhaustive()
    }
}

fn permits(most: usize) -> usize {
    most.clamp(1, Semaphore::MAX_PERMITS)
}
