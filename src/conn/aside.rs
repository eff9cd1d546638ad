//! Long work for a processor, off the threads that serve connections.

use crate::error::{Error, Result};

/// Does the work where it holds up nobody: here where it is short, on tokio's threads for blocking work where it is long. Dropped
/// meanwhile, it runs to its end all the same, and nobody gets what comes of it.
pub(crate) async fn aside<T: Send + 'static>(long: bool, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    if !long {
        return Ok(work());
    }
    let ended = |error| Error::closed("the runtime is ending").with_source(error);
    tokio::task::spawn_blocking(work).await.map_err(ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[tokio::test]
    async fn long_work_is_done_on_another_thread_and_short_work_is_not() {
        let here = thread::current().id();
        assert_eq!(aside(false, || thread::current().id()).await.unwrap(), here);
        assert_ne!(aside(true, || thread::current().id()).await.unwrap(), here);
    }
}
