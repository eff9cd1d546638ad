//! [`Worker`]: blocking work on one state, one piece after the other, on tokio's threads for blocking work. It does not know what the
//! work is.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::{Error, Result};

/// A state that one piece of work uses at a time. Work that has begun runs to its end even if its future is dropped; the next piece
/// begins after that.
pub(crate) struct Worker<S>(Arc<Mutex<S>>);

impl<S: Send + 'static> Worker<S> {
    pub(crate) fn new(state: S) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// Does the work and waits for its result.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut S) -> T + Send + 'static) -> Result<T> {
        join(self.start(work).await).await
    }

    /// Waits for earlier work only, and begins this.
    pub(crate) async fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let mut state = Arc::clone(&self.0).lock_owned().await;
        spawn_blocking(move || work(&mut state))
    }
}

/// Does work that needs no state.
pub(crate) async fn run_once<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    join(spawn_blocking(work)).await?
}

/// Waits for the result of work that has begun.
pub(crate) async fn join<T>(work: JoinHandle<T>) -> Result<T> {
    work.await.map_err(|error| Error::storage("work on files was interrupted", io::Error::other(error)))
}

impl<S> fmt::Debug for Worker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}
