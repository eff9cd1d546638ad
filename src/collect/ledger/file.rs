//! [`FileLedger`]: a ledger in one file of text. The format and its safety are in [`Log`]; here it is only brought to the threads where
//! files may be waited for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;

use super::log::Log;
use super::{Change, Ledger, Record};
use crate::{BoxFuture, Error, Result};

/// A [`Ledger`] in one file: readable text, append-only, a checksum in each line, compacted when more than half of it is superseded.
///
/// Several accounts can share it. Beside it lies a file with `.lock` behind its name, which keeps a second run away; it may be left
/// there. An append costs two synchronisations of the file; opening reads it once, and [`load`](Ledger::load) once more, in memory of
/// about 40 bytes a record, and what the records themselves need.
///
/// ```
/// use postroom::Kind;
/// use postroom::collect::{FileLedger, Ledger};
///
/// # async fn example() -> postroom::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("postroom-doc-ledger-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let mut ledger = FileLedger::open(folder.join("ledger")).await?;
/// assert!(ledger.load("me@example.org").await?.is_empty());
/// assert_eq!(FileLedger::open(folder.join("ledger")).await.unwrap_err().kind(), Kind::Busy);
/// # drop(ledger);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
pub struct FileLedger {
    path: PathBuf,
    /// A call that was dropped may still be at work in its thread; the next one waits for it here.
    log: Arc<Mutex<Log>>,
}

impl FileLedger {
    /// Opens the ledger, or makes an empty one where there is no such file; the folder has to exist.
    ///
    /// # Errors
    ///
    /// [`Kind::Busy`](crate::Kind::Busy) where another run has it open. [`Kind::Storage`](crate::Kind::Storage) where it cannot be read
    /// or written, is damaged or cut short, is of another version, or no ledger at all. Then nothing is changed.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let opened = path.clone();
        let log = aside(move || Log::open(&opened)).await?;
        Ok(Self { path, log: Arc::new(Mutex::new(log)) })
    }

    async fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut Log) -> Result<T> + Send + 'static) -> Result<T> {
        let mut log = self.log.clone().lock_owned().await;
        aside(move || work(&mut log)).await
    }
}

impl Ledger for FileLedger {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        let account = account.to_owned();
        Box::pin(self.with(move |log| log.load(&account)))
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        let (account, changes) = (account.to_owned(), changes.to_vec());
        Box::pin(self.with(move |log| log.apply(&account, &changes)))
    }
}

impl fmt::Debug for FileLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLedger").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Runs it where it may block.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(Error::storage("the runtime is shutting down", stopped.into())),
    }
}
