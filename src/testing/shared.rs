//! What the connections of one server share: its mail, its options, its log and the faults to come. It must not know a protocol.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Fault;
use super::options::Options;
use super::store::Store;
use super::wire::Log;

/// The state that the connections share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) options: Options,
    pub(super) log: Arc<Log>,
    pub(super) faults: Mutex<VecDeque<Fault>>,
    pub(super) resume: watch::Sender<u64>,
    /// The number of open connections.
    pub(super) live: watch::Sender<usize>,
    /// The connections' tasks; `None` once the server is gone.
    pub(super) sessions: Mutex<Option<JoinSet<()>>>,
}

impl Shared {
    pub(super) fn new(store: Store, options: Options) -> Self {
        Self {
            store,
            options,
            log: Arc::default(),
            faults: Mutex::default(),
            resume: watch::Sender::new(0),
            live: watch::Sender::new(0),
            sessions: Mutex::new(Some(JoinSet::new())),
        }
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_fault(&self) -> Option<Fault> {
        let next = self.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.or(self.options.every_connection)
    }
}
