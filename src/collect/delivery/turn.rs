//! [`Turns`]: work on files, one piece after the other, on tokio's threads for blocking work. It does not know what the work is.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{Error, Result};

/// A state that one piece of work has at a time. Work that has begun goes on when the future that waits for it is dropped; the
/// next piece begins after its end.
pub(super) struct Turns<S>(Arc<Mutex<S>>);

impl<S: Send + 'static> Turns<S> {
    pub(super) fn new(state: S) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) async fn take<T: Send + 'static>(&self, work: impl FnOnce(&mut S) -> T + Send + 'static) -> Result<T> {
        finished(self.begin(work).await).await
    }

    /// Waits for its turn only.
    pub(super) async fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let mut state = Arc::clone(&self.0).lock_owned().await;
        spawn_blocking(move || work(&mut state))
    }
}

/// Work on files without a state.
pub(super) async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    finished(spawn_blocking(work)).await?
}

pub(super) async fn finished<T>(work: JoinHandle<T>) -> Result<T> {
    work.await.map_err(|error| Error::storage("work on files was cut off", io::Error::other(error)))
}

impl<S> fmt::Debug for Turns<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turns")
    }
}
