//! Long computations, off the threads that serve connections. It does not know what is computed.

use crate::error::{Error, Result};

/// Does the work: here if it is short, on one of tokio's threads for blocking work if it is long. Dropping the future does not stop work
/// that has begun; its result is lost.
pub(crate) async fn run_blocking_if<T: Send + 'static>(
    is_long: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if !is_long {
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
        assert_eq!(run_blocking_if(false, || thread::current().id()).await.unwrap(), here);
        assert_ne!(run_blocking_if(true, || thread::current().id()).await.unwrap(), here);
    }
}
