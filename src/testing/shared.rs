//! What the connections of one server share: its mail, its options, its log and the faults to come. It must not know a protocol.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::{self, AbortHandle, JoinSet};

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
    pub(super) sessions: Mutex<Option<Sessions>>,
}

/// The tasks of the connections, each with its user.
#[derive(Default)]
pub(super) struct Sessions {
    tasks: JoinSet<()>,
    users: HashMap<task::Id, (AbortHandle, Option<String>)>,
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
            sessions: Mutex::new(Some(Sessions::default())),
        }
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Option<Sessions>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection whose task calls this belongs to this user from now on.
    pub(super) fn logged_in(&self, user: &str) {
        if let (Some(sessions), Some(id)) = (self.sessions().as_mut(), task::try_id())
            && let Some((_, owner)) = sessions.users.get_mut(&id)
        {
            *owner = Some(user.to_owned());
        }
    }

    pub(super) fn next_fault(&self) -> Option<Fault> {
        let next = self.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.or(self.options.every_connection)
    }
}

impl Sessions {
    pub(super) fn spawn(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.users.remove(&id);
        }
        let handle = self.tasks.spawn(connection);
        self.users.insert(handle.id(), (handle, None));
    }

    pub(super) fn end_all(&mut self) {
        self.tasks.abort_all();
    }

    pub(super) fn end_those_of(&self, user: &str) {
        let theirs = self.users.values().filter(|(_, owner)| owner.as_deref() == Some(user));
        theirs.for_each(|(handle, _)| handle.abort());
    }
}
