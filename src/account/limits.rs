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

struct Shared {
    total: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    pools: Mutex<Vec<Weak<dyn HasIdle>>>,
    /// The number of sessions that wait for a place.
    waiting: AtomicUsize,
}

/// Who may have sessions that nobody uses.
pub(super) trait HasIdle: Send + Sync {
    /// Closes one idle session, if there is one.
    fn close_idle(&self) -> bool;
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
        let total = Arc::new(Semaphore::new(permits(total)));
        let shared = Shared { total, hosts: Mutex::default(), pools: Mutex::default(), waiting: AtomicUsize::new(0) };
        Self { shared: Arc::new(shared), per_host: Semaphore::MAX_PERMITS }
    }

    /// At most this number of sessions for each host, at least one. Call it before the limits are shared: accounts keep the value that
    /// they were made with.
    pub fn per_host(mut self, most: usize) -> Self {
        self.per_host = permits(most);
        self
    }

    pub(super) fn register(&self, pool: Weak<dyn HasIdle>) {
        let mut pools = self.shared.pools();
        // Dead ones are forgotten when the list would grow.
        if pools.len() == pools.capacity() {
            pools.retain(|pool| pool.strong_count() > 0);
        }
        pools.push(pool);
    }

    /// Waits for a place. Cancel-safe.
    pub(super) async fn place(&self, host: &str) -> Option<Place> {
        let host = self.host(host);
        let _waiting = Waiting::new(&self.shared.waiting);
        let host = self.permit(&host).await?;
        let total = self.permit(&self.shared.total).await?;
        Some(Place { _total: total, _host: host })
    }

    /// Whether a session waits for a place, so that none should be kept idle.
    pub(super) fn is_contended(&self) -> bool {
        self.shared.waiting.load(Ordering::Relaxed) > 0
    }

    async fn permit(&self, places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = places.clone().try_acquire_owned() {
            return Some(permit);
        }
        // Whoever has idle sessions closes them, one for each place that is missing; those of another host may not help.
        let pools: Vec<_> = self.shared.pools().iter().filter_map(Weak::upgrade).collect();
        for pool in pools {
            while places.available_permits() == 0 && pool.close_idle() {}
        }
        places.clone().acquire_owned().await.ok()
    }

    fn host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        match hosts.get(host) {
            Some(places) => places.clone(),
            None => {
                let places = Arc::new(Semaphore::new(self.per_host));
                hosts.insert(host.to_owned(), places.clone());
                places
            }
        }
    }
}

impl Shared {
    fn pools(&self) -> MutexGuard<'_, Vec<Weak<dyn HasIdle>>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for ConnectionLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionLimits").field("free", &self.shared.total.available_permits()).finish_non_exhaustive()
    }
}

fn permits(most: usize) -> usize {
    most.clamp(1, Semaphore::MAX_PERMITS)
}
